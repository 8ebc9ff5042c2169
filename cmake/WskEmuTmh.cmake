# SPDX-License-Identifier: MIT
# Stands in for Windows' preprocessor of trace messages (WPP): writes the .tmh files that a driver includes. Installed.
#
# A source that traces includes "x.tmh", which that preprocessor makes of the source's configuration blocks (comments
# between "begin_wpp config" and "end_wpp"). Here the trace macros that the blocks of all sources and headers of a driver
# ask for go into one header, wsk_emu_wpp.h, and each x.tmh that is included and does not exist includes it. What the macros
# expand to is in wsk_emu_wdk/wpp.h. Files are read when CMake runs, and CMake runs again when one of them changes.

cmake_policy(PUSH)
cmake_policy(VERSION 3.20)

include("${CMAKE_CURRENT_LIST_DIR}/WskEmuIncludes.cmake")

# Characters that CMake's lists and strings give a meaning are exchanged while text is taken apart. Variables of this file
# may be out of sight where the functions are called, so the first of them sets these for all.
macro(_wsk_emu_tmh_characters)
    string(ASCII 1 _wsk_emu_tmh_semicolon)
    string(ASCII 2 _wsk_emu_tmh_open)
    string(ASCII 3 _wsk_emu_tmh_close)
    string(ASCII 4 _wsk_emu_tmh_backslash)
endmacro()

function(_wsk_emu_tmh_exchange out text)
    string(REPLACE "\r" "" text "${text}")
    string(REPLACE ";" "${_wsk_emu_tmh_semicolon}" text "${text}")
    string(REPLACE "[" "${_wsk_emu_tmh_open}" text "${text}")
    string(REPLACE "]" "${_wsk_emu_tmh_close}" text "${text}")
    string(REPLACE "\\" "${_wsk_emu_tmh_backslash}" text "${text}")
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

function(_wsk_emu_tmh_plain out text)
    string(REPLACE "${_wsk_emu_tmh_semicolon}" ";" text "${text}")
    string(REPLACE "${_wsk_emu_tmh_open}" "[" text "${text}")
    string(REPLACE "${_wsk_emu_tmh_close}" "]" text "${text}")
    string(REPLACE "${_wsk_emu_tmh_backslash}" "\\" text "${text}")
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

# Reads the sources and what they include of the driver's own: the files, the .tmh files that are missing, by spelling, and
# the configuration blocks, as one text.
function(_wsk_emu_tmh_scan sources includes out_files out_missing out_blocks)
    # Files may come and go between two scans.
    get_property(scans GLOBAL PROPERTY wsk_emu_tmh_scans)
    if(NOT scans)
        set(scans 0)
    endif()
    math(EXPR scans "${scans} + 1")
    set_property(GLOBAL PROPERTY wsk_emu_tmh_scans ${scans})
    set(memory "tmh ${scans}")
    set(queue ${sources})
    set(files "")
    set(missing "")
    set(blocks "")
    while(queue)
        list(POP_FRONT queue file)
        if(file IN_LIST files)
            continue()
        endif()
        list(APPEND files "${file}")
        get_filename_component(folder "${file}" DIRECTORY)
        file(READ "${file}" text)
        wsk_emu_includes_of(lines "${text}")
        foreach(line IN LISTS lines)
            string(REGEX REPLACE "^(quoted|angled):" "" spelling "${line}")
            foreach(place IN ITEMS "${folder}" LISTS includes)
                wsk_emu_find_include(found "${memory}" "${place}" "${spelling}")
                if(NOT found STREQUAL "")
                    break()
                endif()
            endforeach()
            if(NOT found STREQUAL "")
                list(APPEND queue "${found}")
            elseif(spelling MATCHES "[.][Tt][Mm][Hh]$")
                list(APPEND missing "${spelling}")
            endif()
        endforeach()

        _wsk_emu_tmh_exchange(text "${text}")
        set(begin 0)
        while(NOT begin LESS 0)
            string(FIND "${text}" "begin_wpp config" begin)
            if(begin LESS 0)
                break()
            endif()
            string(SUBSTRING "${text}" ${begin} -1 text)
            string(FIND "${text}" "end_wpp" end)
            string(SUBSTRING "${text}" 16 -1 rest)
            if(end LESS 0)
                message(FATAL_ERROR "${file}: \"begin_wpp config\" without \"end_wpp\"")
            endif()
            math(EXPR length "${end} - 16")
            string(SUBSTRING "${rest}" 0 ${length} block)
            string(APPEND blocks "\n${block}\n")
            string(SUBSTRING "${text}" ${end} -1 text)
        endwhile()
    endwhile()
    list(REMOVE_DUPLICATES missing)
    set(${out_files} "${files}" PARENT_SCOPE)
    set(${out_missing} "${missing}" PARENT_SCOPE)
    set(${out_blocks} "${blocks}" PARENT_SCOPE)
