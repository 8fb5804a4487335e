/* SPDX-License-Identifier: MIT
 *
 * Deadlocks of a lock and something else that did not happen (docs/deadlocks.md): A waits for a
 * channel, a wait group or a thread's end while it holds a lock; B, who ended the wait, had the
 * lock before A, and nothing but the lock's own turns put B first. Had A come first, B would wait
 * for the lock, and A for B.
 *
 * What is found is noted, since it is found inside an operation of the library, and reported later.
 */
#include <string.h>

#include "base/dalloc.h"
#include "base/flags.h"
#include "base/keyset.h"
#include "base/lock.h"
#include "core/lockgraph.h"
#include "core/segment.h"
#include "core/sync.h"
#include "lib/inspect.h"
#include "report/finding.h"
#include "runtime/describe.h"
#include "runtime/instrumented.h"
#include "runtime/lock_order.h"
#include "runtime/runtime.h"

struct lock_wait {
    struct lock_wait *next;
    const struct dt_task_info *waiter, *partner; /* partner NULL: unknown */
    struct dt_held_lock held;
    const void *object; /* NULL: B's end */
    const char *object_kind;
    dt_stackid waits_at, ends_at; /* 0: unknown */
};

static dt_lock lock; /* a leaf; guards what follows */
static struct dt_keyset seen;
static struct lock_wait *noted;

/* Since it took h, A has neither heard of others nor read what B wrote under the lock: what it does
 * now it would have done in the other order, too. */
static bool is_independent(const struct dt_task *a, const struct dt_held_lock *h)
{
    return h->before.epoch && a->order.heard == h->heard;
}

struct stack_search {
    const struct dt_task *task;
    dt_stackid stack;
};

static bool find_stack(const struct gorc__inspect_g *g, void *arg)
{
    struct stack_search *s = arg;
    if (!g->task || g->task->detect != s->task)
        return true;
    uintptr_t pcs[DT_MAX_FRAMES];
    size_t n = dt_goroutine_stack(g, pcs, DT_MAX_FRAMES);
    s->stack = n ? dt_stack_intern(pcs, n) : 0;
    return false;
}

static dt_stackid stack_of(struct dt_task *t, uintptr_t pc)
{
    struct stack_search s = {.task = t};
    if (t == dt_self)
        return dt_here_native(t, pc);
    gorc__inspect_goroutines(find_stack, &s);
    return s.stack;
}

static bool is_new(const struct dt_held_lock *h, const struct dt_task *a)
{
    dt_lock_take(&lock);
    bool added = dt_keyset_add(
        &seen, ((uint64_t)h->where << 32 | h->before.where) ^ (uint64_t)a->info->created << 16);
    dt_lock_drop(&lock);
    return added;
}

static void note(struct dt_task *a, const struct dt_held_lock *h, struct dt_task *b,
    const struct dt_waited *waited, uintptr_t pc)
{
    if (!is_new(h, a))
        return;
    dt_task_info_keep(a->info);
    if (b)
        dt_task_info_keep(b->info);
    struct lock_wait *w = dt_alloc(sizeof *w);
    *w = (struct lock_wait){
        .waiter = a->info,
        .partner = b ? b->info : NULL,
        .held = *h,
        .object = waited->object,
        .object_kind = waited->kind,
        .waits_at = stack_of(a, pc),
        .ends_at = waited->ended_at ? waited->ended_at
                   : b              ? stack_of(b, pc)
                                    : 0,
    };
    dt_lock_take(&lock);
    w->next = noted;
    noted = w;
    dt_lock_drop(&lock);
}

/* Without them it cannot be told whether A saw that B had been there. */
static bool knows_accesses(void)
{
    return dt_flags.detect_deadlocks && dt_flags.detect_races &&
           strcmp(dt_instrumented_word(), "yes") == 0;
}

void dt_lock_wait_met(struct dt_task *a, struct dt_task *b, const void *chan, uintptr_t pc)
{
    for (uint32_t i = 0; i < a->nheld; i++) {
        struct dt_held_lock *h = &a->held[i];
        if (is_independent(a, h) && h->before.index == b->index && knows_accesses())
            note(a, h, b, &(struct dt_waited){chan, "chan", 0}, pc);
    }
}

static bool has(struct dt_moment m, const struct dt_before *b)
{
    return m.index == b->index && m.epoch >= b->epoch;
}

