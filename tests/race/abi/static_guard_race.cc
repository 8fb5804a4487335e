/* SPDX-License-Identifier: MIT
 *
 * What follows the initialisation of a static is not ordered by its guard.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

struct value {
    int n;
    value() : n(5)
    {
    }
};
static value &get()
{
    static value v;
    return v;
}

static void *first(void *arg)
{
    (void)arg;
    get().n = 6;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (get().n == 7)
        abort();
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
