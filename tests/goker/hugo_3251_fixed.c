/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of hugo_3251.c: the map's lock is given up before the URL's is taken, and giving
 * that up needs no look at the map.
 */
#include <gorc.h>
#include <stdlib.h>

struct remote {
    gorc_rwmutex all; /* guards url */
    gorc_mutex *url;  /* the map, with one entry */
    gorc_waitgroup done;
};

static gorc_mutex *lock_url(struct remote *r)
{
    gorc_rwmutex_lock(&r->all);
    if (!r->url)
        r->url = calloc(1, sizeof *r->url);
    gorc_mutex *url = r->url;
    gorc_rwmutex_unlock(&r->all);
    gorc_mutex_lock(url);
    return url;
}

static void unlock_url(struct remote *r, gorc_mutex *url)
{
    (void)r;
    gorc_mutex_unlock(url);
}

static void fetch(void *arg)
{
    struct remote *r = arg;
    for (int i = 0; i < 10; i++) {
        gorc_mutex *url = lock_url(r);
        unlock_url(r, url);
    }
}

int main(void)
{
    struct remote *r = calloc(1, sizeof *r);
    for (int i = 0; i < 50; i++)
        gorc_wg_go(&r->done, fetch, r);
    gorc_wg_wait(&r->done);
    free(r->url);
    free(r);
    return 0;
}
