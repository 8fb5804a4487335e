#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The project's own goroutine tests (tests/unit/lib), compiled with `gorc cc` by gcc and by clang-19,
# run under the detector: all must pass, and no data race, leak, deadlock or misuse may be found
# but those that a test makes on purpose: it says so by ending its process with a signal.
#
#   BUILD=DIR run_unit_race.sh [GROUP...]
#
# COMPILERS: others than these two. LABEL: what the last line calls it.
# GROUP: plain, which is the default; or with N workers yield:N, every call yields at random, and
# migrate:N, every call goes on on another OS thread (GORC_DEBUG).
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${BUILD:-build}" && pwd)
dir=$build/tests/unit-race
label=${LABEL:-check-race}
[ $# -gt 0 ] || set -- plain
passed=0 failed=0 skipped=0

fail() { # fail WHAT LOG LINES
    echo "FAIL $1"
    tail -n "$3" "$2" | sed 's/^/     /'
    failed=$((failed + 1))
}

run() { # run GROUP NAME COMPILER
    out=$dir/$3/$2
    case $1 in
    yield:*) settings="GORC_PROCS=${1#*:} GORC_DEBUG=yield UNIT_DIVISOR=8" ;;
    migrate:*) settings="GORC_PROCS=${1#*:} GORC_DEBUG=migrate UNIT_DIVISOR=64" ;;
    *) settings= ;;
    esac
    # shellcheck disable=SC2086 # words
    timeout 900 env $settings "$build/bin/gorc" run --json "$out.json" -- "$out" -j1 >"$out.log" 2>&1
    status=$?
    if [ $status = 0 ]; then
        echo "ok   $2 $3 $1"
        passed=$((passed + 1))
    else
        fail "$2 $3 $1 (status $status)" "$out.log" 60
    fi
}

for compiler in ${COMPILERS:-gcc clang-19}; do
    command -v "$compiler" >/dev/null || { skipped=$((skipped + 1)); continue; }
    mkdir -p "$dir/$compiler"
    for source in "$root"/tests/unit/lib/*_test.c; do
        name=$(basename "$source" .c)
        out=$dir/$compiler/$name
        if ! CC=$compiler "$build/bin/gorc" cc -std=gnu11 -O1 -g -I"$root/include" -I"$root/lib" -I"$root/tests/unit/lib" \
            -o "$out" "$source" -lcriterion >"$out.log" 2>&1; then
            fail "$name $compiler (compile)" "$out.log" 20
            continue
        fi
        for group in "$@"; do
            run "$group" "$name" "$compiler"
        done
    done
done
echo "$label: $passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
