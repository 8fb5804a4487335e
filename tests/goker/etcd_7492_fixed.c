/* SPDX-License-Identifier: MIT
 *
 * Repaired: a worker sends its token after it has left the lock; the keeper is stopped and waited
 * for.
 */
#include <gorc.h>

struct store {
    gorc_rwmutex mu;
    gorc_chan *add, *stop;
    int tokens;
    gorc_waitgroup workers, keeper;
};

static struct store store;

static void delete_tokens(void)
{
    gorc_rwmutex_lock(&store.mu);
    store.tokens = 0;
    gorc_rwmutex_unlock(&store.mu);
}

static void keep(void *arg)
{
    gorc_ticker *ticker = gorc_ticker_new(1);
    (void)arg;
    for (;;) {
        int token;
        gorc_case cases[] = {gorc_case_recv(store.add, &token),
            gorc_case_recv(gorc_ticker_chan(ticker), NULL), gorc_case_recv(store.stop, NULL)};
        int chosen = gorc_select(cases, 3);
        if (chosen == 2)
            break;
        if (chosen == 0)
            store.tokens++;
        else if (store.tokens)
            delete_tokens();
    }
    gorc_ticker_free(ticker);
    gorc_wg_done(&store.keeper);
}

static void assign(void *number)
{
    int token = (int)(intptr_t)number;
    gorc_rwmutex_lock(&store.mu);
    gorc_rwmutex_unlock(&store.mu);
    gorc_chan_send(store.add, &token);
    gorc_wg_done(&store.workers);
}

int main(void)
{
    store.add = gorc_chan_new(sizeof(int), 1);
    store.stop = gorc_chan_new(0, 0);
    gorc_wg_add(&store.keeper, 1);
    gorc_go(keep, NULL);
    gorc_wg_add(&store.workers, 3);
    for (intptr_t i = 0; i < 3; i++)
        gorc_go(assign, (void *)i);
    gorc_wg_wait(&store.workers);
    gorc_chan_close(store.stop);
    gorc_wg_wait(&store.keeper);
    gorc_chan_unref(store.add);
    gorc_chan_unref(store.stop);
    return 0;
}
