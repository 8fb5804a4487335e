/* SPDX-License-Identifier: MIT
 *
 * Names given with gorc_set_name: a hash table from object to string. Readers take no lock (they
 * may be a crash report): entries are never freed, only reused in their bucket, and strings that
 * are replaced stay allocated until their entry's next but one change.
 */
#include <gorc/go.h>

#include <string.h>

#include "base/alloc.h"
#include "base/misuse.h"
#include "sched/g.h"
#include "sched/names.h"

static struct gorc__lock lock; /* rank NAMES, a leaf: writers */
_Atomic(struct gorc__name *) gorc__names[GORC__NAME_BUCKETS];
static _Atomic uint32_t used;

static uint32_t bucket_of(const void *object)
{
    return (uint32_t)(((uintptr_t)object * 0x9e3779b97f4a7c15u) >> 54);
}

static struct gorc__name *find(const void *object)
{
    struct gorc__name *e =
        atomic_load_explicit(&gorc__names[bucket_of(object)], memory_order_acquire);
    while (e && atomic_load_explicit(&e->object, memory_order_acquire) != object)
        e = e->next;
    return e;
}

const char *gorc__name_of(const void *object)
{
    if (!object || atomic_load_explicit(&used, memory_order_relaxed) == 0)
        return NULL;
    struct gorc__name *e = find(object);
    return e ? atomic_load_explicit(&e->text, memory_order_acquire) : NULL;
}

/* lock held */
static struct gorc__name *find_or_make(const void *object)
{
    struct gorc__name *e = find(object);
    if (e)
        return e;
    _Atomic(struct gorc__name *) *head = &gorc__names[bucket_of(object)];
    for (e = atomic_load(head); e; e = e->next)
        if (!atomic_load(&e->object))
            break;
    if (!e) {
        e = gorc__alloc_opaque(sizeof *e);
        if (!e)
            return NULL;
        e->next = atomic_load(head);
        atomic_store_explicit(head, e, memory_order_release);
    }
    atomic_store_explicit(&e->object, object, memory_order_release);
    atomic_fetch_add(&used, 1);
    return e;
}

static void replace(struct gorc__name *e, char *name)
{
    gorc__free(e->retired);
    e->retired = atomic_exchange(&e->text, name);
}

void gorc__name_forget(const void *object)
{
    if (atomic_load_explicit(&used, memory_order_relaxed) == 0)
        return;
    gorc__lock(&lock);
    struct gorc__name *e = find(object);
    if (e) {
        atomic_store(&e->object, NULL);
        replace(e, NULL);
        atomic_fetch_sub(&used, 1);
    }
    gorc__unlock(&lock);
}

void gorc_set_name(const void *object, const char *name)
{
    gorc__self();
    gorc__hook_name(object, name ? name : "");
    if (!name) {
        gorc__name_forget(object);
        return;
    }
    size_t size = strlen(name) + 1;
    char *copy = gorc__alloc_opaque(size);
    if (!copy)
        return; /* a name less, nothing else */
    memcpy(copy, name, size);
    gorc__lock(&lock);
    struct gorc__name *e = find_or_make(object);
    if (e)
        replace(e, copy);
    gorc__unlock(&lock);
    if (!e)
        gorc__free(copy);
}
