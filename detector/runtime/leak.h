/* SPDX-License-Identifier: MIT
 *
 * What is left over when a run ends: goroutines that have not, threads that nobody joined.
 */
#ifndef DT_LEAK_H
#define DT_LEAK_H

#include <stdbool.h>
#include <stdint.h>

#include "report/finding.h"

/* Records a finding for each group of alike goroutines and each thread. `counts`: the run ends in
 * the normal way. `here`: reach.h. */
void dt_leak_record(bool counts, uintptr_t here);

/* Those that descend from the current goroutine; returns their number. */
int dt_leak_check_descendants(uintptr_t here);

/* Whether a finding of this level counts for the exit status (min_certainty). */
bool dt_certainty_counts(enum dt_certainty c);
/* Whether a goroutine's creators include goroutine `goid`. */
bool dt_task_descends(const struct dt_task_info *info, uint64_t goid);

#endif
