/* SPDX-License-Identifier: MIT
 *
 * See meanwhile.h.
 */
#include <string.h>
#include <time.h>

#include "base/dalloc.h"
#include "base/flags.h"
#include "base/keyset.h"
#include "core/task.h"
#include "lib/inspect.h"
#include "runtime/meanwhile.h"
#include "runtime/reach.h"
#include "runtime/stall.h"
#include "runtime/watch.h"

#define SECOND INT64_C(1000000000)
#define LONGEST (64 * SECOND)
enum { FIRST_HOLDERS = 64, SHARE = 100 };

struct holder {
    const struct dt_task *task;
    uint64_t goid, key; /* key: of this wait of the task's */
};

/* Of the monitor thread only. */
static struct dt_keyset waited; /* locks that are waited for, or the numbers of their holders */
static struct dt_keyset stood;  /* keys of the look before */
static struct holder *holders;
static uint32_t n, cap;
static uint64_t standing, searched; /* sums of keys: of this look, of the last search */
static int64_t next_search, interval;

/* Locks are at even addresses. */
static uint64_t key_of_goid(uint64_t goid)
{
    return 2 * goid + 1;
}

void dt_meanwhile_begin(void)
{
    dt_keyset_clear(&waited);
    n = 0;
}

void dt_meanwhile_waits(const struct gorc__inspect_g *g)
{
    dt_keyset_add(&waited, g->holder ? key_of_goid(g->holder) : (uintptr_t)g->object & ~1ul);
}

void dt_meanwhile_may_hold(const struct gorc__inspect_g *g, const struct dt_task *task)
{
    if (g->state != GORC__G_BLOCKED || g->timed || g->is_foreign || g->is_system ||
        !dt_flags.leak_marking || dt_watch_told(task))
        return;
    if (n == cap) {
        uint32_t more = cap ? 2 * cap : FIRST_HOLDERS;
        holders =
            dt_regrow(holders, n * sizeof *holders, cap * sizeof *holders, more * sizeof *holders);
        cap = more;
    }
    holders[n++] = (struct holder){task, g->goid, (uint64_t)task->info->uid << 32 | g->parks};
}

static bool is_waited_for(const struct holder *h)
{
    bool is = dt_keyset_has(&waited, key_of_goid(h->goid));
    for (uint32_t i = 0; i < h->task->nheld && !is; i++)
        is = dt_keyset_has(&waited, (uintptr_t)h->task->held[i].lock & ~1ul);
    return is;
}

bool dt_meanwhile_stands(int64_t now, bool *ret_soon)
{
    uint32_t kept = 0;
    standing = 0;
    *ret_soon = false;
    for (uint32_t i = 0; i < n; i++) {
        if (!is_waited_for(&holders[i]))
            continue;
        if (dt_keyset_has(&stood, holders[i].key))
            standing += holders[i].key * 0x9e3779b97f4a7c15u;
        else
            *ret_soon = true;
        holders[kept++] = holders[i];
    }
    dt_keyset_clear(&stood);
    for (uint32_t i = 0; i < kept; i++)
        dt_keyset_add(&stood, holders[i].key);
    return standing && now >= next_search;
}

static int64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * SECOND + ts.tv_nsec;
}

void dt_meanwhile_search(int64_t now, uintptr_t floor)
{
    static struct dt_reach reach; /* large */
    struct dt_stalls *stalls = NULL;
    if (!dt_reach_try())
        return;
    if (dt_reach_look_meanwhile(&reach, floor)) {
        stalls = dt_stalls_find(0, false, &reach);
        dt_reach_drop(&reach);
    }
    gorc__inspect_resume();
    dt_reach_end();
    int64_t cost = now_ns() - now;
    interval = standing == searched && interval < LONGEST ? 2 * interval : interval;
    if (standing != searched || !interval)
        interval = SECOND;
    searched = standing;
    next_search = now + cost + (interval > SHARE * cost ? interval : SHARE * cost);
    dt_stalls_report(stalls);
}
