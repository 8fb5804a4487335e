/* SPDX-License-Identifier: MIT
 *
 * A list that only grows and is read without a lock. It is asked when a race has been found, never
 * on an access.
 */
#include "report/benign.h"
#include "base/dalloc.h"

struct range {
    struct range *next;
    uintptr_t addr;
    size_t size;
};

static struct range *ranges;

void dt_benign_add(uintptr_t addr, size_t size)
{
    if (!size || dt_benign(addr, 1))
        return;
    struct range *r = dt_alloc(sizeof *r);
    r->addr = addr;
    r->size = size;
    r->next = __atomic_load_n(&ranges, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(
        &ranges, &r->next, r, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

bool dt_benign(uintptr_t addr, size_t size)
{
    const struct range *r = __atomic_load_n(&ranges, __ATOMIC_ACQUIRE);
    for (; r; r = r->next)
        if (addr < r->addr + r->size && r->addr < addr + size)
            return true;
    return false;
}
