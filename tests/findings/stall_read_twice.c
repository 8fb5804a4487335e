/* SPDX-License-Identifier: MIT
 *
 * A goroutine that reads a rwmutex's data twice, the second time inside the first; between the two
 * a writer has come. Main goes on and returns.
 */
#include <gorc.h>

static gorc_rwmutex config;

static void reader(void *arg)
{
    (void)arg;
    gorc_rwmutex_rlock(&config); /* HERE: read */
    gorc_yield();
    gorc_yield();
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
    gorc_go(reader, NULL); /* HERE: go-reader */
    gorc_yield();
    gorc_go(writer, NULL); /* HERE: go-writer */
    for (int i = 0; i < 10; i++)
        gorc_yield();
    return 0;
}
