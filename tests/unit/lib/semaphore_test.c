/* SPDX-License-Identifier: MIT
 *
 * The weighted semaphore: Go's golang.org/x/sync/semaphore.
 */
#include "unit.h"

Test(semaphore, try_acquire_and_release)
{
    gorc_sem s = GORC_SEM_INIT(3);
    CHECK(gorc_sem_try_acquire(&s, 1));
    CHECK(gorc_sem_try_acquire(&s, 2));
    CHECK(!gorc_sem_try_acquire(&s, 1));
    CHECK(gorc_sem_try_acquire(&s, 0));
    gorc_sem_release(&s, 2);
    CHECK_EQ(gorc_sem_acquire(&s, NULL, 1), 0);
    CHECK_EQ(gorc_sem_acquire(&s, gorc_ctx_background(), 1), 0);
    CHECK(!gorc_sem_try_acquire(&s, 1));
    gorc_sem_release(&s, 3);
}

MISUSE_TEST(semaphore_misuse, over_released, "semaphore over-released")
{
    static gorc_sem s = GORC_SEM_INIT(2);
    gorc_sem_acquire(&s, NULL, 1);
    gorc_sem_release(&s, 1);
    gorc_sem_release(&s, 1);
    return 0;
}

MISUSE_TEST(semaphore_misuse, negative_weight, "negative semaphore weight")
{
    static gorc_sem s = GORC_SEM_INIT(2);
    gorc_sem_release(&s, -1);
    return 0;
}

struct taker {
    gorc_sem *s;
    gorc_ctx *ctx;
    int64_t n;
    int result;
    atomic_int done;
};

static void take(void *arg)
{
    struct taker *t = arg;
    t->result = gorc_sem_acquire(t->s, t->ctx, t->n);
    atomic_store(&t->done, 1);
}

/* First come, first served: who asks for little does not overtake who asks for much. */
Test(semaphore, fifo)
{
    one_worker();
    static gorc_sem s = GORC_SEM_INIT(3);
    static struct taker big = {.s = &s, .n = 3}, small = {.s = &s, .n = 1};
    CHECK(gorc_sem_try_acquire(&s, 1));
    gorc_go(take, &big);
    settle();
    gorc_go(take, &small);
    settle();
    CHECK(!gorc_sem_try_acquire(&s, 1));
    CHECK_EQ(atomic_load(&big.done), 0);
    CHECK_EQ(atomic_load(&small.done), 0);
    gorc_sem_release(&s, 1);
    settle();
    CHECK_EQ(atomic_load(&big.done), 1);
    CHECK_EQ(atomic_load(&small.done), 0);
    gorc_sem_release(&s, 3);
    settle();
    CHECK_EQ(atomic_load(&small.done), 1);
    gorc_sem_release(&s, 1);
}

/* A waiter that is cancelled makes way for those behind it. */
Test(semaphore, cancelled_waiter_makes_way)
{
    one_worker();
    static gorc_sem s = GORC_SEM_INIT(2);
    static struct taker big = {.s = &s, .n = 2}, small = {.s = &s, .n = 1};
    big.ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    CHECK(gorc_sem_try_acquire(&s, 1));
    gorc_go(take, &big);
    settle();
    gorc_go(take, &small);
    settle();
    CHECK_EQ(atomic_load(&small.done), 0);
    gorc_ctx_cancel_cause(big.ctx, -EIO);
    settle();
    CHECK_EQ(atomic_load(&big.done), 1);
    CHECK_EQ(big.result, -ECANCELED);
    CHECK_EQ(atomic_load(&small.done), 1);
    CHECK_EQ(small.result, 0);
    gorc_sem_release(&s, 2);
    gorc_ctx_free(big.ctx);
}

/* A cancelled context wins, even when there is room; a deadline ends the wait. */
Test(semaphore, context_is_heeded)
{
    gorc_sem s = GORC_SEM_INIT(1);
    gorc_ctx *ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_ctx_cancel(ctx);
    CHECK_EQ(gorc_sem_acquire(&s, ctx, 1), -ECANCELED);
    CHECK(gorc_sem_try_acquire(&s, 1));
    gorc_ctx *timed = gorc_ctx_with_timeout(gorc_ctx_background(), 2 * GORC_MILLISECOND);
    CHECK_EQ(gorc_sem_acquire(&s, timed, 1), -ETIMEDOUT);
    gorc_ctx_free(ctx);
    gorc_ctx_free(timed);
}

