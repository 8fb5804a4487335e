/* SPDX-License-Identifier: MIT
 *
 * A race that the core has seen, as a finding: both accesses, what the memory is, the locks that
 * each side held, and where both tasks come from.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>

#include "base/flags.h"
#include "core/shadow.h"
#include "core/sync.h"
#include "core/synced.h"
#include "report/benign.h"
#include "report/finding.h"
#include "report/frame_scan.h"
#include "report/modules.h"
#include "report/record_impl.h"

bool (*dt_describe_address)(uintptr_t addr, struct dt_finding_object *ret_object);
const char *(*dt_describe_external)(uintptr_t addr);

/* --- locks --- */

static void set_name_and_creation(struct dt_finding_lock *l)
{
    struct dt_sync *s = dt_sync_lock(l->lock, false);
    if (!s)
        return;
    memcpy(l->name, s->name, sizeof l->name);
    l->created = s->created;
    dt_sync_unlock(s);
}

static void set_locks(struct dt_finding_stack *to, struct dt_finding_lock locks[DT_RACE_LOCKS],
    const struct dt_race_side *side)
{
    for (uint32_t i = 0; i < side->nlocks; i++) {
        locks[i] = (struct dt_finding_lock){.lock = side->locks[i].lock,
            .where = side->locks[i].where,
            .shared = side->locks[i].shared};
        set_name_and_creation(&locks[i]);
    }
    to->locks = locks;
    to->nlocks = side->nlocks;
    to->nheld = side->nheld;
}

/* --- what it is --- */

static bool scan_frame(struct dt_finding_object *o, uintptr_t addr, dt_stackid id)
{
    uintptr_t pcs[DT_MAX_FRAMES];
    struct dt_finding_stack s = {.id = id};
    size_t n = id ? dt_finding_stack_pcs(&s, pcs) : 0;
    return dt_frame_scan(addr, o->addr + o->size, pcs, n, &o->frame_pc, &o->cfa);
}

/* Whose stack it is runs: where it was when it accessed the memory, or when it made the task that
 * did, it may still be. */
static void guess_frame(struct dt_finding_object *o, const struct dt_race *r)
{
    const struct dt_race_side *sides[] = {&r->earlier, &r->now};
    for (int i = 0; i < 2; i++)
        if (sides[i]->task == o->task && scan_frame(o, r->now.addr, sides[i]->stack))
            return;
    for (int i = 0; i < 2; i++)
        if (sides[i]->task && sides[i]->task->parent == o->task &&
            scan_frame(o, r->now.addr, sides[i]->task->created))
            return;
}

static void describe(struct dt_finding *f, const struct dt_race *r)
{
    struct dt_block b;
    f->object.addr = r->now.addr;
    f->object.size = r->now.size;
    if (dt_block_find(r->now.addr, &b)) {
        f->object.kind = "heap block";
        f->object.addr = b.addr;
        f->object.size = b.size;
        dt_finding_stack(f, "allocated by", b.by, b.allocated, NULL);
    } else if (dt_module_place(r->now.addr).module >= 0) {
        f->object.kind = "global";
    } else if (!dt_describe_address || !dt_describe_address(r->now.addr, &f->object)) {
        f->object.kind = "memory";
    } else if (f->object.task && f->object.size && !f->object.cfa) {
        guess_frame(&f->object, r);
    }
    const char *external = dt_describe_external ? dt_describe_external(r->now.addr) : NULL;
    if (external)
        f->object.name = external;
}

/* --- what the sides have synchronised --- */

static bool name_of(uintptr_t object, char ret_name[24])
{
    struct dt_sync *s = dt_sync_lock((const void *)object, false);
    if (!s)
        return false;
    memcpy(ret_name, s->name, sizeof s->name);
    dt_sync_unlock(s);
    return ret_name[0] != 0;
}

static void add_sync(
    struct dt_finding *f, unsigned access, const char *when, const struct dt_synced_place *p)
{
    if (!p->known || !p->pcs[0] || dt_module_is_ours(p->pcs[0]))
        return;
    struct dt_finding_sync *to = &f->syncs[f->nsyncs++];
    *to = (struct dt_finding_sync){.when = when,
        .access = access,
        .how = p->release ? "release" : "acquire",
        .pcs = {p->pcs[0], dt_module_is_ours(p->pcs[1]) ? 0 : p->pcs[1]},
        .object = p->object};
    struct dt_block b; /* a channel has a key for each of its slots */
    if (p->object && !name_of(p->object, to->name) && dt_block_find(p->object, &b))
        name_of(b.addr, to->name);
}

static void set_syncs(struct dt_finding *f, const struct dt_race *r)
{
    const struct dt_race_side *sides[] = {&r->now, &r->earlier};
    for (unsigned i = 0; i < 2; i++) {
        struct dt_synced_place before, after;
        bool now = i == 0 && !r->late;
        if (!sides[i]->task)
            continue;
        if (dt_synced_around(sides[i]->task, sides[i]->epoch, now, &before, &after))
            add_sync(f, i, "before", &before);
        else if (sides[i]->task->kind != DT_TASK_MAIN)
            f->syncs[f->nsyncs++] = (struct dt_finding_sync){.when = "none", .access = i};
        add_sync(f, i, "after", &after);
    }
}

static const char *role_of(const struct dt_race_side *s, bool earlier)
{
    if (s->is_free)
        return "free";
    if (s->write)
        return earlier ? "earlier write" : "write";
    return earlier ? "earlier read" : "read";
}

static void on_race(const struct dt_race *r)
{
    if (dt_benign(r->now.addr, r->now.size))
        return;
    if ((r->now.atomic || r->earlier.atomic) && !dt_flags.report_atomic_races)
        return;
    bool after_free = r->earlier.is_free;
    struct dt_finding f = {
        .kind = "data-race",
        .rule = after_free ? "heap-use-after-free" : "data-race",
        .words = "data race",
        .certainty = DT_CERTAIN,
        .has_knowledge = true,
        .heard = r->heard,
        .behind = r->behind,
        .counts = true,
    };
    struct dt_finding_lock locks[2][DT_RACE_LOCKS];
    const char *now = r->now.atomic ? "atomic" : NULL,
               *earlier = r->earlier.atomic ? "atomic" : NULL;
    dt_finding_stack(&f, role_of(&r->now, false), r->now.task, r->now.stack, now);
    dt_finding_stack(&f, role_of(&r->earlier, true), r->earlier.task, r->earlier.stack, earlier);
    set_locks(&f.stacks[0], locks[0], &r->now);
    set_locks(&f.stacks[1], locks[1], &r->earlier);
    f.access[0] = (struct dt_finding_access){r->now.addr, r->now.size};
    f.access[1] = (struct dt_finding_access){r->earlier.addr, r->earlier.size};
    set_syncs(&f, r);
    describe(&f, r);
    dt_finding_creation(&f, r->now.task);
    dt_finding_creation(&f, r->earlier.task);
    if (dt_finding_add(&f))
        dt_discipline_note(r);
}

void dt_race_init(void)
{
    dt_on_race = on_race;
}
