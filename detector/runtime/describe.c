/* SPDX-License-Identifier: MIT
 *
 * Words and stacks for reports; see describe.h. Async-signal-safe throughout.
 */
#define _GNU_SOURCE
#include <link.h>
#include <pthread.h>
#include <string.h>

#include "base/dalloc.h"
#include "base/out.h"
#include "core/stack.h"
#include "core/sync.h"
#include "report/finding.h"
#include "report/unwind.h"
#include "runtime/describe.h"
#include "runtime/locks.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

enum { MAX_HERE = 64 };

dt_stackid dt_here(struct dt_task *t, uintptr_t pc)
{
    if (t->top != t->base)
        return dt_stack_here(t, pc);
    uintptr_t pcs[MAX_HERE];
    size_t n = dt_unwind_here(pc, pcs, MAX_HERE);
    return n ? dt_stack_intern(pcs, n) : dt_stack_here(t, pc);
}

dt_stackid dt_here_native(struct dt_task *t, uintptr_t pc)
{
    uintptr_t pcs[MAX_HERE];
    size_t n = dt_unwind_here(pc, pcs, MAX_HERE);
    return n > (size_t)(t->top - t->base) ? dt_stack_intern(pcs, n) : dt_here(t, pc);
}

const char *dt_object_kind(enum gorc__object_kind kind)
{
    switch (kind) {
    case GORC__OBJ_CHAN:
        return "chan";
    case GORC__OBJ_SELECT:
        return "select";
    case GORC__OBJ_MUTEX:
        return "mutex";
    case GORC__OBJ_RWMUTEX:
        return "rwmutex";
    case GORC__OBJ_WAITGROUP:
        return "wait group";
    case GORC__OBJ_ONCE:
        return "once";
    case GORC__OBJ_COND:
        return "cond";
    case GORC__OBJ_TIMER:
        return "timer";
    case GORC__OBJ_GOROUTINE:
        return "goroutine";
    case GORC__OBJ_FD:
        return "descriptor";
    case GORC__OBJ_CONTEXT:
        return "context";
    case GORC__OBJ_GROUP:
        return "errgroup";
    case GORC__OBJ_SEM:
        return "semaphore";
    case GORC__OBJ_MAP:
        return "map";
    case GORC__OBJ_POOL:
        return "pool";
    case GORC__OBJ_NONE:
        break;
    }
    return NULL;
}

bool dt_object_name(const void *object, char ret_name[24])
{
    struct dt_sync *s = dt_sync_lock(object, false);
    if (!s)
        return false;
    memcpy(ret_name, s->name, sizeof s->name);
    dt_sync_unlock(s);
    return ret_name[0] != 0;
}

/* --- text --- */

void dt_text_add(struct dt_text *t, const char *s)
{
    size_t n = strlen(s);
    if (!t->left)
        return;
    if (n >= t->left)
        n = t->left - 1;
    memcpy(t->at, s, n);
    t->at += n;
    t->left -= n;
    *t->at = 0;
}

void dt_text_u64(struct dt_text *t, uint64_t n)
{
    char digits[24], *p = digits + sizeof digits;
    *--p = 0;
    do
        *--p = (char)('0' + n % 10);
    while (n /= 10);
    dt_text_add(t, p);
}

void dt_text_hex(struct dt_text *t, uint64_t n)
{
    char digits[24], *p = digits + sizeof digits;
    *--p = 0;
    do
        *--p = "0123456789abcdef"[n & 15];
    while (n >>= 4);
    dt_text_add(t, "0x");
    dt_text_add(t, p);
}

void dt_text_ns(struct dt_text *t, int64_t ns)
{
    static const struct {
        int64_t unit;
        const char *name;
    } units[] = {{1000000000, " s"}, {1000000, " ms"}, {1000, " us"}, {1, " ns"}};
    size_t i = 0;
    while (i < 3 && ns < units[i].unit)
        i++;
    dt_text_u64(t, (uint64_t)(ns / units[i].unit));
    uint64_t tenths = (uint64_t)(ns % units[i].unit) * 10 / (uint64_t)units[i].unit;
    if (ns / units[i].unit < 10 && tenths) {
        dt_text_add(t, ".");
        dt_text_u64(t, tenths);
    }
    dt_text_add(t, units[i].name);
}

