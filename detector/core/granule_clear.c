/* SPDX-License-Identifier: MIT
 *
 * Forgetting what was accessed in bytes of a granule: memory that is handed out anew.
 */
#include "core/granule_rules.h"
#include "core/overflow.h"
#include "core/reads.h"

static void keep_in_chain(void *arg, uint64_t element)
{
    uint32_t *block = arg;
    *block = dt_over_add(*block, element);
}

/* Keeps what remains of the chain and counts it. */
static unsigned clear_chain(uint32_t block, uint64_t bytes, uint64_t *ret_one)
{
    unsigned kept = 0;
    for (; block; block = dt_over_at(block)->next) {
        for (unsigned i = 0; i < DT_OVER_CELLS; i++) {
            uint64_t *c = &dt_over_at(block)->cells[i];
            __atomic_store_n(c, without(*c, bytes), __ATOMIC_RELEASE);
            if (*c) {
                kept++;
                *ret_one = *c;
            }
        }
    }
    return kept;
}

static bool clear_overflow(uintptr_t granule, uint64_t *cells, unsigned mask)
{
    uint64_t second = dt_over_lock(cells), one = 0;
    uint64_t bytes = (uint64_t)mask << DT_CELL_MASK_SHIFT;
    if (!second)
        return false;
    uint32_t block = (uint32_t)(second & DT_OVER_BLOCK);
    uint64_t first = without(__atomic_load_n(&cells[0], __ATOMIC_RELAXED), bytes);
    bool shared = (second & DT_OVER_READ_SHARED) != 0;
    unsigned kept = clear_chain(block, bytes, &one);
    if (shared) {
        __atomic_store_n(read_mostly_of(granule), READ_MOSTLY_NEVER, __ATOMIC_RELAXED);
        dt_reads_clear(granule, mask, keep_in_chain, &block);
        second = (second & ~DT_OVER_BLOCK) | block;
    }
    if (mask == 0xff || (!shared && kept <= 1)) {
        dt_over_free_chain(block);
        second = one;
    }
    dt_over_unlock(cells, first, second);
    return true;
}

void dt_granule_clear(uintptr_t granule, uint64_t *cells, unsigned mask)
{
    uint64_t bytes = (uint64_t)mask << DT_CELL_MASK_SHIFT;
    for (;;) {
        uint64_t s0 = __atomic_load_n(&cells[0], __ATOMIC_ACQUIRE);
        uint64_t s1 = __atomic_load_n(&cells[1], __ATOMIC_ACQUIRE);
        if (dt_cell_is_special(s1)) {
            if (clear_overflow(granule, cells, mask))
                return;
        } else if (dt_cas16(cells, s0, s1, without(s0, bytes), without(s1, bytes))) {
            return;
        }
    }
}
