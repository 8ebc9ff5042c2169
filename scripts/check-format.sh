#!/bin/sh
# SPDX-License-Identifier: MIT
# Fails when a source file is not as clang-format 14 would lay it out; with --fix, lays it out.
set -u
me=scripts/check-format.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$root/scripts/lib.sh"

case ${1:-} in
'') mode="--dry-run --Werror" ;;
--fix) mode=-i ;;
*) fail "usage: $me [--fix]" ;;
esac

# Other versions lay some lines out differently, so only one can be the judge.
formatter=
for candidate in clang-format-14 clang-format; do
    if have "$candidate" && "$candidate" --version | grep -q 'version 14\.'; then
        formatter=$candidate
        break
    fi
done
[ -n "$formatter" ] || fail "missing: clang-format 14 (Debian 12: clang-format)"

cd "$root" || exit 1
# $mode is one or two words.
# shellcheck disable=SC2086
find src include tests examples bench -type f \
    \( -name '*.c' -o -name '*.h' -o -name '*.cpp' -o -name '*.hpp' \) -print0 |
    xargs -0 -n 32 "$formatter" --style=file $mode || fail "FAILED: run $me --fix"
say "passed"
