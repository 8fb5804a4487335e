/* SPDX-License-Identifier: MIT
 *
 * cli_target WHAT...: does one thing after the other; what the tests of the command run.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static long counter;
static int *volatile nowhere;
static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;

static void bump(void)
{
    counter++;
}

static void *bump_thread(void *arg)
{
    (void)arg;
    bump();
    return NULL;
}

/* Nothing orders the two accesses, whichever comes first. */
static void race(void)
{
    pthread_t t;
    if (pthread_create(&t, NULL, bump_thread, NULL) != 0)
        exit(9);
    bump();
    pthread_join(t, NULL);
}

static void bump_with(pthread_mutex_t *m)
{
    pthread_mutex_lock(m);
    bump();
    pthread_mutex_unlock(m);
}

static void *bump_with_thread(void *arg)
{
    bump_with(arg);
    return NULL;
}

/* A lock each, but not the same one. */
static void race_with_locks(void)
{
    static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
    pthread_t t;
    if (pthread_create(&t, NULL, bump_with_thread, &second) != 0)
        exit(9);
    bump_with(&first);
    pthread_join(t, NULL);
}

static void *lock_thread(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&first);
    pthread_mutex_unlock(&first);
    return NULL;
}

static void hang(void)
{
    pthread_t t[3];
    pthread_mutex_lock(&first);
    for (int i = 0; i < 3; i++)
        if (pthread_create(&t[i], NULL, lock_thread, NULL) != 0)
            exit(9);
    for (;;)
        pause();
}

static void children(int n, char **rest)
{
    for (int i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            race();
            exit(0);
        }
        waitpid(pid, NULL, 0);
    }
    (void)rest;
}

static void run(char **what)
{
    if (strcmp(*what, "race") == 0)
        race();
    else if (strcmp(*what, "race-with-locks") == 0)
        race_with_locks();
    else if (strcmp(*what, "say") == 0)
        puts("said");
    else if (strncmp(*what, "exit=", 5) == 0)
        exit(atoi(*what + 5));
    else if (strncmp(*what, "_exit=", 6) == 0)
        _exit(atoi(*what + 6));
    else if (strncmp(*what, "quick_exit=", 11) == 0)
        quick_exit(atoi(*what + 11));
    else if (strncmp(*what, "raise=", 6) == 0)
        raise(atoi(*what + 6));
    else if (strcmp(*what, "crash") == 0)
        *nowhere = 1;
    else if (strcmp(*what, "abort") == 0)
        abort();
    else if (strcmp(*what, "hang") == 0)
        hang();
    else if (strcmp(*what, "close") == 0) {
        for (int fd = 3; fd < 1024; fd++)
            close(fd);
    } else if (strncmp(*what, "children=", 9) == 0)
        children(atoi(*what + 9), what);
    else if (strcmp(*what, "exec") == 0) {
        execv("/proc/self/exe", what);
        exit(9);
    } else {
        fprintf(stderr, "cli_target: unknown word '%s'\n", *what);
        exit(9);
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run(argv + i);
    return 0;
}
