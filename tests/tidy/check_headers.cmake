# SPDX-License-Identifier: MIT
# Compiles each public header alone, included twice, in one language standard, without a warning.
# cmake -DROOT= -DWORK= -DCOMPILER= -DSTANDARD=c11|c++11|... -DWDK_OPTIONS= -DWDK_DEFINITIONS= -DCMOCKA_INCLUDE_DIR= -P
cmake_minimum_required(VERSION 3.20)

if(STANDARD MATCHES "^c\\+\\+")
    set(language c++)
    set(extension cpp)
else()
    set(language c)
    set(extension c)
endif()
set(flags -x ${language} -std=${STANDARD} -c -o "${WORK}/header_check.o" -Wall -Wextra -Werror)

# A program sees the library's headers through include/ and without any flag; a driver sees the WDK's with its flags.
# What CMocka's own header does in newer languages is not ours to warn of.
file(GLOB library_headers RELATIVE "${ROOT}/include" "${ROOT}/include/wsk_emu/*.h")
file(GLOB wdk_headers RELATIVE "${ROOT}/include/wsk_emu/wdk" "${ROOT}/include/wsk_emu/wdk/*.h")
set(library_flags "-I${ROOT}/include" -idirafter "${CMOCKA_INCLUDE_DIR}")
list(TRANSFORM WDK_DEFINITIONS PREPEND "-D")
set(wdk_flags "-I${ROOT}/include/wsk_emu/wdk" ${WDK_OPTIONS} ${WDK_DEFINITIONS})

file(MAKE_DIRECTORY "${WORK}")
set(count 0)
set(failed "")
function(check header include)
    set(source "${WORK}/header_check.${extension}")
    file(WRITE "${source}" "#include ${include}\n#include ${include}\n")
    execute_process(COMMAND ${COMPILER} ${flags} ${ARGN} "${source}" RESULT_VARIABLE result ERROR_VARIABLE text)
    if(NOT result EQUAL 0)
        message("include/${header} does not stand alone, twice, as ${STANDARD}:\n${text}")
        set(failed "${failed};${header}" PARENT_SCOPE)
    endif()
endfunction()

foreach(header IN LISTS library_headers)
    check(${header} "\"${header}\"" ${library_flags})
endforeach()
foreach(header IN LISTS wdk_headers)
    check(wsk_emu/wdk/${header} "<${header}>" ${wdk_flags})
endforeach()

list(APPEND all ${library_headers} ${wdk_headers})
list(LENGTH all count)
if(count EQUAL 0)
    message(FATAL_ERROR "no public headers under ${ROOT}/include")
endif()
if(failed)
    list(LENGTH failed failed_count)
    message(FATAL_ERROR "headers as ${STANDARD}: not all of ${count} stand alone")
endif()
message("headers as ${STANDARD}: ${count} stand alone")
