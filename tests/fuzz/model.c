/* SPDX-License-Identifier: MIT
 *
 * The single-threaded model: is there an order of single steps in which every operation gives what
 * the run gave, and after which those that are blocked have to be? A depth-first search over the
 * orders, remembering the states that led nowhere.
 *
 * Left open, so that what it forbids is forbidden in Go too: which waiter is served first; a try
 * form on a channel without buffer may find its partner not there yet.
 */
#include "program.h"

#include <string.h>

enum { SEEN = 1 << 16, LIMIT = SEEN / 2 };

struct state {
    uint8_t pc[MAX_TASKS];
    uint8_t count[CHANS + 1], closed[CHANS + 1];
    uint8_t buffer[CHANS + 1][MAX_CAP];
};

static const struct program *program;
static const struct run *run;
static struct state seen[SEEN];
static bool used[SEEN];
static unsigned n_seen;

/* False: it has been here before. */
static bool note(const struct state *s)
{
    const uint8_t *bytes = (const uint8_t *)s;
    uint32_t hash = 2166136261u;
    for (unsigned i = 0; i < sizeof *s; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    for (uint32_t i = hash % SEEN;; i = (i + 1) % SEEN) {
        if (!used[i]) {
            used[i] = true;
            seen[i] = *s;
            n_seen++;
            return true;
        }
        if (memcmp(&seen[i], s, sizeof *s) == 0)
            return false;
    }
}

static const struct op *op_of(int t, int pc)
{
    return &program->ops[t][pc];
}

/* What the run says of task t's operation at pc. */
static const struct step *step_of(int t, int pc)
{
    const struct op *o = op_of(t, pc);
    return &o->steps[o->is_select ? run->results[t][pc].chosen : 0];
}

static bool search(const struct state *s);

/* Both sides of a channel without buffer at once. */
static bool meet(const struct state *s, int sender, int receiver)
{
    int ps = s->pc[sender], pr = s->pc[receiver];
    if (sender == receiver || pr >= run->ended[receiver])
        return false;
    const struct step *a = step_of(sender, ps), *b = step_of(receiver, pr);
    if (run->results[receiver][pr].outcome != VALUE + a->value || b->action != RECV ||
        b->chan != a->chan || (!op_of(sender, ps)->blocking && !op_of(receiver, pr)->blocking))
        return false;
    struct state after = *s;
    after.pc[sender]++;
    after.pc[receiver]++;
    return search(&after);
}

static bool sends(const struct state *s, int t, const struct step *a)
{
    int c = a->chan;
    if (s->closed[c])
        return false;
    if (program->cap[c] == 0) {
        for (int r = 0; r < program->tasks; r++)
            if (meet(s, t, r))
                return true;
        return false;
    }
    if (s->count[c] == program->cap[c])
        return false;
    struct state after = *s;
    after.buffer[c][after.count[c]++] = a->value;
    after.pc[t]++;
    return search(&after);
}

static bool receives(const struct state *s, int t, const struct step *a, uint8_t value)
{
    int c = a->chan;
    if (s->count[c] == 0 || s->buffer[c][0] != value)
        return false; /* without buffer: the sender's step */
    struct state after = *s;
    memmove(after.buffer[c], after.buffer[c] + 1, MAX_CAP - 1);
    after.buffer[c][MAX_CAP - 1] = 0;
    after.count[c]--;
    after.pc[t]++;
    return search(&after);
}

/* An instant at which step a cannot go on by itself. */
static bool not_ready(const struct state *s, const struct step *a)
{
    int c = a->chan;
    if (s->closed[c])
        return false;
    return a->action == SEND ? s->count[c] == program->cap[c] : s->count[c] == 0;
}

static bool none_ready(const struct state *s, const struct op *o)
{
    for (int i = 0; i < o->n; i++)
        if (!not_ready(s, &o->steps[i]))
            return false;
    return true;
}

static bool goes_on(const struct state *s, int t)
{
    struct state after = *s;
    after.pc[t]++;
    return search(&after);
}

static bool closes(const struct state *s, int t, const struct step *a, uint8_t outcome)
{
    bool fails = a->action == CLOSE && s->closed[a->chan];
    if (outcome != (fails ? MISUSE : DONE))
        return false;
    struct state after = *s;
    after.closed[a->chan] = 1;
    after.pc[t]++;
    return search(&after);
}

static bool moves(const struct state *s, int t)
{
    int pc = s->pc[t];
    uint8_t outcome = run->results[t][pc].outcome;
    const struct op *o = op_of(t, pc);
    const struct step *a = step_of(t, pc);
    if (outcome == WOULD_BLOCK)
        return !o->blocking && none_ready(s, o) && goes_on(s, t);
    if (a->action == CLOSE || a->action == CANCEL)
        return closes(s, t, a, outcome);
    if (outcome == MISUSE)
        return a->action == SEND && s->closed[a->chan] && goes_on(s, t);
    if (outcome == CLOSED)
        return a->action == RECV && s->closed[a->chan] && s->count[a->chan] == 0 && goes_on(s, t);
    if (a->action == SEND)
        return outcome == DONE && sends(s, t, a);
    return outcome >= VALUE && receives(s, t, a, (uint8_t)(outcome - VALUE));
}

/* --- the end: who is blocked has to be --- */

static bool could_meet(const struct op *a, const struct op *b)
{
    for (int i = 0; i < a->n; i++)
        for (int j = 0; j < b->n; j++)
            if (a->steps[i].action == SEND && b->steps[j].action == RECV &&
                a->steps[i].chan == b->steps[j].chan)
                return true;
    return false;
}

static bool is_blocked(int t)
{
    return run->ended[t] < program->nops[t];
}

static bool at_rest(const struct state *s)
{
    for (int t = 0; t < program->tasks; t++) {
        if (!is_blocked(t))
            continue;
        const struct op *o = op_of(t, run->ended[t]);
        if (!o->blocking || o->steps[0].action >= CLOSE || !none_ready(s, o))
            return false;
        for (int u = 0; u < program->tasks; u++)
            if (u != t && is_blocked(u) && could_meet(o, op_of(u, run->ended[u])))
                return false;
    }
    return true;
}

static bool search(const struct state *s)
{
    bool all = true;
    if (n_seen >= LIMIT || !note(s))
        return false;
    for (int t = 0; t < program->tasks; t++) {
        if (s->pc[t] >= run->ended[t])
            continue;
        all = false;
        if (moves(s, t))
            return true;
    }
    return all && at_rest(s);
}

enum verdict model_allows(const struct program *p, const struct run *r)
{
    struct state start = {{0}};
    program = p;
    run = r;
    n_seen = 0;
    memset(used, 0, sizeof used);
    if (search(&start))
        return ALLOWED;
    return n_seen >= LIMIT ? TOO_LARGE : FORBIDDEN;
}
