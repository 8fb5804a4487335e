/* SPDX-License-Identifier: MIT
 *
 * After a burst of goroutines their stacks go back to the system. sysmon looks every second at how
 * many ended goroutines the global list has held at least since the last look: those were not
 * needed. They are trimmed a batch at a time, so that sysmon is never away for long. What idle
 * workers keep beyond a few is moved to the global list first; a busy worker keeps its own (at most
 * FREE_MAX, spawn.c).
 *
 * All fields are sysmon's own but the list, which sched.lock guards.
 */
#include "sched/g.h"
#include "sched/stack.h"

#define PERIOD 1000000000
#define STEP 5000000
#define BATCH 1024u
#define IDLE_KEEPS 64u

static int64_t look_at, step_at;
static uint32_t surplus;
static struct gorc__g *batch[BATCH];

/* sched.lock held: nobody else touches an idle P. */
static void collect_from_idle(void)
{
    for (struct gorc__p *p = gorc__sched.idle_ps; p; p = p->idle_next) {
        for (; p->free_count > IDLE_KEEPS; p->free_count--) {
            struct gorc__g *g = p->free;
            p->free = g->next;
            g->next = gorc__sched.global_free;
            gorc__sched.global_free = g;
            gorc__sched.global_free_count++;
        }
    }
}

static uint32_t detach(uint32_t want)
{
    uint32_t n = 0;
    gorc__lock(&gorc__sched.lock);
    for (struct gorc__g *g; n < want && (g = gorc__sched.global_free) != NULL; n++) {
        gorc__sched.global_free = g->next;
        batch[n] = g;
    }
    gorc__sched.global_free_count -= n;
    if (gorc__sched.global_free_low > gorc__sched.global_free_count)
        gorc__sched.global_free_low = gorc__sched.global_free_count;
    gorc__unlock(&gorc__sched.lock);
    return n;
}

bool gorc__trim(int64_t now, int64_t *ret_next)
{
    if (now >= look_at) {
        gorc__lock(&gorc__sched.lock);
        surplus = gorc__sched.global_free_low;
        collect_from_idle();
        gorc__sched.global_free_low = gorc__sched.global_free_count;
        gorc__unlock(&gorc__sched.lock);
        look_at = now + PERIOD;
        step_at = now;
    }
    if (surplus > 0 && now >= step_at) {
        uint32_t n = detach(surplus < BATCH ? surplus : BATCH);
        gorc__stack_trim(batch, n);
        surplus = n ? surplus - n : 0;
        step_at = now + STEP;
    }
    *ret_next = surplus ? step_at : look_at;
    return surplus > 0 || __atomic_load_n(&gorc__sched.global_free_low, __ATOMIC_RELAXED) > 0;
}
