/* SPDX-License-Identifier: MIT
 *
 * The dump that `gorc run --timeout` asks for by DT_DUMP_SIGNAL.
 */
#ifndef DT_DUMP_H
#define DT_DUMP_H

#include <signal.h>

#define DT_DUMP_SIGNAL (SIGRTMAX - 1)

/* Installs the handler, in a run of `gorc run` only. */
void dt_dump_init(void);

#endif
