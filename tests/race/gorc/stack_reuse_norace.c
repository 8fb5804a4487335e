/* SPDX-License-Identifier: MIT
 *
 * Goroutines that never meet use the same stacks, one after the other: old accesses to a stack are
 * no concern of its next owner.
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

enum { ROUNDS = 200 };

static void scribble(volatile char *p, int n)
{
    for (int i = 0; i < n; i++)
        p[i] = (char)i;
}

static void use_stack(void *arg)
{
    volatile char local[2048];

    (void)arg;
    scribble(local, sizeof(local));
    hidden_step();
}

int main(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        gorc_go(use_stack, NULL);
        hidden_yield_until(i + 1);
    }
    while (gorc_num_goroutines() > 1)
        gorc_yield();
    return 0;
}