/* The verb for a reason of waitreason.def; others are shown as they are. */
static const struct {
    const char *reason, *words;
} phrases[] = {
    {"chan send", "to send on"},
    {"chan receive", "to receive from"},
    {"chan receive (timer)", "to receive from the timer's"},
    {"fd read", "to read"},
    {"fd write", "to write"},
    {"accept", "to accept on"},
    {"dial", "for the connection of"},
    {"fd poll", "for"},
    {"fd close", "to close"},
    {"context cancel", "for another cancel of"},
    {"errgroup go", "for a free place in"},
    {"errgroup wait", "for the goroutines of"},
    {"semaphore acquire", "to acquire"},
    {"chan send (nil chan)", "for ever to send on a nil channel"},
    {"chan receive (nil chan)", "for ever to receive from a nil channel"},
    {"select", "in select"},
    {"select (no cases)", "for ever in an empty select"},
    {"sleep", "in sleep"},
    {"mutex lock", "to lock"},
    {"rwmutex lock", "to lock"},
    {"rwmutex rlock", "to lock for reading"},
    {"wait group wait", "for"},
    {"once do", "for"},
    {"cond wait", "for a signal on"},
};

static const char *phrase(const char *reason)
{
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (strcmp(phrases[i].reason, reason) == 0)
            return phrases[i].words;
    return NULL;
}

void dt_describe_wait(struct dt_text *t, const struct gorc__inspect_g *g)
{
    const char *words = g->reason ? phrase(g->reason) : NULL;
    dt_text_add(t, "waits ");
    if (words) {
        dt_text_add(t, words);
    } else {
        dt_text_add(t, "in ");
        dt_text_add(t, g->reason ? g->reason : "an unknown call");
    }
    if (!g->object || !dt_object_kind(g->object_kind) || g->object_kind == GORC__OBJ_TIMER ||
        g->object_kind == GORC__OBJ_SELECT)
        return;
    dt_text_add(t, " ");
    dt_describe_object(t, g);
}

void dt_describe_object(struct dt_text *t, const struct gorc__inspect_g *g)
{
    dt_text_add(t, dt_object_kind(g->object_kind));
    dt_text_add(t, " ");
    if (g->object_kind == GORC__OBJ_FD)
        dt_text_u64(t, (uintptr_t)g->object);
    else
        dt_text_hex(t, (uintptr_t)g->object);
    if (g->object_name && g->object_name[0]) {
        dt_text_add(t, " '");
        dt_text_add(t, g->object_name);
        dt_text_add(t, "'");
    }
}

void dt_describe_holder(struct dt_text *t, const struct gorc__inspect_g *g)
{
    if (g->holder && g->holder == g->goid) {
        dt_text_add(t, ", which it holds itself");
    } else if (g->holder == 1) {
        dt_text_add(t, ", held by main");
    } else if (g->holder) {
        dt_text_add(t, ", held by goroutine ");
        dt_text_u64(t, g->holder);
    }
}

struct holder_search {
    uint64_t goid;
    const struct dt_task *task;
};

static bool is_holder(const struct gorc__inspect_g *g, void *arg)
{
    struct holder_search *s = arg;
    if (g->goid == s->goid && g->task)
        s->task = g->task->detect;
    return !s->task;
}

dt_stackid dt_holder_place(const struct gorc__inspect_g *g, const struct dt_task_info **ret_holder)
{
    struct holder_search s = {g->holder, NULL};
    if (g->holder && g->state == GORC__G_BLOCKED)
        gorc__inspect_goroutines(is_holder, &s);
    const struct dt_held_lock *h = s.task ? dt_task_holds(s.task, g->object) : NULL;
    if (!h)
        return 0;
    *ret_holder = s.task->info;
    return h->where;
}

/* --- stacks --- */

/* The shadow stack of a task that may be running: what it held a moment ago. */
static size_t shadow_stack(const struct dt_task *task, uintptr_t *ret_pcs, size_t max)
{
    size_t n = 0;
    struct dt_frame *base = task->base, *top = task->top;
    if (!base || top < base || top > task->limit)
        return 0;
    for (struct dt_frame *f = top; f > base && n < max; f--)
        if (f->pc)
            ret_pcs[n++] = f->pc;
    return n;
}

/* What a shadow stack says of a task that runs: it holds return addresses, so the function that
 * runs now is known only where it is the task's first. */
static size_t running_stack(
    const struct dt_task *task, uintptr_t entry, uintptr_t *ret_pcs, size_t max)
{
    size_t n = task && max > 1 ? shadow_stack(task, ret_pcs + 1, max - 1) : 0;
    if (n <= 1 && entry && max) {
        ret_pcs[0] = entry + 1; /* callers take one off a return address */
        return n + 1;
    }
    for (size_t i = 0; i < n; i++)
        ret_pcs[i] = ret_pcs[i + 1];
    return n;
}

