/* SPDX-License-Identifier: MIT
 *
 * The core as a whole: start, fork, and the gate that slow paths pass.
 */
#ifndef DT_CORE_H
#define DT_CORE_H

#include "core/task.h"

/* Before the first task is made. Idempotent. */
void dt_core_init(void);

/* Around fork(): prepare waits until no other thread is inside the core and keeps them out (they
 * stall at their next slow path); then one of the others in parent and child. In the child every
 * other task is gone: their records stay (reports refer to them), their clocks no longer count. */
void dt_core_fork_prepare(void);
void dt_core_fork_parent(void);
void dt_core_fork_child(void);

#endif