endfunction()

# Each statement begins a line, behind the signs of a comment; it may go on over several.
function(_wsk_emu_tmh_statements out blocks)
    string(REGEX REPLACE "\n[ \t]*(//+|/?[*]+|#)[ \t]*" "\n" text "\n${blocks}")
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

# USEPREFIX and USESUFFIX in the caller's statements: <kind>_<macro> is the text, <kind>_args_<macro> its arguments behind
# a comma.
macro(_wsk_emu_tmh_affixes kind)
    string(REGEX MATCHALL
        "\n[ \t]*USE${kind}[ \t\n]*[(][^,\"]+,[ \t\n]*\"([^\"${_wsk_emu_tmh_backslash}]|${_wsk_emu_tmh_backslash}.)*\"[^${_wsk_emu_tmh_semicolon}\n]*"
        affixes "${statements}")
    foreach(affix IN LISTS affixes)
        string(REGEX MATCH "[(][ \t\n]*([^,\" \t\n]+)[ \t\n]*,[ \t\n]*(\"(.*)\")(.*)[)][ \t\n]*$" ignored "${affix}")
        if(NOT CMAKE_MATCH_1 STREQUAL "")
            set(${kind}_${CMAKE_MATCH_1} "${CMAKE_MATCH_2}")
            string(STRIP "${CMAKE_MATCH_4}" ${kind}_args_${CMAKE_MATCH_1})
        endif()
    endforeach()
endmacro()

