/* SPDX-License-Identifier: MIT
 *
 * See cfi.h. The rules of each pc are asked of libdw once and kept: ten thousand goroutines stand
 * at a few hundred places.
 */
#define _GNU_SOURCE
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>

#include "cfi.h"
#include "image.h"
#include "util.h"

enum { MAX_FRAMES = 1024, MAX_OPS = 64, STACK_DEPTH = 16 };

/* Of one register: how the caller's value is found. */
struct rule {
    enum { SAME, UNDEFINED, EXPRESSION } how;
    Dwarf_Op *ops;
    size_t n;
    Dwarf_Op own[3];
};

/* What holds at one pc. */
struct row {
    const struct image *image;
    uint64_t offset;
    bool found, signal;
    Dwarf_Frame *frame; /* owns the operations */
    struct rule cfa, regs[CFI_REGISTERS];
};

static struct row **rows;
static size_t rows_size, rows_used;

/* --- the rules --- */

static bool wanted(int reg)
{
#if defined(__aarch64__)
    return reg >= 19 && reg <= 31;
#else
    return reg == 3 || reg == 6 || (reg >= 12 && reg <= 16);
#endif
}

static void ask_register(struct row *r, int reg)
{
    struct rule *rule = &r->regs[reg];
    if (dwarf_frame_register(r->frame, reg, rule->own, &rule->ops, &rule->n) != 0)
        rule->how = UNDEFINED;
    else if (rule->n)
        rule->how = EXPRESSION;
    else
        rule->how = rule->ops ? UNDEFINED : SAME;
}

static void ask(struct row *r)
{
    Dwfl_Module *m = r->image->module;
    GElf_Addr pc = r->offset + r->image->bias;
    for (int i = 0; i < 2 && !r->found; i++) {
        Dwarf_Addr bias;
        Dwarf_CFI *cfi = i ? dwfl_module_dwarf_cfi(m, &bias) : dwfl_module_eh_cfi(m, &bias);
        r->found = cfi && dwarf_cfi_addrframe(cfi, pc - bias, &r->frame) == 0;
    }
    if (!r->found)
        return;
    dwarf_frame_info(r->frame, NULL, NULL, &r->signal);
    if (dwarf_frame_cfa(r->frame, &r->cfa.ops, &r->cfa.n) != 0 || !r->cfa.n)
        r->found = false;
    for (int i = 0; i < CFI_REGISTERS; i++)
        if (wanted(i))
            ask_register(r, i);
}

static size_t row_slot(struct row *const *in, size_t size, const struct image *im, uint64_t offset)
{
    uint64_t h = (offset ^ (uint64_t)(uintptr_t)im * 31) * 0x9e3779b97f4a7c15u;
    size_t i = (size_t)(h >> 20) & (size - 1);
    while (in[i] && (in[i]->offset != offset || in[i]->image != im))
        i = (i + 1) & (size - 1);
    return i;
}

static const struct row *row_of(const struct image *im, uint64_t offset)
{
    if (rows_used * 2 >= rows_size) {
        size_t size = rows_size ? rows_size * 2 : 256;
        struct row **bigger = xcalloc(size, sizeof *bigger);
        for (size_t i = 0; i < rows_size; i++)
            if (rows[i])
                bigger[row_slot(bigger, size, rows[i]->image, rows[i]->offset)] = rows[i];
        free(rows);
        rows = bigger;
        rows_size = size;
    }
    struct row **r = &rows[row_slot(rows, rows_size, im, offset)];
    if (!*r) {
        *r = xcalloc(1, sizeof **r);
        (*r)->image = im;
        (*r)->offset = offset;
        ask(*r);
        rows_used++;
    }
    return *r;
}

/* --- evaluation --- */

struct walk {
    const struct process *p;
    const struct memory *copy;
    memory_word rest;
    void *arg;
    struct registers regs;
    uint64_t cfa;
};

static bool load(const struct walk *w, uint64_t addr, uint64_t *ret_word)
{
    const struct memory *c = w->copy;
    if (c && c->n >= 8 && addr >= c->lo && addr - c->lo <= c->n - 8) {
        memcpy(ret_word, c->bytes + (addr - c->lo), 8);
        return true;
    }
    return w->rest && w->rest(w->arg, addr, ret_word);
}

