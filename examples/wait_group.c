/* SPDX-License-Identifier: MIT
 *
 * Wait for a number of goroutines. Each writes only its own element, and Done happens before Wait
 * returns, so the results need no lock. gorc_wg_go is Add, go and Done in one.
 */
#include <gorc.h>
#include <stdio.h>
#include <string.h>

struct page {
    const char *text;
    size_t words;
};

static void count_words(void *arg)
{
    struct page *p = arg;
    const char *s = p->text;

    while (*(s += strspn(s, " "))) {
        p->words++;
        s += strcspn(s, " ");
    }
}

int main(void)
{
    struct page pages[] = {
        {"share memory by communicating", 0},
        {"a goroutine must know how it ends", 0},
        {"", 0},
        {"the sender closes", 0},
    };
    enum { PAGES = sizeof(pages) / sizeof(pages[0]) };
    gorc_waitgroup wg = {0};

    for (int i = 0; i < PAGES; i++)
        gorc_wg_go(&wg, count_words, &pages[i]);
    gorc_wg_wait(&wg);
    for (int i = 0; i < PAGES; i++)
        printf("page %d: %zu words\n", i, pages[i].words);
    return 0;
}
