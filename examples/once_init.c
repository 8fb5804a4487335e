/* SPDX-License-Identifier: MIT
 *
 * One instance, made by whoever needs it first. Every gorc_once_do returns after the one call has
 * completed, and sees all that it did.
 */
#include <gorc.h>
#include <stdio.h>

enum { USERS = 8 };

struct database {
    int connections;
    char name[16];
};

static struct database instance;
static gorc_once instance_once;

static void connect_database(void *arg)
{
    struct database *db = arg;

    printf("connecting\n");
    db->connections++;
    snprintf(db->name, sizeof(db->name), "orders");
}

static struct database *get_database(void)
{
    gorc_once_do(&instance_once, connect_database, &instance);
    return &instance;
}

static void user_main(void *arg)
{
    size_t *length = arg;

    for (const char *s = get_database()->name; *s; s++)
        ++*length;
}

int main(void)
{
    size_t length[USERS] = {0}, sum = 0;
    gorc_waitgroup wg = {0};

    for (int i = 0; i < USERS; i++)
        gorc_wg_go(&wg, user_main, &length[i]);
    gorc_wg_wait(&wg);
    for (int i = 0; i < USERS; i++)
        sum += length[i];
    printf("%d connection to '%s', %zu characters seen\n", get_database()->connections,
        get_database()->name, sum);
    return 0;
}
