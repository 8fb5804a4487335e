/* SPDX-License-Identifier: MIT
 *
 * A wide string written by wcscpy and read by wcslen by two threads without order.
 *
 * flags: -fno-builtin
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <wchar.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
static wchar_t text[8];

static void *first(void *arg)
{
    (void)arg;
    wcscpy(text, L"one");
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (wcslen(text) == 7)
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
