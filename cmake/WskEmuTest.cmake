# SPDX-License-Identifier: MIT
# wsk_emu_test(): a test program with its ctest entry, time limit and labels.

# wsk_emu_test(<name>
#     SOURCES <file>...            sources of the program
#     [DRIVERS <target>...]        targets made with wsk_emu_add_driver, or other libraries
#     [INCLUDES <folder>...]       beside src/, include/ and tests/
#     [DEFINES <definition>...]
#     [LABELS <label>...]          unit, contract, rules, integration, cxx, examples; no_valgrind: not run under valgrind
#     [TIMEOUT <seconds>]          60 when not given; stretched for sanitizers and valgrind
#     [PLAIN])                     no WDK headers and flags, but the whole of POSIX (tests of src/base, src/host, src/vrf)
#
# Every program links the library, the kit and CMocka, and may include internal headers as "nt/ke_cpu.h".
# Without WSK_EMU_TESTS nothing happens, so the lists of examples need no condition around their tests.
function(wsk_emu_test name)
    if(NOT WSK_EMU_TESTS)
        return()
    endif()
    cmake_parse_arguments(PARSE_ARGV 1 arg "PLAIN" "TIMEOUT" "SOURCES;DRIVERS;INCLUDES;DEFINES;LABELS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "wsk_emu_test(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT arg_SOURCES)
        message(FATAL_ERROR "wsk_emu_test(${name}): no SOURCES")
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()

    add_executable(${name} ${arg_SOURCES})
    wsk_emu_target_defaults(${name})
    set_target_properties(${name} PROPERTIES
        C_STANDARD 11
        C_EXTENSIONS ON
        CXX_STANDARD 17)
    target_include_directories(${name} PRIVATE
        ${PROJECT_SOURCE_DIR}/src
        ${PROJECT_SOURCE_DIR}/tests
        ${arg_INCLUDES})
    target_compile_definitions(${name} PRIVATE ${arg_DEFINES})
    target_link_libraries(${name} PRIVATE ${arg_DRIVERS} wsk_emu_testing wsk_emu::cmocka)
    if(arg_PLAIN)
        target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
    else()
        target_link_libraries(${name} PRIVATE wsk_emu::wdk)
    endif()

    wsk_emu_add_test(${name} TIMEOUT ${arg_TIMEOUT} LABELS ${arg_LABELS})
endfunction()

# Registers an existing program as a test; its own argument list may follow COMMAND.
function(wsk_emu_add_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "COMMAND;LABELS")
    if(NOT arg_COMMAND)
        set(arg_COMMAND ${name})
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()

    if(WSK_EMU_VALGRIND AND "no_valgrind" IN_LIST arg_LABELS)
        return()
    endif()

    set(wrapper "")
    if(WSK_EMU_VALGRIND)
        find_program(WSK_EMU_VALGRIND_PROGRAM valgrind REQUIRED)
        set(wrapper ${WSK_EMU_VALGRIND_PROGRAM} --quiet --error-exitcode=99 --leak-check=full
            --errors-for-leak-kinds=definite,possible --num-callers=30
            --suppressions=${PROJECT_SOURCE_DIR}/tests/support/valgrind.supp)
        math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 20")
    elseif(WSK_EMU_SANITIZE STREQUAL "thread")
        math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 5")
    elseif(NOT WSK_EMU_SANITIZE STREQUAL "none")
        math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 3")
    endif()

    list(GET arg_COMMAND 0 program)
    list(REMOVE_AT arg_COMMAND 0)
    add_test(NAME ${name} COMMAND ${wrapper} $<TARGET_FILE:${program}> ${arg_COMMAND})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()
