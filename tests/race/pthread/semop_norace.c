/* SPDX-License-Identifier: MIT
 *
 * What was written before a System V semaphore was raised happens before what follows the
 * operation that takes from it.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/sem.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static int set;

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    struct sembuf up = {.sem_op = 1};
    if (semop(set, &up, 1))
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    struct sembuf down = {.sem_op = -1};
    if (semop(set, &down, 1))
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    set = semget(IPC_PRIVATE, 1, 0600);
    if (set < 0)
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    semctl(set, 0, IPC_RMID);
    return 0;
}
