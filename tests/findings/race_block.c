/* SPDX-License-Identifier: MIT
 *
 * Races on heap blocks: the report says which member of which structure, from the line that
 * allocates the block, here by way of a function that does not know the type, or accesses it.
 */
#include <pthread.h>
#include <stdlib.h>

#include "../support/barrier.h"

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
    void *p = calloc(1, size); /* HERE: calloc */
    if (!p)
        abort();
    return p;
}

static void *work(void *arg)
{
    list.head->hits = 1;  /* HERE: work-item */
    options[2].flags = 1; /* HERE: work-option */
    hidden_step();
    return arg;
}

int main(void)
{
    pthread_t t;
    list.head = allocate(sizeof(struct item));
    options = allocate(4 * sizeof *options);
    pthread_create(&t, NULL, work, NULL); /* HERE: create */
    hidden_wait(1);
    list.head->hits = 2;  /* HERE: main-item */
    options[2].flags = 2; /* HERE: main-option */
    return pthread_join(t, NULL);
}
