/* SPDX-License-Identifier: MIT
 *
 * request_stop() happens before what sees it, and the end of a jthread before its join.
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
    t.join();
    x = 3;
}
