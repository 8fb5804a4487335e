/* SPDX-License-Identifier: MIT
 *
 * See thread_wait.h. Layouts are those of glibc since 2.25 (nptl); musl's threads are shown with
 * their system call and stack only.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>

#include "thread_wait.h"
#include "util.h"

/* pthread_mutex_t: int lock, unsigned count, int owner, unsigned nusers, int kind. */
enum { MUTEX_OWNER = 8, MUTEX_KIND = 16, MUTEX_KIND_PSHARED = 128 };
/* pthread_rwlock_t: readers, writers, wrphase_futex, writers_futex, pad, pad, cur_writer, shared.
 */
enum { RWLOCK_WRPHASE = 8, RWLOCK_WRITERS_FUTEX = 12, RWLOCK_WRITER = 24, RWLOCK_SHARED = 28 };
/* pthread_cond_t: the two futexes. pthread_barrier_t: current_round. */
enum { COND_SIGNALS = 40, BARRIER_ROUND = 4 };

/* --- system calls --- */

static const struct {
    int64_t number;
    const char *name;
    bool fd, timed;
} calls[] = {
    {SYS_read, "read", true, false},
    {SYS_write, "write", true, false},
    {SYS_readv, "readv", true, false},
    {SYS_writev, "writev", true, false},
    {SYS_pread64, "pread", true, false},
    {SYS_pwrite64, "pwrite", true, false},
    {SYS_recvfrom, "recv", true, false},
    {SYS_recvmsg, "recvmsg", true, false},
    {SYS_sendto, "send", true, false},
    {SYS_sendmsg, "sendmsg", true, false},
    {SYS_accept, "accept", true, false},
    {SYS_accept4, "accept", true, false},
    {SYS_connect, "connect", true, false},
    {SYS_fsync, "fsync", true, false},
    {SYS_fdatasync, "fdatasync", true, false},
    {SYS_flock, "flock", true, false},
    {SYS_fcntl, "fcntl", true, false},
    {SYS_ioctl, "ioctl", true, false},
    {SYS_epoll_pwait, "epoll_wait", true, false},
    {SYS_ppoll, "poll", false, false},
    {SYS_pselect6, "select", false, false},
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, "epoll_wait", true, false},
#endif
#ifdef SYS_poll
    {SYS_poll, "poll", false, false},
#endif
#ifdef SYS_select
    {SYS_select, "select", false, false},
#endif
#ifdef SYS_pause
    {SYS_pause, "pause", false, false},
#endif
    {SYS_nanosleep, "sleep", false, true},
    {SYS_clock_nanosleep, "sleep", false, true},
    {SYS_wait4, "wait for a process", false, false},
    {SYS_waitid, "wait for a process", false, false},
    {SYS_rt_sigsuspend, "sigsuspend", false, false},
    {SYS_rt_sigtimedwait, "sigwait", false, false},
    {SYS_semop, "semop", false, false},
    {SYS_semtimedop, "semop", false, false},
    {SYS_msgrcv, "msgrcv", false, false},
    {SYS_io_getevents, "io_getevents", false, false},
    {SYS_futex, "futex", false, false},
};

static void by_call(const struct thread *t, struct thread_wait *ret)
{
    ret->reason = "system call";
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i].number == t->syscall) {
            ret->reason = calls[i].name;
            ret->timed = calls[i].timed;
            if (calls[i].fd)
                ret->fd = (int)t->args[0];
        }
}

/* --- libc's objects --- */

enum sort { MUTEX, RWLOCK, COND, JOIN, SEM, BARRIER, ONCE };

static const struct {
    const char *function; /* without leading underscores; a prefix */
    enum sort sort;
    const char *reason;
} waits[] = {
    {"pthread_mutex_", MUTEX, "pthread mutex lock"},
    {"pthread_rwlock_rd", RWLOCK, "pthread rwlock rdlock"},
    {"pthread_rwlock_timedrd", RWLOCK, "pthread rwlock rdlock"},
    {"pthread_rwlock_clockrd", RWLOCK, "pthread rwlock rdlock"},
    {"pthread_rwlock_", RWLOCK, "pthread rwlock wrlock"},
    {"pthread_cond_", COND, "pthread cond wait"},
    {"pthread_join", JOIN, "pthread join"},
    {"pthread_timedjoin", JOIN, "pthread join"},
    {"pthread_clockjoin", JOIN, "pthread join"},
    {"thrd_join", JOIN, "pthread join"},
    {"sem_", SEM, "semaphore wait"},
    {"new_sem_", SEM, "semaphore wait"},
    {"pthread_barrier_wait", BARRIER, "pthread barrier wait"},
    {"pthread_once", ONCE, "pthread once"},
};

