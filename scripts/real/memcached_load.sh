# SPDX-License-Identifier: MIT
#
# Shared by the tests that load a memcached with tests/real/memcached_client.c. After common.sh.

client=$work/memcached_client
if [ "$root/tests/real/memcached_client.c" -nt "$client" ]; then
    gcc -std=gnu11 -O1 -g -Wall -Wextra -o "$client" "$root/tests/real/memcached_client.c" -pthread ||
        fail "the client builds"
fi

# load DIR NAME CONNECTIONS REQUESTS SERVER...: runs SERVER on a unix socket and the client against it. The
# client's output becomes DIR/NAME.out, the server's DIR/NAME.err. Status: the server's, or 125 when the client
# failed. Both are bounded in time.
load() {
    local dir=$1 name=$2 connections=$3 requests=$4 socket server status i
    shift 4
    # A path that fits a socket's address however deep the build folder is.
    socket=$(mktemp -d)/s
    timeout -k 10 300 "$@" -u "$(id -un)" -A -s "$socket" -t 3 -o hashpower=12 \
        >"$dir/$name.err" 2>&1 &
    server=$!
    for i in $(seq 300); do
        [ ! -S "$socket" ] || break
        kill -0 $server 2>/dev/null || break
        sleep 0.1
    done
    timeout -k 10 280 "$client" "$socket" "$connections" "$requests" \
        >"$dir/$name.out" 2>"$dir/$name.client"
    i=$?
    [ $i -eq 0 ] || kill $server 2>/dev/null
    wait $server
    status=$?
    rm -rf "$(dirname "$socket")"
    if [ $i -ne 0 ]; then
        cat "$dir/$name.client" >>"$dir/$name.err"
        return 125
    fi
    return $status
}
