/* SPDX-License-Identifier: MIT
 *
 * check_schema SCHEMA RECORD...: validates records against docs/record.schema.json, by the words of
 * JSON Schema that it uses: type, required, properties, items, enum, pattern, $ref within the file.
 */
#include <jansson.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static json_t *root;
static int wrong;

static void complain(const char *where, const char *what, const char *subject)
{
    printf("%s: %s '%s'\n", where, what, subject);
    wrong = 1;
}

static json_t *resolve(json_t *schema)
{
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    static const char start[] = "#/$defs/";
    if (!ref)
        return schema;
    if (strncmp(ref, start, sizeof start - 1) != 0)
        return NULL;
    return json_object_get(json_object_get(root, "$defs"), ref + sizeof start - 1);
}

static bool has_type(json_t *v, const char *type)
{
    return (strcmp(type, "object") == 0 && json_is_object(v)) ||
           (strcmp(type, "array") == 0 && json_is_array(v)) ||
           (strcmp(type, "string") == 0 && json_is_string(v)) ||
           (strcmp(type, "integer") == 0 && json_is_integer(v)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(v));
}

static bool in_list(json_t *list, json_t *v)
{
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one) if (json_equal(one, v)) return true;
    return false;
}

static bool matches(const char *pattern, const char *text)
{
    regex_t re;
    if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    bool ok = regexec(&re, text, 0, NULL, 0) == 0;
    regfree(&re);
    return ok;
}

static void check(json_t *v, json_t *given, const char *where);

static void check_object(json_t *v, json_t *schema, const char *where)
{
    size_t i;
    const char *key;
    json_t *name, *sub;
    json_array_foreach(json_object_get(schema, "required"), i, name)
    {
        if (!json_object_get(v, json_string_value(name)))
            complain(where, "lacks", json_string_value(name));
    }
    json_t *known = json_object_get(schema, "properties");
    json_object_foreach(v, key, sub)
    {
        char inner[512];
        snprintf(inner, sizeof inner, "%s.%s", where, key);
        if (json_object_get(known, key))
            check(sub, json_object_get(known, key), inner);
        else if (known)
            complain(where, "the schema does not know", key);
    }
}

static void check_array(json_t *v, json_t *schema, const char *where)
{
    size_t i;
    json_t *one, *items = json_object_get(schema, "items");
    json_array_foreach(v, i, one)
    {
        char inner[512];
        snprintf(inner, sizeof inner, "%s[%zu]", where, i);
        check(one, items, inner);
    }
}

static void check(json_t *v, json_t *given, const char *where)
{
    json_t *schema = resolve(given);
    if (!schema) {
        complain(where, "no such part of the schema:", "$ref");
        return;
    }
    const char *type = json_string_value(json_object_get(schema, "type"));
    const char *pattern = json_string_value(json_object_get(schema, "pattern"));
    json_t *list = json_object_get(schema, "enum");
    if (type && !has_type(v, type)) {
        complain(where, "is not of type", type);
        return;
    }
    if (list && !in_list(list, v))
        complain(where,
            "is none of the values allowed:", json_is_string(v) ? json_string_value(v) : "number");
    if (pattern && !matches(pattern, json_string_value(v)))
        complain(where, "does not match", pattern);
    if (json_is_object(v))
        check_object(v, schema, where);
    else if (json_is_array(v) && json_object_get(schema, "items"))
        check_array(v, schema, where);
}

static json_t *load(const char *path)
{
    json_error_t error;
    json_t *v = json_load_file(path, 0, &error);
    if (!v) {
        printf("%s:%d: %s\n", path, error.line, error.text);
        wrong = 1;
    }
    return v;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: check_schema SCHEMA RECORD...\n", stderr);
        return 2;
    }
    root = load(argv[1]);
    for (int i = 2; root && i < argc; i++) {
        json_t *v = load(argv[i]);
        if (v)
            check(v, root, "record");
    }
    return wrong;
}
