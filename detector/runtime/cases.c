/* SPDX-License-Identifier: MIT
 *
 * See cases.h.
 */
#include <gorc/select.h>
#include <string.h>

#include "report/finding.h"
#include "runtime/cases.h"

static struct dt_case look_at(const void *chan, bool sends)
{
    struct dt_case c = {.chan = chan, .sends = sends};
    struct gorc__inspect_chan i;
    if (!chan)
        return c;
    gorc__inspect_chan(chan, &i);
    c.owner = i.owner;
    c.created = (dt_stackid)i.created;
    struct dt_text name = {c.name, sizeof c.name};
    if (i.name)
        dt_text_add(&name, i.name);
    return c;
}

void dt_cases_look(struct dt_cases *ret_cases, const struct gorc__inspect_g *g)
{
    *ret_cases = (struct dt_cases){.total = 0};
    if (g->state != GORC__G_BLOCKED)
        return;
    if (g->object_kind == GORC__OBJ_CHAN && g->object) {
        ret_cases->kept[0] = look_at(g->object, strcmp(g->reason, "chan send") == 0);
        ret_cases->n = ret_cases->total = 1;
    }
    for (uint32_t i = 0; i < g->n_cases; i++) {
        const struct gorc_case *c = &g->cases[i];
        ret_cases->total++;
        if (ret_cases->n == DT_CASES_KEPT)
            continue;
        struct dt_case *k = &ret_cases->kept[ret_cases->n++];
        *k = look_at(c->chan, c->kind == GORC__CASE_SEND);
        k->is_timeout = c->kind == GORC__CASE_AFTER;
    }
}

static void describe_chan(struct dt_text *t, const struct dt_case *c)
{
    dt_text_add(t, "chan ");
    dt_text_hex(t, (uintptr_t)c->chan);
    if (c->name[0]) {
        dt_text_add(t, " '");
        dt_text_add(t, c->name);
        dt_text_add(t, "'");
    }
    if (c->owner) {
        dt_text_add(t, " (a ");
        dt_text_add(t, c->owner);
        dt_text_add(t, "'s)");
    }
}

static void describe_more(struct dt_text *t, uint32_t more)
{
    if (!more)
        return;
    dt_text_add(t, " and ");
    dt_text_u64(t, more);
    dt_text_add(t, " more");
}

void dt_cases_describe(struct dt_text *t, const struct gorc__inspect_g *g, const struct dt_cases *c)
{
    if (g->object_kind != GORC__OBJ_SELECT)
        return;
    for (uint32_t i = 0; i < c->n; i++) {
        const struct dt_case *k = &c->kept[i];
        dt_text_add(t, i ? ", " : ": ");
        if (k->is_timeout) {
            dt_text_add(t, "time-out");
            continue;
        }
        dt_text_add(t, k->sends ? "send on " : "receive from ");
        if (k->chan)
            describe_chan(t, k);
        else
            dt_text_add(t, "a nil channel");
    }
    describe_more(t, c->total - c->n);
}

/* --- where they were made --- */

/* Ids of one stack may differ. */
static bool is_same_stack(dt_stackid a, dt_stackid b)
{
    uintptr_t x[DT_MAX_FRAMES], y[DT_MAX_FRAMES];
    if (a == b)
        return true;
    size_t n = dt_stack_pcs(a, x, DT_MAX_FRAMES);
    return n == dt_stack_pcs(b, y, DT_MAX_FRAMES) && memcmp(x, y, n * sizeof *x) == 0;
}

static void add_chan(struct dt_made_place *p, const struct dt_case *c)
{
    for (uint32_t i = 0; i < p->n; i++)
        if (p->chans[i] == c->chan)
            return;
    if (p->n == DT_CASES_KEPT) {
        p->more++;
        return;
    }
    p->chans[p->n++] = c->chan;
    size_t used = strlen(p->note);
    struct dt_text t = {p->note + used, sizeof p->note - used};
    if (used)
        dt_text_add(&t, ", ");
    describe_chan(&t, c);
}

static void add_case(struct dt_made *m, const struct dt_case *c)
{
    uint32_t i = 0;
    while (i < m->n && !is_same_stack(m->at[i].created, c->created))
        i++;
    if (i == DT_MADE_MAX) {
        m->left_out++;
        return;
    }
    if (i == m->n)
        m->at[m->n++] = (struct dt_made_place){.created = c->created};
    add_chan(&m->at[i], c);
}

void dt_made_add(struct dt_made *m, const struct dt_cases *c)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (c->kept[i].created)
            add_case(m, &c->kept[i]);
}

void dt_made_stacks(struct dt_made *m, struct dt_finding *f, size_t reserve)
{
    f->left_out += m->left_out;
    for (uint32_t i = 0; i < m->n; i++) {
        struct dt_made_place *p = &m->at[i];
        if (f->nstacks + reserve >= DT_MAX_STACKS) {
            f->left_out++;
            continue;
        }
        size_t used = strlen(p->note);
        struct dt_text t = {p->note + used, sizeof p->note - used};
        describe_more(&t, p->more);
        dt_finding_stack(f, "channel created by", NULL, p->created, p->note);
    }
}
