/* SPDX-License-Identifier: MIT
 *
 * Which function of another object the program called at a place, for calls that have no frame of
 * their own: libc's functions that the detector stands in for.
 */
#ifndef TOOLS_CALLEE_H
#define TOOLS_CALLEE_H

#include "image.h"

/* The name of the function that the call that returns to `pc` (relative to the load bias) goes to
 * through the linkage table; NULL: no such call. */
const char *callee_name(struct image *im, uint64_t pc);

#endif
