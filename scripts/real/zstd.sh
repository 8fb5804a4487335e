#!/bin/bash
# SPDX-License-Identifier: MIT
#
#   zstd.sh [COMPILER...]      (gcc clang-19)
#
# zstd from Debian's source package under the detector: compresses and decompresses a generated
# corpus with two workers; every output must be that of the build without instrumentation, and
# every report must be accounted for. Then the same with a race planted by tests/real/zstd.patch.
source "$(dirname "$0")/common.sh"
[ $# -gt 0 ] || set -- gcc clang-19
known=$root/tests/real/zstd.known
need_source zstd

options="HAVE_ZLIB=0 HAVE_LZMA=0 HAVE_LZ4=0 ZSTD_LEGACY_SUPPORT=0 ZSTD_NO_ASM=1"

# build NAME [make variables]: a copy of the source in $work/zstd-NAME, built there once.
build() {
    local name=$1 dir=$work/zstd-$1
    shift
    [ ! -e "$dir/.built" ] || return 0
    echo "     building zstd ($name)"
    [ -d "$dir" ] || cp -a "$work/zstd" "$dir"
    make -C "$dir/programs" -j2 zstd $options "$@" >"$dir.log" 2>&1 && touch "$dir/.built"
}

build plain CC=gcc CFLAGS="-O2 -g" || {
    fail "zstd builds without instrumentation" "$work/zstd-plain.log"
    close_count
}
plain=$work/zstd-plain/programs/zstd
if [ ! -x "$work/datagen" ]; then
    (cd "$work/zstd/tests" && gcc -O2 -I../programs -I../lib -I../lib/common -o "$work/datagen" \
        datagencli.c ../programs/datagen.c ../programs/util.c ../programs/timefn.c -lpthread) ||
        fail "the corpus generator builds"
fi
mkdir -p "$work/corpus"
[ -s "$work/corpus/6M" ] || {
    : >"$work/corpus/empty"
    "$work/datagen" -g1 >"$work/corpus/1"
    "$work/datagen" -g100000 -P50 >"$work/corpus/100K"
    "$work/datagen" -g3000000 -P20 -s7 >"$work/corpus/3M"
    "$work/datagen" -g6000000 -P60 -s3 >"$work/corpus/6M"
}

# What is run: input, then zstd's options. Several jobs for each worker where the input is large.
cases="empty -3|1 -1|100K -1|100K -19|3M -5 --rsyncable|6M -1 -B512K|6M -3 -B1M|6M -9 -B1M|6M -4 --long"

# run_case BINARY-NAME PROGRAM INPUT OPTIONS...: under gorc, output compared with the plain build's.
run_case() {
    local name=$1 zstd=$2 input=$work/corpus/$3 label="$3 ${*:4}" out status
    shift 3
    out=$work/out-$name
    mkdir -p "$out"
    rm -f "$out"/*.zst "$out/back" "$out"/*.json
    "$plain" -q -f -T2 "$@" "$input" -o "$out/want.zst"
    timeout 300 "$gorc" run --json "$out/compress.json" -- "$zstd" -q -f -T2 "$@" "$input" \
        -o "$out/got.zst" >"$out/log" 2>&1
    status=$?
    if [ $status -ne 0 ] && [ $status -ne 66 ]; then
        fail "$name: compress $label: status $status" "$out/log"
        return
    fi
    expect "$name: compress $label: same bytes as without" "$out/log" \
        cmp -s "$out/want.zst" "$out/got.zst"
    timeout 300 "$gorc" run --json "$out/decompress.json" -- "$zstd" -q -f -d "$out/want.zst" \
        -o "$out/back" >"$out/log2" 2>&1
    status=$?
    if [ $status -ne 0 ] && [ $status -ne 66 ]; then
        fail "$name: decompress $label: status $status" "$out/log2"
        return
    fi
    expect "$name: decompress $label: same bytes" "$out/log2" cmp -s "$input" "$out/back"
    account "$name: $label" "$out" "$out/compress.json" "$out/decompress.json"
}

# Every report of the records is also clang-19's own runtime's, or argued in docs/field-reports.md.
account() { # LABEL DIR RECORD...
    local label=$1 out=$2 r
    shift 2
    for r; do
        [ -s "$r" ] && jq -e '.summary.accesses == "yes"' "$r" >/dev/null || {
            fail "$label: no record, or accesses not checked" "$out/log"
            return
        }
    done
    for r; do pairs_of_record "$r" zstd; done | sort -u >"$out/pairs"
    for r; do
        [ "$(findings "$r")" = "$(findings "$r" data-race)" ] || {
            fail "$label: a report that is no data race" "$out/log"
            return
        }
    done
    : >"$out/native"
    if [ -n "$(unaccounted "$out/pairs" "$out/native" "$known")" ]; then
        native_pairs >"$out/native"
    fi
    unaccounted "$out/pairs" "$out/native" "$known" >"$out/unaccounted"
    expect "$label: every report accounted for ($(wc -l <"$out/pairs"))" "$out/unaccounted" \
        [ ! -s "$out/unaccounted" ]
}

native_pairs() {
    build native CC=clang-19 CFLAGS="-O2 -g -fsanitize=thread" LDFLAGS=-fsanitize=thread >&2 || return
    rm -f "$work"/zstd-native.log.*
    TSAN_OPTIONS="exitcode=0 external_symbolizer_path=$(command -v addr2line) \
log_path=$work/zstd-native.log" "$work/zstd-native/programs/zstd" -q -f -T2 -B512K -3 \
        "$work/corpus/6M" -o "$work/native.zst" >&2
    pairs_of_log zstd "$work"/zstd-native.log.*
}

for compiler; do
    if ! build "$compiler" CC="env GORC_CC=$compiler CC=$compiler $gorc cc" CFLAGS="-O2 -g"; then
        fail "$compiler: zstd builds with gorc cc" "$work/zstd-$compiler.log"
        continue
    fi
    ok "$compiler: zstd builds with gorc cc"
    while IFS= read -r -d '|' one; do
        run_case "$compiler" "$work/zstd-$compiler/programs/zstd" $one
    done <<<"$cases|"

    # The planted race.
    dir=$work/zstd-$compiler-planted
    if [ ! -d "$dir" ]; then
        cp -a "$work/zstd" "$dir"
        patch -s -p1 -d "$dir" <"$root/tests/real/zstd.patch" || {
            fail "$compiler: the patch with the race applies"
            rm -rf "$dir"
            continue
        }
    fi
    if ! build "$compiler-planted" CC="env GORC_CC=$compiler CC=$compiler $gorc cc" CFLAGS="-O2 -g"; then
        fail "$compiler: zstd with the planted race builds" "$dir.log"
        continue
    fi
    line=$(grep -n 'numThreadsBusy--' "$dir/lib/common/pool.c" | cut -d: -f1)
    out=$work/out-$compiler
    timeout 300 "$gorc" run --json "$out/planted.json" -- "$dir/programs/zstd" -q -f -T2 -B512K -1 \
        "$work/corpus/6M" -o "$out/planted.zst" >"$out/planted.log" 2>&1
    expect "$compiler: planted race: status 66" "$out/planted.log" [ $? -eq 66 ]
    expect "$compiler: planted race: both stacks, function, file and line" "$out/planted.log" \
        has_race "$out/planted.json" POOL_thread lib/common/pool.c "$line" \
        'POOL_thread|POOL_add|POOL_tryAdd|isQueueFull|POOL_add_internal|POOL_joinJobs' lib/common/pool.c
done
close_count