static struct dt_regs waiting_regs(const struct dt_wait *w)
{
    return (struct dt_regs){w->regs[0], w->regs[1], w->regs[2], w->regs[3], w->regs[4], w->regs[5],
        w->regs[6], w->regs[7]};
}

static struct dt_regs regs_of(const struct gorc__inspect_g *g)
{
    return (struct dt_regs){g->regs.pc, g->regs.sp, g->regs.bp, g->regs.bx, g->regs.r12,
        g->regs.r13, g->regs.r14, g->regs.r15};
}

static size_t waiting_stack(const struct dt_wait *w, uintptr_t *ret_pcs, size_t max)
{
    struct dt_regs r = waiting_regs(w);
    return r.pc ? dt_unwind_regs(&r, ret_pcs, max) : 0;
}

struct wait_search {
    const struct dt_task *task;
    struct dt_wait *wait;
    bool found;
};

static bool waits_for_task(struct dt_thread *th, void *arg)
{
    struct wait_search *s = arg;
    s->found = dt_wait_read(th, s->wait) && s->wait->task == s->task;
    return !s->found;
}

bool dt_goroutine_wait(const struct gorc__inspect_g *g, struct dt_wait *ret_wait)
{
    struct wait_search s = {g->task ? g->task->detect : NULL, ret_wait, false};
    if (s.task && (g->state == GORC__G_RUNNING || g->state == GORC__G_BLOCKING || g->is_foreign))
        dt_threads_each(waits_for_task, &s);
    return s.found;
}

void dt_describe_call(struct dt_text *t, const struct dt_wait *w)
{
    dt_text_add(t, "waits in ");
    dt_text_add(t, w->reason);
    if (w->object && w->reason != dt_wait_join) {
        dt_text_add(t, " ");
        dt_text_hex(t, (uintptr_t)w->object);
    }
}

size_t dt_goroutine_stack_slots(const struct gorc__inspect_g *g, uintptr_t *ret_pcs, size_t max,
    struct dt_unwind_slots *ret_slots)
{
    size_t n = 0;
    struct dt_wait w;
    if (ret_slots)
        ret_slots->n = 0;
    if ((g->state == GORC__G_BLOCKED || g->state == GORC__G_RUNNABLE) && g->regs.pc && g->regs.sp) {
        struct dt_regs r = regs_of(g);
        n = dt_unwind_regs_slots(&r, ret_pcs, max, ret_slots);
    } else if (dt_goroutine_wait(g, &w)) {
        n = waiting_stack(&w, ret_pcs, max);
    }
    return n ? n
             : running_stack(g->task ? g->task->detect : NULL, (uintptr_t)g->entry, ret_pcs, max);
}

size_t dt_goroutine_stack(const struct gorc__inspect_g *g, uintptr_t *ret_pcs, size_t max)
{
    return dt_goroutine_stack_slots(g, ret_pcs, max, NULL);
}

size_t dt_thread_stack(const struct dt_thread *th, uintptr_t *ret_pcs, size_t max)
{
    struct dt_wait w;
    size_t n = dt_wait_read(th, &w) ? waiting_stack(&w, ret_pcs, max) : 0;
    uintptr_t entry = th->fn ? (uintptr_t)th->fn : (uintptr_t)th->fn_c11;
    return n ? n : running_stack(th->task, entry, ret_pcs, max);
}

/* --- addresses --- */

struct owner_search {
    uintptr_t addr;
    struct dt_finding_object *object;
    const struct dt_task *task; /* whose stack it is */
    bool found;
};

static size_t tls_size; /* of the objects loaded at the start, at most */

/* Of such an object: its segment is at the same distance from the handle in each thread. */
struct tls_segment {
    struct tls_segment *next;
    uintptr_t object, below, size;
};
static struct tls_segment *tls_segments; /* set once */

static void add_segment(const struct dl_phdr_info *info, const ElfW(Phdr) * tls)
{
    if (!info->dlpi_tls_data)
        return;
    struct tls_segment *s = dt_alloc(sizeof *s);
    *s = (struct tls_segment){.next = tls_segments,
        .object = info->dlpi_addr + (uintptr_t)info->dlpi_phdr[0].p_vaddr,
        .below = (uintptr_t)pthread_self() - (uintptr_t)info->dlpi_tls_data,
        .size = tls->p_memsz};
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD)
            s->object = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    tls_segments = s;
}

