/* SPDX-License-Identifier: MIT
 *
 * What chan/ needs to know of gorc_after.
 */
#ifndef GORC_LIB_TIME_AFTER_H
#define GORC_LIB_TIME_AFTER_H

struct gorc_chan;

/* Called before an unref of gorc_after's channel: if only the timer would be left, it is cancelled
 * and its reference dropped. */
void gorc__after_unref(struct gorc_chan *c);

#endif
