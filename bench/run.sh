#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `make bench`: builds gorc's benchmarks and its peers', runs them interleaved, prints tables of
# ratios. See README.md beside this script for what is measured and for the format of results.tsv.
#
#   BENCH_QUICK=1     a quarter of the work, 3 repetitions
#   BENCH_REPS=N      repetitions (5)
#   BENCH_ONLY=REGEX  only the works whose "TABLE/WORK" matches
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
build=$(cd "${BUILD:-build}" && pwd)
dir=$build/bench
results=$dir/results.tsv
quick=${BENCH_QUICK:-0}
[ "$quick" = 0 ] && reps=${BENCH_REPS:-5} divide=1 || reps=${BENCH_REPS:-3} divide=4
only=${BENCH_ONLY:-.}
limit=60
mkdir -p "$dir"
: >"$results"
export LD_LIBRARY_PATH=$build/lib

say() {
    printf '%s\n' "$*"
}

# --- building ---

have_gcc_runtime=1 have_clang=1 have_go=1 have_go_race=1

build_all() {
    gcc -std=gnu11 -O2 -o "$dir/measure" "$here/measure.c" || exit 1
    gcc -std=gnu11 -O2 -g -I"$root/include" -o "$dir/library" "$here/library.c" \
        -L"$build/lib" -lgorc -pthread || exit 1
    gcc -std=gnu11 -O2 -g -I"$root/include" -o "$dir/echo_server" "$here/echo_server.c" \
        -L"$build/lib" -lgorc -pthread || exit 1
    gcc -std=gnu11 -O2 -o "$dir/echo_load" "$here/echo_load.c" || exit 1
    CC=gcc "$build/bin/gorc" cc -std=gnu11 -O2 -g -I"$root/include" -o "$dir/library.race" \
        "$here/library.c" || exit 1
    if command -v go >/dev/null; then
        (cd "$here/go" && GOFLAGS=-mod=mod GO111MODULE=off go build -o "$dir/library.go" main.go) ||
            have_go=0
        (cd "$here/go/echo" && GO111MODULE=off go build -o "$dir/echo_server.go" echo.go) || have_go=0
        (cd "$here/go" && GO111MODULE=off go build -race -o "$dir/library.go-race" main.go) ||
            have_go_race=0
    else
        have_go=0 have_go_race=0
    fi
    command -v clang-19 >/dev/null || have_clang=0
    local source name
    for source in "$here"/detector/*.c; do
        name=$(basename "$source" .c)
        gcc -std=gnu11 -O2 -g -fsanitize=thread -c -o "$dir/$name.gcc.o" "$source" || exit 1
        gcc -fsanitize=thread -o "$dir/$name.v2" "$dir/$name.gcc.o" -pthread || have_gcc_runtime=0
        CC=gcc "$build/bin/gorc" cc -o "$dir/$name.gorc-gcc" "$dir/$name.gcc.o" -pthread || exit 1
        [ $have_clang = 1 ] || continue
        clang-19 -std=gnu11 -O2 -g -fsanitize=thread -c -o "$dir/$name.clang.o" "$source" || exit 1
        clang-19 -fsanitize=thread -o "$dir/$name.v3" "$dir/$name.clang.o" -pthread || have_clang=0
        CC=clang-19 "$build/bin/gorc" cc -o "$dir/$name.gorc-clang" "$dir/$name.clang.o" -pthread ||
            exit 1
        clang-19 -std=gnu11 -O2 -g -o "$dir/$name.plain" "$source" -pthread || exit 1
    done
}

# gcc 12's runtime needs few bits of address randomisation; all runs get the same layout.
fixed=
setarch -R true 2>/dev/null && fixed="setarch -R"

# --- running ---

# measure TABLE WORK VARIANT COMMAND...: one line of results.tsv
measure() {
    local table=$1 work=$2 variant=$3
    shift 3
    printf '%s\t%s\t%s\t%s\t%s\n' "$table" "$work" "$variant" "$rep" \
        "$("$dir/measure" $limit $fixed "$@")" >>"$results"
}

wanted() {
    [[ $1 =~ $only ]]
}

library() { # library WORK N
    wanted "library/$1" || return 0
    local n=$(($2 / divide)) procs
    for procs in 1 2; do
        measure library "$1" "gorc-$procs" env GORC_PROCS=$procs "$dir/library" "$1" $n
        [ $have_go = 0 ] || measure library "$1" "go-$procs" env GOMAXPROCS=$procs "$dir/library.go" "$1" $n
    done
}

late() { # late N: how late the latest of N sleepers is, printed as it is
    wanted "late/sleepers" || return 0
    local procs
    for procs in 1 2; do
        measure late sleepers "gorc-$procs" env GORC_PROCS=$procs "$dir/library" sleepers-late "$1"
        [ $have_go = 0 ] ||
            measure late sleepers "go-$procs" env GOMAXPROCS=$procs "$dir/library.go" sleepers-late "$1"
    done
}

echo_row() { # echo_row CONNECTIONS REQUESTS: CPU of the server alone, the client is the same
    wanted "library/tcp-echo" || return 0
    local n=$(($2 / divide)) procs
    for procs in 1 2; do
        loaded "gorc-$procs" "$1" $n env GORC_PROCS=$procs "$dir/echo_server"
        [ $have_go = 0 ] || loaded "go-$procs" "$1" $n env GOMAXPROCS=$procs "$dir/echo_server.go"
    done
}

loaded() { # loaded VARIANT CONNECTIONS REQUESTS SERVER...
    local variant=$1
    shift
    printf 'library\ttcp-echo\t%s\t%s\t%s\n' "$variant" "$rep" \
        "$(timeout $limit "$dir/echo_load" "$@" || printf '0\t0\t0\t124\t-')" >>"$results"
}

under_race() { # under_race WORK N
    wanted "race/$1" || return 0
    local n=$(($2 / divide)) procs
    for procs in 1 2; do
        measure race "$1" "gorc-$procs" env GORC_PROCS=$procs "$dir/library.race" "$1" $n
        [ $have_go_race = 0 ] ||
            measure race "$1" "go-$procs" env GOMAXPROCS=$procs "$dir/library.go-race" "$1" $n
    done
}

detector() { # detector LABEL PROGRAM N THREADS ["VAR=VALUE ..."]
    wanted "detector/$1" || return 0
    local n=$3 variant variables=${5:-}
    [ "$2" = calls ] || [ "$2" = matrix ] || n=$(($3 / divide))
    for variant in plain v3 gorc-clang v2 gorc-gcc; do
        [ -x "$dir/$2.$variant" ] || continue
        [ $variant != v2 ] || [ $have_gcc_runtime = 1 ] || continue
        measure detector "$1" $variant env $variables "$dir/$2.$variant" "$n" "$4"
    done
}

real() { # zstd of `make check-real`, built there with each compiler, with and without gorc
    wanted "detector/zstd" || return 0
    local variant
    for variant in plain v3 gorc-clang v2 gorc-gcc; do
        [ -x "$dir/zstd.$variant" ] &&
            measure detector "zstd -T2" $variant bash "$here/zstd.sh" "$dir/zstd.$variant" "$dir/corpus"
    done
}

run_all() {
    library ping-pong 2000000
    library buffered-1 10000000
    library buffered-4 10000000
    library buffered-16 10000000
    library spawn-join 1500000
    library spawn-batches 2000000
    library select-default 4000000
    library select-ready 3000000
    library select-blocking 1000000
    library yield 8000000
    library mutex-1 30000000
    library mutex-4 20000000
    library rwmutex-read 30000000
    library sleepers 100000
    late 100000
    echo_row 64 400000
    detector "matrix multiply, 2 threads" matrix 448 2
    detector "recursive calls" calls 35 2
    detector "sharded hash table" hash 1500000 2
    detector "tree and list, malloc/free" tree 600 2
    detector "mutex, 2 threads" mutexes 1500000 2
    detector "mutex, 64 threads" mutexes 1500000 64
    detector "table scanned, 2 threads" table 20000000 2 TABLE=scan
    detector "table scanned, 8 threads" table 20000000 8 TABLE=scan
    detector "table at random, 2 threads" table 20000000 2 TABLE=random
    detector "table at random, 8 threads" table 20000000 8 TABLE=random
    detector "table scanned, 64 threads" table 20000000 64 TABLE=scan
    detector "table at random, 64 threads" table 20000000 64 TABLE=random
    detector "  mutex per 1000, 8 threads" table 10000000 8 TABLE=mutex
    detector "  mutex per 1000, 64 threads" table 10000000 64 TABLE=mutex
    detector "  rwlock per 1000, 8 threads" table 10000000 8 TABLE=rwlock
    detector "  rwlock per 1000, 64 threads" table 10000000 64 TABLE=rwlock
    detector "  mutex, bounded, 8 threads" table 10000000 8 "TABLE=mutex GORC_OPTIONS=precision=bounded"
    detector "  random, bounded, 64 threads" table 20000000 64 "TABLE=random GORC_OPTIONS=precision=bounded"
    detector "mixed-field structs" structs 20000 2
    detector "memory copies" copies 80000 2
    detector "atomics" atomics 8000000 2
    real
    under_race ping-pong 500000
    under_race buffered-1 1500000
    under_race buffered-4 1500000
    under_race mutex-1 2000000
    under_race mutex-4 1500000
    under_race spawn-join 150000
    under_race spawn-batches 200000
}

say "bench: building"
build_all
[ $have_go = 1 ] || say "bench: skipped: Go is not here or does not build"
[ $have_go_race = 1 ] || say "bench: skipped: go build -race does not work here"
[ $have_clang = 1 ] || say "bench: skipped: clang-19's race runtime is not here"
[ $have_gcc_runtime = 1 ] || say "bench: skipped: gcc's race runtime is not here"
if ! sh "$here/zstd-build.sh" "$build" "$dir" >"$dir/zstd.log" 2>&1; then
    say "bench: skipped: zstd ($(tail -n 1 "$dir/zstd.log"))"
fi
say "bench: $reps repetitions, interleaved; medians; ratios below 1 are in gorc's favour"
for rep in $(seq "$reps"); do
    run_all
done
awk -f "$here/tables.awk" "$results" | tee "$dir/RESULTS"
