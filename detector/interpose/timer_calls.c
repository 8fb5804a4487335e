/* SPDX-License-Identifier: MIT
 *
 * Timers of the system. Arming one happens before what it starts: the handler or the wait that gets
 * its signal, or the function that libc calls on a thread of its own (SIGEV_THREAD).
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/dalloc.h"
#include "base/lock.h"
#include "core/sync.h"
#include "interpose/interpose.h"
#include "interpose/signal_state.h"
#include "runtime/runtime.h"

/* One for each timer that was made; none is ever freed, since a call of its function may be on its
 * way when the timer is deleted. Used again for a later timer of the same function and value. */
struct timer {
    struct timer *next;
    timer_t id;
    bool alive;
    int sig; /* 0: a function */
    void (*fn)(union sigval value);
    union sigval value;
};

static struct timer *timers;
static dt_lock lock;

static struct timer *timer_new(int sig, void (*fn)(union sigval value), union sigval value)
{
    dt_lock_take(&lock);
    struct timer *t = timers;
    while (t && (t->alive || t->sig != sig || t->fn != fn || t->value.sival_ptr != value.sival_ptr))
        t = t->next;
    if (!t) {
        t = dt_alloc(sizeof *t);
        t->next = timers;
        timers = t;
    }
    t->sig = sig;
    t->fn = fn;
    t->value = value;
    t->alive = true;
    dt_lock_drop(&lock);
    return t;
}

static struct timer *timer_find(timer_t id)
{
    dt_lock_take(&lock);
    struct timer *t = timers;
    while (t && (!t->alive || t->id != id))
        t = t->next;
    dt_lock_drop(&lock);
    return t;
}

static void release(struct timer *timer)
{
    struct dt_task *t = timer ? dt_enter() : NULL;
    if (!t)
        return;
    if (timer->sig)
        dt_signal_release(timer->sig);
    else
        dt_release(t, timer);
}

/* On libc's thread. */
static void notify(union sigval value)
{
    struct timer *timer = value.sival_ptr;
    struct dt_task *t = dt_enter();
    if (t)
        dt_acquire(t, timer);
    timer->fn(timer->value);
}

DT_INTERPOSE(int, timer_create, (clockid_t clock, struct sigevent *event, timer_t *ret_id))
{
    struct dt_task *t = dt_enter();
    bool is_thread = event && event->sigev_notify == SIGEV_THREAD;
    int sig = !event ? SIGALRM : event->sigev_signo;
    if (!t || (event && event->sigev_notify == SIGEV_NONE))
        return timer_create(clock, event, ret_id);
    union sigval none = {.sival_ptr = NULL};
    dt_begin(t);
    struct timer *timer = is_thread ? timer_new(0, event->sigev_notify_function, event->sigev_value)
                                    : timer_new(sig, NULL, none);
    dt_finish(t);
    int err;
    if (is_thread) {
        struct sigevent copy = *event;
        copy.sigev_notify_function = notify;
        copy.sigev_value.sival_ptr = timer;
        err = timer_create(clock, &copy, ret_id);
    } else {
        err = timer_create(clock, event, ret_id);
    }
    if (err)
        timer->alive = false;
    else
        timer->id = *ret_id;
    return err;
}

DT_INTERPOSE(int, timer_settime,
    (timer_t id, int flags, const struct itimerspec *value, struct itimerspec *old))
{
    release(timer_find(id));
    return timer_settime(id, flags, value, old);
}

DT_INTERPOSE(int, timer_delete, (timer_t id))
{
    struct timer *timer = timer_find(id);
    int err = timer_delete(id);
    if (!err && timer)
        timer->alive = false;
    return err;
}

DT_INTERPOSE(
    int, setitimer, (__itimer_which_t which, const struct itimerval *value, struct itimerval *old))
{
    dt_signal_release(which == ITIMER_REAL      ? SIGALRM
                      : which == ITIMER_VIRTUAL ? SIGVTALRM
                                                : SIGPROF);
    return setitimer(which, value, old);
}

DT_INTERPOSE(unsigned, alarm, (unsigned seconds))
{
    dt_signal_release(SIGALRM);
    return alarm(seconds);
}

DT_INTERPOSE(useconds_t, ualarm, (useconds_t value, useconds_t interval))
{
    dt_signal_release(SIGALRM);
    return ualarm(value, interval);
}
