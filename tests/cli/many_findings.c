/* SPDX-License-Identifier: MIT
 *
 *   many_findings N      as many pairs of different stacks race, at most 131,072
 *
 * The one side reaches each cell by a way of calls of its own: two functions, seventeen deep.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

enum { DEPTH = 17 };
long cells[1 << DEPTH];
static int n;

static void zero(int depth, int path);
static void one(int depth, int path);

static void go(int depth, int path)
{
    if (depth > 0) {
        zero(depth - 1, path << 1);
        one(depth - 1, path << 1 | 1);
    } else if (path < n) {
        cells[path] = 1;
    }
}

__attribute__((noinline)) static void zero(int depth, int path)
{
    go(depth, path);
    __asm__("");
}

__attribute__((noinline)) static void one(int depth, int path)
{
    go(depth, path);
    __asm__("");
}

static void *other(void *arg)
{
    hidden_wait(1);
    for (int i = 0; i < n; i++)
        cells[i] = 2;
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t t;
    n = argc > 1 ? atoi(argv[1]) : 0;
    if (pthread_create(&t, NULL, other, NULL))
        return 9;
    go(DEPTH, 0);
    hidden_step();
    return pthread_join(t, NULL);
}
