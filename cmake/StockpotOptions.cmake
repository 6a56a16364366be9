# Build options, and the flags that every target of the project compiles with (one interface target, no global flags).
option(STOCKPOT_BUILD_APPS "build apps/ (stockpot, bench)" ${PROJECT_IS_TOP_LEVEL})
option(STOCKPOT_BUILD_TESTS "build tests/" ${PROJECT_IS_TOP_LEVEL})
option(STOCKPOT_BUILD_FUZZERS "build libFuzzer targets (clang only)" OFF)
option(STOCKPOT_WITH_MPI "build the MPI communicator" ON)
option(STOCKPOT_WITH_CUDA "build the CUDA kernels and the NCCL data plane" OFF)
option(STOCKPOT_ASSERTIONS "check the standard library's preconditions" OFF)
option(STOCKPOT_BATCHES "compile the sources of a module in batches: half the time for a build from nothing (CI)" OFF)
option(STOCKPOT_WARNINGS_AS_ERRORS "treat warnings as errors (CI)" OFF)
set(STOCKPOT_SANITIZE "" CACHE STRING "comma-separated list for -fsanitize=")
option(STOCKPOT_COVERAGE "instrument for gcov" OFF)

add_library(stockpot_flags INTERFACE)
add_library(stockpot::flags ALIAS stockpot_flags)
target_compile_features(stockpot_flags INTERFACE cxx_std_20)
# Promise 2 of the project: no fused multiply-add anywhere, so that every product is rounded on its own.
target_compile_options(stockpot_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>)

set_target_properties(stockpot_flags PROPERTIES EXPORT_NAME flags)
if(STOCKPOT_ASSERTIONS)
  target_compile_definitions(stockpot_flags INTERFACE $<BUILD_INTERFACE:_GLIBCXX_ASSERTIONS>)
endif()

add_library(stockpot_warnings INTERFACE)
target_compile_options(stockpot_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wshadow;-Wconversion;-Wsign-conversion;-Wnon-virtual-dtor;-Wold-style-cast;-Wswitch-enum;-Wdouble-promotion>
  # GCC 12 warns of overlaps inside std::string that can't happen (GCC bug 105651).
  $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  $<$<AND:$<BOOL:${STOCKPOT_WARNINGS_AS_ERRORS}>,$<COMPILE_LANGUAGE:CXX>>:-Werror>)

if(STOCKPOT_SANITIZE)
  target_compile_options(stockpot_flags INTERFACE -fsanitize=${STOCKPOT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(stockpot_flags INTERFACE -fsanitize=${STOCKPOT_SANITIZE})
  if(STOCKPOT_SANITIZE MATCHES "address")
    # Eigen would allocate otherwise than in pagmo2, which is compiled without the sanitizer and shares its matrices.
    target_compile_definitions(stockpot_flags INTERFACE $<BUILD_INTERFACE:EIGEN_MALLOC_ALREADY_ALIGNED=1>)
  endif()
endif()
if(STOCKPOT_COVERAGE)
  target_compile_options(stockpot_flags INTERFACE --coverage)
  target_link_options(stockpot_flags INTERFACE --coverage)
endif()
