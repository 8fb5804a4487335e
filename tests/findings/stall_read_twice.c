/* SPDX-License-Identifier: MIT
 *
 * A goroutine that reads a rwmutex's data twice, the second time inside the first; between the two
 * a writer has come. Main goes on and returns.
 */
#include <gorc.h>

static gorc_rwmutex config;
static gorc_waitgroup stuck, reading;

static void reader(void *arg)
{
    (void)arg;
    gorc_rwmutex_rlock(&config); /* HERE: read */
    gorc_wg_done(&reading);
    while (gorc_rwmutex_try_rlock(&config)) { /* until the writer waits */
        gorc_rwmutex_runlock(&config);
        gorc_yield();
    }
    gorc_wg_done(&stuck);
    gorc_rwmutex_rlock(&config); /* HERE: again */
    gorc_rwmutex_runlock(&config);
    gorc_rwmutex_runlock(&config);
}

static void writer(void *arg)
{
    (void)arg;
    gorc_rwmutex_lock(&config); /* HERE: write */
    gorc_rwmutex_unlock(&config);
}

int main(void)
{
    gorc_wg_add(&reading, 1);
    gorc_wg_add(&stuck, 1);
    gorc_go(reader, NULL); /* HERE: go-reader */
    gorc_wg_wait(&reading);
    gorc_go(writer, NULL); /* HERE: go-writer */
    gorc_wg_wait(&stuck);
    return 0;
}
