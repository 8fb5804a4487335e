#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Each header compiles alone, twice in a row: public ones as C11 and C++17 without extensions,
# internal ones as the sources that use them.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

try() { # FILE HOW COMMAND...
    local file=$1 how=$2 out
    shift 2
    if ! out=$(printf '#include "%s"\n#include "%s"\n' "$file" "$file" |
        "$@" -Wall -Wextra -Werror -fsyntax-only - 2>&1); then
        bad "$file:1" "does not compile alone as $how"
        printf '%s\n' "$out" | sed -n 's/^/    /;1,4p'
    fi
}

while read -r f; do
    case $f in
    include/*)
        try "$f" C11 gcc -std=c11 -pedantic -I. -Iinclude -xc
        try "$f" C++17 g++ -std=c++17 -pedantic -I. -Iinclude -xc++
        try "$f" "C11 (clang)" clang-14 -std=c11 -pedantic -I. -Iinclude -xc
        ;;
    lib/*)
        try "$f" "C11, production" gcc -std=gnu11 -I. -Iinclude -Ilib -xc
        try "$f" "C11, race library" gcc -std=gnu11 -DGORC_DETECT=1 -I. -Iinclude -Ilib -xc
        ;;
    detector/*) try "$f" C11 gcc -std=gnu11 -mcx16 -DGORC_DETECT=1 -Iinclude -Idetector -I. -xc ;;
    tools/*) try "$f" C11 gcc -std=gnu11 -I. -Iinclude -Itools -xc ;;
    esac
done < <(tree '*.h')
finish
