/* SPDX-License-Identifier: MIT
 *
 * A thread that is cancelled in read() runs its cleanup handler and the destructors of its keys.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "barrier.h"

static int fds[2];
static pthread_key_t key;
static pthread_t victim;

static void *first(void *arg)
{
    (void)arg;
    char c;
    pthread_cleanup_push(free, malloc(40));
    pthread_setspecific(key, malloc(50));
    hidden_step();
    if (read(fds[0], &c, 1) >= 0)
        abort();
    pthread_cleanup_pop(1);
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    pthread_cancel(victim);
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    if (pipe(fds) || pthread_key_create(&key, free))
        abort();
    if (pthread_create(&t[0], NULL, first, NULL))
        abort();
    victim = t[0];
    if (pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
