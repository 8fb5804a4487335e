/* SPDX-License-Identifier: MIT
 *
 * lib/hooks.h on the detector's core. A goroutine's task is hook_task.detect; the main goroutine
 * shares the main thread's. A worker inside the scheduler has dt_task_unknown, and since its thread
 * record exists, dt_task_meet leaves it alone: what the scheduler does is nobody's.
 *
 * A place is a dt_stackid. Nothing here parks or calls the library, and only leaf locks are taken.
 */
#include <stddef.h>
#include <string.h>

#include "base/flags.h"
#include "base/own.h"
#include "core/abandoned.h"
#include "core/core.h"
#include "core/depend.h"
#include "core/lockgraph.h"
#include "core/pass.h"
#include "core/shadow.h"
#include "core/stack.h"
#include "core/sync.h"
#include "core/task.h"
#include "lib/hooks.h"
#include "report/finding.h"
#include "runtime/fatal.h"
#include "runtime/deadlock.h"
#include "runtime/describe.h"
#include "runtime/earlier.h"
#include "runtime/jump.h"
#include "runtime/lock_order.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

/* The task for the current hook, or NULL. Every use is between begin() and dt_finish(). */
static inline struct dt_task *begin(void)
{
    struct dt_task *t = dt_enter_quietly();
    if (t)
        dt_begin(t);
    return t;
}

static struct dt_task *task_of(struct gorc__hook_task *h)
{
    return h ? h->detect : NULL;
}

/* For hooks that need no running task: they may come from a worker's scheduler. */
static struct dt_task *begin_any(void)
{
    struct dt_task *me = dt_self;
    if (me == &dt_task_unknown)
        dt_gate_stranger_enter();
    else
        dt_begin(me);
    return me;
}

static void finish_any(struct dt_task *me)
{
    if (me == &dt_task_unknown)
        dt_gate_stranger_leave();
    else
        dt_finish(me);
}

/* --- lifecycle --- */

void gorc__hook_start(struct gorc__hook_task *main_task)
{
    dt_init();
    main_task->detect = dt_main_task;
    dt_signal_goroutines();
}

void gorc__hook_go(
    struct gorc__hook_task *child, uint64_t goid, const char *name, gorc__place created)
{
    struct dt_task *me = begin();
    struct dt_task *t = dt_task_new(me, DT_TASK_GOROUTINE, goid, (dt_stackid)created);
    if (t && name)
        dt_task_set_name(t, name);
    child->detect = t;
    if (me)
        dt_finish(me);
}

void gorc__hook_end(struct gorc__hook_task *task)
{
    struct dt_task *t = task_of(task);
    task->detect = NULL;
    if (!t || t == dt_main_task)
        return;
    struct dt_jumps *jumps = t->owner;
    t->owner = NULL;
    struct dt_task *me = begin_any();
    dt_jumps_free(&jumps);
    if (t->nheld)
        dt_abandoned_note(t);
    dt_task_end(t);
    dt_task_free(t);
    finish_any(me);
}

bool gorc__hook_switch(struct gorc__hook_task *to, bool leaves)
{
    struct dt_task *t = task_of(to);
    bool noted = leaves && __builtin_expect(dt_self->nheld_native != 0, 0) && dt_lock_note_park();
    dt_self = t ? t : &dt_task_unknown;
    return noted;
}

void gorc__hook_thread_attach(struct gorc__hook_task *task)
{
    struct dt_task *t = dt_self;
    if (t == &dt_task_unknown && dt_on)
        t = dt_task_meet();
    task->detect = t;
}

void gorc__hook_name(const void *object, const char *name)
{
    struct dt_task *me = begin();
    if (!me)
        return;
    struct dt_sync *s = dt_sync_lock(object, true);
    if (s) {
        size_t n = strnlen(name, sizeof s->name - 1);
        memcpy(s->name, name, n);
        s->name[n] = 0;
        dt_sync_unlock(s);
    }
    dt_finish(me);
}

void gorc__hook_parked(void)
{
    dt_lock_report_parks();
}

/* --- happens-before --- */

void gorc__hook_caller(const void *pc)
{
    dt_self->caller = (uintptr_t)pc;
}

void gorc__hook_acquire(const void *key)
{
    struct dt_task *me = begin();
    if (!me)
        return;
    dt_acquire(me, key);
    dt_finish(me);
}

void gorc__hook_release(const void *key)
{
    struct dt_task *me = begin();
    if (!me)
        return;
    dt_release(me, key);
    dt_finish(me);
}

void gorc__hook_release_store(const void *key)
{
    struct dt_task *me = begin();
    if (!me)
        return;
    dt_release_store(me, key);
    dt_finish(me);
}

void gorc__hook_pass(const void *key)
{
    struct dt_task *me = begin();
    if (!me)
        return;
    dt_pass_alone(me, key);
    dt_finish(me);
}

