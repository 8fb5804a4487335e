/* SPDX-License-Identifier: MIT
 *
 * The dump of a run that took too long: every goroutine and thread, those that do the same at the
 * same place as one group.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "print_parts.h"
#include "util.h"

enum { MAX_IDS = 12 };

static bool equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_stack(const struct stack *a, const struct stack *b)
{
    if (a->nframes != b->nframes)
        return false;
    for (size_t i = 0; i < a->nframes; i++)
        if (a->frames[i].offset != b->frames[i].offset ||
            !equal(a->frames[i].module, b->frames[i].module) ||
            !equal(a->frames[i].function, b->frames[i].function))
            return false;
    return true;
}

static bool alike(const struct dump_task *a, const struct dump_task *b)
{
    return equal(a->kind, b->kind) && equal(a->state, b->state) && equal(a->reason, b->reason) &&
           equal(a->created, b->created) && same_stack(&a->stack, &b->stack);
}

static uint64_t mix(uint64_t h, uint64_t word)
{
    return (h ^ word) * 0x9e3779b97f4a7c15u + (h >> 29);
}

static uint64_t mix_text(uint64_t h, const char *text)
{
    for (; text && *text; text++)
        h = mix(h, (unsigned char)*text);
    return h;
}

/* Those that are alike have the same; so groups are found by comparing numbers. */
static uint64_t hash_of(const struct dump_task *t)
{
    uint64_t h = mix_text(mix_text(mix_text(0, t->state), t->reason), t->created);
    for (size_t i = 0; i < t->stack.nframes; i++)
        h = mix(h, t->stack.frames[i].offset);
    return h;
}

static void print_label(FILE *f, const struct dump_task *t)
{
    if (strcmp(t->kind, "main") == 0)
        fputs("main", f);
    else
        fprintf(f, "%c%llu", t->kind[0], (unsigned long long)t->id);
    if (t->name)
        fprintf(f, " \"%s\"", t->name);
}

static void print_group(
    FILE *f, const struct process *p, const uint64_t *hash, size_t first, bool *done)
{
    const struct dump_task *t = &p->dump[first];
    size_t n = 0, named = 0;
    int64_t longest = -1;
    fputc('\n', f);
    for (size_t i = first; i < p->ndump; i++) {
        if (done[i] || hash[i] != hash[first] || !alike(t, &p->dump[i]))
            continue;
        done[i] = true;
        n++;
        if (p->dump[i].waited_ns > longest)
            longest = p->dump[i].waited_ns;
        if (named < MAX_IDS) {
            fputs(named++ ? ", " : " ", f);
            print_label(f, &p->dump[i]);
        }
    }
    if (n > named)
        fprintf(f, " and %zu more", n - named);
    if (n > 1)
        fprintf(f, "  (%zu alike)", n);
    fprintf(f, "\n     %s", t->state ? t->state : "state unknown");
    if (t->wait && n == 1)
        fprintf(f, ": %s", t->wait);
    else if (t->reason)
        fprintf(f, ": %s", t->reason);
    if (longest >= 0) {
        fputs(n > 1 ? ", the longest for " : " for ", f);
        fputs(t->at_least ? "at least " : "", f);
        print_duration(f, longest);
    }
    if (t->created)
        fprintf(f, "; created by %s", t->created);
    fputc('\n', f);
    print_frames(f, &t->stack, 7, 0);
}

static const char *what_they_are(const struct process *p)
{
    for (size_t i = 0; i < p->ndump; i++)
        if (strcmp(p->dump[i].kind, "goroutine") == 0)
            return "goroutines and threads";
    return p->ndump == 1 ? "thread" : "threads";
}

void print_dump(FILE *f, const struct run *run, const struct text_options *o)
{
    (void)o;
    for (size_t i = 0; i < run->n; i++) {
        const struct process *p = &run->processes[i];
        if (!p->ndump)
            continue;
        bool *done = xcalloc(p->ndump, sizeof *done);
        uint64_t *hash = xcalloc(p->ndump, sizeof *hash);
        for (size_t k = 0; k < p->ndump; k++)
            hash[k] = hash_of(&p->dump[k]);
        fprintf(f, "gorc: process %d: %zu %s%s\n", p->pid, p->ndump, what_they_are(p),
            p->has_dump ? "" : " (the dump is not complete)");
        for (size_t k = 0; k < p->ndump; k++)
            if (!done[k])
                print_group(f, p, hash, k, done);
        fputc('\n', f);
        free(done);
        free(hash);
    }
}
