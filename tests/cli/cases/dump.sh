# SPDX-License-Identifier: MIT
#
# gorc dump: of live processes, with and without gorc in them.

# dump_build NAME [COMPILER OPTIONS]: tests/dump/NAME.c becomes ./NAME
dump_build() {
    name=$1
    shift
    gcc -g "$@" -I"$root/include" "$root/tests/dump/$name.c" -o "$name" ${static:-} \
        ${static:+-lunwind -llzma} ${dynamic:+-L"$build/lib" -Wl,-rpath,"$build/lib" -lgorc} -pthread ||
        fail "cannot build $name"
}

# start PROGRAM [ARGS]: sets pid once the program is ready; it ends when descriptor 9 is closed
start() {
    rm -f control started
    mkfifo control started
    timeout 600 "$@" <control >started 2>said &
    waiter=$!
    exec 9>control 8<started
    pid=
    read -r _ pid <&8
    [ -n "$pid" ] || fail "$1 did not start: $(cat said)"
}

# finish STATUS
finish() {
    exec 9>&-
    cat <&8 >rest
    exec 8<&-
    wait $waiter
    got=$?
    [ "$got" = "$1" ] || fail "the program's status is $got: $(cat said rest)"
}

place() { grep -n "$2" "$root/tests/dump/$1.c" | cut -d: -f1; }
out_has() { grep -qF -- "$1" out || fail "the dump lacks: $1"; }
alive() { kill -0 "$1" 2>/dev/null || fail "the program has ended: $(cat said 2>/dev/null)"; }
settled() { # waits until as many threads of $pid as $1 sleep
    until [ "$(cat /proc/$pid/task/*/stat 2>/dev/null | grep -c ') S ')" -ge "$1" ]; do
        alive "$pid"
    done
}
at_rest() { # waits until all threads of $pid sleep: then every goroutine is where it waits
    until ! cat /proc/$pid/task/*/stat 2>/dev/null | grep -qv ') S '; do alive "$pid"; done
}
start_abba() { # sets pid once it is ready, and abba
    rm -f started_line # of one before
    timeout 600 ./abba >started_line &
    abba=$!
    until grep -qs ready started_line; do alive $abba; done
    pid=$(awk '{ print $2 }' started_line)
}

case_dump_threads_in_a_deadlock() {
    for level in -O0 -O2; do
        dump_build abba $level
        start_abba
        settled 3
        run_is 0 "$gorc" dump "$pid" --json d.json
        out_has '== gorc: deadlock'
        out_has "abba.c:$(place abba 'STUCK: forwards')"
        out_has "abba.c:$(place abba 'STUCK: backwards')"
        out_has "abba.c:$(place abba 'STUCK: main')"
        out_has '2 threads wait for each other; 1 more wait behind them: main'
        grep -q "mutex lock 'second', held by t" out || fail "no holder"
        ! grep -q '^ Why ' out || fail "a deadlock is explained as a race is"
        last_is "gorc: process $pid: 1 deadlock \\(3 threads; stopped for .*\\)" out
        schema_ok d.json
        [ "$(jq -r '.findings[0] | .kind + " " + .certainty' d.json)" = "deadlock certain" ] ||
            fail "record: $(jq -c .findings d.json)"
        [ "$(jq '.dump | length' d.json)" = 3 ] || fail "record: not three threads"
        kill "$pid"
        wait $abba 2>/dev/null || :
    done
}

case_dump_a_plain_program() {
    for level in -O0 -O2; do
        dump_build threads $level
        start ./threads
        settled 7
        run_is 0 "$gorc" dump "$pid"
        for what in rwlock cond sem read epoll sleep main; do
            out_has "threads.c:$(place threads "PLACE: $what")"
        done
        grep -A1 '^     running' out | grep -q 'computer ' || fail 'the running thread has no stack'
        out_has "pthread rwlock rdlock 'table', held by main for at least"
        out_has "pthread cond wait 'change' for at least"
        out_has "semaphore wait 'slots'"
        out_has 'epoll_wait fd'
        last_is "gorc: process $pid: no deadlock \\(8 threads; .*\\)" out
        for i in 1 2 3 4 5 6 7 8 9 10; do
            timeout 300 "$gorc" dump "$pid" >/dev/null || fail "dump $i"
        done
        finish 0 # no call of it was interrupted
    done
}

check_service() {
    out_has '2 goroutines wait for each other; 30 more wait behind them'
    out_has "mutex lock 'account[7]', held by g3"
    out_has "chan send 'audit' (unbuffered); last received by g2"
    for who in auditor transfer customer; do
        out_has "service.c:$(place service "STUCK: $who")"
    done
    out_has "($1 alike)"
    out_has '(30 alike)'
    ! grep -q 'gorc__' out || fail "frames of the library are shown"
}

case_dump_ten_thousand_goroutines() {
    dynamic=1 dump_build service -O2
    start ./service 10000
    at_rest
    run_is 0 "$gorc" dump "$pid" --json d.json
    check_service 10000
    grep -q "^main\|^ main" out || fail "no main"
    [ "$(jq '[.dump[] | select(.kind == "goroutine")] | length' d.json)" = 10033 ] ||
        fail "not all goroutines are in the record"
    [ "$(jq -r '.findings[0].certainty' d.json)" = likely ] || fail "certainty"
    schema_ok d.json
    finish 0
    grep -q 'worked [1-9]' rest || fail "the service did not go on"
}

case_dump_a_hundred_times() {
    dynamic=1 dump_build service -O2
    start ./service 1000
    at_rest
    run_is 0 "$gorc" dump "$pid"
    quickest=1000
    for i in $(seq 100); do
        timeout 300 "$gorc" dump "$pid" >out || fail "dump $i"
        ms=$(sed -n 's/.*stopped for \([0-9]*\)\.[0-9]* ms in all.*/\1/p' out)
        [ "${ms:-1000}" -ge $quickest ] || quickest=$ms
    done
    check_service 1000
    # The quickest of all: others use this machine too.
    [ "$quickest" -lt 10 ] || fail "each of 100 dumps stopped the threads for $quickest ms or more"
    finish 0
    grep -q 'worked [1-9]' rest || fail "the service did not go on"
}

