/* SPDX-License-Identifier: MIT
 *
 * AArch64 AAPCS64. A context at rest is, from its saved sp upwards: x19-x28, x29, x30 (where to go
 * on), d8-d15: 160 bytes.
 */
    .text
    .p2align 4
    .globl gorc__switch
    .hidden gorc__switch
    .type gorc__switch, %function
gorc__switch:
    .cfi_startproc
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
    mov x9, sp
    str x9, [x0]
    mov sp, x1                  /* the other context, laid out alike: the CFI goes on to hold */
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
    .cfi_def_cfa_offset 0
    .cfi_restore x19
    .cfi_restore x20
    .cfi_restore x21
    .cfi_restore x22
    .cfi_restore x23
    .cfi_restore x24
    .cfi_restore x25
    .cfi_restore x26
    .cfi_restore x27
    .cfi_restore x28
    .cfi_restore x29
    .cfi_restore x30
    br x30                      /* not ret: a new context would mispredict */
    .cfi_endproc
    .size gorc__switch, . - gorc__switch

    .p2align 4
    .globl gorc__switch_entry
    .hidden gorc__switch_entry
    .type gorc__switch_entry, %function
gorc__switch_entry:
    .cfi_startproc
    .cfi_undefined x30          /* the bottom of the stack: unwinders stop here */
    mov x29, xzr
    bl gorc__g_main
    brk #1
    .cfi_endproc
    .size gorc__switch_entry, . - gorc__switch_entry

    .section .note.GNU-stack, "", %progbits
