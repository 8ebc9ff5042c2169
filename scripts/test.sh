#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds everything and runs the tests in parallel. Arguments go to ctest, for example: scripts/test.sh -L unit.
# Needs a C and a C++ compiler, CMake, make or ninja, CMocka, GoogleTest and Catch2.
set -u
me=scripts/test.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$root/scripts/lib.sh"

folder=$root/build/test

require c cxx cmake make cmocka gtest catch2
configure dev "$folder" -DWSK_EMU_TESTS=ON -DWSK_EMU_EXAMPLES=ON || fail "FAILED: configuring (see above)"
cmake --build "$folder" --parallel "$(processor_count)" || fail "FAILED: building (see above)"

# The log of an earlier run must not be counted for this one.
log=$folder/Testing/Temporary/LastTest.log
failures=$folder/Testing/Temporary/LastTestsFailed.log
rm -f "$log" "$failures"
result=0
(cd "$folder" && ctest --parallel "$(processor_count)" --output-on-failure --no-tests=error "$@") || result=$?

# count <words of CMocka>: the sum over all programs.
count()
{
    sed -n "s/^\[  $1 \] \([0-9][0-9]*\) test(s).*/\1/p" "$log" 2>/dev/null |
        awk '{ sum += $1 } END { print sum + 0 }'
}

lines_of()
{
    grep -c "$2" "$1" 2>/dev/null || true
}

programs=$(lines_of "$log" '^"[^"]*" time elapsed')
failed=$(lines_of "$failures" .)
cases="$(count 'PASSED ') passed, $(count 'FAILED ') failed, $(count 'SKIPPED') skipped"
summary="${programs:-0} programs and checks, ${failed:-0} of them failed; test cases: $cases"
if [ $result -ne 0 ]; then
    fail "FAILED: $summary"
fi
say "passed: $summary"
