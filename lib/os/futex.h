/* SPDX-License-Identifier: MIT
 *
 * The futex calls, without errno: results are 0 or negative errno values.
 */
#ifndef GORC_LIB_OS_FUTEX_H
#define GORC_LIB_OS_FUTEX_H

#include <stdatomic.h>
#include <stdint.h>

/* Sleeps while *word == expected, at most until `deadline` on the monotonic clock (INT64_MAX: for
 * ever). May return early. -ETIMEDOUT when the time passed. errno is kept. */
int gorc__futex_wait(_Atomic uint32_t *word, uint32_t expected, int64_t deadline);
void gorc__futex_wake(_Atomic uint32_t *word, int n);

#endif
