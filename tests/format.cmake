# Variables: SOURCE (the tree), CLANG_FORMAT. Fails when a tracked source is not as clang-format writes it.
cmake_minimum_required(VERSION 3.22)
execute_process(COMMAND git ls-files *.cpp *.hpp *.cu WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE files RESULT_VARIABLE result
                ERROR_QUIET)
string(REGEX REPLACE "\n" ";" files "${files}")
list(FILTER files EXCLUDE REGEX "^$")
if(NOT result EQUAL 0 OR NOT files)
  message("skipped: not a git checkout")
  return()
endif()
execute_process(COMMAND ${CLANG_FORMAT} --dry-run -Werror ${files} WORKING_DIRECTORY ${SOURCE} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "run: ${CLANG_FORMAT} -i on the files above")
endif()
