/* SPDX-License-Identifier: MIT
 *
 * load IDLE BUSY SECONDS SERVER [ARG...]: starts the echo server (examples/echo_server.c), holds
 * IDLE connections open that have been used once, and keeps BUSY others asking for that long.
 * Checks each answer, that the idle ones still work at the end, that the server's memory has not
 * grown meanwhile, and what it says is left when all connections have ended. Prints "N passed, N
 * failed".
 */
#define _GNU_SOURCE 1
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <fcntl.h>

enum { SIZE = 64, LEAST = 50 /* answers */ };

static int passed, failed;

static void check(bool ok, const char *what)
{
    printf("%s %s\n", ok ? "ok  " : "FAIL", what);
    *(ok ? &passed : &failed) += 1;
}

static _Noreturn void fail(const char *what)
{
    printf("FAIL %s: %s\n%d passed, %d failed\n", what, strerror(errno), passed, failed + 1);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int connect_to(int port)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&in, sizeof in) != 0)
        fail("connect");
    return fd;
}

static void ask(int fd, char mark)
{
    char text[SIZE];
    memset(text, mark, SIZE);
    if (send(fd, text, SIZE, MSG_NOSIGNAL) != SIZE)
        fail("send");
}

static bool answer(int fd, char mark)
{
    char text[SIZE];
    ssize_t n = recv(fd, text, SIZE, MSG_WAITALL);
    for (int i = 0; i < SIZE && n == SIZE; i++)
        if (text[i] != mark)
            return false;
    return n == SIZE;
}

static bool ask_all(const int *fds, int n)
{
    bool ok = true;
    for (int i = 0; i < n; i += 100) {
        for (int k = i; k < n && k < i + 100; k++)
            ask(fds[k], (char)k);
        for (int k = i; k < n && k < i + 100; k++)
            ok &= answer(fds[k], (char)k);
    }
    return ok;
}

/* Until `end`, and so many answers for each connection: each answer brings the next question. */
static long keep_busy(const int *fds, int n, double end)
{
    struct epoll_event events[64];
    int set = epoll_create1(EPOLL_CLOEXEC);
    long answers = 0;
    for (int i = 0; i < n; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        epoll_ctl(set, EPOLL_CTL_ADD, fds[i], &e);
        ask(fds[i], 'b');
    }
    for (int waiting = n; waiting > 0;) {
        int ready = epoll_wait(set, events, 64, 300000);
        if (ready <= 0)
            fail("no answer for 300 s");
        bool more = now() < end || answers < (long)n * LEAST;
        for (int k = 0; k < ready; k++) {
            int fd = fds[events[k].data.u32];
            if (!answer(fd, 'b'))
                fail("wrong answer");
            answers++;
            if (more)
                ask(fd, 'b');
            else
                waiting--;
        }
    }
    close(set);
    return answers;
}

static long resident_kb(pid_t pid)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    close(fd);
    text[n < 0 ? 0 : n] = 0;
    const char *line = strstr(text, "\nVmRSS:");
    return line ? atol(line + 7) : -1;
}

struct process {
    pid_t pid;
    int in;
    FILE *out;
};

static struct process start(char **argv)
{
    int in[2], out[2];
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
    return (struct process){pid, in[1], fdopen(out[0], "r")};
}

static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void finish(struct process *server)
{
    char line[256] = "";
    int status;
    close(server->in);
    while (fgets(line, sizeof line, server->out))
        if (strstr(line, "left:"))
            break;
    printf("     %s", line);
    check(strcmp(line, "left: 1 goroutines, 0 descriptors\n") == 0, "nothing is left");
    check(
        waitpid(server->pid, &status, 0) == server->pid && status == 0, "the server's status is 0");
}

int main(int argc, char **argv)
{
    char line[64] = "";
    if (argc < 5)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    raise_limit();
    int idle = atoi(argv[1]), busy = atoi(argv[2]), n = idle + busy;
    double seconds = atof(argv[3]);
    struct process server = start(argv + 4);
    int port = fgets(line, sizeof line, server.out) ? atoi(line) : 0;
    int *fds = calloc((size_t)n, sizeof *fds);
    if (port <= 0 || !fds)
        fail("the server did not start");
    for (int i = 0; i < n; i++)
        fds[i] = connect_to(port);
    check(ask_all(fds, n), "every connection answers");
    double end = now() + seconds;
    long answers = keep_busy(fds + idle, busy, end - seconds * 0.9); /* until all is warm */
    long before = resident_kb(server.pid);
    answers += keep_busy(fds + idle, busy, end);
    long after = resident_kb(server.pid);
    printf("     %d idle and %d busy connections, %.0f s, %ld answers, %ld KB, then %ld KB\n", idle,
        busy, seconds, answers, before, after);
    check(answers > busy, "the busy connections are answered");
    check(before > 0 && after <= before + before / 50 + 256, "the server's memory does not grow");
    check(ask_all(fds, n), "every connection still answers");
    for (int i = 0; i < n; i++)
        close(fds[i]);
    finish(&server);
    printf("check-echo: %d passed, %d failed\n", passed, failed);
    return failed != 0;
}
