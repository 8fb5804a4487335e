/* SPDX-License-Identifier: MIT
 *
 * A page renders its content once, by a helper that holds the content's lock, and gives up after a
 * time-out. The helper then wants the page's plain text, made once by a function that takes the
 * same lock; so does the renderer.
 *
 * verdict: deadlock
 */
#include <gorc.h>
#include <stdlib.h>

#include "barrier.h"

struct page {
    gorc_mutex content;
    gorc_once init_content, init_plain;
    gorc_waitgroup renderers;
};

static void make_content(void *page);

static void make_plain(void *page)
{
    struct page *p = page;
    gorc_mutex_lock(&p->content); /* HERE: plain */
    gorc_mutex_unlock(&p->content);
}

struct render {
    struct page *page;
    gorc_chan *rendered;
};

static void helper(void *arg)
{
    struct render *r = arg;
    gorc_mutex_lock(&r->page->content);
    hidden_step();
    gorc_once_do(&r->page->init_content, make_content, r->page);
    gorc_once_do(&r->page->init_plain, make_plain, r->page); /* HERE: once */
    gorc_mutex_unlock(&r->page->content);
    gorc_chan_send(r->rendered, NULL);
    free(r);
}

static void make_content(void *page)
{
    struct render *r = malloc(sizeof *r);
    *r = (struct render){page, gorc_chan_new(0, 1)};
    gorc_ctx *ctx = gorc_ctx_with_timeout(gorc_ctx_background(), GORC_MILLISECOND);
    gorc_go(helper, r); /* HERE: go-helper */
    hidden_yield_until(1);
    gorc_case cases[] = {
        gorc_case_recv(gorc_ctx_done(ctx), NULL), gorc_case_recv(r->rendered, NULL)};
    gorc_select(cases, 2);
    gorc_ctx_free(ctx);
}

static void render(void *page)
{
    struct page *p = page;
    gorc_once_do(&p->init_content, make_content, p);
    gorc_once_do(&p->init_plain, make_plain, p); /* HERE: render */
    gorc_wg_done(&p->renderers);
}

int main(void)
{
    static struct page p;
    gorc_wg_add(&p.renderers, 2);
    gorc_go(render, &p);        /* HERE: go */
    gorc_go(render, &p);        /* HERE: go2 */
    gorc_wg_wait(&p.renderers); /* HERE: wait */
    return 0;
}
