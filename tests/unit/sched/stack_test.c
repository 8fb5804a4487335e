/* SPDX-License-Identifier: MIT
 *
 * Stacks: size as asked, reused when free, guarded below; many of them need few mappings.
 */
#include <criterion/criterion.h>
#include <gorc.h>
#include <signal.h>
#include <stdio.h>
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
