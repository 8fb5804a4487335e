/* SPDX-License-Identifier: MIT
 *
 * Bug: one way through the function unlocks twice.
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

    gorc_mutex_lock(&a->mu); /* HERE: lock */
    enough = a->balance >= amount;
    if (enough)
        a->balance -= amount;
    else
        gorc_mutex_unlock(&a->mu); /* HERE: early */
    gorc_mutex_unlock(&a->mu);     /* HERE: unlock */
    return enough;
}

static void customer(void *arg)
{
    printf("%s\n", withdraw(arg, 100) ? "paid" : "refused"); /* HERE: withdraw */
}

int main(void)
{
    static struct account a = {.balance = 30};
    gorc_waitgroup wg = {0};

    gorc_wg_go(&wg, customer, &a); /* HERE: go */
    gorc_wg_wait(&wg);
    return 0;
}
