/* SPDX-License-Identifier: MIT
 *
 * Two goroutines, each on a worker of its own, lock two pthread mutexes in opposite orders.
 */
#include <gorc.h>
#include <pthread.h>
#include <stdatomic.h>

#include "../support/barrier.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static atomic_int told;

static void on_report(const struct gorc_finding *f, void *arg)
{
    (void)f, (void)arg;
    told = 1;
}

static void one(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&a); /* HERE: one-has */
    hidden_step();
    hidden_wait(2);
    pthread_mutex_lock(&b); /* HERE: one-wants */
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
}

static void two(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&b); /* HERE: two-has */
    hidden_step();
    hidden_wait(2);
    pthread_mutex_lock(&a); /* HERE: two-wants */
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
}

int main(void)
{
    gorc_procs(3);
    gorc_set_report_hook(on_report, NULL);
    gorc_go(one, NULL); /* HERE: go-one */
    gorc_go(two, NULL); /* HERE: go-two */
    while (gorc_detect_active() && !told)
        gorc_sleep(GORC_MILLISECOND);
    return 0;
}
