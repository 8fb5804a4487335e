/* SPDX-License-Identifier: MIT
 *
 * Memory whose races the program has declared harmless (AnnotateBenignRace and its kin).
 */
#ifndef DT_BENIGN_H
#define DT_BENIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void dt_benign_add(uintptr_t addr, size_t size);
/* Does any of the bytes lie in such memory? */
bool dt_benign(uintptr_t addr, size_t size);

#endif
