/* SPDX-License-Identifier: MIT
 *
 * See world.h. The list of threads is read from /proc until it does not change any more: a thread
 * that was just being made is stopped in the next round.
 *
 * The signal's disposition is ours only while the world is stopped, unless a thread has not
 * answered: then it stays, since the signal may still come.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/lock.h"
#include "lib/inspect.h"
#include "runtime/dump.h"
#include "runtime/procfs.h"
#include "runtime/starved.h"
#include "runtime/thread.h"
#include "runtime/world.h"

enum {
    PART = 4 << 20,
    FIRST_THREADS = 256,
    ROUNDS = 16,
    PATIENCE_MS = 200,
    MONITOR_LOOKS = 1000,
    MONITOR_MS = 20,
    BEGIN_MS = 10,
    KERNEL_SIGSET = 8 /* bytes */
};

/* --- the arena --- */

static void *arena_alloc(void *arg, size_t size)
{
    return dt_arena_alloc(arg, size);
}

void dt_arena_init(struct dt_arena *a)
{
    *a = (struct dt_arena){.memory = {arena_alloc, a}};
}

void *dt_arena_alloc(struct dt_arena *a, size_t size)
{
    struct dt_arena_part *p = a->parts;
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + 15) & ~(size_t)15;
    if (!p || p->size - p->used < size) {
        size_t bytes = size + 64 > PART ? size + 64 : PART;
        bytes = (bytes + 4095) & ~(size_t)4095;
        p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
            -1, 0);
        if (p == MAP_FAILED)
            return NULL;
        p->older = a->parts;
        p->size = bytes;
        p->used = 64;
        a->parts = p;
    }
    p->used += size;
    return (char *)p + p->used - size;
}

void dt_arena_drop(struct dt_arena *a)
{
    for (struct dt_arena_part *p = a->parts, *older; p; p = older) {
        older = p->older;
        munmap(p, p->size);
    }
    a->parts = NULL;
}

/* --- the handler --- */

static dt_lock busy;
static struct dt_world *now_stopped; /* atomic */
static uint32_t epoch;               /* futex: changes when the world goes on */
static int stop_signal;
static bool signal_is_ours;

static void copy_regs(struct dt_stopped *s, const ucontext_t *uc)
{
#if defined(__x86_64__)
    s->sp = (uintptr_t)uc->uc_mcontext.gregs[REG_RSP];
    for (int i = 0; i < NGREG; i++)
        s->regs[s->n_regs++] = (uintptr_t)uc->uc_mcontext.gregs[i];
    if (uc->uc_mcontext.fpregs) {
        memcpy(&s->regs[s->n_regs], uc->uc_mcontext.fpregs->_xmm, 256);
        s->n_regs += 256 / sizeof(uintptr_t);
    }
#elif defined(__aarch64__)
    s->sp = (uintptr_t)uc->uc_mcontext.sp;
    for (int i = 0; i < 31; i++)
        s->regs[s->n_regs++] = (uintptr_t)uc->uc_mcontext.regs[i];
#endif
    s->has_regs = s->sp != 0;
}

static struct dt_stopped *find(const struct dt_world *w, int tid)
{
    for (uint32_t i = 0; w && i < w->n; i++)
        if (w->threads[i].tid == tid)
            return &w->threads[i];
    return NULL;
}

static void on_stop(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)info;
    int saved = errno;
    uint32_t seen = __atomic_load_n(&epoch, __ATOMIC_ACQUIRE);
    struct dt_stopped *s =
        find(__atomic_load_n(&now_stopped, __ATOMIC_ACQUIRE), (int)syscall(SYS_gettid));
    if (s && !s->state) {
        copy_regs(s, context);
        __atomic_store_n(&s->state, 1, __ATOMIC_RELEASE);
        while (__atomic_load_n(&epoch, __ATOMIC_ACQUIRE) == seen)
            syscall(SYS_futex, &epoch, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
    }
    errno = saved;
}

/* The highest real-time signal at its default, but the dump's. Signals are asked for with libc's
 * own calls, which tell what the kernel has. */
