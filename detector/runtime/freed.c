/* SPDX-License-Identifier: MIT
 *
 * See freed.h.
 */
#define _GNU_SOURCE
#include "runtime/freed.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/dalloc.h"
#include "base/flags.h"
#include "base/lock.h"
#include "core/sync.h"
#include "core/task.h"
#include "lib/inspect.h"
#include "report/finding.h"
#include "runtime/describe.h"
#include "runtime/earlier.h"
#include "runtime/locks.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"
#include "runtime/waiter.h"

struct noted {
    struct noted *next;
    const struct dt_task *by;
    const void *object;
    uint8_t what;
    bool is_held;
    uint32_t holder; /* uid; 0: several, or none */
    struct dt_uses uses;
};

uint32_t dt_freed_noted; /* atomic */
static dt_lock lock;     /* a leaf; guards what follows */
static struct noted *list;

/* --- is it used? --- */

/* An object of the program's as it is in memory. */
union copy {
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;
    char bytes[96];
};

static size_t size_of(uint8_t what)
{
    if (what >= DT_SYNC_GORC)
        return gorc__inspect_size((enum gorc__object_kind)(what - DT_SYNC_GORC));
    return what == DT_SYNC_RWLOCK ? sizeof(pthread_rwlock_t) : sizeof(pthread_mutex_t);
}

static bool read_object(const struct dt_sync *s, bool readable, union copy *ret)
{
    size_t size = size_of(s->what);
    if (size > sizeof *ret)
        return false;
    if (readable) {
        memcpy(ret, (const void *)s->addr, size);
        return true;
    }
    struct iovec to = {ret, size}, from = {(void *)s->addr, size};
    return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)size;
}

static bool is_lock(uint8_t what)
{
    return what == DT_SYNC_MUTEX || what == DT_SYNC_RWLOCK || what == DT_SYNC_SPIN ||
           what == DT_SYNC_SHARED;
}

/* By its own word too: it may have been unlocked where we did not see it. Bit 1 of a rwlock's
 * __readers is set while a writer holds it, the count of readers is above bit 2. */
static bool is_held(const struct dt_sync *s, bool readable)
{
    union copy c;
    if (!is_lock(s->what) || !s->recursion)
        return false;
    if (s->what == DT_SYNC_SPIN || s->what == DT_SYNC_SHARED)
        return true;
    if (!read_object(s, readable, &c))
        return false;
    if (s->what == DT_SYNC_MUTEX)
        return c.mutex.__data.__lock != 0;
    return !c.rwlock.__data.__shared &&
           ((c.rwlock.__data.__readers & 2) || c.rwlock.__data.__readers >> 3);
}

static bool may_be_waited_for(const struct dt_sync *s, bool readable)
{
    union copy c;
    switch (s->what) {
    case DT_SYNC_COND:
    case DT_SYNC_SEMAPHORE:
        return s->waiting != 0;
    case DT_SYNC_BARRIER: /* its record: interpose/pthread_barrier.c */
        return s->owner_uid && s->recursion % s->owner_uid != 0;
    default:
        return s->what >= DT_SYNC_GORC && read_object(s, readable, &c) &&
               gorc__inspect_is_waited((enum gorc__object_kind)(s->what - DT_SYNC_GORC), c.bytes);
    }
}

/* Inside the core. */
static void note(const struct dt_sync *s, bool readable)
{
    bool held = is_held(s, readable);
    if (!held && !may_be_waited_for(s, readable))
        return;
    struct noted *n = dt_alloc(sizeof *n);
    *n = (struct noted){
        .by = dt_self,
        .object = (const void *)s->addr,
        .what = s->what,
        .is_held = held,
        .holder = s->recursion == 1 || !(s->flags & DT_LOCK_SHARED) ? s->owner_uid : 0,
    };
    dt_uses_read(s, &n->uses);
    dt_lock_take(&lock);
    n->next = list;
    list = n;
    dt_lock_drop(&lock);
    __atomic_fetch_add(&dt_freed_noted, 1, __ATOMIC_RELAXED);
}

void dt_freed_init(void)
{
    dt_on_sync_freed = note;
}

/* Inside the core. */
static struct noted *take(const struct dt_task *t)
{
    struct noted *mine = NULL;
    dt_lock_take(&lock);
    for (struct noted **p = &list; *p;) {
        struct noted *n = *p;
        if (n->by != t) {
            p = &n->next;
            continue;
        }
        *p = n->next;
        n->next = mine;
        mine = n;
        __atomic_fetch_sub(&dt_freed_noted, 1, __ATOMIC_RELAXED);
    }
    dt_lock_drop(&lock);
    return mine;
}

void dt_freed_drop(struct dt_task *t)
{
    if (!__atomic_load_n(&dt_freed_noted, __ATOMIC_RELAXED))
        return;
    dt_begin(t);
    for (struct noted *n = take(t), *next; n; n = next) {
        next = n->next;
        dt_free(n, sizeof *n);
    }
    dt_finish(t);
}

void dt_freed_forked(void)
{
    lock = 0;
    list = NULL;
    dt_freed_noted = 0;
}

/* --- the report --- */

static const char *const native_kinds[] = {
    [DT_SYNC_MUTEX] = "mutex",
    [DT_SYNC_RWLOCK] = "rwlock",
    [DT_SYNC_SPIN] = "spinlock",
    [DT_SYNC_COND] = "cond",
    [DT_SYNC_SEMAPHORE] = "semaphore",
    [DT_SYNC_BARRIER] = "barrier",
    [DT_SYNC_SHARED] = "mutex",
};

