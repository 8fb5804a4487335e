#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every function of the public headers that can run out of memory (it makes an object of gorc's, or its
# comment speaks of memory) is called in tests/unit/sched/alloc_failure_test.c or worker_failure_test.c,
# where allocations fail one by one. Prints "N passed, N failed".
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
tests="$root/tests/unit/sched/alloc_failure_test.c $root/tests/unit/sched/worker_failure_test.c"
# They return what is there already.
accessors='gorc_chan_ref gorc_ctx_background gorc_timer_chan gorc_ticker_chan'
# Their comments leave it to one that stands before them.
also='gorc_group_try_go gorc_map_load_or_store gorc_map_swap gorc_map_range gorc_listen gorc_accept
gorc_dial gorc_read gorc_write gorc_wait_fd gorc_blocking gorc_procs gorc_set_name'
passed=0 failed=0
names=$(awk '
    /^\/\*/ { comment = "" }
    /^\/\*/, /\*\// { comment = comment $0; next }
    /^GORC_API/ {
        match($0, /gorc_[a-z_]+\(/)
        name = substr($0, RSTART, RLENGTH - 1)
        if (comment ~ /[Mm]emory is out|ENOMEM/ || $0 ~ /^GORC_API gorc_[a-z_]+ \*/)
            print name
        next
    }
    /^$/ { comment = "" }' "$root"/include/gorc/*.h | sort -u)
for name in $names $also; do
    case " $accessors " in *" $name "*) continue ;; esac
    if grep -q "[^a-z_]$name(" $tests; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $name: no allocation of it fails in a test"
    fi
done
echo "check-alloc: $passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 30 ]
