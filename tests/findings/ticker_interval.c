/* SPDX-License-Identifier: MIT
 *
 * A ticker is reset to an interval that is not positive.
 */
#include <gorc.h>

int main(void)
{
    gorc_ticker *t = gorc_ticker_new(GORC_SECOND);
    gorc_ticker_reset(t, 0); /* HERE: reset */
    gorc_ticker_free(t);
    return 0;
}
