/* SPDX-License-Identifier: MIT
 *
 * Locks by URL: the lock of an URL is taken while the map's lock is held, and given up under the
 * map's read lock. Who has an URL may find the map locked by one who waits for that URL.
 *
 * verdict: deadlock
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
    gorc_rwmutex_lock(&r->all); /* HERE: map */
    if (!r->url)
        r->url = calloc(1, sizeof *r->url);
    gorc_mutex *url = r->url;
    gorc_mutex_lock(url); /* HERE: url */
    gorc_rwmutex_unlock(&r->all);
    return url;
}

static void unlock_url(struct remote *r, gorc_mutex *url)
{
    gorc_rwmutex_rlock(&r->all); /* HERE: map-again */
    gorc_mutex_unlock(url);
    gorc_rwmutex_runlock(&r->all);
}

static void fetch(void *arg)
{
    struct remote *r = arg;
    for (int i = 0; i < 10; i++) {
        gorc_mutex *url = lock_url(r); /* HERE: lock */
        unlock_url(r, url);            /* HERE: unlock */
    }
}

int main(void)
{
    struct remote *r = calloc(1, sizeof *r);
    for (int i = 0; i < 50; i++)
        gorc_wg_go(&r->done, fetch, r); /* HERE: go */
    gorc_wg_wait(&r->done);
    free(r->url);
    free(r);
    return 0;
}
