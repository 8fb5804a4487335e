/* SPDX-License-Identifier: MIT
 *
 * See behind.h.
 */
#include "core/lockgraph.h"
#include "core/task.h"
#include "runtime/behind.h"
#include "runtime/reach.h"

enum { LONGEST = 256 };

static bool waits_for_lock(const struct gorc__inspect_g *g)
{
    return g->state == GORC__G_BLOCKED && gorc__inspect_is_lock(g->object_kind);
}

/* Of a rwmutex that is held for reading: a reader that is blocked. Many wait for the same one. */
static uint32_t reader_of(const struct dt_reach *r, const void *lock, uint32_t waiter)
{
    for (uint32_t i = 0; i < r->n; i++)
        if (i != waiter && r->all[i].g.state == GORC__G_BLOCKED &&
            dt_reach_holds(&r->all[i].g, lock))
            return i;
    return AN_NONE;
}

static uint32_t holder_of(const struct dt_reach *r, uint32_t i)
{
    const struct gorc__inspect_g *g = &r->all[i].g;
    if (dt_lock_may_be_handed_over(g->object))
        return AN_NONE;
    if (g->holder)
        return dt_reach_find(r, g->holder);
    return g->object_kind == GORC__OBJ_RWMUTEX ? reader_of(r, g->object, i) : AN_NONE;
}

uint32_t dt_stuck_behind(const struct dt_reach *r, uint32_t i)
{
    uint32_t at = i;
    for (int steps = 0; at != AN_NONE && steps < LONGEST && waits_for_lock(&r->all[at].g); steps++)
        at = holder_of(r, at);
    if (at == i || at == AN_NONE || r->all[at].g.state != GORC__G_BLOCKED ||
        waits_for_lock(&r->all[at].g))
        return AN_NONE;
    return at;
}