# One trace macro. name, the settings between braces, the parameters, and whether the parentheses are double.
function(_wsk_emu_tmh_macro out name settings parameters is_double)
    set(fixed "")     # parameters of the macro
    set(goo "")       # what names the condition: settings, then parameters
    set(values "")    # what is given to the condition's macros
    set(level_value 0)
    set(level_text "\"\"")
    set(flag_text "\"\"")
    set(has_message OFF)

    string(REPLACE "," ";" settings "${settings}")
    foreach(setting IN LISTS settings)
        if(setting MATCHES "^[ \t\n]*([A-Za-z_0-9]+)[ \t\n]*=[ \t\n]*(.*[^ \t\n])[ \t\n]*$")
            set(key "${CMAKE_MATCH_1}")
            set(value "${CMAKE_MATCH_2}")
            list(APPEND goo "${key}")
            list(APPEND values "${value}")
            if(key MATCHES "^(LEVEL|LVL)$")
                set(level_value "${value}")
                set(level_text "\"${value}\"")
            elseif(key MATCHES "^FLAGS?$")
                set(flag_text "\"${value}\"")
            endif()
        endif()
    endforeach()
    string(REPLACE "," ";" parameters "${parameters}")
    foreach(parameter IN LISTS parameters)
        string(STRIP "${parameter}" parameter)
        if(parameter STREQUAL "MSG")
            set(has_message ON)
        elseif(parameter MATCHES "^[A-Za-z_][A-Za-z_0-9]*$")
            list(APPEND fixed "${parameter}")
            list(APPEND goo "${parameter}")
            list(APPEND values "${parameter}")
            if(parameter MATCHES "^(LEVEL|LVL)$")
                set(level_value "${parameter}")
                set(level_text "#${parameter}")
            elseif(parameter MATCHES "^FLAGS?$")
                set(flag_text "#${parameter}")
            endif()
        endif()
    endforeach()
    # A level alone is a flag, as in DoTraceMessage(LEVEL, MSG, ...).
    set(level_is_flag OFF)
    if(flag_text STREQUAL "\"\"" AND NOT level_text STREQUAL "\"\"")
        set(level_is_flag ON)
    endif()

    list(JOIN goo "_" condition)
    if(condition STREQUAL "")
        set(condition "WPP")
    else()
        set(condition "WPP_${condition}")
    endif()
    list(JOIN values ", " values)
    set(prefix "\"\"")
    set(suffix "\"\"")
    if(DEFINED PREFIX_${name})
        set(prefix "${PREFIX_${name}}")
    endif()
    if(DEFINED SUFFIX_${name})
        set(suffix "${SUFFIX_${name}}")
    endif()
    set(message "\"\"")
    set(rest "")
    set(message_args "")
    if(has_message)
        set(message "MSG")
        list(APPEND fixed "MSG")
        set(rest ", ...")
        set(message_args " __VA_OPT__(, ) __VA_ARGS__")
    endif()
    list(JOIN fixed ", " fixed)

    set(lines "#undef ${name}\n")
    set(defined "${name}")
    if(is_double)
        set(defined "WSK_EMU_WPP_CALL_${name}")
        string(APPEND lines "#undef ${defined}\n#define ${name}(wsk_emu_arguments) ${defined} wsk_emu_arguments\n")
    endif()
    # What the driver does not define itself; for WPP_LEVEL_ENABLED and its kin see wsk_emu_wdk/wpp_control.h.
    foreach(hook PRE POST)
        string(APPEND lines "#ifndef ${condition}_${hook}\n#define ${condition}_${hook}(...)\n#endif\n")
    endforeach()
    set(level "0")
    if(level_is_flag)
        string(APPEND lines "#ifdef WPP_USE_TRACE_LEVELS\n")
        _wsk_emu_tmh_define(with_levels)
        set(flag_text "${level_text}")
        set(level_text "\"\"")
        set(level_value "0")
        _wsk_emu_tmh_define(without)
        string(APPEND lines "${with_levels}#else\n${without}#endif\n")
    else()
        _wsk_emu_tmh_hooks(hooks "${goo}")
        _wsk_emu_tmh_define(body)
        string(APPEND lines "${hooks}${body}")
    endif()
    set(${out} "${lines}" PARENT_SCOPE)
endfunction()

# Defaults for a condition that has a flag, and perhaps a level, and that the driver does not define.
function(_wsk_emu_tmh_hooks out goo)
    set(parameters "")
    set(flag "")
    set(level "")
    set(number 0)
    foreach(part IN LISTS goo)
        math(EXPR number "${number} + 1")
        list(APPEND parameters "_${number}")
        if(part MATCHES "^FLAGS?$")
            set(flag "_${number}")
        elseif(part MATCHES "^(LEVEL|LVL)$")
            set(level "_${number}")
        endif()
    endforeach()
    list(LENGTH goo count)
    set(lines "")
    if(flag AND count GREATER 1)
        list(JOIN goo "_" condition)
        list(JOIN parameters ", " parameters)
        set(test "WPP_FLAG_ENABLED(${flag})")
        if(level)
            set(test "(${test} && WPP_CONTROL(WPP_BIT_##${flag}).Level >= (${level}))")
        endif()
        string(APPEND lines
            "#ifndef WPP_${condition}_ENABLED\n#define WPP_${condition}_ENABLED(${parameters}) ${test}\n#endif\n"
            "#ifndef WPP_${condition}_LOGGER\n#define WPP_${condition}_LOGGER(${parameters}) WPP_FLAG_LOGGER(${flag})\n#endif\n")
    endif()
    set(${out} "${lines}" PARENT_SCOPE)
endfunction()

