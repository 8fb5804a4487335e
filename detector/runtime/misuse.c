/* SPDX-License-Identifier: MIT
 *
 * Misuse of the library's objects, as it tells of it (lib/hooks.h). Besides what the library knows
 * (who closed, freed, started it), the report shows where a lock was taken and given up last, where
 * a wait group was counted, where the original of a copy was used, and who waits for the object.
 */
#include <string.h>

#include "base/flags.h"
#include "core/stack.h"
#include "core/sync.h"
#include "core/task.h"
#include "lib/hooks.h"
#include "lib/inspect.h"
#include "report/finding.h"
#include "runtime/describe.h"
#include "runtime/earlier.h"
#include "runtime/runtime.h"
#include "runtime/waiter.h"

/* A report while it is made. */
struct report {
    const struct gorc__misuse *m;
    struct dt_finding f;
    struct dt_earlier earlier;
    char message[120];
};

static bool is_wait_group(const struct gorc__misuse *m)
{
    return m->object_kind == GORC__OBJ_WAITGROUP;
}

/* A lock in whose place there was another on the stack before: the library knows better who had
 * locked it. */
static bool is_of_another(const struct gorc__misuse *m, const struct dt_uses *u)
{
    struct dt_task_info info;
    return !is_wait_group(m) && !m->readers && !m->earlier_goid && u->locked &&
           dt_task_info_find_uid(u->locked_uid, &info) && info.kind != DT_TASK_THREAD;
}

static void say_never(struct report *r)
{
    struct dt_text t = {r->message, sizeof r->message};
    if (is_wait_group(r->m))
        dt_text_add(&t, "nothing was ever added to it");
    else if (r->m->used == r->m->object)
        dt_text_add(&t, "it has never been locked");
    else
        dt_text_add(&t, "its mutex has never been locked");
}

/* Where the lock or wait group was taken and given up last, by whoever. */
static void add_uses(struct report *r)
{
    const struct gorc__misuse *m = r->m;
    struct dt_uses u, readers;
    if (dt_uses_of(m->used, &u) && is_of_another(m, &u))
        u = (struct dt_uses){0};
    bool counts = is_wait_group(m);
    if (!u.locked)
        say_never(r);
    dt_earlier_add(&r->earlier, &r->f, counts ? "last added by" : "last locked by", u.locked,
        u.locked_uid, NULL);
    if (!m->earlier)
        dt_earlier_add(&r->earlier, &r->f, counts ? "last done by" : "last unlocked by", u.left,
            u.left_uid, NULL);
    if (m->readers && dt_uses_of(m->readers, &readers))
        dt_earlier_add(
            &r->earlier, &r->f, "last unlocked by", readers.left, readers.left_uid, "for reading");
}

/* Locked there by whom the copy names as its holder. */
static bool is_original(const struct dt_sync *s, void *arg)
{
    const struct gorc__misuse *m = arg;
    struct dt_task_info info;
    if (!s->locked || !m->is_original(m, (const void *)s->addr))
        return false;
    if (!dt_task_info_find_uid(s->locked_uid, &info))
        return false;
    return m->earlier_goid ? info.id == m->earlier_goid : info.kind == DT_TASK_THREAD;
}

static void add_original(struct report *r)
{
    const struct gorc__misuse *m = r->m;
    const void *original =
        m->is_original ? dt_sync_search(is_original, (void *)(uintptr_t)m) : m->original;
    struct dt_uses u;
    if (!original || !dt_uses_of(original, &u))
        return;
    struct dt_text t = {r->message, sizeof r->message};
    dt_text_add(&t, "the original is at ");
    dt_text_hex(&t, (uintptr_t)original);
    if (u.name[0]) {
        dt_text_add(&t, " '");
        dt_text_add(&t, u.name);
        dt_text_add(&t, "'");
    }
    dt_earlier_add(
        &r->earlier, &r->f, "first used by", u.created, u.created_uid, "of the original");
    dt_earlier_add(&r->earlier, &r->f, is_wait_group(m) ? "last added by" : "last locked by",
        u.locked, u.locked_uid, "of the original");
}

/* What the library has noted. */
static void add_noted(struct report *r)
{
    const struct gorc__misuse *m = r->m;
    const char *role = m->earlier_role ? m->earlier_role : "earlier";
    struct dt_task_info *by = &r->earlier.tasks[r->earlier.n];
    uint32_t uid = (uint32_t)(m->earlier >> 32);
    if (!m->earlier_goid) {
        dt_earlier_add(&r->earlier, &r->f, role, (dt_stackid)m->earlier, uid, NULL);
        return;
    }
    *by = (struct dt_task_info){
        .kind = m->earlier_goid == 1 ? DT_TASK_MAIN : DT_TASK_GOROUTINE, .id = m->earlier_goid};
    if (by->kind == DT_TASK_GOROUTINE)
        dt_task_info_find(by->kind, by->id, by);
    r->earlier.n++;
    dt_finding_stack(&r->f, role, by, (dt_stackid)m->earlier, NULL);
}

bool gorc__hook_misuse(const struct gorc__misuse *m, const void *pc)
{
    struct dt_task *me = dt_enter_quietly();
    if (!me)
        return false;
    dt_begin(me);
    struct dt_waiter w;
    bool has_waiter = m->object && dt_waiter_find(m->object, &w);
    struct report r = {.m = m};
    struct dt_finding *f = &r.f;
    *f = (struct dt_finding){
        .kind = "misuse",
        .rule = m->rule,
        .words = m->message,
        .certainty = DT_CERTAIN,
        .object = {.kind = dt_object_kind(m->object_kind), .addr = (uintptr_t)m->object},
        .counts = true,
    };
    char name[24];
    if (m->object && dt_object_name(m->object, name))
        f->object.name = name;
    dt_finding_stack(f, "misuse", me->info, dt_here_native(me, (uintptr_t)pc), NULL);
    if (m->earlier)
        add_noted(&r);
    if (m->used)
        add_uses(&r);
    add_original(&r);
    if (r.message[0])
        f->message = r.message;
    if (has_waiter)
        dt_finding_stack(f, "blocked", w.task, w.stack, "waits for it");
    if (m->object_created)
        dt_finding_stack(f, "object created by", NULL, (dt_stackid)m->object_created, NULL);
    dt_finding_creation(f, me->info);
    dt_earlier_creations(&r.earlier, f);
    if (has_waiter && w.task != me->info)
        dt_finding_creation(f, w.task);
    dt_finish(me);
    dt_finding_add(f);
    return strcmp(dt_flags.on_misuse, "continue") == 0;
}
