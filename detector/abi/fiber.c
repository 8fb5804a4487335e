/* SPDX-License-Identifier: MIT
 *
 * The fiber calls of sanitizer/tsan_interface.h: programs that switch stacks themselves say so.
 * A fiber is a task of its own; the thread that runs it lends it its record while it does.
 */
#include <stddef.h>
#include <stdint.h>

#include "abi/exported.h"
#include "core/task.h"
#include "runtime/context.h"
#include "runtime/runtime.h"

enum { NO_SYNC = 1, FIRST_ID = 1000000 };

EXPORT void *__tsan_get_current_fiber(void);
EXPORT void *__tsan_create_fiber(unsigned flags);
EXPORT void __tsan_destroy_fiber(void *fiber);
EXPORT void __tsan_switch_to_fiber(void *fiber, unsigned flags);
EXPORT void __tsan_set_fiber_name(void *fiber, const char *name);

static uint64_t fibers;

void *__tsan_get_current_fiber(void)
{
    return dt_enter();
}

void *__tsan_create_fiber(unsigned flags)
{
    struct dt_task *t = dt_enter();
    (void)flags;
    if (!t)
        return NULL;
    dt_context_off();
    uint64_t n = __atomic_add_fetch(&fibers, 1, __ATOMIC_RELAXED);
    struct dt_task *f = dt_task_new(t, DT_TASK_THREAD, FIRST_ID + n, dt_here(t, CALLER));
    if (f)
        dt_task_set_name(f, "fiber");
    return f;
}

void __tsan_destroy_fiber(void *fiber)
{
    if (!fiber || !dt_enter())
        return;
    dt_task_end(fiber);
    dt_task_free(fiber);
}

void __tsan_switch_to_fiber(void *fiber, unsigned flags)
{
    struct dt_task *from = dt_enter(), *to = fiber;
    if (!from || !to || from == to)
        return;
    if (!(flags & NO_SYNC))
        dt_task_edge(from, to);
    to->owner = from->owner;
    dt_self = to;
}

void __tsan_set_fiber_name(void *fiber, const char *name)
{
    if (fiber && dt_enter())
        dt_task_set_name(fiber, name);
}
