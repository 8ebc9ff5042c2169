# SPDX-License-Identifier: MIT
# wsk_emu_spell_includes(): lets #include lines spelled for Windows find their files. Installed.

cmake_policy(PUSH)
cmake_policy(VERSION 3.20) # how the dependency file below is read

# wsk_emu_spell_includes(<target>)
#
# On Windows an #include finds its file in any letter case, through backslashes, and also in the folder of a file further
# out in the chain of includes. This writes, before the target is compiled, a small forwarding header for each #include
# of its sources, and of the headers that these include, that would otherwise not find the same file. The target's
# folders are searched, the WDK headers among them; no system header is ever replaced. Files that change, come or go are
# noticed. wsk_emu_add_driver() calls this; call it for a test program that includes a driver's headers.
function(wsk_emu_spell_includes target)
    get_target_property(sources ${target} SOURCES)
    set(files "")
    set(folders "")
    foreach(source IN LISTS sources)
        if(source MATCHES "\\$<")
            continue()
        endif()
        get_filename_component(file "${source}" ABSOLUTE)
        get_filename_component(folder "${file}" DIRECTORY)
        list(APPEND files "${file}")
        list(APPEND folders "${folder}")
    endforeach()
    list(REMOVE_DUPLICATES folders)

    # The same words can mean another file in another folder: the forwarding header then asks which folder it is.
    list(LENGTH folders folder_count)
    if(folder_count GREATER 1)
        foreach(file IN LISTS files)
            get_filename_component(folder "${file}" DIRECTORY)
            string(MD5 hash "${folder}")
            get_property(definitions SOURCE "${file}" PROPERTY COMPILE_DEFINITIONS)
            if(NOT "WSK_EMU_FOLDER_${hash}" IN_LIST definitions)
                set_property(SOURCE "${file}" APPEND PROPERTY COMPILE_DEFINITIONS "WSK_EMU_FOLDER_${hash}")
            endif()
        endforeach()
    endif()

    # gcc takes a backslash for a letter of the name.
    set(backslash_separates ON)
    foreach(language C CXX)
        if(CMAKE_${language}_COMPILER_ID STREQUAL "GNU")
            set(backslash_separates OFF)
        endif()
    endforeach()

    # Below the search folders there is room for what "..\" leads to.
    set(work "${CMAKE_CURRENT_BINARY_DIR}/${target}_includes")
    set(depth "up/up/up/up/up/up/up/up")
    file(MAKE_DIRECTORY "${work}/quoted/${depth}" "${work}/angled/${depth}")
    target_compile_options(${target} PRIVATE "SHELL:-iquote \"${work}/quoted/${depth}\"")
    target_include_directories(${target} BEFORE PRIVATE "${work}/angled/${depth}")

    set(script "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/WskEmuSpellingScan.cmake")
    set(arguments "${work}/arguments$<$<BOOL:$<CONFIG>>:-$<CONFIG>>.cmake")
    file(GENERATE OUTPUT "${arguments}" CONTENT
"set(NAME \"${target}\")
set(SOURCES \"${files}\")
set(INCLUDES \"$<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>\")
set(WDK \"$<TARGET_PROPERTY:wsk_emu::wdk,INTERFACE_INCLUDE_DIRECTORIES>\")
set(SYSTEM \"${CMAKE_C_IMPLICIT_INCLUDE_DIRECTORIES};${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES}\")
set(BACKSLASH_SEPARATES ${backslash_separates})
set(WORK \"${work}\")
")
    set(notice DEPENDS ${files})
    if(CMAKE_GENERATOR MATCHES "Ninja|Makefiles")
        set(notice DEPFILE "${work}/stamp.d")
    endif()
    add_custom_command(OUTPUT "${work}/stamp"
        COMMAND ${CMAKE_COMMAND} "-DARGUMENTS=${arguments}" -P "${script}"
        DEPENDS "${script}" "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/WskEmuIncludes.cmake" "${arguments}"
        ${notice}
        COMMENT "Resolving the includes of ${target}"
        VERBATIM)
    add_custom_target(${target}_includes DEPENDS "${work}/stamp")
    add_dependencies(${target} ${target}_includes)
endfunction()

cmake_policy(POP)
