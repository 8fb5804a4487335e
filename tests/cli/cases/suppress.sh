# SPDX-License-Identifier: MIT
# Suppressions, baseline, format=tsan and TSAN_OPTIONS.

case_suppress_function() {
    echo 'race:^bump$' >rules
    run_is 0 "$gorc" run --suppressions rules -- "$target" race
    last_is 'gorc: no findings \(.*; accesses checked: yes; suppressed: 2\)'
    err_has "gorc: 2 findings suppressed by rules:1 race:^bump$"
}

case_suppress_kinds() {
    for rule in race:cli_target.c 'race_top:b*p' data-race:function=bump data-race:file='/cli_target.c$' \
        race:cli_target any:object='^counter$' data-race:module='/cli_target$' called_from_lib:cli_target; do
        printf '# a comment\n\n  %s  \n' "$rule" >rules
        run_is 0 "$gorc" run --suppressions rules -- "$target" race
        err_has "suppressed by rules:3 $rule"
    done
    for rule in race:xyzzy race_top:bump_thread thread:bump deadlock:bump signal:bump mutex:bump \
        leak:bump data-race:object=bump 'race:^ump' 'race:bum$'; do
        echo "$rule" >rules
        run_is 66 "$gorc" run --suppressions rules -- "$target" race
        has_race
        err_has "gorc: suppression not used: rules:1 $rule"
    done
}

# A rule for libc's function leaves out what it did, and only that.
case_suppress_callee() {
    cat >m.c <<'C'
#include <pthread.h>
#include <string.h>
char shared[64], other[64];
static volatile size_t size = 64;
__attribute__((noinline)) static void copy(char *p) { memcpy(p, other, size); p[1]++; }
static void *run(void *arg) { copy(shared); return arg; }
int main(void)
{
    pthread_t t;
    pthread_create(&t, NULL, run, NULL);
    copy(shared);
    pthread_join(t, NULL);
    return 0;
}
C
    for more in "-O0" "-O2" "-O2 -fno-plt" "-O2 -no-pie"; do
        for CC in gcc clang-19; do
            export CC
            "$gorc" cc $more -o m m.c -pthread || fail "gorc cc $more"
            run_is 66 "$gorc" run --json rec.json -- ./m
            schema_ok rec.json
            last_is 'gorc: .* accesses checked: yes\)'
            grep -q '"calls": "memcpy"' rec.json || fail "$CC $more: no call of memcpy"
            for rule in race:memcpy race_top:^memcpy$ race:function=memcpy; do
                echo "$rule" >rules
                "$gorc" run --suppressions rules -- ./m 2>err
                err_has "suppressed by rules:1 $rule"
            done
            for rule in race:^memcp$ race:file=memcpy; do
                echo "$rule" >rules
                run_is 66 "$gorc" run --suppressions rules -- ./m
                err_has "suppression not used: rules:1 $rule"
            done
        done
    done
    unset CC
}

case_suppress_fingerprint() {
    run_is 66 "$gorc" run --json first -- "$target" race
    echo "fingerprint:$(fingerprints first)" >rules
    run_is 0 "$gorc" run --json second --suppressions rules -- "$target" race
    schema_ok second
    grep -q '"suppressed": [12]' second || fail "the record does not say how many"
}

case_suppress_bad_file() {
    run_is 2 "$gorc" run --suppressions no/such -- "$target" say
    err_has "cannot read the suppressions 'no/such'"
    out_is ""
    printf 'race:a\nrice:b\n' >rules
    run_is 2 "$gorc" run --suppressions rules -- "$target" say
    err_has "rules:2: unknown kind 'rice'"
    printf 'race:\n' >rules
    run_is 2 "$gorc" run --suppressions rules -- "$target" say
    err_has "rules:1: no pattern"
    printf 'race\n' >rules
    run_is 2 env GORC_OPTIONS=suppressions=rules "$target" say
    err_has "rules:1: not KIND:PATTERN"
    out_is ""
    run_is 2 env TSAN_OPTIONS=suppressions=no/such "$gorc" run -- "$target" say
}

case_suppress_bare() {
    echo race:bump >rules
    run_is 0 env GORC_OPTIONS=suppressions=rules "$target" race
    last_is '.*accesses checked: yes; suppressed: 2\)'
    run_is 0 env TSAN_OPTIONS="suppressions=rules print_suppressions=0" "$target" race
    err_lines_are 1
    echo race:other >rules
    run_is 66 env GORC_OPTIONS=suppressions=rules "$target" race
    has_race
}

