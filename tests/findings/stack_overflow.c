/* SPDX-License-Identifier: MIT
 *
 * A goroutine's recursion uses its stack up. The program has a handler of its own for SIGSEGV,
 * without an alternate stack: it could not run.
 */
#include <gorc.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void own_handler(int sig)
{
    (void)sig;
    _exit(9);
}

static __attribute__((noinline)) int descend(int n)
{ /* HERE: frame */
    volatile char frame[1000];
    memset((char *)frame, n, sizeof frame);        /* HERE: fill */
    return n == 0 ? 0 : descend(n - 1) + frame[1]; /* HERE: below */
}

static void parse(void *arg)
{
    (void)arg;
    _exit(descend(1 << 20) & 1); /* HERE: descend */
}

int main(void)
{
    struct gorc_go_options options = {.name = "parser"};
    signal(SIGSEGV, own_handler);
    gorc_go_with(&options, parse, NULL); /* HERE: go */
    gorc_chan_recv(NULL, NULL);
}
