# stockpot_add_fuzzer(NAME [LIBRARIES ...])
#   tests/fuzz/NAME.cpp defines LLVMFuzzerTestOneInput. Always: program `replay_NAME` and the ctest entry
#   `corpus_NAME`, which feed it every file of tests/fuzz/corpus/NAME. With STOCKPOT_BUILD_FUZZERS (clang) also the
#   libFuzzer program `NAME`.
function(stockpot_add_fuzzer name)
  cmake_parse_arguments(arg "" "" "LIBRARIES" ${ARGN})
  set(folder ${PROJECT_SOURCE_DIR}/tests/fuzz)
  add_executable(replay_${name} ${folder}/${name}.cpp ${folder}/replay_main.cpp)
  target_link_libraries(replay_${name} PRIVATE ${arg_LIBRARIES} stockpot_flags stockpot_warnings)
  add_test(NAME corpus_${name} COMMAND replay_${name} ${folder}/corpus/${name})
  set_tests_properties(corpus_${name} PROPERTIES TIMEOUT 120 LABELS fuzz)
  if(STOCKPOT_BUILD_FUZZERS)
    add_executable(${name} ${folder}/${name}.cpp)
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} stockpot_flags stockpot_warnings)
  endif()
endfunction()

# Coverage feedback must come from the libraries too.
if(STOCKPOT_BUILD_FUZZERS)
  target_compile_options(stockpot_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
