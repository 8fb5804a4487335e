#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Every C file and header is formatted as clang-format 14 does with .clang-format.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mapfile -t files < <(tree '*.c' '*.h')
[ ${#files[@]} -gt 0 ] || exit 0
while IFS=: read -r file line _; do
    bad "$file:$line" "not formatted (make format)"
done < <(printf '%s\0' "${files[@]}" |
    xargs -0 clang-format-14 --dry-run -Werror --ferror-limit=1 2>&1 |
    grep -aE '^[^ ].*: error: ')
finish
