# cmake -DSTOCKPOT=program -DREADME=file -P method_table.cmake
# The README's method table is what the program prints.
execute_process(COMMAND ${STOCKPOT} merge --methods OUTPUT_VARIABLE table RESULT_VARIABLE code)
file(READ ${README} readme)
string(FIND "${readme}" "${table}" position)
if(NOT code EQUAL 0 OR table STREQUAL "" OR position EQUAL -1)
  message(FATAL_ERROR "README.md does not hold the table that `stockpot merge --methods` prints:\n${table}")
endif()