static int add_tls(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size, (void)arg;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_TLS)
            continue;
        tls_size += info->dlpi_phdr[i].p_memsz + info->dlpi_phdr[i].p_align;
        add_segment(info, &info->dlpi_phdr[i]);
    }
    return 0;
}

static void set_segment(struct dt_finding_object *o, uintptr_t below)
{
    for (const struct tls_segment *s = tls_segments; s; s = s->next) {
        if (s->below < below || s->below - below >= s->size)
            continue;
        o->tls_object = s->object;
        o->tls_offset = s->below - below;
    }
}

void dt_describe_init(void)
{
    dl_iterate_phdr(add_tls, NULL);
}

/* x86-64 has it just below what the thread's handle points at. */
static bool is_tls(const struct dt_thread *th, uintptr_t addr)
{
    uintptr_t end = (uintptr_t)th->handle;
    return end && addr < end && end - addr <= tls_size;
}

struct task_search {
    const struct dt_task_info *task;
    int tid;
    bool runs;
};

static bool runs_task(struct dt_thread *th, void *arg)
{
    struct task_search *s = arg;
    if (th->uid != s->task->uid)
        return true;
    s->tid = th->tid;
    s->runs = th->task != NULL && !th->task->ended;
    return false;
}

bool dt_task_runs(const struct dt_task_info *task, int *ret_tid)
{
    struct task_search s = {task, 0, false};
    if (task->kind == DT_TASK_GOROUTINE)
        return true; /* or not: nobody keeps a list of those that have ended */
    dt_threads_each(runs_task, &s);
    *ret_tid = s.tid;
    return s.runs;
}

static bool thread_owns(struct dt_thread *th, void *arg)
{
    struct owner_search *o = arg;
    if (th->task && is_tls(th, o->addr)) {
        o->object->kind = "TLS";
        o->object->name = NULL;
        o->object->task = th->task->info;
        set_segment(o->object, (uintptr_t)th->handle - o->addr);
        o->found = true;
        return false;
    }
    if (o->addr < th->stack_lo || o->addr >= th->stack_hi || !th->task)
        return true;
    o->object->kind = "stack";
    o->object->name = th->label;
    o->object->task = th->task->info;
    o->task = th->task;
    o->object->addr = th->stack_lo;
    o->object->size = th->stack_hi - th->stack_lo;
    o->found = true;
    return false;
}

static bool goroutine_owns(const struct gorc__inspect_g *g, void *arg)
{
    struct owner_search *o = arg;
    if (o->addr < g->stack_lo || o->addr >= g->stack_hi)
        return true;
    o->object->kind = "stack";
    o->object->name = g->name;
    struct dt_task *task = g->task ? g->task->detect : NULL;
    o->object->task = task ? task->info : NULL;
    o->task = task;
    o->object->addr = g->stack_lo;
    o->object->size = g->stack_hi - g->stack_lo;
    o->found = true;
    return false;
}

struct regs_search {
    const struct dt_task *task;
    struct dt_regs regs;
};

static bool parked_regs(const struct gorc__inspect_g *g, void *arg)
{
    struct regs_search *s = arg;
    if (!g->task || g->task->detect != s->task)
        return true;
    if (g->state == GORC__G_BLOCKED || g->state == GORC__G_RUNNABLE)
        s->regs = regs_of(g);
    return false;
}

/* The frame of a task that runs on another thread cannot be told. */
static void set_frame(struct dt_finding_object *o, const struct dt_task *task, uintptr_t addr)
{
    struct regs_search s = {.task = task};
    struct dt_wait w;
    struct wait_search waits = {task, &w, false};
    if (task != dt_self) {
        if (gorc__inspect_started())
            gorc__inspect_goroutines(parked_regs, &s);
        if (!s.regs.pc)
            dt_threads_each(waits_for_task, &waits);
        if (waits.found)
            s.regs = waiting_regs(&w);
        if (!s.regs.pc || !s.regs.sp)
            return;
    }
    if (!dt_unwind_frame(task == dt_self ? NULL : &s.regs, addr, &o->frame_pc, &o->cfa))
        o->frame_pc = o->cfa = 0;
}

bool dt_address_owner(uintptr_t addr, struct dt_finding_object *ret_object)
{
    struct owner_search o = {addr, ret_object, NULL, false};
    dt_threads_each(thread_owns, &o);
    if (!o.found && gorc__inspect_started())
        gorc__inspect_goroutines(goroutine_owns, &o);
    if (o.task)
        set_frame(ret_object, o.task, addr);
    return o.found;
}
