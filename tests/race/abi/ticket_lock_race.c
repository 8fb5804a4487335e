/* SPDX-License-Identifier: MIT
 *
 * A ticket lock whose unlock is relaxed orders nothing.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sched.h>

int x; /* not static, or compilers would see through the test */
static atomic_uint next_ticket, serving;

static void lock(void)
{
    unsigned mine = atomic_fetch_add_explicit(&next_ticket, 1, memory_order_relaxed);
    while (atomic_load_explicit(&serving, memory_order_acquire) != mine)
        sched_yield();
}

static void unlock(void)
{
    unsigned now = atomic_load_explicit(&serving, memory_order_relaxed);
    atomic_store_explicit(&serving, now + 1, memory_order_relaxed);
}

static void *count(void *arg)
{
    for (int i = 0; i < 100; i++) {
        lock();
        x++;
        unlock();
    }
    return arg;
}

int main(void)
{
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&t[i], NULL, count, NULL))
            abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
