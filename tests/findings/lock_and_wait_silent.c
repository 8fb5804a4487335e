/* SPDX-License-Identifier: MIT
 *
 * Waits under a lock that cannot go wrong: the one who comes has had the lock before by another
 * order, it is seen that it was there, somebody else could come as well; and a lock that is given
 * up before.
 */
#include <gorc.h>
#include <stdbool.h>

#include "../support/barrier.h"

struct state {
    gorc_mutex lock, other;
    gorc_chan *c, *ready;
    int n;
    bool is_waiting;
    gorc_waitgroup done;
};

/* --- the lock is given up before --- */

static void count_and_send(void *arg)
{
    struct state *s = arg;
    gorc_mutex_lock(&s->lock);
    s->n++;
    gorc_mutex_unlock(&s->lock);
    hidden_step();
    gorc_chan_send(s->c, NULL);
}

static void receive_after(void *arg)
{
    struct state *s = arg;
    hidden_yield_until(1);
    gorc_mutex_lock(&s->lock);
    gorc_mutex_unlock(&s->lock);
    gorc_chan_recv(s->c, NULL);
}

/* --- another channel says that the sender has had it --- */

static void count_tell_and_send(void *arg)
{
    struct state *s = arg;
    gorc_mutex_lock(&s->lock);
    s->n++;
    gorc_mutex_unlock(&s->lock);
    gorc_chan_send(s->ready, NULL);
    gorc_chan_send(s->c, NULL);
}

static void receive_when_told(void *arg)
{
    struct state *s = arg;
    gorc_chan_recv(s->ready, NULL);
    gorc_mutex_lock(&s->lock);
    gorc_chan_recv(s->c, NULL);
    gorc_mutex_unlock(&s->lock);
}

/* --- the waker sends only when it sees that somebody waits --- */

static void wait_for_waker(void *arg)
{
    struct state *s = arg;
    gorc_mutex_lock(&s->lock);
    s->is_waiting = true;
    gorc_mutex_unlock(&s->lock);
    gorc_chan_recv(s->c, NULL);
}

/* What is seen is not the last that it does under the lock. */
static void say_count_and_wait(void *arg)
{
    struct state *s = arg;
    gorc_mutex_lock(&s->lock);
    s->is_waiting = true;
    gorc_mutex_lock(&s->other);
    gorc_mutex_unlock(&s->other);
    s->n++;
    gorc_mutex_unlock(&s->lock);
    gorc_chan_recv(s->c, NULL);
}

static void wake(void *arg)
{
    struct state *s = arg;
    for (bool done = false; !done; gorc_yield()) {
        gorc_mutex_lock(&s->lock);
        if (s->is_waiting) {
            gorc_chan_send(s->c, NULL);
            done = true;
        }
        gorc_mutex_unlock(&s->lock);
    }
}

/* --- a wait group whose workers are done with the lock before they begin --- */

static void work(void *arg)
{
    struct state *s = arg;
    gorc_wg_done(&s->done);
}

/* --- the one who closes has had the lock before it said that it is ready --- */

static void count_tell_and_close(void *arg)
{
    struct state *s = arg;
    gorc_mutex_lock(&s->lock);
    s->n++;
    gorc_mutex_unlock(&s->lock);
    gorc_chan_send(s->ready, NULL);
    gorc_chan_close(s->c);
}

/* --- it is seen that it has had the lock --- */

static void count_and_close(void *arg)
{
    struct state *s = arg;
    gorc_mutex_lock(&s->lock);
    s->is_waiting = true;
    gorc_mutex_unlock(&s->lock);
    gorc_chan_close(s->c);
}

static void receive_if_counted(void *arg)
{
    struct state *s = arg;
    for (bool done = false; !done; gorc_yield()) {
        gorc_mutex_lock(&s->lock);
        if (s->is_waiting) {
            gorc_chan_recv(s->c, NULL);
            done = true;
        }
        gorc_mutex_unlock(&s->lock);
    }
}

static void run(gorc_fn one, gorc_fn two)
{
    struct state s = {.c = gorc_chan_new(0, 0), .ready = gorc_chan_new(0, 0)};
    gorc_wg_go(&s.done, one, &s);
    gorc_wg_go(&s.done, two, &s);
    gorc_wg_wait(&s.done);
    gorc_chan_unref(s.c);
    gorc_chan_unref(s.ready);
}

int main(void)
{
    static struct state last;
    run(count_and_send, receive_after);
    run(count_tell_and_send, receive_when_told);
    run(wait_for_waker, wake);
    run(say_count_and_wait, wake);
    run(count_tell_and_close, receive_when_told);
    run(count_and_close, receive_if_counted);
    gorc_mutex_lock(&last.lock);
    gorc_wg_add(&last.done, 1);
    gorc_go(work, &last);
    gorc_wg_wait(&last.done);
    gorc_mutex_unlock(&last.lock);
    return 0;
}
