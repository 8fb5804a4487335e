/* SPDX-License-Identifier: MIT
 *
 * __tsan_on_report and the calls that ask for a report's parts.
 */
#ifndef DT_TSAN_REPORT_H
#define DT_TSAN_REPORT_H

#include <stdbool.h>

#include "report/finding.h"

/* The program has one. */
bool dt_tsan_report_wanted(void);
/* Calls the program's __tsan_on_report, if it has one. */
void dt_tsan_report(const struct dt_finding *f);

#endif
