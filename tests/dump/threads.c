/* SPDX-License-Identifier: MIT
 *
 * A plain program whose threads wait in as many ways as there are: a rwlock, a cond, a semaphore,
 * a pipe, epoll, a sleep, and one that computes. Ends with status 0 when standard input closes,
 * with 1 when a system call was interrupted, which nobody but a stop from outside could do.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER;
static sem_t slots;
static int pipes[2];
static _Atomic unsigned long turns;

static void *reader_of_table(void *arg)
{
    pthread_rwlock_rdlock(&table); /* PLACE: rwlock */
    return arg;
}

static void *waiter(void *arg)
{
    pthread_mutex_lock(&lock);
    for (;;)
        pthread_cond_wait(&change, &lock); /* PLACE: cond */
    return arg;
}

static void *taker(void *arg)
{
    sem_wait(&slots); /* PLACE: sem */
    return arg;
}

static void *reader_of_pipe(void *arg)
{
    char c;
    if (read(pipes[0], &c, 1) < 0) /* PLACE: read */
        exit(1);
    return arg;
}

static void *poller(void *arg)
{
    struct epoll_event e;
    int fd = epoll_create1(0);
    if (epoll_wait(fd, &e, 1, -1) < 0) /* PLACE: epoll */
        exit(1);
    return arg;
}

static void *sleeper(void *arg)
{
    sleep(1000); /* PLACE: sleep */
    return arg;
}

static void *computer(void *arg)
{
    for (;;)
        atomic_fetch_add(&turns, 1); /* PLACE: compute */
    return arg;
}

int main(void)
{
    void *(*const all[])(void *) = {
        reader_of_table, waiter, taker, reader_of_pipe, poller, sleeper, computer};
    pthread_t t;
    char c;
    sem_init(&slots, 0, 0);
    pthread_rwlock_wrlock(&table);
    if (pipe(pipes) != 0)
        return 2;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        pthread_create(&t, NULL, all[i], NULL);
    while (turns == 0) /* until it computes */
        sched_yield();
    printf("ready %d\n", (int)getpid());
    fflush(stdout);
    while (read(0, &c, 1) > 0) /* PLACE: main */
        ;
    return turns == 0;
}
