/* SPDX-License-Identifier: MIT
 *
 * The last owner of a shared_ptr destroys what the others used before.
 */
#include <memory>
#include <pthread.h>
#include <stdlib.h>

#include "barrier.h"

int x; /* not static, or compilers would see through the test */
struct node {
    int value = 0;
    ~node()
    {
        value = 3;
    }
};
static std::shared_ptr<node> one, other;

static void *first(void *arg)
{
    (void)arg;
    one->value = 1;
    one.reset();
    hidden_step();
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    hidden_wait(1);
    other.reset();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    one = std::make_shared<node>();
    other = one;
    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
