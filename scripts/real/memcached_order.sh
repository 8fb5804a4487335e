#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A deadlock that does not happen, found in memcached: tests/real/memcached_order.patch takes two of
# its locks in one order where an item is linked and in the other where one is unlinked. Two clients,
# one after the other, have different worker threads do the one and the other. Asked for are the
# prediction with its four stacks, built by `gorc cc` and as it is with the library preloaded, and
# silence about lock order without the patch, and with it when both clients use the same key: then
# the item's own lock is a gate.
source "$(dirname "$0")/common.sh"
need_source memcached
touch "$work/memcached/aclocal.m4"
touch "$work/memcached"/{configure,config.h.in,Makefile.in}

build() { # NAME PATCH [configure arguments]: in $work/memcached-order-NAME, once
    local dir=$work/memcached-order-$1 patch=$2
    shift 2
    [ ! -e "$dir/.built" ] || return 0
    rm -rf "$dir"
    cp -a "$work/memcached" "$dir"
    [ -z "$patch" ] || patch -s -p1 -d "$dir" <"$patch" || return
    (cd "$dir" && ./configure --disable-docs "$@" && make -j2 AUTOHEADER=: memcached) \
        >"$dir.log" 2>&1 && touch "$dir/.built"
}

ask() { # PORT COMMAND...: a connection of its own
    local port=$1 command reply
    shift
    exec 3<>"/dev/tcp/127.0.0.1/$port" || return
    for command; do
        printf '%b\r\n' "$command" >&3
        read -r -t 60 reply <&3 || return
    done
    exec 3>&-
}

# drive NAME COMMAND...: the server under COMMAND, two clients, the end. Sets asked and status. The
# first client sets $first, the second one sets and deletes 'key'.
first=other
drive() {
    local name=$1 ports=$work/order-$1.port port server
    shift
    rm -f "$ports" "$work/order-$name.json"
    MEMCACHED_PORT_FILENAME=$ports timeout -k 10 200 "$@" -u "$(id -un)" -l 127.0.0.1 -p -1 -U 0 -t 2 \
        -A -o no_lru_maintainer,no_lru_crawler >"$work/order-$name.err" 2>&1 &
    server=$!
    for i in $(seq 300); do
        [ ! -s "$ports" ] || break
        kill -0 $server 2>/dev/null || break
        sleep 0.1
    done
    port=$(sed -n 's/^TCP INET: //p' "$ports" 2>/dev/null)
    ask "$port" "set $first 0 0 5\r\nvalue" && ask "$port" 'set key 0 0 5\r\nvalue' 'delete key'
    asked=$?
    exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'shutdown\r\n' >&3
    exec 3>&- || true
    wait $server
    status=$?
}

# The cycle of two, with each lock call inside the function that the patch changed.
predicted() { # RECORD
    jq -e '[(.processes? // [.]) | .[] | .findings[] | select(.kind == "lock-order") |
        [.stacks[] | select(.role == "locks" or .role == "holder") |
            [.frames[] | (.function // "?") + "@" + ((.file // "?") | sub(".*/"; ""))]] |
        select(length == 4) | flatten | . as $f |
        select(["item_link_q@items.c", "item_unlink_q@items.c"] |
            all(. as $want | [$f[] | select(. == $want)] | length == 2))] | length == 1' "$1" >/dev/null
}

silent() { # RECORD
    jq -e '[(.processes? // [.]) | .[] | .findings[] | select(.kind == "lock-order")] | length == 0' \
        "$1" >/dev/null
}

patch=$root/tests/real/memcached_order.patch
gcc_cc="env GORC_CC=gcc CC=gcc $gorc cc"
build planted "$patch" CC="$gcc_cc" CFLAGS="-O1 -g -fno-inline" ||
    { fail "memcached with the swapped locks builds" "$work/memcached-order-planted.log"; close_count; }
build native "$patch" CC=gcc CFLAGS="-O1 -g -fno-inline -fno-optimize-sibling-calls" ||
    { fail "the same without instrumentation builds" "$work/memcached-order-native.log"; close_count; }
build right "" CC="$gcc_cc" CFLAGS="-O1 -g -fno-inline" ||
    { fail "memcached as it is builds" "$work/memcached-order-right.log"; close_count; }

drive planted "$gorc" run --json "$work/order-planted.json" -- "$work/memcached-order-planted/memcached"
expect "swapped locks: serves and ends with 66" "$work/order-planted.err" [ "$asked $status" = "0 66" ]
expect "swapped locks: predicted, with four stacks" "$work/order-planted.err" \
    predicted "$work/order-planted.json"
drive native "$gorc" run --json "$work/order-native.json" -- "$work/memcached-order-native/memcached"
expect "swapped locks, not instrumented: ends with 66" "$work/order-native.err" [ $status -eq 66 ]
expect "swapped locks, not instrumented: predicted, with four stacks" "$work/order-native.err" \
    predicted "$work/order-native.json"
first=key
drive gate "$gorc" run --json "$work/order-gate.json" -- "$work/memcached-order-planted/memcached"
expect "swapped locks behind the item's lock: no lock order" "$work/order-gate.err" \
    silent "$work/order-gate.json"
first=other
drive right "$gorc" run --json "$work/order-right.json" -- "$work/memcached-order-right/memcached"
expect "memcached as it is: no lock order" "$work/order-right.err" silent "$work/order-right.json"
close_count
