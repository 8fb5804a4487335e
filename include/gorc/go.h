/* SPDX-License-Identifier: MIT
 *
 * Goroutines: functions that run concurrently on a few OS threads ("workers").
 *
 * There is no init call: the first gorc call starts the runtime. main is goroutine 1; its stack is
 * the process's. When main returns, the process ends without waiting for other goroutines (G1).
 */
#ifndef GORC_GO_H
#define GORC_GO_H

#include <gorc/base.h>

GORC_BEGIN_DECLS

typedef void (*gorc_fn)(void *arg);

/* Runs fn(arg) in a new goroutine. Does not block. What the caller did before happens before the
 * start of fn. Prints one line and aborts when memory is out. fn == NULL is a misuse (G4). */
GORC_API void gorc_go(gorc_fn fn, void *arg);

/* As gorc_go, but returns -ENOMEM when memory is out, -EAGAIN when no thread can be made; 0
 * when the goroutine was made. */
GORC_API int gorc_try_go(gorc_fn fn, void *arg);

struct gorc_go_options {
    const char *name;  /* shown in reports and dumps; must outlive the goroutine; NULL: none */
    size_t stack_size; /* bytes, rounded up; 0: GORC_STACK or the default of 64 KB */
    bool lock_thread;  /* the goroutine keeps one OS thread to itself for its whole life (G7) */
};

/* As gorc_go, with options. */
GORC_API void gorc_go_with(const struct gorc_go_options *options, gorc_fn fn, void *arg);

/* Lets other runnable goroutines go first (G5). On a foreign thread: sched_yield(). */
GORC_API void gorc_yield(void);

/* Ends the calling goroutine after running its deferred calls, last first (G2). Does not run C++
 * destructors. Called by main, the others go on. Outside a goroutine it is a misuse. */
GORC_API void gorc_goexit(void) __attribute__((noreturn));

/* The caller's number: main is 1, 0 on a thread that is not a goroutine. */
GORC_API uint64_t gorc_goid(void);

/* Sets the number of workers that run goroutines at once if n > 0; returns the previous number.
 * The start value is GORC_PROCS, or the number of processors available to the process. */
GORC_API int gorc_procs(int n);

/* Goroutines that have not ended, main included; a snapshot. */
GORC_API size_t gorc_num_goroutines(void);

/* Names a channel, lock, wait group ...: shown in every report and dump. The string is copied; NULL
 * removes the name. The name of an object that is made and freed by gorc ends with it. That of one
 * in the program's own memory (a lock, a wait group) does not end by itself: remove it before the
 * memory goes, or whatever comes to lie there next has it. */
GORC_API void gorc_set_name(const void *object, const char *name);

/* --- goroutine-local values --- */

/* The calling goroutine's value for `key`, which is compared as a pointer: take the address of a
 * static object of your own. New goroutines have none, and nobody else sees them. A thread of the
 * program's own has values, too. NULL: none. Takes no lock. */
GORC_API void *gorc_local_get(const void *key);

/* Sets it; NULL removes it. destroy(value), where given, runs in the goroutine when it ends, after
 * its deferred calls, the newest key first: when its function returns, on gorc_goexit, at the end
 * of a thread; for main also when it returns or calls exit(). It may call gorc, and what it sets is
 * destroyed as well. Not called for a value that is replaced or removed: get it first.
 * Never blocks. -ENOMEM: nothing is changed, the value is still the caller's. The time of both
 * functions grows with the number of values that the goroutine has: they are for a few. */
GORC_API int gorc_local_set(const void *key, void *value, gorc_fn destroy);

/* --- deferred calls --- */

/* Bookkeeping of one gorc_defer; lives in the enclosing block. */
struct gorc_defer_record {
    gorc_fn fn;
    void *arg;
    struct gorc_defer_record *next;
    void *owner;
};

GORC_API void gorc_defer_push(struct gorc_defer_record *record, gorc_fn fn, void *arg);
/* Runs the record's call unless gorc_goexit has already done so. */
GORC_API void gorc_defer_run(struct gorc_defer_record *record);

#define GORC_DEFER_PASTE_(a, b) a##b
#define GORC_DEFER_PASTE(a, b) GORC_DEFER_PASTE_(a, b)
#define GORC_DEFER_AS(record, fn, arg)                                                             \
    struct gorc_defer_record record __attribute__((cleanup(gorc_defer_run)));                      \
    gorc_defer_push(&record, (fn), (arg))

/* Runs fn(arg) at the end of the enclosing block, and on gorc_goexit. A statement; several in one
 * block run last first. Not for use as the body of an if or a loop without braces. */
#define gorc_defer(fn, arg)                                                                        \
    GORC_DEFER_AS(GORC_DEFER_PASTE(gorc_deferred_, __COUNTER__), (fn), (arg))

GORC_END_DECLS

#endif
