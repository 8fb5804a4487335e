/* SPDX-License-Identifier: MIT
 *
 * See blocktype.h. A word is looked up as the name of a type of the compilation unit, of a variable
 * of the function, of a static variable, and of a member of any structure; what is not of the
 * block's size is dropped, and what is left must be one type.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocktype.h"
#include "functions.h"
#include "globals.h"
#include "util.h"

enum { MAX_INLINED = 64, MAX_NESTING = 32, MAX_WORD = 128 };

struct guess {
    Dwarf_Word block; /* its size */
    Dwarf_Die type;   /* the one that was found */
    Dwarf_Word size;  /* its size; 0: none yet */
    bool several;
};

/* --- types --- */

static bool is_structure(int tag)
{
    return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type;
}

static bool type_of(Dwarf_Die *of, Dwarf_Die *ret)
{
    Dwarf_Attribute attr;
    Dwarf_Die type;
    return dwarf_attr_integrate(of, DW_AT_type, &attr) && dwarf_formref_die(&attr, &type) &&
           dwarf_peel_type(&type, ret) == 0;
}

/* Fits better: the whole block rather than one of several. */
static void consider(struct guess *g, Dwarf_Die *type)
{
    Dwarf_Word size;
    if (!is_structure(dwarf_tag(type)) || dwarf_aggregate_size(type, &size) != 0 || !size ||
        g->block % size != 0 || size < g->size)
        return;
    const char *old = g->size == size ? dwarf_diename(&g->type) : NULL, *name = dwarf_diename(type);
    if (g->size == size && dwarf_dieoffset(&g->type) != dwarf_dieoffset(type) &&
        (!old || !name || strcmp(old, name) != 0))
        g->several = true;
    if (g->size != size)
        g->several = false;
    g->type = *type;
    g->size = size;
}

static void consider_pointer(struct guess *g, Dwarf_Die *variable)
{
    Dwarf_Die pointer, to;
    if (type_of(variable, &pointer) && dwarf_tag(&pointer) == DW_TAG_pointer_type &&
        type_of(&pointer, &to))
        consider(g, &to);
}

/* --- where a word may be declared --- */

static bool is_named(Dwarf_Die *die, const char *word)
{
    const char *name = dwarf_diename(die);
    return name && strcmp(name, word) == 0;
}

static bool has_locals(int tag)
{
    return tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine;
}

static void search_function(struct guess *g, const char *word, Dwarf_Die *scope, int nesting)
{
    Dwarf_Die die;
    if (nesting > MAX_NESTING || dwarf_child(scope, &die) != 0)
        return;
    do {
        int tag = dwarf_tag(&die);
        if ((tag == DW_TAG_variable || tag == DW_TAG_formal_parameter) && is_named(&die, word))
            consider_pointer(g, &die);
        else if (has_locals(tag))
            search_function(g, word, &die, nesting + 1);
    } while (dwarf_siblingof(&die, &die) == 0);
}

static void search_unit(struct guess *g, const char *word, Dwarf_Die *scope, int nesting)
{
    Dwarf_Die die, type;
    if (nesting > MAX_NESTING || dwarf_child(scope, &die) != 0)
        return;
    do {
        int tag = dwarf_tag(&die);
        bool named = is_named(&die, word);
        if (named && is_structure(tag))
            consider(g, &die);
        else if (named && tag == DW_TAG_typedef && type_of(&die, &type))
            consider(g, &type);
        else if (named && (tag == DW_TAG_variable || tag == DW_TAG_member))
            consider_pointer(g, &die);
        if (is_structure(tag) || tag == DW_TAG_namespace)
            search_unit(g, word, &die, nesting + 1);
    } while (dwarf_siblingof(&die, &die) == 0);
}

/* --- the words of a line --- */

