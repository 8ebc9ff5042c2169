#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the library and runs a demonstration: a driver serves real clients.
# scripts/demo.sh [conditional_accept | stream_proxy | udp_responder] [--serve]; arguments after the name of the example go
# to its demonstration. Needs a C compiler, CMake, and make or ninja.
set -u
me=scripts/demo.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$root/scripts/lib.sh"

folder=$root/build/demo
example=conditional_accept
case ${1-} in
conditional_accept | stream_proxy | udp_responder)
    example=$1
    shift
    ;;
esac
program=$folder/examples/$example/${example}_demo

require c cmake make
configure release "$folder" -DWSK_EMU_TESTS=OFF -DWSK_EMU_BENCH=OFF || fail "FAILED: configuring (see above)"
cmake --build "$folder" --parallel "$(processor_count)" --target "${example}_demo" || fail "FAILED: building (see above)"

# Ctrl-C ends the demonstration, which unloads its driver; this script then still says how it went.
trap : INT
"$program" "$@"
result=$?
if [ $result -ne 0 ]; then
    fail "FAILED: the demonstration ended with status $result"
fi
say "passed: the driver was built, served real clients and was unloaded"
