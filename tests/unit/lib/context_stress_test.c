/* SPDX-License-Identifier: MIT
 *
 * Contexts under load: random trees against a model, L1, failing allocations.
 */
#include "unit.h"

/* --- X3, X5, X12 against a model: one goroutine, random operations on a random forest --- */

#define NODES 40

struct node {
    gorc_ctx *ctx;
    int parent; /* -1: background */
    int kind;   /* 0 cancel, 1 value, 2 without, 3 deadline */
    int err, cause;
    bool used, freed;
};

static char key;

static bool below(struct node *n, int i, int ancestor)
{
    while (i != -1 && i != ancestor)
        i = n[i].kind == 2 ? -1 : n[i].parent;
    return i == ancestor;
}

static void model_cancel(struct node *n, int at, int err, int cause)
{
    if (n[at].kind == 1 || n[at].kind == 2 || n[at].err)
        return;
    for (int i = 0; i < NODES; i++)
        if (n[i].used && n[i].err == 0 && n[i].kind != 2 && below(n, i, at))
            n[i].err = err, n[i].cause = cause;
}

static void add(struct node *n, int i, unsigned long long *r)
{
    int parent = -1;
    for (int tries = 0; tries < 5 && parent == -1; tries++) {
        int p = (int)test_random(r, NODES);
        if (n[p].used && !n[p].freed)
            parent = p;
    }
    gorc_ctx *up = parent == -1 ? gorc_ctx_background() : n[parent].ctx;
    struct node made = {.parent = parent, .kind = (int)test_random(r, 4), .used = true};
    if (made.kind == 0)
        made.ctx = gorc_ctx_with_cancel(up);
    else if (made.kind == 1)
        made.ctx = gorc_ctx_with_value(up, &key, &key);
    else if (made.kind == 2)
        made.ctx = gorc_ctx_without_cancel(up);
    else
        made.ctx = gorc_ctx_with_timeout(up, 10000 * GORC_SECOND);
    if (parent != -1 && made.kind != 2)
        made.err = n[parent].err, made.cause = n[parent].cause;
    n[i] = made;
}

static bool has_child(struct node *n, int at)
{
    for (int i = 0; i < NODES; i++)
        if (n[i].used && n[i].parent == at)
            return true;
    return false;
}

/* A slot is used again when no node of the model refers to it. */
static void sweep(struct node *n)
{
    for (bool again = true; again;) {
        again = false;
        for (int i = 0; i < NODES; i++)
            if (n[i].used && n[i].freed && !has_child(n, i))
                n[i].used = false, again = true;
    }
}

Test(context_stress, x3_x5_x12_random_trees_against_a_model)
{
    static struct node n[NODES];
    unsigned long long r = test_seed();
    for (int step = 0; step < scaled(20000); step++) {
        int i = (int)test_random(&r, NODES);
        if (!n[i].used) {
            add(n, i, &r);
        } else if (!n[i].freed && test_random(&r, 3) == 0) {
            int cause = test_random(&r, 2) ? -(int)(1 + test_random(&r, 30)) : 0;
            gorc_ctx_cancel_cause(n[i].ctx, cause);
            model_cancel(n, i, -ECANCELED, cause ? cause : -ECANCELED);
        } else if (!n[i].freed && test_random(&r, 3) == 0) {
            gorc_ctx_free(n[i].ctx);
            model_cancel(n, i, -ECANCELED, -ECANCELED);
            n[i].freed = true;
            sweep(n);
        }
        for (int k = 0; k < NODES; k++)
            if (n[k].used && !n[k].freed) {
                CHECK_EQ(gorc_ctx_err(n[k].ctx), n[k].err);
                CHECK_EQ(gorc_ctx_cause(n[k].ctx), n[k].cause);
                if (test_random(&r, 16) == 0) {
                    gorc_chan *done = gorc_ctx_done(n[k].ctx);
                    CHECK_EQ(done && gorc_chan_try_recv(done, NULL) == 0, n[k].err != 0);
                }
            }
    }
    for (int k = 0; k < NODES; k++)
        if (n[k].used && !n[k].freed)
            gorc_ctx_free(n[k].ctx);
}

/* --- X5 with several who cancel, at several places of one tree --- */

#define WIDTH 4
#define LEVELS 4
#define TREE 85 /* 1 + 4 + 16 + 64 */

struct tree {
    gorc_ctx *ctx[TREE];
    gorc_waitgroup wg;
};

struct cutter {
    struct tree *tree;
    int at;
};

static void check_below(struct tree *t, int at)
{
    if (at >= TREE)
        return;
    CHECK(gorc_ctx_err(t->ctx[at]) != 0);
    for (int i = 1; i <= WIDTH; i++)
        check_below(t, at * WIDTH + i);
}

static void cut(void *arg)
{
    struct cutter *c = arg;
    gorc_ctx_cancel_cause(c->tree->ctx[c->at], -1 - c->at);
    check_below(c->tree, c->at); /* all that is below, before cancel returned */
    gorc_wg_done(&c->tree->wg);
}

