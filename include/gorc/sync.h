/* SPDX-License-Identifier: MIT
 *
 * Locks, wait groups, once, condition variables, maps and pools, as Go's package sync, and Go's
 * weighted semaphore.
 *
 * All are value types, ready for use when zero-initialised (`gorc_mutex m = {0};`), usable from
 * goroutines and from any thread, on the heap, on a stack or in a struct. They hold no resource
 * (but maps and pools: gorc_map_clear, gorc_pool_clear): there is nothing to destroy, but nobody
 * may use or wait on one when its memory goes. They must not be copied or moved while in use (W7,
 * K5). A blocked goroutine parks, it does not block its OS thread.
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

/* Go's OnceFunc and OnceValue: a once with its function, so that callers need not know it. Static
 * ones are initialised with the macros; the fields are set before the first use and not changed. */
typedef struct gorc_once_func {
    gorc_once once;
    gorc_fn fn;
    void *arg;
} gorc_once_func;
#define GORC_ONCE_FUNC(fn, arg)                                                                    \
    {                                                                                              \
        {{0}}, (fn), (arg)                                                                         \
    }
/* The first call runs the function, as gorc_once_do. */
GORC_API void gorc_once_func_call(gorc_once_func *f);

typedef struct gorc_once_value {
    gorc_once once;
    void *(*fn)(void *arg);
    void *arg;
    void *value; /* the library's */
} gorc_once_value;
#define GORC_ONCE_VALUE(fn, arg)                                                                   \
    {                                                                                              \
        {{0}}, (fn), (arg), NULL                                                                   \
    }
/* What fn(arg) returned when the first call ran it; NULL if it ended by gorc_goexit. Several values
 * (Go's OnceValues) go into a struct. */
GORC_API void *gorc_once_value_get(gorc_once_value *v);

/* --- map (P1) --- */

/* A map that any number of goroutines may use at once. Reads take no lock and write nothing that
 * other readers read; writes of different keys mostly go to different locks. Zero-initialised, or
 * with `hash` and `equal` set before the first use; without them keys are compared as pointers.
 * Both must depend on the keys' contents only, and not block. Keys and values may be NULL. The map
 * owns neither: a key must stay while it is in the map and until no call that was on its way when
 * it was deleted can compare it any more.
 *
 * It needs memory of its own, which gorc_map_clear gives back: clear a map before it goes out of
 * scope. Where memory runs out in a store, one line is printed and the process aborts.
 *
 * Ordering: a write (store, a load_or_store that stores, swap, a compare_and that succeeds, delete)
 * happens before each read that sees what it did; all but store and delete are reads too. None
 * blocks. */
typedef struct gorc_map {
    size_t (*hash)(const void *key);
    bool (*equal)(const void *a, const void *b);
    uint64_t reserved[5];
} gorc_map;

/* Prints one line and aborts when memory is out, as do load_or_store, swap and range. */
GORC_API void gorc_map_store(gorc_map *m, void *key, void *value);
/* False: no such key, and *ret_value is NULL. ret_value may be NULL, here and below. */
GORC_API bool gorc_map_load(gorc_map *m, void *key, void **ret_value);
/* True: the key was there. *ret_actual is the value that is in the map now. */
GORC_API bool gorc_map_load_or_store(gorc_map *m, void *key, void *value, void **ret_actual);
/* True: the key was there, with the value *ret_value. */
GORC_API bool gorc_map_load_and_delete(gorc_map *m, void *key, void **ret_value);
GORC_API void gorc_map_delete(gorc_map *m, void *key);
/* Stores; true: the key was there, with the value *ret_old. */
GORC_API bool gorc_map_swap(gorc_map *m, void *key, void *value, void **ret_old);
/* If the key is there with the value `old`, compared as a pointer: stores, or deletes; true then.
 */
GORC_API bool gorc_map_compare_and_swap(gorc_map *m, void *key, void *old, void *value);
GORC_API bool gorc_map_compare_and_delete(gorc_map *m, void *key, void *old);
/* Calls fn for each key, once, until it returns false. Not a snapshot: what is stored or deleted
 * meanwhile may be seen or not. fn may use the map, and block. */
GORC_API void gorc_map_range(gorc_map *m, bool (*fn)(void *key, void *value, void *arg), void *arg);
/* Deletes all keys and gives all memory back. */
GORC_API void gorc_map_clear(gorc_map *m);

/* --- pool (P2) --- */

/* Items that are kept for reuse. Zero-initialised, or with `make` (what get returns when there is
 * none), `drop` (what is done with an item that the pool gives up; without it the pool gives up
 * none) and their `arg` set before the first use. An item that was put may be given to any get, of
 * any goroutine; nobody may rely on getting it back. Each worker has its own items, last in first
 * out; when it has none it takes another's.
 *
 * In the race library one put in four is, at random (GORC_SEED), not kept but given to `drop`;
 * without `drop` it goes to the end of another worker's items.
 *
 * The put of an item happens before the get that returns it. None blocks but by make and drop. */
typedef struct gorc_pool {
    void *(*make)(void *arg);
    void (*drop)(void *item, void *arg);
    void *arg;
    uint64_t reserved[5];
} gorc_pool;

/* An item; make(arg) when there is none, NULL without make. */
GORC_API void *gorc_pool_get(gorc_pool *p);
/* Gives an item to the pool. NULL is ignored. When memory is out the item is dropped, or kept where
 * there is no `drop` by aborting with one line. */
GORC_API void gorc_pool_put(gorc_pool *p, void *item);
/* Drops the items that were not taken between the last trim and this one: for a timer, or when
 * memory is short. Without `drop` nothing happens. */
GORC_API void gorc_pool_trim(gorc_pool *p);
/* Drops all items and gives the pool's own memory back; nobody may use it meanwhile. Without `drop`
 * the items are forgotten. */
GORC_API void gorc_pool_clear(gorc_pool *p);

/* --- weighted semaphore --- */

struct gorc_ctx;

/* `gorc_sem s = GORC_SEM_INIT(10);` */
typedef struct gorc_sem {
    int64_t size;
    uint64_t reserved[7];
} gorc_sem;
#define GORC_SEM_INIT(n)                                                                           \
    {                                                                                              \
        (n),                                                                                       \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/* Takes n of the semaphore's units; blocks until they are there, in the order of the calls, or ctx
 * is cancelled. 0, or gorc_ctx_err(ctx) with nothing taken; a cancelled ctx wins. ctx == NULL waits
 * for ever. More than the size is never to be had, and does not hold up others. A release happens
 * before the acquires that return after it. */
GORC_API int gorc_sem_acquire(gorc_sem *s, struct gorc_ctx *ctx, int64_t n);
/* Takes n units if they are there and nobody waits. Never blocks. */
GORC_API bool gorc_sem_try_acquire(gorc_sem *s, int64_t n);
/* Gives n units back; anybody may. More than are taken is a misuse, and so is n < 0. Does not
 * block. */
GORC_API void gorc_sem_release(gorc_sem *s, int64_t n);

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
