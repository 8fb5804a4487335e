#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The end-to-end runner over examples/ and tests/findings/: compiles each program with `gorc cc`
# (every compiler, -O0 and -O2; tests/findings: gcc -O2 and clang-19 -O0), runs it under `gorc run`
# and by itself, and compares status, record and text with what is expected.
#
#   run_expect.sh BUILD [NAME...]        all programs, or those named
#
# COMPILERS and LEVELS narrow the matrix. BUILD/tests/check_record compares records.
# Directives of examples/buggy/NAME.expect that this script reads (check_record.c has the others):
#
#   env VAR=VALUE           for every run
#   run STATUS [OPTION...]  `gorc run OPTION... -- PROGRAM` ends with STATUS ('|': alternatives)
#   continue STATUS         the same with on_misuse=continue
#   plain STATUS            linked with libgorc, without the detector
#   preload STATUS          the same program with libgorc_race preloaded: no accesses are checked
#   text WORDS              stderr holds them (gorc run, bare; plain when the status is a signal's)
#
# A program without .expect must be silent: status 0, no finding, "no findings" in the summary line.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")

status_name() {
    if [ "$1" -gt 128 ] 2>/dev/null; then echo "SIG$(kill -l $(($1 - 128)) 2>/dev/null)"; else echo "$1"; fi
}

# fails unless status $1 is one of the alternatives $2
status_is() {
    name=$(status_name "$1")
    case "|$2|" in *"|$name|"*) return 0 ;; esac
    echo "  status $name, expected $2"
    return 1
}

# verdict LABEL DIR RESULT: prints one line, and after FAIL what went wrong; in one piece, since
# others write to the same file.
verdict() {
    if [ "$3" = 0 ]; then
        echo "ok   $1"
    else
        {
            echo "FAIL $1"
            sed 's/^/     /' "$2/why"
            [ -s "$2/err" ] && head -40 "$2/err" | sed 's/^/     | /'
        } >"$2/verdict"
        cat "$2/verdict"
    fi
}

directives() { # directives WORD FILE
    [ -f "$2" ] && sed -n "s/^$1 //p" "$2"
}

summary_is() { # summary_is FILE: the last line is the summary line, "no findings" when $2 is silent
    last=$(grep . "$1" | tail -1)
    case "$last" in
    "gorc: no findings ("*) return 0 ;;
    "gorc: "*" finding"*" accesses checked: "*) [ "$2" != silent ] && return 0 ;;
    esac
    echo "  the last line of stderr is not the summary line: $last"
    return 1
}

# The checks that every run under the detector shares. $1 record, $2 stderr, $3 skipped kind
judge() {
    bad=0
    if [ -n "$expect" ]; then
        "$build/tests/check_record" expect "$1" "$expect" "$source" "${3:-}" || bad=1
        if [ -z "${3:-}" ] || ! grep -q "^finding $3 " "$expect"; then
            summary_is "$2" any || bad=1
            while IFS= read -r words; do
                grep -qF -- "$words" "$2" || { echo "  stderr lacks: $words"; bad=1; }
            done <<EOF
$(directives text "$expect")
EOF
        fi
    else
        "$build/tests/check_record" silent "$1" || bad=1
        summary_is "$2" silent || bad=1
    fi
    return $bad
}

output_is() { # stdout of a silent program is always the expected one
    [ -n "$output" ] || return 0
    cmp -s "$1" "$output" && return 0
    echo "  output differs:"
    diff "$1" "$output" | head -10 | sed 's/^/  /'
    return 1
}

# One run under the detector. $1 label, $2 allowed status, $3 skipped kind, then the command.
checked() {
    run=$1 allowed=$2 skip=$3
    shift 3
    rm -f "$dir/json" "$dir/err" "$dir/why"
    timeout 300 env $vars "$@" >"$dir/out" 2>"$dir/err"
    got=$?
    sed -i '/^Aborted\|^Segmentation fault\|^Terminated/d' "$dir/err" # some shells add this
    result=0
    {
        status_is $got "$allowed" || result=1
        judge "$dir/json" "$dir/err" "$skip" || result=1
        [ -n "$expect" ] || output_is "$dir/out" || result=1
    } >"$dir/why" 2>&1
    verdict "$run" "$dir" $result
}