/* More than there will ever be: waits for its context only, and is in nobody's way. */
Test(semaphore, more_than_the_size)
{
    one_worker();
    static gorc_sem s = GORC_SEM_INIT(2);
    static struct taker t = {.s = &s, .n = 3};
    t.ctx = gorc_ctx_with_cancel(gorc_ctx_background());
    gorc_go(take, &t);
    settle();
    CHECK(gorc_sem_try_acquire(&s, 2));
    gorc_sem_release(&s, 2);
    settle();
    CHECK_EQ(atomic_load(&t.done), 0);
    gorc_ctx_cancel(t.ctx);
    settle();
    CHECK_EQ(atomic_load(&t.done), 1);
    CHECK_EQ(t.result, -ECANCELED);
    gorc_ctx_free(t.ctx);
}

CHILD(semaphore_deadlock)
{
    static gorc_sem s = GORC_SEM_INIT(1);
    return gorc_sem_acquire(&s, NULL, 2);
}

Test(semaphore, waits_with_a_reason_of_its_own)
{
    check_exit("semaphore_deadlock", 2,
        gorc_detect_active() ? "to acquire semaphore" : "semaphore acquire");
}

#define SIZE 10

struct stress {
    gorc_sem s;
    atomic_int held;
    atomic_int cancelled;
    gorc_waitgroup wg;
    unsigned long long seed;
    atomic_int next;
};

/* Model: never more than SIZE held; with contexts that are cancelled while it waits. */
static void stress(void *arg)
{
    struct stress *t = arg;
    unsigned long long r = t->seed + (unsigned)atomic_fetch_add(&t->next, 1) * 77777;
    for (int i = 0; i < scaled(200); i++) {
        int n = 1 + (int)test_random(&r, SIZE);
        gorc_ctx *ctx = NULL;
        if (test_random(&r, 2))
            ctx = gorc_ctx_with_timeout(
                gorc_ctx_background(), test_random(&r, 30) * GORC_MICROSECOND);
        int result = gorc_sem_acquire(&t->s, ctx, n);
        if (result == 0) {
            CHECK(atomic_fetch_add(&t->held, n) + n <= SIZE);
            gorc_yield();
            atomic_fetch_sub(&t->held, n);
            gorc_sem_release(&t->s, n);
        } else {
            CHECK_EQ(result, -ETIMEDOUT);
        }
        if (ctx)
            gorc_ctx_free(ctx);
    }
}

Test(semaphore, stress_never_more_than_its_size)
{
    static struct stress t = {.s = GORC_SEM_INIT(SIZE)};
    t.seed = test_seed();
    for (int i = 0; i < 16; i++)
        gorc_wg_go(&t.wg, stress, &t);
    gorc_wg_wait(&t.wg);
    CHECK(gorc_sem_try_acquire(&t.s, SIZE));
}

struct owned {
    gorc_sem s;
};

static void release_it(void *arg)
{
    gorc_sem_release(&((struct owned *)arg)->s, 1);
}

/* L1: whoever acquires may free the semaphore; the releaser touches it no more. */
Test(semaphore, l1_acquired_may_be_freed)
{
    for (int i = 0; i < scaled(2000); i++) {
        struct owned *o = malloc(sizeof *o);
        gorc_ctx *ctx = i % 2 ? gorc_ctx_with_cancel(gorc_ctx_background()) : NULL;
        o->s = (gorc_sem)GORC_SEM_INIT(1);
        CHECK(gorc_sem_try_acquire(&o->s, 1));
        gorc_waitgroup wg = {0};
        gorc_wg_go(&wg, release_it, o);
        CHECK_EQ(gorc_sem_acquire(&o->s, ctx, 1), 0);
        free(o);
        gorc_wg_wait(&wg);
        if (ctx)
            gorc_ctx_free(ctx);
    }
}