static bool take_signal(void)
{
    struct sigaction old,
        act = {.sa_sigaction = on_stop, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    sigfillset(&act.sa_mask);
    if (signal_is_ours && sigaction(stop_signal, NULL, &old) == 0 && old.sa_sigaction == on_stop)
        return true;
    for (int sig = SIGRTMAX; sig >= SIGRTMIN; sig--) {
        if (sig == DT_DUMP_SIGNAL || sigaction(sig, NULL, &old) != 0 ||
            (old.sa_flags & SA_SIGINFO) || old.sa_handler != SIG_DFL)
            continue;
        stop_signal = sig;
        signal_is_ours = sigaction(sig, &act, NULL) == 0;
        return signal_is_ours;
    }
    return false;
}

static void drop_signal(const struct dt_world *w)
{
    struct sigaction dfl = {.sa_handler = SIG_DFL};
    for (uint32_t i = 0; i < w->n; i++)
        if (!w->threads[i].in_call && !w->threads[i].state)
            return;
    sigaction(stop_signal, &dfl, NULL);
    signal_is_ours = false;
}

/* --- the threads --- */

struct tid_search {
    int tid;
    struct dt_thread *found;
};

static bool has_tid(struct dt_thread *th, void *arg)
{
    struct tid_search *s = arg;
    if (th->tid == s->tid && th->state == DT_THREAD_RUNNING)
        s->found = th;
    return !s->found;
}

/* Published and at rest: its registers are those of the wait. */
static bool read_call(struct dt_stopped *s)
{
    struct dt_wait wait;
    if (!s->thread || !dt_wait_read(s->thread, &wait) || !wait.regs[1])
        return false;
    s->in_call = s->has_regs = true;
    s->seq = wait.seq;
    s->sp = wait.regs[1];
    s->n_regs = sizeof wait.regs / sizeof *wait.regs;
    memcpy(s->regs, wait.regs, sizeof wait.regs);
    return true;
}

struct status {
    char state; /* the kernel's letter, 0: there is no such thread */
    bool blocks;
};

static struct status read_status(int tid)
{
    char text[2048], *p;
    dt_proc_read_task(tid, "status", text, sizeof text);
    p = strstr(text, "State:\t");
    struct status s = {.state = p ? p[7] : 0};
    p = strstr(text, "SigBlk:\t");
    if (!p)
        return s;
    uint64_t mask = 0;
    for (p += 8; *p && *p != '\n'; p++)
        mask = mask << 4 | (uint64_t)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
    s.blocks = mask >> (stop_signal - 1) & 1;
    return s;
}

/* Main's thread, after pthread_exit, is there until the process ends. */
static bool has_ended(char state)
{
    return state == 0 || state == 'Z' || state == 'X';
}

/* A thread begins with all signals blocked, and ends so; the monitor always has them so, and may
 * just be starting. */
static struct status settled_status(int tid)
{
    struct dt_patience patience = {.limit = BEGIN_MS};
    struct status s = read_status(tid);
    while (s.blocks && !has_ended(s.state) && !gorc__inspect_is_monitor(tid) &&
           dt_patience_pause(&patience, dt_starved(tid)))
        s = read_status(tid);
    return s;
}

static bool monitor_rests(int tid, char state)
{
    struct dt_patience patience = {.limit = MONITOR_MS};
    for (int looks = 0; state != 'S' || gorc__inspect_is_firing(); looks++) {
        if (looks < MONITOR_LOOKS)
            syscall(SYS_sched_yield);
        else if (!dt_patience_pause(&patience, dt_starved(tid)))
            return false;
        state = read_status(tid).state;
    }
    return true;
}

static void signal_one(struct dt_world *w, struct dt_stopped *s)
{
    struct status is = settled_status(s->tid);
    if (!has_ended(is.state) && !is.blocks &&
        syscall(SYS_tgkill, getpid(), s->tid, stop_signal) == 0)
        return;
    s->state = 1; /* not waited for: it has ended, or cannot be stopped */
    if (!has_ended(is.state) && is.blocks)
        w->complete &= gorc__inspect_is_monitor(s->tid) && monitor_rests(s->tid, is.state);
}

static void stop_one(struct dt_world *w, int tid)
{
    if (w->n == w->cap) {
        w->complete = false;
        return;
    }
    struct dt_stopped *s = &w->threads[w->n];
    struct tid_search search = {tid, NULL};
    *s = (struct dt_stopped){.tid = tid};
    dt_threads_each(has_tid, &search);
    s->thread = search.found;
    bool rests = read_call(s);
    __atomic_store_n(&w->n, w->n + 1, __ATOMIC_RELEASE);
    if (!rests)
        signal_one(w, s);
}

struct stop_new {
    struct dt_world *w;
    int fresh;
};

static void stop_if_new(int tid, void *arg)
{
    struct stop_new *s = arg;
    if (find(s->w, tid))
        return;
    stop_one(s->w, tid);
    s->fresh++;
}

/* Stops the threads that are not in the list; returns how many, -1 when /proc is not there. */
static int stop_new(struct dt_world *w)
{
    struct stop_new s = {w, 0};
    return dt_tids_each(stop_if_new, &s) ? s.fresh : -1;
}

/* Room for all threads there are and some more: the handlers hold pointers into the list. */
static void make_room(struct dt_world *w)
{
    uint32_t n = FIRST_THREADS;
    char buffer[4096];
    long bytes;
    int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && (bytes = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0)
        n += (uint32_t)(bytes / 24); /* the least that an entry takes */
    if (fd >= 0)
        close(fd);
    w->threads = dt_arena_alloc(w->arena, n * sizeof *w->threads);
    w->cap = w->threads ? n : 0;
}

/* The first thread that has not stopped, NULL: all have. */
static struct dt_stopped *first_running(const struct dt_world *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (!w->threads[i].in_call && !__atomic_load_n(&w->threads[i].state, __ATOMIC_ACQUIRE))
            return &w->threads[i];
    return NULL;
}

static bool wait_stopped(const struct dt_world *w)
{
    for (unsigned round = 0; round < 64; round++) {
        if (!first_running(w))
            return true;
        syscall(SYS_sched_yield);
    }
    struct dt_patience patience = {.limit = PATIENCE_MS};
    for (struct dt_stopped *s; (s = first_running(w));) {
        if (has_ended(read_status(s->tid).state)) /* before it saw the signal */
            s->state = 1;
        else if (!dt_patience_pause(&patience, dt_starved(s->tid)))
            return false;
    }
    return true;
}

/* One that was left in its call and has come out of it is stopped like the others. */
static bool stop_woken(struct dt_world *w)
{
    bool any = false;
    for (uint32_t i = 0; i < w->n; i++) {
        struct dt_stopped *s = &w->threads[i];
        if (!s->in_call || __atomic_load_n(&s->thread->wait.seq, __ATOMIC_ACQUIRE) == s->seq)
            continue;
        any = true;
        s->n_regs = 0;
        s->in_call = s->has_regs = false;
        if (!read_call(s))
            signal_one(w, s);
    }
    return any;
}

void dt_world_stop(struct dt_world *w, struct dt_arena *arena)
{
    *w = (struct dt_world){.arena = arena, .complete = true};
    dt_lock_take(&busy);
    if (!take_signal()) {
        w->complete = false;
        return;
    }
    make_room(w);
    __atomic_store_n(&now_stopped, w, __ATOMIC_RELEASE);
    bool settled = false;
    for (int round = 0; round < ROUNDS && !settled; round++) {
        int fresh = stop_new(w);
        bool woken = stop_woken(w);
        if (fresh < 0 || !wait_stopped(w))
            w->complete = false;
        settled = fresh <= 0 && !woken;
    }
    w->complete &= settled;
}

bool dt_world_stood_still(const struct dt_world *w)
{
    for (uint32_t i = 0; i < w->n; i++) {
        const struct dt_stopped *s = &w->threads[i];
        if (s->in_call && __atomic_load_n(&s->thread->wait.seq, __ATOMIC_ACQUIRE) != s->seq)
            return false;
    }
    return true;
}

void dt_world_resume(struct dt_world *w)
{
    if (signal_is_ours)
        drop_signal(w);
    __atomic_store_n(&now_stopped, NULL, __ATOMIC_RELEASE);
    __atomic_fetch_add(&epoch, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &epoch, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    dt_lock_drop(&busy);
}

void dt_world_forked(void)
{
    now_stopped = NULL;
    busy = 0;
}
