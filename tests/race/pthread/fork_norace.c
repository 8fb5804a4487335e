/* SPDX-License-Identifier: MIT
 *
 * A child goes on with one thread, and what the parent's threads did is no race there.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *run(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&m);
    x++;
    pthread_mutex_unlock(&m);
    return NULL;
}

static void two_threads(void)
{
    pthread_t t[2];

    for (int i = 0; i < 2; i++)
        if (pthread_create(&t[i], NULL, run, NULL))
            abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
}

int main(void)
{
    int status;

    two_threads();
    pid_t pid = fork();
    if (pid == 0) {
        two_threads();
        _exit(x == 4 ? 0 : 1);
    }
    if (waitpid(pid, &status, 0) != pid || status)
        abort();
    two_threads();
    return x == 4 ? 0 : 1;
}
