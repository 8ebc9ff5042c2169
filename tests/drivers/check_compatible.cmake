# SPDX-License-Identifier: MIT
# MS_COMPATIBLE of wsk_emu_add_driver: with clang a source compiles that needs it, with gcc the error says what to do.
# cmake -DROOT= -DWORK= -DGENERATOR= -DMAKE_PROGRAM= -DCOMPILER= -P
cmake_minimum_required(VERSION 3.20)

file(REMOVE_RECURSE "${WORK}")
file(WRITE "${WORK}/project/driver.c" "#include <ntddk.h>
#define WIDE(_text) L#_text
void Log(const char *format, ...);
#define LOG(_format, ...) Log(_format, __VA_ARGS__)
const WCHAR *Name = WIDE(driver);
unsigned char Byte = 0xffui8;
void Speak(void) { LOG(\"nothing\"); __try { Byte++; } __except (1) { Byte = 0; } }
")
file(WRITE "${WORK}/project/CMakeLists.txt" "cmake_minimum_required(VERSION 3.20)
project(compatible LANGUAGES C)
add_library(wsk_emu_wdk INTERFACE)
add_library(wsk_emu::wdk ALIAS wsk_emu_wdk)
target_include_directories(wsk_emu_wdk INTERFACE \"${ROOT}/include/wsk_emu/wdk\")
target_compile_definitions(wsk_emu_wdk INTERFACE _WIN64 _AMD64_ _KERNEL_MODE=1 DBG=1)
target_compile_options(wsk_emu_wdk INTERFACE -fms-extensions -fshort-wchar -Wno-unknown-pragmas)
include(\"${ROOT}/cmake/WskEmuDialect.cmake\")
add_library(driver_objects OBJECT driver.c)
target_link_libraries(driver_objects PRIVATE wsk_emu::wdk)
wsk_emu_speak_dialect(driver_objects ON)
")

execute_process(COMMAND ${CMAKE_COMMAND} -S "${WORK}/project" -B "${WORK}/build" -G "${GENERATOR}"
        "-DCMAKE_MAKE_PROGRAM=${MAKE_PROGRAM}" "-DCMAKE_C_COMPILER=${COMPILER}"
    RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
execute_process(COMMAND ${COMPILER} --version OUTPUT_VARIABLE version)
if(NOT version MATCHES "clang")
    string(REGEX REPLACE "[ \n]+" " " text "${text}")
    string(FIND "${text}" "wsk_emu_add_driver(driver): MS_COMPATIBLE needs clang" position)
    if(result EQUAL 0 OR position LESS 0)
        message(FATAL_ERROR "MS_COMPATIBLE with ${COMPILER} was not refused\n${text}")
    endif()
    message("MS_COMPATIBLE is refused with ${COMPILER}")
    return()
endif()
if(result EQUAL 0)
    execute_process(COMMAND ${CMAKE_COMMAND} --build "${WORK}/build" RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
endif()
if(NOT result EQUAL 0)
    message(FATAL_ERROR "MS_COMPATIBLE with ${COMPILER} failed\n${text}")
endif()
message("MS_COMPATIBLE compiles what needs it with ${COMPILER}")
