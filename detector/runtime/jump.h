/* SPDX-License-Identifier: MIT
 *
 * setjmp and longjmp: the shadow stack is cut back to its height at setjmp.
 *
 * A task keeps a list of (stack pointer at setjmp, shadow stack height there), innermost last. The
 * frame that called setjmp must be live when longjmp is called, so entries whose stack pointer
 * lies below the present one are dead. It is keyed by the stack pointer in the jmp_buf and not by
 * the jmp_buf's address, since programs copy those. Each stack that the task runs on (its own, an
 * alternate signal stack) is told apart by distance.
 */
#ifndef DT_JUMP_H
#define DT_JUMP_H

#include <stdint.h>

struct dt_jumps;
struct dt_task;
/* Where the task's list is; NULL: it has none. */
struct dt_jumps **dt_jumps_of(struct dt_task *t);
void dt_jumps_free(struct dt_jumps **jumps);

/* setjmp was called; the caller's stack pointer will be `sp` when it returns. */
void dt_jump_set(uintptr_t sp);
/* longjmp to a frame with this stack pointer is about to happen. */
void dt_jump_to(uintptr_t sp);
/* The stack pointer in a jmp_buf of libc's. */
uintptr_t dt_jump_sp(const void *env);

#endif