static bool reg(const struct walk *w, uint64_t n, uint64_t *ret_value)
{
    if (n >= CFI_REGISTERS || !(w->regs.known >> n & 1))
        return false;
    *ret_value = w->regs.at[n];
    return true;
}

/* A and B of an operator, A below B. */
static bool operate(int op, uint64_t a, uint64_t b, uint64_t *ret_value)
{
    switch (op) {
    case DW_OP_plus:
        *ret_value = a + b;
        return true;
    case DW_OP_minus:
        *ret_value = a - b;
        return true;
    case DW_OP_and:
        *ret_value = a & b;
        return true;
    case DW_OP_or:
        *ret_value = a | b;
        return true;
    case DW_OP_mul:
        *ret_value = a * b;
        return true;
    case DW_OP_shl:
        *ret_value = b < 64 ? a << b : 0;
        return true;
    case DW_OP_shr:
        *ret_value = b < 64 ? a >> b : 0;
        return true;
    case DW_OP_ge:
        *ret_value = (int64_t)a >= (int64_t)b;
        return true;
    case DW_OP_gt:
        *ret_value = (int64_t)a > (int64_t)b;
        return true;
    case DW_OP_le:
        *ret_value = (int64_t)a <= (int64_t)b;
        return true;
    case DW_OP_lt:
        *ret_value = (int64_t)a < (int64_t)b;
        return true;
    case DW_OP_eq:
        *ret_value = a == b;
        return true;
    case DW_OP_ne:
        *ret_value = a != b;
        return true;
    default:
        return false;
    }
}

/* What an operation pushes without taking anything; false: it is of another sort, or unknown. */
static bool push_value(const struct walk *w, const Dwarf_Op *o, uint64_t *ret_value)
{
    int op = o->atom;
    if (op >= DW_OP_lit0 && op <= DW_OP_lit31) {
        *ret_value = (uint64_t)(op - DW_OP_lit0);
        return true;
    }
    if (op >= DW_OP_breg0 && op <= DW_OP_breg31) {
        bool known = reg(w, (uint64_t)(op - DW_OP_breg0), ret_value);
        *ret_value += o->number;
        return known;
    }
    switch (op) {
    case DW_OP_bregx: {
        bool known = reg(w, o->number, ret_value);
        *ret_value += o->number2;
        return known;
    }
    case DW_OP_call_frame_cfa:
        *ret_value = w->cfa;
        return true;
    case DW_OP_const1u:
    case DW_OP_const1s:
    case DW_OP_const2u:
    case DW_OP_const2s:
    case DW_OP_const4u:
    case DW_OP_const4s:
    case DW_OP_const8u:
    case DW_OP_const8s:
    case DW_OP_constu:
    case DW_OP_consts:
        *ret_value = o->number;
        return true;
    default:
        return false;
    }
}

/* Runs the operations. *ret_is_value: the result is the value itself, not its address. */
static bool evaluate(
    const struct walk *w, const Dwarf_Op *ops, size_t n, uint64_t *ret, bool *ret_is_value)
{
    uint64_t stack[STACK_DEPTH];
    size_t depth = 0;
    *ret_is_value = false;
    for (size_t i = 0; i < n && i < MAX_OPS; i++) {
        int op = ops[i].atom;
        uint64_t v;
        if ((op >= DW_OP_reg0 && op <= DW_OP_reg31) || op == DW_OP_regx) {
            *ret_is_value = true;
            return reg(w, op == DW_OP_regx ? ops[i].number : (uint64_t)(op - DW_OP_reg0), ret);
        }
        if (op == DW_OP_stack_value) {
            *ret_is_value = true;
        } else if (op == DW_OP_deref) {
            if (!depth || !load(w, stack[depth - 1], &stack[depth - 1]))
                return false;
        } else if (op == DW_OP_plus_uconst) {
            if (!depth)
                return false;
            stack[depth - 1] += ops[i].number;
        } else if (push_value(w, &ops[i], &v)) {
            if (depth == STACK_DEPTH)
                return false;
            stack[depth++] = v;
        } else {
            if (depth < 2 || !operate(op, stack[depth - 2], stack[depth - 1], &stack[depth - 2]))
                return false;
            depth--;
        }
    }
    if (!depth)
        return false;
    *ret = stack[depth - 1];
    return true;
}

