/* SPDX-License-Identifier: MIT
 *
 * errno for code that may resume on another OS thread (include/gorc/base.h).
 */
#include <gorc/base.h>

#include "hooks.h"

#undef errno

/* The goroutines of one worker share its OS thread's errno, one after the other, and nothing of the
 * program orders them: what the detector knows of it ends with each use. */
__attribute__((noinline)) int *gorc_errno_location(void)
{
    int *location = __errno_location();
    gorc__hook_fresh(location, sizeof(*location));
    return location;
}
