#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the library and runs the demonstration: a driver with conditional accept serves real TCP clients.
# scripts/demo.sh [--serve]; arguments go to the demonstration. Needs a C compiler, CMake, and make or ninja.
set -u
me=scripts/demo.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$root/scripts/lib.sh"

folder=$root/build/demo
program=$folder/examples/conditional_accept/conditional_accept_demo

require c cmake make
configure release "$folder" -DWSK_EMU_TESTS=OFF -DWSK_EMU_BENCH=OFF || fail "FAILED: configuring (see above)"
cmake --build "$folder" --parallel "$(processor_count)" --target conditional_accept_demo || fail "FAILED: building (see above)"

# Ctrl-C ends the demonstration, which unloads its driver; this script then still says how it went.
trap : INT
"$program" "$@"
result=$?
if [ $result -ne 0 ]; then
    fail "FAILED: the demonstration ended with status $result"
fi
say "passed: the driver was built, served real clients and was unloaded"
