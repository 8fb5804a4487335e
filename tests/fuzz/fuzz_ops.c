/* SPDX-License-Identifier: MIT
 *
 * libFuzzer target: runs the program that the bytes say on gorc, waits until all of its goroutines
 * have ended or are blocked, and asks the model. A misuse does not end the process here: the linker
 * puts __wrap_gorc__misuse_raise in its place, which notes it for the goroutine; the operation then
 * has no effect, as with on_misuse=continue.
 */
#include <gorc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooks.h"
#include "inspect.h"
#include "program.h"

static struct program program;
static struct run run;
static gorc_chan *chans[CHANS + 1];
static gorc_ctx *context;
static atomic_bool stopping;
static atomic_int left;
static unsigned long programs, skipped;

struct task {
    int number;
    uint64_t goid;
    bool misused;
};
static struct task tasks[MAX_TASKS];

static struct task *self(void)
{
    uint64_t goid = gorc_goid();
    for (int i = 0; i < program.tasks; i++)
        if (tasks[i].goid == goid)
            return &tasks[i];
    return NULL;
}

void __wrap_gorc__misuse_raise(const struct gorc__misuse *m, const void *pc);
void __wrap_gorc__misuse_raise(const struct gorc__misuse *m, const void *pc)
{
    struct task *t = self();
    (void)m, (void)pc;
    if (t)
        t->misused = true;
    else
        abort();
}

/* --- one operation --- */

static uint8_t received(int result, uint8_t value)
{
    return (uint8_t)(result == 1 ? VALUE + value : result == 0 ? CLOSED : WOULD_BLOCK);
}

static uint8_t do_single(struct task *t, const struct op *o)
{
    const struct step *s = &o->steps[0];
    gorc_chan *c = chans[s->chan];
    uint8_t value = 0, outcome = DONE;
    if (s->action == RECV && o->blocking)
        outcome = received(gorc_chan_recv(c, &value), value);
    else if (s->action == RECV) {
        int result = gorc_chan_try_recv(c, &value);
        outcome = received(result, value);
    } else if (s->action == CLOSE)
        gorc_chan_close(c);
    else if (s->action == CANCEL)
        gorc_ctx_cancel(context);
    else if (o->blocking)
        gorc_chan_send(c, &s->value);
    else if (!gorc_chan_try_send(c, &s->value))
        outcome = WOULD_BLOCK;
    return t->misused ? MISUSE : outcome;
}

static struct result do_select(struct task *t, const struct op *o)
{
    gorc_case cases[MAX_CASES];
    uint8_t values[MAX_CASES] = {0};
    for (int i = 0; i < o->n; i++) {
        const struct step *s = &o->steps[i];
        cases[i] = s->action == SEND ? gorc_case_send(chans[s->chan], &s->value)
                                     : gorc_case_recv(chans[s->chan], &values[i]);
    }
    int k = o->blocking ? gorc_select(cases, o->n) : gorc_select_try(cases, o->n);
    if (k < 0)
        return (struct result){WOULD_BLOCK, 0};
    struct result r = {DONE, (uint8_t)k};
    if (t->misused)
        r.outcome = MISUSE;
    else if (o->steps[k].action == RECV)
        r.outcome = received(cases[k].ok, values[k]);
    return r;
}

static void task_main(void *arg)
{
    struct task *t = arg;
    t->goid = gorc_goid();
    for (int i = 0; i < program.nops[t->number]; i++) {
        const struct op *o = &program.ops[t->number][i];
        t->misused = false;
        struct result r = {0, 0};
        if (o->is_select)
            r = do_select(t, o);
        else
            r.outcome = do_single(t, o);
        if (atomic_load(&stopping))
            break;
        run.results[t->number][i] = r;
        run.ended[t->number]++;
    }
    atomic_fetch_sub(&left, 1);
}

/* --- until all is quiet --- */

struct census {
    int blocked;
    uint64_t parks;
};

static bool count(const struct gorc__inspect_g *g, void *arg)
{
    struct census *c = arg;
    if (g->goid != 1 && g->state == GORC__G_BLOCKED) {
        c->blocked++;
        c->parks += g->parks;
    }
    return true;
}

/* Who wakes another runs: when all are blocked, and still in the same waits at a second look,
 * nothing will happen. */
static void wait_until_quiet(void)
{
    struct census before = {-1, 0}, now;
    for (;; before = now) {
        now = (struct census){0, 0};
        gorc_yield();
        int n = atomic_load(&left);
        gorc__inspect_goroutines(count, &now);
        if (now.blocked == n && n == atomic_load(&left) && before.blocked == n &&
            before.parks == now.parks)
            return;
    }
}

static void stop_the_blocked(void)
{
    atomic_store(&stopping, true);
    for (int c = 0; c < CHANS; c++) {
        uint8_t value;
        int result;
        while ((result = gorc_chan_try_recv(chans[c], &value)) == 1)
            ;
        if (result == -EAGAIN)
            gorc_chan_close(chans[c]);
    }
    gorc_ctx_cancel(context);
    while (atomic_load(&left) > 0 || gorc_num_goroutines() > 1)
        gorc_yield();
}

static void run_program(void)
{
    memset(&run, 0, sizeof run);
    memset(tasks, 0, sizeof tasks);
    context = gorc_ctx_with_cancel(gorc_ctx_background());
    for (int c = 0; c < CHANS; c++)
        chans[c] = gorc_chan_new(1, program.cap[c]);
    chans[CHANS] = gorc_ctx_done(context);
    atomic_store(&stopping, false);
    atomic_store(&left, program.tasks);
    for (int i = 0; i < program.tasks; i++) {
        tasks[i].number = i;
        gorc_go(task_main, &tasks[i]);
    }
    wait_until_quiet();
    struct run ended = run;
    enum verdict v = model_allows(&program, &ended);
    programs++;
    skipped += v == TOO_LARGE;
    if (v == FORBIDDEN) {
        program_print(&program, &ended);
        fflush(stdout);
        abort();
    }
    stop_the_blocked();
    for (int c = 0; c < CHANS; c++)
        gorc_chan_unref(chans[c]);
    gorc_ctx_free(context);
}

static void tell(void)
{
    printf("fuzz: %lu programs run, %lu too large for the model\n", programs, skipped);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    setenv("GORC_DEBUG", "yield", 0);
    atexit(tell);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    program_read(&program, data, (unsigned)size);
    run_program();
    return 0;
}
