/* SPDX-License-Identifier: MIT
 *
 * Repaired: one lock, one unlock.
 */
#include <gorc.h>
#include <stdio.h>

struct account {
    gorc_mutex mu;
    int balance; /* guarded by mu */
};

static bool withdraw(struct account *a, int amount)
{
    bool enough;

    gorc_mutex_lock(&a->mu);
    enough = a->balance >= amount;
    if (enough)
        a->balance -= amount;
    gorc_mutex_unlock(&a->mu);
    return enough;
}

static void customer(void *arg)
{
    printf("%s\n", withdraw(arg, 100) ? "paid" : "refused");
}

int main(void)
{
    static struct account a = {.balance = 30};
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, customer, &a);
    gorc_wg_wait(&wg);
    return 0;
}
