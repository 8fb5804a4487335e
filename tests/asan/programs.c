/* SPDX-License-Identifier: MIT
 *
 * A program of somebody who uses AddressSanitizer, with goroutines: what it has to find, and what
 * it must not complain of. The first argument chooses.
 */
#include <gorc.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gorc_chan *c;
static gorc_waitgroup wg;

/* --- to be found --- */

__attribute__((noinline)) static int *address_of_local(int value)
{
    int local = value;
    int *volatile p = &local;
    gorc_yield(); /* it may go on on another thread */
    return p;
}

static void use_after_return(void *arg)
{
    int *p = address_of_local(1);
    gorc_yield();
    *p = 2;
    gorc_wg_done(arg);
}

static void stack_overrun(void *arg)
{
    volatile char text[16];
    volatile int n = 16;
    gorc_yield();
    text[n] = 1;
    if (text[0] != 1)
        gorc_wg_done(arg);
}

static void use_after_free(void *arg)
{
    char *p = malloc(16);
    gorc_chan_send(c, &p);
    gorc_chan_recv(c, NULL);
    p[1] = 1;
    gorc_wg_done(arg);
}

static void main_use_after_return(void)
{
    *address_of_local(1) = 2;
}

/* --- to be passed over in silence --- */

static int (*volatile deep)(int n);

static int goes_deep(int n)
{
    char text[200];
    memset(text, n, sizeof text);
    if (n > 0)
        return deep(n - 1) + text[n]; /* by a pointer: not known to end nowhere */
    gorc_goexit();
}

static void leaves_from_below(void *arg)
{
    (void)arg;
    deep = goes_deep;
    deep(30);
}

static void uses_the_same_stack(void *arg)
{
    char text[8000];
    (void)arg;
    memset(text, 1, sizeof text);
    gorc_yield();
    memset(text, 2, sizeof text);
}

/* longjmp makes AddressSanitizer forget the frames below, of this goroutine only. */
static void jumps(void *arg)
{
    (void)arg;
    for (volatile int i = 0; i < 100; i++) {
        jmp_buf back;
        if (setjmp(back) == 0)
            longjmp(back, 1);
        gorc_yield();
    }
}

static void keeps_locals(void *arg)
{
    char text[64];
    char *volatile p = text;
    (void)arg;
    for (int i = 0; i < 100; i++) {
        memset(p, i, sizeof text);
        gorc_yield();
        if (p[5] != (char)i)
            abort();
    }
}

static void exits(void *arg)
{
    char text[100];
    memset(text, 1, sizeof text);
    gorc_chan_send(c, &arg);
    gorc_yield();
    exit(0); /* does not return: AddressSanitizer clears the shadow of the stack that it believes in
              */
}

static void keeps_memory_while_parked(void *arg)
{
    char *volatile p = malloc(100);
    (void)arg;
    gorc_wg_done(&wg);
    gorc_chan_recv(NULL, NULL);
    free(p);
}

static void silent(void)
{
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 10; i++)
            gorc_wg_go(&wg, leaves_from_below, NULL);
        gorc_wg_wait(&wg);
        for (int i = 0; i < 10; i++)
            gorc_wg_go(&wg, uses_the_same_stack, NULL);
        gorc_wg_wait(&wg);
    }
    for (int i = 0; i < 50; i++)
        gorc_wg_go(&wg, i % 2 ? jumps : keeps_locals, NULL);
    gorc_wg_wait(&wg);
    gorc_wg_add(&wg, 10);
    for (int i = 0; i < 10; i++)
        gorc_go(keeps_memory_while_parked, NULL);
    gorc_wg_wait(&wg);
    gorc_go(exits, NULL);
    gorc_chan_recv(c, &(void *){NULL});
    gorc_chan_recv(NULL, NULL);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    char *p;
    c = gorc_chan_new(sizeof p, 0);
    gorc_wg_add(&wg, 1);
    if (strcmp(what, "use-after-return") == 0) {
        gorc_go(use_after_return, &wg);
    } else if (strcmp(what, "main-use-after-return") == 0) {
        main_use_after_return();
    } else if (strcmp(what, "stack-overrun") == 0) {
        gorc_go(stack_overrun, &wg);
    } else if (strcmp(what, "use-after-free") == 0) {
        gorc_go(use_after_free, &wg);
        gorc_chan_recv(c, &p);
        free(p);
        gorc_chan_send(c, &p);
    } else {
        gorc_wg_done(&wg);
        silent();
    }
    gorc_wg_wait(&wg);
}
