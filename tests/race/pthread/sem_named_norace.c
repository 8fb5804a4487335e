/* SPDX-License-Identifier: MIT
 *
 * A named semaphore orders as an unnamed one does.
 */
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
    x = 1;
    sem_post(s);
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    while (sem_wait(s)) {
    }
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t a, b;

    char name[64];

    snprintf(name, sizeof name, "/gorc-test-%d", (int)getpid());
    s = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
    if (s == SEM_FAILED)
        abort();
    sem_unlink(name);
    if (pthread_create(&a, NULL, first, NULL) || pthread_create(&b, NULL, second, NULL))
        abort();
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    sem_close(s);
    return 0;
}
