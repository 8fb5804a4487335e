/* SPDX-License-Identifier: MIT
 *
 * A map that is read far more often than it is written: readers share the lock, a writer has it
 * alone. Values are copied out, because a pointer into the map would outlive the lock.
 */
#include <gorc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { ENTRIES = 8, READERS = 6, LOOKUPS = 200 };

struct directory {
    gorc_rwmutex mu;
    size_t len; /* guarded by mu */
    struct {
        char name[16], address[16];
    } entry[ENTRIES]; /* guarded by mu */
};

static bool directory_get(struct directory *d, const char *name, char address[16])
{
    bool found = false;

    gorc_rwmutex_rlock(&d->mu);
    for (size_t i = 0; i < d->len && !found; i++) {
        found = strcmp(d->entry[i].name, name) == 0;
        if (found)
            memcpy(address, d->entry[i].address, 16);
    }
    gorc_rwmutex_runlock(&d->mu);
    return found;
}

/* Adds or replaces. Returns false when the directory is full. */
static bool directory_set(struct directory *d, const char *name, const char *address)
{
    size_t i = 0;

    gorc_rwmutex_lock(&d->mu);
    while (i < d->len && strcmp(d->entry[i].name, name) != 0)
        i++;
    if (i < ENTRIES) {
        snprintf(d->entry[i].name, sizeof(d->entry[i].name), "%s", name);
        snprintf(d->entry[i].address, sizeof(d->entry[i].address), "%s", address);
        if (i == d->len)
            d->len++;
    }
    gorc_rwmutex_unlock(&d->mu);
    return i < ENTRIES;
}

struct reader {
    struct directory *dir;
    atomic_int *wrong;
};

static void reader_main(void *arg)
{
    struct reader *r = arg;
    char address[16];

    for (int i = 0; i < LOOKUPS; i++) {
        if (!directory_get(r->dir, "db", address) || strncmp(address, "10.0.0.", 7) != 0)
            atomic_fetch_add(r->wrong, 1);
        if (i % 50 == 0)
            gorc_yield();
    }
}

static void writer_main(void *arg)
{
    struct directory *d = arg;
    char address[16];

    for (int i = 1; i <= 20; i++) {
        snprintf(address, sizeof(address), "10.0.0.%d", i);
        directory_set(d, "db", address);
        gorc_yield();
    }
}

int main(void)
{
    static struct directory dir;
    atomic_int wrong = 0;
    struct reader r = {&dir, &wrong};
    gorc_waitgroup wg = {0};
    char address[16];

    directory_set(&dir, "db", "10.0.0.0");
    directory_set(&dir, "web", "10.0.1.1");
    for (int i = 0; i < READERS; i++)
        gorc_wg_go(&wg, reader_main, &r);
    gorc_wg_go(&wg, writer_main, &dir);
    gorc_wg_wait(&wg);

    printf("wrong lookups: %d\n", atomic_load(&wrong));
    if (directory_get(&dir, "db", address))
        printf("db is at %s\n", address);
    printf("mail is %s\n", directory_get(&dir, "mail", address) ? "known" : "unknown");
    return 0;
}
