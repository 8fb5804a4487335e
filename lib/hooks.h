/* SPDX-License-Identifier: MIT
 *
 * The seam: everything the library tells the detector. lib/ owns this header, the race library
 * implements it (detector/runtime/hooks_detect.c), and in the production library (GORC_DETECT not
 * defined) every hook is an empty inline function. lib/ knows nothing else of the detector.
 *
 * Rules for callers:
 *  - A hook may be called with a channel's or a scheduler's internal lock held: a hook never
 *    parks, never calls back into lib/ (but for inspect.h at report time) and takes only leaf
 * locks.
 *  - "Current task" is what the last gorc__hook_switch on this OS thread said, else the thread.
 *  - The scheduler itself must create no happens-before edge. Only the functions of the group
 *    "happens-before" do.
 */
#ifndef GORC_LIB_HOOKS_H
#define GORC_LIB_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The detector's part of a task; embedded in every goroutine and in every thread record. */
struct gorc__hook_task {
    void *detect; /* owned by the detector, NULL until it has seen the task */
};

/* A place in the program, remembered to be shown later (who made it, who closed it). The race
 * library keeps the id of a complete stack here, the production library a return address.
 * 0 is "unknown". */
typedef uint64_t gorc__place;

/* Kinds of object that a report can name. */
enum gorc__object_kind {
    GORC__OBJ_NONE,
    GORC__OBJ_CHAN,
    GORC__OBJ_SELECT,
    GORC__OBJ_MUTEX,
    GORC__OBJ_RWMUTEX,
    GORC__OBJ_WAITGROUP,
    GORC__OBJ_ONCE,
    GORC__OBJ_COND,
    GORC__OBJ_TIMER,
    GORC__OBJ_GOROUTINE,
    GORC__OBJ_FD, /* the object's address is the descriptor's number */
    GORC__OBJ_CONTEXT,
    GORC__OBJ_GROUP,
    GORC__OBJ_SEM,
    GORC__OBJ_MAP,
    GORC__OBJ_POOL,
};

/* How a lock was taken. */
enum {
    GORC__HOW_SHARED = 1, /* for reading */
    GORC__HOW_TRY = 2,    /* without waiting */
};

/* A programming error (API.md, "Misuse"). All strings are constant text. */
struct gorc__misuse {
    const char *rule;    /* "double-close", "send-on-closed", ... */
    const char *message; /* the words of the report's first line: "close of closed channel" */
    enum gorc__object_kind object_kind;
    const void *object;
    gorc__place object_created;
    const char *earlier_role; /* "closed by", or NULL */
    gorc__place earlier;
    uint64_t earlier_goid; /* 0: unknown, or in `earlier` (gorc__hook_place_of) */
    /* The lock or wait group whose last taking and giving up is shown, NULL: none; and what those
     * who had it for reading released, if that is another key. */
    const void *used, *readers;
    /* What `object` is a copy of, NULL: unknown; or what tells whether it can be one of
     * `candidate`, which earlier_goid has locked. */
    const void *original;
    bool (*is_original)(const struct gorc__misuse *m, const void *candidate);
};

#ifdef GORC_DETECT

/* --- lifecycle --- */

/* The runtime starts; the calling thread's task becomes the task of goroutine 1 if it is the
 * process's main thread. `main_task` is the main goroutine's hook part. */
void gorc__hook_start(struct gorc__hook_task *main_task);
/* The current task makes goroutine `goid`: the `go` statement happens before its start. */
void gorc__hook_go(
    struct gorc__hook_task *child, uint64_t goid, const char *name, gorc__place created);
/* The goroutine has ended. Called on the scheduler's stack, after the last switch away from it. */
void gorc__hook_end(struct gorc__hook_task *task);
/* This OS thread now runs `to`; NULL: the scheduler itself (whatever it does is nobody's). Creates
 * no edge. Called on the scheduler side, just before the register switch. */
/* `leaves`: the current task is a goroutine that may go on in another OS thread. True: when it does
 * go on, with no lock held, gorc__hook_parked is to be called. */