# The definition itself; a macro of _wsk_emu_tmh_macro, whose variables it uses.
macro(_wsk_emu_tmh_define out)
    set(${out} "#define ${defined}(${fixed}${rest}) \\
    ${condition}_PRE(${values}) \\
    ((void)(WSK_EMU_WPP_IS_OPEN() && (${condition}_ENABLED(${values})) \\
                ? (WSK_EMU_WPP_WRITE(${condition}_LOGGER(${values}) (UCHAR)(${level_value}), ${level_text}, ${flag_text}, \\
                                     ${prefix}, ${message}, ${suffix}, \\
                                     0${PREFIX_args_${name}}${message_args}${SUFFIX_args_${name}}), 1) \\
                : 0)) \\
    ${condition}_POST(${values})
")
endmacro()

# CUSTOM_TYPE and DEFINE_CPLX_TYPE: rows of the list of types, and functions that apply the driver's helper macros.
function(_wsk_emu_tmh_types out statements)
    set(functions "")
    set(rows "")
    string(REGEX MATCHALL "\n[ \t]*CUSTOM_TYPE[ \t\n]*[(][^,]+,[^${_wsk_emu_tmh_semicolon}]+[)]" types "${statements}")
    foreach(type IN LISTS types)
        string(REGEX MATCH "[(][ \t\n]*([^, \t\n]+)[ \t\n]*,[ \t\n]*(.*)[)][ \t\n]*$" ignored "${type}")
        set(name "${CMAKE_MATCH_1}")
        string(REGEX REPLACE "[ \t\n\"]+" "" item "${CMAKE_MATCH_2}")
        string(APPEND rows "    { \"${name}\", \"${item}\", 0, NULL },\n")
    endforeach()
    string(REGEX MATCHALL "\n[ \t]*DEFINE_CPLX_TYPE[ \t\n]*[(][^,]+,[^${_wsk_emu_tmh_semicolon}]+[)]" types "${statements}")
    foreach(type IN LISTS types)
        string(REGEX MATCH
            "[(][ \t\n]*([^, \t\n]+)[ \t\n]*,[ \t\n]*([A-Za-z_0-9]+)[ \t\n]*,[ \t\n]*([^,]+),[ \t\n]*([A-Za-z_0-9]+)"
            ignored "${type}")
        set(name "${CMAKE_MATCH_1}")
        set(helper "${CMAKE_MATCH_2}")
        string(STRIP "${CMAKE_MATCH_3}" argument)
        set(item "${CMAKE_MATCH_4}")
        string(MAKE_C_IDENTIFIER "wsk_emu_wpp_take_${name}" function)
        string(APPEND functions
            "static __inline__ void ${function}(const void *bytes, wsk_emu_wpp_show *show, void *context)\n"
            "{\n"
            "    typedef ${argument} wsk_emu_wpp_value;\n"
            "    wsk_emu_wpp_value value;\n"
            "\n"
            "    memcpy((void *)&value, bytes, sizeof(value));\n"
            "    {\n"
            "        const struct wsk_emu_wpp_pair pairs[] = { ${helper}(value) };\n"
            "\n"
            "        show(context, pairs, sizeof(pairs) / sizeof(pairs[0]));\n"
            "    }\n"
            "}\n")
        string(APPEND rows "    { \"${name}\", \"${item}\", (ULONG)sizeof(${argument}), ${function} },\n")
    endforeach()
    # WPP_FLAGS(-DNAME(arguments)=text) defines a macro.
    string(REGEX MATCHALL "\n[ \t]*WPP_FLAGS[ \t\n]*[(][ \t]*-D[^\n]*[)]" flags "${statements}")
    foreach(flag IN LISTS flags)
        string(REGEX MATCH "-D([A-Za-z_0-9]+[^=]*)=(.*)[)][ \t]*$" ignored "${flag}")
        if(NOT CMAKE_MATCH_1 STREQUAL "")
            set(defined "${CMAKE_MATCH_1}")
            set(value "${CMAKE_MATCH_2}")
            string(REGEX MATCH "^[A-Za-z_0-9]+" name "${defined}")
            string(APPEND functions "#undef ${name}\n#define ${defined} ${value}\n")
        endif()
    endforeach()
    set(${out}
        "#ifndef WSK_EMU_WPP_TYPES\n#define WSK_EMU_WPP_TYPES\n${functions}static const struct wsk_emu_wpp_type wsk_emu_wpp_types[] __attribute__((__unused__)) = {\n${rows}    { NULL, NULL, 0, NULL }\n};\n#endif\n"
        PARENT_SCOPE)
endfunction()

function(_wsk_emu_tmh_write file text)
    if(EXISTS "${file}")
        file(READ "${file}" old)
        if(old STREQUAL text)
            return()
        endif()
    endif()
    file(WRITE "${file}" "${text}")
endfunction()

# wsk_emu_generate_tmh(<out> DRIVER <name> OUTPUT <folder> SOURCES <file>... [INCLUDES <folder>...] [CONFIG <file>...]
#     [FUNCTIONS <function>...])
#
# All paths are absolute. CONFIG: files with configuration blocks that no source includes; FUNCTIONS: what a project file
# gives to the preprocessor on its command line, "TraceEvents(LEVEL,FLAGS,MSG,...)". Sets <out>_INCLUDE to the folder to
# search for the generated files, empty when there is none, and <out>_FILES to the files that were read.
function(wsk_emu_generate_tmh out)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "DRIVER;OUTPUT" "SOURCES;INCLUDES;CONFIG;FUNCTIONS")
    _wsk_emu_tmh_characters()
    _wsk_emu_tmh_scan("${arg_SOURCES};${arg_CONFIG}" "${arg_INCLUDES}" files missing blocks)
    set(${out}_FILES "${files}" PARENT_SCOPE)
    set(${out}_INCLUDE "" PARENT_SCOPE)
    if(NOT missing)
        return()
    endif()

    foreach(function IN LISTS arg_FUNCTIONS)
        string(APPEND blocks "\nFUNC ${function}\n")
    endforeach()
    _wsk_emu_tmh_statements(statements "FUNC DoTraceMessage(LEVEL,MSG,...)\n${blocks}")
    _wsk_emu_tmh_affixes(PREFIX)
    _wsk_emu_tmh_affixes(SUFFIX)
    _wsk_emu_tmh_types(types "${statements}")

    set(text "/* Made by wsk_emu from the WPP configuration of the driver ${arg_DRIVER}. */\n")
    string(APPEND text "#ifndef WSK_EMU_WPP_DRIVER\n#define WSK_EMU_WPP_DRIVER ${arg_DRIVER}\n#endif\n")
    string(APPEND text "#include <wsk_emu_wdk/wpp_control.h>\n\n${types}\n")
    set(name "[A-Za-z_][A-Za-z_0-9]*")
    string(REGEX MATCHALL
        "\n[ \t]*FUNC[ \t\n]+${name}[ \t\n]*([{][^}]*[}])?[ \t\n]*[(][ \t\n]*[(]?[^()]*[)]" functions "${statements}")
    foreach(function IN LISTS functions)
        string(REGEX MATCH
            "FUNC[ \t\n]+(${name})[ \t\n]*([{]([^}]*)[}])?[ \t\n]*[(]([ \t\n]*[(])?([^()]*)[)]" ignored "${function}")
        set(function_name "${CMAKE_MATCH_1}")
        set(settings "${CMAKE_MATCH_3}")
        set(second "${CMAKE_MATCH_4}")
        set(parameters "${CMAKE_MATCH_5}")
        set(is_double OFF)
        if(NOT second STREQUAL "")
            set(is_double ON)
        endif()
        _wsk_emu_tmh_macro(macro_text "${function_name}" "${settings}" "${parameters}" ${is_double})
        string(APPEND text "${macro_text}\n")
    endforeach()
    _wsk_emu_tmh_plain(text "${text}")

    # Two folders deep, so that "../x.tmh" stays inside.
    set(include "${arg_OUTPUT}/tmh/in")
    _wsk_emu_tmh_write("${include}/wsk_emu_wpp.h" "${text}")
    foreach(spelling IN LISTS missing)
        string(REPLACE "\\" "/" slashed "${spelling}")
        set(stub "#include <wsk_emu_wpp.h>\n")
        _wsk_emu_tmh_write("${include}/${slashed}" "${stub}")
        if(NOT slashed STREQUAL spelling)
            # gcc takes the backslash for a part of the name.
            _wsk_emu_tmh_write("${include}/${spelling}" "${stub}")
        endif()
    endforeach()
    set(${out}_INCLUDE "${include}" PARENT_SCOPE)
endfunction()

cmake_policy(POP)
