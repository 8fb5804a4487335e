/* SPDX-License-Identifier: MIT
 *
 * The time in a buffer of the program by two threads without order.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static struct tm tm;

static void *first(void *arg)
{
    (void)arg;
    time_t zero = 0;
    gmtime_r(&zero, &tm);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    char text[40];
    if (strftime(text, sizeof text, "%Y", &tm) == 0)
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