bool gorc__hook_switch(struct gorc__hook_task *to, bool leaves);
void gorc__hook_parked(void);
/* A thread of the program's own calls gorc for the first time; `task` is its record in lib. */
void gorc__hook_thread_attach(struct gorc__hook_task *task);
void gorc__hook_name(const void *object, const char *name);

/* --- happens-before --- */

/* What the current task synchronises from now on, it does in the public function that returns to
 * pc: for the words of a report only. */
void gorc__hook_caller(const void *pc);

/* By key: any address of an object that lives until gorc__hook_forget or until its memory is
 * freed. acquire: all earlier releases of key happen before what the current task does next.
 * release adds the current task's past to the key; release_store replaces the key's past (right
 * only when the current task has acquired key since the last release); pass: acquire, then
 * release_store. */
void gorc__hook_acquire(const void *key);
void gorc__hook_release(const void *key);
void gorc__hook_release_store(const void *key);
void gorc__hook_pass(const void *key);
void gorc__hook_forget(const void *key, size_t size);
/* Between the current task and one that is parked and that the caller alone may wake. */
void gorc__hook_hb_to(struct gorc__hook_task *parked);   /* my past -> its resumption */
void gorc__hook_hb_from(struct gorc__hook_task *parked); /* its past -> what I do next */
/* For one that is parked and that the caller alone may wake: it acquires key, then replaces key's
 * past with its own (acquire and release_store in its name). Any thread may call this. */
void gorc__hook_relay(const void *key, struct gorc__hook_task *parked);
/* The same, but it only acquires key. */
void gorc__hook_acquire_for(const void *key, struct gorc__hook_task *parked);
/* The current task learns that the signal was sent: it acquires what its senders had behind them.
 */
void gorc__hook_signal(int sig);

/* Data through a descriptor: what was done before `sent` happens before what follows `got` at the
 * other end. */
void gorc__hook_fd_sent(int fd);
void gorc__hook_fd_got(int fd);
/* A number that a new descriptor has; one made by accept (gorc__hook_fd_dial happens before). */
void gorc__hook_fd_made(int fd);
void gorc__hook_fd_accepted(int fd);
void gorc__hook_fd_dial(void);
void gorc__hook_fd_closing(int fd);

/* --- memory --- */

/* The library reads or writes the program's memory for the current task, called from `pc`. */
void gorc__hook_read(const void *p, size_t size, const void *pc);
void gorc__hook_write(const void *p, size_t size, const void *pc);
/* As a write that does not race with others of its kind: of two sorts of operations that must be
 * ordered with each other, but not among themselves, one is told as reads, the other as these. */
void gorc__hook_write_shared(const void *p, size_t size, const void *pc);
/* Memory of the library that becomes visible to the program or is taken back (stacks, buffers):
 * whatever was known of it is void. */
void gorc__hook_fresh(const void *p, size_t size);

/* The library's own allocations. `opaque`: nothing in it counts as a reference of the program's
 * (scheduler records, names); else it is an object of the program's, such as a channel, that is
 * alive as long as something refers to it. freeing: before it is freed. */
void gorc__hook_allocated(const void *p, size_t size, bool opaque);
void gorc__hook_freeing(const void *p);
/* Address space that the library has reserved for itself: stacks. */
void gorc__hook_reserved(const void *p, size_t size);

/* The library calls a function of the program on the caller's own stack, on behalf of a public
 * function that returns to `pc`: that place belongs into the stacks of what the function does. The
 * result is for gorc__hook_called, which is not needed if the function does not return. */
bool gorc__hook_call(const void *pc);
void gorc__hook_called(bool begun);

/* --- locks: happens-before, held and abandoned locks, lock order --- */

/* The current task has taken the lock: it acquires the key `lock`, and `readers` unless that is
 * NULL: what the readers of a rwmutex release, for a writer. */
void gorc__hook_locked(const void *lock, const void *readers, enum gorc__object_kind kind,
    unsigned how, const void *pc);
/* It is about to give it up: it releases `key`, replacing its past if `replace`. */
void gorc__hook_unlocked(const void *lock, const void *key, bool replace);
/* The current task adds to a wait group: a negative delta releases it. Gives the place of the count
 * of the same sign before, as gorc__hook_place_of; 0: unknown. */