/* What was released to the key has all of B's section behind it. */
static bool comes_from(const void *key, const struct dt_before *b)
{
    struct dt_sync *s = dt_sync_lock(key, false);
    if (!s)
        return false;
    bool is = has(s->own, b) || has(s->latest, b) || dt_clock_look(&s->clock, b->index) >= b->epoch;
    dt_sync_unlock(s);
    return is;
}

void dt_lock_wait_done(
    struct dt_task *a, const void *key, const struct dt_waited *waited, uintptr_t pc)
{
    for (uint32_t i = 0; i < a->nheld; i++) {
        struct dt_held_lock *h = &a->held[i];
        if (is_independent(a, h) && knows_accesses() && comes_from(key, &h->before))
            note(a, h, NULL, waited, pc);
    }
}

void dt_lock_wait_joined(struct dt_task *a, struct dt_task *b, uintptr_t pc)
{
    for (uint32_t i = 0; i < a->nheld; i++) {
        struct dt_held_lock *h = &a->held[i];
        if (is_independent(a, h) && h->before.index == b->index && knows_accesses())
            note(a, h, b, &(struct dt_waited){NULL, NULL, 0}, pc);
    }
}

/* --- the report --- */

static void add_object(struct dt_text *t, const char *kind, const void *p)
{
    char name[24];
    dt_text_add(t, kind);
    dt_text_add(t, " ");
    dt_text_hex(t, (uintptr_t)p);
    if (!dt_object_name(p, name))
        return;
    dt_text_add(t, " '");
    dt_text_add(t, name);
    dt_text_add(t, "'");
}

static void add_task(struct dt_text *t, const struct dt_task_info *task)
{
    char label[24] = "another task";
    if (task)
        dt_task_label(task, label);
    dt_text_add(t, label);
}

static void report(const struct lock_wait *w)
{
    const struct dt_held_lock *h = &w->held;
    const char *kind = dt_lock_kind_word((enum dt_lock_kind)h->kind);
    char message[300], waits[120], ends[120];
    struct dt_text m = {message, sizeof message}, t = {waits, sizeof waits},
                   u = {ends, sizeof ends};
    dt_text_add(&m, "it has not happened in this run: ");
    add_task(&m, w->waiter);
    dt_text_add(&m, " holds ");
    add_object(&m, kind, h->lock);
    dt_text_add(&m, " and waits for ");
    add_task(&m, w->partner);
    if (w->object) {
        dt_text_add(&m, " at ");
        add_object(&m, w->object_kind, w->object);
    } else {
        dt_text_add(&m, " to end");
    }
    dt_text_add(&m, "; ");
    add_task(&m, w->partner);
    dt_text_add(&m, " needs the lock before it comes there");
    dt_text_add(&t, "for ");
    if (w->object)
        add_object(&t, w->object_kind, w->object);
    else
        add_task(&t, w->partner);
    dt_text_add(&t, ", while it holds ");
    add_object(&t, kind, h->lock);
    dt_text_add(&u, "ends that wait, after it had ");
    add_object(&u, kind, h->lock);
    struct dt_finding f = {
        .kind = "lock-order",
        .rule = "lock-and-wait",
        .words = "lock order inversion (potential deadlock)",
        .certainty = DT_LIKELY,
        .message = message,
        .object = {.kind = kind, .addr = (uintptr_t)h->lock},
        .counts = true,
    };
    char name[24];
    if (dt_object_name(h->lock, name))
        f.object.name = name;
    dt_finding_stack(&f, "waits", w->waiter, w->waits_at, waits);
    dt_finding_stack(&f, "holder", w->waiter, h->where, "took the lock");
    if (h->before.where)
        dt_finding_stack(&f, "locks", w->partner, h->before.where, "had the lock before");
    if (w->ends_at)
        dt_finding_stack(&f, "partner", w->partner, w->ends_at, ends);
    dt_finding_creation(&f, w->waiter);
    if (w->partner)
        dt_finding_creation(&f, w->partner);
    dt_finding_add(&f);
}

void dt_lock_report_waits(void)
{
    dt_lock_take(&lock);
    struct lock_wait *list = noted;
    noted = NULL;
    dt_lock_drop(&lock);
    while (list) {
        struct lock_wait *next = list->next;
        report(list);
        dt_free(list, sizeof *list);
        list = next;
    }
}
