/* SPDX-License-Identifier: MIT
 *
 * race_block repaired: main waits for the thread before it goes on.
 */
#include <pthread.h>
#include <stdlib.h>

struct item {
    char key[16];
    long hits;
    struct item *next;
};
struct list {
    struct item *head;
};
typedef struct {
    short kind;
    int flags;
} option;

static struct list list;
static option *options;

static void *allocate(size_t size)
{
    void *p = calloc(1, size);
    if (!p)
        abort();
    return p;
}

static void *work(void *arg)
{
    list.head->hits = 1;
    options[2].flags = 1;
    return arg;
}

int main(void)
{
    pthread_t t;
    list.head = allocate(sizeof(struct item));
    options = allocate(4 * sizeof *options);
    pthread_create(&t, NULL, work, NULL);
    pthread_join(t, NULL);
    list.head->hits = 2;
    options[2].flags = 2;
    return 0;
}
