/* SPDX-License-Identifier: MIT
 *
 * Contexts that are cancelled by signals (Go's signal.NotifyContext).
 */
#include "unit.h"

#include <sys/resource.h>

static gorc_ctx *on(int a, int b)
{
    int signals[] = {a, b};
    return gorc_ctx_with_signal(gorc_ctx_background(), signals, b ? 2 : 1);
}

static void *handler_of(int sig)
{
    struct sigaction act;
    CHECK(sigaction(sig, NULL, &act) == 0);
    return (void *)act.sa_handler;
}

Test(context_signal, cancels)
{
    gorc_ctx *ctx = on(SIGUSR1, SIGUSR2), *child = gorc_ctx_with_cancel(ctx);
    CHECK_EQ(gorc_ctx_err(ctx), 0);
    kill(getpid(), SIGUSR2);
    gorc_chan_recv(gorc_ctx_done(child), NULL);
    CHECK_EQ(gorc_ctx_err(ctx), -ECANCELED);
    CHECK_EQ(gorc_ctx_cause(child), SIGUSR2);
    gorc_ctx_free(child);
    gorc_ctx_free(ctx);
}

/* Several contexts ask for one signal; one that was cancelled before does not. */
Test(context_signal, several_contexts)
{
    gorc_ctx *a = on(SIGUSR1, 0), *b = on(SIGUSR1, SIGUSR2), *c = on(SIGUSR2, 0),
             *d = on(SIGUSR1, 0);
    gorc_ctx_cancel(d);
    raise(SIGUSR1);
    gorc_chan_recv(gorc_ctx_done(a), NULL);
    gorc_chan_recv(gorc_ctx_done(b), NULL);
    CHECK_EQ(gorc_ctx_cause(a), SIGUSR1);
    CHECK_EQ(gorc_ctx_cause(b), SIGUSR1);
    CHECK_EQ(gorc_ctx_err(c), 0);
    CHECK_EQ(gorc_ctx_cause(d), -ECANCELED);
    raise(SIGUSR2);
    gorc_chan_recv(gorc_ctx_done(c), NULL);
    gorc_ctx *all[] = {a, b, c, d};
    for (int i = 0; i < 4; i++)
        gorc_ctx_free(all[i]);
}

static volatile sig_atomic_t handled;

static void handler(int sig)
{
    (void)sig;
    handled++;
}

/* The disposition from before comes back with the last context, and works. */
Test(context_signal, previous_disposition_comes_back)
{
    signal(SIGUSR1, handler);
    gorc_ctx *a = on(SIGUSR1, 0), *b = on(SIGUSR1, 0);
    raise(SIGUSR1);
    gorc_chan_recv(gorc_ctx_done(a), NULL);
    CHECK_EQ(handled, 0);
    gorc_ctx_cancel(a);
    gorc_ctx_cancel(a);
    CHECK(handler_of(SIGUSR1) != (void *)handler);
    gorc_ctx_free(b);
    CHECK(handler_of(SIGUSR1) == (void *)handler);
    raise(SIGUSR1);
    CHECK_EQ(handled, 1);
    gorc_ctx_free(a);
    CHECK(handler_of(SIGUSR1) == (void *)handler);
}

static atomic_int can_be_interrupted = -1;

static void look_at_mask(void *arg)
{
    (void)arg;
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    atomic_store(&can_be_interrupted, !sigismember(&mask, SIGUSR2));
}

/* The thread that hears of signals blocks them all; a worker that it starts does not. */
Test(context_signal, who_goes_on_after_a_signal_blocks_no_others)
{
    gorc_ctx *ctx = on(SIGUSR1, 0);
    gorc_ctx_stop *look = gorc_ctx_after_func(ctx, look_at_mask, NULL);
    raise(SIGUSR1);
    while (atomic_load(&can_be_interrupted) < 0)
        ; /* keeps this worker: another one is needed */
    CHECK_EQ(atomic_load(&can_be_interrupted), 1);
    CHECK(!gorc_ctx_stop_func(look));
    gorc_ctx_free(ctx);
}

/* One that the program has set meanwhile stays. */
Test(context_signal, the_programs_own_change_stays)
{
    gorc_ctx *ctx = on(SIGUSR1, 0);
    signal(SIGUSR1, handler);
    gorc_ctx_free(ctx);
    CHECK(handler_of(SIGUSR1) == (void *)handler);
}

/* Also after the parent's cancellation the signal is caught, until the context itself is cancelled:
 * then it ends the process again. */
CHILD(stop_then_signal)
{
    gorc_ctx *parent = gorc_ctx_with_cancel(gorc_ctx_background());
    int sig = SIGTERM;
    gorc_ctx *ctx = gorc_ctx_with_signal(parent, &sig, 1);
    gorc_ctx_cancel_cause(parent, -EIO);
    raise(SIGTERM);
    raise(SIGTERM);
    if (gorc_ctx_cause(ctx) != -EIO)
        return 1;
    fprintf(stderr, "still here\n");
    gorc_ctx_cancel(ctx);
    raise(SIGTERM);
    return 2;
}

Test(context_signal, second_signal_after_cancel_ends_the_process)
{
    struct child_result r = run_child("stop_then_signal");
    CHECK(strstr(r.err, "still here") != NULL);
    CHECK(WIFSIGNALED(r.status) && WTERMSIG(r.status) == SIGTERM);
}