static void set(struct registers *r, int n, bool known, uint64_t value)
{
    r->at[n] = value;
    if (known)
        r->known |= (uint64_t)1 << n;
    else
        r->known &= ~((uint64_t)1 << n);
}

static void apply(const struct walk *w, const struct row *r, int n, struct registers *to)
{
    const struct rule *rule = &r->regs[n];
    uint64_t v = 0;
    bool is_value, known;
    if (rule->how == SAME)
        return;
    if (rule->how == UNDEFINED) {
        set(to, n, false, 0);
        return;
    }
    known = evaluate(w, rule->ops, rule->n, &v, &is_value);
    if (known && !is_value)
        known = load(w, v, &v);
    set(to, n, known, v);
}

/* --- steps --- */

static bool step_by_rules(struct walk *w, const struct row *r)
{
    bool is_value;
    if (!evaluate(w, r->cfa.ops, r->cfa.n, &w->cfa, &is_value))
        return false;
    struct registers next = w->regs;
    for (int i = 0; i < CFI_REGISTERS; i++)
        if (wanted(i) && i != CFI_SP)
            apply(w, r, i, &next);
    set(&next, CFI_SP, true, w->cfa);
    if (r->regs[CFI_SP].how == EXPRESSION)
        apply(w, r, CFI_SP, &next);
    set(&next, CFI_PC, next.known >> CFI_RA & 1, next.at[CFI_RA]);
    w->regs = next;
    return next.known >> CFI_PC & 1;
}

/* Code without rules: what it pushed first was its caller's frame pointer. */
static bool step_by_frame_pointer(struct walk *w)
{
    uint64_t fp, sp, pc;
    if (!reg(w, CFI_FP, &fp) || !reg(w, CFI_SP, &sp) || fp < sp || fp & 7)
        return false;
    uint64_t caller;
    if (!load(w, fp, &caller) || !load(w, fp + 8, &pc))
        return false;
    set(&w->regs, CFI_FP, true, caller);
    set(&w->regs, CFI_SP, true, fp + 16);
    set(&w->regs, CFI_PC, true, pc);
    return true;
}

static int module_of(const struct process *p, uint64_t pc)
{
    for (size_t i = 0; i < p->nmodules; i++)
        if (pc >= p->modules[i].lo && pc < p->modules[i].hi)
            return (int)i;
    return -1;
}

/* To the caller; false: this was the last frame. `call`: pc is where a call returns to. */
static bool step(struct walk *w, int module, bool call, bool *ret_signal)
{
    uint64_t pc = w->regs.at[CFI_PC], sp = w->regs.at[CFI_SP];
    const struct row *r = NULL;
    *ret_signal = false;
    if (module >= 0) {
        const struct module *m = &w->p->modules[module];
        const struct image *im = m->path ? image_of(m) : NULL;
        if (im && im->module) {
            r = row_of(im, pc - m->base - call);
            if (!r->found && call) { /* a signal's trampoline is entered at its first byte */
                const struct row *there = row_of(im, pc - m->base);
                r = there->found && there->signal ? there : r;
            }
        }
    }
    bool ok = r && r->found ? step_by_rules(w, r) : step_by_frame_pointer(w);
    if (!ok || !w->regs.at[CFI_PC])
        return false;
    *ret_signal = r && r->found && r->signal;
    return *ret_signal || w->regs.at[CFI_SP] > sp || w->regs.at[CFI_PC] != pc;
}

void unwind_stack(const struct process *p, const struct registers *regs, const struct memory *copy,
    memory_word rest, void *arg, bool exact, struct stack *s)
{
    struct walk w = {.p = p, .copy = copy, .rest = rest, .arg = arg, .regs = *regs};
    size_t cap = 0;
    bool call = !exact, more = regs->known >> CFI_PC & 1;
    while (more && s->nraw < MAX_FRAMES) {
        uint64_t pc = w.regs.at[CFI_PC];
        int module = module_of(p, pc);
        s->raw = grow(s->raw, s->nraw, &cap, sizeof *s->raw);
        /* Records hold return addresses: the reader looks at the byte before. */
        s->raw[s->nraw++] =
            (struct raw_frame){module, pc - (module >= 0 ? p->modules[module].base : 0) + !call};
        bool signal;
        more = step(&w, module, call, &signal);
        call = !signal;
    }
}
