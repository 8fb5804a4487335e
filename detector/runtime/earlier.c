/* SPDX-License-Identifier: MIT
 *
 * See earlier.h; and the hooks by which the library says who uses what. Locks say so by those of
 * hooks_detect.c and locks.c.
 */
#include "runtime/earlier.h"

#include <string.h>

#include "lib/hooks.h"
#include "report/finding.h"
#include "runtime/runtime.h"

void dt_uses_read(const struct dt_sync *s, struct dt_uses *ret)
{
    *ret = (struct dt_uses){
        .locked = s->locked,
        .left = s->left,
        .created = s->created,
        .locked_uid = s->locked_uid,
        .left_uid = s->left_uid,
        .created_uid = s->created_uid,
        .is_free = !s->owner_uid && !s->recursion,
    };
    memcpy(ret->name, s->name, sizeof ret->name);
}

bool dt_uses_of(const void *object, struct dt_uses *ret)
{
    struct dt_sync *s = dt_sync_lock(object, false);
    *ret = (struct dt_uses){0};
    if (!s)
        return false;
    dt_uses_read(s, ret);
    dt_sync_unlock(s);
    return true;
}

void dt_earlier_add(struct dt_earlier *e, struct dt_finding *f, const char *role, dt_stackid stack,
    uint32_t uid, const char *note)
{
    if (!stack)
        return;
    const struct dt_task_info *task = NULL;
    if (uid && e->n < DT_MAX_EARLIER && dt_task_info_find_uid(uid, &e->tasks[e->n]))
        task = &e->tasks[e->n++];
    dt_finding_stack(f, role, task, stack, note);
}

void dt_earlier_creations(const struct dt_earlier *e, struct dt_finding *f)
{
    for (unsigned i = 0; i < e->n; i++)
        dt_finding_creation(f, &e->tasks[i]);
}

static gorc__place place_of(dt_stackid stack, uint32_t uid)
{
    return stack ? (gorc__place)uid << 32 | stack : 0;
}

gorc__place gorc__hook_place_of(const void *pc)
{
    gorc__place id = gorc__hook_place(pc);
    return id ? place_of((dt_stackid)id, dt_self->info->uid) : 0;
}

gorc__place gorc__hook_counted(const void *wg, int delta)
{
    struct dt_task *me = dt_enter_quietly();
    if (!me)
        return 0;
    dt_begin(me);
    dt_stackid where = dt_earlier_here(me);
    struct dt_sync *s = dt_sync_lock(wg, true);
    gorc__place before = 0;
    s->what = DT_SYNC_GORC + GORC__OBJ_WAITGROUP;
    if (delta < 0) {
        before = place_of(s->left, s->left_uid);
        dt_sync_left(s, me, where);
        dt_sync_release(me, s);
    } else {
        dt_sync_taken(s, me, where);
    }
    dt_sync_unlock(s);
    dt_finish(me);
    return before;
}

/* What stood at the address before, on a stack, is no more. */
void gorc__hook_used(const void *object, enum gorc__object_kind kind)
{
    struct dt_task *me = dt_enter_quietly();
    if (!me)
        return;
    dt_begin(me);
    dt_stackid where = dt_earlier_here(me);
    struct dt_sync *s = dt_sync_lock(object, true);
    s->what = (uint8_t)(DT_SYNC_GORC + kind);
    s->created = where;
    s->created_uid = me->info->uid;
    s->locked = s->left = 0;
    dt_sync_unlock(s);
    dt_finish(me);
}
