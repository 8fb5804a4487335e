/* SPDX-License-Identifier: MIT
 *
 * A goroutine in a select of which nobody serves a case: on which channels it waits, and where
 * they were made.
 */
#include <gorc.h>

static gorc_chan *shards[2], *quit, *out, *done;
static gorc_ctx *ctx;

static void stuck(void *arg)
{
    int v = 1;
    (void)arg;
    gorc_case cases[] = {gorc_case_recv(shards[0], NULL), gorc_case_recv(shards[1], NULL),
        gorc_case_send(out, &v), gorc_case_recv(done, NULL), gorc_case_recv(NULL, NULL),
        gorc_case_recv(quit, NULL)};

    gorc_select(cases, 6); /* HERE: wait */
}

static gorc_chan *new_shard(void)
{
    return gorc_chan_new(sizeof(int), 4); /* HERE: shard */
}

int main(int argc, char **argv)
{
    (void)argv;
    ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    for (int i = 0; i < argc + 1; i++)
        shards[i] = new_shard();         /* HERE: shards */
    out = gorc_chan_new(sizeof(int), 0); /* HERE: out */
    gorc_set_name(out, "out");
    done = gorc_ctx_done(ctx);  /* HERE: done */
    quit = gorc_chan_new(0, 0); /* not among the first: it is only counted */
    gorc_go(stuck, NULL);       /* HERE: go */
    gorc_yield();
    return 0;
}
