# SPDX-License-Identifier: MIT
#
# Shared by the lint checks. Each check looks at the tree in the current folder, prints every
# violation as FILE:LINE: TEXT on stdout and returns the status of finish.

violations=0

bad() {
    violations=$((violations + 1))
    echo "$1: $2"
}

finish() {
    [ "$violations" -eq 0 ]
}

# tree PATTERN...: files of the repository by name, build products and fetched sources left out.
tree() {
    local first=1 args=() p
    for p in "$@"; do
        [ $first = 1 ] || args+=(-o)
        args+=(-name "$p")
        first=0
    done
    find . \( -name .git -o -path ./build -o -path './build-*' \) -prune -o \
        -type f \( "${args[@]}" \) -printf '%P\n' | sort
}
