/* SPDX-License-Identifier: MIT
 *
 * The objects of one kind that were not freed, for the race library's reports (the production
 * library keeps no list). A list is no reference to its members, nor do they reach each other by
 * it: links are stored complemented, as conservative marking looks for pointers. It has parts by
 * address, each with a lock of its own (a leaf, held for one link), so that those who make objects
 * do not meet.
 */
#ifndef GORC_LIB_SCHED_HIDDEN_LIST_H
#define GORC_LIB_SCHED_HIDDEN_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"

/* In the object. All zero: it was never listed. */
struct gorc__hidden_link {
    uintptr_t not_next, not_previous; /* of NULL: ~0 */
};

#define GORC__HIDDEN_PARTS 64u

/* Static; all zero: empty. */
struct gorc__hidden_list {
    struct gorc__hidden_part {
        _Alignas(64) struct gorc__lock lock;
        struct gorc__hidden_link *first;
    } parts[GORC__HIDDEN_PARTS];
};

void gorc__hidden_add(struct gorc__hidden_list *list, struct gorc__hidden_link *l);
void gorc__hidden_remove(struct gorc__hidden_list *list, struct gorc__hidden_link *l);
/* Calls `fn` for each, with the lock of its part held, until it returns false. `fn` makes and frees
 * no members. A part whose lock is held by a thread that does not go on is left out. */
void gorc__hidden_each(
    struct gorc__hidden_list *list, bool (*fn)(struct gorc__hidden_link *l, void *arg), void *arg);

static inline bool gorc__hidden_is_listed(const struct gorc__hidden_link *l)
{
    return l->not_next != 0;
}

#endif
