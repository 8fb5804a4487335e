/* SPDX-License-Identifier: MIT
 *
 * A heap of its own: objects are found and moved, its locks order, new objects have no past.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "barrier.h"

typedef unsigned long jptr;
void __tsan_java_init(jptr heap, jptr size);
int __tsan_java_fini(void);
void __tsan_java_alloc(jptr p, jptr size);
void __tsan_java_free(jptr p, jptr size);
void __tsan_java_move(jptr from, jptr to, jptr size);
jptr __tsan_java_find(jptr *from, jptr to);
void __tsan_java_mutex_lock(jptr p);
void __tsan_java_mutex_unlock(jptr p);
void __tsan_java_mutex_lock_rec(jptr p, int n);
int __tsan_java_mutex_unlock_rec(jptr p);

static long heap[1000];

static void *first(void *arg)
{
    (void)arg;
    jptr p = (jptr)&heap[10];
    __tsan_java_alloc(p, 32);
    heap[10] = 1;
    hidden_step();
    hidden_wait(2);
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    __tsan_java_free((jptr)&heap[10], 32);
    __tsan_java_alloc((jptr)&heap[10], 32);
    heap[10] = 2; /* another object */
    hidden_step();
    return NULL;
}

int main(void)
{
    pthread_t a, b;
    jptr base = (jptr)heap, from = base;
    __tsan_java_init(base, sizeof heap);
    if (pthread_create(&a, NULL, first, NULL) || pthread_create(&b, NULL, second, NULL))
        abort();
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    if (__tsan_java_find(&from, base + sizeof heap) != (jptr)&heap[10])
        return 1;
    __tsan_java_move((jptr)&heap[8], (jptr)&heap[9], 64);
    from = base;
    if (__tsan_java_find(&from, base + sizeof heap) != (jptr)&heap[11] || from != (jptr)&heap[11])
        return 2;
    __tsan_java_mutex_lock((jptr)&heap[11]);
    __tsan_java_mutex_lock((jptr)&heap[11]);
    int n = __tsan_java_mutex_unlock_rec((jptr)&heap[11]);
    if (n != 2)
        return 3;
    __tsan_java_mutex_lock_rec((jptr)&heap[11], n);
    __tsan_java_mutex_unlock((jptr)&heap[11]);
    __tsan_java_mutex_unlock((jptr)&heap[11]);
    return __tsan_java_fini();
}
