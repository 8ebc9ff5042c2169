# SPDX-License-Identifier: MIT
# wsk_emu_add_driver(): builds a driver's own source files, as they are, into a target that a program links. Installed.

# wsk_emu_add_driver(<name>
#     SOURCES <file>...
#     [INCLUDES <folder>...]
#     [DEFINES <definition>...])
#
# Makes the target <name>: link it, and the driver's entry is the function <name>_DriverEntry, to be declared as
# DRIVER_INITIALIZE <name>_DriverEntry; and given to wsk_emu_driver_load. Several drivers can live in one program; a global
# name that two of them define is an error when the program is linked. All objects of the driver are linked, whether
# something refers to them or not, so a kernel function that does not exist here is a link error too.
# Whoever links <name> gets the WDK headers and the driver's flags; INCLUDES and DEFINES stay private to the driver.
function(wsk_emu_add_driver name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;INCLUDES;DEFINES")
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

    add_library(${name} OBJECT ${arg_SOURCES})
    set_target_properties(${name} PROPERTIES C_STANDARD 17 C_EXTENSIONS ON)
    target_link_libraries(${name} PUBLIC wsk_emu::wdk)
    target_include_directories(${name} PRIVATE ${arg_INCLUDES})
    target_compile_definitions(${name} PRIVATE ${arg_DEFINES} DriverEntry=${name}_DriverEntry)
endfunction()
