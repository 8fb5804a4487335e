/* SPDX-License-Identifier: MIT
 *
 * A context without a parent (X2), and a value without a key (X10).
 */
#include <gorc.h>

int main(void)
{
    gorc_ctx_with_value(gorc_ctx_background(), NULL, NULL); /* HERE: key */
    return gorc_ctx_with_cancel(NULL) != NULL;
}
