/* SPDX-License-Identifier: MIT
 *
 * Findings about one lock: it was left locked by a task that has ended, or a pthread lock is held
 * by a goroutine that leaves its OS thread.
 */
#include "base/dalloc.h"
#include "base/flags.h"
#include "base/keyset.h"
#include "core/abandoned.h"
#include "core/lockgraph.h"
#include "lib/inspect.h"
#include "report/finding.h"
#include "report/modules.h"
#include "report/unwind.h"
#include "runtime/describe.h"
#include "runtime/lock_order.h"
#include "runtime/locks.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

/* "mutex 0x601040 'accounts'" */
static void add_lock(
    struct dt_text *t, const void *lock, enum dt_lock_kind kind, const char *name_or_null)
{
    dt_text_add(t, dt_lock_kind_word(kind));
    dt_text_add(t, " ");
    dt_text_hex(t, (uintptr_t)lock);
    if (name_or_null) {
        dt_text_add(t, " '");
        dt_text_add(t, name_or_null);
        dt_text_add(t, "'");
    }
}

static void add_task(struct dt_text *t, const struct dt_task_info *task)
{
    char label[24];
    dt_task_label(task, label);
    dt_text_add(t, label);
}

/* --- locks that nobody will give up --- */

struct waiters {
    struct dt_finding *f;
    const void *lock;
};

static bool add_goroutine(const struct gorc__inspect_g *g, void *arg)
{
    struct waiters *w = arg;
    const struct dt_task *task = g->task ? g->task->detect : NULL;
    if (g->state != GORC__G_BLOCKED || g->object != w->lock || !task || w->f->nstacks > 8)
        return true;
    uintptr_t pcs[DT_MAX_FRAMES];
    size_t n = dt_goroutine_stack(g, pcs, DT_MAX_FRAMES);
    if (n)
        dt_finding_stack(w->f, "blocked", task->info, dt_stack_intern(pcs, n), "waits for it");
    return true;
}

static bool add_thread(struct dt_thread *th, void *arg)
{
    struct waiters *w = arg;
    struct dt_wait wait;
    if (!th->task || !dt_wait_read(th, &wait) || wait.object != w->lock ||
        !dt_wait_is_lock(wait.reason) || w->f->nstacks > 8)
        return true;
    uintptr_t pcs[DT_MAX_FRAMES];
    size_t n = dt_thread_stack(th, pcs, DT_MAX_FRAMES);
    if (n)
        dt_finding_stack(w->f, "blocked", th->task->info, dt_stack_intern(pcs, n), "waits for it");
    return true;
}

static void report_abandoned(const struct dt_abandoned *a)
{
    char text[160], name[24];
    bool has_name = dt_object_name(a->lock, name),
         is_goroutine = a->task->kind == DT_TASK_GOROUTINE;
    struct dt_text t = {text, sizeof text};
    add_task(&t, a->task);
    dt_text_add(
        &t, a->shared ? " has ended and still reads under " : " has ended and still holds ");
    add_lock(&t, a->lock, a->kind, has_name ? name : NULL);
    struct dt_finding f = {
        .kind = "lock-abandoned",
        .rule = "lock-abandoned",
        .words = is_goroutine ? "lock held by an ended goroutine" : "lock held by an ended thread",
        .certainty = DT_CERTAIN,
        .message = text,
        .object = {.kind = dt_lock_kind_word(a->kind),
            .name = has_name ? name : NULL,
            .addr = (uintptr_t)a->lock},
        .counts = true,
    };
    dt_finding_stack(&f, "holder", a->task, a->where, "took it, and never gave it up");
    struct waiters w = {&f, a->lock};
    dt_threads_each(add_thread, &w);
    if (gorc__inspect_started())
        gorc__inspect_goroutines(add_goroutine, &w);
    for (size_t i = 0, n = f.nstacks; i < n; i++)
        dt_finding_creation(&f, f.stacks[i].task);
    dt_finding_add(&f);
}

void dt_abandoned_report(const void *lock)
{
    if (dt_flags.detect_deadlocks)
        dt_abandoned_each(lock, report_abandoned);
}

/* --- pthread locks over a park --- */

/* Where the program called the library: frames of ours at the inner end are left out. */
static dt_stackid where_it_parks(struct dt_task *t)
{
    uintptr_t pcs[DT_MAX_FRAMES];
    size_t n = dt_unwind_here(0, pcs, DT_MAX_FRAMES), from = 0;
    while (from < n && dt_module_is_ours(pcs[from]))
        from++;
    return n > from ? dt_stack_intern(pcs + from, n - from) : dt_stack_here(t, 0);
}

struct park {
    struct park *next;
    const struct dt_task_info *task;
    struct dt_held_lock held;
    dt_stackid parks_at;
};

static dt_lock lock; /* a leaf; guards what follows */
static struct dt_keyset seen;
static struct park *noted;

static bool is_new_place(const struct dt_task *t, const struct dt_held_lock *h)
{
    dt_lock_take(&lock);
    bool is_new = dt_keyset_add(&seen, (uint64_t)h->where << 32 ^ t->top->pc ^ t->info->created);
    dt_lock_drop(&lock);
    return is_new;
}

static void note_park(struct dt_task *t, const struct dt_held_lock *h)
{
    struct park *p = dt_alloc(sizeof *p);
    *p = (struct park){NULL, t->info, *h, where_it_parks(t)};
    dt_lock_take(&lock);
    p->next = noted;
    noted = p;
    dt_lock_drop(&lock);
}

bool dt_lock_note_park(void)
{
    struct dt_task *t = dt_flags.detect_deadlocks ? dt_enter_quietly() : NULL;
    bool any = false;
    if (!t)
        return false;
    dt_begin(t);
    dt_held_refresh(t);
    for (uint32_t i = 0; i < t->nheld; i++) {
        if (t->held[i].kind >= DT_LOCK_NATIVE_KINDS || !is_new_place(t, &t->held[i]))
            continue;
        note_park(t, &t->held[i]);
        any = true;
    }
    dt_finish(t);
    return any;
}

static void report_park(const struct park *p)
{
    char text[200], name[24];
    const struct dt_held_lock *h = &p->held;
    enum dt_lock_kind kind = (enum dt_lock_kind)h->kind;
    bool has_name = dt_object_name(h->lock, name);
    struct dt_text m = {text, sizeof text};
    add_task(&m, p->task);
    dt_text_add(&m, " parks while it holds ");
    add_lock(&m, h->lock, kind, has_name ? name : NULL);
    dt_text_add(&m, "; it may go on in another OS thread than the one that has it locked");
    struct dt_finding f = {
        .kind = "lock-across-park",
        .rule = "lock-across-park",
        .words = "pthread lock held across a park",
        .certainty = DT_CERTAIN,
        .message = text,
        .object = {.kind = dt_lock_kind_word(kind),
            .name = has_name ? name : NULL,
            .addr = (uintptr_t)h->lock},
        .counts = true,
    };
    dt_finding_stack(&f, "parks", p->task, p->parks_at, NULL);
    dt_finding_stack(&f, "holder", p->task, h->where, "took it");
    dt_finding_creation(&f, p->task);
    dt_finding_add(&f);
}

void dt_lock_report_parks(void)
{
    dt_lock_take(&lock);
    struct park *list = noted;
    noted = NULL;
    dt_lock_drop(&lock);
    while (list) {
        struct park *next = list->next;
        report_park(list);
        dt_free(list, sizeof *list);
        list = next;
    }
}
