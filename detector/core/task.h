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

#include "base/lock.h"
#include "core/clock.h"
#include "core/lockset.h"
#include "core/stack.h"

enum dt_task_kind { DT_TASK_MAIN, DT_TASK_THREAD, DT_TASK_GOROUTINE };

/* A place where a task has synchronised (synced.h). */
enum { DT_SYNCED = 8 };
struct dt_synced {
    uint64_t place, object;
    uintptr_t outer;
};

/* What reports need to know of a task, kept as long as something may still refer to it. */
struct dt_task_info {
    uint32_t uid; /* never reused */
    enum dt_task_kind kind;
    uint64_t id; /* goid, or the thread's number (t1, t2 ...); main is 1 */
    dt_stackid created;
    struct dt_task_info *parent; /* NULL for main and for threads of unknown origin */
    char name[32];
    uint32_t pool_id; /* the core's */
    dt_epoch first;   /* epoch */
    uint32_t marked;  /* sweep.c's */
    bool kept;        /* for good (dt_task_info_keep) */
    uint32_t nsynced; /* so many places; the last ones are kept */
    struct dt_synced synced[DT_SYNCED];
};

struct dt_frame {
    uintptr_t pc;  /* return address into the caller */
    uint32_t node; /* context of this frame, 0: not made yet */
    uint32_t padding;
};

enum dt_lock_kind {
    DT_LOCK_MUTEX,
    DT_LOCK_ROBUST, /* robust or process-shared: not lost with its task */
    DT_LOCK_SPIN,
    DT_LOCK_RWLOCK,
    DT_LOCK_RWLOCK_WRITERS, /* a writer that waits keeps new readers out */
    DT_LOCK_NATIVE_KINDS,   /* those before are pthread's and C11's */
    DT_LOCK_GORC_MUTEX = DT_LOCK_NATIVE_KINDS,
    DT_LOCK_GORC_RWMUTEX,
    DT_LOCK_GORC_ONCE, /* held by whom its function runs; in the lock order only */
};
static inline bool dt_lock_prefers_writers(enum dt_lock_kind kind)
{
    return kind == DT_LOCK_RWLOCK_WRITERS || kind == DT_LOCK_GORC_RWMUTEX;
}

/* How a lock was taken. */
enum {
    DT_HOW_SHARED = 1, /* for reading */
    DT_HOW_TRY = 2,    /* would not have waited for ever: trylock, or with a time limit */
    DT_HOW_AGAIN = 4,  /* by a cond's wait, at its end */
};

/* Who had a lock before, if only the lock orders that before its present holder. */
struct dt_before {
    dt_index index;
    dt_epoch epoch; /* 0: nobody, or it is ordered otherwise, too */
    dt_epoch known; /* what of that task was known without the lock */
    dt_stackid where;
};

struct dt_held_lock {
    const void *lock;
    dt_stackid where;
    uint32_t id;      /* of lockgraph.h; 0: none yet */
    uint8_t kind;     /* enum dt_lock_kind */
    uint8_t how;      /* DT_HOW_* */
    bool shared;      /* DT_HOW_SHARED */
    bool has_order;   /* `order` is to be joined when the lock is given up */
    bool nested;      /* a nesting was recorded while it was held */
    uint32_t n_needs; /* the task's when it was taken (depend.h) */
    uint32_t heard;   /* the task's when it was taken */
    struct dt_before before;
    uint32_t handovers;    /* how many locks had been given up by others when this was taken */
    struct dt_clock order; /* what was signalled under this lock (lockgraph.h) */
};

/* order.h, depend.h */
struct dt_order {
    struct dt_clock clock; /* the task's own component included */
    uint32_t index, epoch; /* index 0: has recorded nothing yet */
    uint32_t learned;      /* how often it has learnt something */
    bool published;        /* the epoch may be known to others */
    bool settled;          /* `needs` is complete */
    struct dt_clock needs; /* what its way here needs */
    uint32_t n_needs;      /* how often that grew */
    uint32_t heard;        /* how often it heard of others through anything but locks */
    dt_index nested_index; /* of the last nesting recorded: the task's index and epoch */
    dt_epoch nested_epoch;
};

/* The last places that were recorded, so that a loop need not look them up. */
enum { DT_ORIGIN_CACHE = 32, DT_ORDERED_CACHE = 8 };
struct dt_origin_cache {
    uint64_t pc;
    dt_stackid context, origin;
    uint32_t read; /* its index in the table of reads (reads.h), if it is of the current epoch */
    uint32_t padding;
};

struct dt_task {
    /* What the hot path reads; one cache line. */
    uint64_t segment;        /* the current segment as cells are compared with it (cell.h) */
    const uint64_t *keys;    /* what covers an access (cell.h); all 0: nothing is recorded */
    struct dt_frame *top;    /* last pushed frame of the shadow stack; base when empty */
    struct dt_frame *limit;  /* last usable frame */
    struct dt_frame *base;   /* a sentinel: no frame of the program */
    uint32_t ignore;         /* > 0: accesses are not recorded (gorc_ignore_begin, Annotate*) */
    uint32_t in_runtime;     /* > 0: inside a slow path; a signal handler's events are dropped */
    uint64_t key8[2];        /* keys of aligned reads and writes of eight bytes, once more */
    struct dt_reader *reads; /* reads of read-shared granules (reads.h); dt_no_reader: none yet */

