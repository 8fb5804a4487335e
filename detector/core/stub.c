/* SPDX-License-Identifier: MIT
 *
 * Placeholder bodies while the core is being written; this file goes away with them.
 */
#include "base/dalloc.h"
#include "core/core.h"
#include "core/shadow.h"
#include "core/sync.h"

struct dt_task dt_task_unknown;
__thread struct dt_task *dt_self __attribute__((tls_model("initial-exec"))) = &dt_task_unknown;
struct dt_task *(*dt_task_meet)(void);
void (*dt_on_race)(const struct dt_race *r);
struct dt_shadow_stats dt_shadow_stats;

void dt_core_init(void) {}
void dt_core_fork_prepare(void) {}
void dt_core_fork_parent(void) {}
void dt_core_fork_child(void) {}
dt_epoch dt_clock_get(const struct dt_clock *c, dt_index i) { (void)c, (void)i; return 0; }
void dt_clock_set(struct dt_clock *c, dt_index i, dt_epoch e) { (void)c, (void)i, (void)e; }
bool dt_clock_join(struct dt_clock *d, const struct dt_clock *s) { (void)d, (void)s; return false; }
void dt_clock_copy(struct dt_clock *d, const struct dt_clock *s) { *d = *s; }
bool dt_clock_covers(const struct dt_clock *c, const struct dt_clock *o) { (void)c, (void)o; return true; }
void dt_clock_clear(struct dt_clock *c) { c->root = c->depth = 0; }
dt_stackid dt_stack_here(struct dt_task *t, uintptr_t pc) { (void)t, (void)pc; return 0; }
dt_stackid dt_stack_intern(const uintptr_t *pcs, size_t n) { (void)pcs, (void)n; return 0; }
size_t dt_stack_pcs(dt_stackid id, uintptr_t *p, size_t max) { (void)id, (void)p, (void)max; return 0; }
void dt_acquire(struct dt_task *t, const void *a) { (void)t, (void)a; }
void dt_release(struct dt_task *t, const void *a) { (void)t, (void)a; }
void dt_release_store(struct dt_task *t, const void *a) { (void)t, (void)a; }
void dt_sync_forget(const void *a, size_t n) { (void)a, (void)n; }
struct dt_sync *dt_sync_lock(const void *a, bool create) { (void)a, (void)create; return NULL; }
void dt_sync_unlock(struct dt_sync *s) { (void)s; }
void dt_sync_acquire(struct dt_task *t, struct dt_sync *s) { (void)t, (void)s; }
void dt_sync_release(struct dt_task *t, struct dt_sync *s) { (void)t, (void)s; }
void dt_sync_release_store(struct dt_task *t, struct dt_sync *s) { (void)t, (void)s; }
void dt_fence_acquire(struct dt_task *t) { (void)t; }
void dt_fence_release(struct dt_task *t) { (void)t; }
void dt_sync_acquire_relaxed(struct dt_task *t, struct dt_sync *s) { (void)t, (void)s; }
void dt_sync_release_relaxed(struct dt_task *t, struct dt_sync *s, bool w) { (void)t, (void)s, (void)w; }
void dt_access(struct dt_task *t, uintptr_t a, size_t n, unsigned f, uintptr_t pc) { (void)t, (void)a, (void)n, (void)f, (void)pc; }
void dt_shadow_clear(uintptr_t a, size_t n) { (void)a, (void)n; }
void dt_block_alloc(struct dt_task *t, uintptr_t a, size_t n, uintptr_t pc) { (void)t, (void)a, (void)n, (void)pc; }
bool dt_block_free(struct dt_task *t, uintptr_t a, uintptr_t pc) { (void)t, (void)a, (void)pc; return true; }
bool dt_block_find(uintptr_t a, struct dt_block *b) { (void)a, (void)b; return false; }
struct dt_task *dt_task_new(struct dt_task *p, enum dt_task_kind k, uint64_t id, dt_stackid c)
{
    static struct dt_frame frames[8];
    struct dt_task *t = dt_alloc(sizeof *t);
    t->base = t->top = frames;
    t->limit = frames;
    t->info = dt_alloc(sizeof *t->info);
    t->info->kind = k, t->info->id = id, t->info->created = c, t->info->parent = p ? p->info : NULL;
    return t;
}
void dt_task_end(struct dt_task *t) { t->ended = true; }
void dt_task_join(struct dt_task *m, struct dt_task *e) { (void)m, (void)e; }
void dt_task_free(struct dt_task *t) { (void)t; }
void dt_task_set_name(struct dt_task *t, const char *n) { (void)t, (void)n; }
void dt_task_edge(struct dt_task *f, struct dt_task *to) { (void)f, (void)to; }
void dt_task_tick(struct dt_task *t) { (void)t; }
void dt_task_lock_held(struct dt_task *t, const void *l, bool s, uintptr_t pc) { (void)t, (void)l, (void)s, (void)pc; }
void dt_task_lock_released(struct dt_task *t, const void *l) { (void)t, (void)l; }
