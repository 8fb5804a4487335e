/* SPDX-License-Identifier: MIT
 *
 * A segment is an epoch of a task in which it recorded something; cells name it by a 25-bit id.
 */
#ifndef DT_SEGMENT_H
#define DT_SEGMENT_H

#include "base/lock.h"
#include "core/cell.h"
#include "core/clock_node.h"
#include "core/task.h"

struct dt_segment {
    dt_index index;
    dt_epoch epoch;
};
extern DT_HIDDEN struct dt_segment *dt_segments;

void dt_segment_init(void);
/* t's current segment, made now. May sweep. */
void dt_segment_open(struct dt_task *t);
struct dt_task_info *dt_segment_task(uint32_t seg);
/* Segments handed out and not yet found free. */
uint32_t dt_segment_count(void);

/* The next record gets a new segment. */
static inline void dt_segment_close(struct dt_task *t)
{
    t->seg = 0;
    t->segment = DT_CELL_LOW;
}

/* All of (index, epoch) happened before what t does now. */
static inline bool dt_task_knows(const struct dt_task *t, dt_index index, dt_epoch epoch)
{
    return index == t->index || dt_clock_look(&t->clock, index) >= epoch;
}

static inline bool dt_segment_ordered(struct dt_task *t, uint32_t seg)
{
    uint32_t *cached = &t->ordered[seg & (DT_ORDERED_CACHE - 1)];
    if (*cached == seg)
        return true;
    struct dt_segment s = dt_segments[seg];
    if (!dt_task_knows(t, s.index, s.epoch))
        return false;
    *cached = seg;
    return true;
}

/* Sweep: begin, with everybody else kept out; a bit per segment found in use; end likewise. Frees
 * those that were there at the beginning and were not marked. */
void dt_segment_mark_begin(void);
void dt_segment_mark(uint32_t seg);
bool dt_segment_is_marked(uint32_t seg);
void dt_segment_mark_end(void);

#endif
