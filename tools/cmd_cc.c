/* SPDX-License-Identifier: MIT
 *
 * gorc cc, gorc c++: a drop-in for the compiler. Compiling gets -fsanitize=thread, linking gets
 * libgorc_race in place of the compiler's own runtime. Since the flag would bring that runtime in
 * when linking, a command that does both is taken apart: each source to a temporary object, then
 * the link.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"
#include "cmd.h"
#include "util.h"

enum { NOT_COMPILER_ERROR = 1 };

static const char help[] =
    "usage: gorc cc [compiler options]\n"
    "       gorc c++ [compiler options]\n"
    "\n"
    "Compiles with the compiler that CC (c++: CXX) names, gcc (g++) by default, for detection:\n"
    "accesses are instrumented, -g is added where absent, and libgorc_race is linked.\n"
    "Everything else is the compiler's: make CC='gorc cc', CC=clang gorc cc -O2 -o x x.c -lm\n";

/* What the command line asks for. */
struct job {
    struct strings compiler;
    struct strings args;
    const char *output;
    bool is_clang;
    bool compiles_only; /* -c, -S, -E, -M ... */
    bool is_query;      /* -v, --version, -###, no input: handed on */
    bool is_static, is_relocatable;
    bool has_debug;     /* some -g option */
    bool has_depfile;   /* -MF */
    bool wants_depfile; /* -MD, -MMD */
    size_t ninputs, nsources;
};

static char *temporary; /* directory, NULL: none */
static struct strings objects;

/* --- which compiler --- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool says_clang(const struct strings *compiler)
{
    struct strings command = {0};
    for (size_t i = 0; i < compiler->n; i++)
        strings_add(&command, compiler->at[i]);
    strings_add(&command, "--version");
    int fd[2];
    posix_spawn_file_actions_t actions;
    pid_t pid;
    char text[4096];
    size_t used = 0;
    ssize_t n;
    if (pipe(fd) != 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd[1], 1);
    posix_spawn_file_actions_addclose(&actions, fd[0]);
    posix_spawn_file_actions_addclose(&actions, fd[1]);
    int error = posix_spawnp(&pid, command.at[0], &actions, NULL, command.at, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(fd[1]);
    while (!error && used < sizeof text - 1 &&
           (n = read(fd[0], text + used, sizeof text - 1 - used)) > 0)
        used += (size_t)n;
    text[used] = 0;
    close(fd[0]);
    if (!error)
        waitpid(pid, NULL, 0);
    return strstr(text, "clang") != NULL;
}

/* CC='gorc cc' make: the variable names ourselves. */
static bool is_ourselves(const char *program)
{
    return strcmp(base_name(program), "gorc") == 0;
}

static void choose_compiler(struct job *j, bool cxx)
{
    const char *named = getenv(cxx ? "CXX" : "CC");
    strings_split(&j->compiler, named ? named : "");
    if (!j->compiler.n || is_ourselves(j->compiler.at[0])) {
        j->compiler.n = 0;
        strings_add(&j->compiler, cxx ? "g++" : "gcc");
    }
    const char *name = base_name(j->compiler.at[0]);
    if (strstr(name, "clang"))
        j->is_clang = true;
    else if (!strstr(name, "gcc") && !strstr(name, "g++"))
        j->is_clang = says_clang(&j->compiler);
}

/* --- reading the command line --- */

