/* SPDX-License-Identifier: MIT
 *
 * See baseline.h.
 */
#include <stdlib.h>

#include "baseline.h"
#include "util.h"

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

char *baseline_read(struct baseline *b, const char *path)
{
    struct run run = {0};
    size_t cap = 0;
    const char *wrong = read_json_record(&run, path);
    if (wrong)
        return xprintf("cannot read the baseline '%s': %s", path, wrong);
    for (size_t i = 0; i < run.n; i++) {
        for (size_t k = 0; k < run.processes[i].nfindings; k++) {
            b->at = grow(b->at, b->n, &cap, sizeof *b->at);
            b->at[b->n++] = strtoull(run.processes[i].findings[k].fingerprint, NULL, 16);
        }
    }
    if (b->n)
        qsort(b->at, b->n, sizeof *b->at, by_value);
    return NULL;
}

void baseline_apply(const struct baseline *b, struct process *p)
{
    for (size_t i = 0; i < p->nfindings && b->n; i++) {
        struct finding *f = &p->findings[i];
        uint64_t key = strtoull(f->fingerprint, NULL, 16);
        if (!bsearch(&key, b->at, b->n, sizeof key, by_value))
            continue;
        f->known = true;
        f->counts = false;
        p->known++;
    }
}
