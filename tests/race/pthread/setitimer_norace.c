/* SPDX-License-Identifier: MIT
 *
 * A signal that setitimer asks for, got by sigwait: what was done before happens before what
 * follows.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    struct itimerval when = {.it_value = {.tv_usec = 1}};
    if (setitimer(ITIMER_REAL, &when, NULL))
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    int got;
    if (sigwait(&set, &got))
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
