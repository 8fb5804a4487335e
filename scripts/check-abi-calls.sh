#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tests/abi/calls: programs that call the race library, or are called by it, beside what compilers
# emit. Each runs bare; "status: N" in its first comment is what it must give (0), "finds: TEXT"
# what the summary must say (no findings when the status is 0), "says: TEXT" (of which
# there may be several) what else, "gcc:" and "clang:" add options.
#
#   check-abi-calls.sh BUILD
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0 passed=0

directive() { sed -n "1,/\*\//s/^ \* $1: //p" "$2"; }

for compiler in gcc clang-14 clang-19; do
    command -v "$compiler" >/dev/null || { echo "check-abi: skipped $compiler"; continue; }
    for source in "$here"/../tests/abi/calls/*.c; do
        name=$(basename "$source" .c)
        if ! CC=$compiler "$build/bin/gorc" cc -O1 -g -I"$here/../tests/support" \
            $(directive "${compiler%-*}" "$source") -o "$dir/prog" "$source" -pthread 2>"$dir/err"; then
            echo "check-abi: $name $compiler does not compile" >&2
            cat "$dir/err" >&2
            failed=$((failed + 1))
            continue
        fi
        wanted=$(directive status "$source")
        finds=$(directive finds "$source")
        env -u GORC_OPTIONS GORC_OPTIONS=on_misuse=continue timeout 300 "$dir/prog" >"$dir/out" 2>"$dir/err"
        got=$?
        lacks=$(directive says "$source" | while IFS= read -r words; do
            grep -qF -- "$words" "$dir/err" || echo "'$words'"
        done)
        if [ "$got" != "${wanted:-0}" ]; then
            echo "check-abi: $name $compiler: status $got" >&2
        elif [ -n "$finds" ] && ! tail -n 1 "$dir/err" | grep -qF "($finds;"; then
            echo "check-abi: $name $compiler does not find: $finds" >&2
        elif [ -n "$lacks" ]; then
            echo "check-abi: $name $compiler does not say:" $lacks >&2
        elif [ -z "$wanted" ] && ! grep -q '^gorc: no findings' "$dir/err"; then
            echo "check-abi: $name $compiler has findings" >&2
        else
            passed=$((passed + 1))
            continue
        fi
        cat "$dir/out" "$dir/err" >&2
        failed=$((failed + 1))
    done
done
echo "check-abi-calls: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
