/* SPDX-License-Identifier: MIT
 *
 * See threads_asleep.h. A hung program of threads only is looked at when it is told to end: its
 * waits for conds, barriers and once cannot be interrupted to look earlier, and there is no thread
 * of ours that could. Cycles of locks and joins are found when they close (deadlock.c).
 *
 * Nobody can wake anybody when each thread of the process is known and in a wait without a time
 * limit that only another thread of the process can end. All are looked at twice. Who is in the
 * same wait both times has done nothing of the program's between; then at the moment between the
 * two looks nobody did, and who had been woken before would have been ready to run at the second
 * look. The caller itself runs, so of its wait it is asked whether it has been ended.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/dalloc.h"
#include "base/flags.h"
#include "core/abandoned.h"
#include "lib/inspect.h"
#include "report/finding.h"
#include "runtime/deadlock.h"
#include "runtime/describe.h"
#include "runtime/locks.h"
#include "runtime/procfs.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"
#include "runtime/threads_asleep.h"

bool dt_signal_handled;

struct sleeper {
    const struct dt_thread *thread;
    struct dt_wait wait;
};

struct look {
    struct sleeper *sleepers; /* room for `room`; NULL: they are only counted */
    size_t n, room;
    size_t tids; /* of the process, the caller's not counted */
    bool awake;
};

/* --- what a wait is for --- */

static const char *const ends[] = {"pthread cond", "condition variable", "pthread barrier"};

static bool read_words(const void *object, uint32_t *words, size_t n)
{
    struct iovec to = {words, n * sizeof *words}, from = {(void *)(uintptr_t)object, to.iov_len};
    return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)to.iov_len;
}

/* Another process may end a wait for an object that is shared: glibc keeps in the object whether it
 * is, at these places. */
static bool is_private(const struct dt_wait *w)
{
    uint32_t words[sizeof(pthread_rwlock_t) / sizeof(uint32_t)];
    if (w->reason == dt_wait_mutex) {
        size_t at = offsetof(pthread_mutex_t, __data.__kind) / sizeof *words;
        return read_words(w->object, words, at + 1) && !(words[at] & 0x80);
    }
    if (w->reason == dt_wait_rwlock) {
        size_t at = offsetof(pthread_rwlock_t, __data.__shared) / sizeof *words;
        return read_words(w->object, words, at + 1) && !words[at];
    }
    if (strcmp(w->reason, "pthread barrier") == 0)
        return read_words(w->object, words, 4) && !words[3];
    if (strcmp(w->reason, "semaphore") == 0) /* and nobody has posted it */
        return read_words(w->object, words, 3) && !words[2] && !words[0];
    size_t at = offsetof(pthread_cond_t, __data.__wrefs) / sizeof *words;
    return read_words(w->object, words, at + 1) && !(words[at] & 1);
}

/* Another thread of the process is the only one who can end it. */
static bool is_closed(const struct dt_thread *th, const struct dt_wait *w)
{
    if (w->timed)
        return false;
    if (w->reason == dt_wait_join)
        return true;
    if (strcmp(w->reason, "pthread once") == 0 || strcmp(w->reason, "call_once") == 0)
        return th->once && !th->once->begun;
    if (strcmp(w->reason, "semaphore") == 0)
        return !__atomic_load_n(&dt_signal_handled, __ATOMIC_RELAXED) && is_private(w);
    if (w->reason == dt_wait_mutex || w->reason == dt_wait_rwlock)
        return is_private(w);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (strcmp(w->reason, ends[i]) == 0)
            return is_private(w);
    return false;
}

/* --- the look --- */

static void look_at_tid(int tid, void *arg)
{
    struct look *l = arg;
    l->tids++;
    l->awake |= dt_tid_state(tid) != 'S';
}

static bool look_at_thread(struct dt_thread *th, void *arg)
{
    struct look *l = arg;
    struct dt_wait w;
    if (th->state == DT_THREAD_ENDED)
        return true;
    if (th->hidden || th->state != DT_THREAD_RUNNING || !th->task || th->reported_stuck ||
        !dt_wait_read(th, &w) || !is_closed(th, &w)) {
        l->awake = true;
        return false;
    }
    if (l->n < l->room)
        l->sleepers[l->n] = (struct sleeper){th, w};
    l->n++;
    return true;
}

