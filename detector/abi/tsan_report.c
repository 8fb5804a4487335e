/* SPDX-License-Identifier: MIT
 *
 * A finding as sanitizer/tsan_interface.h takes it apart: accesses ("mops"), one location, mutexes,
 * threads. The handle is the finding itself with what is asked for by number counted once; it is
 * valid inside __tsan_on_report. Strings live as long.
 *
 * Numbers of threads: main is 0, thread tN is N, goroutine gN is N + 1000000.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "abi/exported.h"
#include "abi/tsan_report.h"
#include "base/dalloc.h"
#include "base/lock.h"
#include "core/shadow.h"
#include "core/sync.h"
#include "report/finding.h"
#include "report/modules.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

typedef unsigned long uptr;
enum { FIRST_GOROUTINE = 1000000, MAX_THREADS = 64, MAX_MUTEXES = 8 };

struct report {
    struct report *next; /* of those that are being handed over */
    const struct dt_task *task;
    const struct dt_finding *f;
    size_t nmops, nlocs, nmutexes, nthreads;
    const struct dt_task_info *threads[MAX_THREADS];
    struct dt_held_lock mutexes[MAX_MUTEXES];
};

EXPORT void __tsan_on_report(void *report);
EXPORT void *__tsan_get_current_report(void);

/* The program's own is called in place of this one. */
__attribute__((weak)) void __tsan_on_report(void *report)
{
    (void)report;
}

static dt_lock lock;
static struct report *active;

/* --- taking a finding apart --- */

static int number_of(const struct dt_task_info *t)
{
    if (!t || t->kind == DT_TASK_MAIN)
        return 0;
    return (int)t->id + (t->kind == DT_TASK_GOROUTINE ? FIRST_GOROUTINE : 0);
}

static bool is_access(const struct report *r, size_t i)
{
    return i < 2 && r->f->access[i].size != 0;
}

static void add_thread(struct report *r, const struct dt_task_info *t)
{
    for (size_t i = 0; i < r->nthreads; i++)
        if (r->threads[i] == t)
            return;
    if (t && r->nthreads < MAX_THREADS)
        r->threads[r->nthreads++] = t;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

static void add_object(struct report *r)
{
    const struct dt_task *t = r->task;
    const char *kind = r->f->object.kind;
    bool is_lock =
        kind && (strstr(kind, "mutex") || ends_with(kind, "rwlock") || ends_with(kind, "spinlock"));
    if (is_lock)
        r->mutexes[r->nmutexes++] = (struct dt_held_lock){.lock = (void *)r->f->object.addr};
    else
        r->nlocs = kind != NULL;
    for (uint32_t i = 0; r->nmops && i < t->nheld && r->nmutexes < MAX_MUTEXES; i++)
        r->mutexes[r->nmutexes++] = t->held[i];
}

static void take_apart(struct report *r)
{
    const struct dt_finding *f = r->f;
    while (r->nmops < 2 && is_access(r, r->nmops))
        r->nmops++;
    for (size_t i = 0; i < f->nstacks; i++) {
        add_thread(r, f->stacks[i].task);
        add_thread(r, f->stacks[i].child);
    }
    add_object(r);
}

bool dt_tsan_report_wanted(void)
{
    return !dt_module_is_ours((uintptr_t)__tsan_on_report);
}

void dt_tsan_report(const struct dt_finding *f)
{
    bool is_wanted = dt_tsan_report_wanted();
    struct report *r = is_wanted ? dt_map(sizeof *r) : NULL;
    if (!r)
        return;
    r->f = f;
    r->task = dt_self;
    take_apart(r);
    dt_lock_take(&lock);
    r->next = active;
    active = r;
    dt_lock_drop(&lock);
    __tsan_on_report(r);
    dt_lock_take(&lock);
    struct report **p = &active;
    while (*p != r)
        p = &(*p)->next;
    *p = r->next;
    dt_lock_drop(&lock);
    dt_unmap(r, sizeof *r);
}

void *__tsan_get_current_report(void)
{
    dt_lock_take(&lock);
    struct report *r = active;
    while (r && r->task != dt_self)
        r = r->next;
    dt_lock_drop(&lock);
    return r;
}

/* --- stacks --- */

static void copy_pcs(const uintptr_t *pcs, size_t n, void **trace, uptr size)
{
    uptr i = 0;
    for (; i < n && i < size; i++)
        trace[i] = (void *)pcs[i];
    if (i < size)
        trace[i] = NULL; /* the end, as the callers expect it */
}

static void copy_stack(const struct dt_finding_stack *s, void **trace, uptr size)
{
    uintptr_t pcs[DT_MAX_FRAMES];
    copy_pcs(pcs, s ? dt_finding_stack_pcs(s, pcs) : 0, trace, size);
}

static void copy_id(dt_stackid id, void **trace, uptr size)
{
    uintptr_t pcs[DT_MAX_FRAMES];
    copy_pcs(pcs, dt_stack_pcs(id, pcs, DT_MAX_FRAMES), trace, size);
}

static const struct dt_finding_stack *with_role(const struct report *r, const char *role)
{
    for (size_t i = 0; i < r->f->nstacks; i++)
        if (strcmp(r->f->stacks[i].role, role) == 0)
            return &r->f->stacks[i];
    return NULL;
}

/* --- the words --- */

static const struct {
    const char *rule, *words;
} words[] = {
    {"destroy-locked", "locked-mutex-destroy"},
    {"unlock-of-unlocked", "mutex-bad-unlock"},
    {"unlock-by-other", "mutex-bad-unlock"},
    {"double-lock", "mutex-double-lock"},
    {"mutex-invalid", "mutex-invalid-access"},
    {"runlock-of-unlocked", "mutex-bad-read-unlock"},
    {"signal-unsafe-call", "signal-unsafe-call"},
    {"errno-in-handler", "errno-in-signal-handler"},
    {"lock-held-at-check", "mutex-held-in-wrong-context"},
    {"lock-order", "lock-order-inversion"},
};

static const char *description(const struct dt_finding *f)
{
    const char *rule = f->rule ? f->rule : f->kind;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].rule, rule) == 0 || strcmp(words[i].rule, f->kind) == 0)
            return words[i].words;
    return rule; /* data-race, heap-use-after-free, thread-leak: the same */
}

