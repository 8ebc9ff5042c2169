# SPDX-License-Identifier: MIT
# What documents quote is what the files say, what they link to exists, and the README names the two commands.
#
# A quotation in a document:                       In the file that is quoted:
#   <!-- quote: examples/x/test_driver.c name -->    /* quote: name */
#   ```c                                             ...
#   ...                                              /* end of quote */
#   ```
# cmake -DROOT=<top folder> -P
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

file(GLOB documents RELATIVE "${ROOT}" "${ROOT}/*.md" "${ROOT}/docs/*.md" "${ROOT}/examples/*/*.md" "${ROOT}/bench/*.md")
set(quote_count 0)

# take(<out> <text> <begin> <end>): what stands between two markers, "" when one is missing.
function(take out text begin end)
    string(FIND "${text}" "${begin}" position)
    if(position LESS 0)
        set(${out} "" PARENT_SCOPE)
        return()
    endif()
    string(LENGTH "${begin}" length)
    math(EXPR position "${position} + ${length}")
    string(SUBSTRING "${text}" ${position} -1 text)
    string(FIND "${text}" "${end}" position)
    if(position LESS 0)
        set(${out} "" PARENT_SCOPE)
        return()
    endif()
    string(SUBSTRING "${text}" 0 ${position} text)
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

foreach(document IN LISTS documents)
    read_file(text "${document}")

    string(REGEX MATCHALL "<!-- quote: [^ \n]+[/.][^ \n]+ [^ \n]+ -->" marks "${text}")
    foreach(mark IN LISTS marks)
        string(REGEX MATCH "quote: ([^ ]+) ([^ ]+) -->" ignored "${mark}")
        set(file "${CMAKE_MATCH_1}")
        set(name "${CMAKE_MATCH_2}")
        math(EXPR quote_count "${quote_count} + 1")
        if(NOT EXISTS "${ROOT}/${file}")
            breach_at("${document}" "${text}" "${mark}" "quotes ${file}, which does not exist")
            continue()
        endif()
        read_file(source "${file}")
        if("${text}" MATCHES "${mark}\n```[a-z]*\n")
            take(quoted "${text}" "${CMAKE_MATCH_0}" "```\n")
        else()
            set(quoted "")
        endif()
        take(said "${source}" "/* quote: ${name} */\n" "/* end of quote */")
        if(quoted STREQUAL "")
            breach_at("${document}" "${text}" "${mark}" "no block of code follows the mark")
        elseif(said STREQUAL "")
            breach_at("${document}" "${text}" "${mark}" "${file} has no part marked '/* quote: ${name} */ ... /* end of quote */'")
        elseif(NOT quoted STREQUAL said)
            breach_at("${document}" "${text}" "${mark}" "the quotation '${name}' differs from ${file}")
        endif()
    endforeach()

    # Links to files of the tree. Web addresses and places within a page are not looked at, and code has none: lambdas of C++
    # look like links.
    get_filename_component(folder "${ROOT}/${document}" DIRECTORY)
    string(REGEX REPLACE "```[^`]*```" "" prose "${text}")
    string(REGEX MATCHALL "${close_bracket}\\([^)# \n]+" links "${prose}")
    foreach(link IN LISTS links)
        string(REGEX REPLACE "^.\\(" "" target "${link}")
        if(NOT target MATCHES "^[a-z]+:" AND NOT EXISTS "${folder}/${target}")
            breach_at("${document}" "${text}" "${link}" "links to ${target}, which does not exist")
        endif()
    endforeach()
endforeach()

read_file(readme "README.md")
if(NOT "${readme}" MATCHES "<!-- quote: examples/conditional_accept/test_driver\\.c ")
    breach("README.md" 0 "quotes no test of examples/conditional_accept/test_driver.c")
endif()
foreach(command scripts/demo.sh scripts/test.sh)
    if(NOT "${readme}" MATCHES "${command}")
        breach("README.md" 0 "does not name ${command}")
    endif()
endforeach()

finish("docs" ${quote_count} "quotations")
