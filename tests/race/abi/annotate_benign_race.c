/* SPDX-License-Identifier: MIT
 *
 * A race beside memory that was declared benign.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

void AnnotateBenignRaceSized(
    const char *f, int l, const volatile void *addr, size_t size, const char *why);
int x[2]; /* not static, or compilers would see through the test */

static void *first(void *arg)
{
    (void)arg;
    x[1] = 1;
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    x[1] = 2;
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    AnnotateBenignRaceSized(__FILE__, __LINE__, &x[0], sizeof x[0], "a test");
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
