#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The main job, shown: a race, a leak, a double close and a send on a closed channel, each found in
# a program of examples/buggy and reported with the stacks of everyone involved. Run by `make demo`.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${BUILD:-build}" && pwd)
dir=$build/demo
gorc=$build/bin/gorc
mkdir -p "$dir"
cd "$root/examples/buggy" || exit 1
wrong=0

show() { # show NAME KIND
    echo
    echo "\$ gorc cc -g -O1 -o $1 $1.c && gorc run -- ./$1"
    "$gorc" cc -g -O1 -I"$root/include" -o "$dir/$1" "$1.c" || wrong=1
    "$gorc" run --json "$dir/$1.json" -- "$dir/$1"
    echo "exit status $?"
    grep -q "\"$2\"" "$dir/$1.json" || {
        echo "demo: no $2 was found in $1"
        wrong=1
    }
}

show race_map data-race
show leak_early_return goroutine-leak
show double_close double-close
show send_on_closed send-on-closed
echo
echo "\$ gorc cc -g -O1 -o mutex_map ../mutex_map.c && gorc run -- ./mutex_map"
"$gorc" cc -g -O1 -I"$root/include" -o "$dir/mutex_map" ../mutex_map.c || wrong=1
"$gorc" run -- "$dir/mutex_map" || wrong=1
exit $wrong
