/* SPDX-License-Identifier: MIT
 *
 * A wait on a cond whose mutex nobody has locked (K1).
 */
#include <gorc.h>

int main(void)
{
    static gorc_mutex m;
    static gorc_cond c;

    gorc_cond_wait(&c, &m); /* HERE: wait */
    return 0;
}
