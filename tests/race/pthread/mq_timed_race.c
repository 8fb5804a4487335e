/* SPDX-License-Identifier: MIT
 *
 * A message of a POSIX queue, with time limits and another descriptor of it: what is done after is
 * not ordered.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static mqd_t q;
static char name[40];
static mqd_t again;

static void *first(void *arg)
{
    (void)arg;
    struct timespec until = {1, 0};
    if (mq_timedsend(q, "a", 1, 0, &until))
        abort();
    x = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    char c[8];
    unsigned priority;
    struct timespec until = {1, 0};
    if (mq_timedreceive(again, c, sizeof c, &priority, &until) != 1)
        abort();
    if (x == 2)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = 8};
    snprintf(name, sizeof name, "/gorc-%d", (int)getpid());
    q = mq_open(name, O_CREAT | O_RDWR, 0600, &attr);
    if (q < 0)
        abort();
    again = mq_open(name, O_RDONLY);
    if (again < 0)
        abort();
    mq_unlink(name);
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
