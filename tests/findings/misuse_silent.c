/* SPDX-License-Identifier: MIT
 *
 * The repaired twins of wg_copied, cond_copied, mutex_moved, rwmutex_moved, rwmutex_runlock_twice,
 * cond_wait_after_unlock, use_after_unref, chan_freed_waiting and once_recursive: objects that are
 * moved while nobody uses them, freed when the waiter has been woken, used by pointer, called one
 * after the other, given up as often as taken.
 */
#include <gorc.h>
#include <stdlib.h>
#include <string.h>

struct all {
    gorc_mutex m;
    gorc_rwmutex rw;
    gorc_waitgroup wg;
    gorc_once once, other;
    gorc_cond cond;
    bool woken; /* guarded by m */
};

static void finish(struct all *a)
{
    gorc_wg_done(&a->wg);
}

static void inner(void *arg)
{
    (void)arg;
}

static void outer(void *arg)
{
    struct all *a = arg;

    gorc_once_do(&a->other, inner, NULL);
}

static void waits(void *arg)
{
    gorc_chan_recv(arg, NULL);
    gorc_chan_unref(arg);
}

static void reads(void *arg)
{
    struct all *a = arg;

    gorc_rwmutex_rlock(&a->rw);
    gorc_rwmutex_rlock(&a->rw);
    gorc_rwmutex_runlock(&a->rw);
    gorc_rwmutex_runlock(&a->rw);
    gorc_wg_done(&a->wg);
}

static void wakes(void *arg)
{
    struct all *a = arg;

    gorc_mutex_lock(&a->m);
    a->woken = true;
    gorc_cond_signal(&a->cond);
    gorc_mutex_unlock(&a->m);
    gorc_wg_done(&a->wg);
}

static void unlocks(void *arg)
{
    struct all *a = arg;

    gorc_mutex_lock(&a->m);
    gorc_mutex_unlock(&a->m);
    gorc_wg_done(&a->wg);
}

int main(void)
{
    struct all *a = calloc(1, sizeof *a);
    gorc_chan *c = gorc_chan_new(0, 0);
    gorc_waitgroup done = {0};
    gorc_cond cond = {0};
    gorc_rwmutex copy;

    gorc_wg_add(&a->wg, 1);
    finish(a);
    gorc_wg_wait(&a->wg);
    gorc_mutex_lock(&a->m);
    gorc_mutex_unlock(&a->m);
    a = realloc(a, 2 * sizeof *a);
    gorc_wg_add(&a->wg, 1);
    gorc_go(unlocks, a);
    gorc_wg_wait(&a->wg);
    gorc_wg_add(&a->wg, 2);
    gorc_go(reads, a);
    gorc_go(wakes, a);
    gorc_mutex_lock(&a->m);
    while (!a->woken)
        gorc_cond_wait(&a->cond, &a->m);
    gorc_mutex_unlock(&a->m);
    gorc_wg_wait(&a->wg);
    gorc_once_do(&a->once, outer, a);
    gorc_cond_broadcast(&cond);
    gorc_wg_go(&done, waits, gorc_chan_ref(c));
    gorc_yield();
    gorc_chan_send(c, NULL);
    gorc_chan_unref(c);
    gorc_wg_wait(&done);
    copy = a->rw;
    gorc_rwmutex_lock(&copy);
    gorc_rwmutex_unlock(&copy);
    free(a);
    return 0;
}
