/* SPDX-License-Identifier: MIT
 *
 * What comes after request_stop() is not ordered with who has seen it.
 *
 * flags: -std=c++20
 */
#include <stop_token>
#include <thread>

int x; /* not static, or compilers would see through the test */

static void work(std::stop_token stop)
{
    while (!stop.stop_requested())
        std::this_thread::yield();
    x = 2;
}

int main()
{
    std::jthread t(work);
    x = 1;
    t.request_stop();
    x = 3;
}
