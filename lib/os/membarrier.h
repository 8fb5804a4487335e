/* SPDX-License-Identifier: MIT
 *
 * The heavy half of an asymmetric fence: after it, every other thread of the process has executed a
 * full memory barrier. The light half is a compiler barrier (gorc__fence_light).
 */
#ifndef GORC_LIB_OS_MEMBARRIER_H
#define GORC_LIB_OS_MEMBARRIER_H

#include <stdbool.h>

/* Registers the process; false: the kernel does not offer it, use full fences on both sides. */
bool gorc__membarrier_init(void);
void gorc__membarrier(void);

#endif
