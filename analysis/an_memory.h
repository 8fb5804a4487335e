/* SPDX-License-Identifier: MIT
 *
 * Memory for an analysis, given by whoever runs it: in the process that is looked at the detector's
 * own, in a reader from outside malloc. An analysis frees nothing by itself; the giver drops all of
 * it afterwards.
 */
#ifndef AN_MEMORY_H
#define AN_MEMORY_H

#include <stddef.h>

struct an_memory {
    /* Zeroed, aligned to 16 bytes; NULL when memory is out. */
    void *(*alloc)(void *arg, size_t size);
    void *arg;
};

static inline void *an_alloc(const struct an_memory *m, size_t size)
{
    return m->alloc(m->arg, size ? size : 1);
}

#endif
