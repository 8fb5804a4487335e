/* SPDX-License-Identifier: MIT
 *
 * Signals that arrive on a goroutine's stack: handlers with and without SA_ONSTACK, and an
 * alternate stack of the program's own.
 */
#include "unit.h"

static atomic_int handled;
static atomic_uintptr_t handler_sp;

/* Goroutines of one worker share its alternate stack. */
static void handler(int sig)
{
    volatile char frame[4096]; /* as deep as a handler may be expected to go */
    for (size_t i = 0; i < sizeof frame; i += 64)
        frame[i] = (char)sig;
    atomic_store(&handler_sp, (uintptr_t)__builtin_frame_address(0));
    atomic_fetch_add(&handled, 1);
}

static void install(int flags)
{
    struct sigaction act = {.sa_flags = flags | SA_RESTART};
    act.sa_handler = handler;
    CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
}

/* Not a local's address: AddressSanitizer may keep locals elsewhere. */
static bool is_near(const void *frame, uintptr_t sp)
{
    uintptr_t at = (uintptr_t)frame;
    return (at > sp ? at - sp : sp - at) < (64u << 10);
}

static gorc_waitgroup ended;

static void raises(void *arg)
{
    bool own = arg != NULL;
    for (int i = 0; i < 20; i++) {
        int before = atomic_load(&handled);
        CHECK_EQ(raise(SIGUSR1), 0);
        CHECK(atomic_load(&handled) > before);
        gorc_yield();
    }
    CHECK_EQ(raise(SIGUSR1), 0);
    if (own)
        CHECK(is_near(__builtin_frame_address(0), atomic_load(&handler_sp)));
    gorc_wg_done(&ended);
}

static void run(void *arg, int n)
{
    gorc_wg_add(&ended, n);
    for (int i = 0; i < n; i++)
        gorc_go(raises, arg);
    gorc_wg_wait(&ended);
}

/* The default stack of 64 KB has room for a handler. */
Test(signals, without_onstack_on_the_goroutines_stack)
{
    static char yes;
    install(0);
    gorc_procs(1);
    run(&yes, 1); /* alone: handler_sp is its own */
    run(NULL, 50);
}

Test(signals, with_onstack)
{
    install(SA_ONSTACK);
    run(NULL, 50);
}

/* A stack that the program gave to its main thread before the runtime started is the one used. */
Test(signals, alternate_stack_of_the_program)
{
    static char memory[64 << 10];
    stack_t mine = {.ss_sp = memory, .ss_size = sizeof memory}, now;
    CHECK_EQ(sigaltstack(&mine, NULL), 0);
    install(SA_ONSTACK);
    gorc_yield();
    CHECK_EQ(sigaltstack(NULL, &now), 0);
    CHECK(now.ss_sp == memory);
    CHECK_EQ(raise(SIGUSR1), 0);
    uintptr_t sp = atomic_load(&handler_sp);
    if (!gorc_detect_active()) /* it may have handlers run later, on a stack of its own */
        CHECK(sp >= (uintptr_t)memory && sp < (uintptr_t)memory + sizeof memory);
    run(NULL, 50);
}
