/* SPDX-License-Identifier: MIT
 *
 * strcpy writes up to the terminating zero: ordered by a mutex.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "barrier.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
char a[32];
static const char *volatile text = "hello";
static char *(*volatile copy)(char *, const char *) = strcpy;

static void *first(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&m);
    copy(a, text);
    pthread_mutex_unlock(&m);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    pthread_mutex_lock(&m);
    if (a[5])
        abort();
    pthread_mutex_unlock(&m);
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
