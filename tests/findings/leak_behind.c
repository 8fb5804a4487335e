/* SPDX-License-Identifier: MIT
 *
 * A goroutine asks with the cache's lock held, and nobody is there to answer. Two readers wait for
 * the lock, and a third one for a lock that one of these has: they are stuck behind the leaked one,
 * and no leaks of their own.
 */
#include <gorc.h>
#include <stdlib.h>

struct cache {
    gorc_mutex lock, list;
    gorc_waitgroup locked, listed, stuck;
};

static void refresh(void *arg)
{
    struct cache *c = arg;
    gorc_chan *answer = gorc_chan_new(sizeof(int), 0);
    int value;
    gorc_mutex_lock(&c->lock);
    gorc_wg_done(&c->locked);
    gorc_wg_done(&c->stuck);
    gorc_chan_recv(answer, &value); /* HERE: ask */
    gorc_mutex_unlock(&c->lock);
    gorc_chan_unref(answer);
}

static void get(void *arg)
{
    struct cache *c = arg;
    gorc_wg_wait(&c->locked);
    gorc_wg_done(&c->stuck);
    gorc_mutex_lock(&c->lock); /* HERE: get */
    gorc_mutex_unlock(&c->lock);
}

static void list(void *arg)
{
    struct cache *c = arg;
    gorc_wg_wait(&c->locked);
    gorc_mutex_lock(&c->list);
    gorc_wg_done(&c->listed);
    gorc_wg_done(&c->stuck);
    gorc_mutex_lock(&c->lock); /* HERE: list */
    gorc_mutex_unlock(&c->lock);
    gorc_mutex_unlock(&c->list);
}

static void print(void *arg)
{
    struct cache *c = arg;
    gorc_wg_wait(&c->listed);
    gorc_wg_done(&c->stuck);
    gorc_mutex_lock(&c->list); /* HERE: print */
    gorc_mutex_unlock(&c->list);
}

static __attribute__((noinline)) void use_cache(void)
{
    struct cache *c = calloc(1, sizeof *c);
    gorc_wg_add(&c->locked, 1);
    gorc_wg_add(&c->listed, 1);
    gorc_wg_add(&c->stuck, 4);
    gorc_go(refresh, c); /* HERE: go-refresh */
    gorc_go(get, c);     /* HERE: go-get */
    gorc_go(list, c);    /* HERE: go-list */
    gorc_go(print, c);   /* HERE: go-print */
    gorc_wg_wait(&c->stuck);
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
    use_cache(); /* HERE: use */
    scrub();
    gorc_yield();
    return 0;
}
