/* SPDX-License-Identifier: MIT
 *
 * A task is what happens-before orders: a goroutine or a thread. A switch of goroutines sets
 * dt_self and nothing else.
 */
#ifndef DT_TASK_H
#define DT_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/stack.h"

enum dt_task_kind { DT_TASK_MAIN, DT_TASK_THREAD, DT_TASK_GOROUTINE };

/* What reports need to know of a task, kept as long as something may still refer to it. */
struct dt_task_info {
    uint32_t uid; /* never reused */
    enum dt_task_kind kind;
    uint64_t id; /* goid, or the thread's number (t1, t2 ...); main is 1 */
    dt_stackid created;
    struct dt_task_info *parent; /* NULL for main and for threads of unknown origin */
    char name[32];
};

struct dt_frame {
    uintptr_t pc;   /* return address into the caller */
    uint32_t node;  /* context of this frame, 0: not made yet */
    uint32_t padding;
};

struct dt_held_lock {
    const void *lock;
    dt_stackid where;
    bool shared;
};

struct dt_task {
    /* What the hot path reads; one cache line. */
    uint64_t segment;       /* the current segment's bits in a shadow slot; 0: none made yet */
    struct dt_frame *top;   /* last pushed frame of the shadow stack */
    struct dt_frame *limit; /* last usable frame */
    struct dt_frame *base;
    uint32_t ignore;     /* > 0: accesses are not recorded (gorc_ignore_begin, Annotate*) */
    uint32_t in_runtime; /* > 0: inside a slow path; a signal handler's events are dropped */

    struct dt_clock clock;
    dt_index index;
    dt_epoch epoch; /* == clock[index] */
    struct dt_task_info *info;

    /* Fences (C11 29.8): what relaxed loads may still acquire, what relaxed stores release. */
    struct dt_clock acquire_fence, release_fence;
    bool has_release_fence;

    struct dt_held_lock *held;
    uint32_t nheld, cap_held;
    bool ended;
    void *owner; /* the runtime's record of the thread, NULL for goroutines */
};

/* The running task. Never NULL: a thread that the detector has not met has dt_task_unknown, whose
 * shadow stack is full and whose segment matches nothing, so that every fast path falls through
 * to dt_task_meet. Initial-exec: one instruction. After a switch of goroutines compilers must not
 * reuse the address, hence no caller keeps &dt_self over a switch. */
extern __thread struct dt_task *dt_self __attribute__((tls_model("initial-exec")));
extern struct dt_task dt_task_unknown;

/* Called by slow paths when dt_self is dt_task_unknown; set by runtime/. Registers the thread and
 * returns its task, or NULL when the detector is off (before init, after the end). */
extern struct dt_task *(*dt_task_meet)(void);

/* `parent` NULL: unrelated to all others. The child's clock starts as the parent's; what the
 * parent does afterwards is unordered with the child. Returns NULL when memory is out. */
struct dt_task *dt_task_new(
    struct dt_task *parent, enum dt_task_kind kind, uint64_t id, dt_stackid created);
/* The task runs no more; its clock stays readable for dt_task_join. */
void dt_task_end(struct dt_task *t);
/* All that `ended` did happens before what `me` does next. */
void dt_task_join(struct dt_task *me, struct dt_task *ended);
/* Frees it (ended, and joined, detached, or a goroutine). Its index is reused when safe. */
void dt_task_free(struct dt_task *t);
void dt_task_set_name(struct dt_task *t, const char *name);

/* from's past happens before what `to` does next. The caller owns both. */
void dt_task_edge(struct dt_task *from, struct dt_task *to);
/* A new epoch: what t did so far was just made visible to somebody. */
void dt_task_tick(struct dt_task *t);

void dt_task_lock_held(struct dt_task *t, const void *lock, bool shared, uintptr_t pc);
void dt_task_lock_released(struct dt_task *t, const void *lock);

#endif
