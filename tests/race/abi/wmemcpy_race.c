/* SPDX-License-Identifier: MIT
 *
 * Wide characters copied and compared by two threads without order.
 *
 * flags: -fno-builtin
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <wchar.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static wchar_t text[8], from[8];

static void *first(void *arg)
{
    (void)arg;
    wmemcpy(text, from, 8);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (wmemcmp(text, L"bbbbbbbb", 8) == 0)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