Test(context_stress, x5_cancel_returns_when_all_below_is_cancelled)
{
    unsigned long long r = test_seed();
    for (int round = 0; round < scaled(300); round++) {
        static struct tree t;
        static struct cutter c[8];
        memset(&t, 0, sizeof t);
        t.ctx[0] = gorc_ctx_with_cancel(gorc_ctx_background());
        for (int i = 1; i < TREE; i++)
            t.ctx[i] = gorc_ctx_with_cancel(t.ctx[(i - 1) / WIDTH]);
        gorc_wg_add(&t.wg, 8);
        for (int i = 0; i < 8; i++) {
            c[i] = (struct cutter){&t, i < 2 ? 0 : (int)test_random(&r, 21)};
            gorc_go(cut, &c[i]);
        }
        gorc_wg_wait(&t.wg);
        for (int i = 0; i < TREE; i++)
            gorc_ctx_free(t.ctx[i]);
    }
}

/* --- L1: whoever sees the cancellation may free the context at once --- */

struct seen {
    gorc_ctx *ctx;
    gorc_waitgroup wg;
};

static void cancel_it(void *arg)
{
    struct seen *s = arg;
    gorc_ctx_cancel(s->ctx);
    gorc_wg_done(&s->wg);
}

Test(context_stress, l1_context_freed_by_who_sees_it_cancelled)
{
    for (int i = 0; i < scaled(2000); i++) {
        struct seen s = {.ctx = gorc_ctx_with_cancel(gorc_ctx_background())};
        gorc_chan *done = gorc_ctx_done(s.ctx);
        gorc_wg_add(&s.wg, 1);
        gorc_go(cancel_it, &s);
        if (i % 2) {
            gorc_chan_recv(done, NULL);
        } else {
            gorc_case cases[] = {gorc_case_recv(done, NULL), gorc_case_recv(NULL, NULL)};
            CHECK_EQ(gorc_select(cases, 2), 0);
        }
        gorc_ctx_free(s.ctx);
        gorc_wg_wait(&s.wg);
    }
}

/* L1: the same for a deadline. */
Test(context_stress, l1_context_freed_at_its_deadline)
{
    for (int i = 0; i < scaled(500); i++) {
        gorc_ctx *ctx = gorc_ctx_with_timeout(gorc_ctx_background(), i % 40 * GORC_MICROSECOND);
        gorc_chan_recv(gorc_ctx_done(ctx), NULL);
        gorc_ctx_free(ctx);
    }
}

/* --- many contexts below one, made and freed by many --- */

static void make_and_free(void *arg)
{
    for (int i = 0; i < scaled(1000); i++) {
        gorc_ctx *a = gorc_ctx_with_timeout(arg, 1000 * GORC_SECOND), *b = gorc_ctx_with_cancel(a);
        if (i % 4 == 0)
            CHECK(gorc_ctx_done(b) != NULL);
        gorc_ctx_free(a);
        CHECK_EQ(gorc_ctx_err(b), -ECANCELED);
        gorc_ctx_free(b);
    }
}

Test(context_stress, x5_many_children_of_one_parent)
{
    gorc_waitgroup wg = {0};
    gorc_ctx *root = gorc_ctx_with_cancel(gorc_ctx_background());
    for (int i = 0; i < 8; i++)
        gorc_wg_go(&wg, make_and_free, root);
    gorc_wg_wait(&wg);
    CHECK_EQ(gorc_ctx_err(root), 0);
    gorc_ctx_free(root);
}

/* --- memory is out: each constructor, at the n-th allocation --- */

static int try_all(void)
{
    int sig = SIGUSR1, failures = 0;
    gorc_ctx *bg = gorc_ctx_background(), *ret = NULL;
    gorc_ctx *made[] = {gorc_ctx_with_cancel(bg), gorc_ctx_with_timeout(bg, GORC_SECOND * 1000),
        gorc_ctx_with_value(bg, &key, &key), gorc_ctx_without_cancel(bg),
        gorc_ctx_with_signal(bg, &sig, 1)};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        if (!made[i])
            failures++;
        else if (i < 2 && !gorc_ctx_done(made[i]))
            failures++;
    }
    gorc_ctx_stop *stop = made[0] ? gorc_ctx_after_func(made[0], free, NULL) : NULL;
    failures += made[0] && !stop;
    gorc_group *g = gorc_group_new(bg, &ret);
    if (!g)
        failures++, ret = NULL;
    else
        gorc_group_wait(g);
    CHECK(!failures || errno == ENOMEM);
    gorc_ctx_stop_func(stop);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        gorc_ctx_free(made[i]);
    gorc_ctx_free(ret);
    return failures;
}

CHILD(failing)
{
    int failures = try_all();
    fprintf(stderr, "failures: %d\n", failures);
    return 0;
}

Test(context_stress, memory_out_in_constructors)
{
    int failed = 0;
    setenv("GORC_PROCS", "1", 1); /* more workers need memory too */
    for (int n = 1; n <= 40; n++) {
        char text[16];
        snprintf(text, sizeof text, "%d", n);
        setenv("GORC_FAIL_ALLOC", text, 1);
        struct child_result r = run_child("failing");
        unsetenv("GORC_FAIL_ALLOC");
        if (strstr(r.err, "failures: 1"))
            failed++;
        else /* the first start of the runtime says so and aborts */
            CHECK(strstr(r.err, "failures: 0") || strstr(r.err, "out of memory"));
    }
    CHECK(failed >= 8);
}
