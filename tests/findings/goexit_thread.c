/* SPDX-License-Identifier: MIT
 *
 * goexit on a thread that is not a goroutine.
 */
#include <gorc.h>
#include <pthread.h>

static void *thread_main(void *arg)
{
    (void)arg;
    gorc_goexit(); /* HERE: goexit */
}

int main(void)
{
    pthread_t t;

    pthread_create(&t, NULL, thread_main, NULL); /* HERE: create */
    pthread_join(t, NULL);
    return 0;
}
