/* SPDX-License-Identifier: MIT
 *
 * A goroutine reads twice under a gorc_rwmutex, and a thread under an rwlock that prefers writers,
 * while others write: a writer in between would stop both.
 */
#define _GNU_SOURCE
#include <gorc.h>
#include <pthread.h>

#include "../support/barrier.h"

static gorc_rwmutex table;
static pthread_rwlock_t list = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static gorc_waitgroup done;

static void look_up(void *arg)
{
    (void)arg;
    gorc_rwmutex_rlock(&table); /* HERE: outer */
    gorc_rwmutex_rlock(&table); /* HERE: inner */
    gorc_rwmutex_runlock(&table);
    gorc_rwmutex_runlock(&table);
    hidden_step();
}

static void insert(void *arg)
{
    (void)arg;
    hidden_yield_until(1);
    gorc_rwmutex_lock(&table); /* HERE: write */
    gorc_rwmutex_unlock(&table);
}

static void *walk(void *arg)
{
    pthread_rwlock_rdlock(&list); /* HERE: list-outer */
    pthread_rwlock_rdlock(&list); /* HERE: list-inner */
    pthread_rwlock_unlock(&list);
    pthread_rwlock_unlock(&list);
    hidden_step();
    return arg;
}

static void *append(void *arg)
{
    pthread_rwlock_wrlock(&list); /* HERE: list-write */
    pthread_rwlock_unlock(&list);
    return arg;
}

int main(void)
{
    pthread_t t[2];

    gorc_wg_go(&done, look_up, NULL); /* HERE: go-reader */
    gorc_wg_go(&done, insert, NULL);  /* HERE: go-writer */
    gorc_wg_wait(&done);
    pthread_create(&t[0], NULL, walk, NULL); /* HERE: create-walk */
    hidden_wait(2);
    pthread_create(&t[1], NULL, append, NULL); /* HERE: create-append */
    pthread_join(t[0], NULL);
    pthread_join(t[1], NULL);
    return 0;
}
