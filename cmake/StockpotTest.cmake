# stockpot_add_unit_tests(MODULE [LIBRARIES ...])
#   tests/unit/MODULE/*_test.cpp as one GoogleTest program `unit_MODULE`, one ctest entry, no MPI.
# stockpot_add_mpi_test(NAME SOURCES ... [LIBRARIES ...] [RANKS 1 2 3 4])
#   one GoogleTest program (main in tests/support/mpi_main.cpp) and one ctest entry per rank count.
find_package(GTest REQUIRED)
add_custom_target(unit_tests COMMENT "every program of tests/unit")

# Root may run mpirun in a test container, and more ranks than processors take turns.
set(STOCKPOT_MPI_ENVIRONMENT OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1)
if(STOCKPOT_SANITIZE MATCHES "address")
  # Open MPI's own leaks are named by library; ours are still found. Its stacks need the slow unwinder.
  list(APPEND STOCKPOT_MPI_ENVIRONMENT "ASAN_OPTIONS=fast_unwind_on_malloc=0"
       "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/cmake/lsan.supp:print_suppressions=0")
endif()

function(stockpot_add_unit_tests module)
  cmake_parse_arguments(arg "" "TIMEOUT" "LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/unit/${module}/*_test.cpp")
  if(NOT sources OR NOT TARGET stockpot_${module})
    return()
  endif()
  add_executable(unit_${module} ${sources})
  target_include_directories(unit_${module} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(unit_${module} PRIVATE stockpot_${module} ${arg_LIBRARIES} GTest::gmock GTest::gtest_main stockpot_warnings)
  add_dependencies(unit_tests unit_${module})
  add_test(NAME unit_${module} COMMAND unit_${module})
  set_tests_properties(unit_${module} PROPERTIES TIMEOUT 600 LABELS unit)
  if(STOCKPOT_SANITIZE)
    set_tests_properties(unit_${module} PROPERTIES TIMEOUT 1800)
  endif()
  if(arg_TIMEOUT)
    set_tests_properties(unit_${module} PROPERTIES TIMEOUT ${arg_TIMEOUT})
  endif()
endfunction()

function(stockpot_add_mpi_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES;RANKS" ${ARGN})
  if(NOT arg_RANKS)
    set(arg_RANKS 1 2 3 4)
  endif()
  set(timeout_seconds 120)
  if(STOCKPOT_SANITIZE)
    set(timeout_seconds 600)
  endif()
  add_executable(${name} ${arg_SOURCES} ${PROJECT_SOURCE_DIR}/tests/support/mpi_main.cpp)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE stockpot_comm_mpi ${arg_LIBRARIES} GTest::gmock GTest::gtest MPI::MPI_CXX stockpot_warnings)
  foreach(ranks IN LISTS arg_RANKS)
    add_test(NAME ${name}.n${ranks}
             COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} --oversubscribe --bind-to none $<TARGET_FILE:${name}>)
    set_tests_properties(${name}.n${ranks} PROPERTIES TIMEOUT ${timeout_seconds} PROCESSORS ${ranks} LABELS "mpi;ranks_${ranks}"
      ENVIRONMENT "${STOCKPOT_MPI_ENVIRONMENT}")
  endforeach()
endfunction()
