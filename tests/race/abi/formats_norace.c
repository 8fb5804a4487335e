/* SPDX-License-Identifier: MIT
 *
 * Formats of every kind are walked without harm: widths and lengths, wide and cut strings, %n,
 * numbered arguments.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "barrier.h"

static char out[400];
static const char unterminated[3] = {'a', 'b', 'c'};

static void *first(void *arg)
{
    (void)arg;
    int n = 0;
    short hn = 0;
    errno = 0;
    int done = snprintf(out, sizeof out,
        "%d %5.2f %-8s|%.3s|%*d|%.*s|%hhd %hd %ld %lld %jd %zu %td %Lf %c %p %x %n%hn%% %m", 1, 2.5,
        "text", unterminated, 6, 7, 2, unterminated, (signed char)3, (short)4, 5L, 6LL, (intmax_t)7,
        (size_t)8, (ptrdiff_t)9, 10.0L, 'c', (void *)out, 255, &n, &hn);
    if (done < 80 || n == 0 || n != hn ||
        !strstr(out, "|abc|     7|ab|3 4 5 6 7 8 9 10.000000 c 0x"))
        abort();
    if (snprintf(out, sizeof out, "%2$s %1$d", 4, "four") != 6 || strcmp(out, "four 4") != 0)
        abort();
    if (snprintf(out, sizeof out, "%ls %lc", L"wide", (wint_t)L'c') != 6)
        abort();
    if (snprintf(out, 4, "%s", "longer") != 6 || strcmp(out, "lon") != 0)
        abort();
    char *text = NULL;
    if (asprintf(&text, "%08.3f %s", 3.14159, (char *)NULL) != 15 || !text)
        abort();
    free(text);
    return NULL;
}

static void *second(void *arg)
{
    (void)arg;
    int a = 0, b = 0;
    char word[8], set[8], c[2];
    double d = 0;
    float f = 0;
    long long ll = 0;
    char *made = NULL;
    if (sscanf("7 skipped word [abc] xy 2.5 1.5 99 made rest",
            "%d %*s %7s [%7[a-c]] %2c %lf %f %lld %ms%n", &a, word, set, c, &d, &f, &ll, &made,
            &b) != 8)
        abort();
    if (a != 7 || strcmp(word, "word") || strcmp(set, "abc") || c[1] != 'y' || d != 2.5 ||
        f != 1.5f || ll != 99 || strcmp(made, "made") || b == 0)
        abort();
    free(made);
    if (sscanf("x", "%d", &a) != 0 || sscanf("", "%d", &a) != EOF)
        abort();
    return NULL;
}

int main(void)
{
    pthread_t t[2];

    if (pthread_create(&t[0], NULL, first, NULL) || pthread_create(&t[1], NULL, second, NULL))
        abort();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}
