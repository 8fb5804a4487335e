/* SPDX-License-Identifier: MIT
 *
 * Bytes to programs, programs to text.
 */
#include "program.h"

#include <stdio.h>

struct input {
    const uint8_t *data;
    unsigned left;
};

static unsigned next(struct input *in, unsigned n)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->data++ % n;
}

static struct step read_step(struct input *in, unsigned kinds, uint8_t *values)
{
    struct step s = {.action = (uint8_t)next(in, kinds)};
    s.chan = (uint8_t)next(in, s.action == RECV ? CHANS + 1 : CHANS);
    if (s.action == CANCEL)
        s.chan = CHANS;
    if (s.action == SEND)
        s.value = (*values)++;
    return s;
}

static struct op read_op(struct input *in, uint8_t *values)
{
    static const uint8_t kinds[] = {0, 0, 0, 1, 1, 2, 2, 2};
    struct op o = {.n = 1, .blocking = true};
    switch (kinds[next(in, sizeof kinds)]) {
    case 0:
        o.steps[0] = read_step(in, 4, values);
        break;
    case 1:
        o.blocking = false;
        o.steps[0] = read_step(in, 2, values);
        break;
    default:
        o.is_select = true;
        o.blocking = next(in, 3) != 0;
        o.n = (uint8_t)(1 + next(in, MAX_CASES));
        for (int i = 0; i < o.n; i++)
            o.steps[i] = read_step(in, 2, values);
    }
    return o;
}

void program_read(struct program *p, const uint8_t *data, unsigned size)
{
    struct input in = {data, size};
    uint8_t values = 0;
    *p = (struct program){.tasks = (uint8_t)(2 + next(&in, MAX_TASKS - 1))};
    for (int c = 0; c < CHANS; c++)
        p->cap[c] = (uint8_t)next(&in, MAX_CAP + 1);
    for (int t = 0; t < p->tasks; t++) {
        p->nops[t] = (uint8_t)(1 + next(&in, MAX_OPS));
        for (int i = 0; i < p->nops[t]; i++)
            p->ops[t][i] = read_op(&in, &values);
    }
}

static void print_op(const struct op *o)
{
    static const char *const names[] = {"send", "recv", "close", "cancel"};
    printf("%s%s", o->blocking ? "" : "try ", o->is_select ? "select {" : "");
    for (int i = 0; i < o->n; i++) {
        printf("%s%s c%u", i ? "; " : "", names[o->steps[i].action], o->steps[i].chan);
        if (o->steps[i].action == SEND)
            printf(" %u", o->steps[i].value);
    }
    printf("%s", o->is_select ? "}" : "");
}

void program_print(const struct program *p, const struct run *r)
{
    printf("capacities %u %u %u; c3 is the context's\n", p->cap[0], p->cap[1], p->cap[2]);
    for (int t = 0; t < p->tasks; t++) {
        for (int i = 0; i < p->nops[t] && i <= r->ended[t]; i++) {
            printf("  task %d: ", t);
            print_op(&p->ops[t][i]);
            if (i == r->ended[t])
                printf(" -> blocked\n");
            else
                printf(
                    " -> outcome %u case %u\n", r->results[t][i].outcome, r->results[t][i].chosen);
        }
    }
}
