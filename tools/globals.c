/* SPDX-License-Identifier: MIT
 *
 * Static variables by address. The symbol table says which one; DWARF adds where it is declared and
 * which member. Static locals and members are found by their DIE's address.
 */
#define _GNU_SOURCE
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "globals.h"
#include "util.h"

enum { MAX_DEPTH = 8, MAX_NESTING = 32 };

/* --- DWARF --- */

static bool address_of(Dwarf_Die *die, Dwarf_Addr *ret)
{
    Dwarf_Attribute attr;
    Dwarf_Op *ops;
    size_t n;
    if (!dwarf_attr_integrate(die, DW_AT_location, &attr) ||
        dwarf_getlocation(&attr, &ops, &n) != 0 || n == 0)
        return false;
    if (ops[0].atom == DW_OP_addr && n == 1) {
        *ret = ops[0].number;
        return true;
    }
    if (ops[0].atom == DW_OP_addrx && n == 1) {
        Dwarf_Attribute target;
        return dwarf_getlocation_attr(&attr, ops, &target) == 0 &&
               dwarf_formaddr(&target, ret) == 0;
    }
    return false;
}

/* The type without typedefs and qualifiers. */
static bool real_type(Dwarf_Die *of, Dwarf_Die *ret)
{
    Dwarf_Attribute attr;
    Dwarf_Die type;
    return dwarf_attr_integrate(of, DW_AT_type, &attr) && dwarf_formref_die(&attr, &type) &&
           dwarf_peel_type(&type, ret) == 0;
}

/* Locks, channels and the like: what is in them is nobody's business. */
static bool is_opaque(Dwarf_Die *of)
{
    static const char *const prefixes[] = {"gorc_", "pthread_", "mtx_t", "cnd_t", "sem_t"};
    Dwarf_Attribute attr;
    Dwarf_Die type = *of;
    for (int depth = 0; depth < MAX_DEPTH; depth++) {
        if (!dwarf_attr_integrate(&type, DW_AT_type, &attr) || !dwarf_formref_die(&attr, &type))
            return false;
        const char *name = dwarf_diename(&type);
        for (size_t i = 0; name && i < sizeof prefixes / sizeof *prefixes; i++)
            if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
                return true;
        int tag = dwarf_tag(&type);
        if (tag != DW_TAG_typedef && tag != DW_TAG_const_type && tag != DW_TAG_volatile_type)
            return false;
    }
    return false;
}

static Dwarf_Word size_of(Dwarf_Die *type)
{
    Dwarf_Word size;
    return dwarf_aggregate_size(type, &size) == 0 ? size : 0;
}

static void print_member(FILE *f, Dwarf_Die *type, Dwarf_Word offset, int depth);

static void print_element(FILE *f, Dwarf_Die *array, Dwarf_Word offset, int depth)
{
    Dwarf_Die element;
    Dwarf_Word size = real_type(array, &element) ? size_of(&element) : 0;
    if (!size)
        return;
    fprintf(f, "[%llu]", (unsigned long long)(offset / size));
    if (!is_opaque(array))
        print_member(f, &element, offset % size, depth + 1);
}

static bool member_covers(Dwarf_Die *member, Dwarf_Word offset, Dwarf_Word *ret_at)
{
    Dwarf_Attribute attr;
    Dwarf_Die type;
    *ret_at = 0;
    if (dwarf_attr_integrate(member, DW_AT_data_member_location, &attr) &&
        dwarf_formudata(&attr, ret_at) != 0)
        return false;
    return offset >= *ret_at && real_type(member, &type) && offset - *ret_at < size_of(&type);
}

static void print_member(FILE *f, Dwarf_Die *type, Dwarf_Word offset, int depth)
{
    int tag = dwarf_tag(type);
    Dwarf_Die child, member_type;
    Dwarf_Word at;
    if (depth > MAX_DEPTH)
        return;
    if (tag == DW_TAG_array_type) {
        print_element(f, type, offset, depth);
        return;
    }
    if ((tag != DW_TAG_structure_type && tag != DW_TAG_class_type) ||
        dwarf_child(type, &child) != 0)
        return;
    do {
        if (dwarf_tag(&child) != DW_TAG_member || !member_covers(&child, offset, &at))
            continue;
        const char *name = dwarf_diename(&child);
        if (name)
            fprintf(f, ".%s", name);
        if (!is_opaque(&child) && real_type(&child, &member_type))
            print_member(f, &member_type, offset - at, depth + 1);
        return;
    } while (dwarf_siblingof(&child, &child) == 0);
}

