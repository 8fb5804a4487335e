/* SPDX-License-Identifier: MIT
 *
 * gorc_map: rule P1, alone and against a model, and under load.
 */
#include "unit.h"

static void *word(uintptr_t n)
{
    return (void *)n;
}

/* P1 */
Test(map, p1_store_load_delete)
{
    gorc_map m = {0};
    void *v = word(99);
    CHECK(!gorc_map_load(&m, word(1), &v));
    CHECK(v == NULL);
    gorc_map_delete(&m, word(1));
    gorc_map_store(&m, word(1), word(11));
    gorc_map_store(&m, NULL, NULL); /* both may be NULL */
    CHECK(gorc_map_load(&m, word(1), &v) && v == word(11));
    CHECK(gorc_map_load(&m, NULL, &v) && v == NULL);
    CHECK(gorc_map_load(&m, word(1), NULL));
    gorc_map_store(&m, word(1), word(12));
    CHECK(gorc_map_load(&m, word(1), &v) && v == word(12));
    gorc_map_delete(&m, word(1));
    CHECK(!gorc_map_load(&m, word(1), &v));
    gorc_map_clear(&m);
    CHECK(!gorc_map_load(&m, NULL, &v));
    gorc_map_clear(&m);
}

Test(map, p1_load_or_store_and_load_and_delete)
{
    gorc_map m = {0};
    void *v;
    CHECK(!gorc_map_load_or_store(&m, word(5), word(50), &v) && v == word(50));
    CHECK(gorc_map_load_or_store(&m, word(5), word(51), &v) && v == word(50));
    CHECK(gorc_map_load_and_delete(&m, word(5), &v) && v == word(50));
    CHECK(!gorc_map_load_and_delete(&m, word(5), &v) && v == NULL);
    CHECK(!gorc_map_load_or_store(&m, word(5), word(52), &v) && v == word(52));
    gorc_map_clear(&m);
}

Test(map, p1_swap_and_compare)
{
    gorc_map m = {0};
    void *v = word(1);
    CHECK(!gorc_map_swap(&m, word(7), word(70), &v) && v == NULL);
    CHECK(gorc_map_swap(&m, word(7), word(71), &v) && v == word(70));
    CHECK(!gorc_map_compare_and_swap(&m, word(7), word(70), word(72)));
    CHECK(gorc_map_compare_and_swap(&m, word(7), word(71), word(72)));
    CHECK(!gorc_map_compare_and_swap(&m, word(8), NULL, word(72)));
    CHECK(!gorc_map_compare_and_delete(&m, word(7), word(71)));
    CHECK(!gorc_map_compare_and_delete(&m, word(8), NULL));
    CHECK(gorc_map_compare_and_delete(&m, word(7), word(72)));
    CHECK(!gorc_map_load(&m, word(7), &v));
    gorc_map_clear(&m);
}

/* --- keys by content --- */

static size_t text_hash(const void *key)
{
    size_t h = 5381;
    for (const char *c = key; *c; c++)
        h = h * 33 + (unsigned char)*c;
    return h;
}

static size_t bad_hash(const void *key)
{
    return strlen(key) % 2;
}

static bool text_equal(const void *a, const void *b)
{
    return strcmp(a, b) == 0;
}

static bool count_keys(void *key, void *value, void *arg)
{
    (void)key, (void)value;
    ++*(int *)arg;
    return true;
}

static void check_text_map(size_t (*hash)(const void *))
{
    gorc_map m = {.hash = hash, .equal = text_equal};
    static char names[200][16];
    void *v;
    for (int i = 0; i < 200; i++) {
        snprintf(names[i], sizeof names[i], "k%d", i);
        gorc_map_store(&m, names[i], names[i]);
    }
    for (int i = 0; i < 200; i++) {
        char copy[16];
        snprintf(copy, sizeof copy, "k%d", i);
        CHECK(gorc_map_load(&m, copy, &v) && v == names[i]);
        if (i % 3 == 0)
            gorc_map_delete(&m, copy);
    }
    int n = 0;
    gorc_map_range(&m, count_keys, &n);
    CHECK_EQ(n, 133);
    gorc_map_clear(&m);
}

Test(map, p1_hash_and_equal)
{
    check_text_map(text_hash);
}

/* P1: all in two chains. */
Test(map, p1_colliding_hashes)
{
    check_text_map(bad_hash);
}

/* --- range --- */

struct seen {
    int count[256];
    int limit;
};

static bool see(void *key, void *value, void *arg)
{
    struct seen *s = arg;
    uintptr_t k = (uintptr_t)key;
    CHECK(k < 256);
    CHECK(value == word(k * 10));
    s->count[k]++;
    return --s->limit > 0;
}

