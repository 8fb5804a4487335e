/* SPDX-License-Identifier: MIT
 *
 * What chan/ needs to know of a timer's channel (state GORC__CHAN_TIMER): implemented by
 * time/timer.c. Such a channel has no buffer: a receive asks the timer whether its time has come.
 */
#ifndef GORC_LIB_CHAN_TIMER_CHAN_H
#define GORC_LIB_CHAN_TIMER_CHAN_H

#include <stdbool.h>

struct gorc_chan;

/* Without the lock: the time has come, as of now. A hint. */
bool gorc__timer_chan_due(const struct gorc_chan *c);

/* Race library: it belongs to a timer or ticker, and goes with that; gorc_after's does not. */
bool gorc__timer_chan_owned(const struct gorc_chan *c);

/* --- with c->lock held --- */

/* Receives: true: *value (NULL: discarded) is when the timer was due. */
bool gorc__timer_chan_take(struct gorc_chan *c, void *value);
/* A receiver was put into the queue: the timer is to wake it. */
void gorc__timer_chan_awaited(struct gorc_chan *c);
/* The last receiver left without a value. */
void gorc__timer_chan_idle(struct gorc_chan *c);

#endif
