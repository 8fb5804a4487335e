#!/bin/sh
# SPDX-License-Identifier: MIT
#
# compare.sh GORC DIR: each DIR/*.c under gcc's own race runtime and under gorc with format=tsan.
# What may differ is made the same: addresses, numbers of processes and threads, offsets, whether a
# thread has ended, the numbers of locks, and where in the runtime a call of libc lies. Not the words, functions and lines.
set -u
gorc=$1 dir=$2
fixed=
setarch -R true 2>/dev/null && fixed="setarch -R"

normal() {
    sed -n '/^====/,$p' "$1" | grep -vE '^gorc: |^ThreadSanitizer: reported' |
        sed -E 's/0x[0-9a-f]+/ADDR/g; s/pid=[0-9]+/pid=N/; s/tid=[0-9]+, (running|finished)/tid=N/
            s/ \([^ ()]*\+ADDR\)//; s/^(    #0 (pthread_[a-z_]+|malloc|free)) .*/\1/
            s/\bM[0-9]+/M/g
            /Location is global .<null>./,+1d
            /^ *Hint: use TSAN_OPTIONS/,+1d'
}

failed=0 done=0
for source in "$dir"/*.c; do
    name=$(basename "$source" .c)
    gcc -g -O1 -fsanitize=thread -o "$name.theirs" "$source" || exit 1
    gcc -g -O1 -fsanitize=thread -c -o "$name.o" "$source" && "$gorc" cc -o "$name" "$name.o" || exit 1
    TSAN_OPTIONS= timeout 60 $fixed "./$name.theirs" >theirs.out 2>theirs.err
    theirs=$?
    timeout 60 "$gorc" run --format tsan -- "./$name" >ours.out 2>ours.err
    ours=$?
    normal theirs.err >theirs
    normal ours.err >ours
    if ! diff theirs ours >diff.out || [ $theirs != $ours ]; then
        echo "$name: status $theirs there, $ours here"
        cat diff.out
        failed=$((failed + 1))
    fi
    done=$((done + 1))
done
[ $failed = 0 ] && [ $done -ge 15 ]
