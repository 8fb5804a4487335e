#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The lint checks tested: a small tree that every check passes, then one violation planted into a
# copy of it, which the check named for it must find, with the file and line.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

# A clean tree with one file of each layer.
clean=$dir/clean
mkdir -p "$clean"/{include/gorc,lib/base,lib/sched,lib/chan,detector/core,detector/report,tools,tests}
cp "$top/.clang-format" "$top/.editorconfig" "$clean/"
put() { # FILE, text from stdin
    { echo "/* SPDX-License-Identifier: MIT */"; cat; } >"$clean/$1"
}
put include/gorc/go.h <<'EOF'
#ifndef GORC_GO_H
#define GORC_GO_H
#ifdef __cplusplus
extern "C" {
#endif
void gorc_yield(void);
#ifdef __cplusplus
}
#endif
#endif
EOF
put lib/base/ring.h <<'EOF'
#ifndef GORC_RING_H
#define GORC_RING_H
#include <stddef.h>
size_t gorc__ring_size(void);
#endif
EOF
put lib/base/ring.c <<'EOF'
#include "base/ring.h"

/* malloc(strcpy) in a comment, "free(" in a string: no call. */
size_t gorc__ring_size(void)
{
    return sizeof "free(1) /* not a comment";
}
EOF
put lib/sched/runq.c <<'EOF'
#include <gorc/go.h>
#include "base/ring.h"

void gorc_yield(void)
{
    gorc__ring_size();
}
EOF
put lib/chan/chan.c <<'EOF'
#include "base/ring.h"
EOF
put detector/core/clock.c <<'EOF'
#include <stddef.h>
EOF
put tools/gorc.c <<'EOF'
#include <stdio.h>
EOF

result() { # OK NAME
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
        echo "ok   $2"
    else
        failed=$((failed + 1))
        echo "FAIL $2"
        sed 's/^/     /' "$dir/out"
    fi
}

cd "$clean" && bash "$here/lint.sh" >"$dir/out" 2>&1
result $? "a clean tree passes"

# plant CHECK WHERE NAME: runs the commands of stdin in a copy; CHECK must fail and name WHERE.
plant() {
    rm -rf "$dir/copy"
    cp -r "$clean" "$dir/copy"
    cd "$dir/copy" || exit 1
    eval "$(cat)"
    bash "$here/lint/$1.sh" >"$dir/out" 2>&1
    local status=$?
    [ $status -ne 0 ] && grep -qF -- "$2" "$dir/out"
    result $? "$1 finds: $3"
}

plant format lib/base/ring.c:6 "an indentation that is off" <<'EOF'
sed -i 's/    return/  return/' lib/base/ring.c
EOF
plant text lib/chan/chan.c:1 "no newline at the end" <<'EOF'
printf '%s' "$(cat lib/chan/chan.c)" >lib/chan/chan.c
EOF
plant text README.md:2 "blanks at the end of a line" <<'EOF'
printf 'one\ntwo \n' >README.md
EOF
plant text tools/gorc.c:3 "a tab" <<'EOF'
printf '\tint x;\n' >>tools/gorc.c
EOF
plant text README.md:1 "a carriage return" <<'EOF'
printf 'one\r\n' >README.md
EOF
plant text tools/gorc.c:1 "a missing licence line" <<'EOF'
sed -i 1d tools/gorc.c
EOF
plant deps lib/base/ring.c:2 "an include against the direction" <<'EOF'
mkdir -p lib/sched && touch lib/sched/g.h
sed -i '2i #include "sched/g.h"' lib/base/ring.c
EOF
plant deps lib/chan/chan.c:3 "lib that includes the detector" <<'EOF'
touch detector/core/clock.h
echo '#include "../../detector/core/clock.h"' >>lib/chan/chan.c
EOF
plant deps detector/core/clock.c:3 "the detector's core that includes lib" <<'EOF'
touch lib/hooks.h
echo '#include "lib/hooks.h"' >>detector/core/clock.c
EOF
plant deps lib/chan/chan.c:3 "a sibling folder" <<'EOF'
mkdir lib/sync && touch lib/sync/sema.h
echo '#include "sync/sema.h"' >>lib/chan/chan.c
EOF
plant deps tools/gorc.c:3 "tools that include lib" <<'EOF'
echo '#include "../lib/base/ring.h"' >>tools/gorc.c
EOF
plant deps lib/chan/chan.c:3 "tests included" <<'EOF'
touch tests/support.h
echo '#include "../../tests/support.h"' >>lib/chan/chan.c
EOF
plant deps lib/chan/chan.c:3 "libunwind out of its place" <<'EOF'
echo '#include <libunwind.h>' >>lib/chan/chan.c
EOF
plant deps lib/base/ring.h:2 "uthash in a header" <<'EOF'
sed -i '2i #include <uthash.h>' lib/base/ring.h
EOF
plant deps "detector/report/clock.c:1: has the name of detector/core/clock.c" "two files of one name" <<'EOF'
cp detector/core/clock.c detector/report/clock.c
EOF
plant deps lib/new/thing.c:2 "a folder without a rule" <<'EOF'
mkdir lib/new && { head -n 1 lib/base/ring.h; echo '#include "base/ring.h"'; } >lib/new/thing.c
EOF
plant headers lib/base/ring.h:1 "an internal header that needs another" <<'EOF'
sed -i '/stddef/d' lib/base/ring.h
EOF
plant headers include/gorc/go.h:1 "a public header that is not C++" <<'EOF'
sed -i 's/void gorc_yield(void);/int gorc_class(int new);/' include/gorc/go.h
EOF
plant headers include/gorc/go.h:1 "a public header that is not C11" <<'EOF'
sed -i 's/void gorc_yield(void);/bool gorc_yield(void);/' include/gorc/go.h
EOF
plant headers include/gorc/go.h:1 "a header without a guard" <<'EOF'
sed -i '/GORC_GO_H/d; $d; s/void gorc_yield(void);/struct gorc_x { int y; };/' include/gorc/go.h
EOF
for f in strcpy sprintf alloca; do
    plant banned tools/gorc.c:3 "$f" <<EOF
echo 'void f(char *a, char *b) { ($f(a, b)); }' >>tools/gorc.c
EOF
done
plant banned lib/chan/chan.c:4 "malloc in lib" <<'EOF'
printf '/* two\n lines */ int *p = malloc(4);\n' >>lib/chan/chan.c
EOF
plant banned detector/core/clock.c:3 "free in the detector" <<'EOF'
echo 'void f(void *p) { free(p); }' >>detector/core/clock.c
EOF
plant sizes lib/base/ring.h:1 "a file of 701 lines" <<'EOF'
for i in $(seq 701); do echo "/* $i */"; done >lib/base/ring.h
EOF
plant sizes "function 'gorc_yield' has 101 lines" "a function of 101 lines" <<'EOF'
{
    echo "void gorc_yield(void)"; echo "{"
    for i in $(seq 101); do echo "    gorc__ring_size();"; done
    echo "}"
} >lib/sched/runq.c
EOF
plant public "reserved name 'gorc__hidden'" "a reserved name in a public header" <<'EOF'
sed -i 's/gorc_yield/gorc__hidden/' include/gorc/go.h
EOF
plant public "macro 'MAX'" "a foreign macro in a public header" <<'EOF'
echo '#define MAX(a, b) ((a) > (b) ? (a) : (b))' >>include/gorc/go.h
EOF

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
