/* SPDX-License-Identifier: MIT
 *
 * Function, file and line of what a record names by module and offset, with libdw, after the
 * target has ended: the files are opened anew and must have the build id that the record says.
 * Separate debug files are used where they are installed; nothing is fetched from anywhere.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocktype.h"
#include "callee.h"
#include "functions.h"
#include "globals.h"
#include "image.h"
#include "locals.h"
#include "model.h"
#include "start_code.h"
#include "util.h"

enum { MAX_INLINED = 64 };

/* --- names --- */

/* C++ names, where its runtime is installed. */
static char *demangled(const char *name)
{
    static char *(*demangle)(const char *, char *, size_t *, int *);
    static bool looked;
    if (strncmp(name, "_Z", 2) != 0)
        return xstrdup(name);
    if (!looked) {
        looked = true;
        void *lib = dlopen("libstdc++.so.6", RTLD_NOW | RTLD_LOCAL);
        *(void **)&demangle = lib ? dlsym(lib, "__cxa_demangle") : NULL;
    }
    char *text = demangle ? demangle(name, NULL, NULL, NULL) : NULL;
    return text ? text : xstrdup(name);
}

static char *die_name(Dwarf_Die *die)
{
    Dwarf_Attribute attr;
    const char *name = NULL;
    if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attr))
        name = dwarf_formstring(&attr);
    if (!name)
        name = dwarf_diename(die);
    return name ? demangled(name) : NULL;
}

/* foo.constprop.0, foo.part.1, foo.cold: the compiler's pieces of foo. */
static char *symbol_name(const char *name)
{
    char *text = demangled(name), *dot = strchr(text, '.');
    if (dot && dot != text)
        *dot = 0;
    return text;
}

static int declared_line(Dwarf_Die *die)
{
    Dwarf_Attribute attr;
    Dwarf_Word line;
    if (dwarf_attr_integrate(die, DW_AT_decl_line, &attr) && dwarf_formudata(&attr, &line) == 0)
        return (int)line;
    return 0;
}

/* dir/../x and ./ are taken out, so that the same file has one name. */
static char *normal_path(const char *path)
{
    char *out = xcalloc(strlen(path) + 2, 1), *end = out;
    for (const char *p = path; *p;) {
        size_t n = strcspn(p, "/");
        char *last = memrchr(out, '/', (size_t)(end - out));
        if (n == 2 && strncmp(p, "..", 2) == 0 && last && strcmp(last, "/..") != 0) {
            end = last;
        } else if (!(n == 0 || (n == 1 && *p == '.'))) {
            if (end != out || *path == '/')
                *end++ = '/';
            memcpy(end, p, n);
            end += n;
        }
        *end = 0;
        p += n;
        p += *p == '/';
    }
    return out;
}

static char *full_path(const char *file, const char *comp_dir)
{
    if (*file == '/' || !comp_dir)
        return normal_path(file);
    char *joined = xprintf("%s/%s", comp_dir, file), *normal = normal_path(joined);
    free(joined);
    return normal;
}

/* --- frames --- */

static struct frame *add_frame(struct stack *s, size_t *cap)
{
    s->frames = grow(s->frames, s->nframes, cap, sizeof *s->frames);
    struct frame *f = &s->frames[s->nframes++];
    *f = (struct frame){.module = NULL};
    return f;
}

struct lookup {
    struct image *image;
    const char *module;
    uint64_t offset;
    Dwarf_Die *cu;
    const char *comp_dir;
};

static const char *comp_dir_of(Dwarf_Die *cu)
{
    Dwarf_Attribute attr;
    return dwarf_attr(cu, DW_AT_comp_dir, &attr) ? dwarf_formstring(&attr) : NULL;
}

