/* SPDX-License-Identifier: MIT
 *
 * All channels that were not freed, for inspection (lib/inspect.h); kept in the race library only,
 * where one that nothing refers to any more is a finding.
 */
#ifndef GORC_LIB_CHAN_CHAN_LIST_H
#define GORC_LIB_CHAN_CHAN_LIST_H

#include <stdint.h>

/* Complemented pointers: the list is no reference (conservative marking). */
struct gorc__chan_link {
    uintptr_t not_next, not_previous;
};

void gorc__chan_list_add(struct gorc__chan_link *l);
void gorc__chan_list_remove(struct gorc__chan_link *l);

#endif
