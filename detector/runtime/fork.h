/* SPDX-License-Identifier: MIT
 *
 * fork: the child goes on under the detector, with a record of its own.
 */
#ifndef DT_FORK_H
#define DT_FORK_H

void dt_fork_init(void);

#endif
