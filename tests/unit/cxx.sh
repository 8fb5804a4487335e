#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Programs in C++, by g++ and clang++, with the production library. Prints "N passed, N failed".
#
#   BUILD=DIR cxx.sh
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${BUILD:-$root/build}" && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0
for compiler in g++ clang++-19 clang++-14; do
    command -v "$compiler" >/dev/null || continue
    for level in -O0 -O2; do
        if $compiler -std=c++17 $level -Wall -Wextra -Werror -I"$root/include" \
            -o "$dir/defer" "$root/tests/unit/defer.cc" -L"$build/lib" -Wl,-rpath,"$build/lib" \
            -lgorc -pthread >"$dir/log" 2>&1 && timeout 300 "$dir/defer" >>"$dir/log" 2>&1; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "FAIL $compiler $level defer.cc"
            sed 's/^/     /' "$dir/log" | head -n 20
        fi
    done
done
echo "cxx: $passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
