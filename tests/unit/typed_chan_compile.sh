#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Rule C11: what GORC_CHAN's types must refuse does not compile, what they must allow does, with gcc
# and clang, as C11 and as C++17.
#
#   typed_chan_compile.sh        prints "N passed, N failed"
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

# try good|bad WHAT CODE: CODE is the body of a function with ints `c`, `tx`, `rx` and strings `s`
try() {
    for compiler in "gcc -std=c11" "clang -std=c11" "g++ -std=c++17" "clang++ -std=c++17"; do
        case $compiler in *++*) ext=cc ;; *) ext=c ;; esac
        command -v "${compiler%% *}" >/dev/null || compiler=$(versioned "$compiler")
        cat >"$dir/try.$ext" <<SOURCE
#include <gorc.h>
GORC_CHAN(ints, int)
GORC_CHAN(strings, const char *)
void body(ints c, ints_tx tx, ints_rx rx, strings s);
void body(ints c, ints_tx tx, ints_rx rx, strings s)
{
    int v = 1;
    const char *text = "";
    (void)c, (void)tx, (void)rx, (void)s, (void)v, (void)text;
    $3;
}
SOURCE
        if $compiler -Wall -Wextra -Werror -I"$root/include" -fsyntax-only "$dir/try.$ext" \
            >"$dir/log" 2>&1; then
            got=good
        else
            got=bad
        fi
        if [ "$got" = "$1" ]; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "FAIL $compiler: $2 is $got, expected $1"
            sed 's/^/     /' "$dir/log" | head -5
        fi
    done
}

# Debian has clang only under its version's name.
versioned() {
    for v in 19 14; do
        name=${1%% *}-$v
        if command -v "$name" >/dev/null; then
            echo "$name ${1#* }"
            return
        fi
    done
    echo "$1"
}

try good "send to a sending end" 'ints_send(tx, 3)'
try good "receive from a receiving end" '(void)ints_recv(rx, &v)'
try good "close of a sending end" 'ints_close(tx)'
try good "both ends of a channel" 'ints_send(ints_tx_of(c), v); (void)ints_recv(ints_rx_of(c), &v)'
try good "len and cap" '(void)(ints_len(c) + ints_cap(c)); ints_unref(ints_ref(c))'
try good "select cases" 'gorc_case k[2] = {ints_case_send(tx, &v), strings_case_recv(strings_rx_of(s), &text)}; (void)gorc_select(k, 2)'
try good "a drop of the value" '(void)ints_recv(rx, NULL)'

try bad "send of a wrong type" 'ints_send(tx, text)'
try bad "send of a struct" 'struct other { int a; } o = {1}; ints_send(tx, o)'
try bad "receive into a wrong type" '(void)ints_recv(rx, &text)'
try bad "receive from a sending end" '(void)ints_recv(tx, &v)'
try bad "try_recv from a sending end" '(void)ints_try_recv(tx, &v)'
try bad "send to a receiving end" 'ints_send(rx, 3)'
try bad "try_send to a receiving end" '(void)ints_try_send(rx, 3)'
try bad "close of a receiving end" 'ints_close(rx)'
try bad "sending end from a receiving end" '(void)ints_tx_of(rx)'
try bad "receiving end from a sending end" '(void)ints_rx_of(tx)'
try bad "channel of another type" 'ints_send(strings_tx_of(s), 3)'
try bad "assignment between types" 'c = s'
try bad "case_recv of a sending end" '(void)ints_case_recv(tx, &v)'
try bad "case_send to a receiving end" '(void)ints_case_send(rx, &v)'
try bad "case_recv into a wrong type" '(void)ints_case_recv(rx, &text)'
try bad "len of a sending end" '(void)ints_len(tx)'

echo "typed_chan_compile: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
