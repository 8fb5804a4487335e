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
# The last line is the sum; the status is 0 only when nothing failed.
set -u

make=${MAKE:-make}
# What a suite builds is built in parallel, unless a make above has said how.
case ${MAKEFLAGS:-} in
*j*) jobs= ;;
*) jobs=-j$(nproc) ;;
esac
log=$(mktemp -d) || exit 1
trap 'rm -rf "$log"' EXIT
passed=0 failed=0 skipped=0 number=0
bad=()
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
    $make --no-print-directory $jobs "$suite" 2>&1 </dev/null | tee "$log/out"
    status=${PIPESTATUS[0]}
    note=
    if ! count "$log/out"; then
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
    [ "$f" -eq 0 ] || bad+=("$suite")
done

echo "=== summary"
[ ${#summary[@]} -eq 0 ] || printf '%s\n' "${summary[@]}"
[ ${#bad[@]} -eq 0 ] || echo "failed: ${bad[*]}"
if [ $((passed + failed + skipped)) -eq 0 ]; then
    failed=1
fi
if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
