/* SPDX-License-Identifier: MIT
 *
 * See lost.h.
 */
#include <string.h>

#include "base/dalloc.h"
#include "report/finding.h"
#include "runtime/describe.h"
#include "runtime/leak.h"
#include "runtime/lost.h"
#include "runtime/reach.h"

/* Those made at the same place are one finding. */
struct dt_lost {
    struct dt_lost *next;
    struct dt_resource resource;
    uint64_t more;
};

struct dt_lost *dt_lost_collect(const struct dt_reach *r)
{
    struct dt_lost *list = NULL;
    for (uint32_t i = 0; i < r->n_resources; i++) {
        const struct dt_resource *one = &r->resources[i];
        if (!one->is_lost)
            continue;
        struct dt_lost *l = list;
        while (l && (l->resource.created != one->created || l->resource.what != one->what))
            l = l->next;
        if (l) {
            l->more++;
            continue;
        }
        l = dt_alloc(sizeof *l);
        *l = (struct dt_lost){list, *one, 0};
        list = l;
    }
    return list;
}

static void report(const struct dt_lost *l)
{
    static const struct {
        const char *what, *kind, *words, *told;
    } kinds[] = {
        {"context", "context-leak", "context leak", "a context was never cancelled"},
        {"chan", "channel-leak", "channel leak", "a channel was never freed"},
        {"timer", "timer-leak", "timer leak", "a timer was never stopped"},
        {"ticker", "timer-leak", "timer leak", "a ticker was never stopped"},
    };
    unsigned k = 0;
    while (strcmp(kinds[k].what, l->resource.what) != 0)
        k++;
    char message[200];
    struct dt_text m = {message, sizeof message};
    dt_text_add(&m, kinds[k].told);
    dt_text_add(&m, ", and nothing refers to it any more");
    if (l->more) {
        dt_text_add(&m, "; ");
        dt_text_u64(&m, l->more);
        dt_text_add(&m, l->more == 1 ? " more is alike" : " more are alike");
    }
    struct dt_finding f = {
        .kind = kinds[k].kind,
        .rule = kinds[k].kind,
        .words = kinds[k].words,
        .certainty = DT_SUSPECT,
        .message = message,
        .object = {.kind = l->resource.what,
            .name = l->resource.name,
            .addr = (uintptr_t)l->resource.object},
        .counts = dt_certainty_counts(DT_SUSPECT),
    };
    dt_finding_stack(&f, "object created by", NULL, (dt_stackid)l->resource.created, NULL);
    dt_finding_add(&f);
}

extern void __libc_start_main(void);
enum { START_SIZE = 0x200 };

/* By a call that stands in main() itself: libc has called the function that makes it. */
static bool is_made_by_main(dt_stackid created)
{
    uintptr_t pcs[2], start = (uintptr_t)__libc_start_main;
    return dt_stack_pcs(created, pcs, 2) == 2 && pcs[1] - (start - START_SIZE) < 2 * START_SIZE;
}

/* A channel that main() makes for itself is lost when it returns, and the process with it. */
static bool is_told(const struct dt_lost *l)
{
    return l->more || strcmp(l->resource.what, "chan") != 0 || dt_certainty_counts(DT_SUSPECT) ||
           !is_made_by_main((dt_stackid)l->resource.created);
}

void dt_lost_report(struct dt_lost *l)
{
    for (struct dt_lost *next; l; l = next) {
        next = l->next;
        if (is_told(l))
            report(l);
        dt_free(l, sizeof *l);
    }
}
