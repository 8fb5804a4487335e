#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh DIR SECONDS SEED: fuzzes with 1, 2 and 8 workers, a third of the time each. A difference is
# printed as a program; the input that made it stays in DIR.
set -u
dir=$1 seconds=$2 seed=$3
passed=0 failed=0
echo "fuzz: seed $seed (FUZZ_SEED repeats it), $seconds seconds"
mkdir -p "$dir/corpus"
for procs in 1 2 8; do
    log=$dir/log.$procs
    if GORC_PROCS=$procs GORC_SEED=$seed timeout -k 5 $((seconds / 3 + 600)) "$dir/fuzz_ops" \
        -seed="$seed" -max_total_time=$((seconds / 3 + 1)) -max_len=192 -timeout=300 \
        -artifact_prefix="$dir/" -print_final_stats=0 "$dir/corpus" >"$log" 2>&1; then
        passed=$((passed + 1))
        echo "ok   $procs workers: $(grep '^fuzz:' "$log")"
    else
        failed=$((failed + 1))
        echo "FAIL $procs workers"
        tail -n 40 "$log" | sed 's/^/     /'
    fi
done
echo "fuzz: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
