/* SPDX-License-Identifier: MIT
 *
 * quick_exit() for exit_handlers.c.
 */
#ifndef DT_EXIT_HANDLERS_H
#define DT_EXIT_HANDLERS_H

/* Before the handlers of at_quick_exit run. */
void dt_quick_exit_begins(void);

#endif
