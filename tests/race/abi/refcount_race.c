/* SPDX-License-Identifier: MIT
 *
 * Relaxed decrements do not order an earlier use before the free.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "barrier.h"

struct object {
    atomic_int refs;
    int value;
};
static struct object *object;

static void *first(void *arg)
{
    (void)arg;
    object->value = 1;
    if (atomic_fetch_sub_explicit(&object->refs, 1, memory_order_relaxed) == 1)
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (atomic_fetch_sub_explicit(&object->refs, 1, memory_order_relaxed) == 1)
        free(object);
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    object = malloc(sizeof *object);
    if (!object)
        abort();
    atomic_init(&object->refs, 2);
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
