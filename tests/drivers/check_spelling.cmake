# SPDX-License-Identifier: MIT
# Builds a driver with Windows' include lines, changes it in each way that matters, and builds it again.
# cmake -DROOT= -DWORK= -DGENERATOR= -DMAKE_PROGRAM= -DCOMPILER= -P
cmake_minimum_required(VERSION 3.20)

set(project "${WORK}/project")
set(build "${WORK}/build")

# build(<what this is> passes|fails [words]): builds, and looks for the words in what it says.
function(build what expected)
    execute_process(COMMAND ${CMAKE_COMMAND} --build "${build}" RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
    if((expected STREQUAL "passes") AND NOT result EQUAL 0)
        message(FATAL_ERROR "${what}: the build failed\n${text}")
    elseif((expected STREQUAL "fails") AND result EQUAL 0)
        message(FATAL_ERROR "${what}: the build passed\n${text}")
    endif()
    foreach(words IN LISTS ARGN)
        string(FIND "${text}" "${words}" position)
        if(position LESS 0)
            message(FATAL_ERROR "${what}: nothing says '${words}'\n${text}")
        endif()
    endforeach()
endfunction()

# forwarders(<out>): how many there are.
function(forwarders out)
    file(STRINGS "${build}/driver_includes/written.txt" lines)
    list(LENGTH lines count)
    set(${out} ${count} PARENT_SCOPE)
endfunction()

function(write path text)
    file(WRITE "${project}/${path}" "${text}")
endfunction()

file(REMOVE_RECURSE "${WORK}")
write(CMakeLists.txt "cmake_minimum_required(VERSION 3.20)
project(spelling LANGUAGES C)
add_library(wsk_emu_wdk INTERFACE)
add_library(wsk_emu::wdk ALIAS wsk_emu_wdk)
target_include_directories(wsk_emu_wdk INTERFACE \"${ROOT}/include/wsk_emu/wdk\")
target_compile_definitions(wsk_emu_wdk INTERFACE _WIN64 _AMD64_ _KERNEL_MODE=1 DBG=1)
target_compile_options(wsk_emu_wdk INTERFACE -fms-extensions -fshort-wchar -Wno-unknown-pragmas)
include(\"${ROOT}/cmake/WskEmuSpelling.cmake\")
add_library(driver OBJECT src/driver.c \"src/one more/more.c\")
target_link_libraries(driver PRIVATE wsk_emu::wdk)
target_include_directories(driver PRIVATE inc)
wsk_emu_spell_includes(driver)
")
write(src/driver.c "#include <NTDDK.H>\n#include \"Driver.h\"\nint value[VALUE - 40];\n")
write(src/driver.h "#include <Lib\\Values.h>\n")
write(inc/lib/values.h "#define VALUE 41\n")
write("src/one more/more.c" "#include <Ntddk.h>\n#include \"..\\DRIVER.H\"\nint more[VALUE - 40];\n")

execute_process(COMMAND ${CMAKE_COMMAND} -S "${project}" -B "${build}" -G "${GENERATOR}"
        "-DCMAKE_MAKE_PROGRAM=${MAKE_PROGRAM}" "-DCMAKE_C_COMPILER=${COMPILER}"
    RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "configuring failed\n${text}")
endif()
build("the first build" passes "Resolving the includes of driver")
forwarders(count_at_first)

write(inc/lib/values.h "#include \"Lib/NEW.h\"\n#define VALUE 41\n")
build("an include that is nowhere" fails "NEW.h")

write(inc/lib/new.h "#define NEW_VALUE 42\n")
build("a header that was looked for in vain has come" passes)

write(src/driver.h "#include <LIB\\VALUES.h>\n#include <lib/New.h>\nint new_value[NEW_VALUE - 41];\n")
build("an include line spelled otherwise" passes)

file(RENAME "${project}/inc/lib" "${project}/inc/LIB")
file(RENAME "${project}/inc/LIB/values.h" "${project}/inc/LIB/VALUES.h")
build("files of another letter case" passes)

write(src/driver.c "#include <ntddk.h>\n#include \"driver.h\"\nint value[VALUE - 40];\n")
write(src/driver.h "#include <LIB/VALUES.h>\n")
write("src/one more/more.c" "#include <ntddk.h>\n#include \"../driver.h\"\nint more[VALUE - 40];\n")
write(inc/LIB/VALUES.h "#define VALUE 41\n")
build("nothing is left to resolve" passes)
forwarders(count_at_last)
if(NOT count_at_first GREATER 0 OR NOT count_at_last EQUAL 0)
    message(FATAL_ERROR "forwarding headers: ${count_at_first} at first, ${count_at_last} at last")
endif()

# One word, two files, one source.
write(src/a/own.h "#define A 1\n")
write(src/a/a.h "#include \"Own.h\"\n")
write(src/b/own.h "#define B 1\n")
write(src/b/b.h "#include \"Own.h\"\n")
write(src/driver.c "#include <ntddk.h>\n#include \"a/a.h\"\n#include \"b/b.h\"\nint value[A + B];\n")
build("one word for two files" fails "a/a.h includes Own.h" "b/b.h includes Own.h" "Spell one of the two as the file is called")

write(src/b/b.h "#include \"own.h\"\n")
build("and spelled as the file is called" passes)

message("include lines of Windows: resolved and kept up to date")