static const char *next_word(const char *at, char ret[MAX_WORD])
{
    for (;;) {
        while (*at && !isalpha((unsigned char)*at) && *at != '_')
            at++;
        size_t n = 0;
        while (isalnum((unsigned char)at[n]) || at[n] == '_')
            n++;
        if (!n)
            return NULL;
        if (n < MAX_WORD) {
            memcpy(ret, at, n);
            ret[n] = 0;
            return at + n;
        }
        at += n;
    }
}

static const char *tag_word(Dwarf_Die *type)
{
    int tag = dwarf_tag(type);
    return tag == DW_TAG_union_type ? "union " : tag == DW_TAG_structure_type ? "struct " : "";
}

/* "job" of `typedef struct { ... } job`. */
static const char *typedef_name(Dwarf_Die *cu, Dwarf_Die *of)
{
    Dwarf_Die die, type;
    if (dwarf_child(cu, &die) != 0)
        return NULL;
    do
        if (dwarf_tag(&die) == DW_TAG_typedef && type_of(&die, &type) &&
            dwarf_dieoffset(&type) == dwarf_dieoffset(of))
            return dwarf_diename(&die);
    while (dwarf_siblingof(&die, &die) == 0);
    return NULL;
}

static bool set_type(const struct guess *g, Dwarf_Die *cu, uint64_t offset, struct object *o)
{
    Dwarf_Die type = g->type;
    const char *name = dwarf_diename(&type), *alias = name ? NULL : typedef_name(cu, &type);
    if (!name && !alias)
        return false;
    int language = dwarf_srclang(cu);
    bool is_c = language == DW_LANG_C || language == DW_LANG_C89 || language == DW_LANG_C99 ||
                language == DW_LANG_C11;
    o->type = name ? xprintf("%s%s", is_c ? tag_word(&type) : "", name) : xstrdup(alias);
    char *path = member_path(&type, offset % g->size);
    o->member = g->size == g->block
                    ? xstrdup(*path == '.' ? path + 1 : path)
                    : xprintf("[%llu]%s", (unsigned long long)(offset / g->size), path);
    free(path);
    return true;
}

/* --- places seen before: a run of many findings names the same ones again and again --- */

struct known {
    const struct image *image;
    GElf_Addr pc;
    int line;
    struct guess guess;
    Dwarf_Die cu;
    bool looked;
};
static struct known *known; /* a hash table, full or not: an old entry gives way */
enum { KNOWN = 4096 };

static struct known *known_place(
    const struct image *im, GElf_Addr pc, const struct frame *line, Dwarf_Word block)
{
    if (!known)
        known = xcalloc(KNOWN, sizeof *known);
    uint64_t h = (pc ^ block << 32 ^ (uint64_t)line->line << 48) * 0x9e3779b97f4a7c15u;
    struct known *k = &known[h >> 52];
    if (k->image != im || k->pc != pc || k->line != line->line || k->guess.block != block)
        *k = (struct known){im, pc, line->line, {.block = block}, {0}, false};
    return k;
}

static void look_up(struct known *k, struct image *im, const char *text)
{
    Dwarf_Addr bias;
    Dwarf_Die chain[MAX_INLINED];
    char word[MAX_WORD];
    Dwarf_Die *cu = image_unit(im, k->pc, &bias);
    k->looked = true;
    if (!cu || !functions_at(cu, k->pc - bias, chain, MAX_INLINED))
        return;
    k->cu = *cu;
    while ((text = next_word(text, word))) {
        search_function(&k->guess, word, &chain[0], 0);
        search_unit(&k->guess, word, cu, 0);
    }
}

bool name_block(
    struct image *im, GElf_Addr pc, const struct frame *line, uint64_t offset, struct object *o)
{
    const char *text = source_line(line->file, line->line);
    struct known *k = text && o->size ? known_place(im, pc, line, o->size) : NULL;
    if (k && !k->looked)
        look_up(k, im, text);
    if (!k || !k->guess.size || k->guess.several)
        return false;
    return set_type(&k->guess, &k->cu, offset, o);
}
