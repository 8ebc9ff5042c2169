# SPDX-License-Identifier: MIT
# Configures the project of docs/tutorial.md with wsk_emu as a folder of its own tree: the line with find_package becomes
# add_subdirectory, as the tutorial says. cmake -DROOT= -DPROJECT= -DWORK= -DPRIVATE_SYMBOLS= -DGENERATOR=
# -DCOMPILER= -P
cmake_minimum_required(VERSION 3.20)

file(REMOVE_RECURSE "${WORK}")
file(COPY "${PROJECT}/" DESTINATION "${WORK}/project")
file(READ "${WORK}/project/CMakeLists.txt" text)
string(REGEX REPLACE "find_package\\(wsk_emu[^)]*\\)" "add_subdirectory(\"${ROOT}\" wsk_emu)" changed "${text}")
if(changed STREQUAL text)
    message(FATAL_ERROR "${PROJECT}/CMakeLists.txt has no find_package(wsk_emu ...)")
endif()
file(WRITE "${WORK}/project/CMakeLists.txt" "${changed}")

execute_process(
    COMMAND ${CMAKE_COMMAND} -S "${WORK}/project" -B "${WORK}/build" -G "${GENERATOR}" "-DCMAKE_C_COMPILER=${COMPILER}"
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "${output}")
endif()

# A user's build must not be filled with our tests and examples.
foreach(folder tests examples bench)
    if(EXISTS "${WORK}/build/wsk_emu/${folder}")
        message(FATAL_ERROR "${folder}/ is part of the user's build")
    endif()
endforeach()

# A driver is an image of its own there as well.
file(GLOB images "${WORK}/build/*_driver/*_image.c")
if(PRIVATE_SYMBOLS AND NOT images)
    message(FATAL_ERROR "the driver of the user's project is not made into an image")
endif()
message("wsk_emu can be a folder of another project")
