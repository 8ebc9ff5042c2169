#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs clang-tidy over the library, the kit and the example drivers; any finding fails. Files may be named as arguments.
set -u
me=scripts/check-tidy.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$root/scripts/lib.sh"

for tool in clang clang-tidy cmake; do
    have $tool || fail "missing: $tool (Debian 12: apt-get install -y clang clang-tidy cmake)"
done

cd "$root" || exit 1
cmake --preset tidy >/dev/null || fail "FAILED: configuring (see above)"

# Only what is compiled on this system can be checked: the files in the list of compile commands.
if [ $# -eq 0 ]; then
    files=$(sed -n 's/^ *"file": "\(.*\)",*$/\1/p' build/tidy/compile_commands.json |
        grep -E "^$root/(src|examples)/.*\.c$" | sort -u)
else
    files=$(printf '%s\n' "$@")
fi
[ -n "$files" ] || fail "FAILED: no files to check"
printf '%s\n' "$files" | xargs -P "$(processor_count)" -n 4 clang-tidy -p build/tidy --quiet --warnings-as-errors='*' ||
    fail "FAILED: see the findings above"
say "passed: $(printf '%s\n' "$files" | wc -l | tr -d ' ') files"
