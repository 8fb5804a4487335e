/* SPDX-License-Identifier: MIT
 *
 * gorc_blocking: the call runs on the goroutine's own stack and thread; the worker gives its P away
 * first, and gets one again, or waits for one, afterwards. So a thread is taken for each call that
 * really blocks, kept and used again, and at most MAX_CALLS calls run at once: more wait for their
 * turn, parked. Calls of the program's that block unmarked are found by sysmon.
 */
#include <gorc/net.h>

#include "base/misuse.h"
#include "sched/g.h"
#include "sched/park.h"

#define MAX_CALLS 512u

static struct gorc__lock lock; /* rank of the primitives */
static uint32_t calls;
static struct gorc__waitq waiting;

void gorc__blocking_fork_child(void)
{
    calls = 0;
    waiting = (struct gorc__waitq){NULL, NULL};
}

/* A turn that ends is given to the first that waits. */
static void turn_begin(struct gorc__g *self)
{
    struct gorc__waiter w = {.g = self};
    gorc__lock(&lock);
    if (calls < MAX_CALLS) {
        calls++;
        gorc__unlock(&lock);
        return;
    }
    gorc__waitq_push(&waiting, &w);
    gorc__park(self, &lock, GORC__WAIT_BLOCKING, NULL, NULL);
}

static void turn_end(void)
{
    struct gorc__g *next = NULL;
    gorc__lock(&lock);
    struct gorc__waiter *w = gorc__waitq_pop(&waiting);
    if (w)
        next = w->g;
    else if (calls > 0)
        calls--;
    gorc__unlock(&lock);
    if (next)
        gorc__ready_tail(next);
}

int gorc__blocking_call(int (*fn)(void *), void *arg)
{
    struct gorc__g *self = gorc__self();
    if (self->kind == GORC__KIND_FOREIGN)
        return fn(arg);
    turn_begin(self);
    struct gorc__m *m = self->m;
    self->since = gorc__now_coarse();
    gorc__m_release(m);
    atomic_store_explicit(&self->state, GORC__G_BLOCKING, memory_order_release);
    int result = fn(arg);
    atomic_store_explicit(&self->state, GORC__G_RUNNING, memory_order_relaxed);
    gorc__self(); /* owns a P again */
    turn_end();
    return result;
}

int gorc_blocking(int (*fn)(void *), void *arg)
{
    const void *pc = GORC__PC();
    gorc__self();
    if (!fn) {
        gorc__misuse_simple("go-nil", "call of nil function", GORC__OBJ_GOROUTINE, NULL, pc);
        return -EINVAL;
    }
    bool called = gorc__hook_call(pc);
    int result = gorc__blocking_call(fn, arg);
    gorc__hook_called(called);
    return result;
}
