/* SPDX-License-Identifier: MIT
 *
 * Locks, wait groups, once and condition variables, as Go's package sync.
 *
 * All are value types, ready for use when zero-initialised (`gorc_mutex m = {0};`), usable from
 * goroutines and from any thread, on the heap, on a stack or in a struct. They hold no resource:
 * there is nothing to destroy, but nobody may use or wait on one when its memory goes. They must
 * not be copied or moved while in use (W7, K5). A blocked goroutine parks, it does not block its
 * OS thread.
 *
 * After the step that another task can observe (the unlock, the done, the wake-up) an operation
 * touches its object no more: the other task may free it at once.
 *
 * Errors of the program raise a misuse: unlock of what is not locked, a negative wait group, ...
 */
#ifndef GORC_SYNC_H
#define GORC_SYNC_H

#include <gorc/go.h>

GORC_BEGIN_DECLS

/* Opaque; the words are the library's. */
typedef struct gorc_mutex {
    uint64_t reserved[4];
} gorc_mutex;
typedef struct gorc_rwmutex {
    uint64_t reserved[10];
} gorc_rwmutex;
typedef struct gorc_waitgroup {
    uint64_t reserved[6];
} gorc_waitgroup;
typedef struct gorc_once {
    uint64_t reserved[5];
} gorc_once;
typedef struct gorc_cond {
    uint64_t reserved[5];
} gorc_cond;

/* --- mutex (M1-M7) --- */

/* Locks m; blocks while it is locked. Not recursive: locking what one holds blocks for ever. The
 * n-th unlock happens before the m-th lock returns, for n < m. Waiters are served in order, but a
 * running goroutine may overtake them until the first has waited for 1 ms. */
GORC_API void gorc_mutex_lock(gorc_mutex *m);
/* Locks m if it is free; true when locked. Never blocks. */
GORC_API bool gorc_mutex_try_lock(gorc_mutex *m);
/* Unlocks m; any goroutine may. Does not block. Unlocking what is not locked is a misuse. */
GORC_API void gorc_mutex_unlock(gorc_mutex *m);

/* --- reader-writer mutex (R1-R5, R7) --- */

/* Locks rw for writing; blocks until all readers and the writer before have left. From the call on
 * new readers wait, so a goroutine that holds rw for reading must not rlock it again. Not
 * recursive, no upgrade and no downgrade. An earlier unlock, and an earlier runlock, happen before
 * it returns. */
GORC_API void gorc_rwmutex_lock(gorc_rwmutex *rw);
/* Locks rw for writing if nobody holds it; true when locked. Never blocks. */
GORC_API bool gorc_rwmutex_try_lock(gorc_rwmutex *rw);
/* Ends the writing. All readers that wait go before the next writer. Does not block; without a
 * writer it is a misuse. */
GORC_API void gorc_rwmutex_unlock(gorc_rwmutex *rw);
/* Locks rw for reading, together with other readers; blocks while a writer holds rw or waits for
 * it. An earlier unlock happens before it returns. */
GORC_API void gorc_rwmutex_rlock(gorc_rwmutex *rw);
/* Locks rw for reading if no writer holds it or waits; true when locked. Never blocks. */
GORC_API bool gorc_rwmutex_try_rlock(gorc_rwmutex *rw);
/* Ends one reading. Does not block; without a reader it is a misuse. */
GORC_API void gorc_rwmutex_runlock(gorc_rwmutex *rw);

/* --- wait group (W1-W7) --- */

/* Adds delta to the counter; at zero all waiters go on. Does not block. What happened before a
 * negative add happens before the waits that it ends. Misuse: a counter below zero; an add from
 * zero while somebody waits; an add before the waits of the last round have returned. */
GORC_API void gorc_wg_add(gorc_waitgroup *wg, int delta);
/* gorc_wg_add(wg, -1). */
GORC_API void gorc_wg_done(gorc_waitgroup *wg);
/* Blocks until the counter is zero. Several may wait. */
GORC_API void gorc_wg_wait(gorc_waitgroup *wg);
/* Adds one, runs fn(arg) in a new goroutine, and counts it done when fn ends, by return or by
 * gorc_goexit. Prints one line and aborts when memory is out. fn == NULL is a misuse. */
GORC_API void gorc_wg_go(gorc_waitgroup *wg, gorc_fn fn, void *arg);

/* --- once (O1, O3-O5) --- */

/* The first call runs fn(arg); calls that come meanwhile block until it has ended (by return or by
 * gorc_goexit), later ones return at once, whatever their fn. The end of fn happens before the
 * return of every call. Calling it from fn on the same once is a misuse. */
GORC_API void gorc_once_do(gorc_once *once, gorc_fn fn, void *arg);

/* --- condition variable (K1-K5) --- */

/* Unlocks m, blocks until it is woken, locks m again. m must be locked. No signal sent after the
 * unlock is lost; there are no spurious wake-ups, but the condition may have changed again: test it
 * in a loop. The signal or broadcast happens before the return. */
GORC_API void gorc_cond_wait(gorc_cond *c, gorc_mutex *m);
/* Wakes the one who has waited longest, if any. Needs no lock; does not block. */
GORC_API void gorc_cond_signal(gorc_cond *c);
/* Wakes all who wait now. Needs no lock; does not block. */
GORC_API void gorc_cond_broadcast(gorc_cond *c);

/* --- deferred forms --- */

/* The gorc_fn forms, for gorc_defer. */
GORC_API void gorc_mutex_unlock_fn(void *m);
GORC_API void gorc_rwmutex_unlock_fn(void *rw);
GORC_API void gorc_rwmutex_runlock_fn(void *rw);
GORC_API void gorc_wg_done_fn(void *wg);

#define gorc_defer_unlock(m) gorc_defer(gorc_mutex_unlock_fn, (void *)(m))
#define gorc_defer_rwunlock(rw) gorc_defer(gorc_rwmutex_unlock_fn, (void *)(rw))
#define gorc_defer_runlock(rw) gorc_defer(gorc_rwmutex_runlock_fn, (void *)(rw))
#define gorc_defer_done(wg) gorc_defer(gorc_wg_done_fn, (void *)(wg))

GORC_END_DECLS

#endif
