/* SPDX-License-Identifier: MIT
 *
 * A context used after it was freed.
 */
#include <gorc.h>

int main(void)
{
    gorc_ctx *ctx = gorc_ctx_with_cancel(gorc_ctx_background()); /* HERE: made */

    gorc_ctx_free(ctx); /* HERE: free */
    gorc_ctx_err(ctx);  /* HERE: use */
    return 0;
}
