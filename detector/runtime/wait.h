/* SPDX-License-Identifier: MIT
 *
 * What a plain thread waits for, set around every blocking call of libc that is interposed:
 *
 *     DT_WAIT_BEGIN("read", NULL, false);
 *     ssize_t n = read(fd, buffer, size);
 *     DT_WAIT_END();
 *
 * Both belong to one function, in one block, BEGIN before END. They keep errno. The cost is one TLS
 * load and a dozen stores, so they need no dt_enter().
 *
 * A wait is seen by others (deadlock, dump) without a lock: `seq` is odd while it is being changed.
 * A signal handler that blocks nests: END brings the interrupted wait back. A wait that was left by
 * cancellation or siglongjmp has no END; its stack frame is gone then, which the next BEGIN sees by
 * the stack pointer, and dt_wait_cut() at longjmp. Who draws conclusions from a wait (deadlock.c)
 * uses only those whose interposer cleans up on cancellation too.
 */
#ifndef DT_WAIT_H
#define DT_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dt_wait {
    const char *reason; /* "pthread mutex", "pthread join", "read" ...; NULL: not waiting */
    const void *object;
    const void *task; /* who waits: the thread's own task, or the goroutine that it runs */
    bool timed;
    uint32_t seq;
    uintptr_t regs[8]; /* pc sp bp bx r12 r13 r14 r15, to unwind it while it waits */
};

struct dt_thread;
struct dt_task;
extern __thread struct dt_task *dt_self __attribute__((tls_model("initial-exec")));
/* The thread's record, of which a dt_wait is the first member. NULL: not met yet. */
extern __thread struct dt_thread *dt_thread_self __attribute__((tls_model("initial-exec")));

/* A worker of the library's, which nobody has met yet, has a record from here on. NULL: it is none.
 */
struct dt_wait *dt_wait_worker(void);

/* The current wait is over if its frame lies below `sp` (longjmp, cancellation). */
void dt_wait_cut(uintptr_t sp);

struct dt_wait_scope {
    struct dt_wait *wait;
    struct dt_wait outer;
};

static inline __attribute__((always_inline)) void dt_wait_begin(
    struct dt_wait_scope *s, const char *reason, const void *object, bool timed)
{
    struct dt_wait *w = (struct dt_wait *)dt_thread_self;
    if (__builtin_expect(!w, 0))
        w = dt_wait_worker();
    s->wait = w;
    if (__builtin_expect(!w, 0))
        return;
    s->outer.reason = NULL;
    if (__builtin_expect(w->reason != NULL, 0))
        s->outer = *w;
    __atomic_store_n(&w->seq, w->seq + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    w->reason = reason;
    w->object = object;
    w->task = dt_self;
    w->timed = timed;
#if defined(__x86_64__)
    __asm__ volatile("leaq 0f(%%rip), %%rax\n"
                     "0:\tmovq %%rax, 0(%0)\n\t"
                     "movq %%rsp, 8(%0)\n\t"
                     "movq %%rbp, 16(%0)\n\t"
                     "movq %%rbx, 24(%0)\n\t"
                     "movq %%r12, 32(%0)\n\t"
                     "movq %%r13, 40(%0)\n\t"
                     "movq %%r14, 48(%0)\n\t"
                     "movq %%r15, 56(%0)"
                     :
                     : "r"(w->regs)
                     : "rax", "memory");
#else
    w->regs[0] = 0; /* cannot be unwound from outside */
    w->regs[1] = (uintptr_t)__builtin_frame_address(0);
#endif
    if (__builtin_expect(s->outer.reason != NULL, 0) && s->outer.regs[1] < w->regs[1])
        s->outer.reason = NULL; /* left over: its frame is gone */
    __atomic_store_n(&w->seq, w->seq + 1, __ATOMIC_RELEASE);
}

static inline __attribute__((always_inline)) void dt_wait_end(struct dt_wait_scope *s)
{
    struct dt_wait *w = s->wait;
    if (__builtin_expect(!w, 0))
        return;
    uint32_t seq = w->seq;
    __atomic_store_n(&w->seq, seq + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    if (__builtin_expect(s->outer.reason != NULL, 0)) {
        s->outer.seq = seq + 1;
        *w = s->outer;
    } else {
        w->reason = NULL;
    }
    __atomic_store_n(&w->seq, seq + 2, __ATOMIC_RELEASE);
}

#define DT_WAIT_BEGIN(reason, object, timed)                                                       \
    struct dt_wait_scope dt_wait_scope_;                                                           \
    dt_wait_begin(&dt_wait_scope_, reason, object, timed)
#define DT_WAIT_END() dt_wait_end(&dt_wait_scope_)

#endif
