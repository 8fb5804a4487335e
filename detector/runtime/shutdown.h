/* SPDX-License-Identifier: MIT
 *
 * How the end of a run is noticed; dt_shutdown itself is in runtime.h.
 */
#ifndef DT_SHUTDOWN_H
#define DT_SHUTDOWN_H

#include <stdbool.h>

/* Registers the exit hooks. */
void dt_shutdown_init(void);
/* The process that this image was started or forked as; a vfork child has another pid. */
bool dt_shutdown_is_ours(void);
/* In a forked child: the run begins anew. */
void dt_shutdown_forked(void);
/* The status that quick_exit() was given; its handlers are not told. */
void dt_shutdown_quick_status(int status);
/* exec failed after dt_shutdown(DT_END_EXEC): the run goes on. */
void dt_shutdown_undo(void);

#endif
