/* SPDX-License-Identifier: MIT
 *
 * The totals of a run and its last line.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "util.h"

bool certainty_at_least(const char *certainty, const char *least)
{
    static const char *const levels[] = {"suspect", "likely", "proven", "certain"};
    int have = 3, want = 0;
    for (int i = 0; i < 4; i++) {
        if (strcmp(certainty, levels[i]) == 0)
            have = i;
        if (strcmp(least, levels[i]) == 0)
            want = i;
    }
    return have >= want;
}

static void count_kind(struct totals *t, size_t *cap, const char *words)
{
    for (size_t i = 0; i < t->nkinds; i++) {
        if (strcmp(t->kinds[i].words, words) == 0) {
            t->kinds[i].n++;
            return;
        }
    }
    t->kinds = grow(t->kinds, t->nkinds, cap, sizeof *t->kinds);
    t->kinds[t->nkinds++] = (struct kind_count){words, 1};
}

void totals_of(const struct run *run, struct totals *t)
{
    size_t cap = 0;
    unsigned yes = 0, no = 0;
    *t = (struct totals){.findings = 0};
    for (size_t i = 0; i < run->n; i++) {
        const struct process *p = &run->processes[i];
        for (size_t k = 0; k < p->nfindings; k++) {
            if (p->findings[k].known)
                continue;
            t->findings++;
            t->counting += p->findings[k].counts;
            count_kind(t, &cap, p->findings[k].words);
        }
        t->suppressed += p->suppressed;
        t->known += p->known;
        t->goroutines += p->goroutines;
        t->threads += p->threads;
        /* Nobody can say that they are suppressed. */
        t->counting += p->findings_not_recorded;
        t->findings_not_recorded += p->findings_not_recorded;
        t->reads_not_remembered += p->reads_not_remembered;
        t->dropped_in_signal += p->dropped_in_signal;
        t->lock_orders_not_compared += p->lock_orders_not_compared;
        t->incomplete |= !p->has_summary;
        /* Without a word it was killed before it ran anything of its own. */
        yes += p->accesses && strcmp(p->accesses, "yes") == 0;
        no += !p->accesses || strcmp(p->accesses, "no") == 0;
    }
    t->accesses = no == run->n ? "no" : yes == run->n ? "yes" : "partly";
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* "data race" -> "data races"; "send on closed channel" has no good one and stays. */
static void print_kind(FILE *f, const struct kind_count *k)
{
    static const char *const endings[] = {"race", "leak", "deadlock", "inversion"};
    fprintf(f, "%llu %s", (unsigned long long)k->n, k->words);
    size_t n = strlen(k->words);
    for (size_t i = 0; i < 4 && k->n != 1; i++) {
        size_t m = strlen(endings[i]);
        if (n >= m && strcmp(k->words + n - m, endings[i]) == 0)
            fputc('s', f);
    }
}

char *summary_line(const struct run *run)
{
    struct totals t;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        die(STATUS_FAILED, "out of memory");
    totals_of(run, &t);
    if (t.findings)
        fprintf(f, "gorc: %llu finding%s (", (unsigned long long)t.findings, plural(t.findings));
    else
        fprintf(f, "gorc: no findings (%llu goroutine%s, %llu thread%s",
            (unsigned long long)t.goroutines, plural(t.goroutines), (unsigned long long)t.threads,
            plural(t.threads));
    for (size_t i = 0; i < t.nkinds; i++) {
        fputs(i ? ", " : "", f);
        print_kind(f, &t.kinds[i]);
    }
    fprintf(f, "; accesses checked: %s", t.accesses);
    if (t.suppressed)
        fprintf(f, "; suppressed: %llu", (unsigned long long)t.suppressed);
    if (t.known)
        fprintf(f, "; in the baseline: %llu", (unsigned long long)t.known);
    if (run->n > 1)
        fprintf(f, "; processes: %zu", run->n);
    if (t.findings_not_recorded)
        fprintf(f, "; findings not recorded: %llu", (unsigned long long)t.findings_not_recorded);
    if (t.reads_not_remembered)
        fprintf(f, "; reads not remembered: %llu", (unsigned long long)t.reads_not_remembered);
    if (t.lock_orders_not_compared)
        fprintf(
            f, "; lock orders not compared: %llu", (unsigned long long)t.lock_orders_not_compared);
    if (t.dropped_in_signal)
        fprintf(f, "; events dropped in signal handlers: %llu",
            (unsigned long long)t.dropped_in_signal);
    fputs(")", f);
    fclose(f);
    return text;
}
