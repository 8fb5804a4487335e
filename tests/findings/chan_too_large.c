/* SPDX-License-Identifier: MIT
 *
 * A channel of impossible size (C9).
 */
#include <gorc.h>

#include <stdint.h>

int main(void)
{
    gorc_chan *c = gorc_chan_new(SIZE_MAX / 2, 16); /* HERE: new */

    gorc_chan_unref(c);
    return 0;
}
