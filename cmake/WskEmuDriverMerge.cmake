# SPDX-License-Identifier: MIT
# Build step of wsk_emu_add_driver: checks which kernel functions a driver's objects need, and merges the objects into one
# in which only the entry and the exported names are global. Installed.
# cmake -DNAME= -DOBJECTS=<a,b> -DEXPORTS=<a,b> -DIMPORTS=<a,b> -DLIBRARY= -DLINKER= -DOBJCOPY= -DNM=
#     -DIMAGE=<merged object> -DENTRY=<name that DriverEntry gets> -P
cmake_minimum_required(VERSION 3.20)

foreach(list OBJECTS EXPORTS IMPORTS)
    string(REPLACE "," ";" ${list} "${${list}}")
endforeach()

# run(<output variable> <command>...): a tool that fails ends the step.
function(run output)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE errors)
    if(NOT result EQUAL 0)
        list(GET ARGN 0 tool)
        message(FATAL_ERROR "the driver ${NAME}: ${tool} failed:\n${errors}")
    endif()
    set(${output} "${text}" PARENT_SCOPE)
endfunction()

# symbols_read(<output variable> <nm option> <file>...): names, without versions.
function(symbols_read output option)
    run(text ${NM} ${option} --format=posix ${ARGN})
    string(REGEX MATCHALL "(^|\n)[A-Za-z_][^ \n]* [A-Za-z]" lines "${text}")
    list(TRANSFORM lines REPLACE "^\n*([^ @]+).*" "\\1")
    set(${output} "${lines}" PARENT_SCOPE)
endfunction()

# --- what the driver needs ----------------------------------------------------------------------------------------

# How names of the kernel's functions begin, and those of the frameworks that drivers use beside it.
set(kernel_prefixes Cc Clfs Cm Dbg Etw Ex FsRtl Flt Fwpm Fwps Hal Io Iof Kd Ke Kf Mm Ndis Nmr Nt Ob Pcw Po Ps Rtl Se Tm
    Usbd USBD_ Vsl Wdf Whea Wmi Wsk Zw BCrypt Interlocked)
list(JOIN kernel_prefixes "|" kernel_prefix)

if(LIBRARY MATCHES "\\.a$")
    symbols_read(offered --defined-only "${LIBRARY}")
else()
    symbols_read(offered -D "${LIBRARY}")
endif()
symbols_read(defined --defined-only ${OBJECTS})
set(missing "")
foreach(object IN LISTS OBJECTS)
    symbols_read(wanted --undefined-only "${object}")
    list(FILTER wanted INCLUDE REGEX "^(${kernel_prefix})[A-Z][A-Za-z0-9]*$")
    if(wanted)
        list(REMOVE_ITEM wanted ${defined} ${offered})
    endif()
    foreach(pattern IN LISTS IMPORTS)
        string(REPLACE "*" ".*" pattern "${pattern}")
        string(REPLACE "?" "." pattern "${pattern}")
        list(FILTER wanted EXCLUDE REGEX "^${pattern}$")
    endforeach()
    get_filename_component(source "${object}" NAME_WLE)
    foreach(symbol IN LISTS wanted)
        string(APPEND missing "\n  ${symbol}, used by ${source}")
    endforeach()
endforeach()
if(missing)
    message(FATAL_ERROR "the driver ${NAME} uses functions that wsk_emu does not have:${missing}\n"
        "See docs/drivers.md, \"Functions that do not exist\": leave the source out, or define the functions in your program and "
        "name them in IMPORTS.")
endif()

# --- one object ---------------------------------------------------------------------------------------------------

if(NOT "DriverEntry" IN_LIST defined)
    message(FATAL_ERROR "the driver ${NAME}: no source defines DriverEntry (in C++: extern \"C\" DRIVER_INITIALIZE DriverEntry;)")
endif()

# Code and what a load gives its initial value go into sections whose ends the linker tells. Before them, what keeps its
# place: constants that hold addresses, exported variables, and the counters of gcov.
set(kept ".data.__gcov* .bss.__gcov* .data.__llvm_gcov* .bss.__llvm_gcov*")
set(shown --keep-global-symbol=${ENTRY})
foreach(pattern IN LISTS EXPORTS)
    string(APPEND kept " .data.${pattern} .data.rel.${pattern} .data.rel.local.${pattern} .bss.${pattern}")
    list(APPEND shown "--keep-global-symbol=${pattern}")
endforeach()
set(script "${IMAGE}.ld")
file(WRITE "${script}" "SECTIONS
{
    .data.rel.ro 0 : { *(.data.rel.ro .data.rel.ro.*) }
    .data 0 : { *(${kept}) }
    wsk_emu_text_${NAME} 0 : { *(.text .text.*) }
    wsk_emu_data_${NAME} 0 : { *(.data .data.*) }
    wsk_emu_bss_${NAME} 0 : { *(.bss .bss.* COMMON) }
}
")
run(ignored ${LINKER} -r --force-group-allocation -T "${script}" ${OBJECTS} -o "${IMAGE}.all")
run(ignored ${OBJCOPY} --redefine-sym DriverEntry=${ENTRY} "${IMAGE}.all" "${IMAGE}.named")
run(ignored ${OBJCOPY} --wildcard ${shown} "${IMAGE}.named" "${IMAGE}")
file(REMOVE "${IMAGE}.all" "${IMAGE}.named")
