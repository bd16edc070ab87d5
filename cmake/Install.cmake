# `find_package(lancekeep CONFIG)` provides lancekeep::lancekeep.
# A program that includes libtorch.h must also find LibTorch.
include(CMakePackageConfigHelpers)

install(TARGETS lancekeep EXPORT lancekeep-targets)
install(DIRECTORY include/lancekeep DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/lancekeep)
install(EXPORT lancekeep-targets NAMESPACE lancekeep:: DESTINATION ${config_folder}
        FILE lancekeep-config.cmake)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/lancekeep-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/lancekeep-config-version.cmake DESTINATION ${config_folder})
