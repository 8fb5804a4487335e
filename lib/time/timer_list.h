/* SPDX-License-Identifier: MIT
 *
 * The timers and tickers that are not freed, for the race library's reports (the production library
 * keeps no list). Lists by address, each with a lock of its own (leaves), so that those who make
 * timers do not meet.
 */
#ifndef GORC_LIB_TIME_TIMER_LIST_H
#define GORC_LIB_TIME_TIMER_LIST_H

#include "inspect.h"

/* The links are stored complemented: a list must not make its members reachable from each other. */
struct gorc__timer_link {
    uintptr_t not_next, not_previous; /* of NULL: ~0 */
};

void gorc__timer_list_add(struct gorc__timer_link *l);
void gorc__timer_list_remove(struct gorc__timer_link *l);

/* timer.c: what a report may know of it. */
bool gorc__timer_describe(struct gorc__timer_link *link, struct gorc__inspect_timer *ret);

#endif
