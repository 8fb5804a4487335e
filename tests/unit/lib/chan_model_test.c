/* SPDX-License-Identifier: MIT
 *
 * Property test: random programs of channel operations against a model (rules C1 to C8, C12, C15,
 * S3 to S6).
 *
 * One driver (main) starts one operation at a time: a goroutine that sends, receives or selects, or
 * a non-blocking operation of its own. After each it lets everybody run until all are blocked, on
 * one worker, and then the model, which is Go's rules on plain arrays, must agree with what has
 * returned: which operations, with which values, results and case numbers. Where Go leaves a choice
 * (which of several ready cases) the model takes over the one that was made, after checking that it
 * was among them.
 *
 * UNIT_SEED repeats a run.
 */
#include "unit.h"

enum { CHANS = 3, CASES = 4, MAX_CAP = 3, MAX_OPS = 4000 };

struct arm {
    int chan; /* index, -1: nil */
    bool send;
    int value; /* sent, or received */
};

struct op {
    struct arm arm[CASES];
    int n;
    bool selects; /* goes through gorc_select, though it may have one case */
    /* results, written by the goroutine before done */
    int taken, got;
    bool ok;
    atomic_int done;
    /* the model's view */
    bool m_done, m_ok;
    int m_taken, m_got;
};

static gorc_chan *real[CHANS];

static void run_select(struct op *o)
{
    gorc_case cases[CASES];
    for (int i = 0; i < o->n; i++) {
        struct arm *a = &o->arm[i];
        gorc_chan *c = a->chan < 0 ? NULL : real[a->chan];
        cases[i] = a->send ? gorc_case_send(c, &a->value) : gorc_case_recv(c, &o->got);
    }
    o->taken = gorc_select(cases, (size_t)o->n);
    o->ok = o->arm[o->taken].send || cases[o->taken].ok;
}

static void run_op(void *arg)
{
    struct op *o = arg;
    gorc_chan *c = o->arm[0].chan < 0 ? NULL : real[o->arm[0].chan];
    if (o->selects) {
        run_select(o);
    } else if (o->arm[0].send) {
        gorc_chan_send(c, &o->arm[0].value);
        o->ok = true;
    } else {
        o->ok = gorc_chan_recv(c, &o->got);
    }
    atomic_store(&o->done, 1);
}

/* --- the model --- */

struct model_chan {
    int cap, len;
    int buffer[MAX_CAP];
    bool closed;
};

static struct model_chan model[CHANS];
static struct op *waiting[MAX_OPS]; /* blocked operations, oldest first */
static int nwaiting;

static void forget_waiting(int at)
{
    memmove(&waiting[at], &waiting[at + 1], (size_t)(nwaiting - at - 1) * sizeof(waiting[0]));
    nwaiting--;
}

/* The oldest blocked case on channel c in that direction; *ret_arm is its index. -1: none. */
static int oldest(int c, bool send, int *ret_arm)
{
    for (int i = 0; i < nwaiting; i++)
        for (int k = 0; k < waiting[i]->n; k++)
            if (waiting[i]->arm[k].chan == c && waiting[i]->arm[k].send == send) {
                *ret_arm = k;
                return i;
            }
    return -1;
}

static void model_finish(struct op *o, int arm, bool ok, int got)
{
    o->m_done = true;
    o->m_taken = arm;
    o->m_ok = ok;
    o->m_got = got;
}

static bool model_ready(const struct arm *a)
{
    int ignored;
    if (a->chan < 0)
        return false;
    struct model_chan *c = &model[a->chan];
    if (a->send)
        return c->closed || c->len < c->cap || oldest(a->chan, false, &ignored) >= 0;
    return c->closed || c->len > 0 || oldest(a->chan, true, &ignored) >= 0;
}

static void model_send(struct op *o, int arm)
{
    int other, c = o->arm[arm].chan, at = oldest(c, false, &other);
    if (at >= 0) { /* C2 */
        model_finish(waiting[at], other, true, o->arm[arm].value);
        forget_waiting(at);
    } else {
        model[c].buffer[model[c].len++] = o->arm[arm].value;
    }
    model_finish(o, arm, true, 0);
}

static void model_recv(struct op *o, int arm)
{
    int ci = o->arm[arm].chan, other, at = oldest(ci, true, &other), got = 0;
    struct model_chan *c = &model[ci];
    bool ok = c->len > 0 || at >= 0;
    if (c->len > 0) {
        got = c->buffer[0];
        memmove(c->buffer, c->buffer + 1, sizeof(int) * (MAX_CAP - 1));
        c->len--;
        if (at >= 0) /* C3 */
            c->buffer[c->len++] = waiting[at]->arm[other].value;
    } else if (at >= 0) {
        got = waiting[at]->arm[other].value;
    }
    if (at >= 0) {
        model_finish(waiting[at], other, true, 0);
        forget_waiting(at);
    }
    model_finish(o, arm, ok, got);
}

static void model_take(struct op *o, int arm)
{
    if (o->arm[arm].send)
        model_send(o, arm);
    else
        model_recv(o, arm);
}

