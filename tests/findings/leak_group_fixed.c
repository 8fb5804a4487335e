/* SPDX-License-Identifier: MIT
 *
 * Repaired twin of leak_group.c: the second task waits for the end of the group's context as well.
 */
#include <gorc.h>

static int fails(void *arg)
{
    (void)arg;
    return -1;
}

struct task {
    gorc_chan *messages;
    gorc_ctx *ctx;
};

static int waits(void *arg)
{
    struct task *t = arg;
    gorc_case cases[] = {
        gorc_case_recv(t->messages, NULL), gorc_case_recv(gorc_ctx_done(t->ctx), NULL)};
    return gorc_select(cases, 2) == 0 ? 0 : gorc_ctx_err(t->ctx);
}

static void handle(void *arg)
{
    struct task task = {.messages = gorc_chan_new(0, 0)};
    gorc_group *group = gorc_group_new(gorc_ctx_background(), &task.ctx);
    gorc_group_go(group, waits, &task);
    gorc_group_go(group, fails, NULL);
    gorc_group_wait(group);
    gorc_ctx_free(task.ctx);
    gorc_chan_unref(task.messages);
    gorc_wg_done(arg);
}

int main(void)
{
    static gorc_waitgroup handled;
    gorc_wg_add(&handled, 1);
    gorc_go(handle, &handled);
    gorc_wg_wait(&handled);
    return 0;
}