static bool all_sleep(struct look *l)
{
    dt_threads_each(look_at_thread, l);
    return !l->awake && dt_tids_each(look_at_tid, l) && !l->awake && l->tids + 1 == l->n;
}

static bool same_sleepers(const struct look *a, const struct look *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->sleepers[i].thread != b->sleepers[i].thread ||
            a->sleepers[i].wait.seq != b->sleepers[i].wait.seq)
            return false;
    return true;
}

/* The one whose lock this is has given it up: who waits is about to have it. Or has ended: that is
 * told as such (lock_left.c). */
static bool is_free(const struct dt_wait *w)
{
    dt_stackid where;
    return (w->reason == dt_wait_mutex || w->reason == dt_wait_rwlock) &&
           (!dt_lock_holder(w->object, &where) || dt_is_abandoned(w->object));
}

/* --- the report --- */

struct asleep {
    struct dt_finding f;
    char message[64], notes[DT_MAX_STACKS][96];
};

static void add_sleeper(struct asleep *a, const struct sleeper *s)
{
    if (a->f.nstacks + 4 > DT_MAX_STACKS) {
        a->f.left_out++;
        return;
    }
    char *note = a->notes[a->f.nstacks];
    struct dt_text t = {note, sizeof a->notes[0]};
    uintptr_t pcs[DT_MAX_FRAMES];
    size_t n = dt_thread_stack(s->thread, pcs, DT_MAX_FRAMES);
    dt_describe_call(&t, &s->wait);
    dt_finding_stack(
        &a->f, "blocked", s->thread->task->info, n ? dt_stack_intern(pcs, n) : 0, note);
    if (!dt_wait_is_lock(s->wait.reason))
        return;
    dt_stackid where = 0;
    const struct dt_thread *holder = dt_thread_by_uid(dt_lock_holder(s->wait.object, &where));
    if (holder && holder->task && where)
        dt_finding_stack(
            &a->f, "holder", holder->task->info, where, "took what the one above waits for");
}

static void report(const struct look *l)
{
    struct asleep *a = dt_alloc(sizeof *a);
    struct dt_text m = {a->message, sizeof a->message};
    const struct dt_thread *me = dt_thread_self;
    bool surely = true;
    for (size_t i = 0; i < l->n; i++) /* it may have been woken right before the signal came */
        surely &= l->sleepers[i].thread != me || strncmp(l->sleepers[i].wait.reason, ends[0], 12) ||
                  l->n == 1;
    dt_text_add(&m, "all ");
    dt_text_u64(&m, l->n);
    dt_text_add(&m, l->n == 1 ? " thread is asleep" : " threads are asleep");
    a->f = (struct dt_finding){
        .kind = "deadlock",
        .rule = "all-asleep",
        .words = "deadlock",
        .certainty = surely ? DT_CERTAIN : DT_LIKELY,
        .message = a->message,
        .counts = true,
    };
    for (size_t i = 0; i < l->n; i++)
        add_sleeper(a, &l->sleepers[i]);
    for (size_t i = 0; i < l->n; i++)
        dt_finding_creation(&a->f, l->sleepers[i].thread->task->info);
    dt_finding_add(&a->f);
    dt_free(a, sizeof *a);
}

void dt_threads_asleep_report(void)
{
    struct look counted = {.n = 0};
    if (!dt_flags.detect_deadlocks || gorc__inspect_started() || !all_sleep(&counted))
        return;
    size_t size = counted.n * sizeof(struct sleeper);
    struct look first = {.sleepers = dt_alloc(size), .room = counted.n};
    struct look second = {.sleepers = dt_alloc(size), .room = counted.n};
    bool asleep = all_sleep(&first) && all_sleep(&second) && first.n == counted.n &&
                  same_sleepers(&first, &second);
    for (size_t i = 0; asleep && i < second.n; i++)
        asleep = !is_free(&second.sleepers[i].wait);
    if (asleep)
        report(&second);
    dt_free(first.sleepers, size);
    dt_free(second.sleepers, size);
}
