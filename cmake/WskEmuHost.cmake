# SPDX-License-Identifier: MIT
# Finds out what the host offers and chooses the platform's files; C code has no #ifdef for it.

find_package(Threads REQUIRED)

if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    set(WSK_EMU_HOST_SYSTEM linux)
    set(WSK_EMU_HOST_POLLER epoll)
elseif(CMAKE_SYSTEM_NAME STREQUAL "Darwin")
    set(WSK_EMU_HOST_SYSTEM darwin)
    set(WSK_EMU_HOST_POLLER kqueue)
else()
    message(FATAL_ERROR "wsk_emu runs on Linux and macOS; this system is ${CMAKE_SYSTEM_NAME}")
endif()

if(NOT CMAKE_C_COMPILER_ID MATCHES "^(GNU|Clang|AppleClang)$")
    message(FATAL_ERROR "wsk_emu needs gcc or clang: driver code relies on their Microsoft extensions; "
        "this compiler is ${CMAKE_C_COMPILER_ID}")
endif()
