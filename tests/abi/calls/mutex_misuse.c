/* SPDX-License-Identifier: MIT
 *
 * Mutexes of the program's own, announced by annotations, and used wrongly: each misuse once. What
 * is right beside them is silent.
 *
 * status: 66
 * says: gorc: 6 findings (
 * says: == gorc: double lock of mutex
 * says: == gorc: unlock of unlocked mutex
 * says: == gorc: read unlock of mutex not locked for reading
 * says: == gorc: unlock of mutex locked by another thread
 * says: 2 destroy of locked mutex
 */
#include <pthread.h>
#include <sanitizer/tsan_interface.h>

static char again, locked, unlocked, reader, others, linked, reentrant, plain;

static void lock(void *m, unsigned flags)
{
    __tsan_mutex_pre_lock(m, flags);
    __tsan_mutex_post_lock(m, flags, 0);
}

static void unlock(void *m, unsigned flags)
{
    __tsan_mutex_pre_unlock(m, flags);
    __tsan_mutex_post_unlock(m, flags);
}

static void *lock_for_main(void *arg)
{
    lock(&others, 0);
    return arg;
}

int main(void)
{
    pthread_t t;
    __tsan_mutex_create(&again, 0);
    lock(&again, 0);
    lock(&again, 0);
    __tsan_mutex_destroy(&again, 0);

    __tsan_mutex_create(&locked, 0);
    lock(&locked, 0);
    __tsan_mutex_destroy(&locked, 0);

    unlock(&unlocked, 0);
    unlock(&reader, __tsan_mutex_read_lock);

    pthread_create(&t, NULL, lock_for_main, NULL);
    pthread_join(t, NULL);
    unlock(&others, 0);

    __tsan_mutex_create(&linked, __tsan_mutex_linker_init);
    lock(&linked, 0);
    __tsan_mutex_destroy(&linked, 0); /* does nothing, says its creation */
    unlock(&linked, 0);

    lock(&reentrant, __tsan_mutex_write_reentrant);
    lock(&reentrant, __tsan_mutex_write_reentrant);
    unlock(&reentrant, 0);
    unlock(&reentrant, 0);
    __tsan_mutex_destroy(&reentrant, 0);

    lock(&plain, __tsan_mutex_read_lock);
    lock(&plain, __tsan_mutex_read_lock);
    unlock(&plain, __tsan_mutex_read_lock);
    unlock(&plain, __tsan_mutex_read_lock);
    lock(&plain, __tsan_mutex_try_lock);
    unlock(&plain, 0);
    __tsan_mutex_pre_lock(&plain, __tsan_mutex_try_lock);
    __tsan_mutex_post_lock(&plain, __tsan_mutex_try_lock_failed, 0);
    __tsan_mutex_destroy(&plain, 0);
    return 0;
}
