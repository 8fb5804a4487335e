/* SPDX-License-Identifier: MIT
 *
 * Repaired: each piece works on its own slot.
 */
#include <gorc.h>

enum { PIECES = 2 };

static struct {
    gorc_chan *work;
    gorc_ctx *ctx;
    gorc_waitgroup wg;
    int results[PIECES];
} pool;

static void do_piece(int piece)
{
    pool.results[piece] = pool.results[piece] + 1;
}

static void worker(void *arg)
{
    int piece;
    (void)arg;
    while (gorc_chan_recv(pool.work, &piece)) {
        gorc_case stop[] = {gorc_case_recv(gorc_ctx_done(pool.ctx), NULL)};
        if (gorc_select_try(stop, 1) == 0)
            break;
        do_piece(piece);
    }
    gorc_wg_done(&pool.wg);
}

int main(void)
{
    pool.ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    pool.work = gorc_chan_new(sizeof(int), PIECES);
    for (int i = 0; i < PIECES; i++)
        gorc_chan_send(pool.work, &i);
    gorc_chan_close(pool.work);
    gorc_wg_add(&pool.wg, 2);
    gorc_go(worker, NULL);
    gorc_go(worker, NULL);
    gorc_wg_wait(&pool.wg);
    gorc_chan_unref(pool.work);
    gorc_ctx_free(pool.ctx);
    return 0;
}
