# SPDX-License-Identifier: MIT
# Builds on Linux for macOS on Apple silicon.
set(WSK_EMU_MACOS_PROCESSOR arm64)
include("${CMAKE_CURRENT_LIST_DIR}/macos.cmake")
