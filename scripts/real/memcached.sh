#!/bin/bash
# SPDX-License-Identifier: MIT
#
#   memcached.sh [COMPILER...]      (gcc clang-19)
#
# memcached from Debian's source package under the detector, with Debian's libevent as it is: it
# serves tests/real/memcached_client.c with the replies of the build without instrumentation, and
# every report is accounted for. Then the same with a race planted by tests/real/memcached.patch.
source "$(dirname "$0")/common.sh"
[ $# -gt 0 ] || set -- gcc clang-19
known=$root/tests/real/memcached.known
connections=4 requests=2500
need_source memcached
source "$root/scripts/real/memcached_load.sh"

# The files that autoconf made must look newer than what they are made of.
touch "$work/memcached/aclocal.m4"
touch "$work/memcached"/{configure,config.h.in,Makefile.in}

# build NAME [configure arguments]: a copy of the source in $work/memcached-NAME, built there once.
build() {
    local dir=$work/memcached-$1 name=$1
    shift
    [ ! -e "$dir/.built" ] || return 0
    echo "     building memcached ($name)"
    [ -d "$dir" ] || cp -a "$work/memcached" "$dir"
    (cd "$dir" && ./configure --disable-docs "$@" && make -j2 AUTOHEADER=: memcached) \
        >"$dir.log" 2>&1 && touch "$dir/.built"
}

build plain CC=gcc CFLAGS="-O2 -g" || {
    fail "memcached builds without instrumentation" "$work/memcached-plain.log"
    close_count
}
load "$work" want $connections $requests "$work/memcached-plain/memcached"
expect "memcached without instrumentation serves the client" "$work/want.err" [ $? -eq 0 ]

native_pairs() {
    build native CC=clang-19 CFLAGS="-O2 -g -fsanitize=thread" LDFLAGS=-fsanitize=thread >&2 || return
    rm -f "$work"/memcached-native.log.*
    # Different runs see different pairs.
    for i in 1 2 3; do
        load "$work" native $connections $requests env TSAN_OPTIONS="exitcode=0 history_size=7 \
external_symbolizer_path=$(command -v addr2line) log_path=$work/memcached-native.log" \
            "$work/memcached-native/memcached" >&2
    done
    pairs_of_log memcached "$work"/memcached-native.log.*
}
native_pairs >"$work/memcached-native.pairs"
expect "the compilers' own runtime gives reports to compare with" "$work/memcached-native.log" \
    [ -s "$work/memcached-native.pairs" ]

for compiler; do
    out=$work/out-memcached-$compiler
    mkdir -p "$out"
    rm -f "$out"/*
    if ! build "$compiler" CC="env GORC_CC=$compiler CC=$compiler $gorc cc" CFLAGS="-O2 -g"; then
        fail "$compiler: memcached builds with gorc cc" "$work/memcached-$compiler.log"
        continue
    fi
    ok "$compiler: memcached builds with gorc cc"
    load "$out" run $connections $requests "$gorc" run --json "$out/run.json" -- \
        "$work/memcached-$compiler/memcached"
    status=$?
    case $status in
    0 | 66) ok "$compiler: serves the client and ends" ;;
    *) fail "$compiler: serves the client: status $status" "$out/run.err" ;;
    esac
    expect "$compiler: same replies as without" "$out/run.err" cmp -s "$work/want.out" "$out/run.out"
    if ! jq -e '.summary.accesses == "yes"' "$out/run.json" >/dev/null 2>&1; then
        fail "$compiler: no record, or accesses not checked" "$out/run.err"
        continue
    fi
    pairs_of_record "$out/run.json" memcached >"$out/pairs"
    unaccounted "$out/pairs" "$work/memcached-native.pairs" "$known" >"$out/unaccounted"
    expect "$compiler: every race accounted for ($(wc -l <"$out/pairs") pairs)" "$out/unaccounted" \
        [ ! -s "$out/unaccounted" ]
    jq -r '.findings[] | select(.kind != "data-race" and .counts) | .kind + " " + .message' \
        "$out/run.json" >"$out/others"
    expect "$compiler: nothing but races counts" "$out/others" [ ! -s "$out/others" ]

    # The planted race.
    dir=$work/memcached-$compiler-planted
    if [ ! -d "$dir" ]; then
        cp -a "$work/memcached" "$dir"
        patch -s -p1 -d "$dir" <"$root/tests/real/memcached.patch" || {
            fail "$compiler: the patch with the race applies"
            rm -rf "$dir"
            continue
        }
    fi
    if ! build "$compiler-planted" CC="env GORC_CC=$compiler CC=$compiler $gorc cc" CFLAGS="-O2 -g"; then
        fail "$compiler: memcached with the planted race builds" "$dir.log"
        continue
    fi
    line=$(awk '/^void do_item_unlink\(/ { f = 1 } f && /curr_items -= 1/ { print FNR; exit }' \
        "$dir/items.c")
    load "$out" planted $connections $requests "$gorc" run --json "$out/planted.json" -- \
        "$dir/memcached"
    expect "$compiler: planted race: status 66" "$out/planted.err" [ $? -eq 66 ]
    expect "$compiler: planted race: both stacks, function, file and line" "$out/planted.err" \
        has_race "$out/planted.json" do_item_unlink items.c "$line" 'do_item_link|do_item_unlink' items.c
done
close_count
