#!/bin/sh
# SPDX-License-Identifier: MIT
# The demonstration's command line: wrong usage, a port in use, and serving until a signal. test_demo.sh <program>
set -u
program=$1
work=$(mktemp -d) || exit 1
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT

fail()
{
    echo "FAILED: $*"
    cat "$work/out" 2>/dev/null
    exit 1
}

# expect <status> <words in the output> <argument>...
expect()
{
    wanted=$1
    words=$2
    shift 2
    "$program" "$@" >"$work/out" 2>&1
    status=$?
    [ $status -eq "$wanted" ] || fail "$*: status $status, not $wanted"
    grep -q -- "$words" "$work/out" || fail "$*: does not say '$words'"
}

expect 0 "--serve" --help
expect 2 "unknown option" --unknown
expect 2 "unknown option" --port
expect 2 "not a port: 65536" --port 65536
expect 2 "not a port: 8x" --port 8x

# The first line names the port; reading it from a pipe is the wait for it.
mkfifo "$work/pipe" || exit 1
"$program" --serve >"$work/pipe" &
server=$!
exec 3<"$work/pipe"
read -r line <&3
port=${line##* port }
port=${port%%.*}
case $port in
'' | *[!0-9]*) fail "no port in: $line" ;;
esac

expect 3 "port $port is in use" --port "$port"

kill -INT "$server"
wait "$server"
status=$?
server=
cat <&3 >"$work/out"
[ $status -eq 0 ] || fail "--serve ended with status $status"
grep -q "reports: 0" "$work/out" || fail "--serve does not say that nothing was reported"
echo "passed"
