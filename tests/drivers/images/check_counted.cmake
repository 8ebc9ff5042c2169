# SPDX-License-Identifier: MIT
# A driver that is compiled for gcov and loaded three times has its lines counted three times: the counters are variables of
# the driver, and a load does not reset them. gcov looks for sources from where the compiler ran.
# cmake -DPROGRAM= -DGCOV= -DOBJECT=<the driver's object file> -DBUILD=<top folder of the build> -P
cmake_minimum_required(VERSION 3.20)

string(REGEX REPLACE "\\.o$" ".gcda" data "${OBJECT}")
file(REMOVE "${data}")
execute_process(COMMAND "${PROGRAM}" RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} ended with ${result}:\n${text}")
endif()
execute_process(COMMAND "${GCOV}" --stdout "${data}" WORKING_DIRECTORY "${BUILD}"
    RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE errors)
if(NOT text MATCHES "\n +3: *[0-9]+:NTSTATUS DriverEntry\\(")
    message(FATAL_ERROR "DriverEntry was not counted three times; ${GCOV} ended with ${result}:\n${errors}${text}")
endif()
