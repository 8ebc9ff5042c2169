# SPDX-License-Identifier: MIT
# wsk_emu_add_driver(): builds a driver's own source files, as they are, into a target that a program links, or into a
# shared object that a program loads. Installed.

include("${CMAKE_CURRENT_LIST_DIR}/WskEmuDialect.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/WskEmuDriverImage.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/WskEmuGuarded.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/WskEmuSpelling.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/WskEmuTmh.cmake")

# wsk_emu_add_driver(<name>
#     SOURCES <file>...
#     [INCLUDES <folder>...]
#     [DEFINES <definition>...]
#     [OPTIONS <compiler option>...]
#     [EXPORTS <pattern>...]
#     [IMPORTS <pattern>...]
#     [MS_COMPATIBLE]
#     [WPP_CONFIG <file>...]
#     [WPP_FUNCTIONS <function>...]
#     [MODULE])
#
# Makes the target <name>: link it, and the driver's entry is the function <name>_DriverEntry, to be declared as
# DRIVER_INITIALIZE <name>_DriverEntry; and given to wsk_emu_driver_load.
#
# As on Windows, a driver is an image of its own: its functions and variables are nobody else's, so several drivers can
# live in one program, whatever names they use, and each load finds the variables with their initial values. EXPORTS names
# what the program may use all the same ("GateQueryStatus", "Gate*"); variables among it keep their values from load to load,
# so that a test can set them before. A kernel function that wsk_emu does not have is an error; IMPORTS names those that
# the program itself defines. docs/drivers.md has the details.
#
# MODULE makes a shared object instead, <name>.so, for wsk_emu_driver_load_file; programs that load one link
# wsk_emu::modules.
#
# MS_COMPATIBLE asks clang for all that it knows of Microsoft's compiler; see wsk_emu_speak_dialect().
#
# The .tmh files of a driver that traces by WPP are made. WPP_CONFIG and WPP_FUNCTIONS say what the driver's project gives to
# the preprocessor of trace messages: files to scan, and functions, "TraceEvents(LEVEL,FLAGS,MSG,...)" (docs/tracing.md).
#
# Includes may be spelled as on Windows: see wsk_emu_spell_includes(). Whoever links <name> gets the WDK headers and the
# driver's flags; INCLUDES, DEFINES and OPTIONS stay private to the driver. The sources are those of the target
# <name>_objects, for properties that have no argument here.
function(wsk_emu_add_driver name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "MODULE;MS_COMPATIBLE" ""
        "SOURCES;INCLUDES;DEFINES;OPTIONS;EXPORTS;IMPORTS;WPP_CONFIG;WPP_FUNCTIONS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "wsk_emu_add_driver(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT arg_SOURCES)
        message(FATAL_ERROR "wsk_emu_add_driver(${name}): no SOURCES")
    endif()
    if(NOT name MATCHES "^[A-Za-z_][A-Za-z0-9_]*$")
        message(FATAL_ERROR "wsk_emu_add_driver(${name}): the name becomes part of a C function's name (<name>_DriverEntry); "
            "use letters, digits and underscores")
    endif()
    foreach(symbol IN LISTS arg_EXPORTS arg_IMPORTS)
        if(NOT symbol MATCHES "^[A-Za-z0-9_*?]+$")
            message(FATAL_ERROR "wsk_emu_add_driver(${name}): \"${symbol}\" is no name of a symbol")
        endif()
    endforeach()

    set(objects ${name}_objects)
    add_library(${objects} OBJECT ${arg_SOURCES})
    set_target_properties(${objects} PROPERTIES C_STANDARD 17 C_EXTENSIONS ON INTERPROCEDURAL_OPTIMIZATION OFF)
    target_link_libraries(${objects} PUBLIC wsk_emu::wdk)
    target_include_directories(${objects} PRIVATE ${arg_INCLUDES})
    target_compile_definitions(${objects} PRIVATE ${arg_DEFINES})
    target_compile_options(${objects} PRIVATE ${arg_OPTIONS})
    wsk_emu_speak_dialect(${objects} "${arg_MS_COMPATIBLE}")
    wsk_emu_driver_wpp(${name})
    wsk_emu_keep_locals(${objects})
    wsk_emu_spell_includes(${objects})

    if(arg_MODULE)
        wsk_emu_driver_module(${name} "${arg_EXPORTS}" "${arg_IMPORTS}")
    elseif(WSK_EMU_PRIVATE_SYMBOLS)
        wsk_emu_driver_image(${name} "${arg_EXPORTS}" "${arg_IMPORTS}")
    else()
        wsk_emu_driver_open(${name})
    endif()
endfunction()

# Makes the .tmh files that the sources include and that do not exist. Reads the arguments of wsk_emu_add_driver.
function(wsk_emu_driver_wpp name)
    foreach(part SOURCES INCLUDES WPP_CONFIG)
        set(${part} "")
        foreach(path IN LISTS arg_${part})
            get_filename_component(path "${path}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
            if(EXISTS "${path}")
                list(APPEND ${part} "${path}")
            endif()
        endforeach()
    endforeach()
    wsk_emu_generate_tmh(tmh
        DRIVER ${name}
        OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${name}_wpp"
        SOURCES ${SOURCES}
        INCLUDES ${INCLUDES}
        CONFIG ${WPP_CONFIG}
        FUNCTIONS ${arg_WPP_FUNCTIONS})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${tmh_FILES})
    if(tmh_INCLUDE)
        target_include_directories(${name}_objects PRIVATE "${tmh_INCLUDE}")
    endif()
endfunction()
