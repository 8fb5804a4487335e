/* SPDX-License-Identifier: MIT
 *
 * Everything that happens arrives as a blocked signal in one loop, so nothing is done in handlers.
 *
 * When the time is up, every process that has a raw record is asked for a dump by the signal that
 * the race library handles (detector/runtime/dump.h), and ended once it is complete.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "util.h"

#define DUMP_SIGNAL (SIGRTMAX - 1)
enum { DUMP_MS = 5000, AGAIN_MS = 200, TERM_MS = 2000, KILL_MS = 2000, POLL_MS = 10 };

static const int forwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
enum { N_FORWARDED = sizeof forwarded / sizeof *forwarded };

/* --- start --- */

static void start(struct child *c, const sigset_t *mask)
{
    int pipe_fd[2];
    if (pipe2(pipe_fd, O_CLOEXEC) != 0)
        die(STATUS_FAILED, "cannot make a pipe: %s", strerror(errno));
    c->pid = fork();
    if (c->pid < 0)
        die(STATUS_FAILED, "cannot start a process: %s", strerror(errno));
    if (c->pid == 0) {
        sigprocmask(SIG_SETMASK, mask, NULL);
        execv(c->path, c->argv);
        int error = errno;
        if (write(pipe_fd[1], &error, sizeof error) < 0)
            _exit(STATUS_FAILED);
        _exit(STATUS_CANNOT_EXECUTE);
    }
    close(pipe_fd[1]);
    if (read(pipe_fd[0], &c->error, sizeof c->error) != (ssize_t)sizeof c->error)
        c->error = 0;
    close(pipe_fd[0]);
}

/* --- the processes of the run --- */

struct pids {
    int *at;
    size_t n, cap;
};

static void list_pids(const char *record, struct pids *p)
{
    DIR *d = opendir(record);
    struct dirent *e;
    p->n = 0;
    while (d && (e = readdir(d))) {
        char *end;
        long pid = strtol(e->d_name, &end, 10);
        if (pid <= 0 || *end != '.' || kill((pid_t)pid, 0) != 0)
            continue;
        bool known = false;
        for (size_t i = 0; i < p->n; i++)
            known |= p->at[i] == (int)pid;
        p->at = grow(p->at, p->n, &p->cap, sizeof *p->at);
        if (!known)
            p->at[p->n++] = (int)pid;
    }
    if (d)
        closedir(d);
}

static void signal_all(const struct child *c, int sig)
{
    struct pids p = {0};
    list_pids(c->record, &p);
    for (size_t i = 0; i < p.n; i++)
        kill(p.at[i], sig);
    free(p.at);
}

static bool ends_with_dump(const char *path)
{
    static const char mark[] = "{\"dump_end\":";
    char buffer[512];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    /* Lines may follow it: what a process finds while it is being ended. */
    bool found = false;
    ssize_t n;
    off_t at = 0;
    while (!found && (n = pread(fd, buffer, sizeof buffer, at)) > 0) {
        found = memmem(buffer, (size_t)n, mark, sizeof mark - 1) != NULL;
        at += n > (ssize_t)sizeof mark ? n - (ssize_t)sizeof mark : n;
    }
    close(fd);
    return found;
}

/* Only the newest record of a process matters: PID.N.raw. */
static bool has_dumped(const char *record, int pid)
{
    char *path = xprintf("%s/%d.raw", record, pid);
    for (int i = 1;; i++) {
        char *next = xprintf("%s/%d.%d.raw", record, pid, i);
        if (access(next, F_OK) != 0) {
            free(next);
            break;
        }
        free(path);
        path = next;
    }
    bool done = ends_with_dump(path);
    free(path);
    return done;
}

static void pause_ms(int ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&ts, NULL);
}

static void ask_for_dumps(const struct child *c)
{
    struct pids p = {0};
    list_pids(c->record, &p);
    for (size_t i = 0; i < p.n; i++)
        kill(p.at[i], DUMP_SIGNAL);
    int64_t until = now_ns() + DUMP_MS * INT64_C(1000000);
    for (size_t i = 0; i < p.n; i++)
        for (int k = 1; !has_dumped(c->record, p.at[i]) && kill(p.at[i], 0) == 0; k++) {
            if (now_ns() >= until)
                break;
            pause_ms(POLL_MS);
            /* It may have found the thread inside the detector, which answers nobody. */
            if (k % (AGAIN_MS / POLL_MS) == 0)
                kill(p.at[i], DUMP_SIGNAL);
        }
    free(p.at);
}

/* True: it has ended within the time. */
static bool reap(struct child *c, int ms)
{
    int64_t until = now_ns() + ms * INT64_C(1000000);
    for (;;) {
        pid_t pid = waitpid(c->pid, &c->status, WNOHANG);
        if (pid == c->pid || (pid < 0 && errno == ECHILD))
            return true;
        if (now_ns() >= until)
            return false;
        pause_ms(POLL_MS);
    }
}

static void end_all(struct child *c)
{
    c->timed_out = true;
    ask_for_dumps(c);
    signal_all(c, SIGTERM);
    kill(c->pid, SIGTERM);
    bool ended = reap(c, TERM_MS);
    signal_all(c, SIGKILL);
    kill(c->pid, SIGKILL);
    if (!ended)
        reap(c, KILL_MS);
}

/* --- waiting --- */

/* The terminal sends its signals to the whole foreground group: the program has it already. */
static bool is_from_terminal(const siginfo_t *info)
{
    return info->si_code == SI_KERNEL;
}

static void wait_for_end(struct child *c, const sigset_t *waited)
{
    int64_t until = c->timeout_ns ? now_ns() + c->timeout_ns : 0;
    siginfo_t info;
    for (;;) {
        struct timespec ts = {3600, 0};
        if (until) {
            int64_t left = until - now_ns();
            if (left <= 0) {
                end_all(c);
                return;
            }
            ts = (struct timespec){left / 1000000000, left % 1000000000};
        }
        int sig = sigtimedwait(waited, &info, &ts);
        if (sig == SIGCHLD || sig < 0) {
            pid_t pid = waitpid(c->pid, &c->status, WNOHANG);
            if (pid == c->pid || (pid < 0 && errno == ECHILD))
                return;
        } else if (!is_from_terminal(&info)) {
            kill(c->pid, sig);
        }
    }
}

void child_run(struct child *c)
{
    sigset_t waited, before;
    sigemptyset(&waited);
    sigaddset(&waited, SIGCHLD);
    for (int i = 0; i < N_FORWARDED; i++)
        sigaddset(&waited, forwarded[i]);
    struct sigaction normal = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &normal, NULL); /* ignored by our parent: there would be no status */
    sigprocmask(SIG_BLOCK, &waited, &before);
    start(c, &before);
    if (c->error)
        waitpid(c->pid, &c->status, 0);
    else
        wait_for_end(c, &waited);
    /* What arrives from now on would end us before the reports are written. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
}

void die_of_signal(int sig)
{
    struct rlimit none = {0, 0};
    struct sigaction normal = {.sa_handler = SIG_DFL};
    sigset_t set;
    fflush(NULL);
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0); /* no core through a pipe either */
    sigaction(sig, &normal, NULL);
    sigemptyset(&set);
    sigaddset(&set, sig);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(sig);
    _exit(128 + sig);
}
