# SPDX-License-Identifier: MIT
# Finds the library whose hashes bcrypt.h hands out: libcrypto of OpenSSL. Sets WSK_EMU_HAS_HASHES, and for the package
# files wsk_emu_hashes_libs. Builds without it refuse hashes, as host_hash_none.c says.

set(WSK_EMU_HAS_HASHES OFF)
set(wsk_emu_hashes_libs "")
if(NOT WSK_EMU_HASHES STREQUAL "OFF")
    find_package(OpenSSL 1.1.1 QUIET COMPONENTS Crypto)
    if(TARGET OpenSSL::Crypto)
        set(WSK_EMU_HAS_HASHES ON)
        # For those who link the archive without CMake.
        get_filename_component(wsk_emu_hashes_folder "${OPENSSL_CRYPTO_LIBRARY}" DIRECTORY)
        if(NOT wsk_emu_hashes_folder IN_LIST CMAKE_C_IMPLICIT_LINK_DIRECTORIES)
            string(APPEND wsk_emu_hashes_libs "-L${wsk_emu_hashes_folder} ")
        endif()
        string(APPEND wsk_emu_hashes_libs "-lcrypto")
    elseif(WSK_EMU_HASHES STREQUAL "ON")
        message(FATAL_ERROR "WSK_EMU_HASHES needs libcrypto of OpenSSL (Debian: libssl-dev; Fedora: openssl-devel; Arch: "
            "openssl; Alpine: openssl-dev; Homebrew: openssl); -DWSK_EMU_HASHES=OFF builds without hashes")
    endif()
endif()
