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

# A sanitizer that only the library is built with would not see what the driver and its tests do.
execute_process(
    COMMAND ${CMAKE_COMMAND} -S "${WORK}/project" -B "${WORK}/sanitized" -G "${GENERATOR}"
        "-DCMAKE_C_COMPILER=${COMPILER}" -DWSK_EMU_SANITIZE=address -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(output MATCHES "cannot compile and link with -fsanitize")
    message("not checked: ${COMPILER} has no address sanitizer")
elseif(NOT result EQUAL 0)
    message(FATAL_ERROR "${output}")
else()
    file(READ "${WORK}/sanitized/compile_commands.json" commands)
    string(JSON count LENGTH "${commands}")
    math(EXPR last "${count} - 1")
    set(seen 0)
    foreach(index RANGE ${last})
        string(JSON source GET "${commands}" ${index} file)
        string(JSON command GET "${commands}" ${index} command)
        if(source MATCHES "^${WORK}/project/")
            math(EXPR seen "${seen} + 1")
            if(NOT command MATCHES "-fsanitize=address")
                message(FATAL_ERROR "WSK_EMU_SANITIZE=address does not reach ${source}")
            endif()
        endif()
    endforeach()
    if(seen LESS 2)
        message(FATAL_ERROR "${seen} sources of the user's project were found; a driver and a test were expected")
    endif()
endif()
message("wsk_emu can be a folder of another project")
