/* SPDX-License-Identifier: MIT
 *
 * Libc gives a new thread the stack and thread-local storage of one that has ended; nothing
 * orders the two.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

static _Thread_local int local;

__attribute__((noinline)) static void fill(volatile char *p, int n)
{
    for (int i = 0; i < n; i++)
        p[i] = (char)i;
}

static void *run(void *arg)
{
    char buffer[4096];

    (void)arg;
    local++;
    fill(buffer, sizeof buffer);
    hidden_step();
    return NULL;
}

int main(void)
{
    pthread_attr_t attr;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < 20; i++) {
        pthread_t t;

        if (pthread_create(&t, &attr, run, NULL))
            abort();
        hidden_wait(i + 1);
    }
    pthread_attr_destroy(&attr);
    return 0;
}
