/* SPDX-License-Identifier: MIT
 *
 * All goroutines are asleep, but a thread of the program's own will still send: it waits for bytes
 * from a pipe, which a child process writes when the thread is seen to sleep.
 */
#include <gorc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int fds[2];

static void *thread(void *c)
{
    char byte;
    if (read(fds[0], &byte, 1) != 1)
        exit(1);
    gorc_chan_send(c, &byte);
    return NULL;
}

static void idle(void *c)
{
    gorc_chan_recv(c, NULL);
    gorc_chan_unref(c);
}

int main(void)
{
    pthread_t t;
    gorc_chan *c = gorc_chan_new(1, 0), *stop = gorc_chan_new(0, 0);
    char got;
    if (pipe(fds) != 0)
        return 1;
    if (fork() == 0) {
        char path[64], state[256];
        snprintf(path, sizeof path, "/proc/%d/stat", (int)getppid());
        do { /* until the parent's main thread sleeps */
            FILE *f = fopen(path, "r");
            if (!f || !fgets(state, sizeof state, f))
                _exit(1);
            fclose(f);
        } while (strncmp(strrchr(state, ')'), ") S", 3) != 0);
        _exit(write(fds[1], "x", 1) != 1);
    }
    gorc_go(idle, gorc_chan_ref(stop));
    pthread_create(&t, NULL, thread, c);
    gorc_chan_recv(c, &got);
    gorc_chan_close(stop);
    gorc_yield();
    pthread_join(t, NULL);
    wait(NULL);
    gorc_chan_unref(stop);
    gorc_chan_unref(c);
    return got != 'x';
}
