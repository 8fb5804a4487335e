/* SPDX-License-Identifier: MIT
 *
 * The monitor thread: what no worker sees to because it is in the program's code. It
 *  - publishes what a P hides (run_next, its hand) when the owner has not switched for 20 us and
 *    somebody could run it;
 *  - takes the P of a worker that has not switched for 10 ms while work waits, and gives it to
 *    another worker; after 100 us already if the worker's thread uses no CPU time: then it sits in
 *    a system call. The more threads do, the longer it waits, so that their number is bounded;
 *  - runs timers and looks at descriptors that are overdue;
 *  - wakes workers for work that is visible and nobody runs;
 *  - keeps the coarse clock;
 *  - gives stacks back that nobody needed for a while (trim.c).
 * It looks every 20 us while it finds something to do, every 150 us while a worker seems to be
 * stuck, backs off to 10 ms, and sleeps for good when all Ps are idle. It holds no P and never runs
 * the program's code.
 */
#include <gorc/time.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/misuse.h"
#include "os/futex.h"
#include "os/membarrier.h"
#include "sched/g.h"
#include "sched/runq.h"

#define MIN_DELAY 20000
#define MAX_DELAY 10000000
#define HIDDEN_PATIENCE 20000
#define TIMER_PATIENCE 200000
#define WATCHED_PATIENCE 2000000
#define BLOCKED_PATIENCE 100000
#define SUSPECT_DELAY 150000
#define POLL_PATIENCE 2000000
#define ASLEEP_CHECK 500000000

/* Takes p from m, or only what it hides; fails when m is in the library just now. With GORC_DEBUG a
 * worker's `taking` is always set. */
bool gorc__take(struct gorc__m *m, struct gorc__p *p, bool only_hidden)
{
    uint32_t usual = gorc__sched.debug != 0;
    gorc__lock(&m->take_lock);
    if (m->p != p || atomic_load(&m->taking) != usual || atomic_load(&gorc__sched.stopping)) {
        gorc__unlock(&m->take_lock);
        return false;
    }
    atomic_store(&m->taking, 1);
    gorc__membarrier();
    if (atomic_load(&m->inop) || m->p != p) {
        atomic_store(&m->taking, usual);
        gorc__unlock(&m->take_lock);
        return false;
    }
    /* The owner waits in gorc__op_slow if it comes: p is ours. */
    if (only_hidden) {
        gorc__runq_publish(p);
        atomic_store(&m->taking, usual);
    } else {
        m->p = NULL; /* taking stays set until m has a P again */
    }
    gorc__unlock(&m->take_lock);
    return true;
}

/* Threads that have a goroutine and no P. */
static uint32_t count_blocked(void)
{
    uint32_t all = __atomic_load_n(&gorc__sched.nms, __ATOMIC_RELAXED);
    uint32_t others = __atomic_load_n(&gorc__sched.nasleep_ms, __ATOMIC_RELAXED) +
                      atomic_load(&gorc__sched.nprocs) - atomic_load(&gorc__sched.nidle_ps);
    return all > others ? all - others : 0;
}

static int64_t cpu_time(const struct gorc__m *m)
{
    clockid_t clock;
    struct timespec ts;
    if (pthread_getcpuclockid(m->thread, &clock) != 0 || clock_gettime(clock, &ts) != 0)
        return -1;
    return (int64_t)ts.tv_sec * GORC_SECOND + ts.tv_nsec;
}

/* The kernel has put the thread to sleep; not: it waits for a processor. False where it cannot be
 * known. */
static bool is_asleep(const struct gorc__m *m)
{
    char path[48], text[256];
    int saved = errno;
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", m->tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    errno = saved;
    text[n < 0 ? 0 : n] = 0;
    const char *name_end = strrchr(text, ')');
    return name_end && name_end[1] && (name_end[2] == 'S' || name_end[2] == 'D');
}

/* The worker has used next to no CPU time since it was last looked at, and the kernel says why. */
static bool sits_in_kernel(struct gorc__p *p, const struct gorc__m *m, int64_t now)
{
    int64_t cpu = cpu_time(m), since = p->seen_at;
    bool idle = cpu >= 0 && p->seen_cpu >= 0 && since > p->seen_since &&
                now - since >= BLOCKED_PATIENCE / 4 && cpu - p->seen_cpu < (now - since) / 8;
    if (since == p->seen_since)
        p->first_cpu = cpu;
    p->seen_at = now;
    p->seen_cpu = cpu;
    return idle && is_asleep(m);
}