case_dump_a_program_that_holds_the_library() {
    static=$build/lib/libgorc.a dump_build service -O2 "$build/lib/libgorc.a"
    start ./service 50
    at_rest
    run_is 0 "$gorc" dump "$pid"
    check_service 50
    finish 0
}

case_dump_static_programs() {
    dump_build abba -O2 -static
    start_abba
    settled 3
    run_is 0 "$gorc" dump "$pid"
    out_has '2 threads wait for each other; 1 more wait behind them: main'
    out_has 'pthread mutex lock'
    out_has "abba.c:$(place abba 'STUCK: backwards')"
    last_is "gorc: process $pid: 1 deadlock \\(3 threads; stopped for .*\\)" out
    kill "$pid"
    wait $abba 2>/dev/null || :
    dump_build threads -O0 -static
    start ./threads
    settled 7
    run_is 0 "$gorc" dump "$pid"
    out_has "pthread rwlock rdlock 'table', held by main for at least"
    out_has "pthread cond wait 'change' for at least"
    out_has "semaphore wait 'slots'"
    last_is "gorc: process $pid: no deadlock \\(8 threads; .*\\)" out
    finish 0
    static="$build/lib/libgorc.a -static" dump_build service -O2
    start ./service 50
    at_rest
    run_is 0 "$gorc" dump "$pid"
    check_service 50
    last_is "gorc: process $pid: 1 deadlock .*" out
    finish 0
}

case_dump_under_the_detector() {
    dynamic=1 dump_build service -O2
    start env LD_PRELOAD="$lib" GORC_OPTIONS=log_path=/dev/null ./service 50
    at_rest
    run_is 0 "$gorc" dump "$pid"
    out_has '2 goroutines wait for each other'
    exec 9>&- 8<&-
    wait $waiter || :
}

case_dump_a_deleted_program() {
    dump_build threads -O0
    start ./threads
    rm threads
    run_is 0 "$gorc" dump "$pid"
    out_has "threads.c:$(place threads 'PLACE: main')"
    finish 0
}

case_dump_bad_input() {
    run_is 2 "$gorc" dump
    err_has 'which process?'
    run_is 2 "$gorc" dump abc
    err_has "not a process id: 'abc'"
    run_is 2 "$gorc" dump 0
    run_is 2 "$gorc" dump 1 2
    run_is 2 "$gorc" dump --bogus 1
    run_is 2 "$gorc" dump --core x y
    run_is 99 "$gorc" dump 999999999
    err_has 'there is no such process'
    run_is 99 "$gorc" dump 2 # a kernel thread, or a process without memory to read
    err_lines_are 1
    dump_build abba -O0
    start_abba
    run_is 99 "$gorc" dump "$pid" --json /nowhere/d.json
    err_has "cannot write the JSON record '/nowhere/d.json'"
    if [ "$(id -u)" = 0 ]; then
        run_is 99 setpriv --reuid 65534 --clear-groups "$gorc" dump "$pid"
        err_has 'it may not be looked at'
    fi
    { "$gorc" dump "$pid" >/dev/full; } 2>err
    [ $? = 99 ] || fail "a full disk is not noticed"
    err_has 'cannot write to standard output'
    kill "$pid"
    wait $abba 2>/dev/null || :
}
