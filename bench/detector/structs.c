/* SPDX-License-Identifier: MIT
 *
 * Structs with fields of all sizes, read and written by their owner, each thread with an array.
 */
#include "threads.h"

struct particle {
    char kind, alive;
    short cell;
    int id;
    float x, y, vx, vy;
    double mass;
    uint64_t steps;
};

enum { PARTICLES = 1000 };

static void move(struct particle *p)
{
    p->x += p->vx;
    p->y += p->vy;
    if (p->x > 100 || p->x < 0)
        p->vx = -p->vx;
    if (p->y > 100 || p->y < 0)
        p->vy = -p->vy;
    p->cell = (short)((int)p->x / 10);
    p->alive = (char)(p->kind == 1 || p->mass > 0);
    p->steps += (uint64_t)p->alive;
}

static uint64_t work(int index, int threads, long n)
{
    struct particle *all = calloc(PARTICLES, sizeof(*all));
    uint64_t sum = 0;

    if (!all)
        abort();
    for (int i = 0; i < PARTICLES; i++)
        all[i] = (struct particle){
            (char)(i % 3), 1, 0, i, 50, 50, (float)(i % 7), (float)(index % 5 + 1), 1.5, 0};
    for (long round = 0; round < n / threads; round++)
        for (int i = 0; i < PARTICLES; i++)
            move(&all[i]);
    for (int i = 0; i < PARTICLES; i++)
        sum += all[i].steps;
    free(all);
    return sum;
}

int main(int argc, char **argv)
{
    return bench_main(argc, argv, work);
}
