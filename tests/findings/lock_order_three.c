/* SPDX-License-Identifier: MIT
 *
 * Three philosophers with three kinds of lock, who eat one after the other, but only by chance.
 */
#include <pthread.h>
#include <threads.h>

#include "../support/barrier.h"

static pthread_mutex_t fork_a = PTHREAD_MUTEX_INITIALIZER;
static mtx_t fork_b;
static pthread_spinlock_t fork_c;

static void *one(void *arg)
{
    pthread_mutex_lock(&fork_a); /* HERE: one-has */
    mtx_lock(&fork_b);           /* HERE: one-wants */
    mtx_unlock(&fork_b);
    pthread_mutex_unlock(&fork_a);
    hidden_step();
    return arg;
}

static void *two(void *arg)
{
    hidden_wait(1);
    mtx_lock(&fork_b);          /* HERE: two-has */
    pthread_spin_lock(&fork_c); /* HERE: two-wants */
    pthread_spin_unlock(&fork_c);
    mtx_unlock(&fork_b);
    hidden_step();
    return arg;
}

static void *three(void *arg)
{
    hidden_wait(2);
    pthread_spin_lock(&fork_c);  /* HERE: three-has */
    pthread_mutex_lock(&fork_a); /* HERE: three-wants */
    pthread_mutex_unlock(&fork_a);
    pthread_spin_unlock(&fork_c);
    return arg;
}

int main(void)
{
    pthread_t t[3];

    mtx_init(&fork_b, mtx_plain);
    pthread_spin_init(&fork_c, 0);
    pthread_create(&t[0], NULL, one, NULL);   /* HERE: create-one */
    pthread_create(&t[1], NULL, two, NULL);   /* HERE: create-two */
    pthread_create(&t[2], NULL, three, NULL); /* HERE: create-three */
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    return 0;
}
