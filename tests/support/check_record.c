/* SPDX-License-Identifier: MIT
 *
 * Compares a run's JSON record with what a test expects.
 *
 *   check_record expect RECORD EXPECT SOURCE [skip-kind]
 *       every finding of the record must match a block of the .expect file, and every block as many
 *       findings as it says. Blocks of kind `skip-kind` are not expected at all, unless they say
 * so. check_record race RECORD SOURCE     at least one data race, both stacks with a frame of
 * SOURCE (else exit status 1), and nothing else (else 3) check_record silent RECORD          no
 * finding
 *
 * Blocks of an .expect file ('a|b' are alternatives, '*' is anything, '-' in a role is a blank):
 *
 *   finding KIND RULE CERTAINTY [COUNT [always]]    COUNT: 1 (default), N, or N+; always: even as a
 *                                          `skip-kind`
 *   stack ROLE FRAME...                    innermost first; FRAME: function@marker,
 * ?function@marker may be absent extra ROLE                             a stack that may be there
 * besides
 *
 * A marker is a comment "HERE: marker" on the line of SOURCE that the frame must be at. Of a
 * recorded stack, the frames in SOURCE count, and they must be exactly those that are listed.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool accesses_unchecked; /* in the record's run */

enum { MAX_BLOCKS = 32, MAX_STACKS = 16, MAX_FRAMES = 16, LINE_SIZE = 1024 };

struct stack {
    char *role;
    char *frames[MAX_FRAMES];
    size_t nframes;
};

struct block {
    char *kind, *rule, *certainty;
    size_t min, max, seen;
    bool always;
    struct stack stacks[MAX_STACKS];
    size_t nstacks;
    char *extra[MAX_STACKS];
    size_t nextra;
};

static struct block blocks[MAX_BLOCKS];
static size_t nblocks;
static const char *source;

