/* SPDX-License-Identifier: MIT
 *
 * A segment is an epoch of a task in which it recorded something; cells name it by a 25-bit id. Ids
 * are handed out in runs of sixteen for consecutive epochs of one task, so that the table which
 * tells what an id means stays in the cache.
 */
#ifndef DT_SEGMENT_H
#define DT_SEGMENT_H

#include "core/cell.h"
#include "core/clock_node.h"
#include "core/depend.h"
#include "core/reads.h"
#include "core/task.h"

enum { DT_RUN_BITS = 4, DT_RUN = 1 << DT_RUN_BITS };

struct dt_run {
    dt_index index;
    dt_epoch first; /* epoch of its first id */
};
extern DT_HIDDEN struct dt_run *dt_runs;

struct dt_segment {
    dt_index index;
    dt_epoch epoch;
};

static inline struct dt_segment dt_segment_get(uint32_t seg)
{
    struct dt_run r = dt_runs[seg >> DT_RUN_BITS];
    return (struct dt_segment){.index = r.index, .epoch = r.first + (seg & (DT_RUN - 1))};
}

void dt_segment_init(void);
/* t's current segment, made now. May ask for a sweep. */
void dt_segment_open(struct dt_task *t);
struct dt_task_info *dt_segment_task(uint32_t seg);
/* The largest lock set of its task's in it, for origins that tell only how many locks. */
dt_lockset dt_segment_lockset(uint32_t seg);
/* t has such a lock set now: its segments know, from the present one on. */
void dt_segment_locks_grew(struct dt_task *t);
/* Runs handed out and not yet found free. */
uint32_t dt_segment_runs(void);

/* The next record gets a new segment. */
static inline void dt_segment_close(struct dt_task *t)
{
    t->seg = 0;
    t->segment = DT_CELL_LOW;
    dt_reads_close(t->reads);
}

/* All of (index, epoch) happened before what t does now. */
static inline bool dt_task_knows(const struct dt_task *t, dt_index index, dt_epoch epoch)
{
    return index == t->index || (index == t->latest.index && epoch <= t->latest.epoch) ||
           dt_clock_look(&t->clock, index) >= epoch;
}

/* The last epoch of another task that t has heard of; 0: none. */
static inline dt_epoch dt_task_heard(const struct dt_task *t, dt_index index)
{
    dt_epoch e = dt_clock_look(&t->clock, index);
    return index == t->latest.index && t->latest.epoch > e ? t->latest.epoch : e;
}

static inline bool dt_segment_ordered(struct dt_task *t, uint32_t seg)
{
    uint32_t *cached = &t->ordered[seg & (DT_ORDERED_CACHE - 1)];
    if (*cached == seg)
        return true;
    struct dt_segment s = dt_segment_get(seg);
    if (!dt_task_knows(t, s.index, s.epoch))
        return false;
    dt_depend_read(t, s.index, s.epoch);
    *cached = seg;
    return true;
}

/* Sweep, by whole runs: begin, with everybody else kept out; a bit per run that is in use; end
 * likewise. Frees the runs that were there at the beginning and were not marked. */
void dt_segment_mark_begin(void);
void dt_segment_mark(uint32_t seg);
/* Marks their lock sets, too. */
void dt_segment_each_marked(void (*fn)(dt_index index, struct dt_task_info *task));
void dt_segment_mark_end(void);

#endif