gorc__place gorc__hook_counted(const void *wg, int delta);
/* The first use of an object that is not moved any more, or later ones: it becomes known. */
void gorc__hook_used(const void *object, enum gorc__object_kind kind);
/* A once is called; its function runs in the current task. */
void gorc__hook_once_call(const void *once, const void *pc);
void gorc__hook_once_begin(const void *once, const void *pc);
void gorc__hook_once_end(const void *once);
/* The current task signals a cond, whether somebody waits or not. */
void gorc__hook_signalled(void);
/* A call that does not wait found nothing: what the program does next depends on that. */
void gorc__hook_refused(void);

/* At an unbuffered channel `waiter` waits, or would have waited, for `partner` alone; NULL: the
 * current task. Or the current task's wait for a wait group is over. Before either's past is
 * acquired. */
void gorc__hook_wait_ends(const void *chan, struct gorc__hook_task *waiter_or_null,
    struct gorc__hook_task *partner_or_null, const void *pc);
void gorc__hook_waited(const void *wg, const void *pc);
/* The current task finds chan closed, where it would have waited for that; `key` was released by
 * who closed it, at `closed_by`. Before it is acquired. */
void gorc__hook_found_closed(
    const void *chan, const void *key, gorc__place closed_by, const void *pc);
/* Calls fn(arg), in which a thread of the program's own waits. */
void gorc__hook_thread_waits(void (*fn)(void *arg), void *arg);
/* The monitor thread, now and then: the detector may look for deadlocks. Returns when it wants to
 * be called again, INT64_MAX: never. */
int64_t gorc__hook_watch(int64_t now);

/* --- reports --- */

/* The current task's whole stack; `pc` is the return address of the public function. */
gorc__place gorc__hook_place(const void *pc);
/* And, in its upper half, whose it is: for gorc__misuse. */
gorc__place gorc__hook_place_of(const void *pc);
/* Records the misuse. true: on_misuse=continue, the operation has no effect and returns; false:
 * the record is complete, the caller aborts. */
bool gorc__hook_misuse(const struct gorc__misuse *m, const void *pc);
/* All goroutines are asleep and nothing can wake one (G3). Writes the findings; the caller then
 * ends the process. */
void gorc__hook_all_asleep(void);
bool gorc__hook_active(void);

#else

