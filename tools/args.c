/* SPDX-License-Identifier: MIT
 *
 * See args.h.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"

enum { MAX_NESTING = 16 };

static void expand_one(struct strings *to, const char *arg, int depth);

/* Blanks separate, quotes hold together, a backslash takes the next character as it is. */
static void expand_text(struct strings *to, const char *s, int depth)
{
    char *word = xcalloc(strlen(s) + 1, 1);
    while (*s) {
        size_t n = 0;
        char quote = 0;
        while (isspace((unsigned char)*s))
            s++;
        if (!*s)
            break;
        for (; *s && (quote || !isspace((unsigned char)*s)); s++) {
            if (*s == '\\' && s[1] && quote != '\'')
                word[n++] = *++s;
            else if (quote ? *s == quote : *s == '"' || *s == '\'')
                quote = quote ? 0 : *s;
            else
                word[n++] = *s;
        }
        word[n] = 0;
        expand_one(to, word, depth);
    }
    free(word);
}

static char *file_text(const char *path)
{
    FILE *f = fopen(path, "re");
    char *text = NULL, buffer[4096];
    size_t size, n;
    FILE *to = f ? open_memstream(&text, &size) : NULL;
    while (to && (n = fread(buffer, 1, sizeof buffer, f)) > 0)
        fwrite(buffer, 1, n, to);
    if (to)
        fclose(to);
    if (f)
        fclose(f);
    return text;
}

static void expand_one(struct strings *to, const char *arg, int depth)
{
    char *text = arg[0] == '@' && depth < MAX_NESTING ? file_text(arg + 1) : NULL;
    if (text)
        expand_text(to, text, depth + 1);
    else
        strings_add(to, arg);
    free(text);
}

void args_expand(struct strings *to, int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        expand_one(to, argv[i], 0);
}

static bool is_one_of(const char *s, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(s, list[i]) == 0)
            return true;
    return false;
}

bool args_takes_value(const char *option)
{
    static const char *const list[] = {"-o", "-x", "-I", "-D", "-U", "-L", "-l", "-T", "-u", "-z",
        "-e", "-h", "-A", "-B", "-G", "-F", "-include", "-imacros", "-isystem", "-iquote",
        "-idirafter", "-iprefix", "-iwithprefix", "-iwithprefixbefore", "-isysroot", "-imultilib",
        "-Xlinker", "-Xassembler", "-Xpreprocessor", "-Xclang", "-MF", "-MT", "-MQ", "-aux-info",
        "-arch", "-target", "-mllvm", "-dumpbase", "-dumpbase-ext", "-dumpdir", "-wrapper",
        "--param", "--sysroot", "-Tbss", "-Tdata", "-Ttext", "-framework", "-soname", "-rpath",
        "--output", "--include", "-specs", "--library", "--library-path", "--language"};
    return is_one_of(option, list, sizeof list / sizeof *list);
}

bool args_is_source(const char *path)
{
    static const char *const list[] = {".c", ".i", ".C", ".cc", ".cp", ".cxx", ".cpp", ".CPP",
        ".c++", ".ii", ".s", ".S", ".sx", ".m", ".mm", ".mi", ".mii"};
    const char *dot = strrchr(path, '.');
    return dot && is_one_of(dot, list, sizeof list / sizeof *list);
}

bool args_is_link_only(const char *option)
{
    static const char *const starts[] = {"-l", "-L", "-Wl,", "-Xlinker", "-fuse-ld", "-T", "-u",
        "-z", "-static-lib", "-shared-lib", "-rpath", "-soname", "--ld-path"};
    static const char *const whole[] = {"-shared", "-rdynamic", "-s", "-nostdlib", "-nostartfiles",
        "-nodefaultlibs", "-e", "-h", "-o", "--output", "-symbolic", "-pie", "-no-pie"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strncmp(option, starts[i], strlen(starts[i])) == 0)
            return true;
    return strncmp(option, "-o", 2) == 0 || is_one_of(option, whole, sizeof whole / sizeof *whole);
}
