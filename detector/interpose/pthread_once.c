/* SPDX-License-Identifier: MIT
 *
 * pthread_once. Libc calls our thunk, which finds the program's initialiser on the thread's list of
 * calls in progress. A call that is left by an exception or cancellation leaves its entry behind;
 * the next call on this thread puts its own in front, and drops what lies below it on the stack.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "core/sync.h"
#include "interpose/interpose.h"
#include "interpose/once.h"
#include "runtime/runtime.h"

void dt_once_thunk(void)
{
    struct dt_thread *th = dt_thread_self;
    struct dt_once_frame *f = th->once;
    void *key = f->key; /* the frame may be another one's after fn */
    uintptr_t pc = f->pc;
    f->begun = true;
    struct dt_task *t = dt_self;
    bool pushed = dt_frame_push(t, pc);
    f->fn();
    if (pushed)
        dt_frame_pop(t);
    t = dt_enter_at(pc);
    if (!t)
        return;
    dt_begin(t);
    dt_release(t, key);
    dt_finish(t);
}

bool dt_once_enter(struct dt_once_frame *f, void *key, void (*fn)(void), uintptr_t pc)
{
    struct dt_thread *th = dt_thread_self;
    if (!th)
        return false;
    struct dt_once_frame *outer = th->once;
    while (outer && outer < f)
        outer = outer->outer;
    *f = (struct dt_once_frame){outer, fn, key, pc, false};
    th->once = f;
    return true;
}

void dt_once_leave(struct dt_task *t, struct dt_once_frame *f)
{
    if (dt_thread_self->once == f)
        dt_thread_self->once = f->outer;
    t->caller = f->pc;
    dt_begin(t);
    dt_acquire(t, f->key);
    dt_finish(t);
}

DT_INTERPOSE(int, pthread_once, (pthread_once_t * once, void (*fn)(void)))
{
    struct dt_task *t = dt_enter();
    struct dt_once_frame f;
    if (!t || !dt_once_enter(&f, once, fn, DT_CALLER))
        return pthread_once(once, fn);
    DT_WAIT_BEGIN("pthread once", once, false);
    int err = pthread_once(once, dt_once_thunk);
    DT_WAIT_END();
    dt_once_leave(t, &f);
    return err;
}
