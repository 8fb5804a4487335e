/* SPDX-License-Identifier: MIT
 *
 * A value that belongs to a goroutine: each worker has a buffer of its own, made on first use and
 * freed at the goroutine's end, without a parameter through all functions.
 */
#include <gorc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 3, LINES = 4, SIZE = 64 };

static const char buffer_key; /* its address is the key */

/* The calling goroutine's buffer. */
static char *buffer(void)
{
    char *b = gorc_local_get(&buffer_key);

    if (b)
        return b;
    b = calloc(1, SIZE);
    if (!b || gorc_local_set(&buffer_key, b, free) != 0)
        abort();
    return b;
}

static void add_word(const char *word)
{
    strncat(buffer(), word, SIZE - 1 - strlen(buffer()));
}

static void worker_main(void *arg)
{
    gorc_chan *lengths = arg;

    for (int i = 0; i < LINES; i++) {
        add_word("word ");
        gorc_yield(); /* others fill theirs meanwhile */
    }
    size_t n = strlen(buffer());
    gorc_chan_send(lengths, &n);
}

int main(void)
{
    gorc_chan *lengths = gorc_chan_new(sizeof(size_t), 0);
    size_t n;

    for (int i = 0; i < WORKERS; i++)
        gorc_go(worker_main, lengths);
    for (int i = 0; i < WORKERS; i++) {
        gorc_chan_recv(lengths, &n);
        printf("%zu characters\n", n);
    }
    gorc_chan_unref(lengths);
    return 0;
}
