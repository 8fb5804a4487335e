/* SPDX-License-Identifier: MIT
 *
 * The layout of a context at rest, in C: must agree with switch_*.S.
 */
#include "arch/switch.h"

#if defined(__x86_64__)

enum { R15, R14, R13, R12, RBX, RBP, RIP, WORDS };
_Static_assert(WORDS == GORC__SWITCH_WORDS, "lib/tables.h");

const uint8_t gorc__switch_registers[GORC__SWITCH_WORDS] = {15, 14, 13, 12, 3, 6, 16};

void *gorc__switch_prepare(uintptr_t top)
{
    /* gorc__switch_entry starts with rsp == top, aligned for its call. */
    uintptr_t *sp = (uintptr_t *)top - WORDS;
    for (int i = 0; i < RIP; i++)
        sp[i] = 0;
    sp[RIP] = (uintptr_t)gorc__switch_entry;
    return sp;
}

void gorc__switch_regs(const void *sp, struct gorc__g_regs *ret_regs)
{
    const uintptr_t *w = sp;
    *ret_regs = (struct gorc__g_regs){
        .pc = w[RIP],
        .sp = (uintptr_t)(w + WORDS),
        .bp = w[RBP],
        .bx = w[RBX],
        .r12 = w[R12],
        .r13 = w[R13],
        .r14 = w[R14],
        .r15 = w[R15],
    };
}

#elif defined(__aarch64__)

enum { X29 = 10, X30 = 11, WORDS = 20 };
_Static_assert(WORDS == GORC__SWITCH_WORDS, "lib/tables.h");

const uint8_t gorc__switch_registers[GORC__SWITCH_WORDS] = {
    19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 255, 255, 255, 255, 255, 255, 255, 255};

void *gorc__switch_prepare(uintptr_t top)
{
    uintptr_t *sp = (uintptr_t *)top - WORDS;
    for (int i = 0; i < WORDS; i++)
        sp[i] = 0;
    sp[X30] = (uintptr_t)gorc__switch_entry;
    return sp;
}

void gorc__switch_regs(const void *sp, struct gorc__g_regs *ret_regs)
{
    const uintptr_t *w = sp;
    *ret_regs = (struct gorc__g_regs){.pc = w[X30], .sp = (uintptr_t)(w + WORDS), .bp = w[X29]};
}

#else
#error "gorc: no register switch for this architecture"
#endif
