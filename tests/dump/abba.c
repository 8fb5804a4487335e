/* SPDX-License-Identifier: MIT
 *
 * Two threads that take two locks in opposite orders, each sure to hold its first. No gorc.
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t both_hold_one;

static void *forwards(void *arg)
{
    pthread_mutex_lock(&first);
    pthread_barrier_wait(&both_hold_one);
    pthread_mutex_lock(&second); /* STUCK: forwards */
    return arg;
}

static void *backwards(void *arg)
{
    pthread_mutex_lock(&second);
    pthread_barrier_wait(&both_hold_one);
    pthread_mutex_lock(&first); /* STUCK: backwards */
    return arg;
}

int main(void)
{
    pthread_t a, b;
    pthread_barrier_init(&both_hold_one, NULL, 2);
    pthread_create(&a, NULL, forwards, NULL);
    pthread_create(&b, NULL, backwards, NULL);
    printf("ready %d\n", (int)getpid());
    fflush(stdout);
    pthread_join(a, NULL); /* STUCK: main */
    pthread_join(b, NULL);
    return 0;
}
