#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Programs compiled with -fsanitize=address by gcc and clang, with the production library as it is,
# and with one that is itself compiled so. At fixed addresses: see tests/run_unit.sh. Prints "N passed,
# N failed".
#
#   BUILD=DIR run.sh
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${BUILD:-$root/build}" && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

judge() { # judge WHAT WORDS STATUS: WORDS empty: nothing is said, status 0
    if [ -n "$2" ]; then
        grep -q "ERROR: AddressSanitizer: $2" "$dir/log" && [ "$3" -ne 0 ]
    else
        [ "$3" -eq 0 ] && ! [ -s "$dir/log" ]
    fi
    if [ $? -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $1 (status $3)"
        sed 's/^/     /' "$dir/log" | head -n 20
    fi
}

run() { # run WHAT WORDS
    for procs in 1 2 8; do
        GORC_PROCS=$procs ASAN_OPTIONS=detect_stack_use_after_return=1 \
            timeout 60 setarch "$(uname -m)" -R "$dir/program" "$1" >"$dir/log" 2>&1
        judge "$how, $procs workers: $1" "$2" $?
    done
}

programs() { # programs LINK...: with $compiler
    if ! $compiler -std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=address -I"$root/include" \
        -o "$dir/program" "$root/tests/asan/programs.c" "$@" -pthread >"$dir/log" 2>&1; then
        judge "$how: compile" "" 1
        return
    fi
    run use-after-return stack-use-after-return
    run main-use-after-return stack-use-after-return
    run stack-overrun stack-buffer-overflow
    run use-after-free heap-use-after-free
    run silent ""
}

for compiler in gcc clang-19; do
    command -v $compiler >/dev/null || continue
    how="$compiler, libgorc.so"
    programs -L"$build/lib" -Wl,-rpath,"$build/lib" -lgorc
done
compiler=gcc how="gcc, libgorc.a compiled with -fsanitize=address"
programs -fsanitize=undefined "$build/asan/libgorc.a" -lunwind
echo "check-asan-programs: $passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
