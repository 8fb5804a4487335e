/* SPDX-License-Identifier: MIT
 *
 * The register switch. Saves the callee-saved integer registers and the stack pointer, nothing
 * else: the floating-point control words (mxcsr, x87 cw; fpcr) are shared by all goroutines of a
 * worker, so a goroutine that changes them must restore them before its next gorc call.
 */
#ifndef GORC_LIB_ARCH_SWITCH_H
#define GORC_LIB_ARCH_SWITCH_H

#include <stdint.h>

#include "inspect.h"

/* Saves the caller at *save_sp and resumes the context whose saved stack pointer is `to`. */
void gorc__switch(void **save_sp, void *to);

/* First instruction of a new context: calls gorc__g_main, which does not return. */
void gorc__switch_entry(void);

/* Lays out a new context on the stack that ends at `top` (16-byte aligned); returns its sp. */
void *gorc__switch_prepare(uintptr_t top);

/* The registers of a context that is not running. */
void gorc__switch_regs(const void *sp, struct gorc__g_regs *ret_regs);

/* Where new contexts begin (lib/sched/spawn.c). */
void gorc__g_main(void) __attribute__((noreturn));

#endif
