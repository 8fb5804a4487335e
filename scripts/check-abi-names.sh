#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Compares the race library's exported names with those of the compilers' own runtimes, shared and
# static, as far as they are installed. A name that is missing must be left out by a row of
# docs/abi.md; a row that leaves nothing out is wrong too.
#
#   check-abi-names.sh BUILD
set -u
export LC_ALL=C
root=$(dirname "$0")/..
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

nm -D --defined-only "$1/lib/libgorc_race.so.0" | awk '{print $3}' | sed 's/@.*//' | sort -u >"$dir/ours"
sed -n '/<!-- begin -->/,/<!-- end -->/s/^| `\(.*\)` | .*/\1/p' "$root/docs/abi.md" |
    sed 's/\\|/|/g' >"$dir/rows"
sed 's/.*/^(&)$/' "$dir/rows" >"$dir/patterns"
[ -s "$dir/rows" ] || { echo "0 passed, 1 failed"; exit 1; }

runtimes() { # LABEL FILE, those that are there
    for compiler in gcc clang-14 clang-19; do
        command -v "$compiler" >/dev/null || { echo "check-abi: skipped $compiler" >&2; continue; }
        for name in libtsan.so libtsan.a libclang_rt.tsan-x86_64.so libclang_rt.tsan-x86_64.a \
            libclang_rt.tsan_cxx-x86_64.a; do
            file=$("$compiler" -print-file-name="$name")
            [ -f "$file" ] || file=$("$compiler" -print-runtime-dir 2>/dev/null)/$name
            [ -f "$file" ] && echo "$compiler/$name $file"
        done
    done
}

: >"$dir/all-missing"
while read -r label file; do
    case $file in
    *.a) nm -g --defined-only "$file" 2>/dev/null ;;
    *) nm -D --defined-only "$file" ;;
    esac | awk 'NF == 3 { print $3 }' | sed 's/@.*//' | sort -u >"$dir/theirs"
    comm -23 "$dir/theirs" "$dir/ours" >"$dir/missing"
    cat "$dir/missing" >>"$dir/all-missing"
    unlisted=$(grep -vEf "$dir/patterns" "$dir/missing")
    if [ ! -s "$dir/theirs" ]; then
        echo "check-abi: $label has no names" >&2
        failed=$((failed + 1))
    elif [ -n "$unlisted" ]; then
        echo "check-abi: $label exports what neither we nor docs/abi.md have:" $unlisted >&2
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
done < <(runtimes)
while read -r row; do
    if grep -qE "^($row)\$" "$dir/all-missing"; then
        passed=$((passed + 1))
    else
        echo "check-abi: docs/abi.md leaves out what nobody has: $row" >&2
        failed=$((failed + 1))
    fi
done <"$dir/rows"
echo "check-abi-names: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
