/* SPDX-License-Identifier: MIT
 *
 * Each part of the list has a lock of its own, a leaf, held for one link.
 */
#include "chan/chan_list.h"

#include <stddef.h>

#include "base/lock.h"
#include "chan/chan_impl.h"
#include "inspect.h"
#include "sched/park.h"

#define LISTS 64u
#define PATIENCE 100000

static struct {
    _Alignas(64) struct gorc__lock lock;
    struct gorc__chan_link *first;
} lists[LISTS];

static unsigned list_of(const struct gorc__chan_link *l)
{
    return (unsigned)(((uintptr_t)l >> 6) * 0x9e3779b9u >> 8) % LISTS;
}

/* In a forked child nobody holds a lock. */
static void fork_child(void)
{
    for (unsigned i = 0; i < LISTS; i++)
        lists[i].lock.word = 0;
}

static struct gorc__chan_link *linked(uintptr_t complement)
{
    return (struct gorc__chan_link *)~complement;
}

void gorc__chan_list_add(struct gorc__chan_link *l)
{
    static _Atomic uint32_t once;
    unsigned i = list_of(l);
    if (!atomic_load_explicit(&once, memory_order_relaxed) && !atomic_exchange(&once, 1))
        gorc__at_fork_child(fork_child);
    gorc__lock(&lists[i].lock);
    struct gorc__chan_link *next = lists[i].first;
    l->not_next = ~(uintptr_t)next;
    l->not_previous = ~(uintptr_t)0;
    if (next)
        next->not_previous = ~(uintptr_t)l;
    lists[i].first = l;
    gorc__unlock(&lists[i].lock);
}

void gorc__chan_list_remove(struct gorc__chan_link *l)
{
    unsigned i = list_of(l);
    gorc__lock(&lists[i].lock);
    struct gorc__chan_link *next = linked(l->not_next), *previous = linked(l->not_previous);
    if (previous)
        previous->not_next = l->not_next;
    else
        lists[i].first = next;
    if (next)
        next->not_previous = l->not_previous;
    gorc__unlock(&lists[i].lock);
}

/* A list whose lock is held by a thread that does not go on is left out. */
static bool lock_patiently(struct gorc__lock *l)
{
    for (int i = 0; i < PATIENCE; i++) {
        if (gorc__try_lock(l))
            return true;
        gorc__cpu_relax();
    }
    return false;
}

void gorc__inspect_chans(bool (*fn)(const struct gorc__inspect_chan *c, void *arg), void *arg)
{
    bool go_on = true;
    for (unsigned i = 0; i < LISTS && go_on; i++) {
        if (!lock_patiently(&lists[i].lock))
            continue;
        for (struct gorc__chan_link *l = lists[i].first; l && go_on; l = linked(l->not_next)) {
            const struct gorc_chan *c =
                (const struct gorc_chan *)((const char *)l - offsetof(struct gorc_chan, link));
            struct gorc__inspect_chan seen;
            gorc__inspect_chan(c, &seen);
            if (!seen.is_owned)
                go_on = fn(&seen, arg);
        }
        gorc__unlock(&lists[i].lock);
    }
}
