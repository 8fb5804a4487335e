/* SPDX-License-Identifier: MIT
 *
 * At how many of the accesses to what raced each lock was held: counted by the core all the time,
 * written when the run ends.
 */
#include <string.h>

#include "base/dalloc.h"
#include "base/keyset.h"
#include "base/lock.h"
#include "core/core.h"
#include "core/lockcount.h"
#include "core/shadow.h"
#include "report/record_impl.h"

/* What the two sides of a race accessed. */
struct raced {
    uintptr_t now, first,
        end; /* now: where the first side's access begins: names it in the record */
};

static dt_lock lock; /* guards what follows */
static struct raced *list;
static size_t n_list, size_list;
static struct dt_keyset listed;

static uint64_t key_of(const struct raced *r)
{
    uint64_t h = r->now * 0x9e3779b97f4a7c15u;
    h = (h ^ h >> 29 ^ r->first) * 0xbf58476d1ce4e5b9u;
    return (h ^ h >> 32 ^ r->end) * 0x94d049bb133111ebu;
}

static void append(const struct raced *r)
{
    if (n_list == size_list) {
        size_t size = size_list ? 2 * size_list : 16;
        list =
            dt_regrow(list, n_list * sizeof *list, size_list * sizeof *list, size * sizeof *list);
        size_list = size;
    }
    list[n_list++] = *r;
}

void dt_discipline_note(const struct dt_race *race)
{
    const struct dt_race_side *a = &race->now, *b = &race->earlier;
    struct raced r = {.now = a->addr, .first = a->addr, .end = a->addr + a->size};
    if (b->addr < r.first)
        r.first = b->addr;
    if (b->addr + b->size > r.end)
        r.end = b->addr + b->size;
    struct dt_task *me = dt_core_enter(); /* a signal handler of this thread's may race, too */
    dt_lock_take(&lock);
    if (dt_keyset_add(&listed, key_of(&r)))
        append(&r);
    dt_lock_drop(&lock);
    dt_core_leave(me);
}

static void add_counts(struct dt_line *l, const struct raced *r, const struct dt_lock_counts *c)
{
    dt_line_text(l, "{");
    dt_line_number(l, "addr", r->now);
    dt_line_number(l, "accesses", c->accesses);
    dt_line_number(l, "sampled", c->sampled);
    dt_line_key(l, "locks");
    dt_line_text(l, "[");
    for (size_t i = 0; i < c->n; i++) {
        dt_line_text(l, i ? ",[" : "[");
        dt_line_u64(l, (uintptr_t)c->locks[i].lock);
        dt_line_text(l, ",");
        dt_line_u64(l, c->locks[i].held);
        dt_line_text(l, "]");
    }
    dt_line_text(l, "]}");
}

void dt_discipline_record(void)
{
    struct dt_line l;
    bool any = false;
    struct dt_task *stopped = n_list ? dt_lockcount_stop() : NULL;
    if (!stopped)
        return;
    dt_line_start(&l);
    dt_line_text(&l, "{\"held\":[");
    dt_lock_take(&lock);
    for (size_t i = 0; i < n_list; i++) {
        struct dt_lock_counts c;
        if (!dt_lockcount_get(list[i].first, list[i].end, &c))
            continue;
        dt_line_text(&l, any ? "," : "");
        add_counts(&l, &list[i], &c);
        dt_lockcount_free(&c);
        any = true;
    }
    dt_lock_drop(&lock);
    dt_lockcount_go_on(stopped);
    dt_line_text(&l, "]}\n");
    if (any)
        dt_record_line(&l);
    else
        dt_line_free(&l);
}

void dt_discipline_forget(void)
{
    lock = 0;
    list = NULL; /* the parent's, as its findings */
    n_list = size_list = 0;
    listed = (struct dt_keyset){0};
}
