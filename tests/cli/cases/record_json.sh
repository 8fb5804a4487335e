# SPDX-License-Identifier: MIT
# The JSON record, its fingerprints, and printing it again.

case_json_record() {
    run_is 66 "$gorc" run --json rec.json -- "$target" race
    schema_ok rec.json
    grep -q '"function": "bump"' rec.json || fail "no function"
    grep -q '"file": ".*/cli_target.c"' rec.json || fail "no file"
    grep -q '"source": "counter++;"' rec.json || fail "no source"
    grep -q '"name": "counter"' rec.json || fail "no name of the global"
    [ "$(findings rec.json)" = 1 ] || fail "not one finding"
}

case_json_clean() {
    run_is 0 "$gorc" run --json rec.json -- "$target"
    schema_ok rec.json
    [ "$(findings rec.json)" = 0 ] || fail "a finding"
}

case_report_again() {
    run_is 66 "$gorc" run --json rec.json -- "$target" race
    "$gorc" report rec.json >again || fail "report"
    cmp -s err again || fail "the text differs: $(diff err again)"
    "$gorc" report rec.json --json - >again.json || fail "report --json"
    schema_ok again.json
    [ "$(fingerprints rec.json)" = "$(fingerprints again.json)" ] || fail "the fingerprints differ"
}

# Names of local variables and lock discipline come back from the record, too.
case_report_again_findings() {
    for name in race_local race_discipline; do
        "$gorc" cc -O1 -g -I"$root/tests/findings" -o p "$root/tests/findings/$name.c" -pthread ||
            fail "gorc cc $name"
        run_is 66 "$gorc" run --json rec.json -- ./p
        schema_ok rec.json
        "$gorc" report rec.json >again || fail "report"
        cmp -s err again || fail "the text differs: $(diff err again)"
    done
    grep -q '"discipline"' rec.json || fail "no discipline"
}

# Another directory, other line numbers, other addresses: the same finding.
case_fingerprint_stable() {
    mkdir one two
    cp "$here/cli_target.c" one/prog.c
    { sed 1q "$here/cli_target.c"; echo " * one line"; echo " * more"; sed 1d "$here/cli_target.c"; } \
        >two/prog.c
    for d in one two; do
        (cd $d && "$gorc" cc -O1 -o prog prog.c) || fail "gorc cc"
        for n in 1 2; do
            run_is 66 "$gorc" run --json $d$n.json -- $d/prog race
        done
    done
    for f in one2 two1 two2; do
        [ "$(fingerprints one1.json)" = "$(fingerprints $f.json)" ] || fail "$f has another one"
    done
    sed 's/counter++/counter += 2/' one/prog.c >one/changed.c
    (cd one && "$gorc" cc -O1 -o changed changed.c) || fail "gorc cc"
    run_is 66 "$gorc" run --json changed.json -- one/changed race
    [ "$(fingerprints one1.json)" != "$(fingerprints changed.json)" ] || fail "another bug, the same one"
}

case_text_no_colour() {
    run_is 66 "$gorc" run -- "$target" race
    ! grep -q "$(printf '\033')" err || fail "colour in a file"
    [ "$(awk 'length > 100' err | wc -l)" = 0 ] || fail "lines of more than 100 columns"
}

case_not_instrumented() {
    gcc -O1 -o plain "$here/cli_target.c" -pthread || fail gcc
    run_is 0 "$gorc" run -- ./plain race say
    out_is said
    last_is 'gorc: no findings \(.*; accesses checked: no\)'
    run_is 0 env LD_PRELOAD="$lib" ./plain say
    out_is said
    last_is 'gorc: no findings \(.*; accesses checked: no\)'
}

case_preload_is_kept() {
    echo 'int gorc_test_marker(void) { return 1; }' >m.c
    gcc -shared -fPIC -o libm_arker.so m.c || fail gcc
    run_is 0 env LD_PRELOAD="$PWD/libm_arker.so" "$gorc" run -- /bin/sh -c 'echo $LD_PRELOAD'
    grep -q libm_arker.so out || fail "the program's own LD_PRELOAD is lost"
}

case_text_names_locks() {
    run_is 66 "$gorc" run -- "$target" race-with-locks
    grep -qE "holding '(first|second)'" err || fail "the lock has no name"
    [ "$(grep -cE "^     '(first|second)' \(0x[0-9a-f]+\) taken at$" err)" = 2 ] || fail "where?"
    err_has " Fix     both hold a lock, but not the same one: "
}

# libc's own start of a thread is left out, the program's function of a like name is not.
case_text_ends_at_the_entry_function() {
    cat >entry.c <<'C'
#include <pthread.h>
static int shared;
static void *clone_items(void *arg)
{
    shared++;
    return arg;
}
int main(void)
{
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], 0, clone_items, 0);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], 0);
}
C
    "$gorc" cc -g -O0 -o entry entry.c || fail "gorc cc"
    run_is 66 "$gorc" run -- ./entry
    err_has "clone_items  entry.c:5"
    err_lacks "start_thread"
    err_lacks "clone3"
    err_lacks "libc"
}

# For what libc does below main its debug file, if there is one, is not opened.
case_json_names_nothing_below_main() {
    cat >stuck.c <<'C'
#include <gorc.h>
int main(void)
{
    gorc_chan_recv(gorc_chan_new(0, 0), NULL);
}
C
    "$gorc" cc -g -O0 -I"$root/include" -o stuck stuck.c || fail "gorc cc"
    run_is 2 "$gorc" run --json json -- ./stuck
    grep -q '"function": *"main"' json || fail "main has no name"
    ! grep -q "__libc_start_call_main\|libc-start.c" json || fail "libc's debug file was opened"
}

# What lies between pthread_once and its initialiser is the detector's own; a free that comes too
# early is called one.
case_text_of_once_and_free() {
    cat >once.c <<'C'
#include <pthread.h>
#include <stdlib.h>
static pthread_once_t once;
static int *block, has_read;
static void initialise(void)
{
    free(block);
}
static void *reads(void *arg)
{
    arg = block[1] ? arg : NULL;
    __atomic_store_n(&has_read, 1, __ATOMIC_RELAXED);
    return arg;
}
int main(void)
{
    pthread_t t;
    block = calloc(4, sizeof *block);
    pthread_create(&t, 0, reads, 0);
    while (!__atomic_load_n(&has_read, __ATOMIC_RELAXED))
        ;
    pthread_once(&once, initialise);
    pthread_join(t, 0);
}
C
    "$gorc" cc -g -O0 -o once once.c || fail "gorc cc"
    run_is 66 "$gorc" run -- ./once
    err_has "is freed by main and was read by t1"
    err_has "main        once.c:22"
    err_lacks "dt_once"
}
