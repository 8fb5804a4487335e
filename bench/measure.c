/* SPDX-License-Identifier: MIT
 *
 * measure SECONDS COMMAND...: runs a command and prints one line about it:
 *
 *   WALL CPU RSS STATUS OUTPUT     seconds, seconds of user and system time, KB, exit status (128 +
 *                                  signal; 124: killed after SECONDS), the first word of its output
 *
 * Its stderr goes to /dev/null, so that the cost of a terminal is nobody's.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

static void run_child(char **argv, int out)
{
    int null = open("/dev/null", O_RDWR);

    dup2(null, 0);
    dup2(out, 1);
    dup2(null, 2);
    execvp(argv[0], argv);
    _exit(127);
}

/* Reads until the end of output or the deadline; false: the deadline came first. */
static bool read_output(int fd, double deadline, char *text, size_t size)
{
    size_t len = 0;
    char drop[4096];

    for (;;) {
        struct pollfd p = {fd, POLLIN, 0};
        double left = deadline - now();
        ssize_t n;
        if (left <= 0 || poll(&p, 1, (int)(left * 1000) + 1) == 0)
            return false;
        n = len + 1 < size ? read(fd, text + len, size - 1 - len) : read(fd, drop, sizeof(drop));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        if (len + 1 < size)
            text[len += (size_t)n] = 0;
    }
    return true;
}

int main(int argc, char **argv)
{
    char text[256] = "";
    struct rusage usage;
    int status, fds[2];
    bool ended;

    if (argc < 3 || pipe2(fds, O_CLOEXEC))
        return 2;
    double start = now();
    pid_t pid = fork();
    if (pid < 0)
        return 2;
    if (pid == 0)
        run_child(argv + 2, fds[1]);
    close(fds[1]);
    ended = read_output(fds[0], start + atof(argv[1]), text, sizeof(text));
    if (!ended)
        kill(pid, SIGKILL);
    if (wait4(pid, &status, 0, &usage) != pid)
        return 2;
    double wall = now() - start;
    text[strcspn(text, " \n\t")] = 0;
    printf("%.4f\t%.4f\t%ld\t%d\t%s\n", wall, seconds(usage.ru_utime) + seconds(usage.ru_stime),
        usage.ru_maxrss,
        !ended                ? 124
        : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                              : WEXITSTATUS(status),
        text);
    return 0;
}
