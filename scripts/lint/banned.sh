#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Functions that have no place here: unbounded string copies everywhere, the program's allocator in
# the libraries (lib/base/alloc*.c wraps it for lib; the detector has its own).
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Code without comments and strings, FILE:LINE:TEXT.
code() {
    awk '
    FNR == 1 { comment = 0 }
    {
        line = $0
        out = ""
        while (line != "") {
            if (comment) {
                at = index(line, "*/")
                if (!at) { line = ""; break }
                line = substr(line, at + 2); comment = 0
            } else if (match(line, /"([^"\\]|\\.)*"|\/\*|\/\//)) {
                out = out substr(line, 1, RSTART - 1)
                token = substr(line, RSTART, 2)
                line = substr(line, RSTART + RLENGTH)
                if (token == "//") line = ""
                else if (token == "/*") comment = 1
                else out = out "\"\""
            } else { out = out line; line = "" }
        }
        print FILENAME ":" FNR ":" out
    }' "$@"
}

report() { # WHAT REGEX FILES...
    local what=$1 regex=$2
    shift 2
    [ $# -gt 0 ] || return
    while IFS=: read -r file line _; do
        bad "$file:$line" "$what"
    done < <(code "$@" | grep -E "^[^:]*:[0-9]*:(.*[^a-zA-Z0-9_>.])?($regex)[[:space:]]*\(")
}

mapfile -t all < <(tree '*.c' '*.h')
# The interposers are of these functions, and the race tests call them.
report "unbounded copy, alloca or gets" 'strcpy|strcat|sprintf|vsprintf|alloca|gets|stpcpy' \
    $(printf '%s\n' "${all[@]}" | grep -vE '^detector/interpose/|^tests/(race|findings)/')
mapfile -t own < <(printf '%s\n' "${all[@]}" |
    grep -E '^(lib|detector)/' | grep -vE '^lib/base/alloc[^/]*$|^detector/interpose/')
report "the program's allocator; use lib/base/alloc.h or detector/base/dalloc.h" \
    'malloc|calloc|realloc|free|strdup|strndup|posix_memalign|aligned_alloc|asprintf' "${own[@]}"
finish