/* It still runs: a forked child has none of its parent's other threads, and a lock that was
 * abandoned is another finding. */
static bool holder_runs(const struct noted *n)
{
    if (!n->holder)
        return false;
    const struct dt_thread *th = dt_thread_by_uid(n->holder);
    if (th)
        return th->state == DT_THREAD_RUNNING;
    struct dt_task_info info;
    return dt_task_info_find_uid(n->holder, &info) && info.kind == DT_TASK_GOROUTINE;
}

static const char *kind_of(uint8_t what)
{
    if (what >= DT_SYNC_GORC)
        return dt_object_kind((enum gorc__object_kind)(what - DT_SYNC_GORC));
    return native_kinds[what];
}

static const char *rule_of(const char *freed, bool waits)
{
    if (strcmp(freed, "moved") == 0)
        return "moved-while-locked";
    if (strcmp(freed, "destroyed") == 0)
        return "destroy-while-waiting";
    return waits ? "free-while-waiting" : "free-locked";
}

/* w NULL: nobody waits, but it is held. */
static void report(struct dt_task *t, const struct noted *n, const struct dt_waiter *w,
    const char *freed, uintptr_t pc)
{
    char words[80];
    struct dt_text text = {words, sizeof words};
    const char *kind = kind_of(n->what);
    if (!w)
        dt_text_add(&text, "locked ");
    dt_text_add(&text, kind);
    dt_text_add(&text, " ");
    dt_text_add(&text, freed);
    if (w)
        dt_text_add(&text, w->task->kind == DT_TASK_GOROUTINE ? " while a goroutine waits on it"
                                                              : " while a thread waits on it");
    struct dt_earlier earlier = {.n = 0};
    struct dt_finding f = {
        .kind = "misuse",
        .rule = rule_of(freed, w != NULL),
        .words = words,
        .certainty = DT_CERTAIN,
        .object = {.kind = kind,
            .name = n->uses.name[0] ? n->uses.name : NULL,
            .addr = (uintptr_t)n->object},
        .counts = true,
    };
    dt_finding_stack(&f, "misuse", t->info, dt_here_native(t, pc), NULL);
    if (w)
        dt_finding_stack(&f, "blocked", w->task, w->stack, "waits for it");
    if (n->is_held || n->what >= DT_SYNC_GORC)
        dt_earlier_add(&earlier, &f,
            n->what == DT_SYNC_GORC + GORC__OBJ_WAITGROUP ? "last added by" : "last locked by",
            n->uses.locked, n->uses.locked_uid, NULL);
    if (n->uses.created && n->what < DT_SYNC_GORC)
        dt_finding_stack(&f, "object created by", NULL, n->uses.created, NULL);
    dt_finding_creation(&f, t->info);
    if (w)
        dt_finding_creation(&f, w->task);
    dt_earlier_creations(&earlier, &f);
    dt_finish(t);
    dt_finding_add(&f);
    dt_begin(t);
}

/* True: it was reported, and is an object of the library's that the program goes on with. */
static bool look_at(struct dt_task *t, const struct noted *n, const char *freed, uintptr_t pc)
{
    struct dt_waiter w;
    bool waits = dt_waiter_find(n->object, &w);
    if (!waits && !(n->is_held && n->what != DT_SYNC_SHARED && holder_runs(n)))
        return false;
    report(t, n, waits ? &w : NULL, freed, pc);
    return n->what >= DT_SYNC_GORC;
}

bool dt_freed_report_noted(struct dt_task *t, const char *freed, uintptr_t pc)
{
    bool keep = false;
    dt_begin(t);
    for (struct noted *n = take(t), *next; n; n = next) {
        next = n->next;
        keep |= look_at(t, n, freed, pc);
        dt_free(n, sizeof *n);
    }
    dt_finish(t);
    if (keep && strcmp(dt_flags.on_misuse, "continue") != 0)
        abort();
    return keep;
}

/* --- who waits --- */

void dt_waits_begin(struct dt_task *t, const void *object, enum dt_sync_what what)
{
    dt_begin(t);
    struct dt_sync *s = dt_sync_lock(object, true);
    s->what = (uint8_t)what;
    s->waiting++;
    dt_sync_unlock(s);
    dt_finish(t);
}

void dt_waits_end(struct dt_task *t, const void *object)
{
    dt_begin(t);
    struct dt_sync *s = dt_sync_lock(object, false);
    if (s) {
        if (s->waiting)
            s->waiting--;
        dt_sync_unlock(s);
    }
    dt_finish(t);
}

void dt_waits_wake(struct dt_task *t, const void *object, bool all)
{
    struct dt_sync *s = dt_sync_lock(object, true);
    dt_sync_release(t, s);
    if (__builtin_expect(s->waiting != 0, 0))
        s->waiting = all ? 0 : s->waiting - 1;
    dt_sync_unlock(s);
}

void dt_waits_destroy(struct dt_task *t, const void *object, uintptr_t pc)
{
    dt_begin(t);
    struct dt_sync *s = dt_sync_lock(object, false);
    if (s) {
        if (s->what)
            note(s, true);
        dt_sync_unlock(s);
    }
    dt_finish(t);
    dt_freed_report(t, "destroyed", pc);
}
