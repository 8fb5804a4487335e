#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The uninstrumented binaries straight from Debian, by LD_PRELOAD and by `gorc run`: the output does
# not change, nothing crashes, and the summary line says that accesses were not checked.
source "$(dirname "$0")/common.sh"
out=$work/preload
mkdir -p "$out"

unchecked() { # LOG: the last line is the summary and does not claim more than was done
    tail -n 1 "$1" | grep -qE '^gorc: .*accesses checked: no\)$'
}

head -c 6000000 "$race" >"$out/input"
for i in 1 2 3; do head -c 6000000 "$gorc" >>"$out/input"; done
if command -v zstd >/dev/null; then
    zstd -q -f -T2 -B512K -5 "$out/input" -o "$out/want.zst"
    LD_PRELOAD=$race zstd -q -f -T2 -B512K -5 "$out/input" -o "$out/got.zst" 2>"$out/log"
    expect "zstd -T2, LD_PRELOAD: status" "$out/log" [ $? -eq 0 ]
    expect "zstd -T2, LD_PRELOAD: same output" "$out/log" cmp -s "$out/want.zst" "$out/got.zst"
    expect "zstd -T2, LD_PRELOAD: accesses checked: no" "$out/log" unchecked "$out/log"
    rm -f "$out/got.zst"
    "$gorc" run -- zstd -q -f -T2 -B512K -5 "$out/input" -o "$out/got.zst" 2>"$out/log"
    expect "zstd -T2, gorc run: status" "$out/log" [ $? -eq 0 ]
    expect "zstd -T2, gorc run: same output" "$out/log" cmp -s "$out/want.zst" "$out/got.zst"
    expect "zstd -T2, gorc run: accesses checked: no" "$out/log" unchecked "$out/log"
    "$gorc" run -- zstd -q -d -c "$out/want.zst" >"$out/back" 2>"$out/log"
    expect "zstd -d, gorc run: same output on a pipe" "$out/log" cmp -s "$out/input" "$out/back"
else
    skip "zstd is not installed"
fi

server=$(PATH=$PATH:/usr/sbin:/sbin command -v memcached)
if [ -n "$server" ]; then
    source "$root/scripts/real/memcached_load.sh"
    load "$out" plain 4 300 "$server"
    expect "memcached without: serves the client" "$out/plain.err" [ $? -eq 0 ]
    load "$out" preload 4 300 env LD_PRELOAD="$race" "$server"
    expect "memcached, LD_PRELOAD: serves the client, status 0" "$out/preload.err" [ $? -eq 0 ]
    expect "memcached, LD_PRELOAD: same replies" "$out/preload.err" \
        cmp -s "$out/plain.out" "$out/preload.out"
    expect "memcached, LD_PRELOAD: accesses checked: no" "$out/preload.err" unchecked "$out/preload.err"
    load "$out" run 4 300 "$gorc" run -- "$server"
    expect "memcached, gorc run: serves the client, status 0" "$out/run.err" [ $? -eq 0 ]
    expect "memcached, gorc run: same replies" "$out/run.err" cmp -s "$out/plain.out" "$out/run.out"
    expect "memcached, gorc run: accesses checked: no" "$out/run.err" unchecked "$out/run.err"
else
    skip "memcached is not installed"
fi
close_count
