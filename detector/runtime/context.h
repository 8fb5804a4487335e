/* SPDX-License-Identifier: MIT
 *
 * ucontext: each context has a shadow stack of its own. It is kept under the address of the
 * ucontext_t while the context does not run; a context that was only saved by getcontext shares the
 * stack that it was saved on, and resuming it is a jump back (jump.h).
 *
 * Programs that announce their switches by the fiber calls have a task for each fiber, with a
 * shadow stack; then nothing is done here.
 */
#ifndef DT_CONTEXT_H
#define DT_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

struct dt_context;

/* A context that is to run fn. False: leave it alone. */
bool dt_context_made(const void *ucp, void (*fn)(void));
/* The calling task goes from the one (NULL: not to be saved) to the other, whose stack pointer will
 * be `sp`. */
void dt_context_switch(const void *from, const void *to, uintptr_t sp);
/* It did not: the real call failed. */
void dt_context_undo(const void *from, const void *to);

/* At its start: what fn is, and where the frame above returns to, kept for the end. */
struct dt_context *dt_context_started(uintptr_t ret, void (**ret_fn)(void));
/* fn has returned; `link` resumes next, NULL: the thread ends. Gives what started() was given. */
uintptr_t dt_context_ended(struct dt_context *c);

/* The program uses the fiber calls. */
void dt_context_off(void);

#endif
