/* SPDX-License-Identifier: MIT
 *
 * Repaired: the helper renders without the page's lock and asks for nothing that waits for itself.
 */
#include <gorc.h>
#include <stdlib.h>

struct page {
    gorc_mutex content;
    gorc_once init_content, init_plain;
    gorc_waitgroup renderers, helpers;
};

static void make_plain(void *page)
{
    struct page *p = page;
    gorc_mutex_lock(&p->content);
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
    gorc_mutex_unlock(&r->page->content);
    gorc_chan_send(r->rendered, NULL);
    gorc_chan_unref(r->rendered);
    gorc_wg_done(&r->page->helpers);
    free(r);
}

static void make_content(void *page)
{
    struct render *r = malloc(sizeof *r);
    gorc_chan *rendered = gorc_chan_new(0, 1);
    *r = (struct render){page, gorc_chan_ref(rendered)};
    gorc_ctx *ctx = gorc_ctx_with_timeout(gorc_ctx_background(), GORC_MILLISECOND);
    gorc_wg_add(&r->page->helpers, 1);
    gorc_go(helper, r);
    gorc_case cases[] = {gorc_case_recv(gorc_ctx_done(ctx), NULL), gorc_case_recv(rendered, NULL)};
    gorc_select(cases, 2);
    gorc_chan_unref(rendered);
    gorc_ctx_free(ctx);
}

static void render(void *page)
{
    struct page *p = page;
    gorc_once_do(&p->init_content, make_content, p);
    gorc_once_do(&p->init_plain, make_plain, p);
    gorc_wg_done(&p->renderers);
}

int main(void)
{
    static struct page p;
    gorc_wg_add(&p.renderers, 2);
    gorc_go(render, &p);
    gorc_go(render, &p);
    gorc_wg_wait(&p.renderers);
    gorc_wg_wait(&p.helpers);
    return 0;
}
