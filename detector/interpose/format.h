/* SPDX-License-Identifier: MIT
 *
 * What the arguments of a format string make libc read and write.
 */
#ifndef DT_FORMAT_H
#define DT_FORMAT_H

#include <stdarg.h>
#include <stdint.h>

#include "core/task.h"

/* The format itself, strings of %s, results of %n. A copy of the arguments is walked. Formats with
 * numbered arguments (%1$s) are checked as far as the format string. */
void dt_format_prints(struct dt_task *t, const char *format, va_list args, uintptr_t pc);

/* After the scan: the format and the results of the first `n` conversions that store. */
void dt_format_scans(struct dt_task *t, const char *format, va_list args, int n, uintptr_t pc);

#endif
