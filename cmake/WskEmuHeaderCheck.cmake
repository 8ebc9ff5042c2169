# SPDX-License-Identifier: MIT
# Registers tests that compile each public header alone, included twice, as C11 and as C++11, 14, 17 and 20. Headers that end
# with .hpp are for C++14 and later.

# wsk_emu_check_headers(<test name> <standard> <compiler>)
function(wsk_emu_check_headers name standard compiler)
    set(missing "")
    foreach(framework gtest catch2)
        if(NOT TARGET wsk_emu::${framework})
            list(APPEND missing ${framework})
        endif()
    endforeach()
    if(standard MATCHES "14$" AND WSK_EMU_GTEST_STANDARD GREATER 14)
        list(APPEND missing gtest)
    endif()
    add_test(NAME ${name} COMMAND ${CMAKE_COMMAND}
        -DROOT=${PROJECT_SOURCE_DIR}
        -DWORK=${PROJECT_BINARY_DIR}/headers/${standard}
        -DCOMPILER=${compiler}
        -DSTANDARD=${standard}
        "-DWDK_OPTIONS=${wsk_emu_wdk_options}"
        "-DWDK_DEFINITIONS=${wsk_emu_wdk_definitions}"
        -DCMOCKA_INCLUDE_DIR=${WSK_EMU_CMOCKA_INCLUDE_DIR}
        "-DMISSING=${missing}"
        -P ${PROJECT_SOURCE_DIR}/tests/tidy/check_headers.cmake)
    set_tests_properties(${name} PROPERTIES LABELS "tidy;headers" TIMEOUT 120)
endfunction()
