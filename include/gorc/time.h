/* SPDX-License-Identifier: MIT
 *
 * The monotonic clock, sleep, timers, tickers, and functions that run later.
 */
#ifndef GORC_TIME_H
#define GORC_TIME_H

#include <gorc/chan.h>
#include <gorc/go.h>

GORC_BEGIN_DECLS

/* Nanoseconds on the monotonic clock. */
GORC_API int64_t gorc_now(void);

/* Parks the caller for at least ns nanoseconds; ns <= 0 returns at once (T1). */
GORC_API void gorc_sleep(int64_t ns);

/* A channel of int64_t on which one value can be received from ns nanoseconds from now on: the time
 * gorc_now() at which it was due (T2). It is a timer's channel, see below. The caller unrefs it,
 * before or after the time has passed. NULL with errno = ENOMEM. */
GORC_API gorc_chan *gorc_after(int64_t ns);

/* --- timers and tickers ---
 *
 * A timer's channel belongs to the timer; who keeps it beyond gorc_timer_free refs it. It is only
 * received from (also in a select): to send on it or to close it is a misuse. gorc_chan_len and
 * gorc_chan_cap are 0, and after a stop or reset has returned no value of before can be received
 * (T8): there is nothing to drain. A timer that nobody waits for costs no wake-up.
 *
 * What was done before a timer was started (new, after_func, reset) happens before the receive of
 * its value or the start of its function. None of these calls blocks. Any thread may call them. A
 * NULL timer, or one that was freed, is a misuse (T6), but gorc_timer_free(NULL) is not. Durations
 * that overflow the clock are for ever (T9); those below 0 are 0. */

typedef struct gorc_timer gorc_timer;
typedef struct gorc_ticker gorc_ticker;

/* Fires once, ns from now. The caller frees it. NULL with errno = ENOMEM. */
GORC_API gorc_timer *gorc_timer_new(int64_t ns);

/* Runs fn(arg) in a goroutine of its own, ns from now (T3). NULL with errno = ENOMEM. fn == NULL is
 * a misuse. */
GORC_API gorc_timer *gorc_timer_after_func(int64_t ns, gorc_fn fn, void *arg);

/* The channel of a gorc_timer_new; NULL for a timer with a function. */
GORC_API gorc_chan *gorc_timer_chan(gorc_timer *t);

/* True: it was pending, and neither value nor function call will come. False: the value was
 * received, the function was started, or it was stopped before (T4). Never closes the channel. Does
 * not wait for a function that runs. */
GORC_API bool gorc_timer_stop(gorc_timer *t);

/* Starts it anew, ns from now, pending or not. True: it was pending (T5). */
GORC_API bool gorc_timer_reset(gorc_timer *t, int64_t ns);

/* Stops and frees it; a function that runs goes on. */
GORC_API void gorc_timer_free(gorc_timer *t);

/* Fires every ns nanoseconds, first ns from now, without drift: ticks are multiples of ns after its
 * start. While nobody receives, one tick waits, the first; those after it are dropped (T7). ns <= 0
 * is a misuse. The caller frees it. NULL with errno = ENOMEM. */
GORC_API gorc_ticker *gorc_ticker_new(int64_t ns);
GORC_API gorc_chan *gorc_ticker_chan(gorc_ticker *t);

/* No more ticks. Does not close the channel: who receives from it waits for ever. */
GORC_API void gorc_ticker_stop(gorc_ticker *t);

/* Starts it anew with another period, also after a stop. ns <= 0 is a misuse. */
GORC_API void gorc_ticker_reset(gorc_ticker *t, int64_t ns);

/* Stops and frees it. */
GORC_API void gorc_ticker_free(gorc_ticker *t);

GORC_END_DECLS

#endif
