#!/bin/sh
# SPDX-License-Identifier: MIT
#
# 100,000 live goroutines under the race library, in three shapes: what each start and each
# operation costs with 1,000, 10,000 and 100,000 of them, and their memory; then 100 million spawns.
# run_scale_long.sh BUILD. Costs are CPU time on one worker. SPAWNS and OPS make it shorter.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
dir=$build/tests/scale
mkdir -p "$dir"
spawns=${SPAWNS:-100000000} ops=${OPS:-1000000}
passed=0 failed=0

# The working set of 100,000 goroutines is beyond every cache, that of 1,000 is not.
MOST_START=4 MOST_OPERATION=5 MOST_BYTES=11264

verdict() { # verdict STATUS LABEL
    if [ "$1" = 0 ]; then passed=$((passed + 1)) && echo "ok   $2"; else failed=$((failed + 1)) && echo "FAIL $2"; fi
}

CC=gcc "$build/bin/gorc" cc -O2 -g -I"$root/include" -o "$dir/shapes.race" "$root/tests/scale/shapes.c" ||
    exit 1
export GORC_PROCS=1

shape() { # shape NAME N: sets start, operation, bytes
    timeout -k 5 600 "$dir/shapes.race" "$1" "$2" "$ops" >"$dir/out" 2>"$dir/err"
    status=$?
    read -r start operation bytes <"$dir/out" || status=1
    grep -q '^gorc: no findings' "$dir/err" || status=1
    [ $status = 0 ] && return
    echo "     $1 of $2: status $status: $(tail -1 "$dir/err")"
    return 1
}

for name in ring tree sieve; do
    good=0 first_start= first_operation=
    for n in 1000 10000 100000; do
        shape $name $n || { good=1 && break; }
        echo "     $name of $n: $start ns a start, $operation ns an operation, $bytes bytes beyond the stack's page"
        : "${first_start:=$start}" "${first_operation:=$operation}"
    done
    [ $good = 0 ] && [ "$start" -le $((MOST_START * first_start)) ] &&
        [ "$operation" -le $((MOST_OPERATION * first_operation)) ] && [ "$bytes" -le $MOST_BYTES ]
    verdict $? "$name: cost stays below $MOST_START (start) and $MOST_OPERATION (operation) times that of 1,000, memory below $MOST_BYTES bytes"
done

timeout -k 5 1800 "$dir/shapes.race" spawn "$spawns" >"$dir/out" 2>"$dir/err"
status=$?
read -r at_sample at_end <"$dir/out" || status=1
[ $status = 0 ] && [ "$at_end" -le $((at_sample + at_sample / 10 + 4096)) ]
verdict $? "$spawns spawns, one after the other: ${at_sample:-?} KB after 1%, ${at_end:-?} KB at the end"

echo "check-scale-long: $passed passed, $failed failed"
[ $failed = 0 ]
