/* SPDX-License-Identifier: MIT
 *
 * Two tasks of an error group; the first fails. The second does not look at the group's context and
 * waits on for a message that only the first would have sent: gorc_group_wait never returns.
 */
#include <gorc.h>

static int fails(void *arg)
{
    (void)arg;
    return -1;
}

static int waits(void *arg)
{
    gorc_chan_recv(arg, NULL); /* HERE: recv */
    return 0;
}

static void handle(void *arg)
{
    gorc_chan *messages = gorc_chan_new(0, 0); /* HERE: new */
    gorc_group *group = gorc_group_new(gorc_ctx_background(), NULL);
    gorc_group_go(group, waits, messages); /* HERE: go */
    gorc_group_go(group, fails, NULL);
    gorc_group_wait(group); /* HERE: wait */
    gorc_chan_unref(messages);
    gorc_wg_done(arg);
}

int main(void)
{
    static gorc_waitgroup handled;
    gorc_wg_add(&handled, 1);
    gorc_go(handle, &handled); /* HERE: handle */
    gorc_yield();
    return 0;
}
