/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of cockroach_6181.c: the string is made by a function that needs no lock.
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
    return snprintf(text, size, "cache of %d", c->n);
}

static void look_up(void *arg)
{
    struct cache *c = arg;
    char text[40];
    gorc_rwmutex_rlock(&c->mu);
    to_string(c, text, sizeof(text));
    gorc_rwmutex_runlock(&c->mu);
    gorc_rwmutex_lock(&c->mu);
    c->n++;
    gorc_rwmutex_unlock(&c->mu);
}

static void coordinator(void *arg)
{
    struct cache *c = arg;
    for (int i = 0; i < 3; i++)
        gorc_wg_go(&c->workers, look_up, c);
    gorc_wg_wait(&c->workers);
}

int main(void)
{
    struct cache *c = calloc(1, sizeof *c);
    gorc_waitgroup done = {0};
    gorc_wg_go(&done, coordinator, c);
    gorc_wg_wait(&done);
    free(c);
    return 0;
}
