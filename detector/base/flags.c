/* SPDX-License-Identifier: MIT
 *
 * Parses GORC_OPTIONS. Runs once, before the program's threads; values that are strings live for
 * ever in memory of the detector.
 */
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/dalloc.h"
#include "base/flags.h"
#include "base/out.h"

enum kind { KIND_int, KIND_string, KIND_bool };

struct dt_flags dt_flags = {
#define FLAG(type, name, value, help) .name = value,
#include "base/flags.def"
#undef FLAG
};

static const struct option {
    const char *name, *standard, *help;
    enum kind kind;
    size_t offset;
} options_known[] = {
#define FLAG(type, name, value, help)                                                              \
    {#name, #value, help, KIND_##type, offsetof(struct dt_flags, name)},
#include "base/flags.def"
#undef FLAG
};

enum { N_OPTIONS = sizeof options_known / sizeof *options_known };

static const char *variable = "GORC_OPTIONS"; /* that is being read */

static void fail(const char *what, const char *subject)
{
    dt_say("%s: %s '%s' (help=1 lists the options)", variable, what, subject);
    _exit(2);
}

static void print_help(void)
{
    struct dt_out o;
    dt_out_init(&o, 2);
    dt_out_text(&o, "gorc: options of GORC_OPTIONS=\"key=value:key=value\":\n");
    for (int i = 0; i < N_OPTIONS; i++) {
        const struct option *k = &options_known[i];
        dt_out_text(&o, "  ");
        dt_out_text(&o, k->name);
        dt_out_text(&o, "=");
        dt_out_text(&o, k->standard);
        dt_out_text(&o, "\n        ");
        dt_out_text(&o, k->help);
        dt_out_text(&o, "\n");
    }
    dt_out_flush(&o);
}

static bool parse_int(const char *s, int *ret)
{
    bool negative = *s == '-';
    long n = 0;
    if (negative)
        s++;
    if (!*s)
        return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9' || n > 100000000)
            return false;
        n = n * 10 + (*s - '0');
    }
    *ret = (int)(negative ? -n : n);
    return true;
}

static bool parse_bool(const char *s, bool *ret)
{
    static const char *const words[] = {"0", "no", "false", "off", "1", "yes", "true", "on"};
    for (int i = 0; i < 8; i++) {
        if (strcmp(s, words[i]) == 0) {
            *ret = i >= 4;
            return true;
        }
    }
    return false;
}

static void set(const char *key, const char *value)
{
    for (int i = 0; i < N_OPTIONS; i++) {
        const struct option *k = &options_known[i];
        if (strcmp(key, k->name) != 0)
            continue;
        char *field = (char *)&dt_flags + k->offset;
        if (k->kind == KIND_string)
            *(dt_flag_string *)field = value;
        else if (k->kind == KIND_int && !parse_int(value, (int *)field))
            fail("not a number:", value);
        else if (k->kind == KIND_int && *(int *)field < 0)
            fail("less than 0:", value);
        else if (k->kind == KIND_bool && !parse_bool(value, (bool *)field))
            fail("not 0 or 1:", value);
        return;
    }
    fail("unknown option", key);
}

/* Cuts the next "key=value" off, unescaping in place; returns what follows. */
static char *next_item(char *s, char **ret_value)
{
    char *out = s;
    *ret_value = NULL;
    for (; *s && *s != ':'; s++) {
        if (*s == '\\' && (s[1] == ':' || s[1] == '\\'))
            s++;
        else if (*s == '=' && !*ret_value) {
            *out++ = '\0';
            *ret_value = out;
            continue;
        }
        *out++ = *s;
    }
    char *rest = *s ? s + 1 : s;
    *out = '\0';
    return rest;
}

/* --- what a program asks of the compilers' own runtime --- */

/* `ours` NULL: nothing to set here. */
static const struct {
    const char *theirs, *ours;
} translated[] = {
    {"exitcode", "exitcode"},
    {"halt_on_error", "halt_on_error"},
    {"io_sync", "io_sync"},
    {"detect_deadlocks", "detect_deadlocks"},
    {"print_suppressions", "print_suppressions"},
    {"suppressions", "suppressions"},
    {"report_bugs", "detect_races"},
    {"report_thread_leaks", "report_thread_leaks"},
    {"report_mutex_bugs", "report_misuse_of_locks"},
    {"report_atomic_races", "report_atomic_races"},
    {"report_signal_unsafe", "report_signal_unsafe"},
    {"help", "help"},
#define IGNORED(name) {#name, NULL},
#include "base/foreign_flags.def"
#undef IGNORED
};

/* A file gets the process's number. */
static void set_log_path(const char *value)
{
    size_t n = strlen(value);
    bool stream = strcmp(value, "stderr") == 0 || strcmp(value, "stdout") == 0;
    char *path = dt_alloc(n + 4);
    memcpy(path, value, n);
    memcpy(path + n, ".%p", stream ? 0 : 4);
    dt_flags.log_path = path;
}

static void set_translated(const char *key, const char *value)
{
    if (strcmp(key, "log_path") == 0) {
        set_log_path(value);
        return;
    }
    for (size_t i = 0; i < sizeof translated / sizeof *translated; i++) {
        if (strcmp(translated[i].theirs, key) != 0)
            continue;
        if (translated[i].ours)
            set(translated[i].ours, value);
        if (strcmp(key, "report_bugs") == 0) {
            set("detect_leaks", value);
            set("detect_deadlocks", value);
            set("report_misuse_of_locks", value);
        }
        return;
    }
    dt_say("TSAN_OPTIONS: '%s' is not known and has no effect", key);
}

static bool is_blank(char c)
{
    return c == ' ' || c == ':' || c == ',' || c == '\n' || c == '\t';
}

void dt_flags_foreign(const char *options)
{
    if (!options)
        return;
    variable = "TSAN_OPTIONS";
    size_t size = strlen(options) + 1;
    char *s = size > 1 ? dt_alloc(size) : NULL;
    if (!s)
        return;
    memcpy(s, options, size);
    while (*s) {
        char *key = s, *value = NULL, quote = 0;
        for (; *s && (quote || !is_blank(*s)); s++) {
            if (*s == '=' && !value) {
                *s = '\0';
                quote = s[1] == '"' || s[1] == '\'' ? s[1] : '\0';
                value = s + 1 + (quote != 0);
                s += quote != 0;
            } else if (quote && *s == quote) {
                *s = quote = '\0';
            }
        }
        if (*s)
            *s++ = '\0';
        if (value)
            set_translated(key, value);
    }
}

void dt_flags_init(const char *options)
{
    variable = "GORC_OPTIONS";
    if (!options || !*options)
        return;
    size_t size = strlen(options) + 1;
    char *s = dt_alloc(size); /* kept: string values point into it */
    memcpy(s, options, size);
    while (*s) {
        char *key = s, *value;
        s = next_item(s, &value);
        if (!*key && !value)
            continue;
        if (!value)
            fail("no value for", key);
        set(key, value);
    }
    if (dt_flags.help)
        print_help();
}
