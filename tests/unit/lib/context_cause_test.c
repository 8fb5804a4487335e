/* SPDX-License-Identifier: MIT
 *
 * Causes: rules X12 and X13, as the table of Go's TestCause. A row is a chain or tree of contexts
 * and the cancellations made, in order; what err and cause must be then.
 */
#include "unit.h"

#define PARENT (-EIO)
#define CHILD_ERR (-EPIPE)
#define TOO_SLOW (-EDOM)
#define FINISHED (-ERANGE)

static gorc_ctx *made[8];
static int n_made;

static gorc_ctx *keep(gorc_ctx *ctx)
{
    made[n_made++] = ctx;
    return ctx;
}

static gorc_ctx *with_cancel(gorc_ctx *parent)
{
    return keep(gorc_ctx_with_cancel(parent));
}

static gorc_ctx *bg(void)
{
    return gorc_ctx_background();
}

static gorc_ctx *background(void)
{
    return bg();
}

static gorc_ctx *plain(void)
{
    return with_cancel(bg());
}

static gorc_ctx *cancelled(void)
{
    gorc_ctx *ctx = with_cancel(bg());
    gorc_ctx_cancel(ctx);
    return ctx;
}

static gorc_ctx *cause(void)
{
    gorc_ctx *ctx = with_cancel(bg());
    gorc_ctx_cancel_cause(ctx, PARENT);
    return ctx;
}

static gorc_ctx *cause_nil(void)
{
    gorc_ctx *ctx = with_cancel(bg());
    gorc_ctx_cancel_cause(ctx, 0);
    return ctx;
}

static gorc_ctx *parent_cause_before_child(void)
{
    gorc_ctx *parent = with_cancel(bg()), *child = with_cancel(parent);
    gorc_ctx_cancel_cause(parent, PARENT);
    gorc_ctx_cancel_cause(child, CHILD_ERR);
    return child;
}

static gorc_ctx *child_cause_before_parent(void)
{
    gorc_ctx *parent = with_cancel(bg()), *child = with_cancel(parent);
    gorc_ctx_cancel_cause(child, CHILD_ERR);
    gorc_ctx_cancel_cause(parent, PARENT);
    return child;
}

/* The same seen by the parent. */
static gorc_ctx *parent_of_child_cause(void)
{
    gorc_ctx *parent = with_cancel(bg()), *child = with_cancel(parent);
    gorc_ctx_cancel_cause(child, CHILD_ERR);
    return parent;
}

static gorc_ctx *parent_cancel_before_child_cause(void)
{
    gorc_ctx *parent = with_cancel(bg()), *child = with_cancel(parent);
    gorc_ctx_cancel(parent);
    gorc_ctx_cancel_cause(child, CHILD_ERR);
    return child;
}

static gorc_ctx *child_cancel_before_parent_cause(void)
{
    gorc_ctx *parent = with_cancel(bg()), *child = with_cancel(parent);
    gorc_ctx_cancel(child);
    gorc_ctx_cancel_cause(parent, PARENT);
    return child;
}

static gorc_ctx *middle_is_a_value(void)
{
    static char key;
    gorc_ctx *parent = with_cancel(bg());
    gorc_ctx *child = keep(gorc_ctx_with_value(parent, &key, &key));
    gorc_ctx_cancel_cause(parent, PARENT);
    return child;
}

static gorc_ctx *grandchild_of_cause(void)
{
    gorc_ctx *parent = with_cancel(bg()), *child = with_cancel(with_cancel(parent));
    gorc_ctx_cancel_cause(parent, PARENT);
    return child;
}

static gorc_ctx *timeout(void)
{
    return keep(gorc_ctx_with_timeout(bg(), 0));
}

static gorc_ctx *timeout_cause_expires(void)
{
    return keep(gorc_ctx_with_timeout_cause(bg(), 0, TOO_SLOW));
}

static gorc_ctx *timeout_cancelled_first(void)
{
    gorc_ctx *ctx = keep(gorc_ctx_with_timeout(bg(), GORC_SECOND * 1000));
    gorc_ctx_cancel(ctx);
    return ctx;
}

static gorc_ctx *timeout_cause_cancelled_first(void)
{
    gorc_ctx *ctx = keep(gorc_ctx_with_timeout_cause(bg(), GORC_SECOND * 1000, TOO_SLOW));
    gorc_ctx_cancel(ctx);
    return ctx;
}

