# SPDX-License-Identifier: MIT
# Install rules: libraries, headers, the CMake package with wsk_emu_add_driver(), and the pkg-config files.
include(CMakePackageConfigHelpers)

set(wsk_emu_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/wsk_emu")

install(TARGETS wsk_emu ${wsk_emu_kit_target} wsk_emu_wdk
    EXPORT wsk_emu_targets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/wsk_emu
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")

install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

# A shared library has what it needs in itself.
if(WSK_EMU_HAS_HASHES AND NOT WSK_EMU_SHARED)
    set(wsk_emu_needs_crypto ON)
else()
    set(wsk_emu_needs_crypto OFF)
endif()

install(EXPORT wsk_emu_targets
    NAMESPACE wsk_emu::
    FILE wsk_emu-targets.cmake
    DESTINATION ${wsk_emu_package_dir})
configure_package_config_file(cmake/wsk_emu-config.cmake.in
    "${PROJECT_BINARY_DIR}/package/wsk_emu-config.cmake"
    INSTALL_DESTINATION ${wsk_emu_package_dir})
# Before 1.0 a new minor version may change the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/wsk_emu-config-version.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/package/wsk_emu-config.cmake"
    "${PROJECT_BINARY_DIR}/package/wsk_emu-config-version.cmake"
    cmake/WskEmuCMocka.cmake
    cmake/WskEmuCxxTesting.cmake
    cmake/WskEmuDriver.cmake
    cmake/WskEmuDriverImage.cmake
    cmake/WskEmuDriverMerge.cmake
    cmake/wsk_emu_image.c.in
    cmake/WskEmuDialect.cmake
    cmake/WskEmuGuarded.cmake
    cmake/WskEmuIncludes.cmake
    cmake/WskEmuSpelling.cmake
    cmake/WskEmuSpellingScan.cmake
    cmake/WskEmuTmh.cmake
    DESTINATION ${wsk_emu_package_dir})

# pkg-config files find their prefix from where they lie, so that a moved tree still works.
file(RELATIVE_PATH wsk_emu_pc_prefix "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" OR IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
    set(wsk_emu_pc_prefix "${CMAKE_INSTALL_PREFIX}")
    set(wsk_emu_pc_libdir "${CMAKE_INSTALL_FULL_LIBDIR}")
    set(wsk_emu_pc_includedir "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
else()
    string(REGEX REPLACE "/$" "" wsk_emu_pc_prefix "\${pcfiledir}/${wsk_emu_pc_prefix}")
    set(wsk_emu_pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
    set(wsk_emu_pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
set(wsk_emu_pc_libs "-pthread ${wsk_emu_sanitize_flags}")
foreach(library IN LISTS CMAKE_DL_LIBS)
    string(APPEND wsk_emu_pc_libs " -l${library}")
endforeach()
if(wsk_emu_needs_crypto)
    string(APPEND wsk_emu_pc_libs " ${wsk_emu_hashes_libs}")
endif()
string(REPLACE ";" " " wsk_emu_pc_libs "${wsk_emu_pc_libs}")
list(JOIN wsk_emu_sanitize_flags " " wsk_emu_pc_flags)
set(wsk_emu_pc_wdk_flags ${wsk_emu_wdk_options} ${wsk_emu_sanitize_driver_flags})
list(JOIN wsk_emu_pc_wdk_flags " " wsk_emu_pc_wdk_flags)
list(TRANSFORM wsk_emu_wdk_definitions PREPEND "-D" OUTPUT_VARIABLE wsk_emu_pc_wdk_definitions)
list(JOIN wsk_emu_pc_wdk_definitions " " wsk_emu_pc_wdk_definitions)
if(WSK_EMU_SHARED AND NOT TARGET wsk_emu::cmocka)
    set(wsk_emu_pc_kit_libs "")
else()
    set(wsk_emu_pc_kit_libs "-L\${libdir} -lwsk_emu_kit")
endif()
foreach(part wsk_emu wsk_emu-kit wsk_emu-wdk)
    configure_file("cmake/${part}.pc.in" "${PROJECT_BINARY_DIR}/package/${part}.pc" @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/package/${part}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endforeach()
