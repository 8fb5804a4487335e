/* SPDX-License-Identifier: MIT
 *
 * The goroutines of a process that ends, as text, those that are alike once: same state, same wait,
 * same stack, made at the same place. Ten thousand workers that wait for the same thing are a dozen
 * lines. What they do not all share (names, holders, parents) is left out.
 *
 * For the last thread of a process in which all others sleep: nothing is locked.
 */
#include "sched/alike.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/misuse.h"
#include "inspect.h"

#define BUCKETS 1024u
#define SHOWN 8u /* numbers of alike goroutines that are printed */

struct group {
    struct gorc__inspect_g first; /* less what the others do not share */
    uint64_t hash;
    uint64_t count;
    uint64_t goids[SHOWN];
    uint32_t next; /* in its bucket: place in the list + 1 */
};

/* Groups in the order of their first goroutines. */
struct groups {
    struct group *list;
    uint32_t count, capacity;
    uint32_t buckets[BUCKETS]; /* place in the list + 1, 0: none */
};

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_alike(const struct group *group, const struct gorc__inspect_g *g, uint64_t hash)
{
    const struct gorc__inspect_g *first = &group->first;
    return group->hash == hash && first->state == g->state && first->reason == g->reason &&
           first->created == g->created && first->is_foreign == g->is_foreign;
}

static void join(struct group *group, const struct gorc__inspect_g *g)
{
    struct gorc__inspect_g *first = &group->first;
    if (!same_text(first->name, g->name))
        first->name = NULL;
    if (!same_text(first->object_name, g->object_name))
        first->object_name = NULL;
    if (first->holder != g->holder)
        first->holder = 0;
    if (first->parent != g->parent)
        first->parent = 0;
    if (group->count < SHOWN)
        group->goids[group->count] = g->goid;
    group->count++;
}

static bool reserve(struct groups *all)
{
    if (all->count < all->capacity)
        return true;
    uint32_t capacity = all->capacity ? 2 * all->capacity : 64;
    struct group *list = gorc__alloc_opaque(capacity * sizeof *list);
    if (!list)
        return false;
    if (all->count)
        memcpy(list, all->list, all->count * sizeof *list);
    gorc__free(all->list);
    all->list = list;
    all->capacity = capacity;
    return true;
}

static bool collect(const struct gorc__inspect_g *g, void *arg)
{
    struct groups *all = arg;
    uint64_t hash = gorc__stack_hash(g);
    uint32_t *bucket = &all->buckets[hash % BUCKETS];
    for (uint32_t i = *bucket; i != 0; i = all->list[i - 1].next)
        if (is_alike(&all->list[i - 1], g, hash)) {
            join(&all->list[i - 1], g);
            return true;
        }
    if (!reserve(all)) { /* memory is out: as many as it takes, one by one */
        gorc__print_goroutine(g, NULL);
        return true;
    }
    all->list[all->count] =
        (struct group){.first = *g, .hash = hash, .count = 1, .goids = {g->goid}, .next = *bucket};
    *bucket = ++all->count;
    return true;
}

/* " - 10000 goroutines like this: 2, 3, 4, 5, 6, 7, 8, 9, ..." */
static void describe(const struct group *group, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, " - %llu %s like this",
        (unsigned long long)group->count, group->first.is_foreign ? "threads" : "goroutines");
    for (uint64_t i = 0; i < group->count && i < SHOWN && !group->first.is_foreign; i++)
        used += (size_t)snprintf(text + used, size - used, "%s %llu", i ? "," : ":",
            (unsigned long long)group->goids[i]);
    if (group->count > SHOWN && !group->first.is_foreign)
        snprintf(text + used, size - used, ", ...");
}

void gorc__print_goroutines(void)
{
    static struct groups all;
    char text[64 + SHOWN * 24];
    gorc__inspect_goroutines(collect, &all);
    for (uint32_t i = 0; i < all.count; i++) {
        const struct group *group = &all.list[i];
        if (group->count > 1)
            describe(group, text, sizeof text);
        gorc__print_goroutine(&group->first, group->count > 1 ? text : NULL);
    }
}
