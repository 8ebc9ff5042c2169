# SPDX-License-Identifier: MIT
# Finds CMocka and gives it one target name, wsk_emu::cmocka, whichever way a system packages it. Installed.

if(NOT TARGET wsk_emu::cmocka)
    find_path(WSK_EMU_CMOCKA_INCLUDE_DIR cmocka.h DOC "Folder of cmocka.h")
    find_library(WSK_EMU_CMOCKA_LIBRARY cmocka DOC "The CMocka library")
    mark_as_advanced(WSK_EMU_CMOCKA_INCLUDE_DIR WSK_EMU_CMOCKA_LIBRARY)
    if(WSK_EMU_CMOCKA_INCLUDE_DIR AND WSK_EMU_CMOCKA_LIBRARY)
        add_library(wsk_emu::cmocka UNKNOWN IMPORTED GLOBAL)
        set_target_properties(wsk_emu::cmocka PROPERTIES
            IMPORTED_LOCATION "${WSK_EMU_CMOCKA_LIBRARY}"
            INTERFACE_INCLUDE_DIRECTORIES "${WSK_EMU_CMOCKA_INCLUDE_DIR}")
    endif()
endif()
