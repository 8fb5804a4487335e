#!/bin/sh
# SPDX-License-Identifier: MIT
#
#   faults.sh FOLDER N...    runs FOLDER/fault_N: fault 0 is none and must pass, the others must fail
set -u
folder=$1
shift
passed=0 failed=0
for n in "$@"; do
    out=$(timeout -k 5 300 "$folder/fault_$n" --programs 20000 --seed 1 2>&1)
    status=$?
    want=1
    [ "$n" -eq 0 ] && want=0
    if [ "$status" -eq "$want" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL fault_$n: status $status"
    fi
    echo "fault_$n: $(printf '%s\n' "$out" | grep -aE '^step|^  seed' | head -n 2 | tr '\n' ' ')"
done
echo "check-oracle-faults: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
