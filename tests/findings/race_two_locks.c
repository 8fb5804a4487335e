/* SPDX-License-Identifier: MIT
 *
 * Each side holds a lock, but not the same one. The report says which, and where they were taken;
 * the second thread has heard nothing of the first.
 */
#include <pthread.h>

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static long hits;

static void __attribute__((noinline)) take_left(void)
{
    pthread_mutex_lock(&left);
}

static void __attribute__((noinline)) take_right(void)
{
    pthread_mutex_lock(&right);
}

static void *count_left(void *arg)
{
    take_left();
    hits++; /* HERE: left */
    pthread_mutex_unlock(&left);
    return arg;
}

static void *count_right(void *arg)
{
    take_right();
    hits++; /* HERE: right */
    pthread_mutex_unlock(&right);
    return arg;
}

int main(void)
{
    pthread_t t[2];
    pthread_create(&t[0], NULL, count_left, NULL);  /* HERE: go-left */
    pthread_create(&t[1], NULL, count_right, NULL); /* HERE: go-right */
    pthread_join(t[0], NULL);
    pthread_join(t[1], NULL);
    return 0;
}
