/* SPDX-License-Identifier: MIT
 *
 * AArch64 AAPCS64. A context at rest is, from its saved sp upwards: x19-x28, x29, x30 (where to go
 * on), d8-d15: 160 bytes. As on x86_64, a context that was left by gorc__switch is resumed by ret, a
 * new one is entered by br.
 */
    .macro SAVE_ALL
    stp x19, x20, [sp, #-160]!
    .cfi_def_cfa_offset 160
    .cfi_offset x19, -160
    .cfi_offset x20, -152
    stp x21, x22, [sp, #16]
    .cfi_offset x21, -144
    .cfi_offset x22, -136
    stp x23, x24, [sp, #32]
    .cfi_offset x23, -128
    .cfi_offset x24, -120
    stp x25, x26, [sp, #48]
    .cfi_offset x25, -112
    .cfi_offset x26, -104
    stp x27, x28, [sp, #64]
    .cfi_offset x27, -96
    .cfi_offset x28, -88
    stp x29, x30, [sp, #80]
    .cfi_offset x29, -80
    .cfi_offset x30, -72
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    .endm

    .macro RESTORE_ALL
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    ldp x19, x20, [sp], #160
    .endm

    .macro RESTORED_CFI
    .cfi_def_cfa_offset 0
    .irp reg, x19, x20, x21, x22, x23, x24, x25, x26, x27, x28, x29, x30
    .cfi_restore \reg
    .endr
    .endm

    .text
    .p2align 4
    .globl gorc__switch
    .hidden gorc__switch
    .type gorc__switch, %function
gorc__switch:
    .cfi_startproc
    SAVE_ALL
    mov x9, sp
    str x9, [x0]
    mov sp, x1                  /* the other context, laid out alike: the CFI goes on to hold */
    RESTORE_ALL
    RESTORED_CFI
    ret
    .cfi_endproc
    .size gorc__switch, . - gorc__switch

    .p2align 4
    .globl gorc__switch_first
    .hidden gorc__switch_first
    .type gorc__switch_first, %function
gorc__switch_first:
    .cfi_startproc
    SAVE_ALL
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    RESTORE_ALL
    RESTORED_CFI
    br x30
    .cfi_endproc
    .size gorc__switch_first, . - gorc__switch_first

    .p2align 4
    .globl gorc__switch_entry
    .hidden gorc__switch_entry
    .type gorc__switch_entry, %function
gorc__switch_entry:
    .cfi_startproc
    .cfi_undefined x30          /* the bottom of the stack: unwinders stop here */
    mov x29, xzr
    bl gorc__g_main             /* x0: the context to resume, x1: whether it is new */
    mov x9, x1
    mov sp, x0
    RESTORE_ALL
    cbnz x9, 1f
    ret
1:  br x30
    .cfi_endproc
    .size gorc__switch_entry, . - gorc__switch_entry

    .section .note.GNU-stack, "", %progbits
