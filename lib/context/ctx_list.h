/* SPDX-License-Identifier: MIT
 *
 * All contexts and after-funcs that were not freed, for inspection (lib/inspect.h); kept in the
 * race library only, where a context that is never cancelled is a finding.
 */
#ifndef GORC_LIB_CONTEXT_CTX_LIST_H
#define GORC_LIB_CONTEXT_CTX_LIST_H

#include <stdbool.h>
#include <stdint.h>

/* The links are complemented pointers: the list is no reference (conservative marking). */
struct gorc__ctx_link {
    uintptr_t next, prev;
    bool is_stop; /* in a gorc_ctx_stop, not in a gorc_ctx */
    bool listed;
};

void gorc__ctx_list_add(struct gorc__ctx_link *l, bool is_stop);
void gorc__ctx_list_remove(struct gorc__ctx_link *l);
/* Calls fn for each, with a leaf lock held, until it returns false. fn makes and frees none. */
bool gorc__ctx_list_each(bool (*fn)(struct gorc__ctx_link *l, void *arg), void *arg);

#endif
