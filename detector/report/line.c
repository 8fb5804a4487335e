/* SPDX-License-Identifier: MIT
 *
 * JSON text in pages of our own; see line.h.
 */
#include <stdbool.h>
#include <string.h>

#include "base/dalloc.h"
#include "report/line.h"

enum { FIRST_SIZE = 16 << 10 };

void dt_line_start(struct dt_line *l)
{
    l->used = 0;
    l->size = FIRST_SIZE;
    l->text = dt_map(l->size);
    l->lost = !l->text;
}

void dt_line_free(struct dt_line *l)
{
    if (l->text)
        dt_unmap(l->text, l->size);
    l->text = NULL;
}

static bool grow(struct dt_line *l, size_t n)
{
    if (l->lost)
        return false;
    if (n <= l->size - l->used)
        return true;
    size_t size = l->size * 2;
    while (size - l->used < n)
        size *= 2;
    char *text = dt_map(size);
    if (!text) {
        l->lost = 1;
        return false;
    }
    memcpy(text, l->text, l->used);
    dt_unmap(l->text, l->size);
    l->text = text;
    l->size = size;
    return true;
}

void dt_line_raw(struct dt_line *l, const char *s, size_t n)
{
    if (!grow(l, n))
        return;
    memcpy(l->text + l->used, s, n);
    l->used += n;
}

void dt_line_text(struct dt_line *l, const char *s)
{
    dt_line_raw(l, s, strlen(s));
}

void dt_line_u64(struct dt_line *l, uint64_t n)
{
    char digits[24];
    size_t i = sizeof digits;
    do
        digits[--i] = (char)('0' + n % 10);
    while (n /= 10);
    dt_line_raw(l, digits + i, sizeof digits - i);
}

void dt_line_hex(struct dt_line *l, const unsigned char *bytes, size_t n)
{
    dt_line_text(l, "\"");
    for (size_t i = 0; i < n; i++) {
        char two[2] = {"0123456789abcdef"[bytes[i] >> 4], "0123456789abcdef"[bytes[i] & 15]};
        dt_line_raw(l, two, 2);
    }
    dt_line_text(l, "\"");
}

/* Length of the well-formed UTF-8 sequence at s, 0: none. The text ends with a zero byte. */
static size_t utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

static void escape(struct dt_line *l, unsigned char c)
{
    char six[6] = {'\\', 'u', '0', '0', "0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 15]};
    dt_line_raw(l, six, sizeof six);
}

void dt_line_json(struct dt_line *l, const char *text)
{
    if (!text) {
        dt_line_text(l, "null");
        return;
    }
    const unsigned char *s = (const unsigned char *)text;
    dt_line_text(l, "\"");
    while (*s) {
        size_t n = utf8_length(s);
        if (*s == '"' || *s == '\\') {
            char two[2] = {'\\', (char)*s++};
            dt_line_raw(l, two, 2);
        } else if (n == 0 || *s < 0x20 || *s == 0x7f) {
            escape(l, *s++); /* a byte that is no text: the code point of its value */
        } else {
            dt_line_raw(l, (const char *)s, n);
            s += n;
        }
    }
    dt_line_text(l, "\"");
}

void dt_line_key(struct dt_line *l, const char *key)
{
    if (!l->lost && l->used && l->text[l->used - 1] != '{' && l->text[l->used - 1] != '[')
        dt_line_text(l, ",");
    dt_line_json(l, key);
    dt_line_text(l, ":");
}

void dt_line_field(struct dt_line *l, const char *key, const char *s)
{
    if (!s)
        return;
    dt_line_key(l, key);
    dt_line_json(l, s);
}

void dt_line_number(struct dt_line *l, const char *key, uint64_t n)
{
    dt_line_key(l, key);
    dt_line_u64(l, n);
}
