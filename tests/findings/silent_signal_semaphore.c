/* SPDX-License-Identifier: MIT
 *
 * Everybody waits: main for a channel, a thread for a semaphore that only a signal handler posts.
 */
#include <gorc.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/time.h>

static sem_t sem;

static void on_alarm(int sig)
{
    (void)sig;
    sem_post(&sem);
}

static void *thread(void *c)
{
    while (sem_wait(&sem) != 0)
        ;
    gorc_chan_close(c);
    return NULL;
}

int main(void)
{
    pthread_t t;
    gorc_chan *c = gorc_chan_new(0, 0);
    struct itimerval in = {.it_value = {.tv_usec = 30000}};
    sem_init(&sem, 0, 0);
    signal(SIGALRM, on_alarm);
    pthread_create(&t, NULL, thread, c);
    setitimer(ITIMER_REAL, &in, NULL);
    gorc_chan_recv(c, NULL);
    pthread_join(t, NULL);
    gorc_chan_unref(c);
    return 0;
}
