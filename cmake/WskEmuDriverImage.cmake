# SPDX-License-Identifier: MIT
# What wsk_emu_add_driver makes of the compiled objects of a driver. Installed.

# Functions are seen wherever a project calls them, ordinary variables are not: what they need is in the cache.

# Private symbols need a linker that merges objects into one and resolves C++'s groups while it does, and objcopy: the GNU
# tools, on ELF.
set(wsk_emu_private OFF)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    find_program(WSK_EMU_MERGING_LINKER NAMES ld.bfd ld)
    find_program(WSK_EMU_OBJCOPY NAMES ${CMAKE_OBJCOPY} objcopy)
    find_program(WSK_EMU_NM NAMES ${CMAKE_NM} nm)
    mark_as_advanced(WSK_EMU_MERGING_LINKER WSK_EMU_OBJCOPY WSK_EMU_NM)
    if(WSK_EMU_MERGING_LINKER AND WSK_EMU_OBJCOPY AND WSK_EMU_NM)
        execute_process(COMMAND ${WSK_EMU_MERGING_LINKER} --help OUTPUT_VARIABLE wsk_emu_linker_help ERROR_QUIET)
        if(wsk_emu_linker_help MATCHES "--force-group-allocation")
            set(wsk_emu_private ON)
        endif()
        unset(wsk_emu_linker_help)
    endif()
    if(NOT wsk_emu_private)
        message(STATUS "wsk_emu: drivers keep no private symbols, for want of the GNU ld, objcopy and nm "
            "(Debian: binutils): global names of drivers in one program must differ")
    endif()
endif()

set(WSK_EMU_PRIVATE_SYMBOLS ${wsk_emu_private} CACHE INTERNAL "drivers are images of their own")

# Where this is not possible: the objects go into the program as they are. Only the entry gets a name of its own.
function(wsk_emu_driver_open name)
    target_compile_definitions(${name}_objects PRIVATE DriverEntry=${name}_DriverEntry)
    add_library(${name} INTERFACE)
    target_sources(${name} INTERFACE $<TARGET_OBJECTS:${name}_objects>)
    target_link_libraries(${name} INTERFACE wsk_emu::wdk)
endfunction()

# One object of all, in which the entry and the exported names are global and everything else is local.
function(wsk_emu_driver_merge name entry exports imports)
    set(folder "${CMAKE_CURRENT_BINARY_DIR}/${name}_driver")
    set(image "${folder}/${name}.o")

    # Each variable in a section of its own, so that the exported ones can be told from the others. What is linked again must
    # be machine code. A symbol that is unique in the process cannot be private.
    target_compile_options(${name}_objects PRIVATE -fdata-sections -fno-common -fno-lto
        $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
    set(WSK_EMU_IMAGE_NAME ${name})
    configure_file("${CMAKE_CURRENT_FUNCTION_LIST_DIR}/wsk_emu_image.c.in" "${folder}/${name}_image.c" @ONLY)
    target_sources(${name}_objects PRIVATE "${folder}/${name}_image.c")
    set_source_files_properties("${folder}/${name}_image.c" PROPERTIES
        INCLUDE_DIRECTORIES "$<TARGET_PROPERTY:wsk_emu::wsk_emu,INTERFACE_INCLUDE_DIRECTORIES>")

    add_custom_command(OUTPUT "${image}"
        COMMAND ${CMAKE_COMMAND}
            -DNAME=${name}
            -DENTRY=${entry}
            "-DOBJECTS=$<JOIN:$<TARGET_OBJECTS:${name}_objects>,$<COMMA>>"
            "-DEXPORTS=$<JOIN:${exports},$<COMMA>>"
            "-DIMPORTS=$<JOIN:${imports},$<COMMA>>"
            -DLIBRARY=$<TARGET_FILE:wsk_emu::wsk_emu>
            -DLINKER=${WSK_EMU_MERGING_LINKER}
            -DOBJCOPY=${WSK_EMU_OBJCOPY}
            -DNM=${WSK_EMU_NM}
            -DIMAGE=${image}
            -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/WskEmuDriverMerge.cmake"
        DEPENDS ${name}_objects $<TARGET_OBJECTS:${name}_objects> wsk_emu::wsk_emu
            "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/WskEmuDriverMerge.cmake"
        COMMENT "Making the driver ${name}"
        VERBATIM)
endfunction()

function(wsk_emu_driver_image name exports imports)
    set(image "${CMAKE_CURRENT_BINARY_DIR}/${name}_driver/${name}.o")

    wsk_emu_driver_merge(${name} ${name}_DriverEntry "${exports}" "${imports}")
    add_custom_target(${name}_image DEPENDS "${image}")
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE "${image}" wsk_emu::wdk)
    add_dependencies(${name} ${name}_image)
endfunction()

# A shared object that shows its entry and the exported names. What it needs of the kernel it finds in the program.
function(wsk_emu_driver_module name exports imports)
    set(folder "${CMAKE_CURRENT_BINARY_DIR}/${name}_driver")

    set_target_properties(${name}_objects PROPERTIES POSITION_INDEPENDENT_CODE ON)
    if(WSK_EMU_PRIVATE_SYMBOLS)
        wsk_emu_driver_merge(${name} DriverEntry "${exports}" "${imports}")
        add_library(${name} MODULE "${folder}/${name}.o")
        set_source_files_properties("${folder}/${name}.o" PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
    else()
        add_library(${name} MODULE $<TARGET_OBJECTS:${name}_objects>)
    endif()
    # The compiler that links knows the libraries that its language needs.
    set(language C)
    get_target_property(sources ${name}_objects SOURCES)
    if(sources MATCHES "\\.(cpp|cxx|cc|CC|C)(;|$)")
        set(language CXX)
    endif()
    set_target_properties(${name} PROPERTIES PREFIX "" LINKER_LANGUAGE ${language})
    list(PREPEND exports DriverEntry)
    if(CMAKE_SYSTEM_NAME STREQUAL "Darwin")
        list(TRANSFORM exports PREPEND "_")
        list(JOIN exports "\n" lines)
        file(WRITE "${folder}/${name}.exported" "${lines}\n")
        target_link_options(${name} PRIVATE "LINKER:-exported_symbols_list,${folder}/${name}.exported"
            "LINKER:-undefined,dynamic_lookup")
    else()
        list(JOIN exports "; " shown)
        file(WRITE "${folder}/${name}.map" "{ global: ${shown}; local: *; };\n")
        target_link_options(${name} PRIVATE "LINKER:--version-script=${folder}/${name}.map")
    endif()
endfunction()

# wsk_emu::modules: for programs that load drivers from shared objects. Such a driver looks for the kernel in the program, so
# all of it must be there and be shown.
if(NOT TARGET wsk_emu::modules)
    add_library(wsk_emu::modules INTERFACE IMPORTED GLOBAL)
endif()
function(wsk_emu_modules_target)
    get_target_property(type wsk_emu::wsk_emu TYPE)
    target_link_libraries(wsk_emu::modules INTERFACE wsk_emu::wsk_emu)
    if(type STREQUAL "SHARED_LIBRARY")
        return()
    endif()
    if(CMAKE_SYSTEM_NAME STREQUAL "Darwin")
        # Programs show what they contain anyway.
        target_link_options(wsk_emu::modules INTERFACE "LINKER:-force_load,$<TARGET_FILE:wsk_emu::wsk_emu>")
    else()
        target_link_options(wsk_emu::modules INTERFACE "LINKER:--export-dynamic"
            "LINKER:--whole-archive,$<TARGET_FILE:wsk_emu::wsk_emu>,--no-whole-archive")
    endif()
endfunction()
