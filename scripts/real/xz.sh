#!/bin/bash
# SPDX-License-Identifier: MIT
#
#   xz.sh [COMPILER...]      (gcc clang-19)
#
# xz (liblzma's threaded encoder and decoder) from Debian's source package under the detector: every
# output must be that of the build without instrumentation, and every report accounted for.
source "$(dirname "$0")/common.sh"
[ $# -gt 0 ] || set -- gcc clang-19
known=$root/tests/real/xz.known
need_source xz-utils

# build NAME [configure arguments]: a copy of the source in $work/xz-NAME, built there once.
build() {
    local name=$1 dir=$work/xz-$1
    shift
    [ ! -e "$dir/.built" ] || return 0
    echo "     building xz ($name)"
    [ -d "$dir" ] || cp -a "$work/xz-utils" "$dir"
    # The files that autoconf made must look newer than what they are made of.
    touch "$dir/aclocal.m4"
    touch "$dir"/configure "$dir"/config.h.in $(find "$dir" -name Makefile.in)
    (cd "$dir" && ./configure --disable-shared --disable-nls --disable-doc --disable-lzmadec \
        --disable-lzmainfo --disable-scripts --disable-assembler "$@" && make -j2) \
        >"$dir.log" 2>&1 && touch "$dir/.built"
}

build plain CC=gcc CFLAGS="-O2 -g" || {
    fail "xz builds without instrumentation" "$work/xz-plain.log"
    close_count
}
plain=$work/xz-plain/src/xz/xz
mkdir -p "$work/corpus"
[ -s "$work/corpus/text" ] || {
    : >"$work/corpus/nothing"
    # Text with repetitions, the same on every machine.
    awk 'BEGIN { for (i = 0; i < 90000; i++) print i * 7919 % 104729, "line", i % 97, i * i % 1009 }' \
        >"$work/corpus/text"
    cat "$work/corpus/text" "$work/corpus/text" "$work/corpus/text" >"$work/corpus/texts"
}

cases="nothing -1|text -0 --block-size=200KiB|text -6 --block-size=64KiB|texts -2 --block-size=500KiB|texts -1"

run_case() { # NAME XZ INPUT OPTIONS...
    local name=$1 xz=$2 input=$work/corpus/$3 label="$3 ${*:4}" out=$work/out-xz-$1 status r
    shift 3
    mkdir -p "$out"
    rm -f "$out"/*
    "$plain" -c -T3 "$@" "$input" >"$out/want.xz"
    for r in compress decompress; do
        if [ $r = compress ]; then
            timeout 300 "$gorc" run --json "$out/$r.json" -- "$xz" -c -T3 "$@" "$input" \
                >"$out/got" 2>"$out/log"
        else
            timeout 300 "$gorc" run --json "$out/$r.json" -- "$xz" -d -c -T3 "$out/want.xz" \
                >"$out/got" 2>"$out/log"
        fi
        status=$?
        if [ $status -ne 0 ] && [ $status -ne 66 ]; then
            fail "$name: $r $label: status $status" "$out/log"
            return
        fi
        expect "$name: $r $label: same bytes as without" "$out/log" \
            cmp -s "$out/got" "$([ $r = compress ] && echo "$out/want.xz" || echo "$input")"
        jq -e '.summary.accesses == "yes"' "$out/$r.json" >/dev/null 2>&1 ||
            fail "$name: $r $label: accesses not checked" "$out/log"
        pairs_of_record "$out/$r.json" xz >"$out/pairs"
        : >"$out/native"
        unaccounted "$out/pairs" "$out/native" "$known" >"$out/unaccounted"
        expect "$name: $r $label: every report accounted for ($(wc -l <"$out/pairs"))" \
            "$out/unaccounted" [ ! -s "$out/unaccounted" ]
        expect "$name: $r $label: nothing but races" "$out/log" \
            [ "$(findings "$out/$r.json")" = "$(findings "$out/$r.json" data-race)" ]
    done
}

for compiler; do
    if ! build "$compiler" CC="env GORC_CC=$compiler CC=$compiler $gorc cc" CFLAGS="-O2 -g"; then
        fail "$compiler: xz builds with gorc cc" "$work/xz-$compiler.log"
        continue
    fi
    ok "$compiler: xz builds with gorc cc"
    while IFS= read -r -d '|' one; do
        run_case "$compiler" "$work/xz-$compiler/src/xz/xz" $one
    done <<<"$cases|"
done
close_count
