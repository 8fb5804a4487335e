/* SPDX-License-Identifier: MIT
 *
 * A send case of a select on a closed channel (S4).
 */
#include <gorc.h>

int main(void)
{
    gorc_chan *c = gorc_chan_new(sizeof(int), 1); /* HERE: made */
    int v = 1;
    gorc_case cases[] = {gorc_case_send(c, &v), gorc_case_recv(NULL, NULL)};

    gorc_chan_close(c);        /* HERE: close */
    gorc_select_try(cases, 2); /* HERE: send */
    return 0;
}
