/* SPDX-License-Identifier: MIT
 *
 * The thread is joined after the lock was given up.
 */
#include <gorc.h>
#include <pthread.h>

static gorc_mutex config;

static void *reload(void *arg)
{
    gorc_mutex_lock(&config);
    gorc_mutex_unlock(&config);
    return arg;
}

static void stop(void *arg)
{
    pthread_t *reloader = arg;
    gorc_mutex_lock(&config);
    pthread_create(reloader, NULL, reload, NULL);
    gorc_mutex_unlock(&config);
    pthread_join(*reloader, NULL);
}

int main(void)
{
    static pthread_t reloader;
    gorc_waitgroup done = {0};
    gorc_wg_go(&done, stop, &reloader);
    gorc_wg_wait(&done);
    return 0;
}
