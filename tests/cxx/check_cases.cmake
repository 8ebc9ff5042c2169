# SPDX-License-Identifier: MIT
# Runs gtest_cases or catch2_cases: each test that fails on purpose has to fail alone, with its words, and those that run
# after it in the same process have to pass. cmake -DPROGRAM= -DFRAMEWORK=gtest|catch2 -P
cmake_minimum_required(VERSION 3.20)

set(problems "")
set(count 0)

# run_case(<test> <pattern of the exit code> [HAS <words>...] [HAS_NOT <words>...] [ARGUMENTS <argument>...]): the test, then the healthy ones.
function(run_case test expected_code)
    cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "HAS;HAS_NOT;ARGUMENTS")
    if(FRAMEWORK STREQUAL "gtest")
        set(selection "--gtest_filter=${test}:healthy*:seeds*")
    else()
        set(selection "${test},healthy*")
    endif()
    execute_process(COMMAND "${PROGRAM}" "${selection}" ${arg_ARGUMENTS}
        RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE text TIMEOUT 120)
    set(wrong "")
    if(NOT code MATCHES "^${expected_code}$")
        list(APPEND wrong "ended with ${code}, not ${expected_code}")
    endif()
    foreach(words IN LISTS arg_HAS)
        string(FIND "${text}" "${words}" position)
        if(position LESS 0)
            list(APPEND wrong "did not say \"${words}\"")
        endif()
    endforeach()
    foreach(words IN LISTS arg_HAS_NOT ITEMS "went on" "AddressSanitizer" "LeakSanitizer" "ThreadSanitizer")
        string(FIND "${text}" "${words}" position)
        if(NOT position LESS 0)
            list(APPEND wrong "said \"${words}\"")
        endif()
    endforeach()
    if(wrong)
        message("${test}: ${wrong}:\n${text}")
        set(problems ${problems} ${test} PARENT_SCOPE)
    endif()
    math(EXPR count "${count} + 1")
    set(count ${count} PARENT_SCOPE)
endfunction()

include("${CMAKE_CURRENT_LIST_DIR}/cases_${FRAMEWORK}.cmake")

if(problems)
    message(FATAL_ERROR "${FRAMEWORK}: these cases did not end as they should: ${problems}")
endif()
message("${FRAMEWORK}: ${count} cases ended as they should")
