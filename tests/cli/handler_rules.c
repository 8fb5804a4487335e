/* SPDX-License-Identifier: MIT
 *
 * A handler that interrupts the program anywhere calls malloc and changes errno. The same handler,
 * when the thread raised the signal itself or waited for it, may.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

static volatile sig_atomic_t calls;
static void *volatile kept;

static void handler(int sig)
{ /* HERE: handler */
    (void)sig;
    kept = malloc(10); /* HERE: malloc */
    errno = EDOM;
    calls++;
}

static void careful(int sig)
{
    int saved = errno;
    (void)sig;
    errno = ERANGE;
    errno = saved;
    calls++;
}

static __attribute__((noinline)) void busy(void)
{
    struct itimerval soon = {.it_value = {.tv_usec = 100}};
    int before = calls;
    setitimer(ITIMER_REAL, &soon, NULL);
    while (calls == before)
        ;
}

int main(void)
{
    signal(SIGUSR1, handler);
    raise(SIGUSR1);
    signal(SIGALRM, careful);
    busy();
    errno = 0;
    signal(SIGALRM, handler);
    busy(); /* HERE: busy */
    return calls == 3 ? 0 : 1;
}
