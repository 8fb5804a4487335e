/* SPDX-License-Identifier: MIT
 *
 * A keeper adds tokens that come on a channel of capacity one and, on each tick, deletes the old
 * ones under the store's lock. Workers send their token while they hold that lock: with the buffer
 * full the worker waits for the keeper and the keeper for the lock.
 *
 * verdict: deadlock
 */
#include <gorc.h>

#include "barrier.h"

struct store {
    gorc_rwmutex mu;
    gorc_chan *add;
    int tokens;
    gorc_waitgroup workers;
};

static struct store store;

static void delete_tokens(void)
{
    gorc_rwmutex_lock(&store.mu); /* HERE: delete */
    store.tokens = 0;
    gorc_rwmutex_unlock(&store.mu);
}

static void keep(void *arg)
{
    gorc_ticker *ticker = gorc_ticker_new(1);
    (void)arg;
    for (;;) {
        int token;
        gorc_case cases[] = {
            gorc_case_recv(store.add, &token), gorc_case_recv(gorc_ticker_chan(ticker), NULL)};
        if (gorc_select(cases, 2) == 0) {
            store.tokens++;
        } else if (store.tokens) {
            hidden_step();
            hidden_yield_until(3);
            delete_tokens(); /* HERE: tick */
        }
    }
}

static void assign(void *number)
{
    int token = (int)(intptr_t)number;
    if (token) /* the first token is with the keeper by now */
        hidden_yield_until(1);
    gorc_rwmutex_lock(&store.mu);
    if (token)
        hidden_step();
    gorc_chan_send(store.add, &token); /* HERE: send */
    gorc_rwmutex_unlock(&store.mu);
    gorc_wg_done(&store.workers);
}

int main(void)
{
    store.add = gorc_chan_new(sizeof(int), 1);
    gorc_go(keep, NULL); /* HERE: go-keep */
    gorc_wg_add(&store.workers, 3);
    for (intptr_t i = 0; i < 3; i++)
        gorc_go(assign, (void *)i); /* HERE: go */
    gorc_wg_wait(&store.workers);   /* HERE: wait */
    return 0;
}