static const char *plain_name(const char *f)
{
    f += strspn(f, "_");
    if (strncmp(f, "GI_", 3) == 0)
        f += 3;
    return f + strspn(f, "_");
}

static bool is_libc(const char *module)
{
    return module && (strstr(module, "/libc.so") || strstr(module, "/libpthread") ||
                         strstr(module, "/libc-2"));
}

/* A program that is linked statically is its own libc: glibc's, if its stacks begin as glibc's do.
 */
static bool holds_glibc(const struct live *l, const struct stack *s)
{
    for (size_t i = 0; i < l->process->nmodules; i++)
        if (is_libc(l->process->modules[i].path))
            return false;
    for (size_t i = s->nframes; i-- > 0;) {
        const char *f = s->frames[i].function;
        if (f && (strcmp(f, "start_thread") == 0 || strncmp(f, "__libc_start_call_main", 22) == 0))
            return true;
    }
    return false;
}

/* The wait whose function of libc is innermost; a cond's wait ends in the mutex's lock. Of a static
 * program the functions without source are libc's. */
static int find_wait(const struct live *l, const struct stack *s)
{
    bool own = holds_glibc(l, s);
    for (size_t i = 0; i < s->nframes && i < 8; i++) {
        const struct frame *f = &s->frames[i];
        if (!f->function || (own ? f->file != NULL : !is_libc(f->module)))
            continue;
        const char *name = plain_name(f->function);
        for (size_t k = 0; k < sizeof waits / sizeof *waits; k++)
            if (strncmp(name, waits[k].function, strlen(waits[k].function)) == 0)
                return (int)k;
    }
    return -1;
}

static int int_at(const struct live *l, uint64_t addr)
{
    int v = 0;
    return live_read(l, addr, &v, sizeof v) ? v : 0;
}

static void on_mutex(const struct live *l, uint64_t futex, struct thread_wait *ret)
{
    ret->kind = "pthread mutex";
    ret->object = futex;
    ret->holder = int_at(l, futex + MUTEX_OWNER);
    ret->shared = int_at(l, futex + MUTEX_KIND) & MUTEX_KIND_PSHARED;
}

static void on_rwlock(const struct live *l, uint64_t futex, struct thread_wait *ret)
{
    ret->kind = "pthread rwlock";
    ret->object = (futex - RWLOCK_WRPHASE) & ~(uint64_t)7;
    ret->holder = int_at(l, ret->object + RWLOCK_WRITER);
    ret->shared = int_at(l, ret->object + RWLOCK_SHARED) != 0;
}

static void on_object(const struct live *l, uint64_t futex, int wait, struct thread_wait *ret)
{
    ret->reason = waits[wait].reason;
    switch (waits[wait].sort) {
    case MUTEX:
        on_mutex(l, futex, ret);
        break;
    case RWLOCK:
        on_rwlock(l, futex, ret);
        break;
    case COND:
        ret->kind = "pthread cond";
        ret->object = (futex - COND_SIGNALS) & ~(uint64_t)7;
        break;
    case JOIN:
        ret->kind = "thread";
        ret->holder = int_at(l, futex); /* the thread's id, until it has ended */
        break;
    case SEM:
        ret->kind = "semaphore";
        ret->object = futex;
        break;
    case BARRIER:
        ret->kind = "pthread barrier";
        ret->object = futex - BARRIER_ROUND;
        break;
    case ONCE:
        ret->kind = "pthread once";
        ret->object = futex;
        break;
    }
}

void thread_wait(
    const struct live *l, const struct thread *t, const struct stack *s, struct thread_wait *ret)
{
    *ret = (struct thread_wait){.fd = -1};
    if (!t->in_syscall)
        return;
    by_call(t, ret);
    if (t->syscall != SYS_futex)
        return;
    int wait = find_wait(l, s);
    unsigned op = (unsigned)t->args[1] & FUTEX_CMD_MASK;
    if (wait >= 0)
        on_object(l, t->args[0], wait, ret);
    ret->timed = t->args[3] != 0 && op != FUTEX_UNLOCK_PI;
    if (!((unsigned)t->args[1] & FUTEX_PRIVATE_FLAG) && wait >= 0 && waits[wait].sort != JOIN)
        ret->shared = true;
}