/* On a machine that is too busy a worker may have stood still for long without having run: taking
 * its P would only disturb the order of a run that uses one worker. After sits_in_kernel. */
static bool was_kept_waiting(const struct gorc__p *p, int64_t stuck)
{
    return p->seen_cpu >= 0 && p->first_cpu >= 0 && stuck < 20 * gorc__sched.retake_ns &&
           p->seen_cpu - p->first_cpu < gorc__sched.retake_ns / 2;
}

/* How long a worker may keep its P from those who wait. */
static int64_t patience(bool blocked)
{
    int64_t ns = (int64_t)BLOCKED_PATIENCE * (1 + count_blocked() / 8);
    return blocked && ns < gorc__sched.retake_ns && !gorc__sched.perturb ? ns
                                                                         : gorc__sched.retake_ns;
}

/* SUSPECT: it may have to do something soon. */
enum outcome { NOTHING, SUSPECT, ACTED };

static enum outcome look_at(struct gorc__p *p, int64_t now)
{
    struct gorc__m *m = __atomic_load_n(&p->m, __ATOMIC_ACQUIRE);
    uint32_t tick = __atomic_load_n(&p->tick, __ATOMIC_RELAXED);
    if (!m || tick != p->seen_tick) {
        p->seen_tick = tick;
        p->seen_since = p->seen_at = now;
        return NOTHING;
    }
    int64_t stuck = now - p->seen_since;
    bool idle_ps = atomic_load(&gorc__sched.nidle_ps) != 0;
    bool hides = gorc__runq_hides(p);
    if (hides && idle_ps && stuck >= HIDDEN_PATIENCE) {
        if (!gorc__take(m, p, true))
            return NOTHING;
        gorc__wake_if_idle();
        return ACTED;
    }
    if (idle_ps || (!hides && gorc__runq_empty(p) && !atomic_load(&gorc__sched.global_count)))
        return NOTHING;
    bool first = p->seen_at == p->seen_since;
    bool blocked = stuck >= BLOCKED_PATIENCE && sits_in_kernel(p, m, now);
    if (stuck < patience(blocked) || (!blocked && was_kept_waiting(p, stuck)) ||
        !gorc__take(m, p, false))
        return stuck >= BLOCKED_PATIENCE && (first || stuck < 10 * BLOCKED_PATIENCE) ? SUSPECT
                                                                                     : NOTHING;
    gorc__hand_off(p);
    return ACTED;
}

/* How late a timer may be: more when an idle worker sleeps until it is due (m.c). */
static int64_t timer_patience(int64_t next)
{
    return atomic_load(&gorc__sched.timekeeper_when) <= next ? WATCHED_PATIENCE : TIMER_PATIENCE;
}

static enum outcome round_of_ps(int64_t now)
{
    enum outcome most = NOTHING;
    uint32_t np = atomic_load_explicit(&gorc__sched.np, memory_order_acquire);
    for (uint32_t i = 0; i < np; i++) {
        struct gorc__p *p = atomic_load_explicit(&gorc__sched.ps[i], memory_order_acquire);
        int64_t next = atomic_load_explicit(&p->timers.next, memory_order_relaxed);
        if (next < now - timer_patience(next)) {
            gorc__timers_run(p, now);
            most = ACTED;
        }
    }
    if (gorc__poll_overdue(now, POLL_PATIENCE))
        most = ACTED;
    for (uint32_t i = 0; i < np; i++) {
        enum outcome one =
            look_at(atomic_load_explicit(&gorc__sched.ps[i], memory_order_acquire), now);
        if (one > most)
            most = one;
    }
    if (gorc__work_visible())
        gorc__wake_if_idle();
    return most;
}

/* All idle: a worker that keeps the time sees to the timers. Not if there is work, or something to
 * watch, for which no worker could be started. While the process has threads of its own, look now
 * and then whether the last that could wake somebody has ended. */
