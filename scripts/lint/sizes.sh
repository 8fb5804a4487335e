#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Files up to 700 lines, functions up to 100. Longer functions that have a reason stand in
# long-functions.txt; an entry that is no longer needed is a violation too.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
allow=$(dirname "${BASH_SOURCE[0]}")/long-functions.txt

mapfile -t files < <(tree '*.c' '*.h' '*.S' '*.sh' '*.mk')
[ ${#files[@]} -gt 0 ] || exit 0
while read -r n f; do
    [ "$f" = total ] || [ "$n" -le 700 ] || bad "$f:1" "$n lines; split it at 700"
done < <(wc -l "${files[@]}")

# The format puts a function's braces, and no others, alone into the first column.
mapfile -t c < <(printf '%s\n' "${files[@]}" | grep '\.[ch]$')
used=
while read -r place name lines; do
    if grep -qE "^$name( |\$)" "$allow"; then
        used="$used $name"
    else
        bad "$place" "function '$name' has $lines lines; split it at 100"
    fi
done < <([ ${#c[@]} -eq 0 ] || awk '
    FNR == 1 { inside = 0; head = "" }
    !inside && /^\{/ {
        inside = 1; start = FNR; name = head
        sub(/^DT_INTERPOSE\([^,]*, */, "", name)
        if (match(name, /[A-Za-z_0-9]+[ ]*[(,]/)) name = substr(name, RSTART, RLENGTH - 1)
    }
    inside && /^\}/ {
        if (FNR - start - 1 > 100) print FILENAME ":" start, name, FNR - start - 1
        inside = 0
    }
    !inside && /^[A-Za-z_].*[(]/ { head = $0 }
    ' "${c[@]}")
while read -r name _; do
    case $name in '' | '#'*) continue ;; esac
    case " $used " in *" $name "*) ;; *) bad "$allow:1" "'$name' is no long function" ;; esac
done <"$allow"
finish
