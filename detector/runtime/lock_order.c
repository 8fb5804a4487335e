/* SPDX-License-Identifier: MIT
 *
 * A cycle of lockgraph.h as a finding: for each task where it took the lock that it holds, and
 * where it took the next one's.
 */
#include <string.h>

#include "base/dalloc.h"
#include "base/flags.h"
#include "core/lockgraph.h"
#include "core/reads.h"
#include "report/finding.h"
#include "report/unwind.h"
#include "runtime/describe.h"
#include "runtime/fatal.h"
#include "runtime/instrumented.h"
#include "runtime/lock_order.h"
#include "runtime/runtime.h"

const char *dt_lock_kind_word(enum dt_lock_kind kind)
{
    switch (kind) {
    case DT_LOCK_MUTEX:
    case DT_LOCK_ROBUST:
    case DT_LOCK_GORC_MUTEX:
        return "mutex";
    case DT_LOCK_SPIN:
        return "spinlock";
    case DT_LOCK_RWLOCK:
    case DT_LOCK_RWLOCK_WRITERS:
        return "rwlock";
    case DT_LOCK_GORC_RWMUTEX:
        return "rwmutex";
    case DT_LOCK_GORC_ONCE:
        return "once";
    }
    return "lock";
}

struct report {
    struct dt_finding f;
    struct dt_text message;
    char text[512], notes[DT_MAX_STACKS][192], name[24];
};

/* "mutex 0x601040 'accounts'" */
static void add_lock(struct dt_text *t, uint32_t id)
{
    enum dt_lock_kind kind;
    char name[24];
    const void *addr = dt_lockgraph_lock(id, &kind);
    dt_text_add(t, dt_lock_kind_word(kind));
    dt_text_add(t, " ");
    dt_text_hex(t, (uintptr_t)addr);
    if (dt_lockgraph_lock_lives(id) && dt_object_name(addr, name)) {
        dt_text_add(t, " '");
        dt_text_add(t, name);
        dt_text_add(t, "'");
    }
}

static void add_task(struct dt_text *t, const struct dt_task_info *task)
{
    char label[24];
    dt_task_label(task, label);
    dt_text_add(t, label);
}

/* The note of the next stack. */
static struct dt_text note(struct report *r)
{
    size_t i = r->f.nstacks < DT_MAX_STACKS ? r->f.nstacks : DT_MAX_STACKS - 1;
    return (struct dt_text){r->notes[i], sizeof r->notes[i]};
}

static void add_stack(
    struct report *r, const char *role, const struct dt_task_info *task, dt_stackid where)
{
    size_t i = r->f.nstacks;
    dt_finding_stack(&r->f, role, task, where, i < DT_MAX_STACKS ? r->notes[i] : NULL);
}

static void add_part(struct report *r, const struct dt_lock_cycle_part *p)
{
    struct dt_text t = note(r);
    dt_text_add(&t, p->wants_shared ? "for reading, " : "");
    add_lock(&t, p->wants);
    dt_text_add(&t, ", while it holds ");
    add_lock(&t, p->holds);
    add_stack(r, "locks", p->task, p->wanted_at);
    t = note(r);
    dt_text_add(&t, "took ");
    add_lock(&t, p->holds);
    dt_text_add(&t, p->holds_shared ? " for reading" : "");
    add_stack(r, "holder", p->task, p->held_at);
}

static void describe_readers(struct report *r, const struct dt_lock_cycle *c)
{
    const struct dt_lock_cycle_part *p = &c->part[0];
    dt_text_add(&r->message, "it has not happened in this run: ");
    add_task(&r->message, p->task);
    dt_text_add(&r->message, " locks ");
    add_lock(&r->message, p->wants);
    dt_text_add(&r->message, " for reading while it reads already; if ");
    add_task(&r->message, c->writer);
    dt_text_add(&r->message, " asks to write in between, both wait for ever");
}

static void describe(struct report *r, const struct dt_lock_cycle *c)
{
    dt_text_add(&r->message, "it has not happened in this run: ");
    for (size_t i = 0; i < c->n; i++) {
        const struct dt_lock_cycle_part *p = &c->part[i];
        dt_text_add(&r->message, i ? ", " : "");
        add_task(&r->message, p->task);
        dt_text_add(&r->message, " holds ");
        add_lock(&r->message, p->holds);
        dt_text_add(&r->message, " and locks ");
        add_lock(&r->message, p->wants);
    }
    if (!c->writer)
        return;
    dt_text_add(&r->message, ", while ");
    add_task(&r->message, c->writer);
    dt_text_add(&r->message, " asks to write");
}

static void add_writer(struct report *r, const struct dt_lock_cycle *c)
{
    struct dt_text t = note(r);
    dt_text_add(&t, "for writing, ");
    add_lock(&t, c->written);
    dt_text_add(&t, ": while it waits no new reader gets in");
    add_stack(r, "locks", c->writer, c->writer_at);
}

/* Values that were read without being seen could be what leads to the lock calls. */
static bool is_certain(const struct dt_lock_cycle *c)
{
    return c->certain && !dt_reads_bounded && strcmp(dt_instrumented_word(), "yes") == 0;
}

static void report_cycle(const struct dt_lock_cycle *c)
{
    if (!dt_flags.detect_deadlocks)
        return;
    struct report *r = dt_alloc(sizeof *r);
    enum dt_lock_kind kind;
    const void *first = dt_lockgraph_lock(c->part[0].wants, &kind);
    r->f = (struct dt_finding){
        .kind = "lock-order",
        .rule = c->writer ? "reader-writer-reader" : "lock-order",
        .words = "lock order inversion (potential deadlock)",
        .certainty = is_certain(c) ? DT_CERTAIN : DT_LIKELY,
        .message = r->text,
        .object = {.kind = dt_lock_kind_word(kind), .addr = (uintptr_t)first},
        .counts = true,
    };
    if (dt_object_name(first, r->name))
        r->f.object.name = r->name;
    r->message = (struct dt_text){r->text, sizeof r->text};
    if (c->n == 1)
        describe_readers(r, c);
    else
        describe(r, c);
    for (size_t i = 0; i < c->n; i++)
        add_part(r, &c->part[i]);
    if (c->writer)
        add_writer(r, c);
    for (size_t i = 0; i < c->n; i++)
        dt_finding_creation(&r->f, c->part[i].task);
    if (c->writer)
        dt_finding_creation(&r->f, c->writer);
    dt_finding_add(&r->f);
    dt_free(r, sizeof *r);
}

/* How often a lock call was unwound. Slots are shared, and racy: that costs a few more. */
enum { SITES = 1024, UNWOUND = 64, MAX_PLACE = 32 };

static dt_stackid bare_place(uintptr_t pc)
{
    static struct {
        uintptr_t pc;
        uint32_t n;
    } sites[SITES];
    if (dt_is_own_code(pc)) /* the library's last steps of a goroutine: nobody called it */
        return 0;
    unsigned i = (unsigned)(pc * 0x9e3779b97f4a7c15u >> 54);
    if (sites[i].pc != pc) {
        sites[i].pc = pc;
        sites[i].n = 0;
    }
    if (sites[i].n >= UNWOUND)
        return 0;
    sites[i].n++;
    uintptr_t pcs[MAX_PLACE];
    size_t n = dt_unwind_here(pc, pcs, MAX_PLACE);
    return n ? dt_stack_intern(pcs, n) : 0;
}

void dt_lock_order_init(void)
{
    dt_bare_place = bare_place;
    dt_on_lock_cycle = report_cycle;
}
