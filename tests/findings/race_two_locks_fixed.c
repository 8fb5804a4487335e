/* SPDX-License-Identifier: MIT
 *
 * Both locks of race_two_locks.c are one.
 */
#include <pthread.h>

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER;
static long hits;

static void __attribute__((noinline)) take_left(void)
{
    pthread_mutex_lock(&left);
}

static void __attribute__((noinline)) take_right(void)
{
    pthread_mutex_lock(&left);
}

static void *count_left(void *arg)
{
    take_left();
    hits++;
    pthread_mutex_unlock(&left);
    return arg;
}

static void *count_right(void *arg)
{
    take_right();
    hits++;
    pthread_mutex_unlock(&left);
    return arg;
}

int main(void)
{
    pthread_t t[2];
    pthread_create(&t[0], NULL, count_left, NULL);
    pthread_create(&t[1], NULL, count_right, NULL);
    pthread_join(t[0], NULL);
    pthread_join(t[1], NULL);
    return 0;
}
