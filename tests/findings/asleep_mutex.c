/* SPDX-License-Identifier: MIT
 *
 * Main locks a mutex twice.
 */
#include <gorc.h>

int main(void)
{
    static gorc_mutex m;

    gorc_mutex_lock(&m);
    gorc_mutex_lock(&m); /* HERE: again */
    return 0;
}
