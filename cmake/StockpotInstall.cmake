# Installs libraries, headers and programs, and the package that `find_package(stockpot)` finds: one target
# stockpot::MODULE for each module. Programs install themselves in their own CMakeLists.txt.
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/stockpot)

get_property(stockpot_targets GLOBAL PROPERTY STOCKPOT_TARGETS)
install(TARGETS ${stockpot_targets} stockpot_flags EXPORT stockpotTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/stockpot DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.hpp")
install(EXPORT stockpotTargets NAMESPACE stockpot:: DESTINATION ${package_folder})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/stockpotConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/stockpotConfig.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/stockpotConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/stockpotConfig.cmake ${PROJECT_BINARY_DIR}/stockpotConfigVersion.cmake
              ${CMAKE_CURRENT_LIST_DIR}/StockpotLinearAlgebra.cmake ${CMAKE_CURRENT_LIST_DIR}/StockpotPagmo.cmake
        DESTINATION ${package_folder})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/jobs DESTINATION ${CMAKE_INSTALL_DATADIR}/stockpot)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
