/* SPDX-License-Identifier: MIT
 *
 * Destructors of thread-specific data belong to the thread: what they do happens before the
 * join, in late rounds too.
 */
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

int x; /* not static, or compilers would see through the test */

static pthread_key_t key;
static int rounds;

static void destroy(void *p)
{
    x++;
    if (++rounds < PTHREAD_DESTRUCTOR_ITERATIONS - 1)
        pthread_setspecific(key, p);
}

static void *run(void *arg)
{
    pthread_setspecific(key, arg);
    return NULL;
}

int main(void)
{
    pthread_t t;

    pthread_key_create(&key, destroy);
    if (pthread_create(&t, NULL, run, &t))
        abort();
    pthread_join(t, NULL);
    return x == PTHREAD_DESTRUCTOR_ITERATIONS - 1 ? 0 : 1;
}