    /* What the task knows of the others. Its own component is (index, epoch), not kept here. What
     * it learnt last is beside the tree (0: nothing is): who hears from the same task again and
     * again changes no node, and goes on sharing its tree with what it has released to. */
    struct dt_clock clock;
    struct dt_moment latest;
    struct dt_clock learned; /* what was joined last: covered by clock */
    dt_index index;
    dt_epoch epoch; /* of its last recorded access, or later */
    /* Who knows witness_index at witness_epoch covers all of `clock`; witness_epoch 0: nobody is
     * known to. A component enters a clock only together with all that its task knew when it
     * published it: the last release, or the source of the last learning, are such witnesses. */
    dt_index witness_index;
    dt_epoch witness_epoch;
    bool published; /* a release said `epoch`: the next record needs a later one */
    bool ended;
    bool has_release_fence;
    uint32_t ignore_sync; /* > 0: nothing that it does orders anything (AnnotateIgnoreSync*) */
    uint32_t seg;         /* the current segment's id, 0: none yet */
    uint32_t run;         /* the run of ids that it is in (segment.h), 0: none yet */
    uint32_t taken_over;  /* counts others' elements that were forgotten (fast.c) */
    uint32_t clock_lock;  /* the owner changes clock, others read it, with this held */
    struct dt_task_info *info;

    /* Fences (C11 29.8): what relaxed loads may still acquire, what relaxed stores release. */
    struct dt_clock acquire_fence, release_fence;

    struct dt_order order;
    struct dt_held_lock *held;
    uint32_t nheld, cap_held;
    uint64_t held_bits;                 /* `held` as origins have it (DT_NODE_LOCKS_SHIFT) */
    dt_lockset lockset;                 /* `held` as a set */
    uint32_t nheld_native;              /* of these, how many are pthread's or C11's */
    const void *last_released;          /* the lock that was given up last */
    struct dt_onces *onces;             /* lockgraph.c's: whose functions it runs; NULL: none yet */
    struct dt_order_cache *order_cache; /* lockgraph.c's; NULL: none yet */
    void *owner;      /* the runtime's record of the thread, NULL for goroutines */
    uintptr_t caller; /* where the call of the program's returns to that is being worked on */

    struct dt_task *joining;      /* blocked until this one has ended; guarded by the list's lock */
    struct dt_task *next, **link; /* list of tasks that have not ended */

    struct dt_race_item *races; /* found, not yet reported (granule.h) */
    struct dt_task *races_to;   /* who reports what is found now, if not the task itself */
    struct dt_origin_cache origins[DT_ORIGIN_CACHE];
    uint32_t ordered[DT_ORDERED_CACHE]; /* segments known to be ordered before us */
};

/* The running task. Never NULL: a thread that the detector has not met has dt_task_unknown, whose
 * shadow stack is full and whose segment matches nothing, so that every fast path falls through
 * to dt_task_meet. Initial-exec: one instruction. After a switch of goroutines compilers must not
 * reuse the address, hence no caller keeps &dt_self over a switch. */
extern __thread struct dt_task *dt_self __attribute__((tls_model("initial-exec")));
extern DT_HIDDEN struct dt_task dt_task_unknown;

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
/* `me` blocks until `other` has ended and will then join it; NULL: it gave up. Lets the core forget
 * what only `me` does not know yet. dt_task_join ends it. */
void dt_task_joining(struct dt_task *me, struct dt_task *other);
/* Frees it (ended, and joined, detached, or a goroutine). Its index is reused when safe. */
void dt_task_free(struct dt_task *t);
void dt_task_set_name(struct dt_task *t, const char *name);
/* For a report that is made later: it, its parents and where they were created stay. */
void dt_task_info_keep(struct dt_task_info *info);
void dt_task_info_each_kept(void (*fn)(struct dt_task_info *info));
/* A copy of what is known of a task that may have ended; false: nothing any more. Looks at all
 * records: for reports. */
bool dt_task_info_find(enum dt_task_kind kind, uint64_t id, struct dt_task_info *ret_info);
bool dt_task_info_find_uid(uint32_t uid, struct dt_task_info *ret_info);

/* from's past happens before what `to` does next. The caller owns both. */
void dt_task_edge(struct dt_task *from, struct dt_task *to);
/* `latest` goes into the tree: for who needs all that t knows as one clock. */
void dt_task_fold(struct dt_task *t);
/* A new epoch: what t did so far was just made visible to somebody. */
void dt_task_tick(struct dt_task *t);

/* Doubles the running task's shadow stack; inside the core. */
void dt_task_grow_stack(struct dt_task *t);

/* Accesses of t are recorded again, or no more, according to t->ignore: call it after a change
 * (not needed for correctness, but ignored accesses are then free). */
void dt_task_ignore_changed(struct dt_task *t);

/* Where code without instrumentation takes a lock: its whole stack if that is not too much to ask,
 * or 0: just `pc`. Set by runtime/. */
extern dt_stackid (*dt_bare_place)(uintptr_t pc);
/* The context of a lock call at pc, kept for good. Inside the core. */
dt_stackid dt_task_place(struct dt_task *t, uintptr_t pc);
/* Appends to t->held and returns it. */
struct dt_held_lock *dt_task_lock_held(
    struct dt_task *t, const void *lock, enum dt_lock_kind kind, uint32_t how, uintptr_t pc);
/* False: t does not have it. */
bool dt_task_lock_released(struct dt_task *t, const void *lock);
/* t's entry of a lock that it has, the last taken of several; NULL: it has it not. */
static inline struct dt_held_lock *dt_task_holds(const struct dt_task *t, const void *lock)
{
    for (uint32_t i = t->nheld; i-- > 0;)
        if (t->held[i].lock == lock)
            return &t->held[i];
    return NULL;
}
/* The entry that was at `at` has been taken out of t->held. */
void dt_task_lock_gone(struct dt_task *t, uint32_t at);

#endif
