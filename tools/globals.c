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

static bool is_number(int atom)
{
    return atom == DW_OP_addr || atom == DW_OP_constu || atom == DW_OP_const4u ||
           atom == DW_OP_const8u;
}

/* Its address, or, for a thread-local variable, its place in the object's segment. */
static bool address_of(Dwarf_Die *die, Dwarf_Addr *ret, bool *ret_tls)
{
    Dwarf_Attribute attr;
    Dwarf_Op *ops;
    size_t n;
    if (!dwarf_attr_integrate(die, DW_AT_location, &attr) ||
        dwarf_getlocation(&attr, &ops, &n) != 0 || n == 0 || n > 2)
        return false;
    *ret_tls = n == 2;
    if (n == 2 && ops[1].atom != DW_OP_GNU_push_tls_address &&
        ops[1].atom != DW_OP_form_tls_address)
        return false;
    if (n == 2 ? is_number(ops[0].atom) : ops[0].atom == DW_OP_addr) {
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

char *member_path(Dwarf_Die *type, Dwarf_Word offset)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        return xstrdup("");
    print_member(f, type, offset, 0);
    fclose(f);
    return text;
}

/* libdw's own function takes file 0 for none, which is DWARF 5's first one. */
static const char *decl_file(Dwarf_Die *die, Dwarf_Die *cu)
{
    Dwarf_Attribute attr;
    Dwarf_Word number;
    Dwarf_Files *files;
    if (!dwarf_attr_integrate(die, DW_AT_decl_file, &attr) ||
        dwarf_formudata(&attr, &number) != 0 || dwarf_getsrcfiles(cu, &files, NULL) != 0)
        return NULL;
    const char *file = dwarf_filesrc(files, number, NULL, NULL);
    return file && *file && file[0] != '?' ? file : NULL;
}

static void set_place(struct object *o, Dwarf_Die *die, Dwarf_Die *cu)
{
    const char *file = decl_file(die, cu);
    Dwarf_Attribute attr;
    const char *dir = dwarf_attr(cu, DW_AT_comp_dir, &attr) ? dwarf_formstring(&attr) : NULL;
    int line;
    if (!file)
        return;
    o->file = *file == '/' || !dir ? xstrdup(file) : xprintf("%s/%s", dir, file);
    o->line = dwarf_decl_line(die, &line) == 0 ? line : 0;
}

bool name_variable(Dwarf_Die *die, Dwarf_Die *cu, Dwarf_Word offset, struct object *o)
{
    Dwarf_Die type;
    const char *name = dwarf_diename(die);
    if (!name || !real_type(die, &type) || offset >= size_of(&type))
        return false;
    set_place(o, die, cu);
    o->variable = xstrdup(name);
    o->variable_size = size_of(&type);
    o->variable_at = offset;
    if (o->name)
        return true;
    char *path = is_opaque(die) ? xstrdup("") : member_path(&type, offset);
    o->name = xprintf("%s%s", name, path);
    free(path);
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
struct table {
    struct variable *at; /* sorted by address */
    size_t n, cap;
    Dwarf_Word largest;
};
struct variables {
    struct variables *next;
    Dwfl_Module *module;
    struct table fixed, thread_local;
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
        bool is_tls;
        if (tag == DW_TAG_variable && address_of(&die, &at, &is_tls) && real_type(&die, &type)) {
            struct table *t = is_tls ? &v->thread_local : &v->fixed;
            t->at = grow(t->at, t->n, &t->cap, sizeof *t->at);
            t->at[t->n++] = (struct variable){is_tls ? at : at + bias, size_of(&type), die, *cu};
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

static void sort(struct table *t)
{
    if (t->n)
        qsort(t->at, t->n, sizeof *t->at, by_address);
    for (size_t i = 0; i < t->n; i++)
        if (t->at[i].size > t->largest)
            t->largest = t->at[i].size;
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
    sort(&v->fixed);
    sort(&v->thread_local);
    return v;
}

/* The variable that holds addr is among those that begin at most `largest` before it. */
static bool search_dwarf(struct table *v, GElf_Addr addr, struct object *o)
{
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
        if (addr - x->at < x->size && name_variable(&x->die, &x->cu, addr - x->at, o))
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
    if (!search_dwarf(&variables_of(m)->fixed, addr, o))
        name_by_symbol(m, addr, o);
}

/* Where libdwfl gives no address, the symbol's value is the place in the segment. */
static void name_by_tls_symbol(Dwfl_Module *m, uint64_t offset, struct object *o)
{
    int n = dwfl_module_getsymtab(m);
    for (int i = 1; i < n; i++) {
        GElf_Sym sym;
        GElf_Addr unused;
        const char *name = dwfl_module_getsym_info(m, i, &sym, &unused, NULL, NULL, NULL);
        if (!name || GELF_ST_TYPE(sym.st_info) != STT_TLS || sym.st_shndx == SHN_UNDEF ||
            offset < sym.st_value || offset - sym.st_value >= sym.st_size)
            continue;
        o->name = offset == sym.st_value
                      ? xstrdup(name)
                      : xprintf("%s+%llu", name, (unsigned long long)(offset - sym.st_value));
        return;
    }
}

void name_thread_local(Dwfl_Module *m, uint64_t offset, struct object *o)
{
    if (!search_dwarf(&variables_of(m)->thread_local, offset, o) && !o->name)
        name_by_tls_symbol(m, offset, o);
}