static inline void gorc__hook_start(struct gorc__hook_task *main_task)
{
    (void)main_task;
}
static inline void gorc__hook_go(
    struct gorc__hook_task *child, uint64_t goid, const char *name, gorc__place created)
{
    (void)child, (void)goid, (void)name, (void)created;
}
static inline void gorc__hook_end(struct gorc__hook_task *task)
{
    (void)task;
}
static inline bool gorc__hook_switch(struct gorc__hook_task *to, bool leaves)
{
    (void)to, (void)leaves;
    return false;
}
static inline void gorc__hook_parked(void)
{
}
static inline void gorc__hook_thread_attach(struct gorc__hook_task *task)
{
    (void)task;
}
static inline void gorc__hook_name(const void *object, const char *name)
{
    (void)object, (void)name;
}
static inline void gorc__hook_caller(const void *pc)
{
    (void)pc;
}
static inline void gorc__hook_acquire(const void *key)
{
    (void)key;
}
static inline void gorc__hook_release(const void *key)
{
    (void)key;
}
static inline void gorc__hook_release_store(const void *key)
{
    (void)key;
}
static inline void gorc__hook_pass(const void *key)
{
    (void)key;
}
static inline void gorc__hook_forget(const void *key, size_t size)
{
    (void)key, (void)size;
}
static inline void gorc__hook_hb_to(struct gorc__hook_task *parked)
{
    (void)parked;
}
static inline void gorc__hook_hb_from(struct gorc__hook_task *parked)
{
    (void)parked;
}
static inline void gorc__hook_relay(const void *key, struct gorc__hook_task *parked)
{
    (void)key, (void)parked;
}
static inline void gorc__hook_acquire_for(const void *key, struct gorc__hook_task *parked)
{
    (void)key, (void)parked;
}
static inline void gorc__hook_signal(int sig)
{
    (void)sig;
}
static inline void gorc__hook_fd_sent(int fd)
{
    (void)fd;
}
static inline void gorc__hook_fd_got(int fd)
{
    (void)fd;
}
static inline void gorc__hook_fd_made(int fd)
{
    (void)fd;
}
static inline void gorc__hook_fd_accepted(int fd)
{
    (void)fd;
}
static inline void gorc__hook_fd_dial(void)
{
}
static inline void gorc__hook_fd_closing(int fd)
{
    (void)fd;
}
static inline void gorc__hook_read(const void *p, size_t size, const void *pc)
{
    (void)p, (void)size, (void)pc;
}
static inline void gorc__hook_write(const void *p, size_t size, const void *pc)
{
    (void)p, (void)size, (void)pc;
}
static inline void gorc__hook_write_shared(const void *p, size_t size, const void *pc)
{
    (void)p, (void)size, (void)pc;
}
static inline void gorc__hook_fresh(const void *p, size_t size)
{
    (void)p, (void)size;
}
static inline void gorc__hook_allocated(const void *p, size_t size, bool opaque)
{
    (void)p, (void)size, (void)opaque;
}
static inline void gorc__hook_freeing(const void *p)
{
    (void)p;
}
static inline void gorc__hook_reserved(const void *p, size_t size)
{
    (void)p, (void)size;
}
static inline bool gorc__hook_call(const void *pc)
{
    (void)pc;
    return false;
}
static inline void gorc__hook_called(bool begun)
{
    (void)begun;
}
static inline void gorc__hook_locked(const void *lock, const void *readers,
    enum gorc__object_kind kind, unsigned how, const void *pc)
{
    (void)lock, (void)readers, (void)kind, (void)how, (void)pc;
}
static inline void gorc__hook_unlocked(const void *lock, const void *key, bool replace)
{
    (void)lock, (void)key, (void)replace;
}
static inline gorc__place gorc__hook_counted(const void *wg, int delta)
{
    (void)wg, (void)delta;
    return 0;
}
static inline void gorc__hook_used(const void *object, enum gorc__object_kind kind)
{
    (void)object, (void)kind;
}
static inline void gorc__hook_once_call(const void *once, const void *pc)
{
    (void)once, (void)pc;
}
static inline void gorc__hook_once_begin(const void *once, const void *pc)
{
    (void)once, (void)pc;
}
static inline void gorc__hook_once_end(const void *once)
{
    (void)once;
}
static inline void gorc__hook_signalled(void)
{
}
static inline void gorc__hook_refused(void)
{
}
static inline void gorc__hook_wait_ends(const void *chan, struct gorc__hook_task *waiter_or_null,
    struct gorc__hook_task *partner_or_null, const void *pc)
{
    (void)chan, (void)waiter_or_null, (void)partner_or_null, (void)pc;
}
static inline void gorc__hook_waited(const void *wg, const void *pc)
{
    (void)wg, (void)pc;
}
static inline void gorc__hook_found_closed(
    const void *chan, const void *key, gorc__place closed_by, const void *pc)
{
    (void)chan, (void)key, (void)closed_by, (void)pc;
}
static inline void gorc__hook_thread_waits(void (*fn)(void *arg), void *arg)
{
    fn(arg);
}
static inline int64_t gorc__hook_watch(int64_t now)
{
    (void)now;
    return INT64_MAX;
}
static inline gorc__place gorc__hook_place(const void *pc)
{
    return (gorc__place)(uintptr_t)pc;
}
static inline gorc__place gorc__hook_place_of(const void *pc)
{
    return (gorc__place)(uintptr_t)pc;
}
static inline bool gorc__hook_misuse(const struct gorc__misuse *m, const void *pc)
{
    (void)m, (void)pc;
    return false;
}
static inline void gorc__hook_all_asleep(void)
{
}
static inline bool gorc__hook_active(void)
{
    return false;
}

#endif
#endif
