/* SPDX-License-Identifier: MIT
 *
 * Misuse of the library's objects, as it tells of it (lib/hooks.h). Besides what the library knows
 * (who closed, freed, started it), the report shows where a lock was last taken, and who waits for
 * the object.
 */
#include <string.h>

#include "base/flags.h"
#include "core/stack.h"
#include "core/sync.h"
#include "core/task.h"
#include "lib/hooks.h"
#include "lib/inspect.h"
#include "report/finding.h"
#include "runtime/describe.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

/* The first goroutine that is blocked on the object. */
struct waiter {
    const void *object;
    const struct dt_task *task;
    uint64_t parks;
    dt_stackid stack;
    bool still_waits;
};

static bool find_waiter(const struct gorc__inspect_g *g, void *arg)
{
    struct waiter *w = arg;
    const struct dt_task *task = g->task ? g->task->detect : NULL;
    if (g->state != GORC__G_BLOCKED || g->object != w->object || !task || task == dt_self)
        return true;
    uintptr_t pcs[DT_MAX_FRAMES];
    size_t n = dt_goroutine_stack(g, pcs, DT_MAX_FRAMES);
    w->task = task;
    w->parks = g->parks;
    w->stack = n ? dt_stack_intern(pcs, n) : 0;
    return false;
}

/* Nobody is stopped: who was woken while the stack was read is not the one. */
static bool find_again(const struct gorc__inspect_g *g, void *arg)
{
    struct waiter *w = arg;
    bool is_same = g->task && g->task->detect == w->task;
    if (is_same)
        w->still_waits = g->state == GORC__G_BLOCKED && g->parks == w->parks;
    return !is_same;
}

static bool is_lock(const struct gorc__misuse *m)
{
    return m->object && (m->object_kind == GORC__OBJ_MUTEX || m->object_kind == GORC__OBJ_RWMUTEX);
}

/* Where it was last taken, by whoever has given it up since. */
static void add_last_lock(struct dt_finding *f, const void *lock)
{
    struct dt_sync *s = dt_sync_lock(lock, false);
    dt_stackid where = s ? s->locked : 0;
    if (s)
        dt_sync_unlock(s);
    if (where)
        dt_finding_stack(f, "last locked by", NULL, where, NULL);
}

bool gorc__hook_misuse(const struct gorc__misuse *m, const void *pc)
{
    struct dt_task *me = dt_enter_quietly();
    if (!me)
        return false;
    dt_begin(me);
    struct waiter w = {.object = m->object};
    if (m->object)
        gorc__inspect_goroutines(find_waiter, &w);
    if (w.task)
        gorc__inspect_goroutines(find_again, &w);
    if (!w.still_waits)
        w.task = NULL;
    struct dt_finding f = {
        .kind = "misuse",
        .rule = m->rule,
        .words = m->message,
        .certainty = DT_CERTAIN,
        .object = {.kind = dt_object_kind(m->object_kind), .addr = (uintptr_t)m->object},
        .counts = true,
    };
    char name[24];
    if (m->object && dt_object_name(m->object, name))
        f.object.name = name;
    dt_finding_stack(&f, "misuse", me->info, dt_here_native(me, (uintptr_t)pc), NULL);
    struct dt_task_info earlier = {.kind = DT_TASK_GOROUTINE, .id = m->earlier_goid};
    if (m->earlier_goid == 1)
        earlier.kind = DT_TASK_MAIN;
    else if (m->earlier_goid)
        dt_task_info_find(DT_TASK_GOROUTINE, m->earlier_goid, &earlier);
    if (m->earlier)
        dt_finding_stack(&f, m->earlier_role ? m->earlier_role : "earlier",
            m->earlier_goid ? &earlier : NULL, (dt_stackid)m->earlier, NULL);
    else if (is_lock(m))
        add_last_lock(&f, m->object);
    if (w.task)
        dt_finding_stack(&f, "blocked", w.task->info, w.stack, "waits for it");
    if (m->object_created)
        dt_finding_stack(&f, "object created by", NULL, (dt_stackid)m->object_created, NULL);
    dt_finding_creation(&f, me->info);
    if (m->earlier && earlier.created && earlier.id != me->info->id)
        dt_finding_creation(&f, &earlier);
    if (w.task && w.task != me)
        dt_finding_creation(&f, w.task->info);
    dt_finish(me);
    dt_finding_add(&f);
    return strcmp(dt_flags.on_misuse, "continue") == 0;
}
