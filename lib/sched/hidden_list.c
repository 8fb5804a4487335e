/* SPDX-License-Identifier: MIT
 */
#include "sched/hidden_list.h"

#include <stddef.h>

#define PATIENCE 100000

static struct gorc__hidden_part *part_of(
    struct gorc__hidden_list *list, const struct gorc__hidden_link *l)
{
    return &list->parts[(unsigned)(((uintptr_t)l >> 6) * 0x9e3779b9u >> 8) % GORC__HIDDEN_PARTS];
}

static struct gorc__hidden_link *linked(uintptr_t complement)
{
    return (struct gorc__hidden_link *)~complement;
}

void gorc__hidden_add(struct gorc__hidden_list *list, struct gorc__hidden_link *l)
{
    struct gorc__hidden_part *part = part_of(list, l);
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
