/* SPDX-License-Identifier: MIT
 *
 * std::barrier: two accesses in the same phase are not ordered.
 *
 * flags: -std=c++20
 */
#include <barrier>
#include <thread>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static std::barrier<> phase(2);

/* Who still wakes up in the first phase would learn by the barrier's own counters of one that waits
 * in the second. */
static void together()
{
    hidden_step();
    hidden_wait(2);
}

static void work()
{
    x = 1;
    phase.arrive_and_wait();
    x = 2;
    together();
    phase.arrive_and_wait();
}

int main()
{
    std::thread t(work);
    phase.arrive_and_wait();
    x = 3;
    together();
    phase.arrive_and_wait();
    t.join();
}
