/* SPDX-License-Identifier: MIT
 *
 * A cond that was copied after its first use (K5).
 */
#include <gorc.h>

int main(void)
{
    static gorc_cond c, copy;

    gorc_cond_signal(&c); /* HERE: first */
    copy = c;
    gorc_cond_signal(&copy); /* HERE: signal */
    return 0;
}
