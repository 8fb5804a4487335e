/* SPDX-License-Identifier: MIT
 *
 * Lock discipline: at how many of the places that the reports of a process show for an object its
 * usual lock was held. Places, not accesses: how often they ran nobody counts, that would cost each
 * access of the program; and places that never raced are not known here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "util.h"

enum { MAX_CANDIDATES = 16, LEAST_PLACES = 3 };

struct access {
    uint64_t object, place;
    const struct stack *stack;
    struct finding *finding;
};

static uint64_t add(uint64_t h, const char *s)
{
    for (; s && *s; s++)
        h = (h ^ (unsigned char)*s) * 0x100000001b3u;
    return h * 31 + 1;
}

/* The variable with its member, or the block; 0: nothing that could be said to be the same. */
static uint64_t object_of(const struct object *o)
{
    if (!o->kind)
        return 0;
    if (strcmp(o->kind, "heap block") == 0)
        return o->addr * 0x9e3779b97f4a7c15u | 1;
    return o->name && o->variable ? add(add(1469598103934665603u, o->kind), o->name) | 1 : 0;
}

static uint64_t place_of(const struct stack *s)
{
    const struct frame *f = s->nframes ? &s->frames[0] : NULL;
    uint64_t h = strstr(s->role, "write") ? 7 : 11;
    if (!f)
        return 0;
    return f->file ? add(h, f->file) * 0x9e3779b97f4a7c15u + (uint64_t)f->line
                   : add(h, f->module) * 0x9e3779b97f4a7c15u + f->offset;
}

static int by_object_and_place(const void *a, const void *b)
{
    const struct access *x = a, *y = b;
    if (x->object != y->object)
        return x->object < y->object ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static bool holds(const struct stack *s, uint64_t lock)
{
    for (size_t i = 0; i < s->nlocks; i++)
        if (s->locks[i].addr == lock)
            return true;
    return false;
}

static size_t candidates(const struct access *a, size_t n, const struct lock **ret)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < a[i].stack->nlocks && found < MAX_CANDIDATES; k++) {
            const struct lock *l = &a[i].stack->locks[k];
            size_t c = 0;
            while (c < found && ret[c]->addr != l->addr)
                c++;
            if (c == found)
                ret[found++] = l;
        }
    }
    return found;
}

/* At a place that was seen several times it is held when it was held each time. */
static size_t places_with(const struct access *a, size_t n, uint64_t lock, size_t *ret_places)
{
    size_t with = 0;
    *ret_places = 0;
    for (size_t i = 0; i < n;) {
        bool always = true;
        size_t k = i;
        for (; k < n && a[k].place == a[i].place; k++)
            always &= holds(a[k].stack, lock);
        with += always;
        ++*ret_places;
        i = k;
    }
    return with;
}

static void judge(struct access *a, size_t n)
{
    const struct lock *all[MAX_CANDIDATES], *best = NULL;
    size_t most = 0, places = 0, found = candidates(a, n, all);
    for (size_t c = 0; c < found; c++) {
        size_t with = places_with(a, n, all[c]->addr, &places);
        if (with > most && with < places) {
            most = with;
            best = all[c];
        }
    }
    if (!best || places < LEAST_PLACES || most * 2 <= places)
        return;
    for (size_t i = 0; i < n; i++) {
        struct finding *f = a[i].finding;
        f->usual_lock = best->name ? xprintf("'%s'", best->name)
                                   : xprintf("lock 0x%llx", (unsigned long long)best->addr);
        f->held_at = most;
        f->places = places;
    }
}

void discipline(struct process *p)
{
    struct access *all = xcalloc(2 * p->nfindings + 1, sizeof *all);
    size_t n = 0;
    for (size_t i = 0; i < p->nfindings; i++) {
        struct finding *f = &p->findings[i];
        uint64_t object = object_of(&f->object);
        if (strcmp(f->rule, "data-race") != 0 || !object || f->nstacks < 2)
            continue;
        for (size_t k = 0; k < 2; k++)
            if (f->stacks[k].knows_locks)
                all[n++] = (struct access){object, place_of(&f->stacks[k]), &f->stacks[k], f};
    }
    if (n)
        qsort(all, n, sizeof *all, by_object_and_place);
    for (size_t i = 0; i < n;) {
        size_t k = i;
        while (k < n && all[k].object == all[i].object)
            k++;
        judge(all + i, k - i);
        i = k;
    }
    free(all);
}
