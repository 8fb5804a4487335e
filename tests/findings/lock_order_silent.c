/* SPDX-License-Identifier: MIT
 *
 * Locks taken in both orders that can never meet: by creation, a channel, a wait group, a cond
 * whose waiter comes late, a gate, readers, trylock, one goroutine alone, other locks in the same
 * memory, a lock that was handed over.
 */
#include <gorc.h>

#include <stdbool.h>
#include <stdlib.h>

struct pair {
    gorc_mutex a, b, gate;
    gorc_rwmutex r, s;
    gorc_mutex state;
    gorc_cond ready;
    bool is_ready;
    gorc_chan *c;
};

static void ab(struct pair *p)
{
    gorc_mutex_lock(&p->a);
    gorc_mutex_lock(&p->b);
    gorc_mutex_unlock(&p->b);
    gorc_mutex_unlock(&p->a);
}

static void ba(void *arg)
{
    struct pair *p = arg;

    gorc_mutex_lock(&p->b);
    gorc_mutex_lock(&p->a);
    gorc_mutex_unlock(&p->a);
    gorc_mutex_unlock(&p->b);
}

static void run(struct pair *p, gorc_fn one, gorc_fn two)
{
    gorc_waitgroup done = {0};

    *p = (struct pair){.c = gorc_chan_new(0, 1)};
    gorc_wg_go(&done, one, p);
    gorc_wg_go(&done, two, p);
    gorc_wg_wait(&done);
    gorc_chan_unref(p->c);
}

/* --- creation --- */

static void creator(void *arg)
{
    gorc_waitgroup done = {0};

    ab(arg);
    gorc_wg_go(&done, ba, arg);
    gorc_wg_wait(&done);
    ab(arg);
}

static void nothing(void *arg)
{
    (void)arg;
}

/* --- a channel --- */

static void first_then_send(void *arg)
{
    struct pair *p = arg;

    ab(p);
    gorc_chan_send(p->c, NULL);
}

static void second_after_receive(void *arg)
{
    struct pair *p = arg;

    gorc_chan_recv(p->c, NULL);
    ba(p);
}

/* --- a cond --- */

static void first_then_signal(void *arg)
{
    struct pair *p = arg;

    ab(p);
    gorc_mutex_lock(&p->state);
    p->is_ready = true;
    gorc_cond_signal(&p->ready);
    gorc_mutex_unlock(&p->state);
}

/* Mostly it is ready by now, and nobody waits. */
static void second_when_ready(void *arg)
{
    struct pair *p = arg;

    gorc_mutex_lock(&p->state);
    while (!p->is_ready)
        gorc_cond_wait(&p->ready, &p->state);
    gorc_mutex_unlock(&p->state);
    ba(p);
}

/* --- a gate --- */

static void gated_ab(void *arg)
{
    struct pair *p = arg;

    gorc_mutex_lock(&p->gate);
    ab(p);
    gorc_mutex_unlock(&p->gate);
}

static void gated_ba(void *arg)
{
    struct pair *p = arg;

    gorc_mutex_lock(&p->gate);
    ba(p);
    gorc_mutex_unlock(&p->gate);
}

/* --- readers, whom nobody wants to come between --- */

static void read_rs(void *arg)
{
    struct pair *p = arg;

    gorc_rwmutex_rlock(&p->r);
    gorc_rwmutex_rlock(&p->s);
    gorc_rwmutex_rlock(&p->r);
    gorc_rwmutex_runlock(&p->r);
    gorc_rwmutex_runlock(&p->s);
    gorc_rwmutex_runlock(&p->r);
}

static void read_sr(void *arg)
{
    struct pair *p = arg;

    gorc_rwmutex_rlock(&p->s);
    gorc_rwmutex_rlock(&p->r);
    gorc_rwmutex_runlock(&p->r);
    gorc_rwmutex_runlock(&p->s);
}

/* --- trylock --- */

static void try_ba(void *arg)
{
    struct pair *p = arg;

    gorc_mutex_lock(&p->b);
    if (gorc_mutex_try_lock(&p->a))
        gorc_mutex_unlock(&p->a);
    gorc_mutex_unlock(&p->b);
}

static void plain_ab(void *arg)
{
    ab(arg);
}

/* --- one alone --- */

static void both_orders(void *arg)
{
    ab(arg);
    ba(arg);
}

/* --- other locks in the same memory --- */

static void reused(void)
{
    for (int i = 0; i < 2; i++) {
        struct pair *p = calloc(1, sizeof *p);
        run(p, i ? ba : plain_ab, nothing);
        free(p);
    }
}

/* --- handed over: a is taken here and given up there --- */

static void hands_over(void *arg)
{
    struct pair *p = arg;

    gorc_mutex_lock(&p->a);
    gorc_chan_send(p->c, NULL);
    gorc_chan_send(p->c, NULL); /* after the receive: a is free again */
    gorc_chan_send(p->c, NULL);
    gorc_mutex_lock(&p->b); /* not while a is held */
    gorc_mutex_unlock(&p->b);
}

static void takes_over(void *arg)
{
    struct pair *p = arg;

    gorc_chan_recv(p->c, NULL);
    gorc_mutex_unlock(&p->a);
    gorc_chan_recv(p->c, NULL);
    gorc_chan_recv(p->c, NULL);
    ba(p);
}

int main(void)
{
    struct pair *p = malloc(sizeof *p);

    run(p, creator, nothing);
    run(p, first_then_send, second_after_receive);
    run(p, first_then_signal, second_when_ready);
    run(p, gated_ab, gated_ba);
    run(p, read_rs, read_sr);
    run(p, plain_ab, try_ba);
    run(p, both_orders, nothing);
    run(p, hands_over, takes_over);
    reused();
    free(p);
    return 0;
}