static void sleep_while_idle(void)
{
    gorc__lock(&gorc__sched.lock);
    bool idle = atomic_load(&gorc__sched.nidle_ps) >= atomic_load(&gorc__sched.nprocs) &&
                !gorc__work_visible() && !gorc__is_watch_wanted();
    if (idle)
        atomic_store(&gorc__sched.sysmon_asleep, 1);
    gorc__unlock(&gorc__sched.lock);
    int64_t check = idle ? gorc__now() + ASLEEP_CHECK : INT64_MAX, next;
    while (atomic_load(&gorc__sched.sysmon_asleep)) {
        int64_t deadline = check, watch = gorc__hook_watch(gorc__now());
        if (watch < deadline)
            deadline = watch;
        if (gorc__trim(gorc__now(), &next) && next < deadline)
            deadline = next;
        if (gorc__futex_wait(&gorc__sched.sysmon_asleep, 1, deadline) == -ETIMEDOUT &&
            deadline == check)
            check = gorc__check_asleep() ? gorc__now() + ASLEEP_CHECK : INT64_MAX;
    }
}

void gorc__sysmon_hurry_slow(void)
{
    atomic_store(&gorc__sched.sysmon_hurry, 1);
    gorc__futex_wake(&gorc__sched.sysmon_hurry, 1);
}

void gorc__sysmon_wake(void)
{
    atomic_store(&gorc__sched.sysmon_asleep, 0);
    gorc__futex_wake(&gorc__sched.sysmon_asleep, 1);
}

bool gorc__is_sysmon(void)
{
    return (int)syscall(SYS_gettid) == atomic_load(&gorc__sched.sysmon_tid);
}

static void *sysmon(void *arg)
{
    int64_t delay = MIN_DELAY;
    int idle_rounds = 0;
    (void)arg;
    gorc__m_is_helper();
    atomic_store(&gorc__sched.sysmon_tid, (int)syscall(SYS_gettid));
    gorc__hook_switch(NULL, false);
    for (;;) {
        atomic_store(
            &gorc__sched.sysmon_until, INT64_MAX); /* who adds a timer from here on tells */
        int64_t now = gorc__now();
        int64_t until = now + delay;
        int64_t next = gorc__timers_next();
        int64_t late = next == INT64_MAX ? 0 : timer_patience(next);
        if (next < until - late)
            until = next + late > now + MIN_DELAY ? next + late : now + MIN_DELAY;
        atomic_store(&gorc__sched.sysmon_until, until);
        gorc__futex_wait(&gorc__sched.sysmon_hurry, 0, until);
        atomic_store(&gorc__sched.sysmon_until, 0);
        if (atomic_exchange(&gorc__sched.sysmon_hurry, 0) && delay > SUSPECT_DELAY)
            delay = SUSPECT_DELAY;
        sleep_while_idle();
        now = gorc__now();
        atomic_store_explicit(&gorc__sched.coarse_now, now, memory_order_relaxed);
        if (atomic_load(&gorc__sched.stopping))
            continue;
        gorc__trim(now, &next);
        gorc__hook_watch(now);
        enum outcome outcome = round_of_ps(now);
        if (outcome == ACTED) {
            idle_rounds = 0;
            delay = MIN_DELAY;
        } else if (outcome == SUSPECT) {
            if (delay > SUSPECT_DELAY)
                delay = SUSPECT_DELAY;
        } else if (++idle_rounds > 50 && delay < MAX_DELAY) {
            delay *= 2;
        }
    }
    return NULL;
}

static sigset_t outside_mask;

void gorc__sysmon_outside_mask(sigset_t *ret_mask)
{
    *ret_mask = outside_mask;
}

static bool start(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all;
    int saved = errno;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &outside_mask);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, (size_t)128 << 10);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    bool ok = pthread_create(&thread, &attr, sysmon, NULL) == 0;
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, &outside_mask, NULL);
    errno = saved;
    return ok;
}

bool gorc__sysmon_start(void)
{
    static struct gorc__lock lock; /* a leaf */
    gorc__lock(&lock);
    bool ok = atomic_load(&gorc__sched.sysmon_started) || start();
    if (ok) /* and the mask is written */
        atomic_store(&gorc__sched.sysmon_started, 1);
    gorc__unlock(&lock);
    return ok;
}
