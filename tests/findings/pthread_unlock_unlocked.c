/* SPDX-License-Identifier: MIT
 *
 * Unlock of a mutex that nobody holds any more, and of one that refuses.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, checking;

int main(void)
{
    pthread_mutexattr_t attr;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&checking, &attr);         /* HERE: made */
    pthread_mutex_lock(&m);                       /* HERE: lock */
    pthread_mutex_unlock(&m);                     /* HERE: first */
    pthread_mutex_unlock(&m);                     /* HERE: unlock */
    if (pthread_mutex_unlock(&checking) != EPERM) /* HERE: refused */
        abort();
    return 0;
}
