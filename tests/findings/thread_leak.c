/* SPDX-License-Identifier: MIT
 *
 * Of three threads, one is joined, one detached, and one neither, though it has ended.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static pid_t tid;
static pthread_barrier_t known;

static void *run(void *arg)
{
    if (arg) {
        tid = (pid_t)syscall(SYS_gettid);
        pthread_barrier_wait(&known);
    }
    return NULL;
}

int main(void)
{
    pthread_t joined, detached, leaked;

    pthread_barrier_init(&known, NULL, 2);
    pthread_create(&leaked, NULL, run, &tid); /* HERE: create */
    pthread_barrier_wait(&known);
    while (syscall(SYS_tgkill, getpid(), tid, 0) == 0)
        sched_yield();
    pthread_create(&detached, NULL, run, NULL);
    pthread_detach(detached);
    pthread_create(&joined, NULL, run, NULL);
    pthread_join(joined, NULL);
    return 0;
}
