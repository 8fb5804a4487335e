/* SPDX-License-Identifier: MIT
 *
 * What every test of the library uses. A test file includes this header once, and with it gets
 * main(): Criterion's, which runs each TEST in a process of its own, on the main thread (so the
 * test is goroutine 1).
 *
 * CHECK, not cr_assert: it works on any goroutine (cr_assert jumps to the main thread's stack).
 *
 * Waiting for "everybody is blocked" without sleeping: settle(), after one_worker(). On one worker
 * a yield runs every runnable goroutine once.
 *
 * A CHILD is a main() of its own, run in a new process by run_child(), for whatever ends a process
 * or leaves goroutines blocked. So a run of all tests under the detector has no finding.
 *
 * The tests hold no data race themselves (L2): what goroutines share is atomic or ordered by gorc.
 */
#ifndef GORC_TESTS_UNIT_H
#define GORC_TESTS_UNIT_H

#include <criterion/criterion.h>
#include <gorc.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(cond) ((cond) ? (void)0 : check_failed(__FILE__, __LINE__, #cond, 0, 0))
#define CHECK_EQ(a, b)                                                                             \
    do {                                                                                           \
        long long check_a = (long long)(a), check_b = (long long)(b);                              \
        if (check_a != check_b)                                                                    \
            check_failed(__FILE__, __LINE__, #a " == " #b, check_a, check_b);                      \
    } while (0)

#define UNUSED __attribute__((unused))

UNUSED static void check_failed(
    const char *file, int line, const char *what, long long a, long long b)
{
    fprintf(stderr, "%s:%d: failed: %s (%lld, %lld)\n", file, line, what, a, b);
    abort();
}

/* --- order without sleeping --- */

/* The first call of a test that makes an order by itself: nothing may disturb it. */
UNUSED static void one_worker(void)
{
    unsetenv("GORC_DEBUG");
    gorc_procs(1);
}

/* Runs all others until they block or have ended. With one worker only; `rounds` bounds how often a
 * goroutine may yield or be woken on its way there. */
UNUSED static void settle_rounds(int rounds)
{
    for (int i = 0; i < rounds; i++)
        gorc_yield();
}

UNUSED static void settle(void)
{
    settle_rounds(64);
}

/* Yields until *flag is at least n: for orders that several workers make. */
UNUSED static void await(atomic_int *flag, int n)
{
    while (atomic_load(flag) < n)
        gorc_yield();
}

/* Iterations of a stress test, fewer where a tool slows the program down: UNIT_DIVISOR, and a
 * quarter under the detector. */
UNUSED static int scaled(int n)
{
    const char *divisor = getenv("UNIT_DIVISOR");
    int d = (divisor ? atoi(divisor) : 1) * (gorc_detect_active() ? 4 : 1);
    return d > 1 && n / d > 0 ? n / d : n;
}

/* A seed for random tests: UNIT_SEED repeats a run. */
UNUSED static unsigned long long test_seed(void)
{
    const char *seed = getenv("UNIT_SEED");
    unsigned long long s = seed ? strtoull(seed, NULL, 10) : (unsigned long long)gorc_now();
    fprintf(stderr, "seed: UNIT_SEED=%llu\n", s);
    return s;
}

UNUSED static unsigned test_random(unsigned long long *state, unsigned n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((*state >> 33) % n);
}

/* --- children --- */

struct child {
    const char *name;
    int (*main)(void);
    struct child *next;
};

static struct child *children;

#define CHILD(id)                                                                                  \
    static int child_##id(void);                                                                   \
    __attribute__((constructor)) static void child_register_##id(void)                             \
    {                                                                                              \
        static struct child c = {#id, child_##id, NULL};                                           \
        c.next = children;                                                                         \
        children = &c;                                                                             \
    }                                                                                              \
    static int child_##id(void)

struct child_result {
    int status;     /* as from waitpid */
    char err[8192]; /* its stderr */
};

UNUSED static void child_exec(const char *name, int err)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n < 0)
        _exit(126);
    self[n] = 0;
    dup2(err, STDERR_FILENO);
    unsetenv("BXFI_MAP"); /* Criterion's: with it the new process would run a test, not main() */
    unsetenv("GORC_OPTIONS"); /* under `gorc run`: the child reports for itself, on its stderr */
    const char *emulator = getenv("UNIT_EMULATOR"); /* tests for another processor */
    if (emulator && *emulator)
        execl(emulator, emulator, "-R", "16G", self, "--child", name, (char *)NULL);
    execl(self, self, "--child", name, (char *)NULL);
    _exit(127);
}

/* Runs CHILD(name) to its end. */
UNUSED static struct child_result run_child(const char *name)
{
    struct child_result r = {0};
    int fd[2];
    CHECK(pipe(fd) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        child_exec(name, fd[1]);
    close(fd[1]);
    size_t used = 0;
    char spill[512];
    for (;;) {
        bool room = used < sizeof(r.err) - 1;
        ssize_t n = read(
            fd[0], room ? r.err + used : spill, room ? sizeof(r.err) - 1 - used : sizeof(spill));
        if (n <= 0)
            break;
        used += room ? (size_t)n : 0;
    }
    close(fd[0]);
    CHECK(waitpid(pid, &r.status, 0) == pid);
    return r;
}

/* The child ended by abort(), with `words` on its stderr. */
UNUSED static void check_misuse(const char *child, const char *words)
{
    struct child_result r = run_child(child);
    if (!WIFSIGNALED(r.status) || WTERMSIG(r.status) != SIGABRT || !strstr(r.err, words)) {
        fprintf(stderr, "child %s: status %#x, expected SIGABRT and '%s'; it said:\n%s\n", child,
            (unsigned)r.status, words, r.err);
        abort();
    }
}

/* The child ended with that exit status, and `words` on its stderr. */
UNUSED static void check_exit(const char *child, int status, const char *words)
{
    struct child_result r = run_child(child);
    if (!WIFEXITED(r.status) || WEXITSTATUS(r.status) != status || !strstr(r.err, words)) {
        fprintf(stderr, "child %s: status %#x, expected exit %d and '%s'; it said:\n%s\n", child,
            (unsigned)r.status, status, words, r.err);
        abort();
    }
}

#define MISUSE_TEST(suite, id, words)                                                              \
    Test(suite, id)                                                                                \
    {                                                                                              \
        check_misuse(#id, words);                                                                  \
    }                                                                                              \
    CHILD(id)

/* The end of a child whose misuse is another goroutine's: its report must not race with exit(). */
UNUSED static int stay(void)
{
    gorc_chan_recv(NULL, NULL);
    return 0;
}

static int child_main(const char *name)
{
    for (struct child *c = children; c; c = c->next)
        if (strcmp(c->name, name) == 0)
            return c->main();
    fprintf(stderr, "no child '%s'\n", name);
    return 127;
}

int main(int argc, char *argv[])
{
    if (argc == 3 && strcmp(argv[1], "--child") == 0)
        return child_main(argv[2]);
    struct criterion_test_set *tests = criterion_initialize();
    int status = 0;
    if (criterion_handle_args(argc, argv, true))
        status = criterion_run_all_tests(tests) ? 0 : 1;
    criterion_finalize(tests);
    return status;
}

#endif
