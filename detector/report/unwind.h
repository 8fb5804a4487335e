/* SPDX-License-Identifier: MIT
 *
 * Native stacks through libunwind; the only user of it in the race library.
 */
#ifndef DT_UNWIND_H
#define DT_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The caller's own stack, from the frame that returns to `from_pc` outwards (0: from the caller).
 */
size_t dt_unwind_here(uintptr_t from_pc, uintptr_t *ret_pcs, size_t max);

/* Callee-saved registers of something that does not run. */
struct dt_regs {
    uintptr_t pc, sp, bp, bx, r12, r13, r14, r15;
};
/* Frames of the library itself at the inner end are left out. */
size_t dt_unwind_regs(const struct dt_regs *regs, uintptr_t *ret_pcs, size_t max);

/* Where the return addresses of a stack lie, to know another stack of the same shape by. n = 0: not
 * known. */
enum { DT_UNWIND_SLOTS = 64 };
struct dt_unwind_slots {
    uint32_t n;
    uintptr_t at[DT_UNWIND_SLOTS];
};
size_t dt_unwind_regs_slots(
    const struct dt_regs *regs, uintptr_t *ret_pcs, size_t max, struct dt_unwind_slots *ret_slots);

/* The frame that `addr` lies in, of the caller's own stack (regs NULL) or of something that does
 * not run: a return address into its function (or where it was left), and its canonical frame
 * address.
 */
bool dt_unwind_frame(
    const struct dt_regs *regs, uintptr_t addr, uintptr_t *ret_pc, uintptr_t *ret_cfa);

/* What a signal interrupted; `context` is the handler's. */
size_t dt_unwind_context(const void *context, uintptr_t *ret_pcs, size_t max);

/* An address in the library that unwinds: what it keeps refers to stacks that it has walked. */
uintptr_t dt_unwind_library(void);

#endif
