# SPDX-License-Identifier: MIT
# However a program ends, what was found is recorded.

case_end_fast_exits() {
    run_is 66 "$gorc" run -- "$target" race _exit=0
    has_race
    last_is "gorc: 1 finding .*"
    run_is 66 "$gorc" run -- "$target" race quick_exit=0
    has_race
    run_is 4 "$gorc" run -- "$target" race _exit=4
    has_race
    run_is 66 "$target" race _exit=0
    has_race
    last_is "gorc: 1 finding .*"
    run_is 66 "$target" race quick_exit=0
    has_race
}

case_end_closed_descriptors() {
    run_is 66 "$gorc" run -- "$target" close race
    has_race
    run_is 66 "$target" race close
    has_race
}

case_end_exec() {
    run_is 66 "$gorc" run --json rec.json -- "$target" race exec say
    out_is said
    has_race
    schema_ok rec.json
    [ "$(findings rec.json)" = 1 ] || fail "not one finding"
}

case_end_children() {
    run_is 66 "$gorc" run --json rec.json -- "$target" children=2
    [ "$(grep -c '^== gorc: data race' err)" = 2 ] || fail "not two races"
    last_is "gorc: 2 findings \(2 data races; accesses checked: (yes|partly); processes: 3\)"
    schema_ok rec.json rec.json.*
    [ "$(ls rec.json.* | wc -l)" = 2 ] || fail "not two more records"
    cat rec.json.* >all
    [ "$(fingerprints all | uniq | wc -l)" = 1 ] || fail "the fingerprints differ"
    run_is 0 "$gorc" run --follow=none -- /bin/sh -c "$target race; true"
}

case_end_signal_to_gorc() {
    "$gorc" run -- "$target" race hang >out 2>err &
    pid=$! child=
    # the hanging program has three threads more once it is where it should be
    until [ -n "$child" ] && [ "$(ls /proc/"$child"/task 2>/dev/null | wc -l)" -ge 4 ]; do
        kill -0 $pid || fail "it has ended"
        child=$(cat /proc/$pid/task/$pid/children 2>/dev/null | tr -d ' ')
    done
    kill -TERM $pid
    wait $pid
    [ $? = 143 ] || fail "not SIGTERM's status"
    has_race
}

case_end_killed() {
    run_is 137 "$gorc" run --json rec.json -- "$target" race raise=9
    has_race
    last_is "gorc: 1 finding \(1 data race; accesses checked: yes\)"
    schema_ok rec.json
    grep -q '"complete": false' rec.json || fail "the record counts as complete"
    run_is 137 "$gorc" run -- /bin/sh -c 'kill -9 $$'
    last_is "gorc: no findings \(.*; accesses checked: no\)"
    # the child of an instrumented program, killed before it does anything
    run_is 66 "$gorc" run -- "$target" race children=1
    last_is "gorc: .*; accesses checked: yes; processes: 2\)"
}

case_end_halt_on_error() {
    run_is 66 env GORC_OPTIONS=halt_on_error=1 "$target" race say
    out_is ""
    has_race
    run_is 66 env GORC_OPTIONS=halt_on_error=1 "$gorc" run -- "$target" race say
    out_is ""
    has_race
}

case_end_without_helper() {
    cp "$lib" libgorc_race.so.0
    run_is 66 env LD_LIBRARY_PATH="$PWD" LD_PRELOAD="$PWD/libgorc_race.so.0" "$target" race
    has_race
    err_has "cli_target+"
    # a read and a write that race with the same write are told apart without symbols
    last_is "gorc: (1 finding|2 findings) \((1 data race|2 data races); accesses checked: yes\)"
    err_lacks '{"'
}

case_end_broken_helper() {
    run_is 66 env GORC_OPTIONS=helper=/bin/false "$target" race
    err_has '{"finding":{'
    last_is "gorc: (1 finding|2 findings) .*"
    run_is 66 env GORC_OPTIONS=helper=/none/gorc "$target" race
    err_has "cannot run the helper '/none/gorc'"
    has_race
}

case_dump_goroutines() {
    cat >g.c <<'C'
#include <gorc.h>
GORC_CHAN(ints, int)
static ints queue;
static void consumer(void *arg)
{
    int v;
    (void)arg;
    ints_recv(ints_rx_of(queue), &v);
}
int main(void)
{
    queue = ints_new(0);
    for (int i = 0; i < 50; i++)
        gorc_go(consumer, NULL);
    for (;;)
        gorc_sleep(GORC_SECOND);
}
C
    "$gorc" cc -O1 -o g g.c || fail "gorc cc"
    run_is 124 "$gorc" run --timeout 5s --json rec.json -- ./g
    err_has "gorc: process"
    err_has "chan receive"
    err_has " alike)"
    err_has "consumer"
    err_has "in sleep"
    schema_ok rec.json
    [ "$(grep -c '"kind": "goroutine"' rec.json)" = 50 ] || fail "not 50 goroutines in the dump"
}

case_report_hook() {
    cat >h.c <<'C'
#include <gorc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
static int n;
static long shared;
static void on_finding(const struct gorc_finding *f, void *arg)
{
    if (strcmp(f->kind, "data-race") == 0 && f->nstacks >= 2 && f->stacks[1].nframes > 0 &&
        strncmp(f->stacks[1].role, "earlier ", 8) == 0 && f->object == &shared)
        ++*(int *)arg;
}
static void *add(void *arg)
{
    shared++;
    return arg;
}
int main(void)
{
    pthread_t t;
    gorc_set_report_hook(on_finding, &n);
    pthread_create(&t, NULL, add, NULL);
    shared++;
    pthread_join(t, NULL);
    puts(n > 0 ? "hooked" : "not hooked");
    return 0;
}
C
    "$gorc" cc -O1 -o h h.c || fail "gorc cc"
    run_is 66 "$gorc" run -- ./h
    out_is hooked
    echo race:^add$ >rules
    run_is 0 "$gorc" run --suppressions rules -- ./h
    out_is "not hooked"
    run_is 0 env GORC_OPTIONS=suppressions=rules ./h
    out_is "not hooked"
    echo race:^sub$ >rules
    run_is 66 "$gorc" run --suppressions rules -- ./h
    out_is hooked
}
