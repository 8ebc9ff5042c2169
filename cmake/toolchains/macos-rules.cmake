# SPDX-License-Identifier: MIT
# Said after CMake's own rules: it asks this machine for the version of macOS, hears none, and takes the system for one
# whose loader knows no @rpath.
set(CMAKE_SHARED_LIBRARY_RUNTIME_C_FLAG "-Wl,-rpath,")
set(CMAKE_SHARED_LIBRARY_RUNTIME_CXX_FLAG "-Wl,-rpath,")
