#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Tests of the `gorc` command: every function case_* in cases/*.sh, each in a directory of its own.
#
#   BUILD=DIR run.sh [CASE...]      all, or those named (without case_)
#
# A case passes when its last command does; helpers below say what was wrong and end it.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "${BUILD:-$root/build}" && pwd)
gorc=$build/bin/gorc
lib=$build/lib/libgorc_race.so.0
work=$build/tests/cli
unset GORC_OPTIONS LD_PRELOAD CC CXX NO_COLOR
export LC_ALL=C

# --- helpers ---

fail() {
    echo "  $*"
    [ -s err ] && sed 's/^/  err| /' err | head -60
    exit 1
}

# run_is STATUS COMMAND...: stdout and stderr go to the files out and err
run_is() {
    wanted=$1
    shift
    # The shell's own word on a signal is not the program's.
    { timeout 300 "$@" >out 2>err3; } 2>/dev/null
    got=$?
    grep -vE '^(Terminated|Aborted|Killed|Segmentation fault)( \(core dumped\))?$' err3 >err
    [ "$got" = "$wanted" ] || fail "status $got, expected $wanted: $*"
}

err_has() { grep -qF -- "$1" err || fail "stderr lacks: $1"; }
err_lacks() { ! grep -qF -- "$1" err || fail "stderr has: $1"; }
err_lines_are() { [ "$(wc -l <err)" = "$1" ] || fail "stderr has $(wc -l <err) lines, not $1"; }
out_is() { [ "$(cat out)" = "$1" ] || fail "stdout is: $(cat out)"; }
last_is() {
    last=$(tail -n 1 "${2:-err}")
    printf '%s\n' "$last" | grep -qE -- "^$1\$" || fail "last line: $last"
}
has_race() { grep -q '^== gorc: data race =' "${1:-err}" || fail "no data race in ${1:-err}"; }
schema_ok() {
    "$build/tests/check_schema" "$root/docs/record.schema.json" "$@" >schema.out ||
        fail "record and schema differ: $(cat schema.out)"
}
findings() { grep -c '"fingerprint"' "$1"; }
fingerprints() { sed -n 's/.*"fingerprint": "\(.*\)".*/\1/p' "$1" | sort; }

target=$work/cli_target

for file in "$here"/cases/*.sh; do
    . "$file"
done

if [ "${1:-}" = --one ]; then
    rm -rf "$work/$2"
    mkdir -p "$work/$2"
    cd "$work/$2" || exit 1
    ("case_$2")
    exit
fi

# --- the runner ---

mkdir -p "$work"
if ! "$gorc" cc -O1 -o "$target" "$here/cli_target.c"; then
    echo "run.sh: the test program does not compile"
    echo "0 passed, 1 failed"
    exit 1
fi
[ $# -gt 0 ] || set -- $(sed -n 's/^case_\([a-z0-9_]*\)().*/\1/p' "$here"/cases/*.sh)
passed=0 failed=0
for name in "$@"; do
    if sh "$here/run.sh" --one "$name" >"$work/$name.log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $name"
        cat "$work/$name.log"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
