# SPDX-License-Identifier: MIT
# Turns one sanitizer name into compile and link flags, after a probe, and adds the coverage flags.
include(CheckCSourceCompiles)

set(wsk_emu_sanitize_flags "")
set(wsk_emu_sanitize_driver_flags "")
if(NOT WSK_EMU_SANITIZE STREQUAL "none")
    string(REPLACE "+" "," wsk_emu_sanitize_list "${WSK_EMU_SANITIZE}")
    set(wsk_emu_sanitize_flags -fsanitize=${wsk_emu_sanitize_list} -fno-sanitize-recover=all)
    if(WSK_EMU_SANITIZE MATCHES "undefined" AND CMAKE_C_COMPILER_ID MATCHES "Clang")
        # Drivers cast completion routines between prototypes, as the WDK's own macros do.
        list(APPEND wsk_emu_sanitize_flags -fno-sanitize=function)
    endif()

    list(JOIN wsk_emu_sanitize_flags " " CMAKE_REQUIRED_FLAGS)
    string(MAKE_C_IDENTIFIER "WSK_EMU_LINKS_${WSK_EMU_SANITIZE}" wsk_emu_probe)
    check_c_source_compiles("int main(void) { return 0; }" ${wsk_emu_probe})
    unset(CMAKE_REQUIRED_FLAGS)
    if(NOT ${wsk_emu_probe})
        message(FATAL_ERROR "${CMAKE_C_COMPILER} cannot compile and link with -fsanitize=${wsk_emu_sanitize_list}; "
            "install its sanitizer libraries (Debian: libasan, libubsan, libtsan for gcc, libclang-rt-<n>-dev for clang)")
    endif()
    # A sanitizer sees what is compiled with it, so drivers are, too. Only this system's declarations forbid them to copy
    # nothing from or to a null pointer.
    set(wsk_emu_sanitize_driver_flags ${wsk_emu_sanitize_flags})
    if(WSK_EMU_SANITIZE MATCHES "undefined")
        list(APPEND wsk_emu_sanitize_driver_flags -fno-sanitize=nonnull-attribute)
    endif()
    add_compile_options(${wsk_emu_sanitize_flags})
    add_link_options(${wsk_emu_sanitize_flags})
endif()

if(WSK_EMU_COVERAGE)
    # The library alone is counted (src/CMakeLists.txt), exactly in threads, too: counting tests would cost time only.
    set(wsk_emu_coverage_flags --coverage -fprofile-update=atomic)
    add_link_options(--coverage)
endif()
