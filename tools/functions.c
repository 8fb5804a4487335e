/* SPDX-License-Identifier: MIT
 *
 * See functions.h. libdw's own search walks the unit from its beginning for each place.
 */
#include <dwarf.h>
#include <stdlib.h>

#include "functions.h"
#include "util.h"

enum { MAX_NESTING = 32 };

struct range {
    Dwarf_Addr lo, hi;
    Dwarf_Die function;
};
struct unit {
    void *key;        /* of the unit's DIE */
    struct range *at; /* sorted */
    size_t n, cap;
};

static struct unit **units; /* hash table */
static size_t size, used;

static struct unit **slot(struct unit **in, size_t n, const void *key)
{
    size_t i = (size_t)(((uintptr_t)key >> 3) * 0x9e3779b97f4a7c15u >> 20) & (n - 1);
    while (in[i] && in[i]->key != key)
        i = (i + 1) & (n - 1);
    return &in[i];
}

static struct unit **unit_slot(const void *key)
{
    if (used * 2 >= size) {
        size_t more = size ? size * 2 : 64;
        struct unit **bigger = xcalloc(more, sizeof *bigger);
        for (size_t i = 0; i < size; i++)
            if (units[i])
                *slot(bigger, more, units[i]->key) = units[i];
        free(units);
        units = bigger;
        size = more;
    }
    return slot(units, size, key);
}

static void add(struct unit *u, Dwarf_Die *function)
{
    Dwarf_Addr base, lo, hi;
    ptrdiff_t next = 0;
    while ((next = dwarf_ranges(function, next, &base, &lo, &hi)) > 0) {
        u->at = grow(u->at, u->n, &u->cap, sizeof *u->at);
        u->at[u->n++] = (struct range){lo, hi, *function};
    }
}

static void collect(struct unit *u, Dwarf_Die *parent, int nesting)
{
    Dwarf_Die die;
    if (nesting > MAX_NESTING || dwarf_child(parent, &die) != 0)
        return;
    do {
        switch (dwarf_tag(&die)) {
        case DW_TAG_subprogram:
            add(u, &die);
            /* fallthrough */
        case DW_TAG_namespace:
        case DW_TAG_module:
        case DW_TAG_structure_type:
        case DW_TAG_class_type:
        case DW_TAG_lexical_block:
            collect(u, &die, nesting + 1);
            break;
        default:
            break;
        }
    } while (dwarf_siblingof(&die, &die) == 0);
}

static int by_start(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return (x->lo > y->lo) - (x->lo < y->lo);
}

static struct unit *unit_of(Dwarf_Die *cu)
{
    struct unit **u = unit_slot(cu->addr);
    if (*u)
        return *u;
    *u = xcalloc(1, sizeof **u);
    used++;
    (*u)->key = cu->addr;
    collect(*u, cu, 0);
    if ((*u)->n)
        qsort((*u)->at, (*u)->n, sizeof *(*u)->at, by_start);
    return *u;
}

static const struct range *find(const struct unit *u, Dwarf_Addr pc)
{
    size_t lo = 0, hi = u->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (u->at[mid].lo <= pc)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo && pc < u->at[lo - 1].hi ? &u->at[lo - 1] : NULL;
}

static size_t descend(Dwarf_Die *die, Dwarf_Addr pc, Dwarf_Die *chain, size_t n, size_t max)
{
    Dwarf_Die child;
    if (dwarf_child(die, &child) != 0)
        return n;
    do {
        int tag = dwarf_tag(&child);
        if ((tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block) ||
            dwarf_haspc(&child, pc) <= 0)
            continue;
        if (tag == DW_TAG_inlined_subroutine && n < max)
            chain[n++] = child;
        return descend(&child, pc, chain, n, max);
    } while (dwarf_siblingof(&child, &child) == 0);
    return n;
}

size_t functions_at(Dwarf_Die *cu, Dwarf_Addr pc, Dwarf_Die *ret_chain, size_t max)
{
    const struct range *r = find(unit_of(cu), pc);
    if (!r)
        return 0;
    ret_chain[0] = r->function;
    return descend(&ret_chain[0], pc, ret_chain, 1, max);
}
