/* SPDX-License-Identifier: MIT
 *
 * x86_64 System V. A context at rest is, from its saved rsp upwards: r15 r14 r13 r12 rbx rbp, the
 * address to go on at. It is resumed by pop and jmp: a ret would mispredict on each new context.
 */
    .text
    .p2align 4
    .globl gorc__switch
    .hidden gorc__switch
    .type gorc__switch, @function
gorc__switch:
    .cfi_startproc
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r15, 0
    movq %rsp, (%rdi)
    movq %rsi, %rsp             /* the other context, laid out alike: the CFI goes on to hold */
    popq %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r15
    popq %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r14
    popq %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r13
    popq %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r12
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbx
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbp
    popq %rcx
    .cfi_adjust_cfa_offset -8
    .cfi_register %rip, %rcx
    jmpq *%rcx
    .cfi_endproc
    .size gorc__switch, . - gorc__switch

    .p2align 4
    .globl gorc__switch_entry
    .hidden gorc__switch_entry
    .type gorc__switch_entry, @function
gorc__switch_entry:
    .cfi_startproc
    .cfi_undefined %rip         /* the bottom of the stack: unwinders stop here */
    xorl %ebp, %ebp
    call gorc__g_main
    ud2
    .cfi_endproc
    .size gorc__switch_entry, . - gorc__switch_entry

    .section .note.GNU-stack, "", @progbits