static bool starts(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

static bool is(const char *s, const char *other)
{
    return strcmp(s, other) == 0;
}

static bool is_input(const char *arg)
{
    return arg[0] != '-' || !arg[1];
}

static bool is_query_option(const char *a)
{
    return is(a, "-###") || is(a, "--version") || is(a, "--help") || starts(a, "--help=") ||
           starts(a, "-dump") || starts(a, "-print-") || starts(a, "--print-") || is(a, "-V") ||
           is(a, "-cc1");
}

static void read_option(struct job *j, const char *a)
{
    if (is(a, "-c") || is(a, "-S") || is(a, "-E") || is(a, "-M") || is(a, "-MM") ||
        is(a, "-fsyntax-only") || is(a, "--preprocess") || is(a, "--compile"))
        j->compiles_only = true;
    j->is_query |= is_query_option(a);
    j->is_static |= is(a, "-static") || is(a, "--static") || is(a, "-static-pie");
    j->is_relocatable |= is(a, "-r") || is(a, "-Wl,-r");
    j->has_depfile |= starts(a, "-MF");
    j->wants_depfile |= is(a, "-MD") || is(a, "-MMD");
    if (starts(a, "-g") && !starts(a, "-gno-") && !starts(a, "-gcc") && !starts(a, "-grecord"))
        j->has_debug = true;
}

static bool is_header(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (starts(dot, ".h") || starts(dot, ".H"));
}

static void read_arguments(struct job *j)
{
    bool language = false, headers_only = true;
    for (size_t i = 0; i < j->args.n; i++) {
        const char *a = j->args.at[i];
        if (is_input(a)) {
            j->ninputs++;
            j->nsources += language || args_is_source(a);
            headers_only &= is_header(a);
            continue;
        }
        read_option(j, a);
        if (starts(a, "-x"))
            language = !is(a[2] ? a + 2 : (j->args.at[i + 1] ? j->args.at[i + 1] : ""), "none");
        if (starts(a, "-o") && strlen(a) > 2)
            j->output = a + 2;
        if (args_takes_value(a) && i + 1 < j->args.n) {
            if (is(a, "-o"))
                j->output = j->args.at[i + 1];
            i++;
        }
    }
    j->is_query |= !j->ninputs;
    if (j->ninputs && headers_only)
        j->compiles_only = true; /* a precompiled header */
}

/* --- running the compiler --- */

static void remove_temporary(void)
{
    for (size_t i = 0; i < objects.n; i++)
        unlink(objects.at[i]);
    if (temporary)
        rmdir(temporary);
    temporary = NULL;
}

static int run(const struct strings *command)
{
    pid_t pid;
    int status;
    int error = posix_spawnp(&pid, command->at[0], NULL, NULL, command->at, environ);
    if (error) {
        say("cannot run '%s': %s", command->at[0], strerror(error));
        return error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE;
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return NOT_COMPILER_ERROR;
    if (WIFSIGNALED(status)) {
        remove_temporary();
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    return WEXITSTATUS(status);
}

static void start_command(struct strings *to, const struct job *j)
{
    *to = (struct strings){0};
    for (size_t i = 0; i < j->compiler.n; i++)
        strings_add(to, j->compiler.at[i]);
}

static void add_include(struct strings *to)
{
    const char *dir = include_directory();
    if (!dir || is(dir, "/usr/include") || is(dir, "/usr/local/include"))
        return; /* searched anyway, and in the right order only without us */
    strings_add(to, "-isystem");
    strings_add(to, dir);
}

/* The program's own flags come later and win. */
static void add_compile_flags(struct strings *to, const struct job *j)
{
    strings_add(to, "-fsanitize=thread");
    if (!j->has_debug)
        strings_add(to, "-g");
}

/* What gcc otherwise expands in place after it has instrumented: accesses that nobody would see.
 * clang calls its runtime for them. The fortified forms are builtins whatever is said. */
static const char *const gcc_flags[] = {
    "-fno-builtin-memcpy", "-fno-builtin-mempcpy", "-fno-builtin-memmove", "-fno-builtin-memset",
    "-fno-builtin-memcmp", "-fno-builtin-bcopy", "-fno-builtin-bzero", "-fno-builtin-bcmp",
    "-fno-builtin-strcpy", "-fno-builtin-stpcpy", "-fno-builtin-strncpy", "-fno-builtin-strcat",
    "-fno-builtin-strncat", "-fno-builtin-strcmp", "-fno-builtin-strncmp", "-U_FORTIFY_SOURCE",
    "-Wno-tsan", /* fences are understood */
    "-fno-lto",  /* gcc instruments when it links, and only with its runtime */
};

static void add_last_flags(struct strings *to, const struct job *j)
{
    if (j->is_clang)
        strings_add(to, "-Qunused-arguments");
    else
        for (size_t i = 0; i < sizeof gcc_flags / sizeof gcc_flags[0]; i++)
            strings_add(to, gcc_flags[i]);
    add_include(to);
}

static void add_library(struct strings *to)
{
    const char *library = race_library();
    if (!library)
        die(STATUS_FAILED, "libgorc_race.so.0 is not beside the command (%s)", command_directory());
    char *dir = xprintf("-Wl,-rpath,%.*s", (int)(base_name(library) - 1 - library), library);
    strings_add(to, "-Wl,--push-state,--no-as-needed");
    strings_add(to, library);
    strings_add(to, "-Wl,--pop-state");
    strings_add(to, dir);
    free(dir);
}

static int compile_only(const struct job *j)
{
    struct strings command;
    start_command(&command, j);
    add_compile_flags(&command, j);
    for (size_t i = 0; i < j->args.n; i++)
        strings_add(&command, j->args.at[i]);
    add_last_flags(&command, j);
    return run(&command);
}

static int hand_on(const struct job *j)
{
    struct strings command;
    start_command(&command, j);
    for (size_t i = 0; i < j->args.n; i++)
        strings_add(&command, j->args.at[i]);
    if (j->ninputs && !j->is_relocatable && !j->compiles_only)
        add_library(&command);
    return run(&command);
}

/* --- compile and link --- */

static const char *temporary_object(const char *source)
{
    if (!temporary) {
        const char *tmp = getenv("TMPDIR");
        temporary = xprintf("%s/gorc-cc-XXXXXX", tmp && *tmp ? tmp : "/tmp");
        if (!mkdtemp(temporary))
            die(STATUS_FAILED, "cannot make a directory for objects '%s': %s", temporary,
                strerror(errno));
    }
    const char *base = base_name(source);
    char *path = xprintf("%s/%zu-%.*s.o", temporary, objects.n, (int)strcspn(base, "."), base);
    strings_add(&objects, path);
    free(path);
    return objects.at[objects.n - 1];
}

/* Where the compiler itself would have put the dependencies. */
static void add_depfile(struct strings *to, const struct job *j, const char *source)
{
    const char *base = base_name(source);
    const char *dot = strrchr(base, '.');
    int n = (int)(dot ? (size_t)(dot - base) : strlen(base));
    char *file = j->output && !j->is_clang ? xprintf("%s-%.*s.d", j->output, n, base)
                                           : xprintf("%.*s.d", n, base);
    char *target = xprintf("%.*s.o", n, base);
    strings_add(to, "-MF");
    strings_add(to, file);
    strings_add(to, "-MQ");
    strings_add(to, target);
    free(file);
    free(target);
}

/* All options that are not about linking or other inputs, in their order. */
static void add_options_for(struct strings *to, const struct job *j)
{
    for (size_t i = 0; i < j->args.n; i++) {
        const char *a = j->args.at[i];
        bool value = !is_input(a) && args_takes_value(a) && i + 1 < j->args.n;
        bool skip = is_input(a) || args_is_link_only(a) || starts(a, "-x");
        if (!skip)
            strings_add(to, a);
        if (value && !skip)
            strings_add(to, j->args.at[i + 1]);
        i += value;
    }
}

static int compile_source(
    const struct job *j, const char *source, const char *language, const char *object)
{
    struct strings command;
    start_command(&command, j);
    add_compile_flags(&command, j);
    add_options_for(&command, j);
    if (j->wants_depfile && !j->has_depfile)
        add_depfile(&command, j, source);
    add_last_flags(&command, j);
    strings_add(&command, "-c");
    strings_add(&command, "-o");
    strings_add(&command, object);
    if (language) {
        strings_add(&command, "-x");
        strings_add(&command, language);
    }
    strings_add(&command, source);
    return run(&command);
}

/* The sanitizer flag would bring the compiler's runtime, -lgorc the library without detector. */
static bool is_dropped_at_link(const char *a)
{
    return is(a, "-fsanitize=thread") || is(a, "-lgorc") || is(a, "-MD") || is(a, "-MMD") ||
           is(a, "-MP");
}

static int compile_and_link(const struct job *j)
{
    struct strings link;
    const char *language = NULL;
    start_command(&link, j);
    if (!j->is_relocatable)
        add_library(&link);
    for (size_t i = 0; i < j->args.n; i++) {
        const char *a = j->args.at[i], *next = i + 1 < j->args.n ? j->args.at[i + 1] : NULL;
        if (is_input(a)) {
            bool source = language || args_is_source(a);
            const char *object = source ? temporary_object(a) : a;
            int status = source ? compile_source(j, a, language, object) : 0;
            if (status)
                return status;
            strings_add(&link, object);
        } else if (starts(a, "-x")) {
            language = a[2] ? a + 2 : next;
            if (language && is(language, "none"))
                language = NULL;
            i += !a[2];
        } else if (starts(a, "-MF") || starts(a, "-MT") || starts(a, "-MQ")) {
            i += !a[3];
        } else if (!is_dropped_at_link(a)) {
            bool value = args_takes_value(a) && next;
            strings_add(&link, a);
            if (value)
                strings_add(&link, next);
            i += value;
        }
    }
    if (j->is_clang)
        strings_add(&link, "-Qunused-arguments");
    return run(&link);
}

int cmd_cc(int argc, char **argv, bool cxx)
{
    struct job j = {0};
    if (argc == 2 && is(argv[1], "--help")) {
        fputs(help, stdout);
        return 0;
    }
    choose_compiler(&j, cxx);
    args_expand(&j.args, argc - 1, argv + 1);
    if (!j.args.n)
        die(STATUS_USAGE, "%s: no input (gorc %s --help)", argv[0], argv[0]);
    read_arguments(&j);
    if (j.is_query)
        return hand_on(&j);
    if (j.compiles_only)
        return compile_only(&j);
    if (j.is_static)
        die(STATUS_USAGE, "%s: -static: a static program cannot be checked", argv[0]);
    int status = compile_and_link(&j);
    remove_temporary();
    return status;
}
