# SPDX-License-Identifier: MIT
# Every option and cache variable of the build, with its help text.

if(PROJECT_NAME STREQUAL CMAKE_PROJECT_NAME)
    set(wsk_emu_is_top ON)
else()
    set(wsk_emu_is_top OFF)
endif()

option(WSK_EMU_SHARED "Build a shared library (the kit is then part of it) instead of static ones" OFF)
option(WSK_EMU_TESTS "Build the tests; needs CMocka" ${wsk_emu_is_top})
option(WSK_EMU_EXAMPLES "Build the example drivers and the demonstration" ${wsk_emu_is_top})
option(WSK_EMU_BENCH "Build the benchmarks" OFF)
option(WSK_EMU_INSTALL "Generate install rules" ${wsk_emu_is_top})
option(WSK_EMU_WERROR "Make warnings errors (the presets do; off by default, so that a new compiler never breaks users)" OFF)
option(WSK_EMU_DRIVER_DBG "Define DBG=1 for driver code, as in a checked build of a driver" ON)
option(WSK_EMU_COVERAGE "Count executed lines with gcov" OFF)
option(WSK_EMU_VALGRIND "Run every test program under valgrind" OFF)

set(WSK_EMU_HASHES "AUTO" CACHE STRING "Hashes for bcrypt.h, from libcrypto of OpenSSL: AUTO (where it is found), ON or OFF")
set_property(CACHE WSK_EMU_HASHES PROPERTY STRINGS AUTO ON OFF)
if(NOT WSK_EMU_HASHES MATCHES "^(AUTO|ON|OFF)$")
    message(FATAL_ERROR "WSK_EMU_HASHES is '${WSK_EMU_HASHES}'; it must be one of: AUTO ON OFF")
endif()

set(WSK_EMU_SANITIZE "none" CACHE STRING "Sanitizer: none, address, undefined, address+undefined or thread")
set(wsk_emu_sanitizers none address undefined address+undefined thread)
set_property(CACHE WSK_EMU_SANITIZE PROPERTY STRINGS ${wsk_emu_sanitizers})
if(NOT WSK_EMU_SANITIZE IN_LIST wsk_emu_sanitizers)
    message(FATAL_ERROR "WSK_EMU_SANITIZE is '${WSK_EMU_SANITIZE}'; it must be one of: ${wsk_emu_sanitizers}")
endif()

# A build type that was not chosen would mean no optimisation and no debugging information.
get_property(wsk_emu_is_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(wsk_emu_is_top AND NOT wsk_emu_is_multi_config AND NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

if(wsk_emu_is_top)
    set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
endif()
