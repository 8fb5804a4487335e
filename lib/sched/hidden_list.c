/* SPDX-License-Identifier: MIT
 */
#include "sched/hidden_list.h"

#include <stddef.h>

#include "sched/park.h"

#define PATIENCE 100000

static struct gorc__hidden_list *_Atomic used;

static struct gorc__hidden_part *part_of(
    struct gorc__hidden_list *list, const struct gorc__hidden_link *l)
{
    return &list->parts[(unsigned)(((uintptr_t)l >> 6) * 0x9e3779b9u >> 8) % GORC__HIDDEN_PARTS];
}

static struct gorc__hidden_link *linked(uintptr_t complement)
{
    return (struct gorc__hidden_link *)~complement;
}

/* In a forked child nobody holds a lock. */
static void fork_child(void)
{
    for (struct gorc__hidden_list *list = atomic_load(&used); list; list = list->next_used)
        for (unsigned i = 0; i < GORC__HIDDEN_PARTS; i++)
            list->parts[i].lock.word = 0;
}

static void first_use(struct gorc__hidden_list *list)
{
    if (atomic_exchange(&list->used, 1))
        return;
    struct gorc__hidden_list *others = atomic_load(&used);
    do
        list->next_used = others;
    while (!atomic_compare_exchange_weak(&used, &others, list));
    if (!others)
        gorc__at_fork_child(fork_child);
}

void gorc__hidden_add(struct gorc__hidden_list *list, struct gorc__hidden_link *l)
{
    struct gorc__hidden_part *part = part_of(list, l);
    if (!atomic_load_explicit(&list->used, memory_order_relaxed))
        first_use(list);
    gorc__lock(&part->lock);
    struct gorc__hidden_link *next = part->first;
    l->not_next = ~(uintptr_t)next;
    l->not_previous = ~(uintptr_t)0;
    if (next)
        next->not_previous = ~(uintptr_t)l;
    part->first = l;
    gorc__unlock(&part->lock);
}

void gorc__hidden_remove(struct gorc__hidden_list *list, struct gorc__hidden_link *l)
{
    struct gorc__hidden_part *part = part_of(list, l);
    gorc__lock(&part->lock);
    struct gorc__hidden_link *next = linked(l->not_next), *previous = linked(l->not_previous);
    if (previous)
        previous->not_next = l->not_next;
    else
        part->first = next;
    if (next)
        next->not_previous = l->not_previous;
    gorc__unlock(&part->lock);
}

static bool lock_patiently(struct gorc__lock *l)
{
    for (int i = 0; i < PATIENCE; i++) {
        if (gorc__try_lock(l))
            return true;
        gorc__cpu_relax();
    }
    return false;
}

void gorc__hidden_each(
    struct gorc__hidden_list *list, bool (*fn)(struct gorc__hidden_link *l, void *arg), void *arg)
{
    bool go_on = true;
    for (unsigned i = 0; i < GORC__HIDDEN_PARTS && go_on; i++) {
        struct gorc__hidden_part *part = &list->parts[i];
        if (!lock_patiently(&part->lock))
            continue;
        for (struct gorc__hidden_link *l = part->first; l && go_on; l = linked(l->not_next))
            go_on = fn(l, arg);
        gorc__unlock(&part->lock);
    }
}
