#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The documents tested: README.md's programs and commands are run and give the printed output, the
# make targets and links that documents name exist, and docs/options.md is what flags.def says.
#
# In README.md, '<!-- file: NAME -->' before a block makes it a file, '<!-- run: status N -->' makes
# it a session: lines with '$ ' are run, the others are their output, and N is the last status.
set -u
cd "$(dirname "$0")/.." || exit 1
export GORC=$PWD BUILD
BUILD=$(cd "${BUILD:-build}" && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

result() { # STATUS NAME [FILE]
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok   $2"
    else
        failed=$((failed + 1))
        echo "FAIL $2"
        [ -z "${3:-}" ] || head -n 60 "$3" | sed 's/^/     /'
    fi
}

# Splits README.md: files as they are named, sessions as session-N with their status in status-N.
awk -v dir="$dir" '
    /^<!-- file: / { name = dir "/" $3; next }
    /^<!-- run: status / { n++; name = dir "/session-" n; print $4 + 0 > (dir "/status-" n); next }
    /^```/ && inside { inside = 0; name = ""; next }
    /^```/ { inside = 1; if (name != "") printf "" > name; next }
    inside && name != "" { print > name }' README.md

# What differs from run to run: addresses, which goroutine came first, times. The order of the two
# accesses is the schedule's.
normal() {
    sed -E 's/0x[0-9a-f]+/ADDR/g; s/\bg[0-9]+\b/gN/g; s/== [0-9a-f]{16} ==/== FINGERPRINT ==/
        s/counter\.c:1[78]/counter.c:N/; s/[0-9.]+ (ms|us|s)$/TIME/
        s/^ Seen .*//; s/(is|was) (read|written) by/ACCESSED by/g
        s/\((1|2)\) (earlier )?(read|write) of/ACCESS of/' | grep -v '^$'
}

for session in $(ls "$dir" | grep '^session-' | sort -t- -k2 -n); do
    n=${session#session-}
    : >"$dir/got"
    (
        cd "$dir" || exit 1
        # One worker: how far the other goroutine has come when a race is seen is part of the report.
        export PATH=$BUILD/bin:$PATH GORC_OPTIONS= GORC_PROCS=1
        status=0
        while IFS= read -r command; do
            command=${command#'$ '}
            # The tree may be built elsewhere than in build/.
            eval "${command//\$GORC\/build/$BUILD}" >>got 2>&1 </dev/null
            status=$?
        done < <(grep '^\$ ' "$session")
        echo $status >got-status
    )
    grep -v '^\$ ' "$dir/$session" | normal >"$dir/want-normal"
    normal <"$dir/got" >"$dir/got-normal"
    diff "$dir/want-normal" "$dir/got-normal" >"$dir/diff"
    result $? "README.md, session $n: output" "$dir/diff"
    cmp -s "$dir/got-status" "$dir/status-$n"
    result $? "README.md, session $n: status $(cat "$dir/status-$n")" "$dir/got"
done

# Make targets that are named anywhere.
: >"$dir/missing"
make -qp : 2>/dev/null | sed -nE 's/^([a-z][a-z0-9-]*):.*/\1/p' | sort -u >"$dir/targets"
for target in $(cat README.md CONTRIBUTING.md docs/*.md | grep -oE '(^|`)make [a-z][a-z0-9-]+' |
    sed 's/.*make //' | sort -u); do
    grep -qx "$target" "$dir/targets" || echo "make $target" >>"$dir/missing"
done
[ ! -s "$dir/missing" ]
result $? "the make targets that documents name exist" "$dir/missing"

: >"$dir/missing"
for doc in README.md CONTRIBUTING.md CHANGELOG.md docs/*.md; do
    while read -r link; do
        [ -e "$(dirname "$doc")/${link%%#*}" ] || echo "$doc: $link" >>"$dir/missing"
    done < <(grep -oE '\]\([^)]+\)' "$doc" | sed 's/^](//; s/)$//' | grep -vE '^(https?:|#)')
done
[ ! -s "$dir/missing" ]
result $? "links between documents lead somewhere" "$dir/missing"

# Files of the tree that documents name in backquotes.
: >"$dir/missing"
for file in $(cat README.md CONTRIBUTING.md docs/*.md |
    grep -oE '`(lib|detector|tools|tests|scripts|docs|examples|include|mk|bench)/[A-Za-z0-9_./-]+`' |
    tr -d '`' | sort -u); do
    [ -e "${file%/}" ] || echo "$file" >>"$dir/missing"
done
[ ! -s "$dir/missing" ]
result $? "the files that documents name exist" "$dir/missing"

sh scripts/options.sh >"$dir/options"
diff <(sed -n '/^<!-- begin/,/^<!-- end/p' docs/options.md | grep '^|') "$dir/options" >"$dir/diff"
result $? "docs/options.md is what flags.def says (scripts/options.sh)" "$dir/diff"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
