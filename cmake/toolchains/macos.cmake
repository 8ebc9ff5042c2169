# SPDX-License-Identifier: MIT
# What both macOS toolchains share: builds on Linux for macOS 11 and later with the tools that scripts/check-macos.sh
# puts into build/macos-tools. WSK_EMU_MACOS_PROCESSOR is arm64 or x86_64.

set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_VERSION 20.0)
set(CMAKE_USER_MAKE_RULES_OVERRIDE "${CMAKE_CURRENT_LIST_DIR}/macos-rules.cmake")
set(CMAKE_SYSTEM_PROCESSOR ${WSK_EMU_MACOS_PROCESSOR})

get_filename_component(wsk_emu_macos_tools "${CMAKE_CURRENT_LIST_DIR}/../../build/macos-tools" ABSOLUTE)
if(NOT EXISTS "${wsk_emu_macos_tools}/bin/macos-${WSK_EMU_MACOS_PROCESSOR}-cc")
    message(FATAL_ERROR "no compiler for macOS in ${wsk_emu_macos_tools}: run scripts/check-macos.sh, which installs it")
endif()
set(CMAKE_C_COMPILER "${wsk_emu_macos_tools}/bin/macos-${WSK_EMU_MACOS_PROCESSOR}-cc")
set(CMAKE_CXX_COMPILER "${wsk_emu_macos_tools}/bin/macos-${WSK_EMU_MACOS_PROCESSOR}-c++")
set(CMAKE_AR "${wsk_emu_macos_tools}/bin/macos-ar" CACHE FILEPATH "Archiver" FORCE)
set(CMAKE_RANLIB "${wsk_emu_macos_tools}/bin/macos-ranlib" CACHE FILEPATH "Indexer of archives" FORCE)
set(CMAKE_INSTALL_NAME_TOOL "${wsk_emu_macos_tools}/bin/macos-install-name-tool" CACHE FILEPATH "Editor of library names" FORCE)

# Libraries and headers of this machine are of no use there. CMocka is a header and a list of its symbols.
set(CMAKE_FIND_ROOT_PATH "${wsk_emu_macos_tools}/sdk")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_DISABLE_FIND_PACKAGE_GTest ON)
set(CMAKE_DISABLE_FIND_PACKAGE_Catch2 ON)
set(WSK_EMU_CMOCKA_INCLUDE_DIR "${wsk_emu_macos_tools}/cmocka" CACHE PATH "Folder of cmocka.h")
set(WSK_EMU_CMOCKA_LIBRARY "${wsk_emu_macos_tools}/cmocka/libcmocka.tbd" CACHE FILEPATH "The CMocka library")
