/* SPDX-License-Identifier: MIT
 *
 * A once that enters itself (O3).
 */
#include <gorc.h>

static gorc_once once;

static void outer(void *arg)
{
    (void)arg;
    gorc_once_do(&once, outer, NULL); /* HERE: inner */
}

int main(void)
{
    gorc_once_do(&once, outer, NULL); /* HERE: call */
    return 0;
}
