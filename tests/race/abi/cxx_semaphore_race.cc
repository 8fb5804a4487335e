/* SPDX-License-Identifier: MIT
 *
 * What comes after release() is not ordered with what follows acquire().
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
    x = 2;
}

int main()
{
    std::thread t(work);
    ready.acquire();
    x = 3;
    t.join();
}
