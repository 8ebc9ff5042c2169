# SPDX-License-Identifier: MIT
# The files that docs/tutorial.md shows are those of tests/package/tutorial, which a test builds and runs; their licence
# line is left out. A mark stands before each of them: <!-- file: driver.c -->. cmake -DROOT=<top folder> -P
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

set(document "docs/tutorial.md")
set(folder "tests/package/tutorial")
read_file(text "${document}")

file(GLOB wanted RELATIVE "${ROOT}/${folder}" "${ROOT}/${folder}/*")
set(shown "")

string(REGEX MATCHALL "<!-- file: [^ \n]+ -->\n```[a-z]*\n" marks "${text}")
foreach(mark IN LISTS marks)
    string(REGEX MATCH "file: ([^ ]+) -->" ignored "${mark}")
    set(name "${CMAKE_MATCH_1}")
    list(APPEND shown "${name}")
    if(NOT name IN_LIST wanted)
        breach_at("${document}" "${text}" "${mark}" "shows ${name}, which is not in ${folder}")
        continue()
    endif()

    string(FIND "${text}" "${mark}" begin)
    string(LENGTH "${mark}" length)
    math(EXPR begin "${begin} + ${length}")
    string(SUBSTRING "${text}" ${begin} -1 block)
    string(FIND "${block}" "```\n" end)
    string(SUBSTRING "${block}" 0 ${end} block)

    read_file(source "${folder}/${name}")
    string(REGEX REPLACE "^[^\n]*SPDX[^\n]*\n" "" source "${source}")
    if(NOT block STREQUAL source)
        breach_at("${document}" "${text}" "${mark}" "${name} differs from ${folder}/${name}")
    endif()
endforeach()

foreach(name IN LISTS wanted)
    if(NOT name IN_LIST shown)
        breach("${document}" 0 "does not show ${folder}/${name}")
    endif()
endforeach()

list(LENGTH shown count)
finish("tutorial" ${count} "files")
