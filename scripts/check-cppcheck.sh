#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs cppcheck over the library, the kit and the example drivers; any finding that .cppcheck-suppressions does not explain fails.
set -u
me=scripts/check-cppcheck.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$root/scripts/lib.sh"

have cppcheck || fail "missing: cppcheck (Debian 12: apt-get install -y cppcheck)"

cd "$root" || exit 1
set -- src
[ ! -d examples ] || set -- "$@" examples
# Examples in C++ are not looked at: everything is read as C.
# cppcheck 2.10 does not know __VA_OPT__; without the comma that it adds, the text is still C.
cppcheck --quiet --error-exitcode=1 -j "$(processor_count)" --std=c11 --language=c --platform=unix64 \
    --enable=warning,performance,portability --inline-suppr --suppressions-list=.cppcheck-suppressions \
    -D__linux__=1 -D__x86_64__=1 -D__LP64__=1 -D__GNUC__=12 "-D__VA_OPT__(...)=" -D_WIN64 -D_AMD64_ -D_KERNEL_MODE=1 -DDBG=1 \
    -I src -I include -I include/wsk_emu/wdk -i examples/cpp_tests "$@" || fail "FAILED: see the findings above"
say "passed"
