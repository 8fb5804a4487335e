/* SPDX-License-Identifier: MIT
 *
 * std::binary_semaphore: release() happens before the acquire() that it lets go on.
 *
 * flags: -std=c++20
 */
#include <semaphore>
#include <thread>

int x; /* not static, or compilers would see through the test */
static std::binary_semaphore ready(0);

static void work()
{
    x = 1;
    ready.release();
}

int main()
{
    std::thread t(work);
    ready.acquire();
    x = 3;
    t.join();
}
