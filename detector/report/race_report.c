/* SPDX-License-Identifier: MIT
 *
 * A race that the core has seen, as a finding: both accesses, what the memory is, the locks that
 * the current side holds, and where both tasks come from.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>

#include "core/shadow.h"
#include "core/sync.h"
#include "report/benign.h"
#include "report/finding.h"
#include "report/modules.h"
#include "report/record_impl.h"

enum { NOTE_SIZE = 400, MAX_LOCKS = 8 };

bool (*dt_describe_address)(uintptr_t addr, struct dt_finding_object *ret_object);

/* --- the note: "atomic; holding mutex 0x... 'stats.mu'" --- */

struct note {
    size_t used;
    char text[NOTE_SIZE];
};

static void add(struct note *n, const char *s)
{
    size_t size = strlen(s);
    if (size > NOTE_SIZE - 1 - n->used)
        size = NOTE_SIZE - 1 - n->used;
    memcpy(n->text + n->used, s, size);
    n->used += size;
    n->text[n->used] = 0;
}

static void add_hex(struct note *n, uintptr_t v)
{
    char digits[20], *p = digits + sizeof digits;
    *--p = 0;
    do
        *--p = "0123456789abcdef"[v & 15];
    while (v >>= 4);
    *--p = 'x';
    *--p = '0';
    add(n, p);
}

static void add_lock(struct note *n, const struct dt_held_lock *h)
{
    add(n, h->shared ? "lock (shared) " : "lock ");
    add_hex(n, (uintptr_t)h->lock);
    struct dt_sync *s = dt_sync_lock(h->lock, false);
    if (!s)
        return;
    char name[sizeof s->name];
    memcpy(name, s->name, sizeof name);
    dt_sync_unlock(s);
    if (name[0]) {
        add(n, " '");
        add(n, name);
        add(n, "'");
    }
}

static void add_locks(struct note *n, const struct dt_task *t)
{
    if (n->used)
        add(n, "; ");
    if (!t->nheld) {
        add(n, "holding no lock");
        return;
    }
    add(n, "holding ");
    for (uint32_t i = 0; i < t->nheld && i < MAX_LOCKS; i++) {
        if (i)
            add(n, ", ");
        add_lock(n, &t->held[i]);
    }
    if (t->nheld > MAX_LOCKS)
        add(n, " and more");
}

/* --- what it is --- */

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
    bool after_free = r->earlier.is_free;
    struct dt_finding f = {
        .kind = "data-race",
        .rule = after_free ? "heap-use-after-free" : "data-race",
        .words = "data race",
        .certainty = DT_CERTAIN,
        .counts = true,
    };
    struct note now = {0}, earlier = {0};
    add(&now, r->now.atomic ? "atomic" : "");
    add_locks(&now, r->current);
    add(&earlier, r->earlier.atomic ? "atomic" : "");
    dt_finding_stack(&f, role_of(&r->now, false), r->now.task, r->now.stack, now.text);
    dt_finding_stack(&f, role_of(&r->earlier, true), r->earlier.task, r->earlier.stack,
        earlier.used ? earlier.text : NULL);
    f.access[0] = (struct dt_finding_access){r->now.addr, r->now.size};
    f.access[1] = (struct dt_finding_access){r->earlier.addr, r->earlier.size};
    describe(&f, r);
    dt_finding_creation(&f, r->now.task);
    dt_finding_creation(&f, r->earlier.task);
    dt_finding_add(&f);
}

void dt_race_init(void)
{
    dt_on_race = on_race;
}
