/* SPDX-License-Identifier: MIT
 *
 * What comes after count_down() is not ordered with what follows wait().
 *
 * flags: -std=c++20
 */
#include <latch>
#include <thread>

int x; /* not static, or compilers would see through the test */
static std::latch ready(1);

static void work()
{
    x = 1;
    ready.count_down();
    x = 2;
}

int main()
{
    std::thread t(work);
    ready.wait();
    x = 3;
    t.join();
}