plain() { # $1 label: the production library, then the race library preloaded over it
    wanted=$(directives plain "$expect")
    rm -f "$dir/err"
    timeout 300 env $vars LD_LIBRARY_PATH="$build/lib" "$dir/plain" >"$dir/out" 2>"$dir/err"
    got=$?
    result=0
    {
        status_is $got "${wanted:-0}" || result=1
        [ -n "$expect" ] || output_is "$dir/out" || result=1
        case "$wanted" in SIG*) [ -z "$(directives text "$expect")" ] || grep -qF -- "$(directives text "$expect")" "$dir/err" || result=1 ;; esac
    } >"$dir/why" 2>&1
    verdict "$1 plain" "$dir" $result
    wanted=$(directives preload "$expect")
    [ -n "$wanted" ] || wanted=$(directives run "$expect" | sed -n '/^[^ ]*$/{p;q}')
    checked "$1 preload" "${wanted:-0}" data-race env LD_LIBRARY_PATH="$build/lib" \
        LD_PRELOAD="$build/lib/libgorc_race.so.0" GORC_OPTIONS="json=$dir/json" "$dir/plain"
}

# All checks of one program with one compiler at one level.
one() {
    source=$1 compiler=$2 level=$3
    name=$(basename "$source" .c)
    expect=${source%.c}.expect
    [ -f "$expect" ] || expect=
    output=$root/examples/expected/$name.txt
    [ -f "$output" ] || output=
    vars=$(directives env "$expect")
    dir=$build/tests/expect/$compiler$level/$name
    mkdir -p "$dir"
    label="$name $compiler $level"
    : >"$dir/err"
    if ! CC=$compiler "$build/bin/gorc" cc "$level" -g -I"$root/include" -o "$dir/prog" "$source" \
        >"$dir/why" 2>&1; then
        verdict "$label compile" "$dir" 1
        return
    fi
    {
        directives run "$expect"
        [ -n "$expect" ] || echo 0
    } | while read -r allowed options; do
        checked "$label run $options" "$allowed" "" "$build/bin/gorc" run --json "$dir/json" $options \
            -- "$dir/prog"
    done
    bare=$(directives run "$expect" | sed -n '/^[^ ]*$/{p;q}')
    checked "$label bare" "${bare:-0}" "" env GORC_OPTIONS="json=$dir/json" "$dir/prog"
    allowed=$(directives continue "$expect")
    [ -z "$allowed" ] || checked "$label continue" "$allowed" "" env GORC_OPTIONS=on_misuse=continue \
        "$build/bin/gorc" run --json "$dir/json" -- "$dir/prog"
    if [ "$compiler$level" = gcc-O2 ]; then
        gcc -std=gnu11 -O2 -g -fno-optimize-sibling-calls -I"$root/include" -o "$dir/plain" "$source" -L"$build/lib" -lgorc -pthread \
            >"$dir/why" 2>&1 && plain "$label" || verdict "$label compile plain" "$dir" 1
    fi
}

if [ "${1:-}" = --one ]; then
    build=$2
    one "$3" "$4" "$5"
    exit 0
fi

[ $# -ge 1 ] || { echo "usage: run_expect.sh BUILD [NAME...]" >&2; exit 2; }
build=$(cd "$1" && pwd)
shift
cd "$root" || exit 1 # reports name sources from here
skipped=0
cases=$(mktemp)
results=$(mktemp)
trap 'rm -f "$cases" "$results"' EXIT
for source in "$root"/examples/*.c "$root"/examples/buggy/*.c "$here"/findings/*.c; do
    name=$(basename "$source" .c)
    [ $# -eq 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
    case $source in
    "$here"/*) pairs="gcc-O2 clang-19-O0" ;;
    *) pairs=all ;;
    esac
    for compiler in ${COMPILERS:-gcc clang-14 clang-19}; do
        command -v "$compiler" >/dev/null || { skipped=$((skipped + 1)); continue; }
        for level in ${LEVELS:--O0 -O2}; do
            case $pairs in all | *"$compiler$level"*) ;; *) continue ;; esac
            printf '%s %s %s\n' "$source" "$compiler" "$level" >>"$cases"
        done
    done
done
if [ $# -eq 0 ]; then # first of all the checker itself
    if sh "$here/support/check_record_test.sh" "$build/tests/check_record"; then
        echo "ok   check_record" >>"$results"
    else
        echo "FAIL check_record" >>"$results"
    fi
fi
xargs -P "${JOBS:-2}" -L 1 sh "$here/run_expect.sh" --one "$build" <"$cases" >>"$results"
grep -v '^ok ' "$results"
passed=$(grep -c '^ok ' "$results")
failed=$(grep -c '^FAIL ' "$results")
[ "$skipped" = 0 ] || echo "skipped: a compiler is not installed"
echo "examples: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