static gorc_ctx *timeout_cause_finished_after_expiry(void)
{
    gorc_ctx *ctx = keep(gorc_ctx_with_timeout_cause(bg(), 0, TOO_SLOW));
    gorc_ctx_cancel_cause(ctx, FINISHED);
    return ctx;
}

static gorc_ctx *timeout_below_cause(void)
{
    gorc_ctx *parent = with_cancel(bg());
    gorc_ctx *ctx = keep(gorc_ctx_with_timeout(parent, GORC_SECOND * 1000));
    gorc_ctx_cancel_cause(parent, FINISHED);
    return ctx;
}

static gorc_ctx *without_cancel_of_cause(void)
{
    gorc_ctx *parent = with_cancel(bg());
    gorc_ctx_cancel_cause(parent, PARENT);
    return keep(gorc_ctx_without_cancel(parent));
}

static gorc_ctx *without_cancel_in_the_middle(void)
{
    gorc_ctx *parent = with_cancel(bg());
    gorc_ctx *child = with_cancel(keep(gorc_ctx_without_cancel(parent)));
    gorc_ctx_cancel_cause(parent, PARENT);
    return child;
}

static gorc_ctx *cause_below_without_cancel(void)
{
    gorc_ctx *parent = with_cancel(bg());
    gorc_ctx_cancel_cause(parent, PARENT);
    gorc_ctx *child = with_cancel(keep(gorc_ctx_without_cancel(parent)));
    gorc_ctx_cancel_cause(child, CHILD_ERR);
    return child;
}

static const struct row {
    const char *name;
    gorc_ctx *(*make)(void);
    int err, cause;
} table[] = {
    {"Background", background, 0, 0},
    {"WithCancel", plain, 0, 0},
    {"WithCancel, cancelled", cancelled, -ECANCELED, -ECANCELED},
    {"WithCancelCause", cause, -ECANCELED, PARENT},
    {"WithCancelCause nil", cause_nil, -ECANCELED, -ECANCELED},
    {"parent cause before child", parent_cause_before_child, -ECANCELED, PARENT},
    {"child cause before parent", child_cause_before_parent, -ECANCELED, CHILD_ERR},
    {"parent of a child's cause", parent_of_child_cause, 0, 0},
    {"parent cancel before child cause", parent_cancel_before_child_cause, -ECANCELED, -ECANCELED},
    {"child cancel before parent cause", child_cancel_before_parent_cause, -ECANCELED, -ECANCELED},
    {"WithValue below a cause", middle_is_a_value, -ECANCELED, PARENT},
    {"grandchild", grandchild_of_cause, -ECANCELED, PARENT},
    {"WithTimeout", timeout, -ETIMEDOUT, -ETIMEDOUT},
    {"WithTimeoutCause", timeout_cause_expires, -ETIMEDOUT, TOO_SLOW},
    {"WithTimeout, cancelled", timeout_cancelled_first, -ECANCELED, -ECANCELED},
    {"WithTimeoutCause, cancelled", timeout_cause_cancelled_first, -ECANCELED, -ECANCELED},
    {"WithTimeoutCause, stacked", timeout_cause_finished_after_expiry, -ETIMEDOUT, TOO_SLOW},
    {"WithTimeout below a cause", timeout_below_cause, -ECANCELED, FINISHED},
    {"WithoutCancel", without_cancel_of_cause, 0, 0},
    {"WithoutCancel in the middle", without_cancel_in_the_middle, 0, 0},
    {"cause below WithoutCancel", cause_below_without_cancel, -ECANCELED, CHILD_ERR},
};

Test(context_cause, x12_x13_table)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct row *row = &table[i];
        n_made = 0;
        gorc_ctx *ctx = row->make();
        if (gorc_ctx_err(ctx) != row->err || gorc_ctx_cause(ctx) != row->cause) {
            fprintf(stderr, "%s: err %d, cause %d\n", row->name, gorc_ctx_err(ctx),
                gorc_ctx_cause(ctx));
            CHECK(!"the row's err and cause");
        }
        while (n_made > 0)
            gorc_ctx_free(made[--n_made]);
    }
}
