/* SPDX-License-Identifier: MIT
 *
 * Lock discipline: at how many accesses to what raced its usual lock was held, as the detector
 * counted them, and at how many of the places that the reports of a process show for the object.
 * Places that never raced are not known here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "util.h"

enum { MAX_CANDIDATES = 16, LEAST = 3 };

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

/* Among accesses of which the detector counted at least three: 0 if they do not say. */
static uint64_t accesses_with(const struct finding *f, uint64_t lock)
{
    uint64_t held = 0;
    for (size_t i = 0; i < f->nlock_counts; i++)
        if (f->lock_counts[i].lock == lock)
            held = f->lock_counts[i].held;
    return f->accesses >= LEAST && held < f->accesses && held * 2 > f->accesses ? held : 0;
}

static size_t usual_places(const struct access *a, size_t n, uint64_t lock)
{
    size_t places, with = places_with(a, n, lock, &places);
    return places >= LEAST && with < places && with * 2 > places ? with : 0;
}

static void set_usual(struct finding *f, const struct access *a, size_t n, const struct lock *lock)
{
    size_t places, with = places_with(a, n, lock->addr, &places);
    f->usual_lock = lock->name ? xprintf("'%s'", lock->name)
                               : xprintf("lock 0x%llx", (unsigned long long)lock->addr);
    f->held_at = with;
    f->places = places;
    f->held = accesses_with(f, lock->addr);
    if (!f->held)
        f->accesses = 0;
    for (size_t i = 0; i < 2; i++)
        f->exception[i] = f->stacks[i].knows_locks && !holds(&f->stacks[i], lock->addr);
}

/* Of what the object's reports show, the lock that this finding's memory was accessed under most.
 */
static void judge_one(struct finding *f, const struct access *a, size_t n)
{
    const struct lock *all[MAX_CANDIDATES], *by_accesses = NULL, *by_places = NULL;
    uint64_t most = 0, most_places = 0;
    size_t found = candidates(a, n, all);
    for (size_t c = 0; c < found; c++) {
        uint64_t with = accesses_with(f, all[c]->addr), at = usual_places(a, n, all[c]->addr);
        if (with > most) {
            most = with;
            by_accesses = all[c];
        }
        if (at > most_places) {
            most_places = at;
            by_places = all[c];
        }
    }
    if (by_accesses || by_places)
        set_usual(f, a, n, by_accesses ? by_accesses : by_places);
}

static void judge(struct access *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!a[i].finding->usual_lock)
            judge_one(a[i].finding, a, n);
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
