/* SPDX-License-Identifier: MIT
 *
 * A finding's fingerprint: what it is, independent of addresses, load order, line numbers and of
 * where the tree was built. It hashes the rule, the places concerned (function, path relative to
 * the build, text of the line), unordered, and what the object is.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "util.h"

static const uint64_t basis = 0xcbf29ce484222325u;

static uint64_t add_byte(uint64_t h, unsigned char c)
{
    return (h ^ c) * 0x100000001b3u;
}

static uint64_t add_text(uint64_t h, const char *s)
{
    for (; s && *s; s++)
        h = add_byte(h, (unsigned char)*s);
    return add_byte(h, 0);
}

/* FNV's low bits are weak; sums of hashes need good ones. */
static uint64_t finish(uint64_t h)
{
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53u;
    return h ^ (h >> 33);
}

/* Blanks do not matter. */
static uint64_t add_line_text(uint64_t h, const char *s)
{
    for (; *s; s++)
        if (!isspace((unsigned char)*s))
            h = add_byte(h, (unsigned char)*s);
    return add_byte(h, 0);
}

/* The part of `file` below the nearest directory that holds the compilation directory too. */
static const char *relative_path(const char *file, const char *comp_dir)
{
    const char *slash = strrchr(file, '/');
    const char *base = slash ? slash + 1 : file;
    if (*file != '/')
        return strncmp(file, "./", 2) == 0 ? file + 2 : file;
    if (!comp_dir || *comp_dir != '/')
        return base;
    size_t same = 0;
    for (size_t i = 0; file[i] && (file[i] == comp_dir[i] || !comp_dir[i]); i++) {
        if (file[i] == '/')
            same = i;
        if (!comp_dir[i])
            break;
    }
    return same ? file + same + 1 : base;
}

static uint64_t place(uint64_t h, const struct frame *f)
{
    h = add_text(h, f->function);
    if (!f->file) {
        const char *slash = strrchr(f->module ? f->module : "", '/');
        h = add_text(h, slash ? slash + 1 : f->module);
        if (!f->function) {
            char offset[24];
            snprintf(offset, sizeof offset, "%llx", (unsigned long long)f->offset);
            h = add_text(h, offset);
        }
        return h;
    }
    h = add_text(h, relative_path(f->file, f->comp_dir));
    const char *text = source_line(f->file, f->line);
    if (text)
        return add_line_text(h, text);
    return add_byte(h, (unsigned char)(f->line - f->decl_line));
}

/* The innermost frame that has a source. */
static uint64_t stack_place(uint64_t h, const struct stack *s)
{
    for (size_t i = 0; i < s->nframes; i++)
        if (s->frames[i].file)
            return place(h, &s->frames[i]);
    return s->nframes ? place(h, &s->frames[0]) : h;
}

static bool is_role(const struct stack *s, const char *role)
{
    return strcmp(s->role, role) == 0;
}

static bool is_about_object(const struct stack *s)
{
    return is_role(s, "allocated by") || is_role(s, "object created by");
}

/* Of a race where the tasks come from does not matter; of a leak it does, but not their ancestors,
 * nor who happened to need a lock of the leaked one's, nor who made the channels of a select. */
static bool is_part(const struct finding *f, const struct stack *s, bool first_creation)
{
    if (is_about_object(s) || is_role(s, "stuck behind") || is_role(s, "channel created by"))
        return false;
    if (!is_role(s, "created by"))
        return true;
    return first_creation && strcmp(f->kind, "data-race") != 0 && strcmp(f->kind, "misuse") != 0;
}

/* Which element of an array it was does not matter. */
static uint64_t add_name(uint64_t h, const char *s)
{
    for (; s && *s; s++) {
        h = add_byte(h, (unsigned char)*s);
        if (*s == '[')
            s += strcspn(s, "]") - 1;
    }
    return add_byte(h, 0);
}

static uint64_t object_hash(const struct finding *f)
{
    uint64_t h = add_text(basis, f->object.kind);
    /* The name of a local variable is found only where its frame is. */
    if (!f->object.kind || strcmp(f->object.kind, "stack") != 0)
        h = add_name(h, f->object.name);
    for (size_t i = 0; i < f->nstacks; i++)
        if (is_about_object(&f->stacks[i]))
            h = stack_place(h, &f->stacks[i]);
    return h;
}

static uint64_t hash_of(const struct finding *f)
{
    uint64_t sum = 0;
    bool first_creation = true;
    for (size_t i = 0; i < f->nstacks; i++) {
        const struct stack *s = &f->stacks[i];
        if (is_part(f, s, first_creation))
            sum += finish(stack_place(basis, s));
        if (is_role(s, "created by"))
            first_creation = false;
    }
    uint64_t h = add_text(add_text(basis, f->kind), f->rule);
    return finish(h + sum * 3 + finish(object_hash(f)));
}

/* --- one of each --- */

struct seen {
    uint64_t hash;
    size_t at;
};

static int by_hash(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static void join(struct finding *to, const struct finding *from)
{
    to->count += from->count;
    to->variants++;
    to->counts |= from->counts;
    if (!certainty_at_least(to->certainty, from->certainty))
        to->certainty = from->certainty;
}

void fingerprint(struct process *p)
{
    for (size_t i = 0; i < p->nfindings; i++)
        snprintf(p->findings[i].fingerprint, sizeof p->findings[i].fingerprint, "%016llx",
            (unsigned long long)hash_of(&p->findings[i]));
}

void join_same(struct process *p)
{
    struct seen *seen = xcalloc(p->nfindings, sizeof *seen);
    for (size_t i = 0; i < p->nfindings; i++)
        seen[i] = (struct seen){strtoull(p->findings[i].fingerprint, NULL, 16), i};
    if (p->nfindings)
        qsort(seen, p->nfindings, sizeof *seen, by_hash);
    bool *gone = xcalloc(p->nfindings, sizeof *gone);
    for (size_t i = 1, first = 0; i < p->nfindings; i++) {
        if (seen[i].hash != seen[first].hash) {
            first = i;
            continue;
        }
        join(&p->findings[seen[first].at], &p->findings[seen[i].at]);
        gone[seen[i].at] = true;
    }
    size_t n = 0;
    for (size_t i = 0; i < p->nfindings; i++)
        if (!gone[i])
            p->findings[n++] = p->findings[i];
    p->nfindings = n;
    free(seen);
    free(gone);
}
