#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Many goroutines, in both libraries: run_scale.sh BUILD. Each run must succeed, and under the race
# library report nothing.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
dir=$build/tests/scale
mkdir -p "$dir"
passed=0 failed=0

check() { # check LABEL COMMAND...
    label=$1
    shift
    if timeout 900 "$@" >"$dir/out" 2>"$dir/err"; then
        passed=$((passed + 1))
        echo "ok   $label: $(head -1 "$dir/out")"
    else
        echo "FAIL $label: status $?"
        tail -5 "$dir/out" "$dir/err" | sed 's/^/     /'
        failed=$((failed + 1))
    fi
}

for name in blocked_goroutines token_ring million; do
    gcc -std=gnu11 -O2 -g -I"$root/include" -o "$dir/$name" "$root/tests/scale/$name.c" \
        -L"$build/lib" -lgorc -pthread &&
        CC=gcc "$build/bin/gorc" cc -O2 -g -I"$root/include" -o "$dir/$name.race" \
            "$root/tests/scale/$name.c" || {
        echo "FAIL $name: does not build"
        failed=$((failed + 1))
    }
done
export LD_LIBRARY_PATH="$build/lib"
check "200,000 blocked goroutines, libgorc" "$dir/blocked_goroutines" 200000
check "200,000 blocked goroutines, libgorc_race" "$build/bin/gorc" run -- \
    "$dir/blocked_goroutines.race" 200000
check "10,000 goroutines in a ring, 100 rounds, libgorc" "$dir/token_ring" 10000 100
check "10,000 goroutines in a ring, 100 rounds, libgorc_race" "$build/bin/gorc" run -- \
    "$dir/token_ring.race" 10000 100
CC=gcc "$build/bin/gorc" cc -O2 -g -I"$root/include" -o "$dir/leak_check_large" \
    "$root/tests/scale/leak_check_large.c"
check "leak check, 100,000 goroutines, 256 MB of heap" env GORC_OPTIONS=exitcode=0 \
    "$dir/leak_check_large" 100000 256 2000
[ -z "${MILLION:-}" ] || check "leak check, 100,000 goroutines, 1 GB of heap, in 2 seconds" env \
    GORC_OPTIONS=exitcode=0 "$dir/leak_check_large" 100000 1024 2000
check "100,000 parked, their memory and its return, libgorc" "$dir/million" 100000
[ -z "${MILLION:-}" ] || check "1,000,000 parked at once, libgorc" "$dir/million" 1000000
echo "scale: $passed passed, $failed failed"
[ $failed = 0 ]
