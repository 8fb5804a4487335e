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

/* Saves the caller at *save_sp and resumes the context whose saved stack pointer is `to`, which was
 * left by one of these two. */
void gorc__switch(void **save_sp, void *to);
/* The same for a context that has not run yet. */
void gorc__switch_first(void **save_sp, void *to);

/* First instruction of a new context: calls gorc__g_main, then resumes what that returned. */
void gorc__switch_entry(void);

/* Lays out a new context on the stack that ends at `top` (16-byte aligned); returns its sp. */
void *gorc__switch_prepare(uintptr_t top);

/* What a context at rest is made of, from its sp upwards, as DWARF register numbers; 255: others.
 */
#if defined(__x86_64__)
#define GORC__SWITCH_WORDS 7
#elif defined(__aarch64__)
#define GORC__SWITCH_WORDS 20
#endif
extern const uint8_t gorc__switch_registers[GORC__SWITCH_WORDS];

/* The registers of a context that is not running. */
void gorc__switch_regs(const void *sp, struct gorc__g_regs *ret_regs);

/* What a finished context hands over to. Returned in two registers. */
struct gorc__successor {
    void *sp;
    uintptr_t is_new;
};

/* Where new contexts begin (lib/sched/spawn.c). */
struct gorc__successor gorc__g_main(void);

#endif
