/* SPDX-License-Identifier: MIT
 *
 * Task indices: fresh ones, retired ones (usable by who knows their last epoch) and free ones.
 */
#include <string.h>

#include "base/dalloc.h"
#include "core/segment.h"
#include "core/sweep.h"

enum { LOOKS = 4, LAST_GOOD = 0xf0000000u };

static dt_lock index_lock;
static struct {
    dt_epoch *v;
    uint32_t n, cap;
} last; /* by index: last epoch of the task that ended, 0 while one lives or none did */
struct stack {
    dt_index *v;
    uint32_t n, cap;
};
static struct stack retired, unused;
static uint32_t look; /* rotates through retired */

static void push(struct stack *s, dt_index i)
{
    if (s->n == s->cap) {
        uint32_t cap = s->cap ? 2 * s->cap : 64;
        dt_index *v = dt_alloc(cap * sizeof *v);
        memcpy(v, s->v, s->n * sizeof *v);
        dt_free(s->v, s->cap * sizeof *v);
        s->v = v;
        s->cap = cap;
    }
    s->v[s->n++] = i;
}

static bool try_retired(const struct dt_task *creator, uint32_t at, dt_index *ret)
{
    dt_index i = retired.v[at];
    if (!dt_task_knows(creator, i, last.v[i]))
        return false;
    retired.v[at] = retired.v[--retired.n];
    *ret = i;
    return true;
}

static bool from_retired(const struct dt_task *creator, dt_index *ret)
{
    for (uint32_t k = 1; k <= LOOKS && k <= retired.n; k++)
        if (try_retired(creator, retired.n - k, ret))
            return true;
    for (uint32_t k = 0; k < LOOKS && retired.n > LOOKS; k++)
        if (try_retired(creator, look++ % retired.n, ret))
            return true;
    return false;
}

static dt_index fresh(void)
{
    if (last.n == last.cap) {
        uint32_t cap = last.cap ? 2 * last.cap : 64;
        dt_epoch *v = dt_alloc(cap * sizeof *v);
        memcpy(v, last.v, last.n * sizeof *v);
        dt_free(last.v, last.cap * sizeof *v);
        last.v = v;
        last.cap = cap;
    }
    last.v[last.n] = 0;
    return last.n++;
}

dt_index dt_index_take(const struct dt_task *creator, dt_epoch *ret_first)
{
    dt_index i;
    dt_lock_take(&index_lock);
    if (!(creator && from_retired(creator, &i)))
        i = unused.n ? unused.v[--unused.n] : fresh();
    *ret_first = last.v[i] + 1;
    last.v[i] = 0;
    dt_lock_drop(&index_lock);
    return i;
}

/* An index whose epochs are nearly used up is never used again. */
void dt_index_retire(dt_index i, dt_epoch epoch)
{
    dt_lock_take(&index_lock);
    last.v[i] = epoch;
    if (epoch < LAST_GOOD)
        push(&retired, i);
    dt_lock_drop(&index_lock);
}

uint32_t dt_index_end(void)
{
    return __atomic_load_n(&last.n, __ATOMIC_RELAXED);
}

dt_epoch dt_index_last(dt_index i)
{
    dt_lock_take(&index_lock);
    dt_epoch e = last.v[i];
    dt_lock_drop(&index_lock);
    return e;
}

void dt_index_mark_live(uint8_t *seen, uint32_t n)
{
    dt_lock_take(&index_lock);
    for (uint32_t i = 0; i < n; i++)
        seen[i] = 1;
    for (uint32_t k = 0; k < retired.n; k++)
        if (retired.v[k] < n)
            seen[retired.v[k]] = 0;
    dt_lock_drop(&index_lock);
}

void dt_index_free_unseen(const uint8_t *seen, uint32_t n)
{
    dt_lock_take(&index_lock);
    for (uint32_t k = 0; k < retired.n;) {
        dt_index i = retired.v[k];
        if (i < n && !seen[i]) {
            push(&unused, i);
            retired.v[k] = retired.v[--retired.n];
        } else {
            k++;
        }
    }
    dt_lock_drop(&index_lock);
}
