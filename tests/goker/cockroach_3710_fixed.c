/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of cockroach_3710.c: who has the read lock does not take it again.
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
    return s->replicas[i];
}

static void force_scan(void *arg)
{
    struct store *s = arg;
    gorc_rwmutex_rlock(&s->mu);
    for (int i = 0; i < 3; i++) {
        gorc_mutex_lock(&s->queue);
        s->total += raft_status(s, i);
        gorc_mutex_unlock(&s->queue);
    }
    gorc_rwmutex_runlock(&s->mu);
}

static void process_raft(void *arg)
{
    struct store *s = arg;
    gorc_rwmutex_lock(&s->mu);
    s->replicas[0]++;
    gorc_rwmutex_unlock(&s->mu);
}

static void start_raft(void *arg)
{
    struct store *s = arg;
    gorc_wg_go(&s->done, process_raft, s);
}

int main(void)
{
    struct store *s = calloc(1, sizeof *s);
    gorc_wg_go(&s->done, start_raft, s);
    gorc_wg_go(&s->done, force_scan, s);
    gorc_wg_wait(&s->done);
    free(s);
    return 0;
}
