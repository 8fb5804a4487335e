/* SPDX-License-Identifier: MIT
 *
 * setjmp and longjmp (runtime/jump.h). setjmp's interposers are in assembly: they keep every
 * argument, tell the runtime the stack pointer that the caller will have, and jump to libc's own,
 * which then sees the program's frame.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdint.h>

#include "interpose/interpose.h"
#include "runtime/jump.h"

#if defined(__x86_64__)

__attribute__((visibility("hidden"), used)) void dt_jump_set_from_asm(uintptr_t sp);
void dt_jump_set_from_asm(uintptr_t sp)
{
    dt_jump_set(sp);
}

/* On entry the return address lies at (%rsp); the caller's stack pointer after the return, which
 * is what libc saves, is %rsp + 8. */
#define SETJMP(name)                                                                               \
    __asm__(".text\n\t"                                                                            \
            ".globl dt_interpose_" #name "\n\t"                                                    \
            ".hidden dt_interpose_" #name "\n\t"                                                   \
            ".type dt_interpose_" #name ",@function\n"                                             \
            "dt_interpose_" #name ":\n\t"                                                          \
            ".cfi_startproc\n\t"                                                                   \
            "pushq %rdi\n\t"                                                                       \
            ".cfi_adjust_cfa_offset 8\n\t"                                                         \
            "pushq %rsi\n\t"                                                                       \
            ".cfi_adjust_cfa_offset 8\n\t"                                                         \
            "leaq 24(%rsp), %rdi\n\t"                                                              \
            "subq $8, %rsp\n\t"                                                                    \
            ".cfi_adjust_cfa_offset 8\n\t"                                                         \
            "call dt_jump_set_from_asm\n\t"                                                        \
            "addq $8, %rsp\n\t"                                                                    \
            ".cfi_adjust_cfa_offset -8\n\t"                                                        \
            "popq %rsi\n\t"                                                                        \
            ".cfi_adjust_cfa_offset -8\n\t"                                                        \
            "popq %rdi\n\t"                                                                        \
            ".cfi_adjust_cfa_offset -8\n\t"                                                        \
            "jmp " #name "\n\t"                                                                    \
            ".cfi_endproc\n\t"                                                                     \
            ".size dt_interpose_" #name ", .-dt_interpose_" #name)

SETJMP(setjmp);
SETJMP(_setjmp);
SETJMP(__sigsetjmp);

#endif

extern void __longjmp_chk(struct __jmp_buf_tag *env, int value) __attribute__((noreturn));

DT_INTERPOSE(void, longjmp, (struct __jmp_buf_tag * env, int value))
{
    dt_jump_to(dt_jump_sp(env));
    longjmp(env, value);
}

DT_INTERPOSE(void, _longjmp, (struct __jmp_buf_tag * env, int value))
{
    dt_jump_to(dt_jump_sp(env));
    _longjmp(env, value);
}

DT_INTERPOSE(void, siglongjmp, (struct __jmp_buf_tag * env, int value))
{
    dt_jump_to(dt_jump_sp(env));
    siglongjmp(env, value);
}

DT_INTERPOSE(void, __longjmp_chk, (struct __jmp_buf_tag * env, int value))
{
    dt_jump_to(dt_jump_sp(env));
    __longjmp_chk(env, value);
}
