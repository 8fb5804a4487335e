/* SPDX-License-Identifier: MIT
 *
 * Objects of libraries that are not instrumented: the library says what its caller does with them,
 * and of which kind they are. One byte stands for the object; reports call it by its tag's name.
 */
#include <stddef.h>
#include <stdint.h>

#include "abi/exported.h"
#include "base/dalloc.h"
#include "base/lock.h"
#include "core/shadow.h"
#include "report/finding.h"
#include "runtime/runtime.h"

EXPORT void *__tsan_external_register_tag(const char *type);
EXPORT void __tsan_external_register_header(void *tag, const char *header);
EXPORT void __tsan_external_assign_tag(void *addr, void *tag);
EXPORT void __tsan_external_read(void *addr, void *pc, void *tag);
EXPORT void __tsan_external_write(void *addr, void *pc, void *tag);

struct tag {
    struct tag *next; /* all of them, so that a tag that is none is noticed */
    char name[64];
};

/* Which tag a block has. A newer one may take its place: then the name is missing. */
struct assigned {
    uintptr_t block;
    dt_stackid allocated; /* another one: the block was freed meanwhile */
    const struct tag *tag;
};
enum { ASSIGNED = 1024 };

static dt_lock lock; /* guards what follows */
static struct tag *tags;
static struct assigned assigned[ASSIGNED];

/* Of the access that is being made. */
static __thread const char *accessed;

static const struct tag *tag_of(const void *tag)
{
    const struct tag *t = tags;
    while (t && t != tag)
        t = t->next;
    return t;
}

static struct assigned *slot_of(uintptr_t block)
{
    return &assigned[(block >> 4) * 0x9e3779b97f4a7c15u >> 54];
}

static const char *name_of(uintptr_t addr)
{
    struct dt_block b;
    const char *name = accessed;
    if (name || !dt_block_find(addr, &b))
        return name;
    dt_lock_take(&lock);
    const struct assigned *a = slot_of(b.addr);
    if (a->tag && a->block == b.addr && a->allocated == b.allocated)
        name = a->tag->name;
    dt_lock_drop(&lock);
    return name;
}

void *__tsan_external_register_tag(const char *type)
{
    struct tag *t = dt_alloc(sizeof *t);
    for (size_t i = 0; type && type[i] && i + 1 < sizeof t->name; i++)
        t->name[i] = type[i];
    dt_lock_take(&lock);
    t->next = tags;
    tags = t;
    dt_describe_external = name_of;
    dt_lock_drop(&lock);
    return t;
}

/* The header is the first line of the other runtime's reports; ours have their own words. */
void __tsan_external_register_header(void *tag, const char *header)
{
    (void)tag, (void)header;
}

void __tsan_external_assign_tag(void *addr, void *tag)
{
    struct dt_block b;
    struct dt_task *t = dt_enter();
    if (!t || !dt_block_find((uintptr_t)addr, &b))
        return;
    dt_begin(t);
    dt_lock_take(&lock);
    *slot_of(b.addr) = (struct assigned){b.addr, b.allocated, tag_of(tag)};
    dt_lock_drop(&lock);
    dt_finish(t);
}

static void access(struct dt_task *t, void *addr, unsigned how, uintptr_t pc, void *tag)
{
    dt_begin(t);
    dt_lock_take(&lock);
    const struct tag *known = tag_of(tag);
    dt_lock_drop(&lock);
    dt_finish(t);
    accessed = known ? known->name : NULL;
    dt_access(t, (uintptr_t)addr, 1, how, pc);
    accessed = NULL;
}

void __tsan_external_read(void *addr, void *pc, void *tag)
{
    struct dt_task *t = dt_enter();
    if (t)
        access(t, addr, DT_READ, pc ? (uintptr_t)pc : CALLER, tag);
}

void __tsan_external_write(void *addr, void *pc, void *tag)
{
    struct dt_task *t = dt_enter();
    if (t)
        access(t, addr, DT_WRITE, pc ? (uintptr_t)pc : CALLER, tag);
}
