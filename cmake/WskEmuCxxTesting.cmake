# SPDX-License-Identifier: MIT
# Finds GoogleTest and Catch2 and gives them the names wsk_emu::gtest and wsk_emu::catch2, each with its main function. A
# program that has a main of its own links GTest::gtest or Catch2::Catch2 instead. Installed.

if(NOT TARGET wsk_emu::gtest)
    find_package(GTest 1.10 CONFIG QUIET)
    if(TARGET GTest::gtest_main)
        add_library(wsk_emu::gtest INTERFACE IMPORTED GLOBAL)
        set_target_properties(wsk_emu::gtest PROPERTIES
            INTERFACE_LINK_LIBRARIES "GTest::gtest_main;GTest::gtest"
            INTERFACE_COMPILE_FEATURES cxx_std_14)
        # Its headers refuse C++14 from 1.17 on.
        set(WSK_EMU_GTEST_STANDARD 14)
        if(GTest_VERSION VERSION_GREATER_EQUAL 1.17)
            set(WSK_EMU_GTEST_STANDARD 17)
        endif()
    endif()
endif()

if(NOT TARGET wsk_emu::catch2)
    # Version 2 and version 3 do not take each other's place for find_package.
    find_package(Catch2 3 CONFIG QUIET)
    if(NOT Catch2_FOUND)
        find_package(Catch2 2.13 CONFIG QUIET)
    endif()
    if(TARGET Catch2::Catch2WithMain)
        add_library(wsk_emu::catch2 INTERFACE IMPORTED GLOBAL)
        set_target_properties(wsk_emu::catch2 PROPERTIES
            INTERFACE_LINK_LIBRARIES Catch2::Catch2WithMain
            INTERFACE_COMPILE_FEATURES cxx_std_14)
    endif()
endif()
