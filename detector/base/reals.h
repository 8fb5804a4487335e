/* SPDX-License-Identifier: MIT
 *
 * Resolution of libc's own functions behind the interposers. */
#ifndef DT_REALS_H
#define DT_REALS_H

/* Resolves every interposed function. Idempotent, allocates nothing; may be entered by several
 * threads at once. A function that libc lacks keeps its lazy stub: calling it loops for ever, so
 * interpose only what Debian 12's glibc has. */
void dt_reals_init(void);

#endif
