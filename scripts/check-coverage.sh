#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints the lines of src/wsk that the ordinary tests do not reach; fails when there are more than the limit. An argument
# is another limit.
set -u
me=scripts/check-coverage.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$root/scripts/lib.sh"

# Nothing remains. What only another processor's thread gets into is played step by step
# (tests/unit/wsk/test_wsk_interleavings.c), what only a misbehaving host answers is answered by the test
# (test_wsk_host_faults.c), and what happens only after a test has failed is done by one that does not (test_wsk_shut.c,
# test_wsk_left_open.c).
limit=${1:-0}
folder=$root/build/coverage
objects=$folder/src/CMakeFiles/wsk_emu.dir/wsk

for tool in gcc gcov cmake ctest ninja; do
    have $tool || fail "missing: $tool (Debian 12: apt-get install -y gcc cmake ninja-build)"
done

cd "$root" || exit 1
CC=gcc CXX=g++ cmake --preset coverage -G Ninja >/dev/null || fail "FAILED: configuring (see above)"
# Only what exercises src/wsk: the rest of the suite would add minutes and not a line.
(cd "$folder" && ninja tests/unit/all tests/unit/wsk/all tests/unit/kit/all tests/contract/all tests/rules/all tests/integration/all) >"$folder/build.log" ||
    { cat "$folder/build.log"; fail "FAILED: building"; }
find "$folder" -name '*.gcda' -exec rm -f {} +
(cd "$folder" && ctest --parallel "$(processor_count)" --output-on-failure --no-tests=error \
    -L 'contract|rules|integration' && ctest --parallel "$(processor_count)" --output-on-failure -R '^test_(wsk|kit|state)_') \
    >"$folder/tests.log" || { cat "$folder/tests.log"; fail "FAILED: tests"; }

# gcov prints every line of a file with its count: "    #####:  123:text" was never executed. Headers come along with
# each file that includes them, so only the files themselves are looked at.
uncovered=$folder/uncovered.txt
for data in "$objects"/*.gcda; do
    source=$(basename "$data" .c.gcda)
    (cd "$folder" && gcov -t -o "$objects" "$data" 2>/dev/null) | awk -F: -v file="src/wsk/$source.c" '
        /:Source:/ { is_file = index($0, file) > 0 }
        is_file && $1 ~ /#####/ {
            text = $0
            sub(/^[^:]*:[^:]*:/, "", text)
            printf "%s:%d:%s\n", file, $2, text
        }'
done | sort -t: -k1,1 -k2,2nr -u | awk -F: '
    # WE_UNREACHABLE says what it says, and so does the label above it.
    /WE_UNREACHABLE\(/ { file = $1; above = $2 - 1; next }
    $1 == file && $2 == above && /:[[:space:]]*(default|case .*):$/ { next }
    { print }' | sort -t: -k1,1 -k2,2n >"$uncovered"

cat "$uncovered"
count=$(wc -l <"$uncovered" | tr -d ' ')
[ "$count" -le "$limit" ] || fail "FAILED: $count lines of src/wsk are not reached by any test; the limit is $limit"
say "passed: $count lines of src/wsk are not reached; the limit is $limit"