static void set_call_place(struct frame *f, Dwarf_Die *inlined, const struct lookup *l)
{
    Dwarf_Attribute attr;
    Dwarf_Word number;
    Dwarf_Files *files;
    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attr), &number) == 0)
        f->line = (int)number;
    if (dwarf_getsrcfiles(l->cu, &files, NULL) == 0 &&
        dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attr), &number) == 0) {
        const char *file = dwarf_filesrc(files, number, NULL, NULL);
        if (file)
            f->file = full_path(file, l->comp_dir);
    }
}

/* One frame for the function that holds pc and one for each call that was inlined around it. The
 * innermost frame's place is the line table's; the place of each further one is where the one
 * before was inlined. */
static bool inlined_frames(
    struct stack *s, size_t *cap, const struct lookup *l, Dwarf_Addr pc, char *file, int line)
{
    Dwarf_Die chain[MAX_INLINED];
    size_t n = functions_at(l->cu, pc, chain, MAX_INLINED);
    for (size_t i = n; i-- > 0;) {
        struct frame *f = add_frame(s, cap);
        f->function = die_name(&chain[i]);
        f->decl_line = declared_line(&chain[i]);
        f->comp_dir = xstrdup(l->comp_dir);
        f->inlined = i > 0;
        if (i + 1 < n) {
            set_call_place(f, &chain[i + 1], l);
        } else {
            f->file = file;
            f->line = line;
        }
    }
    return n > 0;
}

static void line_of(
    Dwarf_Die *cu, Dwarf_Addr pc, const char *comp_dir, char **ret_file, int *ret_line)
{
    Dwarf_Line *line = dwarf_getsrc_die(cu, pc);
    const char *file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
    if (!file || dwarf_lineno(line, ret_line) != 0)
        return;
    *ret_file = full_path(file, comp_dir);
}

static void set_rest(struct stack *s, size_t from, const struct lookup *l)
{
    for (size_t i = from; i < s->nframes; i++) {
        s->frames[i].module = xstrdup(l->module);
        s->frames[i].offset = l->offset;
    }
}

/* The call is just before its return address. */
static void symbolize_frame(struct stack *s, size_t *cap, const struct lookup *given)
{
    struct lookup l = *given;
    size_t first = s->nframes;
    char *file = NULL;
    int line = 0;
    Dwfl_Module *m = l.image ? l.image->module : NULL;
    GElf_Addr pc = l.offset + (m ? l.image->bias : 0) - 1;
    Dwarf_Addr dwarf_bias = 0;
    if (m) {
        l.cu = image_unit(l.image, pc, &dwarf_bias);
        l.comp_dir = l.cu ? comp_dir_of(l.cu) : NULL;
        if (l.cu)
            line_of(l.cu, pc - dwarf_bias, l.comp_dir, &file, &line);
    }
    if (!l.cu || !inlined_frames(s, cap, &l, pc - dwarf_bias, file, line)) {
        struct frame *f = add_frame(s, cap);
        const char *name = m ? dwfl_module_addrname(m, pc) : NULL;
        f->function = name ? symbol_name(name) : NULL;
        f->file = file;
        f->line = line;
        f->comp_dir = xstrdup(l.comp_dir);
    }
    set_rest(s, first, &l);
    const char *callee = m ? callee_name(l.image, l.offset) : NULL;
    s->frames[first].calls = xstrdup(callee);
}

/* --- places seen before: a run of many findings names the same ones again and again --- */

struct known {
    const struct image *image;
    uint64_t offset;
    const struct frame *frames;
    size_t n; /* 0: empty slot */
};

static struct known *known;
static size_t known_size, known_used;

static struct known *known_slot(struct known *in, size_t size, const struct lookup *l)
{
    uint64_t h = (l->offset ^ (uint64_t)(uintptr_t)l->image * 31) * 0x9e3779b97f4a7c15u;
    size_t i = (size_t)(h >> 20) & (size - 1);
    while (in[i].n && (in[i].offset != l->offset || in[i].image != l->image))
        i = (i + 1) & (size - 1);
    return &in[i];
}

