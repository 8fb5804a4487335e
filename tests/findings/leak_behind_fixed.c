/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of leak_behind.c: somebody is there to answer, and all go on.
 */
#include <gorc.h>
#include <stdlib.h>

struct cache {
    gorc_mutex lock, list;
    gorc_waitgroup locked, listed, stuck, all;
};

static void answer_one(void *arg)
{
    gorc_chan *answer = arg;
    int value = 1;
    gorc_chan_send(answer, &value);
    gorc_chan_unref(answer);
}

static void refresh(void *arg)
{
    struct cache *c = arg;
    gorc_chan *answer = gorc_chan_new(sizeof(int), 0);
    int value;
    gorc_go(answer_one, gorc_chan_ref(answer));
    gorc_mutex_lock(&c->lock);
    gorc_wg_done(&c->locked);
    gorc_wg_done(&c->stuck);
    gorc_chan_recv(answer, &value);
    gorc_mutex_unlock(&c->lock);
    gorc_chan_unref(answer);
}

static void get(void *arg)
{
    struct cache *c = arg;
    gorc_wg_wait(&c->locked);
    gorc_wg_done(&c->stuck);
    gorc_mutex_lock(&c->lock);
    gorc_mutex_unlock(&c->lock);
}

static void list(void *arg)
{
    struct cache *c = arg;
    gorc_wg_wait(&c->locked);
    gorc_mutex_lock(&c->list);
    gorc_wg_done(&c->listed);
    gorc_wg_done(&c->stuck);
    gorc_mutex_lock(&c->lock);
    gorc_mutex_unlock(&c->lock);
    gorc_mutex_unlock(&c->list);
}

static void print(void *arg)
{
    struct cache *c = arg;
    gorc_wg_wait(&c->listed);
    gorc_wg_done(&c->stuck);
    gorc_mutex_lock(&c->list);
    gorc_mutex_unlock(&c->list);
}

static __attribute__((noinline)) void use_cache(void)
{
    struct cache *c = calloc(1, sizeof *c);
    gorc_wg_add(&c->locked, 1);
    gorc_wg_add(&c->listed, 1);
    gorc_wg_add(&c->stuck, 4);
    gorc_wg_go(&c->all, refresh, c);
    gorc_wg_go(&c->all, get, c);
    gorc_wg_go(&c->all, list, c);
    gorc_wg_go(&c->all, print, c);
    gorc_wg_wait(&c->stuck);
    gorc_wg_wait(&c->all);
    free(c);
}

/* What others have left on the stack would count as a reference. */
static __attribute__((noinline)) void scrub(void)
{
    volatile char stack[4096];
    for (size_t i = 0; i < sizeof stack; i++)
        stack[i] = 0;
}

int main(void)
{
    use_cache();
    scrub();
    gorc_yield();
    return 0;
}
