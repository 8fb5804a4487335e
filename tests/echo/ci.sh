#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The echo server under a short load: plain, and under the detector, which must find nothing.
set -u
dir=${BUILD:-build}/tests/echo
passed=0 failed=0
run() { # run LABEL IDLE SECONDS SERVER...
    echo "$1"
    shift
    idle=$1 seconds=$2
    shift 2
    out=$(timeout 600 "$dir/load" "$idle" 64 "$seconds" "$@" 127.0.0.1:0 2>"$dir/err")
    printf '%s\n' "$out"
    p=$(printf '%s\n' "$out" | grep -c '^ok ') f=$(printf '%s\n' "$out" | grep -c '^FAIL ')
    if [ $((p + f)) -eq 0 ] || [ "$p" -lt 6 ] && [ "$f" -eq 0 ]; then f=1; fi
    [ "$f" -eq 0 ] || head -40 "$dir/err"
    passed=$((passed + p)) failed=$((failed + f))
}
run plain 3000 3 "$dir/server"
run detector 500 3 "${BUILD:-build}/bin/gorc" run -- "$dir/server.race"
echo "check-echo-ci: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
