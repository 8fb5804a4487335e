/* SPDX-License-Identifier: MIT
 *
 * See pass.c.
 */
#ifndef DT_PASS_H
#define DT_PASS_H

#include "core/task.h"

/* dt_pass where the caller keeps everybody else from addr, as with a channel's lock held. */
void dt_pass_alone(struct dt_task *t, const void *addr);

#endif
