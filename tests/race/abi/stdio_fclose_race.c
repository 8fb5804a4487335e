/* SPDX-License-Identifier: MIT
 *
 * The end of a stream, seen by its reader: what is done after is not ordered.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static FILE *in, *out;

static void *first(void *arg)
{
    (void)arg;
    fclose(out);
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (getc(in) != EOF)
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    int fds[2];
    if (pipe(fds))
        abort();
    in = fdopen(fds[0], "r");
    out = fdopen(fds[1], "w");
    if (!in || !out)
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
