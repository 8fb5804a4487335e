/* SPDX-License-Identifier: MIT
 *
 * Threads that would go on but get no processor. Who gives others a time to come to rest must not
 * count the time in which they could not: on a busy machine that is most of it.
 */
#ifndef DT_STARVED_H
#define DT_STARVED_H

#include <stdbool.h>
#include <stdint.h>

/* It is ready to run and does not. Where that cannot be known: no. */
bool dt_starved(int tid);

/* One of the threads that run goroutines, or the library's monitor. */
bool dt_starved_worker(void);

/* A wait of up to `limit` turns of a millisecond, of which those are not counted in which `starved`
 * was true, up to a hundred times as many. */
struct dt_patience {
    int limit, turns, all;
};
/* False: it is over. Else pauses. */
bool dt_patience_pause(struct dt_patience *p, bool starved);

#endif