case_suppress_halt() {
    echo race:bump >rules
    run_is 0 env GORC_OPTIONS=halt_on_error=1:suppressions=rules "$target" race say
    out_is said
    run_is 66 env GORC_OPTIONS=halt_on_error=1 "$target" race say
    out_is ""
    run_is 0 env GORC_OPTIONS=halt_on_error=1 "$gorc" run --suppressions rules -- "$target" race say
    out_is said
}

case_suppress_by_program() {
    cat >own.c <<'C'
#include <pthread.h>
int x;
const char *__tsan_default_suppressions(void) { return "race:^racer$\n"; }
static void *racer(void *p) { x++; return p; }
int main(void)
{
    pthread_t t;
    pthread_create(&t, 0, racer, 0);
    x++;
    return pthread_join(t, 0);
}
C
    "$gorc" cc -g -o own own.c || fail "does not compile"
    run_is 0 "$gorc" run -- ./own
    err_has "suppressed by __tsan_default_suppressions:1 race:^racer$"
    run_is 0 ./own
}

case_baseline() {
    run_is 66 "$gorc" run --json base -- "$target" race
    run_is 0 "$gorc" run --baseline base --json new -- "$target" race
    last_is 'gorc: no findings \(.*; accesses checked: yes; in the baseline: 1\)'
    err_has "gorc: in the baseline: data race $(fingerprints base) 'counter' at "
    schema_ok new
    run_is 0 "$gorc" run --json clean -- "$target" say
    run_is 66 "$gorc" run --baseline clean -- "$target" race
    run_is 2 "$gorc" run --baseline no/such -- "$target" say
    err_has "cannot read the baseline 'no/such'"
    echo '{}' >broken
    run_is 2 "$gorc" run --baseline broken -- "$target" say
    out_is ""
}

case_tsan_options() {
    run_is 9 env TSAN_OPTIONS="exitcode=9 history_size=7" "$target" race
    run_is 9 env TSAN_OPTIONS=exitcode=9,verbosity=1 "$gorc" run -- "$target" race
    run_is 3 env TSAN_OPTIONS=exitcode=9 GORC_OPTIONS=exitcode=3 "$target" race
    run_is 0 env TSAN_OPTIONS=report_bugs=0 "$gorc" run -- "$target" race
    run_is 66 env TSAN_OPTIONS=halt_on_error=1 "$target" race say
    out_is ""
    run_is 66 env TSAN_OPTIONS=log_path=log "$target" race
    set -- log.*
    [ $# = 1 ] && has_race "$1" || fail "no log.PID"
    run_is 66 env TSAN_OPTIONS=no_such_thing=1 "$target" race
    err_has "gorc: TSAN_OPTIONS: 'no_such_thing' is not known and has no effect"
    run_is 2 env TSAN_OPTIONS=exitcode=x "$target" say
    err_has "gorc: TSAN_OPTIONS: not a number: 'x'"
}

# tests/cli/tsan/*.c: the compilers' own runtime and ours, addresses and numbers aside, say the same
case_format_tsan() {
    sh "$here/tsan/compare.sh" "$gorc" "$here/tsan" || fail "the texts differ"
}

# Symbols are looked up in bulk: a search through the debug information for each would take minutes.
case_many_findings() {
    {
        echo '#include <pthread.h>'
        echo 'static pthread_t t[2];'
        seq 10000 | sed 's/.*/struct { int a, b[4]; } v&; static void f&(int k) { v&.b[2] += k; }/'
        echo 'static void *all(void *p) { int k = p != 0;'
        seq 10000 | sed 's/.*/f&(k);/'
        echo 'return p; }'
        echo 'int main(void) { for (int i = 0; i < 2; i++) pthread_create(&t[i], 0, all, 0);'
        echo 'for (int i = 0; i < 2; i++) pthread_join(t[i], 0); return 0; }'
    } >many.c
    "$gorc" cc -g -O0 -o many many.c || fail "does not compile"
    run_is 66 "$gorc" run --json many.json -- ./many
    last_is 'gorc: 10000 findings \(10000 data races; accesses checked: yes\)'
    err_has "'v9999.b[2]' (global"
}