/* Also from a scheduler: a timer that fires may free its channel. */
void gorc__hook_forget(const void *key, size_t size)
{
    if (dt_self == &dt_task_unknown && dt_on) {
        dt_gate_stranger_enter();
        dt_sync_forget(key, size);
        dt_gate_stranger_leave();
        return;
    }
    struct dt_task *me = begin();
    if (!me)
        return;
    dt_sync_forget(key, size);
    dt_finish(me);
}

void gorc__hook_hb_to(struct gorc__hook_task *parked)
{
    struct dt_task *to = task_of(parked);
    struct dt_task *me = to ? begin() : NULL;
    if (!me)
        return;
    dt_task_edge(me, to);
    dt_finish(me);
}

void gorc__hook_hb_from(struct gorc__hook_task *parked)
{
    struct dt_task *from = task_of(parked);
    struct dt_task *me = from ? begin() : NULL;
    if (!me)
        return;
    dt_task_edge(from, me);
    dt_finish(me);
}

/* No dt_enter: a scheduler or a foreign thread may do this in the name of the parked task. */
void gorc__hook_relay(const void *key, struct gorc__hook_task *parked)
{
    struct dt_task *t = task_of(parked);
    if (!t || !dt_on)
        return;
    struct dt_task *me = begin_any();
    dt_pass_alone(t, key);
    finish_any(me);
}

void gorc__hook_acquire_for(const void *key, struct gorc__hook_task *parked)
{
    struct dt_task *t = task_of(parked);
    if (!t || !dt_on)
        return;
    struct dt_task *me = begin_any();
    dt_acquire(t, key);
    finish_any(me);
}

/* --- memory --- */

void gorc__hook_read(const void *p, size_t size, const void *pc)
{
    struct dt_task *me = size ? dt_enter_quietly() : NULL;
    if (me)
        dt_access(me, (uintptr_t)p, size, DT_READ, (uintptr_t)pc);
}

void gorc__hook_write(const void *p, size_t size, const void *pc)
{
    struct dt_task *me = size ? dt_enter_quietly() : NULL;
    if (me)
        dt_access(me, (uintptr_t)p, size, DT_WRITE, (uintptr_t)pc);
}

void gorc__hook_write_shared(const void *p, size_t size, const void *pc)
{
    struct dt_task *me = size ? dt_enter_quietly() : NULL;
    if (me)
        dt_access(me, (uintptr_t)p, size, DT_WRITE | DT_ATOMIC, (uintptr_t)pc);
}

void gorc__hook_fresh(const void *p, size_t size)
{
    /* The scheduler calls this too: a stack that goes back to the pool is nobody's. */
    struct dt_task *me = begin();
    if (dt_on)
        dt_shadow_clear((uintptr_t)p, size);
    if (me)
        dt_finish(me);
}

/* --- the library's own memory --- */

void gorc__hook_allocated(const void *p, size_t size, bool opaque)
{
    if (!dt_on)
        return;
    struct dt_task *me = begin_any();
    dt_block_alloc_library(me == &dt_task_unknown ? dt_main_task : me, (uintptr_t)p, size, opaque);
    finish_any(me);
}

void gorc__hook_freeing(const void *p)
{
    if (!dt_on)
        return;
    struct dt_task *me = begin_any();
    dt_block_free_library((uintptr_t)p);
    finish_any(me);
}

void gorc__hook_reserved(const void *p, size_t size)
{
    dt_own_add(p, size);
}

/* --- stacks --- */

/* Where nothing is instrumented the shadow stack stays empty, and stacks are unwound. */
bool gorc__hook_call(const void *pc)
{
    struct dt_task *t = dt_self;
    return dt_frame_push(t, (uintptr_t)pc);
}

void gorc__hook_called(bool begun)
{
    struct dt_task *t = dt_self;
    t->caller = begun ? t->top->pc : 0;
    if (begun)
        dt_frame_pop(t);
}

/* --- locks --- */

/* The readers had it before; nobody, or several: none. */
static struct dt_before after_readers(struct dt_task *me, const void *readers)
{
    struct dt_before before = {0};
    struct dt_sync *s = dt_sync_lock(readers, false);
    if (!s)
        return before;
    before = dt_depend_before(me, s);
    dt_sync_acquire_turn(me, s);
    dt_sync_unlock(s);
    return before;
}

/* Takes what the entry of the held lock needs along. */
static struct dt_found_cycle *hold(struct dt_task *me, const void *lock, const void *readers,
    enum dt_lock_kind kind, unsigned how, const void *pc)
{
    struct dt_before readers_before = {0};
    if (readers)
        readers_before = after_readers(me, readers);
    struct dt_held_lock *h = dt_task_lock_held(me, lock, kind, how, (uintptr_t)pc);
    struct dt_sync *s = dt_sync_lock(lock, true);
    if (s) {
        h->before = dt_depend_before(me, s);
        if (!h->before.epoch && readers_before.epoch) {
            h->before = readers_before;
            h->before.where = s->locked;
        }
        dt_sync_acquire_turn(me, s);
        h->id = s->order_id;
        dt_lockgraph_take_order(h, &s->order);
        s->what = kind == DT_LOCK_GORC_MUTEX ? DT_SYNC_GORC + GORC__OBJ_MUTEX
                                             : DT_SYNC_GORC + GORC__OBJ_RWMUTEX;
        dt_sync_taken(s, me, h->where);
        dt_sync_unlock(s);
    }
    struct dt_found_cycle *found = dt_lockgraph_wants(me, h) ? dt_lockgraph_acquired(me) : NULL;
    dt_depend_locked(me);
    return found;
}

