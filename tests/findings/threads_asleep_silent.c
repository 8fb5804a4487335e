/* SPDX-License-Identifier: MIT
 *
 * All threads sleep when the program is told to end, and somebody may come: one waits for a
 * semaphore that a signal's handler posts, another for input, the third one at a barrier in memory
 * that other processes share, the last one for a time.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "../support/told_to_end.h"

static sem_t posted;
static pthread_barrier_t *shared;
static int ends[2];

static void on_signal(int sig)
{
    (void)sig;
    sem_post(&posted);
}

static void *waits_for_signal(void *arg)
{
    signal(SIGUSR1, on_signal);
    sem_wait(&posted);
    return arg;
}

static void *waits_for_input(void *arg)
{
    char c;
    return read(ends[0], &c, 1) == 1 ? arg : NULL;
}

static void *waits_for_process(void *arg)
{
    pthread_barrier_wait(shared);
    return arg;
}

static void *waits_for_time(void *arg)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1000;
    sem_timedwait(&posted, &until);
    return arg;
}

static void hang(void *(*fn)(void *))
{
    pthread_t t;
    end_when_asleep(2);
    pthread_create(&t, NULL, fn, NULL);
    pthread_join(t, NULL);
    _exit(1);
}

int main(void)
{
    void *(*const all[])(void *) = {
        waits_for_signal, waits_for_input, waits_for_process, waits_for_time};
    pthread_barrierattr_t attr;
    bool ok = pipe(ends) == 0;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_barrierattr_init(&attr);
    pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(shared, &attr, 2);
    sem_init(&posted, 0, 0);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0)
            hang(all[i]);
        waitpid(pid, &status, 0);
        ok = ok && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
    }
    return !ok;
}
