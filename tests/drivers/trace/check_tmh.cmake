# SPDX-License-Identifier: MIT
# The generator of .tmh files by itself: what it writes, what it leaves alone, and what it refuses.
# cmake -DROOT=<top folder> -DWORK=<folder> -P
cmake_minimum_required(VERSION 3.20)
# As when it comes by add_subdirectory: the file's own variables are out of sight.
function(include_elsewhere)
    include("${ROOT}/cmake/WskEmuTmh.cmake")
endfunction()
include_elsewhere()

# expect(<what> <condition>): the condition sees the variables of the caller.
macro(expect what condition)
    cmake_language(EVAL CODE "
        if(NOT (${condition}))
            message(FATAL_ERROR \"not so: ${what}\")
        endif()")
endmacro()

function(generate)
    wsk_emu_generate_tmh(tmh DRIVER gate OUTPUT "${WORK}/out" SOURCES "${WORK}/src/gate.c" INCLUDES "${WORK}/inc")
    set(tmh_INCLUDE "${tmh_INCLUDE}" PARENT_SCOPE)
    set(tmh_FILES "${tmh_FILES}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${WORK}")

# A driver without .tmh files gets nothing.
file(WRITE "${WORK}/src/gate.c" "#include <ntddk.h>\nint gate;\n")
generate()
expect("nothing is made for a driver that does not trace" "tmh_INCLUDE STREQUAL \"\"")
expect("nothing is written for it" "NOT EXISTS \"${WORK}/out\"")

# Files that exist are used as they are; others are made, in the spelling of the include.
file(WRITE "${WORK}/src/there.tmh" "/* kept */\n")
file(WRITE "${WORK}/inc/Trace.h" "/*\n begin_wpp config\n FUNC Say(LEVEL, FLAGS, MSG, ...);\n end_wpp\n*/\n")
file(WRITE "${WORK}/src/gate.c"
    "#include \"trace.h\"\n#include \"There.tmh\"\n  #  include \"sub/Gate.TMH\"\n#include <..\\other.tmh>\n")
generate()
expect("a file that exists is not made" "NOT EXISTS \"${tmh_INCLUDE}/There.tmh\"")
expect("a file in a folder is made" "EXISTS \"${tmh_INCLUDE}/sub/Gate.TMH\"")
expect("a file further up is made" "EXISTS \"${tmh_INCLUDE}/../other.tmh\"")
expect("headers in another spelling are read" "\"${WORK}/inc/Trace.h\" IN_LIST tmh_FILES")
file(READ "${tmh_INCLUDE}/wsk_emu_wpp.h" text)
expect("the macro of the configuration is there" "text MATCHES \"#define Say[(]LEVEL, FLAGS, MSG, [.]+[)]\"")
expect("DoTraceMessage is there" "text MATCHES \"#define DoTraceMessage[(]LEVEL, MSG, [.]+[)]\"")

# A byte order mark hides nothing.
string(ASCII 239 187 191 byte_order_mark)
file(READ "${WORK}/src/gate.c" before)
file(WRITE "${WORK}/src/gate.c" "${byte_order_mark}#include \"marked.tmh\"\n${before}")
generate()
expect("the include behind the mark is seen" "EXISTS \"${tmh_INCLUDE}/marked.tmh\"")
file(READ "${tmh_INCLUDE}/wsk_emu_wpp.h" text)

# What does not change is not written again.
generate()
file(READ "${tmh_INCLUDE}/wsk_emu_wpp.h" after)
expect("the same configuration gives the same text" "text STREQUAL after")
file(WRITE "${WORK}/inc/Trace.h" [=[
/*
 begin_wpp config
 FUNC Shout(LEVEL, FLAGS, MSG, ...);
 USEPREFIX(Shout, "a\"b; c[");
 end_wpp
*/
]=])
generate()
file(READ "${tmh_INCLUDE}/wsk_emu_wpp.h" after)
expect("a change of the configuration is seen" "after MATCHES \"#define Shout\" AND NOT after MATCHES \"#define Say\"")

string(FIND "${after}" [=["a\"b; c["]=] position)
expect("a text with quotes, semicolons and brackets stays whole" "NOT position LESS 0")

# A block without an end is an error that names the file.
file(WRITE "${WORK}/inc/Trace.h" "/* begin_wpp config\n FUNC Say(MSG, ...);\n*/\n")
file(WRITE "${WORK}/broken.cmake"
    "include(\"${ROOT}/cmake/WskEmuTmh.cmake\")\nwsk_emu_generate_tmh(tmh DRIVER gate OUTPUT \"${WORK}/out\" SOURCES \"${WORK}/src/gate.c\" INCLUDES \"${WORK}/inc\")\n")
execute_process(COMMAND ${CMAKE_COMMAND} -P "${WORK}/broken.cmake" RESULT_VARIABLE result ERROR_VARIABLE error)
expect("a block without an end is refused" "NOT result EQUAL 0 AND error MATCHES \"Trace[.]h\"")
