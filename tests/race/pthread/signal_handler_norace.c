/* SPDX-License-Identifier: MIT
 *
 * A handler sees what was done before it was installed and before the signal was sent.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "barrier.h"

static int installed, sent;

static void handler(int sig)
{
    (void)sig;
    if (installed != 1 || sent != 1)
        abort();
    hidden_step();
}

static void *run(void *arg)
{
    (void)arg;
    hidden_step();
    hidden_wait(2);
    return NULL;
}

int main(void)
{
    pthread_t t;

    if (pthread_create(&t, NULL, run, NULL))
        abort();
    hidden_wait(1);
    installed = 1;
    signal(SIGUSR1, handler);
    sent = 1;
    pthread_kill(t, SIGUSR1);
    pthread_join(t, NULL);
    return 0;
}
