#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `make install` tested: into an empty folder, by PREFIX and by DESTDIR, and used from there without
# the build tree's help.
set -u
cd "$(dirname "$0")/.." || exit 1
build=$(cd "${BUILD:-build}" && pwd)
make=${MAKE:-make}
dir=$build/install
rm -rf "$dir"
mkdir -p "$dir"
passed=0 failed=0

expect() { # NAME CONDITION...
    local name=$1
    shift
    if "$@" >>"$dir/log" 2>&1; then
        passed=$((passed + 1))
        echo "ok   $name"
    else
        failed=$((failed + 1))
        echo "FAIL $name"
        tail -n 20 "$dir/log" | sed 's/^/     /'
    fi
}

prefix=$dir/prefix
expect "installs under PREFIX" $make install PREFIX="$prefix"
expect "installs under DESTDIR" $make install DESTDIR="$dir/dest" PREFIX=/usr
expect "DESTDIR stands in no file" \
    bash -c "! grep -rqF '$dir/dest' '$dir/dest/usr/lib/pkgconfig' '$dir/dest/usr/include'"

cat >"$dir/prog.c" <<'PROG'
#include <gorc.h>
static int n;
static void add(void *wg)
{
    n++;
    gorc_wg_done(wg);
}
int main(void)
{
    gorc_waitgroup wg = {0};
    gorc_wg_add(&wg, 2);
    gorc_go(add, &wg);
    gorc_go(add, &wg);
    gorc_wg_wait(&wg);
    return n > 2; /* an increment may be lost: it is a race */
}
PROG
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig GORC_OPTIONS=
expect "a program builds with pkg-config" \
    bash -c "gcc '$dir/prog.c' \$(pkg-config --cflags --libs gorc) -Wl,-rpath,'$prefix/lib' -o '$dir/plain'"
expect "and runs" "$dir/plain"
expect "a program builds with the installed gorc cc" \
    "$prefix/bin/gorc" cc "$dir/prog.c" -o "$dir/race"
expect "and refers to the installed library" \
    bash -c "ldd '$dir/race' | grep -F '$prefix/lib/libgorc_race.so.0'"
expect "the installed gorc run finds the race" \
    bash -c "'$prefix/bin/gorc' run -- '$dir/race'; [ \$? -eq 66 ]"
expect "a bare run too" bash -c "'$dir/race'; [ \$? -eq 66 ]"
expect "by pkg-config too" bash -c "gcc -c \$(pkg-config --cflags gorc-race) '$dir/prog.c' \
    -o '$dir/prog.o' && gcc '$dir/prog.o' \$(pkg-config --libs gorc-race) \
    -Wl,-rpath,'$prefix/lib' -o '$dir/race2' && { '$dir/race2'; [ \$? -eq 66 ]; }"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
