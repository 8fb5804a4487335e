/* SPDX-License-Identifier: MIT
 *
 * errno for code that may resume on another OS thread (include/gorc/base.h).
 */
#include <gorc/base.h>

#undef errno

__attribute__((noinline)) int *gorc_errno_location(void)
{
    return __errno_location();
}
