/* SPDX-License-Identifier: MIT
 *
 * getcontext, makecontext, setcontext, swapcontext (runtime/context.h). A context that is made runs
 * a function of ours first, which jumps to the program's with everything as libc left it but for
 * the return address: so its end is seen, and the context that libc goes on with (uc_link) is
 * known.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "interpose/interpose.h"
#include "runtime/context.h"
#include "runtime/jump.h"

#if defined(__x86_64__)

#define HIDDEN_USED __attribute__((visibility("hidden"), used))

HIDDEN_USED void dt_context_get_from_asm(uintptr_t sp);
void dt_context_get_from_asm(uintptr_t sp)
{
    dt_jump_set(sp);
}

/* Gives the function that the context is to run: ours, or the program's own. */
extern void dt_context_entry(void) __attribute__((visibility("hidden")));
HIDDEN_USED void *dt_context_make_from_asm(const void *ucp, void (*fn)(void));
void *dt_context_make_from_asm(const void *ucp, void (*fn)(void))
{
    return (void *)(dt_context_made(ucp, fn) ? dt_context_entry : fn);
}

struct started {
    struct dt_context *context;
    void (*fn)(void);
};
HIDDEN_USED struct started dt_context_start_from_asm(uintptr_t ret);
struct started dt_context_start_from_asm(uintptr_t ret)
{
    struct started s;
    s.context = dt_context_started(ret, &s.fn);
    return s;
}

HIDDEN_USED uintptr_t dt_context_end_from_asm(struct dt_context *c);
uintptr_t dt_context_end_from_asm(struct dt_context *c)
{
    return dt_context_ended(c);
}

__asm__(".text\n\t"
        ".globl dt_interpose_getcontext\n\t"
        ".hidden dt_interpose_getcontext\n\t"
        ".type dt_interpose_getcontext,@function\n"
        "dt_interpose_getcontext:\n\t"
        ".cfi_startproc\n\t"
        "pushq %rdi\n\t"
        ".cfi_adjust_cfa_offset 8\n\t"
        "leaq 16(%rsp), %rdi\n\t"
        "call dt_context_get_from_asm\n\t"
        "popq %rdi\n\t"
        ".cfi_adjust_cfa_offset -8\n\t"
        "jmp getcontext\n\t"
        ".cfi_endproc\n\t"
        ".size dt_interpose_getcontext, .-dt_interpose_getcontext\n\t"

        ".globl dt_interpose_makecontext\n\t"
        ".hidden dt_interpose_makecontext\n\t"
        ".type dt_interpose_makecontext,@function\n"
        "dt_interpose_makecontext:\n\t"
        ".cfi_startproc\n\t"
        "pushq %rdi\n\t"
        ".cfi_adjust_cfa_offset 8\n\t"
        "pushq %rdx\n\t"
        ".cfi_adjust_cfa_offset 8\n\t"
        "pushq %rcx\n\t"
        ".cfi_adjust_cfa_offset 8\n\t"
        "pushq %r8\n\t"
        ".cfi_adjust_cfa_offset 8\n\t"
        "pushq %r9\n\t"
        ".cfi_adjust_cfa_offset 8\n\t"
        "call dt_context_make_from_asm\n\t"
        "movq %rax, %rsi\n\t"
        "popq %r9\n\t"
        ".cfi_adjust_cfa_offset -8\n\t"
        "popq %r8\n\t"
        ".cfi_adjust_cfa_offset -8\n\t"
        "popq %rcx\n\t"
        ".cfi_adjust_cfa_offset -8\n\t"
        "popq %rdx\n\t"
        ".cfi_adjust_cfa_offset -8\n\t"
        "popq %rdi\n\t"
        ".cfi_adjust_cfa_offset -8\n\t"
        "xorl %eax, %eax\n\t"
        "jmp makecontext\n\t"
        ".cfi_endproc\n\t"
        ".size dt_interpose_makecontext, .-dt_interpose_makecontext\n\t"

        /* rdi rsi rdx rcx r8 r9 and the stack hold the program's arguments; rbx is libc's. */
        ".globl dt_context_entry\n\t"
        ".hidden dt_context_entry\n\t"
        ".type dt_context_entry,@function\n"
        "dt_context_entry:\n\t"
        ".cfi_startproc\n\t"
        ".cfi_undefined rip\n\t"
        "pushq %rdi\n\t"
        "pushq %rsi\n\t"
        "pushq %rdx\n\t"
        "pushq %rcx\n\t"
        "pushq %r8\n\t"
        "pushq %r9\n\t"
        "movq 48(%rsp), %rdi\n\t"
        "subq $8, %rsp\n\t"
        "call dt_context_start_from_asm\n\t"
        "addq $8, %rsp\n\t"
        "movq %rax, %rbp\n\t"
        "movq %rdx, %rax\n\t"
        "popq %r9\n\t"
        "popq %r8\n\t"
        "popq %rcx\n\t"
        "popq %rdx\n\t"
        "popq %rsi\n\t"
        "popq %rdi\n\t"
        "leaq 0f(%rip), %r11\n\t"
        "movq %r11, (%rsp)\n\t"
        "jmp *%rax\n"
        "0:\tmovq %rbp, %rdi\n\t"
        "movq %rsp, %rbp\n\t"
        "andq $-16, %rsp\n\t"
        "call dt_context_end_from_asm\n\t"
        "movq %rbp, %rsp\n\t"
        "xorl %ebp, %ebp\n\t"
        "jmp *%rax\n\t"
        ".cfi_endproc\n\t"
        ".size dt_context_entry, .-dt_context_entry");

static uintptr_t sp_of(const ucontext_t *ucp)
{
    return (uintptr_t)ucp->uc_mcontext.gregs[REG_RSP];
}

DT_INTERPOSE(int, setcontext, (const ucontext_t *ucp))
{
    dt_context_switch(NULL, ucp, sp_of(ucp));
    return setcontext(ucp);
}

DT_INTERPOSE(int, swapcontext, (ucontext_t *restrict from, const ucontext_t *restrict to))
{
    dt_context_switch(from, to, sp_of(to));
    int err = swapcontext(from, to);
    if (err)
        dt_context_undo(from, to);
    return err;
}

#endif
