# SPDX-License-Identifier: MIT
# Shared part of the checks: lists of files, line numbers, and one way to say what is wrong.
cmake_minimum_required(VERSION 3.20)

if(NOT IS_DIRECTORY "${ROOT}")
    message(FATAL_ERROR "ROOT is not a folder: '${ROOT}'")
endif()
set(breach_count 0)

# Stand-ins that C does not use, see read_file.
string(ASCII 1 open_bracket)
string(ASCII 2 close_bracket)
string(ASCII 3 semicolon)

# files_under(<out> <folder>...): C and C++ files and X-macro lists, relative to ROOT. Fixtures, which are wrong on
# purpose, are left out.
function(files_under out)
    set(found "")
    foreach(folder IN LISTS ARGN)
        file(GLOB_RECURSE files RELATIVE "${ROOT}"
            "${ROOT}/${folder}/*.c" "${ROOT}/${folder}/*.h" "${ROOT}/${folder}/*.cpp" "${ROOT}/${folder}/*.hpp"
            "${ROOT}/${folder}/*.def")
        list(APPEND found ${files})
    endforeach()
    list(FILTER found EXCLUDE REGEX "^tests/tidy/fixtures/")
    list(SORT found)
    set(${out} "${found}" PARENT_SCOPE)
endfunction()

# read_file(<out> <file>): the text. Semicolons and brackets would fall apart in CMake's lists, so they are replaced by
# the characters above; lines and columns stay the same.
function(read_file out file)
    file(READ "${ROOT}/${file}" text)
    string(REPLACE ";" "${semicolon}" text "${text}")
    string(REPLACE "[" "${open_bracket}" text "${text}")
    string(REPLACE "]" "${close_bracket}" text "${text}")
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

# line_of(<out> <text> <position>): the number of the line at this position.
function(line_of out text position)
    string(SUBSTRING "${text}" 0 ${position} before)
    string(REGEX MATCHALL "\n" newlines "${before}")
    list(LENGTH newlines count)
    math(EXPR line "${count} + 1")
    set(${out} ${line} PARENT_SCOPE)
endfunction()

# breach(<file> <line> <what>): says what is wrong and where; line 0 is left out.
macro(breach file line)
    if("${line}" EQUAL 0)
        message("${file}: ${ARGN}")
    else()
        message("${file}:${line}: ${ARGN}")
    endif()
    math(EXPR breach_count "${breach_count} + 1")
endmacro()

# breach_at(<file> <text> <needle> <what>): the same, at the first place of needle in text. A function, because a macro would
# read the text once more, and stumble over a '\0' in it.
function(breach_at file text needle)
    string(FIND "${text}" "${needle}" breach_position)
    set(breach_line 0)
    if(breach_position GREATER_EQUAL 0)
        line_of(breach_line "${text}" ${breach_position})
    endif()
    breach("${file}" ${breach_line} "${ARGN}")
    set(breach_count ${breach_count} PARENT_SCOPE)
endfunction()

# finish(<name> <count> <things>): the end of a check. A check that saw nothing has failed.
macro(finish name count things)
    if(breach_count GREATER 0)
        message(FATAL_ERROR "${name}: ${breach_count} breaches")
    endif()
    if("${count}" EQUAL 0)
        message(FATAL_ERROR "${name}: nothing to check under ${ROOT}")
    endif()
    message("${name}: ${count} ${things} in order")
endmacro()
