/* SPDX-License-Identifier: MIT
 *
 * Grace periods: readers walk a structure without a lock, and what writers take out of it is freed
 * when no reader can see it any more (as Linux's sleepable RCU).
 *
 * A reader counts itself in and out, in one of two columns, on a cache line that few other threads
 * use; it may park in between and go on on another OS thread. A batch of retired items is freed
 * when the column of old has been seen empty, the columns were exchanged, and the other one has
 * been seen empty: a reader that counts itself in late, after it has read which column is current,
 * is in one of the two. Nothing ever waits: retiring looks whether the batch may go on.
 */
#ifndef GORC_LIB_BASE_GRACE_H
#define GORC_LIB_BASE_GRACE_H

#include <stdint.h>

/* The first member of what is to be retired. */
struct gorc__grace_item {
    struct gorc__grace_item *next;
    void (*free)(struct gorc__grace_item *item);
};

/* Begins a read; the result is for the end. */
uint32_t gorc__grace_enter(void);
void gorc__grace_leave(uint32_t read);

/* free(item) is called, by anybody, once all reads of now have ended. The item is out of reach of
 * new ones. No lock may be held that free takes. */
void gorc__grace_retire(struct gorc__grace_item *item, void (*free)(struct gorc__grace_item *item));
/* Frees what may be freed now. */
void gorc__grace_flush(void);

/* In a forked child: the reads of the parent's other threads are gone. */
void gorc__grace_fork_child(void);

#endif
