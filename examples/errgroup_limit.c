/* SPDX-License-Identifier: MIT
 *
 * An error group with a limit: 100 jobs, never more than 10 at once. gorc_group_go blocks until
 * there is room.
 */
#include <gorc.h>
#include <stdatomic.h>
#include <stdio.h>

enum { JOBS = 100, LIMIT = 10 };

struct job {
    int n;
    long square;
};

static atomic_int running, most;

static int job_main(void *arg)
{
    struct job *j = arg;
    int now = atomic_fetch_add(&running, 1) + 1, seen = atomic_load(&most);

    while (now > seen && !atomic_compare_exchange_weak(&most, &seen, now))
        ;
    gorc_yield(); /* let others begin, if they may */
    j->square = (long)j->n * j->n;
    atomic_fetch_sub(&running, 1);
    return 0;
}

int main(void)
{
    static struct job jobs[JOBS];
    gorc_group *g = gorc_group_new(NULL, NULL); /* no context wanted */
    long sum = 0;

    gorc_group_set_limit(g, LIMIT);
    for (int i = 0; i < JOBS; i++) {
        jobs[i].n = i + 1;
        gorc_group_go(g, job_main, &jobs[i]);
    }
    if (gorc_group_wait(g) != 0)
        return 1;
    for (int i = 0; i < JOBS; i++)
        sum += jobs[i].square;
    printf("sum of squares: %ld\n", sum);
    printf("at most %d at once: %s\n", LIMIT, atomic_load(&most) <= LIMIT ? "yes" : "no");
    return 0;
}
