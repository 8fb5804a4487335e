/* SPDX-License-Identifier: MIT
 *
 * Annotations with different addresses.
 */
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

void AnnotateHappensBefore(const char *f, int l, const volatile void *addr);
void AnnotateHappensAfter(const char *f, int l, const volatile void *addr);
int x; /* not static, or compilers would see through the test */
static char key, other;

static void *first(void *arg)
{
    (void)arg;
    x = 1;
    AnnotateHappensBefore(__FILE__, __LINE__, &key);
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    AnnotateHappensAfter(__FILE__, __LINE__, &other);
    if (x == 2)
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
