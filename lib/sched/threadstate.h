/* SPDX-License-Identifier: MIT
 *
 * What other libraries keep for each OS thread and a goroutine needs wherever it runs: the
 * exceptions that it handles (the C++ runtime's), and which stack it is on (AddressSanitizer's).
 * Only where the process has one of the two, m->has_state, so that others pay a branch for each
 * switch.
 *
 * gorc__state_leave is the last call before a switch, gorc__state_arrive or _begin the first on the
 * other side: in between AddressSanitizer believes in neither stack. A function that makes them is
 * GORC__NO_ASAN in a library that is itself compiled with -fsanitize=address.
 */
#ifndef GORC_LIB_SCHED_THREADSTATE_H
#define GORC_LIB_SCHED_THREADSTATE_H

#include "sched/g.h"

#define GORC__NO_ASAN __attribute__((no_sanitize_address))

/* On m's thread: sets m->has_state, and g0's bounds where it is the thread's own stack. */
void gorc__state_setup(struct gorc__m *m);

/* LeakSanitizer, if there is one, reads the stacks of parked goroutines: what they refer to is not
 * leaked. It reads what /proc/self/maps calls readable, so guards have to be seen there; and for
 * each region it reads all of that file, so regions are to be few and large. At the start, and for
 * memory that will hold stacks, and is never unmapped. */
void gorc__state_start(void);
void gorc__state_stacks_made(const void *start, size_t size);

/* `from` is left for `to`. */
void gorc__state_leave(struct gorc__m *m, struct gorc__g *from, const struct gorc__g *to);
/* The same, never to come back. */
void gorc__state_leave_dead(struct gorc__m *m, struct gorc__g *from, const struct gorc__g *to);
/* On the stack of `self`, which goes on, or has not run before. */
void gorc__state_arrive(struct gorc__m *m, struct gorc__g *self);
void gorc__state_begin(struct gorc__m *m, struct gorc__g *self);

#endif