void gorc__hook_locked(const void *lock, const void *readers, enum gorc__object_kind kind,
    unsigned how, const void *pc)
{
    _Static_assert((int)GORC__HOW_SHARED == (int)DT_HOW_SHARED, "the same bits");
    _Static_assert((int)GORC__HOW_TRY == (int)DT_HOW_TRY, "the same bits");
    struct dt_task *me = begin();
    if (!me)
        return;
    dt_depend_settle(me);
    struct dt_found_cycle *found = hold(me, lock, readers,
        kind == GORC__OBJ_MUTEX ? DT_LOCK_GORC_MUTEX : DT_LOCK_GORC_RWMUTEX, how, pc);
    dt_finish(me);
    if (__builtin_expect(found != NULL, 0))
        dt_lockgraph_deliver(found);
}

void gorc__hook_once_call(const void *once, const void *pc)
{
    struct dt_task *me = begin();
    if (!me)
        return;
    struct dt_found_cycle *found = dt_lockgraph_once(me, once, (uintptr_t)pc);
    dt_finish(me);
    if (__builtin_expect(found != NULL, 0))
        dt_lockgraph_deliver(found);
}

void gorc__hook_once_begin(const void *once, const void *pc)
{
    struct dt_task *me = begin();
    if (!me)
        return;
    struct dt_sync *s = dt_sync_lock(once, true);
    s->what = DT_SYNC_GORC + GORC__OBJ_ONCE;
    dt_sync_unlock(s);
    dt_lockgraph_once_begin(me, once, (uintptr_t)pc);
    dt_finish(me);
}

void gorc__hook_once_end(const void *once)
{
    struct dt_task *me = begin();
    if (!me)
        return;
    dt_lockgraph_once_end(me, once);
    dt_finish(me);
}

void gorc__hook_unlocked(const void *lock, const void *key, bool replace)
{
    struct dt_task *me = begin();
    if (!me)
        return;
    if (__builtin_expect(!dt_task_lock_released(me, lock), 0))
        dt_lock_handed_over(lock);
    dt_stackid where = dt_earlier_here(me);
    struct dt_sync *s = dt_sync_lock(key, true);
    dt_sync_left(s, me, where);
    if (replace)
        dt_sync_release_store_turn(me, s);
    else
        dt_sync_release_turn(me, s);
    dt_sync_unlock(s);
    dt_finish(me);
}

void gorc__hook_signalled(void)
{
    struct dt_task *me = begin();
    if (!me)
        return;
    dt_lockgraph_signalled(me);
    dt_finish(me);
}

void gorc__hook_refused(void)
{
    dt_depend_barrier();
}

void gorc__hook_thread_waits(void (*fn)(void *arg), void *arg)
{
    DT_WAIT_BEGIN("a gorc call", NULL, false);
    fn(arg);
    DT_WAIT_END();
}

void gorc__hook_wait_ends(const void *chan, struct gorc__hook_task *waiter_or_null,
    struct gorc__hook_task *partner_or_null, const void *pc)
{
    struct dt_task *me = begin();
    struct dt_task *waiter = waiter_or_null ? task_of(waiter_or_null) : me;
    struct dt_task *partner = partner_or_null ? task_of(partner_or_null) : me;
    if (!me)
        return;
    if (waiter && partner && waiter->nheld)
        dt_lock_wait_met(waiter, partner, chan, (uintptr_t)pc);
    dt_finish(me);
}

void gorc__hook_waited(const void *wg, const void *pc)
{
    struct dt_task *me = begin();
    if (!me)
        return;
    if (me->nheld)
        dt_lock_wait_done(me, wg, &(struct dt_waited){wg, "waitgroup", 0}, (uintptr_t)pc);
    dt_finish(me);
}

void gorc__hook_found_closed(
    const void *chan, const void *key, gorc__place closed_by, const void *pc)
{
    struct dt_task *me = begin();
    if (!me)
        return;
    if (me->nheld)
        dt_lock_wait_done(me, key, &(struct dt_waited){chan, "chan", closed_by}, (uintptr_t)pc);
    dt_finish(me);
}

/* --- reports --- */

gorc__place gorc__hook_place(const void *pc)
{
    struct dt_task *me = begin();
    if (!me)
        return 0;
    dt_stackid id = dt_here(me, (uintptr_t)pc);
    dt_finish(me);
    return id;
}

void gorc__hook_all_asleep(void)
{
    dt_deadlock_all_asleep();
    dt_shutdown(DT_END_HALT, 2); /* the caller ends the process where no exit hook sees it */
}

bool gorc__hook_active(void)
{
    return dt_on;
}
