/* SPDX-License-Identifier: MIT
 *
 * The process's threads: one record each, from before its start until it has ended and was joined
 * or detached. Threads of the library itself (workers) have a hidden record, for waits only.
 *
 * The registry is guarded by one leaf lock, taken when threads start, end, join or detach. Records
 * are never freed to the system, only reused, so that a walk without the lock (signal handlers,
 * dumps) reads stale data at worst.
 */
#ifndef DT_THREAD_H
#define DT_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/task.h"
#include "runtime/wait.h"

enum dt_thread_state { DT_THREAD_FREE, DT_THREAD_NEW, DT_THREAD_RUNNING, DT_THREAD_ENDED };

/* A pthread_once or call_once in progress on this thread; lives on its stack. */
struct dt_once_frame {
    struct dt_once_frame *outer;
    void (*fn)(void);
    void *key;
    uintptr_t pc; /* of the program's call */
    bool begun;   /* its initialiser is run: libc lets nobody else run it */
};

/* A signal whose handler waits until the thread is out of the runtime (signal.c). */
struct dt_deferred {
    int sig; /* 0: none */
    int tries, timer;
    siginfo_t info;
};

struct dt_thread {
    struct dt_wait wait; /* must be first: wait.h */
    /* The registry's, under its lock. */
    struct dt_thread *all_next; /* every record ever made; set once */
    struct dt_thread *hash_next, *free_next;
    enum dt_thread_state state;
    bool hashed, owns_handle; /* owns_handle: neither joined nor detached yet */
    bool hidden;              /* a worker of the library */
    bool native;              /* not made by an interposed call: libc knows no start of it */
    uint64_t number;          /* t1, t2 ...; 0 for main and hidden ones */
    /* The thread's own. */
    struct dt_task *task; /* NULL when hidden */
    uint32_t uid;         /* of the task's info */
    pthread_t handle;
    int tid;
    void *(*fn)(void *);
    int (*fn_c11)(void *);
    void *arg;
    size_t stack_size;
    uintptr_t stack_lo, stack_hi; /* 0: unknown */
    char label[24];               /* of its stack, for reports */
    int end_rounds;               /* of TLS destructors seen */
    struct dt_once_frame *once;
    const void *exit_elements; /* libstdc++'s, to run at the thread's end (thread_exit.c) */
    struct dt_deferred deferred;
    int sending;    /* > 0: in a call that sends a signal, perhaps to itself */
    int in_handler; /* > 0: in a handler that interrupted the program anywhere */
    void *altstack;
    struct dt_jumps *jumps;     /* jump.c */
    struct dt_context *context; /* that was resumed last; context.c */
    bool reported_stuck;        /* deadlock.c */
    bool is_moving_block; /* in realloc: the new block is not known yet, the old one no more */
};

void dt_threads_init(void);

/* In the creator, before pthread_create; NULL: the detector is off. */
struct dt_thread *dt_thread_create(uintptr_t pc, const pthread_attr_t *attr);
void dt_thread_abort(struct dt_thread *th);                     /* pthread_create failed */
void dt_thread_created(struct dt_thread *th, pthread_t handle); /* pthread_create succeeded */
void dt_thread_start(struct dt_thread *th);                     /* first thing on the new thread */

/* In the first round of the thread's destructors. Set by interpose/; may be NULL. */
extern void (*dt_thread_ending)(struct dt_thread *th);

/* Joining: `find` before the real call (the handle may be reused right after it). */
struct dt_thread *dt_thread_find(pthread_t handle);
void dt_thread_joined(struct dt_thread *th);
void dt_thread_detached(struct dt_thread *th);

/* The thread that runs or ran the task `uid`; NULL: none (a goroutine). */
struct dt_thread *dt_thread_by_uid(uint32_t uid);
/* Calls fn for each record that is in use, hidden ones too, until it gives false. Takes no lock. */
void dt_threads_each(bool (*fn)(struct dt_thread *th, void *arg), void *arg);
uint64_t dt_threads_started(void); /* main not counted */
/* Made with an interposed call, or met, and not ended: main not counted. */
bool dt_thread_is_main(const struct dt_thread *th);
extern struct dt_task *dt_main_task;

/* A consistent copy of th's wait; false: it does not wait, or it changed meanwhile. */
bool dt_wait_read(const struct dt_thread *th, struct dt_wait *ret_wait);

/* In a forked child: only the calling thread is left. */
void dt_threads_forked(void);

#endif
