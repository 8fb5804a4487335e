/* SPDX-License-Identifier: MIT
 *
 * Two process-shared mutexes: another process holds what we wait for, and we hold what it will wait
 * for next, but try-lock decides. A thread besides waits for the one that we hold.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    pthread_mutex_t a, b;
    int turn;
};

static struct shared *s;

static void *waits(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&s->a);
    pthread_mutex_unlock(&s->a);
    return NULL;
}

static void child(void)
{
    pthread_mutex_lock(&s->b);
    __atomic_store_n(&s->turn, 1, __ATOMIC_RELEASE);
    while (pthread_mutex_trylock(&s->a) == 0) { /* until the parent has it */
        pthread_mutex_unlock(&s->a);
        sched_yield();
    }
    for (int i = 0; i < 1000; i++)
        sched_yield();
    pthread_mutex_unlock(&s->b);
    _exit(0);
}

int main(void)
{
    pthread_mutexattr_t attr;
    pthread_t t;
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&s->a, &attr);
    pthread_mutex_init(&s->b, &attr);
    if (fork() == 0)
        child();
    while (!__atomic_load_n(&s->turn, __ATOMIC_ACQUIRE))
        sched_yield();
    pthread_mutex_lock(&s->a);
    pthread_create(&t, NULL, waits, NULL);
    pthread_mutex_lock(&s->b);
    pthread_mutex_unlock(&s->b);
    pthread_mutex_unlock(&s->a);
    pthread_join(t, NULL);
    int status;
    wait(&status);
    return status != 0;
}
