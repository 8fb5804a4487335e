#!/bin/bash
# SPDX-License-Identifier: MIT
#
#   redis.sh [COMPILER...]      (gcc clang-19)
#
# redis from Debian's source package under the detector, with four I/O threads and its background
# threads at work: it serves redis-benchmark, then a fixed list of commands with the replies of the
# build without instrumentation, and every report is accounted for.
source "$(dirname "$0")/common.sh"
[ $# -gt 0 ] || set -- gcc clang-19
known=$root/tests/real/redis.known
requests=${REDIS_REQUESTS:-4000}
need_source redis

# build NAME [make variables]: a copy of the source in $work/redis-NAME, built there once.
build() {
    local name=$1 dir=$work/redis-$1
    shift
    [ ! -e "$dir/.built" ] || return 0
    echo "     building redis ($name)"
    [ -d "$dir" ] || cp -a "$work/redis" "$dir"
    make -C "$dir/src" -j2 MALLOC=libc USE_SYSTEMD=no OPTIMIZATION=-O2 redis-server redis-benchmark \
        redis-cli "$@" >"$dir.log" 2>&1 && touch "$dir/.built"
}

build plain CC=gcc || {
    fail "redis builds without instrumentation" "$work/redis-plain.log"
    close_count
}
tools=$work/redis-plain/src

commands() {
    cat <<'END'
FLUSHALL
SET a 1
INCRBY a 41
APPEND text hello
RPUSH list 1 2 3 4 5
LRANGE list 0 -1
HSET h f1 v1 f2 v2
HGETALL h
ZADD z 3 c 1 a 2 b
ZRANGE z 0 -1 WITHSCORES
SADD s x
SMEMBERS s
SETRANGE big 300000 x
UNLINK big
EVAL "return redis.call('GET', KEYS[1])" 1 a
BITCOUNT text
TTL a
OBJECT ENCODING list
DEL list
DBSIZE
END
}

# load DIR NAME SERVER...: serves the benchmark and the commands, and ends. Replies: DIR/NAME.out
load() {
    local dir=$1 name=$2 home server status i
    shift 2
    home=$(mktemp -d)
    timeout -k 10 400 "$@" --port 0 --unixsocket "$home/s" --dir "$home" --save "" \
        --appendonly yes --appendfsync always --io-threads 4 --io-threads-do-reads yes \
        --daemonize no >"$dir/$name.err" 2>&1 &
    server=$!
    for i in $(seq 600); do
        [ "$("$tools/redis-cli" -s "$home/s" PING 2>/dev/null)" != PONG ] || break
        kill -0 $server 2>/dev/null || break
        sleep 0.1
    done
    timeout 300 "$tools/redis-benchmark" -s "$home/s" -q -n "$requests" -c 40 -P 4 --threads 2 \
        -t set,get,incr,lpush,rpop,sadd,hset,zadd,mset >"$dir/$name.bench" 2>&1 ||
        echo "the benchmark failed" >>"$dir/$name.err"
    commands | timeout 100 "$tools/redis-cli" -s "$home/s" >"$dir/$name.out" 2>&1
    timeout 60 "$tools/redis-cli" -s "$home/s" SHUTDOWN NOSAVE >>"$dir/$name.err" 2>&1
    wait $server
    status=$?
    rm -rf "$home"
    return $status
}

out=$work/out-redis
mkdir -p "$out"
load "$out" want "$tools/redis-server"
expect "redis without instrumentation serves the load" "$out/want.err" [ $? -eq 0 ]

for compiler; do
    out=$work/out-redis-$compiler
    mkdir -p "$out"
    rm -f "$out"/*
    if ! build "$compiler" CC="env GORC_CC=$compiler CC=$compiler $gorc cc"; then
        fail "$compiler: redis builds with gorc cc" "$work/redis-$compiler.log"
        continue
    fi
    ok "$compiler: redis builds with gorc cc"
    load "$out" run "$gorc" run --json "$out/run.json" -- "$work/redis-$compiler/src/redis-server"
    status=$?
    case $status in
    0 | 66) ok "$compiler: serves the load and ends" ;;
    *) fail "$compiler: serves the load: status $status" "$out/run.err" ;;
    esac
    expect "$compiler: same replies as without" "$out/run.err" \
        cmp -s "$work/out-redis/want.out" "$out/run.out"
    if ! jq -e '.summary.accesses == "yes"' "$out/run.json" >/dev/null 2>&1; then
        fail "$compiler: no record, or accesses not checked" "$out/run.err"
        continue
    fi
    pairs_of_record "$out/run.json" redis-server >"$out/pairs"
    : >"$out/native"
    unaccounted "$out/pairs" "$out/native" "$known" >"$out/unaccounted"
    expect "$compiler: every race accounted for ($(wc -l <"$out/pairs") pairs)" "$out/unaccounted" \
        [ ! -s "$out/unaccounted" ]
    jq -r '.findings[] | select(.kind != "data-race" and .counts) | .kind + " " + .message' \
        "$out/run.json" >"$out/others"
    expect "$compiler: nothing but races counts" "$out/others" [ ! -s "$out/others" ]
done
close_count
