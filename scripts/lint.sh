#!/bin/bash
# SPDX-License-Identifier: MIT
#
#   lint.sh [CHECK...]    runs the checks of scripts/lint (all) on the tree in the current folder
set -u
here=$(cd "$(dirname "$0")" && pwd)/lint
all="format text deps headers banned sizes public"
passed=0 failed=0
for check in ${*:-$all}; do
    if out=$(bash "$here/$check.sh"); then
        echo "ok   $check"
        passed=$((passed + 1))
    else
        echo "FAIL $check"
        printf '%s\n' "$out" | head -n 40 | sed 's/^/     /'
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
