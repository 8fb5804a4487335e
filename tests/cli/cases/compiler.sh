# SPDX-License-Identifier: MIT
# gorc cc and gorc c++ as drop-ins.

sources() {
    cat >a.c <<'C'
#include <math.h>
int b(double x);
int main(int argc, char **argv) { (void)argv; return b(sqrt((double)argc)) - 1; }
C
    echo 'int b(double x) { return (int)x; }' >b.c
}

for_compilers() { # calls "$1" with CC set to each
    for cc in gcc clang-14 clang-19; do
        command -v $cc >/dev/null || continue
        CC=$cc
        export CC
        "$1" $cc
    done
}

is_linked() {
    readelf -d "$1" >dynamic
    grep -q 'NEEDED.*libgorc_race.so.0' dynamic || fail "$1 is not linked with libgorc_race"
    ! grep -qE 'libtsan|clang_rt' dynamic || fail "$1 is linked with another runtime"
}
is_instrumented() { nm "$1" | grep -q '__tsan_func_entry' || fail "$1 is not instrumented"; }
has_debug_info() { readelf -S "$1" | grep -q debug_info || fail "$1 has no debug information"; }

one_step() {
    "$gorc" cc -O1 -o x a.c b.c -lm || fail "$1"
    is_linked x
    has_debug_info x
    run_is 0 ./x
    [ ! -e a.o ] || fail "an object was left"
}
two_steps() {
    "$gorc" cc -O1 -c a.c && "$gorc" cc -O1 -c -o sub.o b.c || fail "$1"
    is_instrumented a.o
    has_debug_info sub.o
    "$gorc" cc -fsanitize=thread a.o sub.o -o y -lm || fail "$1 link"
    is_linked y
    run_is 0 ./y
    ar rcs libb.a sub.o
    "$gorc" cc -o z a.c -L. -lb -lm || fail "$1 with an archive"
    run_is 0 ./z
}
shared() {
    "$gorc" cc -shared -fPIC -o libb.so b.c || fail "$1"
    is_linked libb.so
    "$gorc" cc -o s a.c -L. -l:libb.so -lm -Wl,-rpath,"$PWD" || fail "$1"
    run_is 0 ./s
}

lto() {
    "$gorc" cc -O2 -flto -o lto a.c b.c -lm || fail "$1 -flto"
    nm lto | grep -q __tsan || fail "$1 -flto: not instrumented"
    run_is 0 ./lto
}
case_cc_lto() { sources; for_compilers lto; }
case_cc_one_step() { sources; for_compilers one_step; }
case_cc_two_steps() { sources; for_compilers two_steps; }
case_cc_shared() { sources; for_compilers shared; }

case_cc_response_file() {
    sources
    echo '-O1 -DNAME="a b" a.c -o "an x" b.c' >args
    "$gorc" cc @args -lm || fail "gorc cc @args"
    is_linked "an x"
}

case_cc_language() {
    sources
    cp a.c a.txt
    "$gorc" cc -x c a.txt -x none b.c -o x -lm || fail "-x c"
    is_linked x
    "$gorc" cc -o y -x c - b.c -lm <a.c || fail "standard input"
    is_linked y
}

case_cc_static() {
    sources
    run_is 2 "$gorc" cc -static a.c b.c -o x -lm
    err_lines_are 1
    err_has "static"
}

case_cc_only_parts() {
    sources
    "$gorc" cc -E a.c >pre || fail "-E"
    "$gorc" cc -S -o a.s a.c && grep -q __tsan a.s || fail "-S"
    "$gorc" cc -fsyntax-only a.c || fail "-fsyntax-only"
    "$gorc" cc -dumpmachine >machine || fail "-dumpmachine"
    "$gorc" cc -v >v 2>&1 || fail "-v"
    "$gorc" cc -### a.c b.c -lm >hash 2>&1 || fail "-###"
}

case_cc_dependencies() {
    sources
    "$gorc" cc -MMD -c a.c || fail "-MMD -c"
    [ -e a.d ] || fail "no a.d"
    "$gorc" cc -MMD -o x a.c b.c -lm || fail "-MMD"
    [ -e x-a.d ] && [ -e x-b.d ] || fail "no x-a.d"
}

case_cc_errors() {
    echo 'int main(void) { return nothing; }' >bad.c
    run_is 1 "$gorc" cc -o x bad.c
    err_has "nothing"
    run_is 127 env CC=no-such-compiler "$gorc" cc -o x bad.c
    err_lines_are 1
    [ ! -e x ] || fail "a program in spite of the error"
}

case_cc_names_itself() {
    sources
    run_is 0 env CC="$gorc cc" "$gorc" cc -o x a.c b.c -lm
    run_is 0 env CC="gcc -DX=1" "$gorc" cc -o x a.c b.c -lm
}

case_cc_no_debug_twice() {
    sources
    "$gorc" cc -g0 -c a.c || fail "-g0"
    ! readelf -S a.o | grep -q debug_info || fail "-g0 has debug information"
}

case_cc_fence() {
    cat >f.c <<'C'
#include <stdatomic.h>
int main(void) { atomic_thread_fence(memory_order_seq_cst); return 0; }
C
    "$gorc" cc -Wall -Wextra -Werror -o f f.c || fail "-Werror and a fence"
    run_is 0 ./f
}

case_cc_own_headers() {
    cat >g.c <<'C'
#include <gorc.h>
int main(void) { return gorc_detect_active() ? 0 : 1; }
C
    "$gorc" cc -o g g.c -lgorc || fail "gorc.h"
    is_linked g
    run_is 0 ./g
}

case_cxx() {
    cat >v.cc <<'C'
#include <vector>
#include <stdexcept>
int main(int argc, char **) {
    std::vector<int> v(4, argc);
    try { v.at(9) = 1; } catch (const std::out_of_range &) { return 0; }
    return 1;
}
C
    for cxx in g++ clang++-14 clang++-19; do
        command -v $cxx >/dev/null || continue
        CXX=$cxx "$gorc" c++ -O1 -o v v.cc || fail "$cxx"
        is_linked v
        run_is 0 ./v
    done
}
