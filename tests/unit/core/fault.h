/* SPDX-License-Identifier: MIT
 *
 * Faults that the trace test must notice: included before detector/core/granule.c (and the other
 * files of the core that ask these questions) with DT_FAULT set. Only the core's answers are bent,
 * its sources stay as they are.
 */
#ifndef DT_TEST_FAULT_H
#define DT_TEST_FAULT_H

#include "core/reads.h"

#if DT_FAULT == 13 /* what was read in an earlier epoch covers */
#define dt_reads_close(r) ((void)(r))
#endif

#include "core/granule.h"
#include "core/past.h"
#include "core/segment.h"

#if DT_FAULT == 1 /* an atomic access supersedes a plain one */
#define dt_cell_as_strong(a, b) (((b) & ~(a)&DT_CELL_W) == 0)
#elif DT_FAULT == 2 /* a read supersedes a write */
#define dt_cell_as_strong(a, b) (((b) & ~(a)&DT_CELL_P) == 0)
#elif DT_FAULT == 3 /* two atomic accesses race */
#define dt_cell_conflicts(a, b) ((((a) | (b)) & DT_CELL_W) != 0)
#elif DT_FAULT == 4 /* everything is ordered once its task is known at all */
#define dt_segment_ordered(t, seg) (dt_task_knows((t), dt_segment_get(seg).index, 1))
#elif DT_FAULT == 5 /* a release begins no new epoch */
#define dt_segment_close(t) ((void)(t))
#elif DT_FAULT == 6 /* what some know is taken for common past */
#define dt_past_has(seg) (dt_segment_get(seg).epoch <= dt_past[dt_segment_get(seg).index & 7] + 1)
#elif DT_FAULT == 7 /* a sweep forgets to forget which segments were ordered */
#define DT_ORDERED_CACHE 1
#elif DT_FAULT == 8 /* an acquire is skipped when anything of the releaser is known */
#define dt_task_knows(t, index, epoch) dt_task_knows((t), (index), (epoch) ? 1 : 0)
#elif DT_FAULT == 9 /* who writes does not look at the logs of readers */
#define dt_reads_look(t, granule, x) ((void)(granule), false)
#elif DT_FAULT == 10 /* what was read of a part that is handed out again stays in the logs */
#define dt_reads_clear(granule, mask, keep, arg)                                                   \
    dt_reads_clear((granule), (mask) == 0xff ? 0xff : 0, (keep), (arg))
#elif DT_FAULT == 11 /* a read of which a part is cleared is lost as a whole */
static void ignored(void *arg, uint64_t element)
{
    (void)arg;
    (void)element;
}
#define dt_reads_clear(granule, mask, keep, arg) dt_reads_clear(granule, mask, ignored, arg)
#elif DT_FAULT == 12 /* own reads in logs do not cover */
#define dt_reads_own(t, granule) ((void)(t), (uint64_t)0 * (granule))
#endif

#endif
