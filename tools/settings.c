/* SPDX-License-Identifier: MIT
 *
 * See settings.h.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"
#include "util.h"

char *gorc_option(const char *key)
{
    const char *s = getenv("GORC_OPTIONS");
    char *found = NULL;
    size_t n = strlen(key);
    while (s && *s) {
        bool is_it = strncmp(s, key, n) == 0 && s[n] == '=';
        char *value = xcalloc(strlen(s) + 1, 1), *out = value;
        for (; *s && *s != ':'; s++) {
            if (*s == '\\' && (s[1] == ':' || s[1] == '\\'))
                s++;
            *out++ = *s;
        }
        if (is_it) {
            free(found);
            found = xstrdup(value + n + 1);
        }
        free(value);
        s += *s == ':';
    }
    return found;
}

char *tsan_option(const char *key)
{
    static const char separators[] = " ,:\n\t\r";
    const char *s = getenv("TSAN_OPTIONS");
    char *found = NULL;
    while (s && *(s += strspn(s, separators))) {
        size_t name = strcspn(s, "="), n;
        if (!s[name])
            break;
        const char *value = s + name + 1;
        bool quoted = *value == '"' || *value == '\'';
        char ends[2] = {*value, 0};
        value += quoted;
        n = strcspn(value, quoted ? ends : separators);
        if (strlen(key) == name && strncmp(s, key, name) == 0) {
            free(found);
            found = xprintf("%.*s", (int)n, value);
        }
        s = value + n;
        s += quoted && *s;
    }
    return found;
}

char *tsan_log_path(void)
{
    char *path = tsan_option("log_path");
    if (!path || strcmp(path, "stderr") == 0 || strcmp(path, "stdout") == 0)
        return path;
    char *with_pid = xprintf("%s.%%p", path);
    free(path);
    return with_pid;
}
