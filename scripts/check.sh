#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs make targets as test suites, one after the other, and adds up what they counted.
#
#   check.sh SUITE...
#
# A suite is a make target whose output has, as its last such line, 'N passed, N failed' with an
# optional ', N skipped' and an optional word with a colon before it. A suite that fails without
# counting a failure, or that counts nothing at all, is one failure: what did not run did not pass.
# What failed is repeated after the table of the suites, for who sees only the log's end. The last
# line is the sum; the status is 0 only when nothing failed. The logs stay in the folder LOGS, if set.
set -u

make=${MAKE:-make}
# What a suite builds is built in parallel, unless a make above has said how.
case ${MAKEFLAGS:-} in
*j*) jobs= ;;
*) jobs=-j$(nproc) ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
kept=${LOGS:-}
unset LOGS # a suite that is another check.sh has its own
if [ -n "$kept" ]; then
    log=$kept
    mkdir -p "$log" || exit 1
else
    log=$(mktemp -d) || exit 1
    trap 'rm -rf "$log"' EXIT
fi
passed=0 failed=0 skipped=0 number=0
bad=() logs=()
summary=()

# Sets p, f and s from the suite's last count line; non-zero when there is none.
count() {
    local line
    line=$(grep -aE '^([[:alnum:]_-]+: )?[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$1" |
        tail -n 1)
    [ -n "$line" ] || return 1
    line=${line##*: }
    p=${line%% passed*}
    f=${line#*, }
    f=${f%% failed*}
    s=0
    case $line in
    *skipped)
        s=${line##*, }
        s=${s%% skipped}
        ;;
    esac
}

for suite in "$@"; do
    number=$((number + 1))
    echo "=== [$number/$#] $suite"
    start=$SECONDS
    $make --no-print-directory $jobs "$suite" 2>&1 </dev/null | tee "$log/$suite.log"
    status=${PIPESTATUS[0]}
    note=
    if ! count "$log/$suite.log"; then
        p=0 f=1 s=0 note="counted nothing, status $status"
    elif [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
        f=1 note="status $status"
    elif [ $((p + f + s)) -eq 0 ]; then
        f=1 note="ran no test"
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    line=$(printf '%-20s %5d passed %3d failed %3d skipped  %4d s  %s' \
        "$suite" "$p" "$f" "$s" $((SECONDS - start)) "$note")
    summary+=("$line")
    [ "$f" -eq 0 ] || {
        bad+=("$suite")
        logs+=("$log/$suite.log")
    }
done

echo "=== summary"
[ ${#summary[@]} -eq 0 ] || printf '%s\n' "${summary[@]}"
[ ${#bad[@]} -eq 0 ] || {
    echo "failed: ${bad[*]}"
    LC_ALL=C awk -v lines=40 -f "$here/failures.awk" "${logs[@]}"
    [ -z "$kept" ] || echo "all of it: $log/"
}
if [ $((passed + failed + skipped)) -eq 0 ]; then
    failed=1
fi
if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
