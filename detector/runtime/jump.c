/* SPDX-License-Identifier: MIT
 *
 * See jump.h.
 */
#include <stddef.h>
#include <string.h>

#include "base/dalloc.h"
#include "core/task.h"
#include "runtime/jump.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

struct dt_jump {
    uintptr_t sp;
    size_t height;
};

struct dt_jumps {
    size_t count, room;
    struct dt_jump list[];
};

enum { FIRST_ROOM = 14 };

/* A thread keeps them in its record, a goroutine in task.owner. */
struct dt_jumps **dt_jumps_of(struct dt_task *t)
{
    if (t->info->kind == DT_TASK_GOROUTINE)
        return (struct dt_jumps **)&t->owner;
    struct dt_thread *th = t->owner;
    return th ? &th->jumps : NULL;
}

static size_t size_for(size_t room)
{
    return sizeof(struct dt_jumps) + room * sizeof(struct dt_jump);
}

void dt_jumps_free(struct dt_jumps **jumps)
{
    if (*jumps)
        dt_free(*jumps, size_for((*jumps)->room));
    *jumps = NULL;
}

static struct dt_jumps *with_room(struct dt_jumps **p)
{
    struct dt_jumps *j = *p;
    if (j && j->count < j->room)
        return j;
    size_t room = j ? j->room * 2 : FIRST_ROOM;
    struct dt_jumps *fresh = dt_alloc(size_for(room));
    fresh->room = room;
    if (j) {
        fresh->count = j->count;
        memcpy(fresh->list, j->list, j->count * sizeof *j->list);
        dt_free(j, size_for(j->room));
    }
    return *p = fresh;
}

/* Drops the entries of frames that have returned: below sp, or of a call that was deeper. An entry
 * above stays; one of another stack goes by its height only. */
static void drop_dead(struct dt_jumps *j, uintptr_t sp, size_t height)
{
    while (j->count) {
        const struct dt_jump *last = &j->list[j->count - 1];
        if (last->height <= height && last->sp > sp)
            break;
        if (last->height < height && last->sp != sp && sp - last->sp > 1u << 20)
            break; /* lives on another stack */
        j->count--;
    }
}

void dt_jump_set(uintptr_t sp)
{
    struct dt_task *t = dt_enter_quietly();
    struct dt_jumps **p = t ? dt_jumps_of(t) : NULL;
    if (!p || !t->base)
        return;
    dt_begin(t);
    size_t height = (size_t)(t->top - t->base);
    if (*p)
        drop_dead(*p, sp, height);
    struct dt_jumps *j = with_room(p);
    j->list[j->count++] = (struct dt_jump){sp, height};
    dt_finish(t);
}

void dt_jump_to(uintptr_t sp)
{
    dt_wait_cut(sp);
    if (dt_thread_self)
        dt_thread_self->in_handler = dt_thread_self->sending = 0; /* out of it, most likely */
    struct dt_task *t = dt_self;
    if (t == &dt_task_unknown)
        return;
    struct dt_jumps **p = dt_jumps_of(t);
    struct dt_jumps *j = p ? *p : NULL;
    if (!j)
        return;
    for (size_t i = j->count; i-- > 0;) {
        if (j->list[i].sp != sp)
            continue;
        if (t->base + j->list[i].height <= t->top)
            t->top = t->base + j->list[i].height;
        j->count = i + 1;
        return;
    }
}

/* glibc keeps rsp at index 6, mangled: rotated left by 17 after xor with a word of the TCB. */
uintptr_t dt_jump_sp(const void *env)
{
#if defined(__x86_64__)
    uintptr_t v = ((const uintptr_t *)env)[6], guard;
    __asm__("movq %%fs:0x30, %0" : "=r"(guard));
    return (v >> 17 | v << 47) ^ guard;
#else
    (void)env;
    return 0;
#endif
}
