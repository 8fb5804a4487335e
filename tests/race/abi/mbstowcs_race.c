/* SPDX-License-Identifier: MIT
 *
 * A string converted to wide characters that are read by two threads without order.
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
    mbstowcs(text, "one", 8);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    if (text[1] == L'x')
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
