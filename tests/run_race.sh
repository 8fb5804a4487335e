#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The race suite: tests/race/AREA/CASE_race.c must report a data race, both stacks with a frame of
# that file, and nothing else; CASE_norace.c must be silent. Every order in them is forced
# (tests/support/barrier.h), so each runs once.
#
#   run_race.sh BUILD [AREA|AREA/CASE...]
#
# COMPILERS and LEVELS narrow the matrix; JOBS (2) run at a time. In a test's first comment,
# "env: VAR=VALUE ..." sets the environment of its run and "flags: ..." adds compiler options.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")

directive() { # directive WORD FILE
    sed -n "1,/\*\//s/^ \* $1: //p" "$2"
}

verdict() { # verdict WORD LABEL
    {
        echo "$1 $2"
        [ "$1" = ok ] || sed 's/^/     /' "$dir/why"
        [ "$1" = ok ] || [ ! -s "$dir/err" ] || head -30 "$dir/err" | sed 's/^/     | /'
    } >"$dir/verdict"
    cat "$dir/verdict" # in one piece, since others write to the same file
}

# Prints one line: ok, MISSED (a false negative), FALSE (a false positive), or BROKEN (it did not
# compile, crashed, hung or left no record), and below it why.
one() {
    source=$1 compiler=$2 level=$3
    case=${source#"$here/race/"}
    case=${case%.*}
    dir=$build/tests/race/$compiler$level/$case
    mkdir -p "$dir"
    : >"$dir/err"
    label="$case $compiler $level"
    word=cc cpp=
    case $source in *.cc) word=c++ cpp=-std=c++17 ;; esac
    if ! CC=$compiler "$build/bin/gorc" $word "$level" -g $cpp -I"$root/include" -I"$here/support" \
        $(directive flags "$source") -o "$dir/prog" "$source" -pthread >"$dir/why" 2>&1; then
        verdict BROKEN "$label (compile)"
        return
    fi
    rm -f "$dir/json"
    timeout 300 env $(directive env "$source") "$build/bin/gorc" run --json "$dir/json" -- "$dir/prog" \
        >"$dir/out" 2>"$dir/err"
    got=$?
    case $case in
    *_norace)
        if [ ! -s "$dir/json" ]; then
            echo "status $got, no record" >"$dir/why"
            verdict BROKEN "$label"
        elif ! "$build/tests/check_record" silent "$dir/json" >"$dir/why" 2>&1; then
            verdict FALSE "$label"
        elif [ $got != 0 ]; then
            echo "status $got" >"$dir/why"
            verdict BROKEN "$label"
        else
            verdict ok "$label"
        fi
        ;;
    *)
        if [ ! -s "$dir/json" ]; then
            echo "status $got, no record" >"$dir/why"
            verdict BROKEN "$label"
            return
        fi
        "$build/tests/check_record" race "$dir/json" "$source" >"$dir/why" 2>&1
        compared=$?
        if [ $compared = 3 ]; then
            verdict FALSE "$label"
        elif [ $compared != 0 ]; then
            verdict MISSED "$label"
        elif [ $got != 66 ]; then
            echo "status $got" >"$dir/why"
            verdict BROKEN "$label"
        else
            verdict ok "$label"
        fi
        ;;
    esac
}

if [ "${1:-}" = --one ]; then
    build=$2
    one "$3" "$4" "$5"
    exit 0
fi

[ $# -ge 1 ] || { echo "usage: run_race.sh BUILD [AREA|AREA/CASE...]" >&2; exit 2; }
build=$(cd "$1" && pwd)
shift
skipped=0
cases=$(mktemp)
results=$(mktemp)
trap 'rm -f "$cases" "$results"' EXIT
for source in "$here"/race/*/*_race.c "$here"/race/*/*_norace.c "$here"/race/*/*_race.cc \
    "$here"/race/*/*_norace.cc; do
    [ -f "$source" ] || continue
    case=${source#"$here/race/"}
    case=${case%.*}
    wanted=$#
    for name; do
        case $case in "$name" | "$name"_race | "$name"_norace | "$name"/*) wanted=0 ;; esac
    done
    [ "$wanted" = 0 ] || continue
    for compiler in ${COMPILERS:-gcc clang-19}; do
        command -v "$compiler" >/dev/null || { skipped=$((skipped + 1)); continue; }
        for level in ${LEVELS:--O0 -O2}; do
            printf '%s %s %s\n' "$source" "$compiler" "$level" >>"$cases"
        done
    done
done
xargs -P "${JOBS:-2}" -L 1 sh "$0" --one "$build" <"$cases" >"$results"
grep -v '^ok ' "$results"
count() { grep -c "^$1 " "$results"; }
passed=$(count ok) missed=$(count MISSED) false=$(count FALSE) broken=$(count BROKEN)
[ "$skipped" = 0 ] || echo "skipped: a compiler is not installed"
echo "races missed: $missed, false reports: $false, broken: $broken"
echo "race-suite: $passed passed, $((missed + false + broken)) failed, $skipped skipped"
[ $((missed + false + broken)) = 0 ] && [ "$passed" -gt 0 ]
