/* SPDX-License-Identifier: MIT
 *
 * Who can ever run again, and who waits for whom in a circle: the analysis behind leak, deadlock
 * and dump. Pure: plain arrays in, plain arrays out, no process, no lock, nothing of lib.
 *
 * A task waits for one of several things (a select has one wait for each case). A wait names the
 * tasks that can end it ("wakers"):
 *  - AN_ALL: it ends only when each of them has done its part: the holder of a mutex, all readers
 *    of a reader-writer lock, the thread that is joined;
 *  - AN_ANY: any of them may end it: a channel's possible partners, who may signal a cond.
 * `unknown` says that somebody who is not among the tasks, or of whom nothing is known, may end it.
 *
 * A task is stuck when it can be shown that it never runs again, provided that the wakers are all
 * there are: the greatest set of tasks each of which waits only for others of the set (Holt, "Some
 * deadlock properties of computer systems", 1972: the general graph of AND and OR requests; the set
 * is what its reduction leaves). Among the stuck, strongly connected components are the cycles; who
 * waits for a cycle without being in it is behind it.
 */
#ifndef AN_WAITGRAPH_H
#define AN_WAITGRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "an_memory.h"

#define AN_NONE UINT32_MAX

enum an_need { AN_ANY, AN_ALL };

struct an_wait {
    enum an_need need;
    bool unknown; /* somebody unknown may end it */
    bool is_lock; /* mutex, rwmutex, once: a cycle with such a wait in it is a deadlock */
    uint32_t first_waker, n_wakers; /* in an_waitgraph.wakers; none: nobody ends it */
};

struct an_wait_task {
    bool goes_on;                 /* runs, may run, or waits for a timer, a descriptor, a signal */
    uint32_t first_wait, n_waits; /* in an_waitgraph.waits; several: whichever ends first */
    /* Results. */
    bool stuck;
    bool in_cycle;
    uint32_t set; /* the cycle that it is in or waits for, directly or not; AN_NONE */
};

/* A strongly connected component of stuck tasks. */
struct an_wait_set {
    uint32_t first; /* the lowest task that waits for a lock inside; without any, the lowest */
    uint32_t cycle_first; /* in an_waitgraph.cycles: a shortest cycle through it, each waits for the
                             next */
    uint32_t cycle_length;
    uint32_t members; /* tasks in the component */
    uint32_t behind;  /* tasks that wait for it */
    bool has_lock;    /* a wait for a lock is in the component */
};

struct an_waitgraph {
    struct an_wait_task *tasks;
    uint32_t n_tasks;
    const struct an_wait *waits;
    uint32_t n_waits;
    const uint32_t *wakers; /* task numbers */
    uint32_t n_wakers;
    /* Results. */
    struct an_wait_set *sets;
    uint32_t n_sets;
    const uint32_t *cycles;
};

/* Fills the results in. O(tasks + waits + wakers). False: memory is out. */
bool an_waitgraph_solve(struct an_waitgraph *g, const struct an_memory *memory);

#endif
