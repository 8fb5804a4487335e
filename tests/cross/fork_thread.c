/* SPDX-License-Identifier: MIT
 *
 * Not a test of ours but of the emulator: a process that has a thread forks, and the child starts a
 * thread. Status 0: it can. qemu-user up to 7.2 cannot: after the fork it numbers its processors
 * anew, but still has those of the parent's threads in a table, and stops with
 * "qemu_plugin_vcpu_init_hook: assertion failed".
 */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static void *idle(void *arg)
{
    (void)arg;
    for (;;)
        pause();
    return NULL;
}

static void *set(void *arg)
{
    *(int *)arg = 1;
    return NULL;
}

int main(void)
{
    pthread_t thread;
    int status = 0, ran = 0;
    if (pthread_create(&thread, NULL, idle, NULL) != 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        alarm(10);
        if (pthread_create(&thread, NULL, set, &ran) == 0)
            pthread_join(thread, NULL);
        _exit(!ran);
    }
    return waitpid(child, &status, 0) != child || status != 0;
}
