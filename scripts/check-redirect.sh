#!/bin/bash
# SPDX-License-Identifier: MIT
#
#   check-redirect.sh BUILD
#
# What the linked libraries may refer to. The race library reaches interposed functions only through
# its stubs, needs nothing but libc and libunwind, has a few words of static TLS, and exports
# only names that belong to it.
set -u
build=$1
race=$build/lib/libgorc_race.so.0
passed=0 failed=0

# expect NAME VIOLATIONS: passes when the text is empty.
expect() {
    if [ -z "$2" ]; then
        passed=$((passed + 1))
        echo "ok   $1"
    else
        failed=$((failed + 1))
        echo "FAIL $1"
        printf '%s\n' "$2" | head -n 20 | sed 's/^/     /'
    fi
}

names=$(nm --defined-only "$build/race/all.o" | sed -n 's/^[0-9a-f]* [Tt] dt_interpose_//p' | sort -u)
expect "there are interposed functions" "$([ -n "$names" ] || echo none)"

undefined=$(nm --undefined-only "$build/race/all.o" | awk '{ print $NF }' | sort -u)
expect "the race library refers to no interposed name" "$(comm -12 <(echo "$names") <(echo "$undefined"))"
expect "every interposed name is exported" "$(comm -23 <(echo "$names") \
    <(nm -D --defined-only "$race" | awk '{ print $NF }' | sed 's/@.*//' | sort -u))"

# A name that the stubs jump to must exist in libc. Functions of libstdc++ and libatomic may be
# missing: their interposers ask first (base/reals.h).
libc=$(ldd "$race" | awk '$1 ~ /^libc\.so/ { print $3 }')
expect "libc has every interposed name" "$(comm -23 \
    <(echo "$names" | grep -vE '^(_ZNSt|_Zn[wa]|_Zd[la]|__cxa_guard_|__atomic_)') \
    <(nm -D --defined-only "$libc" | awk '{ print $NF }' | sed 's/@.*//' | sort -u))"

needed() {
    readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE "$2"
}
expect "the race library needs libc and libunwind only" \
    "$(needed "$race" '^(libc\.so|ld-linux|libunwind\.so)')"
expect "the production library needs libc and libunwind only" \
    "$(needed "$build/lib/libgorc.so.0" '^(libc\.so|ld-linux|libunwind\.so)')"

# dt_self, one more pointer of the detector, and lib's pointer to the running worker.
tls=$(($(readelf -lW "$race" | awk '$1 == "TLS" { print $6 }')))
expect "static TLS of the race library is at most 64 bytes" \
    "$([ "$tls" -gt 0 ] && [ "$tls" -le 64 ] || echo "$tls bytes")"

# Exports: gorc_*, the compilers' ABI, annotations, the C++ ABI's guards, interposed names.
exported() {
    nm -D --defined-only "$1" | awk '{ print $NF }' | sed 's/@.*//' | sort -u
}
expect "the production library exports gorc_* only" \
    "$(exported "$build/lib/libgorc.so.0" | grep -vE '^gorc_')"
expect "the race library exports nothing else" "$(comm -23 <(exported "$race" |
    grep -vE '^(gorc_|__tsan_|Annotate|__sanitizer_|RunningOnValgrind|ThreadSanitizerQuery|ValgrindSlowdown|WTFAnnotate)') \
    <(echo "$names"))"
expect "both export the same gorc_* functions" "$(comm -3 \
    <(exported "$build/lib/libgorc.so.0" | grep '^gorc_') <(exported "$race" | grep '^gorc_'))"
expect "a text relocation or an executable stack in neither" "$(for l in "$race" \
    "$build/lib/libgorc.so.0"; do
    readelf -dW "$l" | grep TEXTREL
    readelf -lW "$l" | grep -E 'GNU_STACK.*E'
done)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
