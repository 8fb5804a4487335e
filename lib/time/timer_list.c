/* SPDX-License-Identifier: MIT
 */
#include "time/timer_list.h"

#include "base/lock.h"
#include "sched/park.h"

#define LISTS 64u
#define PATIENCE 100000

static struct {
    _Alignas(64) struct gorc__lock lock;
    struct gorc__timer_link *first;
} lists[LISTS];

static unsigned list_of(const struct gorc__timer_link *l)
{
    return (unsigned)(((uintptr_t)l >> 6) * 0x9e3779b9u >> 8) % LISTS;
}

/* In a forked child nobody holds a lock. */
static void fork_child(void)
{
    for (unsigned i = 0; i < LISTS; i++)
        lists[i].lock.word = 0;
}

static struct gorc__timer_link *linked(uintptr_t complement)
{
    return (struct gorc__timer_link *)~complement;
}

void gorc__timer_list_add(struct gorc__timer_link *l)
{
    static _Atomic uint32_t once;
    unsigned i = list_of(l);
    if (!atomic_exchange(&once, 1))
        gorc__at_fork_child(fork_child);
    gorc__lock(&lists[i].lock);
    struct gorc__timer_link *next = lists[i].first;
    l->not_next = ~(uintptr_t)next;
    l->not_previous = ~(uintptr_t)0;
    if (next)
        next->not_previous = ~(uintptr_t)l;
    lists[i].first = l;
    gorc__unlock(&lists[i].lock);
}

void gorc__timer_list_remove(struct gorc__timer_link *l)
{
    unsigned i = list_of(l);
    gorc__lock(&lists[i].lock);
    struct gorc__timer_link *next = linked(l->not_next), *previous = linked(l->not_previous);
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

void gorc__inspect_timers(bool (*fn)(const struct gorc__inspect_timer *t, void *arg), void *arg)
{
    bool go_on = true;
    for (unsigned i = 0; i < LISTS && go_on; i++) {
        struct gorc__inspect_timer t;
        if (!lock_patiently(&lists[i].lock))
            continue;
        for (struct gorc__timer_link *l = lists[i].first; l && go_on; l = linked(l->not_next))
            if (gorc__timer_describe(l, &t))
                go_on = fn(&t, arg);
        gorc__unlock(&lists[i].lock);
    }
}
