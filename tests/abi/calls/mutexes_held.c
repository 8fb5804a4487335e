/* SPDX-License-Identifier: MIT
 *
 * __tsan_check_no_mutexes_held says which one is.
 *
 * status: 66
 * finds: 1 mutex held where none may be
 */
#include <pthread.h>

void __tsan_check_no_mutexes_held(void);

int main(void)
{
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    __tsan_check_no_mutexes_held();
    pthread_mutex_lock(&m);
    __tsan_check_no_mutexes_held();
    pthread_mutex_unlock(&m);
    return 0;
}
