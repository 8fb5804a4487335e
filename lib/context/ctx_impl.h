/* SPDX-License-Identifier: MIT
 *
 * The inside of a context, shared by lib/context.
 *
 * A context is a `struct gorc_ctx`; one that can be cancelled by itself is a `struct
 * gorc__canceller`, which begins with one. Each context knows its nearest canceller and its nearest
 * value, so that err is one load and a lookup passes only contexts that hold values.
 *
 * Cancellers form a tree of their own (`up`, `children`). A child is LISTED with its parent until
 * it is complete: cancelled, with all its descendants. A parent's cancellation detaches its
 * children and visits them; whoever comes second to a canceller leaves it to the first. Completion
 * runs upwards: `pending` counts the children that were detached and are not complete, and the
 * visit itself. So no lock is held across a cascade, its depth costs no stack, and cancel returns
 * only when all descendants are cancelled, whoever cancelled them.
 *
 * References: each canceller between its visit and its completion has one of its own; so have its
 * pending timer, each child (to its parent), each after-func. The key of happens-before is &err.
 *
 * Lock order: one canceller's lock at a time; before it a semaphore's lock; after it a timer
 * heap's.
 */
#ifndef GORC_LIB_CONTEXT_CTX_IMPL_H
#define GORC_LIB_CONTEXT_CTX_IMPL_H

#include <gorc/context.h>

#include "base/lock.h"
#include "base/misuse.h"
#include "chan/chan_impl.h"
#include "sched/hidden_list.h"
#include "hooks.h"
#include "sched/park.h"
#include "sched/timerheap.h"

enum gorc__ctx_kind {
    GORC__CTX_BACKGROUND,
    GORC__CTX_VALUE,
    GORC__CTX_WITHOUT,
    GORC__CTX_CANCEL, /* from here on a canceller */
    GORC__CTX_DEADLINE,
    GORC__CTX_SIGNAL,
};

struct gorc__canceller;

/* All contexts and after-funcs that were not freed are listed in the race library, where a context
 * that is never cancelled is a finding (ctx_inspect.c). */
struct gorc__ctx_link {
    struct gorc__hidden_link hidden;
    bool is_stop; /* in a gorc_ctx_stop, not in a gorc_ctx */
};

void gorc__ctx_list_add(struct gorc__ctx_link *l, bool is_stop);
void gorc__ctx_list_remove(struct gorc__ctx_link *l);

/* Constant once made, but refs and freed. */
struct gorc_ctx {
    struct gorc__ctx_link link;        /* first: what malloc writes over when the block is freed */
    struct gorc__canceller *canceller; /* nearest, itself included; NULL: never cancelled */
    const struct gorc_ctx *values;     /* nearest with a value, itself included */
    struct gorc_ctx *parent;           /* with a reference */
    const void *key;
    void *value;
    int64_t deadline; /* the earliest of all; INT64_MAX: none */
    _Atomic uint64_t refs;
    _Atomic uint32_t freed; /* the owner has given it up */
    uint32_t kind;          /* enum gorc__ctx_kind */
    gorc__place created;
    _Atomic gorc__place freed_by;
    uint64_t creator;
};

/* Who waits for a cancellation: a parked goroutine, or an after-func. */
struct gorc__ctx_watch {
    struct gorc__ctx_watch *next, *prev;
    struct gorc__g *g; /* parked, to be claimed; NULL: stop */
    struct gorc_ctx_stop *stop;
    bool listed; /* guarded by the canceller's lock */
};

enum gorc__ctx_place { GORC__CTX_ALONE, GORC__CTX_LISTED, GORC__CTX_DETACHED };

struct gorc__canceller {
    struct gorc_ctx base;
    _Atomic int err; /* written once, under lock */
    int cause;       /* written before err */
    _Atomic(struct gorc_chan *) done;

    struct gorc__lock lock; /* guards what follows, but for the fields that say otherwise */
    uint32_t pending;
    bool complete;
    bool armed;                    /* the timer has a reference */
    struct gorc__waitq waiters;    /* for complete */
    struct gorc__canceller *todo;  /* link in the cascade that detached it */
    struct gorc__canceller *up;    /* constant */
    struct gorc__canceller *child; /* the first LISTED one */
    struct gorc__ctx_watch *watch; /* the first */
    struct gorc__timer timer;      /* DEADLINE */
    int deadline_cause;            /* constant */
    uint32_t place;                /* enum gorc__ctx_place; this and the links: by up's lock */
    struct gorc__canceller *next, *prev;
};

/* Who cancels, for reports. All zero: a timer. */
struct gorc__ctx_by {
    gorc__place place;
    uint64_t goid;
    bool may_park; /* and so waits for the whole cascade */
};

static inline struct gorc__ctx_by gorc__ctx_by_caller(const void *pc)
{
    return (struct gorc__ctx_by){gorc__hook_place(pc), gorc__g_id(gorc__self()), true};
}

/* Cancels c and its descendants unless it is cancelled already. */
void gorc__ctx_cancel(struct gorc__canceller *c, int err, int cause, struct gorc__ctx_by by);

/* A child of `parent`, cancelled already if the parent is; size: of the struct it begins. NULL: no
 * memory. */
struct gorc__canceller *gorc__canceller_new(
    struct gorc_ctx *parent, size_t size, enum gorc__ctx_kind kind, const void *pc);
void gorc__ctx_ref(struct gorc_ctx *ctx);
void gorc__ctx_unref(struct gorc_ctx *ctx);
/* As gorc_ctx_free, of a context that lib itself owns. */
void gorc__ctx_drop(struct gorc_ctx *ctx, struct gorc__ctx_by by);

/* False, after raising the misuse, for NULL and for one that was freed. */
bool gorc__ctx_check(struct gorc_ctx *ctx, const void *pc);
bool gorc__ctx_check_parent(struct gorc_ctx *parent, const void *pc);

static inline int gorc__canceller_err(struct gorc__canceller *c)
{
    return atomic_load_explicit(&c->err, memory_order_acquire);
}
/* err is not 0: the caller may see whatever the cancellation has shown (X3). */
void gorc__canceller_seen(struct gorc__canceller *c);

/* Puts w into c's list. False: c is cancelled. */
bool gorc__ctx_watch(struct gorc__canceller *c, struct gorc__ctx_watch *w);
/* Takes it out. False: the cancellation has taken it, and touches it no more. */
bool gorc__ctx_unwatch(struct gorc__canceller *c, struct gorc__ctx_watch *w);
/* The list's half of a cancellation: runs an after-func that was taken out. */
void gorc__ctx_stop_fire(struct gorc_ctx_stop *s);

struct gorc_ctx_stop {
    struct gorc__ctx_watch watch;
    struct gorc__ctx_link link;
    struct gorc_ctx *ctx; /* with a reference */
    gorc_fn fn;
    void *arg;
    _Atomic uint32_t refs;
    gorc__place created;
    uint64_t creator;
};

/* ctx_signal.c: the signals are this context's no more. */
void gorc__ctx_signal_stop(struct gorc__canceller *c);

#endif
