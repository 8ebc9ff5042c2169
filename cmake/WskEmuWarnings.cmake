# SPDX-License-Identifier: MIT
# The warning set as an INTERFACE target, wsk_emu_warnings, for the library and its tests; users never see it.

add_library(wsk_emu_warnings INTERFACE)
target_compile_options(wsk_emu_warnings INTERFACE
    -Wall
    -Wextra
    -Wshadow
    -Wpointer-arith
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
    $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
    $<$<COMPILE_LANGUAGE:C>:-Wold-style-definition>
    $<$<BOOL:${WSK_EMU_WERROR}>:-Werror>)

# The anonymous tagged members that -fms-extensions allows are what clang warns of; four-character constants are
# the tags of pool memory.
target_compile_options(wsk_emu_warnings INTERFACE
    $<$<C_COMPILER_ID:Clang,AppleClang>:-Wno-microsoft-anon-tag>
    -Wno-multichar
    -Wno-unknown-pragmas)

# Applies the warnings and what all our own code is compiled with. Not a link, because a static library would carry
# the warning target into its exported package.
function(wsk_emu_target_defaults target)
    target_compile_options(${target} PRIVATE
        $<TARGET_PROPERTY:wsk_emu_warnings,INTERFACE_COMPILE_OPTIONS>
        -fno-omit-frame-pointer)
endfunction()
