#!/bin/sh
# SPDX-License-Identifier: MIT
#
#   run.sh BUILD [--table] [NAME...]     see README.md; --table: only the table of docs/goker.md
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$(dirname "$here")")
[ $# -ge 1 ] || { echo "usage: run.sh BUILD [--table] [NAME...]" >&2; exit 2; }
build=$(cd "$1" && pwd)
shift
table=
[ "${1:-}" != --table ] || { table=1; shift; }
dir=$build/tests/goker
mkdir -p "$dir"
passed=0 failed=0

directives() { sed -n "s/^$1 //p" "$2"; }

# The verdict that a record gives.
verdict_of() {
    kinds=$(grep -o '"kind": *"[a-z-]*"' "$1" 2>/dev/null)
    case $kinds in
    *'"misuse"'*) echo panic ;;
    *'"deadlock"'* | *'"lock-order"'*) echo deadlock ;;
    *'"data-race"'*) echo race ;;
    *'"goroutine-leak"'*) echo leak ;;
    *) echo none ;;
    esac
}

compile() { # compile SOURCE PROGRAM
    "$build/bin/gorc" cc -O1 -g -I"$root/include" -I"$root/tests/support" -o "$2" "$1" >"$dir/why" 2>&1
}

run() { # run PROGRAM NAME VARS: sets status
    rm -f "$dir/$2.json"
    timeout 300 env $3 "$build/bin/gorc" run --json "$dir/$2.json" -- "$1" >"$dir/$2.out" 2>"$dir/$2.err"
    status=$?
}

buggy() { # buggy NAME: sets given, result
    expect=$here/$1.expect
    given=- result=1
    compile "$here/$1.c" "$dir/$1" || return
    run "$dir/$1" "$1" "$(directives env "$expect")"
    given=$(verdict_of "$dir/$1.json")
    # A NULL dereference is the kernel's to tell: the program dies of its signal.
    [ "$given" != none ] || [ "$status" -lt 129 ] || given=panic
    want=$(directives run "$expect")
    result=0
    {
        case "|${want:-66}|" in
        *"|$status|"*) ;;
        *) echo "status $status, expected ${want:-66}"; result=1 ;;
        esac
        "$build/tests/check_record" expect "$dir/$1.json" "$expect" "$here/$1.c" || result=1
        [ "$given" = "$verdict" ] || { echo "verdict $given, expected $verdict"; result=1; }
    } >"$dir/why" 2>&1
}

fixed() { # fixed NAME: sets result
    result=1
    compile "$here/$1_fixed.c" "$dir/$1_fixed" || return
    run "$dir/$1_fixed" "$1_fixed" "$(directives env "$here/$1.expect")"
    result=0
    {
        [ "$status" = 0 ] || { echo "status $status, expected 0"; result=1; }
        "$build/tests/check_record" silent "$dir/$1_fixed.json" || result=1
        grep -q '^gorc: no findings' "$dir/$1_fixed.err" || { echo "not silent"; result=1; }
    } >"$dir/why" 2>&1
}

judge() { # judge NAME
    if [ "$result" = 0 ]; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    [ -n "$table" ] && return
    echo "FAIL $1"
    sed 's/^/     /' "$dir/why"
    sed 's/^/     | /' "$dir/$1.err" 2>/dev/null | head -40
}

echo "| pattern | expected | given | repaired twin |"
echo "|---|---|---|---|"
for source in "$here"/*.c; do
    name=$(basename "$source" .c)
    case $name in *_fixed) continue ;; esac
    [ $# -eq 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
    verdict=$(sed -n 's/^ \* verdict: //p' "$source")
    buggy "$name"
    judge "$name"
    fixed "$name"
    [ "$result" = 0 ] && twin=silent || twin="not silent"
    judge "${name}_fixed"
    echo "| $name | $verdict | $given | $twin |"
done
[ -n "$table" ] || echo "goker: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