static struct known *known_place(const struct lookup *l)
{
    if (known_used * 2 >= known_size) {
        size_t size = known_size ? known_size * 2 : 256;
        struct known *bigger = xcalloc(size, sizeof *bigger);
        for (size_t i = 0; i < known_size; i++) {
            struct lookup old = {
                .image = (struct image *)(uintptr_t)known[i].image, .offset = known[i].offset};
            if (known[i].n)
                *known_slot(bigger, size, &old) = known[i];
        }
        free(known);
        known = bigger;
        known_size = size;
    }
    return known_slot(known, known_size, l);
}

/* The race library under any of its names (mk/compat.mk). */
static bool is_race_library(const char *module)
{
    return strstr(module, "/libgorc_race.so") || strstr(module, "/gorc/libtsan.so") ||
           strstr(module, "/gorc/libclang_rt.tsan");
}

/* Code of the detector between a caller and its callback (pthread_once ...): nobody's frame. */
static bool is_detector(const struct frame *f)
{
    return f->module && f->function && strncmp(f->function, "dt_", 3) == 0 &&
           is_race_library(f->module);
}

static void symbolize_place(struct stack *s, size_t *cap, const struct lookup *l)
{
    struct known *k = known_place(l);
    if (!k->n) {
        struct stack one = {.role = NULL};
        size_t one_cap = 0;
        symbolize_frame(&one, &one_cap, l);
        *k = (struct known){l->image, l->offset, one.frames, one.nframes};
        known_used++;
    }
    for (size_t i = 0; i < k->n; i++)
        if (!is_detector(&k->frames[i]))
            *add_frame(s, cap) = k->frames[i];
}

static void name_start_code(
    const struct process *p, struct stack *s, size_t *cap, const struct raw_frame *r)
{
    const struct module *m = &p->modules[r->module];
    struct frame *f = add_frame(s, cap);
    f->function = xstrdup(exported_name(m, r->offset));
    f->module = xstrdup(m->path);
    f->offset = r->offset;
}

void symbolize_stack(const struct process *p, struct stack *s)
{
    size_t cap = 0, from, n;
    start_code(p, s, &from, &n);
    for (size_t i = 0; i < s->nraw; i++) {
        if (i - from < n) {
            name_start_code(p, s, &cap, &s->raw[i]);
            continue;
        }
        struct lookup l = {.offset = s->raw[i].offset};
        int k = s->raw[i].module;
        if (k >= 0 && (size_t)k < p->nmodules && p->modules[k].path) {
            l.module = p->modules[k].path;
            l.image = image_of(&p->modules[k]);
        }
        symbolize_place(s, &cap, &l);
    }
    for (size_t i = 1; i < s->nframes; i++)
        s->frames[i].calls = NULL; /* the frame before tells */
}

static struct image *image_at(const struct process *p, int module)
{
    if (module < 0 || (size_t)module >= p->nmodules || !p->modules[module].path)
        return NULL;
    struct image *im = image_of(&p->modules[module]);
    return im->module ? im : NULL;
}

/* A stack's own name is that of its thread; who it belongs to is in `task`. */
static void symbolize_access(const struct process *p, struct finding *f)
{
    struct object *o = &f->object;
    struct image *im = image_at(p, o->tls.module);
    if (im)
        name_thread_local(im->module, o->tls.offset, o);
    im = o->cfa && f->nstacks ? image_at(p, o->frame.module) : NULL;
    if (im)
        name_local(im, im->bias + o->frame.offset - 1, o->cfa, &f->stacks[0], o);
}

/* --- what a heap block holds, by the lines that allocate or access it --- */

enum { ALLOCATING_FRAMES = 6 };

static bool block_by_stack(
    const struct process *p, const struct stack *s, size_t most, uint64_t offset, struct object *o)
{
    size_t i = 0;
    for (size_t r = 0; r < s->nraw && r < most; r++) {
        struct image *im = image_at(p, s->raw[r].module);
        for (; i < s->nframes && s->frames[i].offset == s->raw[r].offset; i++) {
            if (im && s->frames[i].file &&
                name_block(im, im->bias + s->raw[r].offset - 1, &s->frames[i], offset, o))
                return true;
        }
    }
    return false;
}

