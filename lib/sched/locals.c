/* SPDX-License-Identifier: MIT
 *
 * Goroutine-local values: a list in the goroutine's record, newest first. Only the goroutine itself
 * reads or changes it, so it needs no lock; leak detection takes each list for a root of its
 * goroutine (inspect.c), and the entries are ordinary blocks that it looks into.
 */
#include <gorc/go.h>

#include <stdlib.h>

#include "base/alloc.h"
#include "sched/g.h"

struct gorc__local {
    struct gorc__local *next;
    const void *key;
    void *value; /* never NULL */
    gorc_fn destroy;
};

/* The link to key's entry, or to the end of the list. */
static struct gorc__local **find(struct gorc__g *self, const void *key)
{
    struct gorc__local **link = &self->locals;
    while (*link && (*link)->key != key)
        link = &(*link)->next;
    return link;
}

void gorc__locals_end(struct gorc__g *self)
{
    struct gorc__local *l;
    while ((l = self->locals) != NULL) {
        struct gorc__local was = *l;
        self->locals = was.next;
        gorc__free(l);
        if (was.destroy)
            was.destroy(was.value);
    }
}

/* main returns, or calls exit(): its values end as those of any goroutine. In another goroutine's
 * exit() they are left alone, main may be using them. */
static void end_of_main(void)
{
    struct gorc__m *m = gorc__m_self();
    if (m && m->g == gorc__sched.main_g)
        gorc__locals_end(m->g);
}

static bool catch_exit(void)
{
    static bool caught; /* main only */
    if (!caught)
        caught = !gorc__alloc_fails() && atexit(end_of_main) == 0;
    return caught;
}

int gorc_local_set(const void *key, void *value, gorc_fn destroy)
{
    struct gorc__g *self = gorc__self();
    struct gorc__local **link = find(self, key), *l = *link;
    if (!value) {
        if (l) {
            *link = l->next;
            gorc__free(l);
        }
        return 0;
    }
    if (!l) {
        if (self->kind == GORC__KIND_MAIN && destroy && !catch_exit())
            return -ENOMEM;
        l = gorc__alloc(sizeof *l);
        if (!l)
            return -ENOMEM;
        l->key = key;
        l->next = self->locals;
        self->locals = l;
    }
    l->value = value;
    l->destroy = destroy;
    return 0;
}

void *gorc_local_get(const void *key)
{
    struct gorc__local *l = *find(gorc__self(), key);
    return l ? l->value : NULL;
}
