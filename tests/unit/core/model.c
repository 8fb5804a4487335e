/* SPDX-License-Identifier: MIT
 *
 * See model.h.
 */
#include <string.h>

#include "model.h"

void model_reset(struct model *m)
{
    memset(m->task, 0, sizeof m->task);
    memset(m->key, 0, sizeof m->key);
    memset(m->acquire_fence, 0, sizeof m->acquire_fence);
    memset(m->release_fence, 0, sizeof m->release_fence);
    memset(m->epoch, 0, sizeof m->epoch);
    for (size_t b = 0; b < MODEL_BYTES; b++)
        m->byte[b].n = 0;
}

static void join(struct model_clock *to, const struct model_clock *from)
{
    for (int i = 0; i < MODEL_TASKS; i++)
        if (to->v[i] < from->v[i])
            to->v[i] = from->v[i];
}

static void released(struct model *m, int t)
{
    m->epoch[t]++;
}

void model_spawn(struct model *m, int parent, int child)
{
    m->task[child] = m->task[parent];
    released(m, parent);
}

void model_edge(struct model *m, int from, int to)
{
    join(&m->task[to], &m->task[from]);
    released(m, from);
}

void model_acquire(struct model *m, int t, int key)
{
    join(&m->task[t], &m->key[key]);
}

void model_release(struct model *m, int t, int key, bool replace)
{
    if (replace)
        memset(&m->key[key], 0, sizeof m->key[key]);
    join(&m->key[key], &m->task[t]);
    released(m, t);
}

void model_fence_acquire(struct model *m, int t)
{
    join(&m->task[t], &m->acquire_fence[t]);
}

void model_fence_release(struct model *m, int t)
{
    m->release_fence[t] = m->task[t];
    released(m, t);
}

void model_acquire_relaxed(struct model *m, int t, int key)
{
    join(&m->acquire_fence[t], &m->key[key]);
}

void model_forget_key(struct model *m, int key)
{
    memset(&m->key[key], 0, sizeof m->key[key]);
}

static bool conflict(
    const struct model *m, int t, const struct model_access *e, const struct model_access *a)
{
    if (!e->write && !a->write)
        return false;
    if (e->atomic && a->atomic)
        return false;
    return m->task[t].v[e->task] < e->stamp;
}

static bool redundant(const struct model *m, int t, size_t byte, const struct model_access *a)
{
    if (a->is_free)
        return false;
    for (unsigned i = 0; i < m->byte[byte].n; i++) {
        const struct model_access *e = &m->byte[byte].list[i];
        if (e->task == t && e->epoch == m->epoch[t] && e->write >= a->write &&
            e->atomic <= a->atomic)
            return true;
    }
    return false;
}

bool model_races(const struct model *m, int t, size_t byte, const struct model_access *a)
{
    if (redundant(m, t, byte, a))
        return false;
    for (unsigned i = 0; i < m->byte[byte].n; i++)
        if (conflict(m, t, &m->byte[byte].list[i], a))
            return true;
    return false;
}

bool model_access(struct model *m, int t, size_t byte, const struct model_access *a)
{
    bool races = model_races(m, t, byte, a);
    if (m->byte[byte].n < MODEL_ACCESSES) {
        struct model_access *e = &m->byte[byte].list[m->byte[byte].n++];
        *e = *a;
        e->task = t;
        e->epoch = m->epoch[t];
        e->stamp = ++m->task[t].v[t];
    }
    return races;
}

static bool same(const struct model_access *e, const struct model_access *a)
{
    return e->task == a->task && e->write == a->write && e->atomic == a->atomic &&
           e->is_free == a->is_free && e->pc == a->pc;
}

bool model_has(const struct model *m, size_t byte, const struct model_access *a)
{
    for (unsigned i = 0; i < m->byte[byte].n; i++)
        if (same(&m->byte[byte].list[i], a))
            return true;
    return false;
}

bool model_has_racing(const struct model *m, int t, size_t byte, const struct model_access *a,
    const struct model_access *earlier)
{
    for (unsigned i = 0; i < m->byte[byte].n; i++) {
        const struct model_access *e = &m->byte[byte].list[i];
        if (same(e, earlier) && conflict(m, t, e, a))
            return true;
    }
    return false;
}

void model_clear(struct model *m, size_t byte)
{
    m->byte[byte].n = 0;
}