static void check_refused(int sig)
{
    errno = 0;
    CHECK(gorc_ctx_with_signal(gorc_ctx_background(), &sig, 1) == NULL);
    CHECK_EQ(errno, EINVAL);
}

Test(context_signal, signals_that_cannot_be)
{
    int bad[] = {0, -1, 65, SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_refused(bad[i]);
    int mixed[] = {SIGUSR1, SIGKILL};
    CHECK(gorc_ctx_with_signal(gorc_ctx_background(), mixed, 2) == NULL);
    CHECK(handler_of(SIGUSR1) == (void *)SIG_DFL);
    gorc_ctx *none = gorc_ctx_with_signal(gorc_ctx_background(), NULL, 0);
    CHECK_EQ(gorc_ctx_err(none), 0);
    gorc_ctx_free(none);
}

static void compute_nothing(void *arg)
{
    (void)arg;
}

/* No thread can be made to wait for the signal. */
CHILD(no_thread)
{
    struct rlimit none = {0, 0};
    int sig = SIGUSR1;
    if (setrlimit(RLIMIT_NPROC, &none) != 0 || (getuid() == 0 && setuid(65534) != 0))
        return 3;
    errno = 0;
    if (gorc_ctx_with_signal(gorc_ctx_background(), &sig, 1))
        return 1;
    if (handler_of(SIGUSR1) != (void *)SIG_DFL)
        return 2;
    fprintf(stderr, "refused: %s\n", errno == EAGAIN ? "EAGAIN" : strerror(errno));
    int status = gorc_try_go(compute_nothing, NULL) == -EAGAIN ? 0 : 4;
    _exit(status); /* LeakSanitizer's look at the exit needs a thread, too */
}

Test(context_signal, no_thread_can_be_made)
{
    struct child_result r = run_child("no_thread");
    CHECK(strstr(r.err, "refused: EAGAIN") != NULL);
    CHECK_EQ(r.status, 0);
}

/* Errno and system calls of whoever is interrupted are left alone. */
static void compute(void *arg)
{
    atomic_int *stop = arg;
    while (!atomic_load(stop)) {
        errno = 77;
        for (volatile int i = 0; i < 1000; i++)
            ;
        CHECK_EQ(errno, 77);
        gorc_yield();
    }
}

Test(context_signal, stress)
{
    atomic_int stop = 0;
    gorc_waitgroup wg = {0};
    for (int i = 0; i < 4; i++)
        gorc_wg_go(&wg, compute, &stop);
    for (int i = 0; i < scaled(200); i++) {
        gorc_ctx *a = on(SIGUSR1, 0), *b = on(SIGUSR1, SIGUSR2);
        kill(getpid(), i % 2 ? SIGUSR1 : SIGUSR2);
        gorc_chan_recv(gorc_ctx_done(b), NULL);
        CHECK_EQ(gorc_ctx_cause(b), i % 2 ? SIGUSR1 : SIGUSR2);
        gorc_ctx_free(a);
        gorc_ctx_free(b);
    }
    atomic_store(&stop, 1);
    gorc_wg_wait(&wg);
    CHECK(handler_of(SIGUSR1) == (void *)SIG_DFL);
}

/* While a signal may come nobody knows that all are asleep; after the last context it is known. */
CHILD(asleep_with_signal)
{
    gorc_ctx *ctx = on(SIGUSR1, 0);
    gorc_chan *done = gorc_ctx_done(ctx);
    CHECK(write(STDERR_FILENO, "!", 1) == 1);
    gorc_chan_recv(done, NULL);
    gorc_ctx_free(ctx);
    gorc_chan_recv(NULL, NULL);
    return 0;
}

Test(context_signal, no_deadlock_while_a_signal_may_come)
{
    int fd[2];
    CHECK(pipe(fd) == 0);
    pid_t pid = fork();
    if (pid == 0)
        child_exec("asleep_with_signal", fd[1]);
    close(fd[1]);
    int status;
    char ready;
    CHECK(read(fd[0], &ready, 1) == 1 && ready == '!');
    kill(pid, SIGUSR1);
    char text[4096];
    size_t used = 0;
    for (ssize_t n; (n = read(fd[0], text + used, sizeof text - 1 - used)) > 0;)
        used += (size_t)n;
    text[used] = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(strstr(text, "deadlock") != NULL);
    close(fd[0]);
}

/* A forked child has the dispositions from before, and its own contexts work. */
Test(context_signal, fork)
{
    gorc_ctx *ctx = on(SIGUSR1, 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (handler_of(SIGUSR1) != (void *)SIG_DFL)
            _exit(1);
        gorc_ctx *own = on(SIGUSR2, 0);
        raise(SIGUSR2);
        gorc_chan_recv(gorc_ctx_done(own), NULL);
        if (gorc_ctx_cause(own) != SIGUSR2 || gorc_ctx_err(ctx) != 0)
            _exit(2);
        gorc_ctx_free(own);
        _exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_EQ(status, 0);
    raise(SIGUSR1);
    gorc_chan_recv(gorc_ctx_done(ctx), NULL);
    gorc_ctx_free(ctx);
}
