/* SPDX-License-Identifier: MIT
 *
 * A goroutine without a function (G4).
 */
#include <gorc.h>

int main(void)
{
    gorc_go(NULL, NULL); /* HERE: go */
    return 0;
}
