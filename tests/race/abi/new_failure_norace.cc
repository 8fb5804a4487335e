/* SPDX-License-Identifier: MIT
 *
 * operator new that throws leaves the stack of calls as it was.
 */
#include <cstdint>
#include <new>
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

static volatile std::size_t huge = PTRDIFF_MAX - 4096;

static void *first(void *arg)
{
    (void)arg;
    for (int i = 0; i < 100; i++) {
        bool thrown = false;
        try {
            char *volatile p = new char[huge];
            p[0] = 1;
        } catch (const std::bad_alloc &) {
            thrown = true;
        }
        if (!thrown || new (std::nothrow) char[huge])
            abort();
    }
    return NULL;
}

int main(void)
{
    pthread_t t[1];

    if (pthread_create(&t[0], NULL, first, NULL))
        abort();
    for (int i = 0; i < 1; i++)
        pthread_join(t[i], NULL);
    return 0;
}
