/* SPDX-License-Identifier: MIT
 *
 * See waiter.h.
 */
#include "runtime/waiter.h"

#include <string.h>

#include "core/task.h"
#include "lib/inspect.h"
#include "report/finding.h"
#include "runtime/describe.h"
#include "runtime/locks.h"
#include "runtime/thread.h"

struct search {
    const void *object;
    const struct dt_task *task; /* only to be compared: it may have ended */
    struct dt_task_info *info;
    uint64_t parks;
    dt_stackid stack;
    bool still_waits;
};

/* While it cannot end yet. */
static void set_task(struct search *s, const struct dt_task *task)
{
    s->task = task;
    s->info = task->info;
    dt_task_info_keep(task->info);
}

/* --- goroutines --- */

static bool find_goroutine(const struct gorc__inspect_g *g, void *arg)
{
    struct search *s = arg;
    const struct dt_task *task = g->task ? g->task->detect : NULL;
    if (g->state != GORC__G_BLOCKED || g->object != s->object || !task || task == dt_self)
        return true;
    uintptr_t pcs[DT_MAX_FRAMES];
    size_t n = dt_goroutine_stack(g, pcs, DT_MAX_FRAMES);
    set_task(s, task);
    s->parks = g->parks;
    s->stack = n ? dt_stack_intern(pcs, n) : 0;
    return false;
}

/* Nobody is stopped: who was woken while the stack was read is not the one. */
static bool find_again(const struct gorc__inspect_g *g, void *arg)
{
    struct search *s = arg;
    bool is_same = g->task && g->task->detect == s->task;
    if (is_same)
        s->still_waits = g->state == GORC__G_BLOCKED && g->parks == s->parks;
    return !is_same;
}

/* --- threads --- */

static bool waits_on_it(const struct dt_wait *w, const void *object)
{
    return w->object == object && !strstr(w->reason, "destroy") &&
           (dt_wait_is_pthread(w->reason) || strcmp(w->reason, "condition variable") == 0);
}

static bool find_thread(struct dt_thread *th, void *arg)
{
    struct search *s = arg;
    struct dt_wait w, again;
    bool runs = th->state == DT_THREAD_RUNNING || th->hidden;
    if (!runs || th == dt_thread_self || !dt_wait_read(th, &w) || !waits_on_it(&w, s->object))
        return true;
    uintptr_t pcs[DT_MAX_FRAMES];
    size_t n = dt_thread_stack(th, pcs, DT_MAX_FRAMES);
    if (!w.task || !dt_wait_read(th, &again) || again.seq != w.seq)
        return true;
    set_task(s, w.task);
    s->stack = n ? dt_stack_intern(pcs, n) : 0;
    s->still_waits = true;
    return false;
}

bool dt_waiter_find(const void *object, struct dt_waiter *ret)
{
    struct search s = {.object = object};
    gorc__inspect_goroutines(find_goroutine, &s);
    if (s.task)
        gorc__inspect_goroutines(find_again, &s);
    if (!s.still_waits)
        dt_threads_each(find_thread, &s);
    if (!s.still_waits)
        return false;
    *ret = (struct dt_waiter){s.info, s.stack};
    return true;
}
