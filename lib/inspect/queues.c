/* SPDX-License-Identifier: MIT
 *
 * Whether somebody waits for one of the value types, from its memory alone (lib/inspect.h).
 */
#include <gorc/sync.h>

#include <string.h>

#include "inspect.h"
#include "sched/queues.h"

enum { MAX_QUEUES = 3 };

static const struct {
    uint8_t size;
    uint8_t n;
    uint8_t queue[MAX_QUEUES];
} layouts[] = {
    [GORC__OBJ_MUTEX] = {sizeof(gorc_mutex), 1, {GORC__MUTEX_QUEUE}},
    [GORC__OBJ_RWMUTEX] = {sizeof(gorc_rwmutex), 3,
        {GORC__RWMUTEX_PENDING, GORC__RWMUTEX_WRITERS, GORC__RWMUTEX_READERS}},
    [GORC__OBJ_WAITGROUP] = {sizeof(gorc_waitgroup), 1, {GORC__WAITGROUP_QUEUE}},
    [GORC__OBJ_ONCE] = {sizeof(gorc_once), 1, {GORC__ONCE_QUEUE}},
    [GORC__OBJ_COND] = {sizeof(gorc_cond), 1, {GORC__COND_QUEUE}},
    [GORC__OBJ_SEM] = {sizeof(gorc_sem), 1, {GORC__SEM_QUEUE}},
};

size_t gorc__inspect_size(enum gorc__object_kind kind)
{
    return (size_t)kind < sizeof layouts / sizeof layouts[0] ? layouts[kind].size : 0;
}

bool gorc__inspect_is_waited(enum gorc__object_kind kind, const void *bytes)
{
    if (!gorc__inspect_size(kind))
        return false;
    for (unsigned i = 0; i < layouts[kind].n; i++) {
        uintptr_t first;
        memcpy(&first, (const char *)bytes + layouts[kind].queue[i], sizeof first);
        if (first)
            return true;
    }
    return false;
}
