# stockpot_add_module(NAME [LIBRARIES ...])
# One static library of every .cpp below src/NAME/ with public headers include/stockpot/NAME/. What it may link of the project
# is its line in cmake/layers.txt, so the link graph and the include test read one table.
file(STRINGS "${PROJECT_SOURCE_DIR}/cmake/layers.txt" STOCKPOT_LAYERS REGEX "^[a-z]")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/cmake/layers.txt")

# Files of a batch include each other's anonymous namespaces, of which the compiler then thinks as of a header's.
function(stockpot_compile_in_batches target)
  if(STOCKPOT_BATCHES AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${STOCKPOT_BATCHES} UNITY_BUILD_BATCH_SIZE 6)
endfunction()

function(stockpot_allowed_modules name result)
  foreach(line IN LISTS STOCKPOT_LAYERS)
    if(line MATCHES "^${name}:(.*)$")
      string(STRIP "${CMAKE_MATCH_1}" allowed)
      string(REPLACE " " ";" allowed "${allowed}")
      set(${result} "${allowed}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "module ${name} has no line in cmake/layers.txt")
endfunction()

function(stockpot_add_module name)
  cmake_parse_arguments(arg "" "" "LIBRARIES;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cpp")
  foreach(pattern IN LISTS arg_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "/${pattern}$")
  endforeach()
  stockpot_allowed_modules(${name} allowed)
  if(NOT sources)
    return()  # nothing here yet
  endif()
  add_library(stockpot_${name} STATIC ${sources})
  add_library(stockpot::${name} ALIAS stockpot_${name})
  set_target_properties(stockpot_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  target_include_directories(stockpot_${name}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(stockpot_${name} PUBLIC stockpot_flags ${arg_LIBRARIES} PRIVATE $<BUILD_INTERFACE:stockpot_warnings>)
  foreach(module IN LISTS allowed)
    if(TARGET stockpot_${module})
      target_link_libraries(stockpot_${name} PUBLIC stockpot_${module})
    endif()
  endforeach()
  # Files of the kernel are compiled for one instruction set after the other, each on its own.
  if(NOT name STREQUAL "kernel")
    stockpot_compile_in_batches(stockpot_${name})
  endif()
  set_property(GLOBAL APPEND PROPERTY STOCKPOT_TARGETS stockpot_${name})
endfunction()
