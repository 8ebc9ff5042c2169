# SPDX-License-Identifier: MIT
# wsk_emu_keep_locals(): sources with guarded blocks are compiled without optimization. Installed.

# wsk_emu_keep_locals(<target>)
#
# A handler reads the variables that its body has changed. Under gcc and clang, whose guarded blocks are made of setjmp,
# an optimizer may have kept them in registers, and the handler then sees old values; so the sources of the target that
# have a __try (or try, in C) get -O0. They are looked at when CMake runs; at run time the log names a file that was missed.
function(wsk_emu_keep_locals target)
    get_target_property(sources ${target} SOURCES)
    foreach(source IN LISTS sources)
        get_filename_component(file "${source}" ABSOLUTE)
        if(NOT EXISTS "${file}" OR IS_DIRECTORY "${file}")
            continue()
        endif()
        if(file MATCHES "[.]c$")
            set(words "__try|_try|try")
        else()
            set(words "__try|_try")
        endif()
        file(READ "${file}" text)
        get_property(options SOURCE "${file}" PROPERTY COMPILE_OPTIONS)
        if("${text}" MATCHES "[^A-Za-z0-9_](${words})[ \t\r\n]*{" AND NOT "-O0" IN_LIST options)
            set_property(SOURCE "${file}" APPEND PROPERTY COMPILE_OPTIONS -O0)
        endif()
    endforeach()
endfunction()
