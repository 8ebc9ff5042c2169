# SPDX-License-Identifier: MIT
# wsk_emu_speak_dialect(): how near a driver's compiler comes to Microsoft's, beyond what wsk_emu::wdk asks for. Installed.

# wsk_emu_speak_dialect(<target> <ON|OFF>)
#
# Always: mixed pointer types are warnings, as they are for Microsoft's compiler, though newer gcc and clang make them
# errors; and g++ converts pointers to narrower integers. With ON, which is MS_COMPATIBLE of wsk_emu_add_driver, clang gets
# -fms-compatibility; gcc has nothing of the kind, so that is an error. docs/compiling.md has the constructs.
function(wsk_emu_speak_dialect target is_compatible)
    foreach(language C CXX)
        set(id "${CMAKE_${language}_COMPILER_ID}")
        if(is_compatible AND id AND NOT id MATCHES "Clang")
            string(REGEX REPLACE "_objects$" "" driver "${target}")
            message(FATAL_ERROR "wsk_emu_add_driver(${driver}): MS_COMPATIBLE needs clang, which has -fms-compatibility; the "
                "${language} compiler is ${id}. Configure with CC=clang CXX=clang++, or see docs/compiling.md for what to "
                "do with ${id} instead")
        endif()
    endforeach()

    target_compile_options(${target} PRIVATE
        $<$<COMPILE_LANGUAGE:C>:-Wno-error=incompatible-pointer-types>
        $<$<COMPILE_LANGUAGE:C>:-Wno-error=int-conversion>
        $<$<COMPILE_LANG_AND_ID:C,Clang,AppleClang>:-Wno-error=incompatible-function-pointer-types>
        $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpermissive>)
    if(is_compatible)
        # A version, because otherwise it is one that knows no char16_t.
        target_compile_options(${target} PRIVATE -fms-compatibility -fms-compatibility-version=19.33)
    endif()
endfunction()
