/* SPDX-License-Identifier: MIT
 *
 * What is done after timer_settime is not ordered with it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static timer_t timer;

static void ring(union sigval v)
{
    (void)v;
    hidden_wait(1);
    if (x == 2)
        abort();
    hidden_step();
}

static void *first(void *arg)
{
    (void)arg;
    struct itimerspec when = {.it_value = {.tv_nsec = 1}};
    if (timer_settime(timer, 0, &when, NULL))
        abort();
    x = 1;
    hidden_step();
    hidden_wait(2);
    return NULL;
}

int main(void)
{
    pthread_t t[1];

    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = ring};
    if (timer_create(CLOCK_MONOTONIC, &event, &timer))
        abort();
    if (pthread_create(&t[0], NULL, first, NULL))
        abort();
    for (int i = 0; i < 1; i++)
        pthread_join(t[i], NULL);
    timer_delete(timer);
    return 0;
}