static const char *location_type(const char *kind)
{
    return strcmp(kind, "heap block") == 0 ? "heap" : kind;
}

/* --- the calls --- */

EXPORT int __tsan_get_report_data(void *report, const char **description_, int *count,
    int *stack_count, int *mop_count, int *loc_count, int *mutex_count, int *thread_count,
    int *unique_tid_count, void **sleep_trace, uptr trace_size);
EXPORT int __tsan_get_report_tag(void *report, uptr *tag);
EXPORT int __tsan_get_report_stack(void *report, uptr i, void **trace, uptr size);
EXPORT int __tsan_get_report_mop(void *report, uptr i, int *tid, void **addr, int *size, int *write,
    int *atomic, void **trace, uptr trace_size);
EXPORT int __tsan_get_report_loc(void *report, uptr i, const char **type, void **addr, void **start,
    uptr *size, int *tid, int *fd, int *suppressable, void **trace, uptr trace_size);
EXPORT int __tsan_get_report_loc_object_type(void *report, uptr i, const char **type);
EXPORT int __tsan_get_report_mutex(
    void *report, uptr i, uint64_t *id, void **addr, int *destroyed, void **trace, uptr trace_size);
EXPORT int __tsan_get_report_thread(void *report, uptr i, int *tid, uint64_t *os_id, int *running,
    const char **name, int *parent_tid, void **trace, uptr trace_size);
EXPORT int __tsan_get_report_unique_tid(void *report, uptr i, int *tid);

int __tsan_get_report_data(void *report, const char **description_, int *count, int *stack_count,
    int *mop_count, int *loc_count, int *mutex_count, int *thread_count, int *unique_tid_count,
    void **sleep_trace, uptr trace_size)
{
    const struct report *r = report;
    *description_ = description(r->f);
    *count = 1;
    *stack_count = r->nmops ? 0 : (int)r->f->nstacks;
    *mop_count = (int)r->nmops;
    *loc_count = (int)r->nlocs;
    *mutex_count = (int)r->nmutexes;
    *thread_count = (int)r->nthreads;
    *unique_tid_count = (int)r->nthreads;
    if (trace_size)
        sleep_trace[0] = NULL;
    return 1;
}

int __tsan_get_report_tag(void *report, uptr *tag)
{
    (void)report;
    *tag = 0;
    return 1;
}

int __tsan_get_report_stack(void *report, uptr i, void **trace, uptr size)
{
    const struct report *r = report;
    if (i >= r->f->nstacks)
        return 0;
    copy_stack(&r->f->stacks[i], trace, size);
    return 1;
}

