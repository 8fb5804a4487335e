/* SPDX-License-Identifier: MIT
 *
 * The order of the accesses is the same in every run, and neither runtime sees it.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

void __tsan_testonly_barrier_init(unsigned long *barrier, unsigned n);
void __tsan_testonly_barrier_wait(unsigned long *barrier);

static unsigned long barrier;

__attribute__((constructor)) static void init(void)
{
    __tsan_testonly_barrier_init(&barrier, 2);
}

static inline void step(void)
{
    __tsan_testonly_barrier_wait(&barrier);
}

/* The first thread's part, then the second's; both are there until the end. */
void first(void *arg);
void second(void *arg);

static void *first_thread(void *arg)
{
    first(arg);
    step();
    step();
    return NULL;
}

static void *second_thread(void *arg)
{
    step();
    second(arg);
    step();
    return NULL;
}

static inline void both(void *arg)
{
    pthread_t a, b;
    pthread_create(&a, NULL, first_thread, arg);
    pthread_create(&b, NULL, second_thread, arg);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
}
