/* SPDX-License-Identifier: MIT
 *
 * Parking and waking: all that a blocking primitive needs of the scheduler.
 *
 * Protocol. A primitive keeps its waiters in a gorc__waitq under its own gorc__lock:
 *
 *     struct gorc__g *self = gorc__self();
 *     gorc__lock(&x->lock);
 *     if (must wait) {
 *         struct gorc__waiter w = {.g = self};
 *         gorc__waitq_push(&x->waiters, &w);
 *         gorc__park(self, &x->lock, GORC__WAIT_..., x, &x->holder);   // releases x->lock
 *     } else ...
 *
 *     waker:  lock; w = gorc__waitq_pop(&x->waiters); g = w->g; unlock; gorc__ready(g);
 *
 * The lock is released only when the parking goroutine can be resumed, so there is no lost wake-up.
 * Exactly one gorc__ready per park. Once gorc__ready has been called, or the lock was released
 * after a pop, the waiter record and whatever lives on the waiter's stack may be gone; read w->g
 * before. A waker may leave a message in w->value / w->flag before it calls gorc__ready.
 *
 * Never keep the address of a _Thread_local or an OS thread's identity over a park: the goroutine
 * may resume on another OS thread. gorc__self() is not inlined for this reason; its result stays
 * right over parks.
 *
 * Foreign threads (not goroutines) get a record of their own from gorc__self() and may do all of
 * this; they block on a futex.
 */
#ifndef GORC_LIB_SCHED_PARK_H
#define GORC_LIB_SCHED_PARK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"
#include "hooks.h"

struct gorc__g;

enum gorc__wait_reason {
#define X(name, text, kind) GORC__WAIT_##name,
#include "sched/waitreason.def"
#undef X
    GORC__WAIT_COUNT
};

/* --- waiters --- */

struct gorc__waiter {
    struct gorc__waiter *next, *prev;
    struct gorc__g *g;
    void *value;    /* the primitive's own use */
    uintptr_t flag; /* the primitive's own use */
};

/* First in, first out; guarded by the primitive's lock. All zero is empty. */
struct gorc__waitq {
    struct gorc__waiter *head, *tail;
};

static inline bool gorc__waitq_empty(const struct gorc__waitq *q)
{
    return q->head == NULL;
}

static inline void gorc__waitq_push(struct gorc__waitq *q, struct gorc__waiter *w)
{
    w->next = NULL;
    w->prev = q->tail;
    if (q->tail)
        q->tail->next = w;
    else
        q->head = w;
    q->tail = w;
}

static inline void gorc__waitq_push_front(struct gorc__waitq *q, struct gorc__waiter *w)
{
    w->prev = NULL;
    w->next = q->head;
    if (q->head)
        q->head->prev = w;
    else
        q->tail = w;
    q->head = w;
}

static inline void gorc__waitq_remove(struct gorc__waitq *q, struct gorc__waiter *w)
{
    if (w->prev)
        w->prev->next = w->next;
    else
        q->head = w->next;
    if (w->next)
        w->next->prev = w->prev;
    else
        q->tail = w->prev;
    w->next = w->prev = NULL;
}

static inline struct gorc__waiter *gorc__waitq_pop(struct gorc__waitq *q)
{
    struct gorc__waiter *w = q->head;
    if (w)
        gorc__waitq_remove(q, w);
    return w;
}

/* --- the calling goroutine --- */

/* The caller's record: a goroutine, or a foreign thread's record, made at its first call. Starts
 * the runtime if need be. Never NULL. */
struct gorc__g *gorc__self(void);

/* 0 for a foreign thread. */
uint64_t gorc__g_id(const struct gorc__g *g);
struct gorc__hook_task *gorc__g_task(struct gorc__g *g);

/* --- park and wake --- */

/* Blocks the caller until gorc__ready(self). `lock` is released once the caller can be resumed;
 * NULL: none. `object` is what it waits for, `holder` where the goid of the object's holder can be
 * read as long as it waits (NULL: unknown): for reports only. */
void gorc__park(struct gorc__g *self, struct gorc__lock *lock, enum gorc__wait_reason reason,
    const void *object, const _Atomic uint64_t *holder);

/* As gorc__park, at most until `deadline`. True: woken by gorc__ready. False: the time passed. A
 * waker of goroutines that wait like this must first win gorc__claim(g): exactly one of all wakers
 * and the time-out does. Call gorc__claim_arm(self) before the waiter can be found. On false the
 * caller still has to take its waiter out of the queue, under the primitive's lock. */
bool gorc__park_until(struct gorc__g *self, struct gorc__lock *lock, enum gorc__wait_reason reason,
    const void *object, const _Atomic uint64_t *holder, int64_t deadline);
void gorc__claim_arm(struct gorc__g *self);
bool gorc__claim(struct gorc__g *g);

/* The same with a call instead of one lock to release. after(arg) runs once the caller can be
 * resumed, possibly on another goroutine's stack; when it has released the last lock the parked
 * side needs to go on, it must touch the parked stack no more. */
void gorc__park_call(struct gorc__g *self, void (*after)(void *), void *arg,
    enum gorc__wait_reason reason, const void *object);
bool gorc__park_until_call(struct gorc__g *self, void (*after)(void *), void *arg,
    enum gorc__wait_reason reason, const void *object, const _Atomic uint64_t *holder,
    int64_t deadline);

/* Makes a parked goroutine runnable: it runs next on this worker, when the caller blocks or yields.
 * Never blocks; may be called by any thread, with the primitive's lock held or not. */
void gorc__ready(struct gorc__g *g);
/* As gorc__ready, behind the goroutines that are runnable already (for wakes of many). */
void gorc__ready_tail(struct gorc__g *g);

/* Runs others first; the caller stays runnable (the slow half of gorc_yield). */
void gorc__yield(struct gorc__g *self);

/* True when spinning for a lock makes sense: more than one worker runs, and no goroutine waits for
 * this one (M5). */
bool gorc__can_spin(struct gorc__g *self);

/* Monotonic nanoseconds, read now; and the workers' last reading, cheap and up to 10 ms old. */
int64_t gorc__now(void);
int64_t gorc__now_coarse(void);

/* Starts a goroutine for the library's own primitives (gorc_wg_go): `pc` is the public function's
 * return address. */
int gorc__spawn(void (*fn)(void *), void *arg, const char *name, size_t stack_size,
    bool lock_thread, const void *pc);

/* Starts a goroutine from the scheduler, from any thread: a timer's function. `parent` is the goid
 * of who asked for it, at `created`. No happens-before: the caller's business. */
int gorc__spawn_for(void (*fn)(void *), void *arg, uint64_t parent, gorc__place created);
/* The same for one whose detector's part was made when it was asked for, by gorc__hook_go with a
 * number from gorc__goid_reserve (detect NULL: it was not). */
int gorc__spawn_prepared(void (*fn)(void *), void *arg, uint64_t parent, gorc__place created,
    const struct gorc__hook_task *task, uint64_t goid);
uint64_t gorc__goid_reserve(void);

/* gorc_blocking, for the library's own calls. */
int gorc__blocking_call(int (*fn)(void *), void *arg);

/* fn is called in each forked child, after the scheduler's own reset. At most 8; during the first
 * use of whatever needs it. */
void gorc__at_fork_child(void (*fn)(void));

/* The name given by gorc_set_name, NULL if none; and the object's end. */
const char *gorc__name_of(const void *object);
void gorc__name_forget(const void *object);

#endif
