/* SPDX-License-Identifier: MIT
 *
 * A goroutine ends the process, after main has ended itself: nothing is left over.
 */
#include <gorc.h>
#include <stdlib.h>

static void last(void *arg)
{
    (void)arg;
    exit(0);
}

int main(void)
{
    gorc_go(last, NULL);
    gorc_goexit();
}
