/* SPDX-License-Identifier: MIT
 *
 * A goroutine whose P was taken, as sysmon does with one that keeps it for long, gives way at its
 * next call of the library: with one worker no two goroutines go on side by side.
 */
#include <criterion/criterion.h>
#include <gorc.h>

#include "sched/g.h"

static gorc_rwmutex rw;
static gorc_mutex mutex;
static gorc_chan *chan;

static void read_lock(void)
{
    gorc_rwmutex_rlock(&rw);
    gorc_rwmutex_runlock(&rw);
}

static void try_read_lock(void)
{
    cr_assert(gorc_rwmutex_try_rlock(&rw));
    gorc_rwmutex_runlock(&rw);
}

static void write_lock(void)
{
    gorc_rwmutex_lock(&rw);
    gorc_rwmutex_unlock(&rw);
}

static void lock(void)
{
    gorc_mutex_lock(&mutex);
    gorc_mutex_unlock(&mutex);
}

static void try_lock(void)
{
    cr_assert(gorc_mutex_try_lock(&mutex));
    gorc_mutex_unlock(&mutex);
}

static void try_receive(void)
{
    cr_assert_eq(gorc_chan_try_recv(chan, NULL), -EAGAIN);
}

Test(take, each_call_gives_way, .timeout = 60)
{
    static const struct {
        const char *name;
        void (*call)(void);
    } calls[] = {{"rlock", read_lock}, {"try_rlock", try_read_lock}, {"rwmutex lock", write_lock},
        {"lock", lock}, {"try_lock", try_lock}, {"try_recv", try_receive}, {"yield", gorc_yield}};
    gorc_procs(1);
    chan = gorc_chan_new(0, 0);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        gorc_yield();
        struct gorc__m *m = gorc__m_self();
        struct gorc__p *p = m->p;
        cr_assert(p && gorc__take(m, p, false));
        gorc__hand_off(p);
        calls[i].call();
        cr_assert(gorc__m_self()->p != NULL, "after %s it runs without a P", calls[i].name);
    }
    gorc_chan_unref(chan);
}
