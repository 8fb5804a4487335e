/* SPDX-License-Identifier: MIT
 *
 * Memory that was deleted is new when new gives it again.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

enum { N = 2000 };

static void *first(void *arg)
{
    (void)arg;
    for (int i = 0; i < N; i++) {
        int *volatile p = new int(i);
        *p = i + 1;
        delete p;
    }
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    for (int i = 0; i < N; i++) {
        int *volatile p = new int(i);
        *p = i + 1;
        delete p;
    }
    hidden_step();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
