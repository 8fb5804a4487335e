/* SPDX-License-Identifier: MIT
 *
 * A cache is printed under its read lock by a function that takes the read lock too; other workers
 * go on to write.
 *
 * verdict: deadlock
 */
#include <gorc.h>
#include <stdio.h>
#include <stdlib.h>

struct cache {
    gorc_rwmutex mu;
    int n;
    gorc_waitgroup workers;
};

static int to_string(struct cache *c, char *text, size_t size)
{
    gorc_rwmutex_rlock(&c->mu); /* HERE: inner */
    int n = snprintf(text, size, "cache of %d", c->n);
    gorc_rwmutex_runlock(&c->mu);
    return n;
}

static void look_up(void *arg)
{
    struct cache *c = arg;
    char text[40];
    gorc_rwmutex_rlock(&c->mu);       /* HERE: outer */
    to_string(c, text, sizeof(text)); /* HERE: print */
    gorc_rwmutex_runlock(&c->mu);
    gorc_rwmutex_lock(&c->mu); /* HERE: write */
    c->n++;
    gorc_rwmutex_unlock(&c->mu);
}

static void coordinator(void *arg)
{
    struct cache *c = arg;
    for (int i = 0; i < 3; i++)
        gorc_wg_go(&c->workers, look_up, c); /* HERE: go-worker */
    gorc_wg_wait(&c->workers);
}

int main(void)
{
    struct cache *c = calloc(1, sizeof *c);
    gorc_waitgroup done = {0};
    gorc_wg_go(&done, coordinator, c); /* HERE: go */
    gorc_wg_wait(&done);
    free(c);
    return 0;
}
