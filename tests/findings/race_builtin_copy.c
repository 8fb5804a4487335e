/* SPDX-License-Identifier: MIT
 *
 * Small copies and fills that a compiler would expand in place: their accesses are seen all the
 * same.
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
    memcpy(config->address, fallback, sizeof fallback);                     /* HERE: copy */
    strncpy(config->name, "the fallback address", sizeof config->name - 1); /* HERE: name */
    memset(config->limits, 0, sizeof config->limits);                       /* HERE: fill */
}

static void show(void *arg)
{
    volatile const struct config *config = arg;
    (void)config->address[20]; /* HERE: read-address */
    (void)config->name[3];     /* HERE: read-name */
    (void)config->limits[2];   /* HERE: read-limit */
}

int main(void)
{
    struct config *config = calloc(1, sizeof *config);
    gorc_wg_go(&wg, refresh, config); /* HERE: go */
    gorc_wg_go(&wg, show, config);    /* HERE: go2 */
    gorc_wg_wait(&wg);
    free(config);
    return 0;
}