Test(map, p1_range_sees_each_key_once_and_stops)
{
    gorc_map m = {0};
    static struct seen s, few;
    for (uintptr_t i = 0; i < 256; i++)
        gorc_map_store(&m, word(i), word(i * 10));
    s.limit = 1000;
    gorc_map_range(&m, see, &s);
    for (int i = 0; i < 256; i++)
        CHECK_EQ(s.count[i], 1);
    few.limit = 10;
    gorc_map_range(&m, see, &few);
    CHECK_EQ(few.limit, 0);
    gorc_map_clear(&m);
}

/* P1: TestMapRangeNestedCall: a range inside a range that loads, stores and deletes. */
static bool inner(void *key, void *value, void *arg)
{
    gorc_map *m = arg;
    void *v;
    CHECK(gorc_map_load(m, key, &v) && v == value);
    CHECK(!gorc_map_load_or_store(m, word(42), word(1), &v));
    gorc_map_store(m, word(42), word(2));
    CHECK(gorc_map_load_and_delete(m, word(42), &v) && v == word(2));
    return true;
}

static bool outer(void *key, void *value, void *arg)
{
    (void)value;
    gorc_map_range(arg, inner, arg);
    gorc_map_delete(arg, key);
    return true;
}

Test(map, p1_range_nested_calls)
{
    gorc_map m = {0};
    for (uintptr_t i = 0; i < 40; i++)
        gorc_map_store(&m, word(i), word(i + 1));
    gorc_map_range(&m, outer, &m);
    int n = 0;
    gorc_map_range(&m, count_keys, &n);
    CHECK_EQ(n, 0);
    gorc_map_clear(&m);
}

/* P1: fn may end the goroutine, or block. */
static bool leave(void *key, void *value, void *arg)
{
    (void)key, (void)value, (void)arg;
    gorc_goexit();
}

static void range_and_leave(void *m)
{
    gorc_map_range(m, leave, NULL);
}

Test(map, p1_goexit_in_range)
{
    static gorc_map m;
    gorc_map_store(&m, word(1), word(1));
    gorc_waitgroup wg = {0};
    gorc_wg_go(&wg, range_and_leave, &m);
    gorc_wg_wait(&wg);
    gorc_map_store(&m, word(1), word(2));
    gorc_map_clear(&m);
}

/* --- against a model --- */

#define KEYS 64

struct model {
    bool there[KEYS];
    void *value[KEYS];
};

static void one_op(gorc_map *m, struct model *o, unsigned long long *r)
{
    unsigned k = test_random(r, KEYS);
    void *key = word(k * 4096 + 7), *v = word(1 + test_random(r, 5)), *old = NULL;
    bool was = o->there[k];
    void *had = was ? o->value[k] : NULL;
    switch (test_random(r, 8)) {
    case 0:
        gorc_map_store(m, key, v);
        o->there[k] = true, o->value[k] = v;
        break;
    case 1:
        CHECK_EQ(gorc_map_load(m, key, &old), was);
        CHECK(old == had);
        break;
    case 2:
        CHECK_EQ(gorc_map_load_or_store(m, key, v, &old), was);
        CHECK(old == (was ? had : v));
        o->there[k] = true, o->value[k] = old;
        break;
    case 3:
        CHECK_EQ(gorc_map_load_and_delete(m, key, &old), was);
        CHECK(old == had);
        o->there[k] = false;
        break;
    case 4:
        CHECK_EQ(gorc_map_swap(m, key, v, &old), was);
        CHECK(old == had);
        o->there[k] = true, o->value[k] = v;
        break;
    case 5:
        CHECK_EQ(gorc_map_compare_and_swap(m, key, word(3), v), was && had == word(3));
        if (was && had == word(3))
            o->value[k] = v;
        break;
    case 6:
        CHECK_EQ(gorc_map_compare_and_delete(m, key, word(2)), was && had == word(2));
        if (was && had == word(2))
            o->there[k] = false;
        break;
    default:
        gorc_map_delete(m, key);
        o->there[k] = false;
    }
}

static void check_model(size_t (*hash)(const void *))
{
    gorc_map m = {.hash = hash};
    static struct model o;
    memset(&o, 0, sizeof o);
    unsigned long long r = test_seed();
    for (int i = 0; i < scaled(40000); i++) {
        one_op(&m, &o, &r);
        if (i % 4096 == 0) {
            int n = 0, expected = 0;
            gorc_map_range(&m, count_keys, &n);
            for (int k = 0; k < KEYS; k++)
                expected += o.there[k];
            CHECK_EQ(n, expected);
        }
        if (test_random(&r, 5000) == 0) {
            gorc_map_clear(&m);
            memset(&o, 0, sizeof o);
        }
    }
    gorc_map_clear(&m);
}

static size_t few_hashes(const void *key)
{
    return (uintptr_t)key / 4096 % 5;
}

Test(map, p1_model)
{
    check_model(NULL);
}

Test(map, p1_model_with_collisions)
{
    check_model(few_hashes);
}

/* --- under load --- */

struct box {
    uintptr_t key;
    int payload; /* plain: written before the store, read after the load (L2, P1) */
};

struct load {
    gorc_map m;
    gorc_waitgroup wg;
    atomic_int next;
    atomic_long stored, deleted;
    unsigned long long seed;
};

