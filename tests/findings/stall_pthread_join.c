/* SPDX-License-Identifier: MIT
 *
 * A goroutine joins a thread while it holds a lock of the library's that the thread waits for.
 */
#include <gorc.h>
#include <pthread.h>
#include <stdatomic.h>

static gorc_mutex config;
static atomic_int told;

static void on_report(const struct gorc_finding *f, void *arg)
{
    (void)f, (void)arg;
    told = 1;
}

static void *reload(void *arg)
{
    gorc_mutex_lock(&config); /* HERE: wants */
    gorc_mutex_unlock(&config);
    return arg;
}

static void stop(void *arg)
{
    pthread_t *reloader = arg;
    gorc_mutex_lock(&config);                     /* HERE: has */
    pthread_create(reloader, NULL, reload, NULL); /* HERE: create */
    pthread_join(*reloader, NULL);                /* HERE: joins */
    gorc_mutex_unlock(&config);
}

int main(void)
{
    static pthread_t reloader;
    gorc_set_report_hook(on_report, NULL);
    gorc_go(stop, &reloader); /* HERE: go */
    while (gorc_detect_active() && !told)
        gorc_sleep(GORC_MILLISECOND);
    return 0;
}
