/* SPDX-License-Identifier: MIT
 *
 * See reads_bounded.h.
 */
#include "core/reads_bounded.h"
#include "core/reads_log.h"

void dt_reads_forgot_many(struct dt_reader *r)
{
    uint64_t fields = (uint64_t)r->used * DT_LOG_COARSE;
    if (r->not_remembered - r->renewed < DT_AGAIN_AFTER * fields)
        return;
    r->renewed = r->not_remembered;
    r->again = r->first;
}

/* Logs that are freed are so with the gate closed: the list can be walked. */
static bool are_enough(uintptr_t granule)
{
    const uint32_t *head = dt_readers_of(dt_chunk_of(granule), granule);
    uint32_t name = __atomic_load_n(head, __ATOMIC_ACQUIRE);
    for (unsigned n = 0; name; name = __atomic_load_n(&dt_log_info(name)->next, __ATOMIC_ACQUIRE))
        if (++n == DT_LOGS_ENOUGH)
            return true;
    return false;
}

static bool goes_without(struct dt_reader *r, uintptr_t granule, uint64_t e)
{
    if (!e && are_enough(granule))
        dt_log_enter(r, granule, granule >> DT_REGION_SHIFT << DT_LOG_REGION_SHIFT);
    else if (!e || r->not_remembered % DT_NOW_AND_THEN == 0)
        return false;
    return true;
}

bool dt_reads_may_forget(struct dt_reader *r, uintptr_t granule, uint64_t x)
{
    uint64_t e = dt_log_find(r, granule);
    uint32_t index[8];
    if (dt_log_is_none(e)) {
        if (!goes_without(r, granule, e))
            return false;
    } else {
        dt_log_granule(dt_log_name(e), granule, index);
        if (x & DT_CELL_MASK & ~dt_log_mask(index, r->again))
            return false;
    }
    dt_reads_forgot(r);
    return true;
}
