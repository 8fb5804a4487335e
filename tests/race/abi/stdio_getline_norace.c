/* SPDX-License-Identifier: MIT
 *
 * A line printed to a descriptor by dprintf, got by getline: what was done before happens before
 * what follows.
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
    x = 1;
    if (dprintf(fileno(out), "line\n") < 0)
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    char *line = NULL;
    size_t room = 0;
    if (getline(&line, &room, in) != 5)
        abort();
    free(line);
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
