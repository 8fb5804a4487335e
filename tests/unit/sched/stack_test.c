/* SPDX-License-Identifier: MIT
 *
 * Stacks: size as asked, reused when free, guarded below; many of them need few mappings.
 */
#include <criterion/criterion.h>
#include <gorc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void use_stack(void *arg)
{
    volatile char block[1024];
    size_t left = *(size_t *)arg;
    memset((char *)block, 1, sizeof block);
    if (left > sizeof block) {
        left -= sizeof block;
        use_stack(&left);
    }
    block[0] = block[1];
}

static void run_with(size_t stack_size, size_t use)
{
    struct gorc_go_options options = {.stack_size = stack_size};
    gorc_go_with(&options, use_stack, &use);
    while (gorc_num_goroutines() > 1)
        gorc_yield();
}

Test(stack, default_and_asked_sizes_can_be_used)
{
    run_with(0, 40 << 10);
    run_with(1 << 20, 700 << 10);
    run_with(16 << 10, 4 << 10);
}

Test(stack, overflow_faults, .timeout = 20)
{
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        run_with(0, 300 << 10);
        _exit(0);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status), "the overflow went unnoticed");
}

/* --- overflow --- */

static volatile int depth = 1 << 20;

static __attribute__((noinline)) int descend(int n)
{
    volatile char frame[500];
    memset((char *)frame, n, sizeof frame);
    return n == 0 ? 0 : descend(n - 1) + frame[1];
}

static void overflowing(void *arg)
{
    (void)arg;
    depth = descend(depth);
}

static void own_handler(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)info, (void)context;
    _exit(9);
}

struct outcome {
    int status;
    char err[4096];
};

/* Runs fn in a forked child; its status and stderr. */
static struct outcome in_child(void (*fn)(void))
{
    struct outcome o = {0};
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        fn();
        _exit(0);
    }
    close(ends[1]);
    size_t used = 0;
    for (ssize_t n; (n = read(ends[0], o.err + used, sizeof o.err - 1 - used)) > 0;)
        used += (size_t)n;
    close(ends[0]);
    cr_assert_eq(waitpid(child, &o.status, 0), child);
    return o;
}

static void overflow_named(void)
{
    struct gorc_go_options options = {.name = "parser"};
    signal(SIGSEGV, SIG_DFL); /* Criterion's */
    gorc_go_with(&options, overflowing, NULL);
    gorc_chan_recv(NULL, NULL);
}

/* G8: the message names the goroutine: number, name, function, who created it; the status is the
 * signal's. */
Test(stack, g8_overflow_names_the_goroutine, .timeout = 20)
{
    struct outcome o = in_child(overflow_named);
    cr_assert(WIFSIGNALED(o.status) && WTERMSIG(o.status) == SIGSEGV);
    cr_assert(strstr(o.err, "stack overflow (goroutine "));
    cr_assert(strstr(o.err, "\"parser\""));
    if (getenv("UNIT_EMULATOR"))
        return; /* built without an unwinder: no functions */
    cr_assert(strstr(o.err, "descend+"));
    cr_assert(strstr(o.err, "goroutine function at\n    overflowing+"), "%s", o.err);
    cr_assert(strstr(o.err, "created by goroutine 1 at\n    overflow_named+"), "%s", o.err);
}

static void install_own(void)
{
    struct sigaction act = {.sa_flags = SA_SIGINFO};
    act.sa_sigaction = own_handler;
    sigaction(SIGSEGV, &act, NULL);
}

static void fault_elsewhere(void *arg)
{
    (void)arg;
    raise(SIGSEGV);
}

static void other_fault(void)
{
    install_own();
    gorc_go(fault_elsewhere, NULL);
    gorc_chan_recv(NULL, NULL);
}

/* G8: a fault that is no overflow belongs to the program's handler. */
Test(stack, g8_other_faults_reach_the_programs_handler, .timeout = 20)
{
    struct outcome o = in_child(other_fault);
    cr_assert(WIFEXITED(o.status) && WEXITSTATUS(o.status) == 9, "status %x", (unsigned)o.status);
}

static void overflow_with_own(void)
{
    install_own(); /* no alternate stack asked for: it could not run */
    gorc_go(overflowing, NULL);
    gorc_chan_recv(NULL, NULL);
}

Test(stack, g8_overflow_is_told_beside_the_programs_handler, .timeout = 20)
{
    struct outcome o = in_child(overflow_with_own);
    cr_assert(WIFSIGNALED(o.status) && WTERMSIG(o.status) == SIGSEGV);
    cr_assert(strstr(o.err, "stack overflow (goroutine "));
}

/* --- reuse --- */

static void note_address(void *arg)
{
    char here;
    *(uintptr_t *)arg = (uintptr_t)&here;
}

Test(stack, an_ended_goroutines_stack_is_used_again)
{
    uintptr_t first, second;
    gorc_procs(1);
    gorc_go(note_address, &first);
    gorc_yield();
    gorc_go(note_address, &second);
    gorc_yield();
    cr_assert_eq(first, second);
}

static size_t count_mappings(void)
{
    size_t n = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    cr_assert(f);
    for (int c; (c = fgetc(f)) != EOF;)
        n += c == '\n';
    fclose(f);
    return n;
}

static void wait_for_close(void *c)
{
    gorc_chan_recv(c, NULL);
}

/* Old kernels need mappings for guards, of which the library takes half of what there may be. */
Test(stack, many_goroutines_leave_mappings_for_the_program, .timeout = 60)
{
    gorc_chan *c = gorc_chan_new(0, 0);
    for (int i = 0; i < 40000; i++)
        gorc_go(wait_for_close, c);
    gorc_yield();
    cr_assert(count_mappings() < 40000);
    gorc_chan_close(c);
    while (gorc_num_goroutines() > 1)
        gorc_yield();
    gorc_chan_unref(c);
}
