/* SPDX-License-Identifier: MIT
 *
 * Contexts of swapcontext keep their stacks apart: each side of the race shows its own callers, and
 * none of those that were left half-way on another stack. More than six arguments reach the
 * function, and uc_link brings the thread back to where it was.
 */
#include <pthread.h>
#include <stdlib.h>
#include <ucontext.h>

#include "../support/barrier.h"

int x; /* not static, or compilers would see through the test */

struct coroutine {
    ucontext_t here, there;
    char stack[128 << 10];
};

static __thread struct coroutine *self;

static __attribute__((noinline)) void pause_inside(void)
{
    swapcontext(&self->there, &self->here);
}

static __attribute__((noinline)) void deep_in_first(void)
{
    pause_inside();
    x = 1; /* HERE: first */
    hidden_step();
}

static void first_body(int a, int b, int c, int d, int e, int f, int g, int h)
{
    if (a + b + c + d + e + f + g + h != 36)
        abort();
    deep_in_first(); /* HERE: deep */
}

static void second_body(void)
{
    pause_inside();
    hidden_wait(1);
    x = 2; /* HERE: second */
}

static __attribute__((noinline)) void resume(struct coroutine *c)
{
    self = c;
    swapcontext(&c->here, &c->there);
}

static struct coroutine *make(void)
{
    struct coroutine *c = calloc(1, sizeof *c);
    if (!c || getcontext(&c->there))
        abort();
    c->there.uc_stack.ss_sp = c->stack;
    c->there.uc_stack.ss_size = sizeof c->stack;
    c->there.uc_link = &c->here;
    return c;
}

static void *first_thread(void *arg)
{
    (void)arg;
    struct coroutine *c = make();
    makecontext(&c->there, (void (*)(void))first_body, 8, 1, 2, 3, 4, 5, 6, 7, 8);
    for (int i = 0; i < 2; i++)
        resume(c);
    free(c);
    return NULL;
}

static void *second_thread(void *arg)
{
    (void)arg;
    struct coroutine *c = make();
    makecontext(&c->there, second_body, 0);
    for (int i = 0; i < 2; i++)
        resume(c);
    free(c);
    return NULL;
}

int main(void)
{
    pthread_t a, b;
    if (pthread_create(&a, NULL, first_thread, NULL)) /* HERE: create-a */
        abort();
    if (pthread_create(&b, NULL, second_thread, NULL)) /* HERE: create-b */
        abort();
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    return 0;
}
