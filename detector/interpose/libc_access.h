/* SPDX-License-Identifier: MIT
 *
 * For interposers of libc functions that take the program's memory: the accesses that libc makes
 * for an instrumented caller, and the caller's frame for what libc does inside (strdup's malloc).
 */
#ifndef DT_LIBC_ACCESS_H
#define DT_LIBC_ACCESS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/shadow.h"
#include "core/task.h"
#include "interpose/interpose.h"
#include "runtime/instrumented.h"
#include "runtime/runtime.h"

static inline void dt_reads(struct dt_task *t, const volatile void *p, size_t n, uintptr_t pc)
{
    if (n)
        dt_access(t, (uintptr_t)p, n, DT_READ, pc);
}

static inline void dt_writes(struct dt_task *t, volatile void *p, size_t n, uintptr_t pc)
{
    if (n)
        dt_access(t, (uintptr_t)p, n, DT_WRITE, pc);
}

static inline void dt_reads_string(struct dt_task *t, const char *s, uintptr_t pc)
{
    dt_access(t, (uintptr_t)s, strlen(s) + 1, DT_READ, pc);
}

/* The caller's frame on the shadow stack while libc works; `t` may be NULL. */
static inline bool dt_caller_push(struct dt_task *t, uintptr_t pc)
{
    return t && dt_frame_push(t, pc);
}

static inline void dt_caller_pop(struct dt_task *t, bool pushed)
{
    if (pushed)
        dt_frame_pop(t);
}

#endif
