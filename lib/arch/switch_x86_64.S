/* SPDX-License-Identifier: MIT
 *
 * x86_64 System V. A context at rest is, from its saved rsp upwards: r15 r14 r13 r12 rbx rbp, the
 * address to go on at.
 *
 * Return prediction decides the cost of a switch. A context that was left through gorc__switch is
 * resumed by ret: the predicted address is the call that left the other context, mostly the same
 * one. A new context is entered by jmp, and when its function returns, gorc__switch_entry resumes
 * the next one with the return stack as deep as it was on entry.
 */
    .macro SAVE_ALL
    .irp reg, rbp, rbx, r12, r13, r14, r15
    pushq %\reg
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %\reg, 0
    .endr
    .endm

    .macro RESTORE_ALL
    .irp reg, r15, r14, r13, r12, rbx, rbp
    popq %\reg
    .cfi_adjust_cfa_offset -8
    .cfi_restore %\reg
    .endr
    .endm

    .text
    .p2align 4
    .globl gorc__switch
    .hidden gorc__switch
    .type gorc__switch, @function
gorc__switch:
    .cfi_startproc
    SAVE_ALL
    movq %rsp, (%rdi)
    movq %rsi, %rsp             /* the other context, laid out alike: the CFI goes on to hold */
    RESTORE_ALL
    ret
    .cfi_endproc
    .size gorc__switch, . - gorc__switch

    .p2align 4
    .globl gorc__switch_first
    .hidden gorc__switch_first
    .type gorc__switch_first, @function
gorc__switch_first:
    .cfi_startproc
    SAVE_ALL
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    RESTORE_ALL
    popq %rcx
    .cfi_adjust_cfa_offset -8
    .cfi_register %rip, %rcx
    jmpq *%rcx
    .cfi_endproc
    .size gorc__switch_first, . - gorc__switch_first

    .p2align 4
    .globl gorc__switch_entry
    .hidden gorc__switch_entry
    .type gorc__switch_entry, @function
gorc__switch_entry:
    .cfi_startproc
    .cfi_undefined %rip         /* the bottom of the stack: unwinders stop here */
    xorl %ebp, %ebp
    call gorc__g_main           /* rax: the context to resume, rdx: whether it is new */
    movq %rax, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    testl %edx, %edx
    jnz 1f
    ret
1:  popq %rcx
    jmpq *%rcx
    .cfi_endproc
    .size gorc__switch_entry, . - gorc__switch_entry

    .section .note.GNU-stack, "", @progbits
