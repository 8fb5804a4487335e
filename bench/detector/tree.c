/* SPDX-License-Identifier: MIT
 *
 * malloc and free: each thread builds and tears down binary search trees and lists of its own.
 */
#include "threads.h"

struct node {
    uint64_t key;
    struct node *left, *right;
};

static struct node *node_new(uint64_t key)
{
    struct node *n = malloc(sizeof(*n));

    if (!n)
        abort();
    *n = (struct node){key, NULL, NULL};
    return n;
}

static void insert(struct node **root, uint64_t key)
{
    while (*root)
        root = key < (*root)->key ? &(*root)->left : &(*root)->right;
    *root = node_new(key);
}

static uint64_t tear_down(struct node *n)
{
    uint64_t sum;

    if (!n)
        return 0;
    sum = n->key % 1000 + tear_down(n->left) + tear_down(n->right);
    free(n);
    return sum;
}

static uint64_t list(long length)
{
    struct node *head = NULL;
    uint64_t sum = 0;

    for (long i = 0; i < length; i++) {
        struct node *n = node_new((uint64_t)i);
        n->right = head;
        head = n;
    }
    while (head) {
        struct node *next = head->right;
        sum += head->key;
        free(head);
        head = next;
    }
    return sum;
}

static uint64_t work(int index, int threads, long n)
{
    uint64_t random = 88172645463325252u + (uint64_t)index, sum = 0;

    for (long round = 0; round < n / threads; round++) {
        struct node *root = NULL;
        for (int i = 0; i < 1000; i++)
            insert(&root, next_random(&random));
        sum += tear_down(root) + list(1000);
    }
    return sum;
}

int main(int argc, char **argv)
{
    return bench_main(argc, argv, work);
}
