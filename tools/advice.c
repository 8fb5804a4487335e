/* SPDX-License-Identifier: MIT
 *
 * See advice.h. Nothing is said that the finding does not bear out.
 */
#include <string.h>

#include "advice.h"
#include "print_parts.h"

static const struct {
    const char *rule, *text;
} rules[] = {
    {"heap-use-after-free",
        "make the free wait for the other side: join it, count it in a wait group, or count\n"
        "         references to the block"},
    {"double-close",
        "close in one place only: where the last value is sent, or behind a gorc_once"},
    {"send-on-closed",
        "close after all senders have ended (gorc_wg_wait), or let a sender stop by a done\n"
        "         channel in its select; a receiver should not close"},
    {"close-nil", "the channel was never made: check where it is assigned"},
    {"unlock-unlocked", "each unlock needs its lock on the same path: see gorc_defer_unlock"},
    {"runlock-unlocked", "each runlock needs its rlock on the same path"},
    {"negative-waitgroup", "call gorc_wg_add before the goroutine starts, and done once for each"},
    {"goroutine-leak",
        "make sure that somebody comes: a buffer that holds the value, a close of the channel,\n"
        "         or a done channel in a select at the place where it waits"},
    {"thread-leak", "pthread_join the thread, or make it detached"},
    {"lock-order", "take the locks in one order everywhere"},
    {"lock-and-wait",
        "give the lock up before the wait, or see to it that whoever ends the wait does not need\n"
        "         it"},
    {"reader-writer-reader",
        "do not lock for reading what is locked for reading already: pass on that it is, or split\n"
        "         the function into one that locks and one that works"},
    {"lock-abandoned", "unlock on every path that ends the task"},
    {"lock-across-park",
        "unlock before the call that waits, or use a gorc_mutex: another goroutine of this OS\n"
        "         thread may want the pthread lock meanwhile"},
};

static const char *lookup(const char *rule)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].rule, rule) == 0)
            return rules[i].text;
    return NULL;
}

/* The innermost place in the program's own source. */
static const struct frame *place(const struct stack *s)
{
    for (size_t i = 0; i < s->nframes; i++)
        if (s->frames[i].file && s->frames[i].line &&
            strncmp(s->frames[i].file, "/usr/", strlen("/usr/")) != 0)
            return &s->frames[i];
    for (size_t i = 0; i < s->nframes; i++)
        if (s->frames[i].file && s->frames[i].line)
            return &s->frames[i];
    return NULL;
}

static const char *note_of(const struct stack *s)
{
    return s->note ? s->note : "";
}

static void print_lock_name(FILE *f, const struct lock *l)
{
    if (l->name)
        fprintf(f, "'%s'", l->name);
    else
        fprintf(f, "the lock 0x%llx", (unsigned long long)l->addr);
}

static const struct lock *held_by_both(const struct stack *a, const struct stack *b)
{
    for (size_t i = 0; i < a->nlocks; i++)
        for (size_t k = 0; k < b->nlocks; k++)
            if (a->locks[i].addr == b->locks[k].addr)
                return &a->locks[i];
    return NULL;
}

/* One side holds a lock that the other does not, or both hold the same one, for reading. */
static bool print_lock_advice(FILE *f, const struct stack *x, const struct stack *y)
{
    const struct frame *a = place(x), *b = place(y);
    const struct lock *both = held_by_both(x, y);
    if (both) {
        bool first = strstr(x->role, "write") || !strstr(y->role, "write");
        print_lock_name(f, both);
        fprintf(f, " is held for reading only: take it for writing at %s:%d\n",
            short_path(first ? a->file : b->file), first ? a->line : b->line);
    } else if (x->nlocks && y->nlocks) {
        fputs("both hold a lock, but not the same one: ", f);
        print_lock_name(f, &x->locks[x->nlocks - 1]);
        fprintf(f, " at %s:%d, ", short_path(a->file), a->line);
        print_lock_name(f, &y->locks[y->nlocks - 1]);
        fprintf(f, " at %s:%d\n", short_path(b->file), b->line);
    } else if (x->nlocks || y->nlocks) {
        const struct stack *with = x->nlocks ? x : y;
        fputs("hold ", f);
        print_lock_name(f, &with->locks[with->nlocks - 1]);
        fprintf(f, " at %s:%d too, or order the two by a channel or a join\n",
            short_path(x->nlocks ? b->file : a->file), x->nlocks ? b->line : a->line);
    } else {
        return false;
    }
    return true;
}

static void print_race_advice(FILE *f, const struct finding *d)
{
    const struct frame *a = place(&d->stacks[0]), *b = place(&d->stacks[1]);
    if (!a || !b)
        return;
    fputs(" Fix     ", f);
    if (print_lock_advice(f, &d->stacks[0], &d->stacks[1]))
        return;
    if (a->line == b->line && strcmp(a->file, b->file) == 0)
        fprintf(f, "hold a lock at %s:%d,\n", short_path(a->file), a->line);
    else
        fprintf(f, "hold one lock at both %s:%d and %s:%d,\n", short_path(a->file), a->line,
            short_path(b->file), b->line);
    fputs(
        "         or hand it over by a channel, or make it _Atomic if one value is all there is\n",
        f);
}

static bool any_note(const struct finding *d, const char *words)
{
    for (size_t i = 0; i < d->nstacks; i++)
        if (strstr(note_of(&d->stacks[i]), words))
            return true;
    return false;
}

/* Where it depends on more than the rule. */
static const char *special(const struct finding *d)
{
    if (strcmp(d->kind, "deadlock") == 0 && strstr(d->message ? d->message : "", "asleep") &&
        any_note(d, "waits in "))
        return any_note(d, "mutex") || any_note(d, "rwlock")
                   ? "unlock before waiting, or let whoever ends the wait come without that lock"
                   : "somebody must come: a signal for a condition that is set under its mutex "
                     "and\n"
                     "         looked at in a loop, a post on every path, as many at the barrier "
                     "as it is for";
    if (strcmp(d->kind, "deadlock") == 0)
        return any_note(d, "lock") || any_note(d, "mutex") || any_note(d, "waits for once")
                   ? "break the circle: take the locks in one order everywhere, or unlock before "
                     "waiting"
                   : "somebody must come: another sender, a close, or a select with a time-out or\n"
                     "         done channel where they wait";
    if (strcmp(d->kind, "goroutine-leak") == 0 && strstr(d->message ? d->message : "", "to lock"))
        return "whoever holds it must unlock on every path: see gorc_defer_unlock";
    if (strcmp(d->kind, "goroutine-leak") == 0 && strcmp(d->certainty, "suspect") == 0)
        return "give it an end: a done channel that its loop looks at, closed before main returns";
    return NULL;
}

void print_advice(FILE *f, const struct finding *d)
{
    const char *text = special(d);
    if (!text)
        text = lookup(d->rule);
    if (!text)
        text = lookup(d->kind);
    if (text)
        fprintf(f, " Fix     %s\n", text);
    else if (strcmp(d->rule, "data-race") == 0 && d->nstacks >= 2)
        print_race_advice(f, d);
}
