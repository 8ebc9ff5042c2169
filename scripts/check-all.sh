#!/bin/sh
# SPDX-License-Identifier: MIT
# Every program under every preset, which takes most of an hour on two cores: before a release, or after a change that
# .ci/run, which has to be quick, may not see all of. Arguments name presets: scripts/check-all.sh tsan-clang.
set -u
me=scripts/check-all.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$root/scripts/lib.sh"

[ $# -gt 0 ] || set -- release release-clang dev-clang asan asan-clang tsan tsan-clang valgrind
for tool in gcc clang cmake ctest ninja setarch valgrind; do
    have "$tool" || fail "missing: $tool (Debian 12: apt-get install -y gcc clang cmake ninja-build util-linux valgrind)"
done

cd "$root" || exit 1
failed=
for preset in "$@"; do
    say "$preset"
    # The thread sanitizer has no place for addresses that are all too random.
    wrapper=
    case $preset in
    tsan*) wrapper="setarch $(uname -m) -R" ;;
    esac
    if ! { cmake --preset "$preset" -G Ninja >/dev/null && cmake --build --preset "$preset" --parallel "$(processor_count)" &&
        $wrapper ctest --preset "$preset" --parallel "$(processor_count)" -LE 'tidy|scripts|package'; }; then
        failed="$failed $preset"
    fi
done
[ -z "$failed" ] || fail "FAILED:$failed"
say "passed: $*"
