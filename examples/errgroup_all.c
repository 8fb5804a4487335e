/* SPDX-License-Identifier: MIT
 *
 * An error group: several requests at once; the first that fails cancels the others, and its error
 * is the group's.
 */
#include <gorc.h>
#include <stdio.h>
#include <string.h>

struct request {
    gorc_ctx *ctx;
    const char *url;
    int result;
};

/* Stands for a fetch that takes its time and heeds its context. */
static int fetch(gorc_ctx *ctx, const char *url)
{
    if (strstr(url, "broken"))
        return -EIO;
    gorc_chan_recv(gorc_ctx_done(ctx), NULL);
    return gorc_ctx_err(ctx);
}

static int request_main(void *arg)
{
    struct request *r = arg;

    r->result = fetch(r->ctx, r->url);
    return r->result;
}

int main(void)
{
    static const char *const urls[] = {"/a", "/b", "/broken", "/c"};
    struct request requests[4];
    gorc_ctx *ctx;
    gorc_group *g = gorc_group_new(gorc_ctx_background(), &ctx);

    for (int i = 0; i < 4; i++) {
        requests[i] = (struct request){ctx, urls[i], 0};
        gorc_group_go(g, request_main, &requests[i]);
    }
    int err = gorc_group_wait(g); /* all have ended; g is gone */
    printf("fetching: %s\n", strerror(-err));
    for (int i = 0; i < 4; i++)
        printf("%s: %s\n", urls[i], strerror(-requests[i].result));
    gorc_ctx_free(ctx);
    return 0;
}
