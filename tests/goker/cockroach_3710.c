/* SPDX-License-Identifier: MIT
 *
 * The store's queue is worked off under the store's read lock, which is taken once more for each
 * replica; a goroutine that wants to write in between stops both.
 *
 * verdict: deadlock
 */
#include <gorc.h>
#include <stdlib.h>

struct store {
    gorc_rwmutex mu;
    gorc_mutex queue;
    int replicas[3], total;
    gorc_waitgroup done;
};

static int raft_status(struct store *s, int i)
{
    gorc_rwmutex_rlock(&s->mu); /* HERE: inner */
    int n = s->replicas[i];
    gorc_rwmutex_runlock(&s->mu);
    return n;
}

static void force_scan(void *arg)
{
    struct store *s = arg;
    gorc_rwmutex_rlock(&s->mu); /* HERE: outer */
    for (int i = 0; i < 3; i++) {
        gorc_mutex_lock(&s->queue);
        s->total += raft_status(s, i); /* HERE: status */
        gorc_mutex_unlock(&s->queue);
    }
    gorc_rwmutex_runlock(&s->mu);
}

static void process_raft(void *arg)
{
    struct store *s = arg;
    gorc_rwmutex_lock(&s->mu); /* HERE: write */
    s->replicas[0]++;
    gorc_rwmutex_unlock(&s->mu);
}

static void start_raft(void *arg)
{
    struct store *s = arg;
    gorc_wg_go(&s->done, process_raft, s); /* HERE: go-process */
}

int main(void)
{
    struct store *s = calloc(1, sizeof *s);
    gorc_wg_go(&s->done, start_raft, s); /* HERE: go-start */
    gorc_wg_go(&s->done, force_scan, s); /* HERE: go-scan */
    gorc_wg_wait(&s->done);
    free(s);
    return 0;
}
