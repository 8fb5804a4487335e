/* SPDX-License-Identifier: MIT
 *
 * The same depth on a stack that is large enough, and the program's own handler gets what is no
 * overflow.
 */
#include <gorc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static sigjmp_buf back;
static int *nowhere;

static void own_handler(int sig)
{
    (void)sig;
    siglongjmp(back, 1);
}

static __attribute__((noinline)) int descend(int n)
{
    volatile char frame[1000];
    memset((char *)frame, n, sizeof frame);
    return n == 0 ? 0 : descend(n - 1) + frame[1];
}

static void parse(void *arg)
{
    gorc_waitgroup *wg = arg;
    if (sigsetjmp(back, 1) == 0) {
        *(volatile int *)nowhere = 1;
        abort();
    }
    descend(500);
    gorc_wg_done(wg);
}

int main(void)
{
    gorc_waitgroup wg = {0};
    struct gorc_go_options options = {.name = "parser", .stack_size = 4 << 20};
    signal(SIGSEGV, own_handler);
    gorc_wg_add(&wg, 1);
    gorc_go_with(&options, parse, &wg);
    gorc_wg_wait(&wg);
}
