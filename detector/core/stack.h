/* SPDX-License-Identifier: MIT
 *
 * Call stacks as 32-bit ids. A context is a node of the calling-context tree (its parent context
 * and one return address), interned, made only when something is recorded in it. Every access,
 * block, lock and task creation carries such an id, so that no report lacks a stack.
 */
#ifndef DT_STACK_H
#define DT_STACK_H

#include <stddef.h>
#include <stdint.h>

typedef uint32_t dt_stackid; /* 0: unknown */

struct dt_task;

/* The current task's shadow stack with `pc` as the innermost place. */
dt_stackid dt_stack_here(struct dt_task *t, uintptr_t pc);
/* From a list of return addresses, innermost first (what libunwind gave). */
dt_stackid dt_stack_intern(const uintptr_t *pcs, size_t n);
/* Innermost first. Returns how many were written. Async-signal-safe. */
size_t dt_stack_pcs(dt_stackid id, uintptr_t *ret_pcs, size_t max);

#endif
