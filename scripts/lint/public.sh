#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Public headers: no reserved identifier but the compilers' own, and nothing outside gorc's names.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

compilers='__cplusplus|__attribute__|__GNUC__|__clang__|__has_[a-z_]+|__builtin_[a-z_]+|__VA_ARGS__|__COUNTER__|__LINE__|__FILE__|__typeof__|__extension__|__STDC_[A-Z_]+__|__SANITIZE_THREAD__|__x86_64__|__aarch64__|__errno_location|__restrict'
while read -r f; do
    while IFS=: read -r line word; do
        printf '%s\n' "$word" | grep -qxE "$compilers" || bad "$f:$line" "reserved name '$word'"
    done < <(grep -noE '[A-Za-z0-9_]*__[A-Za-z0-9_]*' "$f")
    while IFS=: read -r line word; do
        bad "$f:$line" "macro '$word' is not gorc's"
    done < <(grep -nE '^[[:space:]]*#[[:space:]]*define' "$f" |
        sed -E 's/^([0-9]+):[[:space:]]*#[[:space:]]*define[[:space:]]+([A-Za-z0-9_]+).*/\1:\2/' |
        grep -vE ':(GORC_|gorc_|errno$)')
done < <(find include -name '*.h' | sort)
finish