int __tsan_get_report_mop(void *report, uptr i, int *tid, void **addr, int *size, int *write,
    int *atomic, void **trace, uptr trace_size)
{
    const struct report *r = report;
    if (i >= r->nmops)
        return 0;
    const struct dt_finding_stack *s = &r->f->stacks[i];
    *tid = number_of(s->task);
    *addr = (void *)r->f->access[i].addr;
    *size = (int)r->f->access[i].size;
    *write = strstr(s->role, "write") || strcmp(s->role, "free") == 0;
    *atomic = s->note && strncmp(s->note, "atomic", 6) == 0;
    copy_stack(s, trace, trace_size);
    return 1;
}

int __tsan_get_report_loc(void *report, uptr i, const char **type, void **addr, void **start,
    uptr *size, int *tid, int *fd, int *suppressable, void **trace, uptr trace_size)
{
    const struct report *r = report;
    if (i >= r->nlocs)
        return 0;
    const struct dt_finding_stack *made = with_role(r, "allocated by");
    *type = location_type(r->f->object.kind);
    *addr = (void *)r->f->access[0].addr;
    *start = (void *)r->f->object.addr;
    *size = r->f->object.size;
    *tid = number_of(made ? made->task : NULL);
    *fd = 0;
    *suppressable = 0;
    copy_stack(made, trace, trace_size);
    return 1;
}

int __tsan_get_report_loc_object_type(void *report, uptr i, const char **type)
{
    const struct report *r = report;
    if (i >= r->nlocs)
        return 0;
    *type = "";
    return 1;
}

int __tsan_get_report_mutex(
    void *report, uptr i, uint64_t *id, void **addr, int *destroyed, void **trace, uptr trace_size)
{
    const struct report *r = report;
    if (i >= r->nmutexes)
        return 0;
    struct dt_sync *s = dt_sync_lock(r->mutexes[i].lock, false);
    dt_stackid created = s ? s->created : 0;
    if (s)
        dt_sync_unlock(s);
    *id = i;
    *addr = (void *)(uintptr_t)r->mutexes[i].lock;
    *destroyed = 0;
    copy_id(created ? created : r->mutexes[i].where, trace, trace_size);
    return 1;
}

int __tsan_get_report_thread(void *report, uptr i, int *tid, uint64_t *os_id, int *running,
    const char **name, int *parent_tid, void **trace, uptr trace_size)
{
    const struct report *r = report;
    if (i >= r->nthreads)
        return 0;
    const struct dt_task_info *t = r->threads[i];
    const struct dt_thread *th = dt_thread_by_uid(t->uid);
    *tid = number_of(t);
    *os_id = th ? (uint64_t)th->tid : 0;
    *running = th && th->state == DT_THREAD_RUNNING;
    *name = t->name;
    *parent_tid = number_of(t->parent);
    copy_id(t->created, trace, trace_size);
    return 1;
}

int __tsan_get_report_unique_tid(void *report, uptr i, int *tid)
{
    const struct report *r = report;
    if (i >= r->nthreads)
        return 0;
    *tid = number_of(r->threads[i]);
    return 1;
}

/* --- addresses, for debuggers --- */

EXPORT const char *__tsan_locate_address(
    uptr addr, char *name, uptr name_size, uptr *ret_start, uptr *ret_size);
EXPORT int __tsan_get_alloc_stack(
    uptr addr, uptr *trace, uptr size, int *ret_tid, uint64_t *ret_os_id);

const char *__tsan_locate_address(
    uptr addr, char *name, uptr name_size, uptr *ret_start, uptr *ret_size)
{
    struct dt_finding_object o = {.kind = "global", .addr = addr};
    struct dt_block b;
    if (name_size)
        name[0] = 0;
    if (dt_enter() && dt_block_find(addr, &b))
        o = (struct dt_finding_object){.kind = "heap", .addr = b.addr, .size = b.size};
    else if (dt_describe_address)
        dt_describe_address(addr, &o);
    *ret_start = o.addr;
    *ret_size = o.size;
    return o.kind;
}

int __tsan_get_alloc_stack(uptr addr, uptr *trace, uptr size, int *ret_tid, uint64_t *ret_os_id)
{
    struct dt_block b;
    if (!dt_enter() || !dt_block_find(addr, &b))
        return 0;
    *ret_tid = number_of(b.by);
    *ret_os_id = 0;
    copy_id(b.allocated, (void **)trace, size);
    return 1;
}
