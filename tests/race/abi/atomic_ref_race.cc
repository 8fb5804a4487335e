/* SPDX-License-Identifier: MIT
 *
 * One of two threads counts without its std::atomic_ref.
 *
 * flags: -std=c++20
 */
#include <atomic>
#include <thread>

int x; /* not static, or compilers would see through the test */

static void work()
{
    std::atomic_ref<int>(x)++;
}

int main()
{
    std::thread t(work);
    x++;
    t.join();
}