static void model_close(int c)
{
    model[c].closed = true;
    for (int arm, at; (at = oldest(c, false, &arm)) >= 0;) { /* C5, S6 */
        model_finish(waiting[at], arm, false, 0);
        forget_waiting(at);
    }
}

/* --- random programs --- */

static void check_op(struct op *o)
{
    CHECK_EQ(atomic_load(&o->done), o->m_done);
    if (!o->m_done)
        return;
    CHECK_EQ(o->taken, o->selects ? o->m_taken : 0);
    CHECK_EQ(o->ok, o->m_ok);
    if (!o->arm[o->m_taken].send)
        CHECK_EQ(o->got, o->m_got);
}

static struct op *ops[MAX_OPS];
static int nops;

static void check_all(void)
{
    for (int i = 0; i < nops; i++)
        check_op(ops[i]);
    for (int c = 0; c < CHANS; c++) {
        CHECK_EQ(gorc_chan_len(real[c]), model[c].len);
        CHECK_EQ(gorc_chan_cap(real[c]), model[c].cap);
    }
}

/* An operation that cannot meet a closed channel with a send (that would be a misuse). */
static struct op *random_op(unsigned long long *seed, int *value)
{
    struct op *o = calloc(1, sizeof(*o));
    o->selects = test_random(seed, 2);
    o->n = o->selects ? 1 + (int)test_random(seed, CASES) : 1;
    for (int i = 0; i < o->n; i++) {
        int nil = i > 0; /* not all nil: that one would never end */
        int chan = (int)test_random(seed, CHANS + (unsigned)nil) - nil;
        bool closed = chan >= 0 && model[chan].closed;
        o->arm[i] = (struct arm){chan, !closed && test_random(seed, 2), ++*value};
    }
    return o;
}

static void step_start(unsigned long long *seed, int *value)
{
    struct op *o = random_op(seed, value);
    int ready = 0;
    for (int i = 0; i < o->n; i++)
        ready += model_ready(&o->arm[i]);
    ops[nops++] = o;
    gorc_go(run_op, o);
    settle();
    if (ready == 0) {
        waiting[nwaiting++] = o;
        return;
    }
    CHECK(atomic_load(&o->done));
    CHECK(o->taken >= 0 && o->taken < o->n);
    CHECK(model_ready(&o->arm[o->taken]));
    model_take(o, o->taken);
}

static void step_try(unsigned long long *seed, int *value)
{
    struct op o = {.n = 1};
    int c = (int)test_random(seed, CHANS);
    o.arm[0] = (struct arm){c, !model[c].closed && test_random(seed, 2), ++*value};
    bool ready = model_ready(&o.arm[0]);
    if (ready)
        model_take(&o, 0);
    if (o.arm[0].send) {
        CHECK_EQ(gorc_chan_try_send(real[c], &o.arm[0].value), ready);
    } else {
        int got = 0;
        CHECK_EQ(gorc_chan_try_recv(real[c], &got), ready ? o.m_ok : -EAGAIN);
        CHECK_EQ(got, o.m_got);
    }
    settle();
}

static void step_close(unsigned long long *seed)
{
    int arm, c = (int)test_random(seed, CHANS);
    if (model[c].closed || oldest(c, true, &arm) >= 0)
        return;
    model_close(c);
    gorc_chan_close(real[c]);
    settle();
}

static void new_channel(int c, unsigned long long *seed)
{
    int cap = (int)test_random(seed, MAX_CAP + 1);
    model[c] = (struct model_chan){.cap = cap};
    real[c] = gorc_chan_new(sizeof(int), (size_t)cap);
    CHECK(real[c]);
}

/* Lets every blocked operation end, with main as its partner. */
static void finish_program(void)
{
    while (nwaiting > 0) {
        struct op *o = waiting[0];
        int k = 0;
        while (o->arm[k].chan < 0)
            k++;
        struct op partner = {.n = 1};
        partner.arm[0] = (struct arm){o->arm[k].chan, !o->arm[k].send, 0};
        model_take(&partner, 0);
        run_op(&partner);
        settle();
    }
    check_all();
}

static void run_program(unsigned long long *seed, int steps)
{
    int value = 0;
    nops = nwaiting = 0;
    for (int c = 0; c < CHANS; c++)
        new_channel(c, seed);
    for (int i = 0; i < steps; i++) {
        unsigned what = test_random(seed, 100);
        if (what < 60)
            step_start(seed, &value);
        else if (what < 98)
            step_try(seed, &value);
        else
            step_close(seed);
        check_all();
    }
    finish_program();
    for (int i = 0; i < nops; i++)
        free(ops[i]);
    for (int c = 0; c < CHANS; c++)
        gorc_chan_unref(real[c]);
}

/* C1 C2 C3 C4 C5 C7 C8 C12 S3 S5 S6 */
Test(chan_model, random_programs, .timeout = 500)
{
    one_worker();
    unsigned long long seed = test_seed();
    for (int i = 0; i < scaled(150); i++)
        run_program(&seed, 100);
}
