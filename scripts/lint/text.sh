#!/bin/bash
# SPDX-License-Identifier: MIT
#
# .editorconfig: final newline, no blanks at line ends, no carriage return, tabs only where the
# format asks for them. And the licence line first in every source file.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Patches, sources of Go and expected outputs are not ours to lay out.
mapfile -t files < <(find . \( -name .git -o -path ./build -o -path './build-*' \) -prune -o -type f \
    ! -name '*.patch' ! -name '*.go' ! -name '*.png' ! -name '*.exact' ! -name '*.glob' \
    -printf '%P\n' | xargs -r -d '\n' grep -lI '' | sort)

for f in "${files[@]}"; do
    [ -z "$(tail -c 1 "$f")" ] || bad "$f:1" "no newline at the end"
done
while IFS=: read -r file line _; do
    bad "$file:$line" "blanks at the end of the line"
done < <(grep -nHE '[[:blank:]]+$' "${files[@]}")
while IFS=: read -r file line _; do
    bad "$file:$line" "carriage return"
done < <(grep -nH $'\r' "${files[@]}")
while IFS=: read -r file line _; do
    case $file in
    Makefile | */Makefile | *.mk | *.gdb) ;;
    *) bad "$file:$line" "tab" ;;
    esac
done < <(grep -nH $'\t' "${files[@]}")

mapfile -t sources < <(tree '*.c' '*.h' '*.S')
for f in "${sources[@]}"; do
    head -n 1 "$f" | grep -qF 'SPDX-License-Identifier: MIT' ||
        bad "$f:1" "the first line is not the SPDX line"
done
finish
