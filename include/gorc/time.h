/* SPDX-License-Identifier: MIT
 *
 * The monotonic clock, sleep, and a channel that fires once.
 */
#ifndef GORC_TIME_H
#define GORC_TIME_H

#include <gorc/chan.h>

GORC_BEGIN_DECLS

/* Nanoseconds on the monotonic clock. */
GORC_API int64_t gorc_now(void);

/* Parks the caller for at least ns nanoseconds; ns <= 0 returns at once (T1). */
GORC_API void gorc_sleep(int64_t ns);

/* A channel of int64_t that gets one value, the time gorc_now() of firing, ns from now (T2). The
 * caller unrefs it, before or after the time has passed. NULL with errno = ENOMEM. */
GORC_API gorc_chan *gorc_after(int64_t ns);

GORC_END_DECLS

#endif
