#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The project's own goroutine tests (tests/unit/lib), compiled with `gorc cc` by gcc and by clang-19,
# run under the detector: all must pass, and no data race, leak, deadlock or misuse may be found
# but those that a test makes on purpose: it says so by ending its process with a signal.
#
#   BUILD=DIR run_unit_race.sh
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${BUILD:-build}" && pwd)
dir=$build/tests/unit-race
passed=0 failed=0 skipped=0

for compiler in ${COMPILERS:-gcc clang-19}; do
    command -v "$compiler" >/dev/null || { skipped=$((skipped + 1)); continue; }
    for source in "$root"/tests/unit/lib/*_test.c; do
        name=$(basename "$source" .c)
        out=$dir/$compiler/$name
        mkdir -p "$dir/$compiler"
        if ! CC=$compiler "$build/bin/gorc" cc -std=gnu11 -O1 -g -I"$root/include" -I"$root/lib" -I"$root/tests/unit/lib" \
            -o "$out" "$source" -lcriterion >"$out.log" 2>&1; then
            echo "FAIL $name $compiler (compile)"
            head -20 "$out.log" | sed 's/^/     /'
            failed=$((failed + 1))
            continue
        fi
        timeout 300 "$build/bin/gorc" run --json "$out.json" -- "$out" -j1 >"$out.log" 2>&1
        status=$?
        if [ $status = 0 ]; then
            echo "ok   $name $compiler"
            passed=$((passed + 1))
        else
            echo "FAIL $name $compiler (status $status)"
            tail -60 "$out.log" | sed 's/^/     /'
            failed=$((failed + 1))
        fi
    done
done
echo "check-race: $passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
