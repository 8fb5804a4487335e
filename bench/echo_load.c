/* SPDX-License-Identifier: MIT
 *
 * echo_load CONNECTIONS REQUESTS SERVER [ARG...]: starts the server, which prints its port, and
 * makes that many requests of 64 bytes in all, one at a time on each connection; one epoll loop,
 * one thread, no library of ours. Prints what measure.c prints, of the server alone: wall time of
 * the requests, CPU time and memory of the server, its status, the number of answers.
 */
#define _GNU_SOURCE 1
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 64 };

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "echo_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int connect_to(int port)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&in, sizeof(in)) != 0)
        fail("connect");
    return fd;
}

static void request(int fd)
{
    static char text[SIZE];

    if (send(fd, text, SIZE, MSG_NOSIGNAL) != SIZE)
        fail("send");
}

/* Each answer that is complete brings the next request; the number of answers. */
static long run(const int *fds, int n, long requests)
{
    struct epoll_event events[64];
    int set = epoll_create1(EPOLL_CLOEXEC);
    long sent = 0, done = 0;
    int *left = calloc((size_t)n, sizeof(*left));

    for (int i = 0; i < n; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        if (epoll_ctl(set, EPOLL_CTL_ADD, fds[i], &e) != 0)
            fail("epoll_ctl");
        left[i] = SIZE;
        if (sent < requests) {
            request(fds[i]);
            sent++;
        }
    }
    while (done < sent) {
        int ready = epoll_wait(set, events, 64, 10000);
        if (ready <= 0)
            fail("no answer");
        for (int k = 0; k < ready; k++) {
            uint32_t i = events[k].data.u32;
            char text[SIZE];
            ssize_t got = recv(fds[i], text, (size_t)left[i], 0);
            if (got <= 0)
                fail("recv");
            left[i] -= (int)got;
            if (left[i] > 0)
                continue;
            left[i] = SIZE;
            done++;
            if (sent < requests) {
                request(fds[i]);
                sent++;
            }
        }
    }
    close(set);
    free(left);
    return done;
}

static pid_t start(char **argv, int *ret_stdin, int *ret_port)
{
    int in[2], out[2];
    char text[32];
    ssize_t n;
    size_t used = 0;

    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
        fail("pipe");
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    while (
        used < sizeof(text) - 1 && (n = read(out[0], text + used, sizeof(text) - 1 - used)) > 0) {
        used += (size_t)n;
        if (memchr(text, '\n', used))
            break;
    }
    text[used] = 0;
    close(out[0]);
    *ret_stdin = in[1];
    *ret_port = atoi(text);
    if (*ret_port <= 0)
        fail("no port");
    return pid;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int status, port, end;

    if (argc < 4)
        return 2;
    int n = atoi(argv[1]);
    int *fds = calloc((size_t)n, sizeof(*fds));
    pid_t pid = start(argv + 3, &end, &port);
    for (int i = 0; i < n; i++)
        fds[i] = connect_to(port);
    double begin = now();
    long done = run(fds, n, atol(argv[2]));
    double wall = now() - begin;
    close(end);
    if (wait4(pid, &status, 0, &usage) != pid)
        fail("wait4");
    double cpu = (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
                 1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    printf("%.4f\t%.4f\t%ld\t%d\t%ld\n", wall, cpu, usage.ru_maxrss,
        WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), done);
    return 0;
}