static void set_place(struct object *o, Dwarf_Die *die, Dwarf_Die *cu)
{
    const char *file = dwarf_decl_file(die);
    Dwarf_Attribute attr;
    const char *dir = dwarf_attr(cu, DW_AT_comp_dir, &attr) ? dwarf_formstring(&attr) : NULL;
    int line;
    if (!file)
        return;
    o->file = *file == '/' || !dir ? xstrdup(file) : xprintf("%s/%s", dir, file);
    o->line = dwarf_decl_line(die, &line) == 0 ? line : 0;
}

static bool set_variable(Dwarf_Die *die, Dwarf_Die *cu, Dwarf_Word offset, struct object *o)
{
    Dwarf_Die type;
    const char *name = dwarf_diename(die);
    if (!name || !real_type(die, &type))
        return false;
    set_place(o, die, cu);
    o->variable = xstrdup(name);
    o->variable_size = size_of(&type);
    o->variable_at = offset;
    if (o->name)
        return true;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        return true;
    fputs(name, f);
    if (!is_opaque(die))
        print_member(f, &type, offset, 0);
    fclose(f);
    o->name = text;
    return true;
}

static bool holds_variables(int tag)
{
    return tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block || tag == DW_TAG_namespace ||
           tag == DW_TAG_inlined_subroutine;
}

/* --- all variables of an object, looked through once --- */

struct variable {
    Dwarf_Addr at;
    Dwarf_Word size;
    Dwarf_Die die, cu;
};
struct variables {
    struct variables *next;
    Dwfl_Module *module;
    struct variable *at; /* sorted by address */
    size_t n, cap;
    Dwarf_Word largest;
};
static struct variables *all_variables;

static void collect(
    struct variables *v, Dwarf_Die *parent, Dwarf_Die *cu, Dwarf_Addr bias, int nesting)
{
    Dwarf_Die die, type;
    if (nesting > MAX_NESTING || dwarf_child(parent, &die) != 0)
        return;
    do {
        int tag = dwarf_tag(&die);
        Dwarf_Addr at;
        if (tag == DW_TAG_variable && address_of(&die, &at) && real_type(&die, &type)) {
            v->at = grow(v->at, v->n, &v->cap, sizeof *v->at);
            v->at[v->n++] = (struct variable){at + bias, size_of(&type), die, *cu};
        }
        if (holds_variables(tag))
            collect(v, &die, cu, bias, nesting + 1);
    } while (dwarf_siblingof(&die, &die) == 0);
}

static int by_address(const void *a, const void *b)
{
    const struct variable *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

static struct variables *variables_of(Dwfl_Module *m)
{
    struct variables *v = all_variables;
    while (v && v->module != m)
        v = v->next;
    if (v)
        return v;
    v = xcalloc(1, sizeof *v);
    *v = (struct variables){.next = all_variables, .module = m};
    all_variables = v;
    Dwarf_Addr bias;
    Dwarf_Die *cu = NULL;
    while ((cu = dwfl_module_nextcu(m, cu, &bias)))
        collect(v, cu, cu, bias, 0);
    if (v->n)
        qsort(v->at, v->n, sizeof *v->at, by_address);
    for (size_t i = 0; i < v->n; i++)
        if (v->at[i].size > v->largest)
            v->largest = v->at[i].size;
    return v;
}

/* The variable that holds addr is among those that begin at most `largest` before it. */
static bool search_dwarf(Dwfl_Module *m, GElf_Addr addr, struct object *o)
{
    struct variables *v = variables_of(m);
    size_t lo = 0, hi = v->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (v->at[mid].at <= addr)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (size_t i = lo; i-- > 0 && addr - v->at[i].at <= v->largest;) {
        struct variable *x = &v->at[i];
        if (addr - x->at < x->size && set_variable(&x->die, &x->cu, addr - x->at, o))
            return true;
    }
    return false;
}

/* --- the symbol table --- */

static void name_by_symbol(Dwfl_Module *m, GElf_Addr addr, struct object *o)
{
    GElf_Off offset;
    GElf_Sym sym;
    const char *name = dwfl_module_addrinfo(m, addr, &offset, &sym, NULL, NULL, NULL);
    if (!name || o->name || (sym.st_size && offset >= sym.st_size))
        return;
    o->name = offset ? xprintf("%s+%llu", name, (unsigned long long)offset) : xstrdup(name);
}

void name_global(Dwfl_Module *m, GElf_Addr addr, struct object *o)
{
    if (!search_dwarf(m, addr, o))
        name_by_symbol(m, addr, o);
}
