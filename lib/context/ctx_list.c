/* SPDX-License-Identifier: MIT
 *
 * The list has a lock of its own, a leaf, in each of its shards; they are held for one link.
 */
#include "context/ctx_list.h"

#include <stdint.h>

#include "base/lock.h"
#include "hooks.h"

#define SHARDS 16u

static struct shard {
    struct gorc__lock lock;
    struct gorc__ctx_link *first;
} __attribute__((aligned(64))) shards[SHARDS];

static struct shard *shard_of(const struct gorc__ctx_link *l)
{
    return &shards[((uintptr_t)l * 0x9e3779b97f4a7c15u) >> 60];
}

static struct gorc__ctx_link *shown(uintptr_t hidden)
{
    return (struct gorc__ctx_link *)~hidden;
}

static uintptr_t hidden(const struct gorc__ctx_link *l)
{
    return ~(uintptr_t)l;
}

void gorc__ctx_list_add(struct gorc__ctx_link *l, bool is_stop)
{
    if (!gorc__hook_active())
        return;
    struct shard *s = shard_of(l);
    l->is_stop = is_stop;
    l->listed = true;
    l->prev = hidden(NULL);
    gorc__lock(&s->lock);
    l->next = hidden(s->first);
    if (s->first)
        s->first->prev = hidden(l);
    s->first = l;
    gorc__unlock(&s->lock);
}

void gorc__ctx_list_remove(struct gorc__ctx_link *l)
{
    if (!l->listed)
        return;
    struct shard *s = shard_of(l);
    gorc__lock(&s->lock);
    struct gorc__ctx_link *next = shown(l->next), *prev = shown(l->prev);
    if (prev)
        prev->next = l->next;
    else
        s->first = next;
    if (next)
        next->prev = l->prev;
    gorc__unlock(&s->lock);
}

bool gorc__ctx_list_each(bool (*fn)(struct gorc__ctx_link *l, void *arg), void *arg)
{
    for (unsigned i = 0; i < SHARDS; i++) {
        gorc__lock(&shards[i].lock);
        bool go_on = true;
        for (struct gorc__ctx_link *l = shards[i].first; l && go_on; l = shown(l->next))
            go_on = fn(l, arg);
        gorc__unlock(&shards[i].lock);
        if (!go_on)
            return false;
    }
    return true;
}
