/* SPDX-License-Identifier: MIT
 *
 * What belongs to a goroutine stays with it when it goes on on another OS thread. The children run
 * with GORC_DEBUG=migrate, where every gorc call does that; one of them keeps the address of its
 * thread's errno over a call, and must be caught.
 */
#include "unit.h"

#include <sys/syscall.h>

#undef errno
static __attribute__((noinline)) int *thread_errno(void)
{
    __asm__ volatile("" ::: "memory"); /* not the same at each call, whatever its attributes say */
    return __errno_location();
}
#define errno (*gorc_errno_location())

static long thread_now(void)
{
    return syscall(SYS_gettid);
}

enum { GOROUTINES = 6, ROUNDS = 60, OPERATIONS = 8 };

struct crowd {
    gorc_chan *buffered;
    gorc_mutex m;
    gorc_rwmutex rw;
    gorc_waitgroup never, wg;
    atomic_int operations, moved, wrong;
};

static struct crowd crowd;

static void operation(int which)
{
    int value = 1;
    gorc_case none[1] = {gorc_case_recv(NULL, NULL)};
    switch (which) {
    case 0:
        gorc_yield();
        break;
    case 1:
        gorc_mutex_lock(&crowd.m);
        gorc_mutex_unlock(&crowd.m);
        gorc_goid(); /* two calls often lead there and back */
        break;
    case 2:
        gorc_rwmutex_rlock(&crowd.rw);
        gorc_rwmutex_runlock(&crowd.rw);
        gorc_goid();
        break;
    case 3:
        gorc_chan_send(crowd.buffered, &value);
        break;
    case 4:
        gorc_chan_recv(crowd.buffered, &value);
        break;
    case 5:
        gorc_sleep(1);
        break;
    case 6:
        gorc_wg_wait(&crowd.never);
        break;
    default:
        gorc_select_try(none, 1);
    }
}

static void keep_errno(void *arg)
{
    int id = (int)(intptr_t)arg;
    for (int i = 0; i < ROUNDS * OPERATIONS; i++) {
        int mine = 1000 * (id + 1) + i;
        long before = thread_now();
        errno = mine;
        operation(i % OPERATIONS);
        if (errno != mine || *thread_errno() != mine)
            atomic_fetch_add(&crowd.wrong, 1);
        atomic_fetch_add(&crowd.operations, 1);
        if (before != thread_now())
            atomic_fetch_add(&crowd.moved, 1);
    }
}

/* What a compiler that caches the address of errno would do: libc declares its function const. */
static void keep_address(void *arg)
{
    int id = (int)(intptr_t)arg;
    for (int i = 0; i < ROUNDS * OPERATIONS; i++) {
        int mine = 1000 * (id + 1) + i;
        int *cached = thread_errno();
        *cached = mine;
        operation(i % OPERATIONS);
        if (*cached != mine || cached != thread_errno())
            atomic_fetch_add(&crowd.wrong, 1);
    }
}

static void run_crowd(gorc_fn fn)
{
    crowd.buffered = gorc_chan_new(sizeof(int), GOROUTINES);
    for (int i = 0; i < GOROUTINES; i++)
        gorc_wg_go(&crowd.wg, fn, (void *)(intptr_t)i);
    gorc_wg_wait(&crowd.wg);
    gorc_chan_unref(crowd.buffered);
}

CHILD(errno_stays)
{
    run_crowd(keep_errno);
    int n = atomic_load(&crowd.operations), moved = atomic_load(&crowd.moved);
    fprintf(stderr, "moved %d of %d, wrong %d\n", moved, n, atomic_load(&crowd.wrong));
    /* Who parks in the operation moves twice, and may be back where it was. */
    return atomic_load(&crowd.wrong) ? 1 : moved < n / 4 ? 2 : 0;
}

CHILD(address_goes_stale)
{
    run_crowd(keep_address);
    return atomic_load(&crowd.wrong) > ROUNDS ? 3 : 0;
}

static void migrate(void)
{
    setenv("GORC_DEBUG", "migrate", 1);
}

Test(migrate, errno_survives_a_move_at_every_operation, .timeout = 500)
{
    migrate();
    check_exit("errno_stays", 0, "moved");
}

Test(migrate, a_cached_address_of_errno_is_caught, .timeout = 500)
{
    migrate();
    check_exit("address_goes_stale", 3, "");
}