/* Boxes come and go by their own key; every value that is seen is a box of that key. Each box has
 * one owner: who takes it out frees it. A box that may still be read by others stays. */
static void churn(void *arg)
{
    struct load *l = arg;
    unsigned long long r = l->seed + (unsigned)atomic_fetch_add(&l->next, 1) * 1234567;
    for (int i = 0; i < scaled(4000); i++) {
        uintptr_t k = 1 + test_random(&r, 200);
        void *v;
        switch (test_random(&r, 4)) {
        case 0: {
            struct box *b = malloc(sizeof *b);
            *b = (struct box){k, (int)k * 3};
            if (gorc_map_load_or_store(&l->m, word(k), b, &v))
                free(b);
            else
                atomic_fetch_add(&l->stored, 1);
            break;
        }
        case 1:
            if (gorc_map_load_and_delete(&l->m, word(k), &v)) {
                struct box *b = v;
                CHECK_EQ(b->key, k);
                CHECK_EQ(b->payload, (int)k * 3);
                free(b);
                atomic_fetch_add(&l->deleted, 1);
            }
            break;
        default:
            gorc_map_load(&l->m, word(k), &v);
        }
    }
}

static bool free_box(void *key, void *value, void *arg)
{
    struct box *b = value;
    CHECK_EQ(b->key, (uintptr_t)key);
    free(b);
    ++*(long *)arg;
    return true;
}

Test(map, p1_stress_every_box_is_taken_once)
{
    static struct load l;
    l.seed = test_seed();
    for (int i = 0; i < 8; i++)
        gorc_wg_go(&l.wg, churn, &l);
    gorc_wg_wait(&l.wg);
    long left = 0;
    gorc_map_range(&l.m, free_box, &left);
    CHECK_EQ(left, atomic_load(&l.stored) - atomic_load(&l.deleted));
    gorc_map_clear(&l.m);
}

static void count_up(void *arg)
{
    gorc_map *m = arg;
    for (int i = 0; i < scaled(3000); i++) {
        void *old = NULL;
        do
            gorc_map_load(m, word(1), &old);
        while (!gorc_map_compare_and_swap(m, word(1), old, word((uintptr_t)old + 1)));
    }
}

Test(map, p1_compare_and_swap_loses_nothing)
{
    static gorc_map m;
    gorc_waitgroup wg = {0};
    void *v;
    gorc_map_store(&m, word(1), word(0));
    for (int i = 0; i < 8; i++)
        gorc_wg_go(&wg, count_up, &m);
    gorc_wg_wait(&wg);
    CHECK(gorc_map_load(&m, word(1), &v));
    CHECK_EQ((uintptr_t)v, 8 * scaled(3000));
    gorc_map_clear(&m);
}

static void clear_often(void *arg)
{
    gorc_map *m = arg;
    for (int i = 0; i < scaled(300); i++) {
        gorc_map_clear(m);
        gorc_yield();
    }
}

static void store_and_range(void *arg)
{
    gorc_map *m = arg;
    for (int i = 0; i < scaled(3000); i++) {
        gorc_map_store(m, word((uintptr_t)i % 100), word((uintptr_t)i % 100 * 10));
        if (i % 100 == 0) {
            struct seen s = {.limit = 1000};
            gorc_map_range(m, see, &s);
            for (int k = 0; k < 256; k++)
                CHECK(s.count[k] <= 1);
        }
        gorc_map_delete(m, word((uintptr_t)(i + 50) % 100));
    }
}

Test(map, p1_clear_and_range_under_load)
{
    static gorc_map m;
    gorc_waitgroup wg = {0};
    gorc_wg_go(&wg, clear_often, &m);
    for (int i = 0; i < 4; i++)
        gorc_wg_go(&wg, store_and_range, &m);
    gorc_wg_wait(&wg);
    gorc_map_clear(&m);
}

/* What was stored is there for the one who stored it, whatever others do to other keys. */
struct own_keys {
    gorc_map *m;
    uintptr_t base;
};

static void keep_own(void *arg)
{
    struct own_keys *o = arg;
    void *v;
    for (uintptr_t i = 0; i < (uintptr_t)scaled(2000); i++) {
        void *key = word(o->base + i % 97);
        gorc_map_store(o->m, key, word(i));
        CHECK(gorc_map_load(o->m, key, &v) && v == word(i));
        if (i % 3 == 0) {
            gorc_map_delete(o->m, key);
            CHECK(!gorc_map_load(o->m, key, &v));
        }
    }
}

Test(map, p1_disjoint_keys)
{
    static gorc_map m;
    static struct own_keys own[8];
    gorc_waitgroup wg = {0};
    for (uintptr_t i = 0; i < 8; i++) {
        own[i] = (struct own_keys){&m, i << 12};
        gorc_wg_go(&wg, keep_own, &own[i]);
    }
    gorc_wg_wait(&wg);
    gorc_map_clear(&m);
}
