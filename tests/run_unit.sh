#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Runs unit test programs and adds up what Criterion counted.
#
#   run_unit.sh NAME [GROUP [PROGRAM...]]...
#
# GROUP: rules (scripts/check-rules.sh), alloc (scripts/check-alloc.sh), compile
# (typed_chan_compile.sh), cxx (cxx.sh), core, analysis, or with N workers: lib:N, asan:N; yield:N and asan-yield:N: every call yields at random (GORC_DEBUG); migrate:N: every call goes
# on on another OS thread; emulated:N: by UNIT_EMULATOR, which does not know MADV_GUARD_INSTALL and
# says it does. A program that counts nothing, or fails without counting a failure, is one
# failure. LIMIT is the time that one program may take, in seconds. The last line is
# "NAME: N passed, N failed".
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
limit=${LIMIT:-600}
label=$1
shift
passed=0 failed=0 group=none
# abort_on_error: Criterion takes a test whose process exits, with whatever status, for passed.
asan="ASAN_OPTIONS=detect_stack_use_after_return=1:abort_on_error=1 UBSAN_OPTIONS=abort_on_error=1
LSAN_OPTIONS=suppressions=$root/tests/asan/lsan.supp"
# Where vm.mmap_rnd_bits is 32 gcc 12's AddressSanitizer may find something mapped in its place.
fixed="setarch $(uname -m) -R"
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

add() { # add NAME STATUS PASSED FAILED
    p=$3 f=$4
    if [ "$2" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; fi
    if [ $((p + f)) -eq 0 ]; then f=1; fi
    passed=$((passed + p)) failed=$((failed + f))
    [ "$f" -eq 0 ] && return
    echo "FAIL $1 (status $2)"
    sed 's/^/     /' "$log" | tail -n 60
}

script() {
    sh "$root/$2" >"$log" 2>&1
    status=$?
    line=$(tail -n 1 "$log")
    line=${line##*: }
    p=${line%% passed*} f=${line#*, }
    add "$1" $status "$p" "${f%% failed*}"
}

synthesis() { # synthesis WORD: a number from Criterion's last line
    sed -n "s/.*Synthesis:.*$1: \([0-9]*\).*/\1/p" "$log" | tail -n 1
}

run() {
    n=${group#*:}
    case $group in
    lib:*) set -- "$1" "GORC_PROCS=$n" ;;
    yield:*) set -- "$1" "GORC_PROCS=$n" GORC_DEBUG=yield UNIT_DIVISOR=4 ;;
    migrate:*) set -- "$1" "GORC_PROCS=$n" GORC_DEBUG=migrate UNIT_DIVISOR=64 ;;
    asan:*) set -- "$1" "GORC_PROCS=$n" UNIT_DIVISOR=4 $asan $fixed ;;
    asan-yield:*) set -- "$1" "GORC_PROCS=$n" GORC_DEBUG=yield UNIT_DIVISOR=8 $asan $fixed ;;
    emulated:*) set -- "$1" "GORC_PROCS=$n" GORC_DEBUG=mprotect,emulator UNIT_DIVISOR=16 \
        "$UNIT_EMULATOR" -R 16G ;;
    *) set -- "$1" ;;
    esac
    program=$1
    shift
    timeout "$limit" env "$@" "$program" -j2 >"$log" 2>&1
    status=$?
    p=$(synthesis Passing) f=$(synthesis Failing)
    add "$group ${program##*/}" $status "${p:-0}" "${f:-0}"
}

for word in "$@"; do
    case $word in
    rules) script rules scripts/check-rules.sh ;;
    alloc) script alloc scripts/check-alloc.sh ;;
    compile) script compile tests/unit/typed_chan_compile.sh ;;
    cxx) script cxx tests/unit/cxx.sh ;;
    core | analysis | *:[0-9]*) group=$word ;;
    *) run "$word" ;;
    esac
done
echo "$label: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
