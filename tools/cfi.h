/* SPDX-License-Identifier: MIT
 *
 * Unwinding of stacks that were copied out of another process, by the call frame information of its
 * modules (libdw), or by frame pointers where there is none.
 */
#ifndef TOOLS_CFI_H
#define TOOLS_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"

enum {
    CFI_REGISTERS = 33,
#if defined(__aarch64__)
    CFI_PC = 32, /* ours: DWARF gives it no number */
    CFI_SP = 31,
    CFI_FP = 29,
    CFI_RA = 30,
#else
    CFI_PC = 16,
    CFI_SP = 7,
    CFI_FP = 6,
    CFI_RA = 16,
#endif
};

/* By DWARF number; bit i of `known` says that at[i] is. */
struct registers {
    uint64_t known;
    uint64_t at[CFI_REGISTERS];
};

/* A copy of memory. */
struct memory {
    uint64_t lo;
    size_t n;
    unsigned char *bytes;
};

/* Memory outside the copy; false: not readable. */
typedef bool (*memory_word)(void *arg, uint64_t addr, uint64_t *ret_word);

/* Fills s->raw in, innermost frame first. `exact`: the first pc is where the thread is, not where a
 * call returns to. */
void unwind_stack(const struct process *p, const struct registers *regs, const struct memory *copy,
    memory_word rest, void *arg, bool exact, struct stack *s);

#endif
