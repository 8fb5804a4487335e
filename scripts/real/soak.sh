#!/bin/bash
# SPDX-License-Identifier: MIT
#
#   soak.sh SECONDS [PROGRAM...]      (zstd xz memcached redis)
#
# Real programs under load and under the detector, each for SECONDS: no crash, no hang, the output of
# the build without instrumentation, and no report that is not accounted for in tests/real/*.known.
# Builds them first if need be (scripts/real/PROGRAM.sh gcc, whose own results are not counted here).
source "$(dirname "$0")/common.sh"
seconds=${1:?seconds}
shift
[ $# -gt 0 ] || set -- zstd xz memcached redis
export MAKE=${MAKE:-make}

prepared() { # PROGRAM FILE
    [ -x "$2" ] || bash "$root/scripts/real/$1.sh" gcc >"$work/soak-$1.prepare" 2>&1
    [ -x "$2" ] || {
        fail "$1 is built" "$work/soak-$1.prepare"
        return 1
    }
}

# Whether the record's reports are all accounted for, and accesses were checked.
clean() { # RECORD BINARY PROGRAM
    jq -e '.summary.accesses == "yes"' "$1" >/dev/null 2>&1 || return 1
    pairs_of_record "$1" "$2" >"$out/pairs"
    cat "$work/memcached-native.pairs" >"$out/native" 2>/dev/null
    [ "$3" = memcached ] || : >"$out/native"
    unaccounted "$out/pairs" "$out/native" "$root/tests/real/$3.known" >"$out/unaccounted"
    [ ! -s "$out/unaccounted" ] || return 1
    [ "$(jq '[.findings[] | select(.kind != "data-race" and .counts)] | length' "$1")" = 0 ]
}

codec() { # PROGRAM ROUND: compress and decompress with changing options
    local program=$1 i=$2 level=$((1 + $2 % 6)) input="$work/corpus/$3" run
    if [ "$program" = zstd ]; then
        run="$work/zstd-gcc/programs/zstd -q -f -T$((2 + i % 3)) -$level -B$((300 + 50 * (i % 5)))K"
        $run -c "$input" >/dev/null 2>&1 || : # warms the page cache; the checked run follows
        timeout -k 10 300 "$gorc" run --json "$out/run.json" -- $run "$input" -o "$out/got" || return
        "$work/zstd-plain/programs/zstd" -q -d -f "$out/got" -o "$out/back" || return 1
    else
        run="$work/xz-gcc/src/xz/xz -c -T$((2 + i % 3)) -$((level % 4)) --block-size=$((100 + 50 * (i % 5)))KiB"
        timeout -k 10 300 "$gorc" run --json "$out/run.json" -- $run "$input" >"$out/got" || return
        "$work/xz-plain/src/xz/xz" -d -c "$out/got" >"$out/back" || return 1
    fi
    cmp -s "$input" "$out/back"
}

one_round() { # PROGRAM ROUND; status 0: as it must be
    case $1 in
    zstd) codec zstd "$2" 6M && clean "$out/run.json" zstd zstd ;;
    xz) codec xz "$2" texts && clean "$out/run.json" xz xz ;;
    *) bash "$root/scripts/real/$1.sh" gcc ;;
    esac
}

export REDIS_REQUESTS=20000
for program; do
    out=$work/soak-$program
    mkdir -p "$out"
    case $program in
    zstd) prepared zstd "$work/zstd-gcc/programs/zstd" || continue ;;
    xz) prepared xz "$work/xz-gcc/src/xz/xz" || continue ;;
    memcached) prepared memcached "$work/memcached-gcc/memcached" || continue ;;
    redis) prepared redis "$work/redis-gcc/src/redis-server" || continue ;;
    esac
    begin=$(date +%s) rounds=0 bad=0
    while [ $(($(date +%s) - begin)) -lt "$seconds" ]; do
        rounds=$((rounds + 1))
        if ! one_round "$program" $rounds >"$out/log" 2>&1; then
            bad=$((bad + 1))
            cp "$out/log" "$out/bad-$bad.log"
        fi
        printf '\r     %s: %d rounds, %d bad, %d s' "$program" $rounds $bad \
            $(($(date +%s) - begin)) >&2
    done
    echo >&2
    expect "$program: $rounds rounds in $(($(date +%s) - begin)) s, every one as it must be" \
        "$out/bad-1.log" [ $bad -eq 0 ]
done
close_count
