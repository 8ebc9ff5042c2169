# SPDX-License-Identifier: MIT
# Builds on Linux for macOS on Intel processors.
set(WSK_EMU_MACOS_PROCESSOR x86_64)
include("${CMAKE_CURRENT_LIST_DIR}/macos.cmake")
