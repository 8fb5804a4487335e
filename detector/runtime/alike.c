/* SPDX-License-Identifier: MIT
 *
 * See alike.h. A table by place, depth and who made it; a newcomer takes the place of whoever was
 * there.
 */
#include <string.h>

#include "base/dalloc.h"
#include "report/unwind.h"
#include "runtime/alike.h"
#include "runtime/describe.h"

enum { SHAPE_BITS = 6, SHAPES = 1 << SHAPE_BITS, SHAPE_PCS = 64 };

struct shape {
    uintptr_t pc, depth; /* where it waits; from its stack pointer to the stack's end */
    uint32_t n_slots, n_pcs;
    uint32_t offset[DT_UNWIND_SLOTS]; /* of a return address, from the stack pointer */
    uintptr_t value[DT_UNWIND_SLOTS];
    uintptr_t pcs[SHAPE_PCS];
};

struct dt_alike {
    struct shape shapes[SHAPES];
};

struct dt_alike *dt_alike_new(void)
{
    return dt_alloc(sizeof(struct dt_alike));
}

void dt_alike_free(struct dt_alike *a)
{
    dt_free(a, sizeof *a);
}

static bool has_shape(const struct shape *s, uintptr_t pc, uintptr_t sp, uintptr_t depth)
{
    if (s->pc != pc || s->depth != depth)
        return false;
    for (uint32_t i = 0; i < s->n_slots; i++)
        if (*(const uintptr_t *)(sp + s->offset[i]) != s->value[i])
            return false;
    return true;
}

static void learn(struct shape *s, const struct gorc__inspect_g *g,
    const struct dt_unwind_slots *slots, const uintptr_t *pcs, size_t n)
{
    uintptr_t sp = g->regs.sp, depth = g->stack_hi - sp;
    s->pc = 0;
    if (!slots->n || n > SHAPE_PCS)
        return;
    for (uint32_t i = 0; i < slots->n; i++) {
        s->offset[i] = (uint32_t)(slots->at[i] - sp);
        if (slots->at[i] - sp >= depth || slots->at[i] - sp > UINT32_MAX)
            return; /* not on this stack */
        s->value[i] = *(const uintptr_t *)slots->at[i];
    }
    s->n_slots = slots->n;
    s->n_pcs = (uint32_t)n;
    memcpy(s->pcs, pcs, n * sizeof *pcs);
    s->depth = depth;
    s->pc = g->regs.pc;
}

size_t dt_alike_stack(
    struct dt_alike *a, const struct gorc__inspect_g *g, uintptr_t *ret_pcs, size_t max)
{
    uintptr_t sp = g->regs.sp;
    if (g->state != GORC__G_BLOCKED || !g->regs.pc || sp < g->stack_lo || sp >= g->stack_hi)
        return dt_goroutine_stack(g, ret_pcs, max);
    uintptr_t depth = g->stack_hi - sp;
    uint64_t key = (g->regs.pc ^ depth) + g->created * UINT64_C(0x100000001b3);
    struct shape *s = &a->shapes[key * 0x9e3779b97f4a7c15u >> (64 - SHAPE_BITS)];
    if (has_shape(s, g->regs.pc, sp, depth) && s->n_pcs <= max) {
        memcpy(ret_pcs, s->pcs, s->n_pcs * sizeof *ret_pcs);
        return s->n_pcs;
    }
    struct dt_unwind_slots slots;
    size_t n = dt_goroutine_stack_slots(g, ret_pcs, max, &slots);
    learn(s, g, &slots, ret_pcs, n);
    return n;
}
