#!/bin/sh
# SPDX-License-Identifier: MIT
#
# zstd-build.sh BUILD DIR: zstd for the benchmark, from the source that `make check-real` unpacked
# under BUILD: DIR/zstd.{plain,v2,v3,gorc-gcc,gorc-clang}, each compiler's objects made once. Does
# nothing when all are there. The last line says why when it fails.
set -eu
build=$1
dir=$2
source=$(find "$build" -maxdepth 6 -type f -path '*/programs/zstdcli.c' 2>/dev/null | head -n 1)
[ -n "$source" ] || { echo "no source; make check-real fetches it"; exit 1; }
source=${source%/programs/zstdcli.c}
flags="-std=gnu11 -O2 -g -w -DZSTD_MULTITHREAD -DXXH_NAMESPACE=ZSTD_ -DZSTD_DISABLE_ASM
    -DZSTD_LEGACY_SUPPORT=0 -DDEBUGLEVEL=0 -I$source/lib -I$source/lib/common -I$source/programs -I$source/lib/dictBuilder"
flags=$(echo $flags)
files=$(ls "$source"/lib/common/*.c "$source"/lib/compress/*.c "$source"/lib/decompress/*.c \
    "$source"/lib/dictBuilder/*.c "$source"/programs/*.c)

compile() { # compile KIND COMPILER [FLAG]
    mkdir -p "$dir/zstd-$1"
    for file in $files; do
        object=$dir/zstd-$1/$(basename "$file" .c).o
        [ -s "$object" ] || echo "$2 $flags ${3:-} -c -o $object $file"
    done | tr '\n' '\0' | xargs -0 -r -P 2 -n 1 sh -c 'set -f; exec $0'
}

link() { # link VARIANT KIND COMMAND...
    out=$dir/zstd.$1 kind=$2
    shift 2
    [ -x "$out" ] || "$@" -o "$out" "$dir/zstd-$kind"/*.o -pthread
}

[ -s "$dir/corpus" ] || for i in 1 2 3 4; do cat $files; done >"$dir/corpus"
compile gcc gcc -fsanitize=thread
link v2 gcc gcc -fsanitize=thread
rm -f "$dir/zstd.gorc-gcc" "$dir/zstd.gorc-clang"
link gorc-gcc gcc env CC=gcc "$build/bin/gorc" cc
command -v clang-19 >/dev/null || exit 0
compile clang clang-19 -fsanitize=thread
link v3 clang clang-19 -fsanitize=thread
link gorc-clang clang env CC=clang-19 "$build/bin/gorc" cc
compile plain clang-19
link plain plain clang-19
