/* SPDX-License-Identifier: MIT
 *
 * See locals.h. Locations are those that compilers give to variables in memory: at a distance from
 * the frame base or from a register, which the call frame information ties to the frame's address.
 */
#define _GNU_SOURCE
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>

#include "functions.h"
#include "globals.h"
#include "locals.h"
#include "util.h"

enum { MAX_INLINED = 64, MAX_NESTING = 64 };

struct place {
    struct image *image;
    Dwarf_Die *cu, *function;
    Dwarf_Addr pc; /* as DWARF has it */
    GElf_Addr module_pc;
    uint64_t cfa, addr;
    struct object *object;
};

/* The stack or frame pointer, whichever the frame's address is computed from. */
static bool register_value(const struct place *p, unsigned number, uint64_t *ret)
{
    Dwarf_Addr bias;
    Dwarf_Frame *frame = NULL;
    Dwarf_Op *ops;
    size_t n;
    Dwarf_CFI *cfi = dwfl_module_eh_cfi(p->image->module, &bias);
    if (!cfi || dwarf_cfi_addrframe(cfi, p->module_pc - bias, &frame) != 0)
        return false;
    bool ok = dwarf_frame_cfa(frame, &ops, &n) == 0 && n == 1;
    if (ok && ops[0].atom == DW_OP_bregx) {
        ok = ops[0].number == number;
        *ret = p->cfa - ops[0].number2;
    } else {
        ok = ok && ops[0].atom == DW_OP_breg0 + number;
        *ret = ok ? p->cfa - ops[0].number : 0;
    }
    free(frame);
    return ok;
}

static bool one_op(Dwarf_Die *die, unsigned name, Dwarf_Addr pc, Dwarf_Op *ret)
{
    Dwarf_Attribute attr;
    Dwarf_Op *ops;
    size_t n;
    if (!dwarf_attr_integrate(die, name, &attr) ||
        dwarf_getlocation_addr(&attr, pc, &ops, &n, 1) != 1 || n != 1)
        return false;
    *ret = ops[0];
    return true;
}

static bool frame_base(const struct place *p, uint64_t *ret)
{
    Dwarf_Op op;
    if (!one_op(p->function, DW_AT_frame_base, p->pc, &op))
        return false;
    if (op.atom == DW_OP_call_frame_cfa) {
        *ret = p->cfa;
        return true;
    }
    if (op.atom >= DW_OP_reg0 && op.atom <= DW_OP_reg31)
        return register_value(p, op.atom - DW_OP_reg0, ret);
    if (op.atom >= DW_OP_breg0 && op.atom <= DW_OP_breg31 &&
        register_value(p, op.atom - DW_OP_breg0, ret)) {
        *ret += op.number;
        return true;
    }
    return false;
}

static bool address_of(const struct place *p, Dwarf_Die *variable, uint64_t *ret)
{
    Dwarf_Op op;
    if (!one_op(variable, DW_AT_location, p->pc, &op))
        return false;
    if (op.atom == DW_OP_fbreg) {
        if (!frame_base(p, ret))
            return false;
    } else if (op.atom < DW_OP_breg0 || op.atom > DW_OP_breg31 ||
               !register_value(p, op.atom - DW_OP_breg0, ret)) {
        return false;
    }
    *ret += op.number;
    return true;
}

static bool covers(const struct place *p, Dwarf_Die *variable)
{
    uint64_t at;
    return address_of(p, variable, &at) && p->addr >= at &&
           name_variable(variable, p->cu, p->addr - at, p->object);
}

/* Inner blocks first: their variables may be where outer ones were. */
static bool search(const struct place *p, Dwarf_Die *scope, int nesting)
{
    Dwarf_Die first, die;
    if (nesting > MAX_NESTING || dwarf_child(scope, &first) != 0)
        return false;
    die = first;
    do {
        int tag = dwarf_tag(&die);
        if ((tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine) &&
            dwarf_haspc(&die, p->pc) > 0 && search(p, &die, nesting + 1))
            return true;
    } while (dwarf_siblingof(&die, &die) == 0);
    die = first;
    do {
        int tag = dwarf_tag(&die);
        if ((tag == DW_TAG_variable || tag == DW_TAG_formal_parameter) && covers(p, &die))
            return true;
    } while (dwarf_siblingof(&die, &die) == 0);
    return false;
}

void name_local(
    struct image *im, GElf_Addr pc, uint64_t cfa, const struct stack *access, struct object *o)
{
    Dwarf_Addr bias;
    Dwarf_Die chain[MAX_INLINED];
    Dwarf_Die *cu = image_unit(im, pc, &bias);
    if (!cu || !functions_at(cu, pc - bias, chain, MAX_INLINED))
        return;
    struct object named = *o;
    named.name = NULL;
    named.addr = access->addr;
    named.size = access->size;
    struct place p = {.image = im,
        .cu = cu,
        .function = &chain[0],
        .pc = pc - bias,
        .module_pc = pc,
        .cfa = cfa,
        .addr = access->addr,
        .object = &named};
    if (search(&p, &chain[0], 0))
        *o = named;
}
