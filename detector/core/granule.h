/* SPDX-License-Identifier: MIT
 *
 * One access to one granule of eight bytes: check, record, queue the races found.
 */
#ifndef DT_GRANULE_H
#define DT_GRANULE_H

#include "core/cell.h"
#include "core/map.h"
#include "core/shadow.h"

/* With so many tasks no page becomes read-shared before it must (is_read_mostly). */
enum { DT_FEW_TASKS = 4 };

/* How much the page is read by several tasks and not written (granule.c): from READ_MOSTLY on its
 * granules become read-shared; or NEVER. */
enum { READ_MOSTLY = 8, READ_MOSTLY_NEVER = 255 };

static inline uint8_t *read_mostly_of(uintptr_t granule)
{
    struct dt_chunk *c = dt_chunk_of(granule);
    return &c->read_mostly[(granule & (DT_CHUNK_SIZE - 1)) >> 12];
}

/* `x`: the access as a cell, its segment t's current one. `always`: recorded even if own accesses
 * cover it (free(), so that reports name it). Inside the core. */
void dt_granule_access(
    struct dt_task *t, uintptr_t granule, uint64_t *cells, uint64_t x, bool always);
/* Forgets the bytes of `mask` (bit i: byte i). */
void dt_granule_clear(uintptr_t granule, uint64_t *cells, unsigned mask);
/* x, a plain read with all its bytes, by t, which records: true if it was dealt with here, as most
 * reads of read-shared granules are. */
bool dt_granule_read_shared(
    struct dt_task *t, uintptr_t granule, const uint64_t *cells, uint64_t x);

/* Races found, delivered by dt_race_deliver once the task has left the core. */
void dt_race_queue(
    struct dt_task *t, uintptr_t granule, uint64_t now, uint64_t earlier, uint64_t bytes);
/* `now` was a while ago. */
void dt_race_queue_late(
    struct dt_task *t, uintptr_t granule, uint64_t now, uint64_t earlier, uint64_t bytes);
void dt_race_deliver_queue(struct dt_task *t);
static inline void dt_race_deliver(struct dt_task *t)
{
    if (__builtin_expect(t->races != NULL, 0) && t->in_runtime == 0)
        dt_race_deliver_queue(t);
}

#endif
