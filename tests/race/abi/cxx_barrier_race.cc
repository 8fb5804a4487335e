/* SPDX-License-Identifier: MIT
 *
 * std::barrier: two accesses in the same phase are not ordered.
 *
 * flags: -std=c++20
 */
#include <barrier>
#include <thread>

int x; /* not static, or compilers would see through the test */
static std::barrier<> phase(2);

static void work()
{
    x = 1;
    phase.arrive_and_wait();
    x = 2;
    phase.arrive_and_wait();
}

int main()
{
    std::thread t(work);
    phase.arrive_and_wait();
    x = 3;
    phase.arrive_and_wait();
    t.join();
}
