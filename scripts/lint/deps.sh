#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Includes between folders go only in the directions of layers.txt; nobody includes tests; each
# foreign library has its places; file names are unique within the library (include/ and lib/), the
# detector and the tools, so that a name means one concept.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
rules=$(dirname "${BASH_SOURCE[0]}")/layers.txt

declare -A allowed
while IFS=: read -r layer list; do
    allowed[$layer]=$list
done < <(grep -v '^#' "$rules")

# Sets `target` to the file of the tree that FILE means by INCLUDE; fails when it is none.
resolve() { # FILE INCLUDE
    local dir top=${1%%/*}
    for dir in "$(dirname "$1")" include $([ "$top" = include ] || echo "$top") \
        $([ "$top" = detector ] || [ "$top" = tools ] && echo .); do
        if [ -e "$dir/$2" ]; then
            target=${dir#./}/$2
            target=${target#./}
            case $target in
            *..*) target=$(realpath --relative-to=. "$dir/$2") ;;
            esac
            return 0
        fi
    done
    return 1
}

foreign() { # PLACE FILE INCLUDE
    case $3 in
    libunwind.h)
        case $2 in
        detector/report/unwind.c | lib/base/*.c | tools/*.c) ;;
        *) bad "$1" "libunwind has its places: detector/report/unwind.c, lib/base" ;;
        esac
        ;;
    uthash.h | utlist.h | utarray.h)
        case $2 in
        *.h) bad "$1" "uthash in a header" ;;
        include/*) bad "$1" "uthash in a public header" ;;
        esac
        ;;
    criterion/*) bad "$1" "Criterion outside tests" ;;
    elfutils/* | libelf.h | gelf.h | jansson.h | dwarf.h)
        case $2 in
        tools/*) ;;
        *) bad "$1" "'$3' outside tools" ;;
        esac
        ;;
    esac
}

while IFS=: read -r file line text; do
    case $file in
    lib/*.[ch] | lib/*.S) [ "${file%/*}" = lib ] && layer=lib || layer=${file%/*} ;;
    detector/*) layer=${file%/*} ;;
    *) layer=${file%%/*} ;;
    esac
    inc=$(printf '%s\n' "$text" | sed -E 's/^[^"<]*["<]([^">]*)[">].*/\1/')
    if ! resolve "$file" "$inc"; then
        case $text in
        *\"*) bad "$file:$line" "'$inc' is not in a folder that $layer may look in" ;;
        *) foreign "$file:$line" "$file" "$inc" ;;
        esac
        continue
    fi
    [ -n "${allowed[$layer]+x}" ] || {
        bad "$file:$line" "folder '$layer' is not in scripts/lint/layers.txt"
        continue
    }
    ok=
    for a in "$layer" ${allowed[$layer]}; do
        case $target in
        "$a" | "$a"/*) ok=1 ;;
        esac
    done
    # A bare `lib` means the headers of lib itself, not its folders.
    [ "$layer" = lib ] && [[ $target == lib/*/* ]] && ok=
    [ -n "$ok" ] || bad "$file:$line" "$layer may not include '$target' (docs/ARCHITECTURE.md)"
done < <(for d in include lib analysis detector tools; do [ ! -d $d ] || find $d -name '*.[chS]'; done |
    sort | xargs -r grep -nHE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]')

for group in "include lib" "analysis detector" tools; do
    while read -r a b; do
        bad "$b:1" "has the name of $a"
    done < <(for d in $group; do [ ! -d $d ] || find $d -type f -name '*.[chS]'; done |
        sed 's|.*/\(.*\)|\1 &|' | sort |
        awk '$1 == name { print file " " $2 } { name = $1; file = $2 }')
done
finish
