/* SPDX-License-Identifier: MIT
 *
 * Waiting for descriptors: a worker that sleeps in epoll_wait is woken though somebody else looks
 * at the same set at that moment, as sysmon does.
 */
#include <criterion/criterion.h>
#include <gorc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "sched/g.h"
#include "sched/poller.h"

enum { ROUNDS = 20000 };

static int never[2]; /* nothing is written to it */
static gorc_chan *ball;
static atomic_bool ended;

static void wait_for_nothing(void *arg)
{
    char c;
    (void)arg;
    gorc_read(never[0], &c, 1);
}

static void *serve(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        gorc_chan_send(ball, NULL);
        gorc_chan_recv(ball, NULL);
    }
    return NULL;
}

static void *look(void *arg)
{
    (void)arg;
    while (!atomic_load(&ended)) {
        struct gorc__g *list = gorc__poller_wait(INT64_MIN);
        while (list) {
            struct gorc__g *g = list;
            list = g->next;
            gorc__ready_tail(g);
        }
    }
    return NULL;
}

Test(poller, a_wake_is_not_used_up_by_another_look, .timeout = 60)
{
    pthread_t server, looker;
    gorc_procs(1);
    cr_assert_eq(pipe(never), 0);
    ball = gorc_chan_new(0, 0);
    gorc_go(wait_for_nothing, NULL);
    gorc_yield();
    cr_assert_eq(pthread_create(&server, NULL, serve, NULL), 0);
    cr_assert_eq(pthread_create(&looker, NULL, look, NULL), 0);
    for (int i = 0; i < ROUNDS; i++) { /* each time the only worker falls asleep in the poller */
        gorc_chan_recv(ball, NULL);
        gorc_chan_send(ball, NULL);
    }
    atomic_store(&ended, true);
    pthread_join(server, NULL);
    pthread_join(looker, NULL);
    gorc_chan_unref(ball);
    gorc_close(never[0]);
    close(never[1]);
}