static void die(const char *what, const char *subject)
{
    fprintf(stderr, "check_record: %s '%s'\n", what, subject);
    exit(2);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *text(json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

/* Is `word` one of the alternatives in `list`? '-' in the list stands for a blank. */
static bool one_of(const char *list, const char *word)
{
    size_t n = strlen(word);

    if (strcmp(list, "*") == 0)
        return true;
    for (const char *p = list; *p; p += strcspn(p, "|"), p += *p == '|') {
        size_t i = 0;
        if (strcspn(p, "|") != n)
            continue;
        while (i < n && (p[i] == word[i] || (p[i] == '-' && word[i] == ' ')))
            i++;
        if (i == n)
            return true;
    }
    return false;
}

/* The line of SOURCE that carries the marker. */
static long marker_line(const char *marker)
{
    char line[LINE_SIZE], wanted[128];
    long number = 0;
    FILE *f = fopen(source, "r");

    if (!f)
        die("cannot read", source);
    snprintf(wanted, sizeof(wanted), "HERE: %s ", marker);
    while (fgets(line, sizeof(line), f)) {
        number++;
        if (strstr(line, wanted)) {
            fclose(f);
            return number;
        }
    }
    die("no line is marked", marker);
    return 0;
}

static bool frame_is(json_t *frame, const char *expected)
{
    const char *at = strchr(expected, '@');
    const char *name = expected + (*expected == '?');
    char function[128], markers[128];
    json_int_t line = json_integer_value(json_object_get(frame, "line"));

    if (!at)
        die("a frame without '@marker':", expected);
    snprintf(function, sizeof(function), "%.*s", (int)(at - name), name);
    if (!one_of(function, text(frame, "function")))
        return false;
    snprintf(markers, sizeof(markers), "%s", at + 1);
    for (char *save, *m = strtok_r(markers, "|", &save); m; m = strtok_r(NULL, "|", &save))
        if (marker_line(m) == line)
            return true;
    return false;
}

static bool in_source(json_t *frame)
{
    return strcmp(base_name(text(frame, "file")), base_name(source)) == 0;
}

static bool frames_match(json_t *stack, const struct stack *expected)
{
    size_t i, next = 0;
    json_t *frame;

    json_array_foreach(json_object_get(stack, "frames"), i, frame)
    {
        if (!in_source(frame))
            continue;
        while (next < expected->nframes && !frame_is(frame, expected->frames[next]) &&
               expected->frames[next][0] == '?')
            next++;
        if (next == expected->nframes || !frame_is(frame, expected->frames[next]))
            return false;
        next++;
    }
    while (next < expected->nframes && expected->frames[next][0] == '?')
        next++;
    return next == expected->nframes;
}

static bool has_source_frame(json_t *stack)
{
    size_t i;
    json_t *frame;

    json_array_foreach(
        json_object_get(stack, "frames"), i, frame) if (in_source(frame)) return true;
    return false;
}

/* Every recorded stack that no expected one has taken must be an 'extra' one. */
static bool rest_is_extra(const struct block *b, json_t *stacks, const bool *taken)
{
    size_t i;
    json_t *stack;

    json_array_foreach(stacks, i, stack)
    {
        bool allowed = taken[i] || !has_source_frame(stack);
        for (size_t e = 0; e < b->nextra && !allowed; e++)
            allowed = one_of(b->extra[e], text(stack, "role"));
        if (!allowed)
            return false;
    }
    return true;
}

/* Gives each expected stack from `next` on a recorded one of its own. */
static bool assign(const struct block *b, json_t *stacks, size_t next, bool *taken)
{
    size_t i;
    json_t *stack;

    if (next == b->nstacks)
        return rest_is_extra(b, stacks, taken);
    json_array_foreach(stacks, i, stack)
    {
        if (i >= 64 || taken[i] || !one_of(b->stacks[next].role, text(stack, "role")) ||
            !frames_match(stack, &b->stacks[next]))
            continue;
        taken[i] = true;
        if (assign(b, stacks, next + 1, taken))
            return true;
        taken[i] = false;
    }
    return false;
}

/* Where accesses were not checked no lock order is certain. */
static bool is_certainty(const struct block *b, json_t *finding)
{
    const char *given = text(finding, "certainty");
    if (accesses_unchecked && strcmp(b->kind, "lock-order") == 0 &&
        strcmp(b->certainty, "certain") == 0)
        return strcmp(given, "likely") == 0;
    return one_of(b->certainty, given);
}

static bool finding_matches(json_t *finding, const struct block *b)
{
    bool taken[64] = {false};

    return one_of(b->kind, text(finding, "kind")) && one_of(b->rule, text(finding, "rule")) &&
           is_certainty(b, finding) && assign(b, json_object_get(finding, "stacks"), 0, taken);
}

static void print_finding(const char *why, json_t *finding)
{
    size_t i, j;
    json_t *stack, *frame;

    printf("  %s: %s %s %s\n", why, text(finding, "kind"), text(finding, "rule"),
        text(finding, "certainty"));
    json_array_foreach(json_object_get(finding, "stacks"), i, stack)
    {
        printf("    %s (%s):", text(stack, "role"), text(stack, "task"));
        json_array_foreach(json_object_get(stack, "frames"), j, frame)
            printf(" %s@%s:%lld", text(frame, "function"), base_name(text(frame, "file")),
                (long long)json_integer_value(json_object_get(frame, "line")));
        printf("\n");
    }
}

static void parse_count(struct block *b, const char *count)
{
    char *end;

    b->min = b->max = 1;
    if (!count)
        return;
    b->min = b->max = strtoul(count, &end, 10);
    if (*end == '+')
        b->max = (size_t)-1;
}

static void parse_line(char *line, struct block **current)
{
    char *save, *word = strtok_r(line, " \t\n", &save), *arg;

    if (!word)
        return;
    if (strcmp(word, "finding") == 0) {
        if (nblocks == MAX_BLOCKS)
            die("too many blocks at", word);
        *current = &blocks[nblocks++];
        (*current)->kind = strdup(strtok_r(NULL, " \t\n", &save));
        (*current)->rule = strdup(strtok_r(NULL, " \t\n", &save));
        (*current)->certainty = strdup(strtok_r(NULL, " \t\n", &save));
        parse_count(*current, strtok_r(NULL, " \t\n", &save));
        (*current)->always = strtok_r(NULL, " \t\n", &save) != NULL;
    } else if (strcmp(word, "stack") == 0 && (*current)->nstacks < MAX_STACKS) {
        struct stack *s = &(*current)->stacks[(*current)->nstacks++];
        s->role = strdup(strtok_r(NULL, " \t\n", &save));
        while (s->nframes < MAX_FRAMES && (arg = strtok_r(NULL, " \t\n", &save)))
            s->frames[s->nframes++] = strdup(arg);
    } else if (strcmp(word, "extra") == 0 && (*current)->nextra < MAX_STACKS) {
        (*current)->extra[(*current)->nextra++] = strdup(strtok_r(NULL, " \t\n", &save));
    }
}

static void parse_expect(const char *path)
{
    char line[LINE_SIZE];
    struct block *current = NULL;
    FILE *f = fopen(path, "r");

    if (!f)
        die("cannot read", path);
    while (fgets(line, sizeof(line), f))
        if (*line != '#')
            parse_line(line, &current);
    fclose(f);
}

static json_t *read_findings(const char *path)
{
    json_error_t error;
    json_t *record = json_load_file(path, 0, &error), *findings;

    if (!record) {
        printf("  record: %s\n", error.text);
        exit(1);
    }
    findings = json_object_get(record, "findings");
    const char *accesses = text(json_object_get(record, "summary"), "accesses");
    accesses_unchecked = strcmp(accesses, "no") == 0;
    if (!json_is_array(findings) || !json_is_object(json_object_get(record, "summary"))) {
        printf("  record without findings or summary\n");
        exit(1);
    }
    return findings;
}

/* Waits under locks are told only where accesses are checked. */
static bool is_skipped(const struct block *b, const char *skip_kind)
{
    if (accesses_unchecked && strcmp(b->rule, "lock-and-wait") == 0)
        return true;
    return !b->always && strcmp(b->kind, skip_kind) == 0;
}

static int check_expect(json_t *findings, const char *skip_kind)
{
    size_t i;
    json_t *finding;
    int wrong = 0;

    json_array_foreach(findings, i, finding)
    {
        size_t b = 0;
        while (b < nblocks && !finding_matches(finding, &blocks[b]))
            b++;
        if (b == nblocks || is_skipped(&blocks[b], skip_kind)) {
            print_finding("not expected", finding);
            wrong = 1;
        } else {
            blocks[b].seen++;
        }
    }
    for (size_t b = 0; b < nblocks; b++) {
        if (is_skipped(&blocks[b], skip_kind) ||
            (blocks[b].seen >= blocks[b].min && blocks[b].seen <= blocks[b].max))
            continue;
        printf("  %s %s %s: found %zu times\n", blocks[b].kind, blocks[b].rule, blocks[b].certainty,
            blocks[b].seen);
        wrong = 1;
    }
    return wrong;
}

static bool is_access(json_t *stack)
{
    return one_of("read|write|earlier-read|earlier-write|atomic-read|atomic-write|earlier-atomic-"
                  "read|earlier-atomic-write|free|earlier-free",
        text(stack, "role"));
}

static int check_race(json_t *findings)
{
    size_t i, j, good = 0;
    json_t *finding, *stack;
    int wrong = 0;

    json_array_foreach(findings, i, finding)
    {
        size_t with_source = 0;
        json_array_foreach(json_object_get(finding, "stacks"), j, stack) with_source +=
            is_access(stack) && has_source_frame(stack);
        if (strcmp(text(finding, "kind"), "data-race") == 0 && with_source >= 2) {
            good++;
        } else {
            print_finding("not expected", finding);
            wrong = 1;
        }
    }
    if (!good)
        printf("  no data race with both stacks\n");
    return !good ? 1 : wrong ? 3 : 0;
}

static int check_silent(json_t *findings)
{
    size_t i;
    json_t *finding;

    json_array_foreach(findings, i, finding) print_finding("not expected", finding);
    return json_array_size(findings) != 0;
}

int main(int argc, char **argv)
{
    if (argc >= 5 && strcmp(argv[1], "expect") == 0) {
        source = argv[4];
        parse_expect(argv[3]);
        return check_expect(read_findings(argv[2]), argc > 5 ? argv[5] : "");
    }
    if (argc == 4 && strcmp(argv[1], "race") == 0) {
        source = argv[3];
        return check_race(read_findings(argv[2]));
    }
    if (argc == 3 && strcmp(argv[1], "silent") == 0)
        return check_silent(read_findings(argv[2]));
    fprintf(stderr, "usage: check_record expect RECORD EXPECT SOURCE [skip-kind] | race RECORD "
                    "SOURCE | silent RECORD\n");
    return 2;
}