static void symbolize_block(const struct process *p, struct finding *f)
{
    struct object *o = &f->object;
    const struct stack *a = f->stacks;
    if (!o->kind || strcmp(o->kind, "heap block") != 0 || f->nstacks < 2 ||
        a->addr - o->addr >= o->size)
        return;
    uint64_t offset = a->addr - o->addr;
    for (size_t i = 2; i < f->nstacks; i++)
        if (strcmp(f->stacks[i].role, "allocated by") == 0 &&
            block_by_stack(p, &f->stacks[i], ALLOCATING_FRAMES, offset, o))
            return;
    for (size_t i = 0; i < 2; i++)
        if (block_by_stack(p, &f->stacks[i], 1, offset, o))
            return;
}

static void symbolize_object(const struct process *p, struct object *o)
{
    if (!o->kind || o->module < 0 || (size_t)o->module >= p->nmodules ||
        !p->modules[o->module].path)
        return;
    struct image *im = image_of(&p->modules[o->module]);
    if (im->module)
        name_global(im->module, im->bias + o->offset, o);
}

/* --- addresses in messages and notes: "holding lock 0x55d8c66710a0" --- */

static char *global_at(const struct process *p, uint64_t addr)
{
    for (size_t i = p->nmodules; i-- > 0;) {
        const struct module *m = &p->modules[i];
        if (!m->path || addr < m->lo || addr >= m->hi)
            continue;
        struct object o = {.kind = (char *)(uintptr_t) "global",
            .addr = addr,
            .module = (int)i,
            .offset = addr - m->base};
        symbolize_object(p, &o);
        return o.name;
    }
    return NULL;
}

/* A lock without a name of its own has that of the variable. */
static void symbolize_locks(const struct process *p, struct stack *s)
{
    for (size_t i = 0; i < s->nlocks; i++) {
        symbolize_stack(p, s->locks[i].where);
        if (s->locks[i].created)
            symbolize_stack(p, s->locks[i].created);
        if (!s->locks[i].name)
            s->locks[i].name = global_at(p, s->locks[i].addr);
    }
}

static void symbolize_sync(const struct process *p, struct sync *s)
{
    symbolize_stack(p, &s->where);
    if (!s->name)
        s->name = global_at(p, s->addr);
}

/* Puts the name of a global behind its address, unless a name is there. */
static char *with_names(const struct process *p, char *text)
{
    char *at = text ? strstr(text, "0x") : NULL;
    while (at) {
        char *end;
        uint64_t addr = strtoull(at, &end, 16);
        char *name = end > at + 2 && strncmp(end, " '", 2) != 0 ? global_at(p, addr) : NULL;
        if (name) {
            size_t done = (size_t)(end - text) + strlen(name) + 3;
            text = xprintf("%.*s '%s'%s", (int)(end - text), text, name, end);
            end = text + done;
        }
        at = strstr(end, "0x");
    }
    return text;
}

void symbolize(struct process *p)
{
    for (size_t i = 0; i < p->nfindings; i++) {
        struct finding *f = &p->findings[i];
        for (size_t k = 0; k < f->nstacks; k++) {
            symbolize_stack(p, &f->stacks[k]);
            symbolize_locks(p, &f->stacks[k]);
        }
        for (size_t k = 0; k < f->nsyncs; k++)
            symbolize_sync(p, &f->syncs[k]);
        symbolize_object(p, &f->object);
        symbolize_access(p, f);
        symbolize_block(p, f);
        f->message = with_names(p, f->message);
        for (size_t k = 0; k < f->nstacks; k++)
            f->stacks[k].note = with_names(p, f->stacks[k].note);
    }
    for (size_t i = 0; i < p->ndump; i++) {
        symbolize_stack(p, &p->dump[i].stack);
        p->dump[i].wait = with_names(p, p->dump[i].wait);
    }
}
