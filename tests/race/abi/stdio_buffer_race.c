/* SPDX-License-Identifier: MIT
 *
 * fread writes the buffer while another thread reads it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static FILE *in;
static char data[8];

static void *first(void *arg)
{
    (void)arg;
    if (fread(data, 1, 4, in) != 4)
        abort();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (data[1] == 9)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    in = fopen("/dev/zero", "r");
    if (!in)
        abort();
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
