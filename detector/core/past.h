/* SPDX-License-Identifier: MIT
 *
 * The common past: what every task that can still run knows. Nothing in it can race any more,
 * since new tasks know what their creators know.
 *
 * A thread of unknown origin knows nothing; it would race with all that was dropped. The core takes
 * it to come after the common past.
 */
#ifndef DT_PAST_H
#define DT_PAST_H

#include <stdbool.h>

#include "base/lock.h"
#include "core/segment.h"

enum { DT_PAST_INDICES = 4096 };                    /* of others nothing is dropped */
extern DT_HIDDEN dt_epoch dt_past[DT_PAST_INDICES]; /* atomic, grow only */

static inline bool dt_past_has(uint32_t seg)
{
    struct dt_segment s = dt_segment_get(seg);
    return s.index < DT_PAST_INDICES &&
           s.epoch <= __atomic_load_n(&dt_past[s.index], __ATOMIC_RELAXED);
}

/* Called when somebody could use a later common past; finds it from time to time. Inside the core,
 * no lock held. */
void dt_past_wanted(void);
/* Finds it now, unless somebody is at it. */
void dt_past_find(void);
/* That takes about so many steps now. */
uint64_t dt_past_cost(void);

#endif
