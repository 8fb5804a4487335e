/* SPDX-License-Identifier: MIT
 *
 * Memory that was unmapped is new when mmap gives it again.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "barrier.h"

static char *volatile map;

static void *first(void *arg)
{
    (void)arg;
    map[10] = 1;
    if (munmap(map, 1 << 16) || mmap(map, 1 << 16, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != map)
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    map[10] = 2;
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    map = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
