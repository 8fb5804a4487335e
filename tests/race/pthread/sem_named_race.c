/* SPDX-License-Identifier: MIT
 *
 * What is done after the post of a named semaphore is not ordered.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static sem_t *s;

static void *first(void *arg)
{
    (void)arg;
    sem_post(s);
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    sem_wait(s);
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    char name[40];
    snprintf(name, sizeof name, "/gorc-test-%d", (int)getpid());
    s = sem_open(name, O_CREAT, 0600, 0);
    if (s == SEM_FAILED)
        abort();
    sem_unlink(name);
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
