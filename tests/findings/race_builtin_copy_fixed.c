/* SPDX-License-Identifier: MIT
 *
 * race_builtin_copy.c, one after the other.
 */
#include <gorc.h>
#include <stdlib.h>
#include <string.h>

struct config {
    char address[48];
    char name[24];
    long limits[5];
};

static const char fallback[48] = "127.0.0.1:8080";
static gorc_waitgroup wg;

static void refresh(void *arg)
{
    struct config *config = arg;
    memcpy(config->address, fallback, sizeof fallback);
    strncpy(config->name, "the fallback address", sizeof config->name - 1);
    memset(config->limits, 0, sizeof config->limits);
}

static void show(void *arg)
{
    volatile const struct config *config = arg;
    (void)config->address[20];
    (void)config->name[3];
    (void)config->limits[2];
}

int main(void)
{
    struct config *config = calloc(1, sizeof *config);
    gorc_wg_go(&wg, refresh, config);
    gorc_wg_wait(&wg);
    gorc_wg_go(&wg, show, config);
    gorc_wg_wait(&wg);
    free(config);
    return 0;
}
