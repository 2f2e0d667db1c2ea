/* The {-# ... #-} section, and what else is counted while printing: distinct attributes.
 *
 * Of the dialects' resources only those that some attribute refers to are written, in the order they were first
 * mentioned; of other tools' all, as they were read.
 */
#include "base/map.h"
#include "base/vec.h"
#include "text/printer.h"

typedef struct print_resources {
    struct map_u64 seen;     /* key string node -> 0 */
    VEC(ir_str) keys;        /* in order of mention */
    struct map_u64 distinct; /* attribute -> number */
} print_resources;

bool print_resources_init(printer *p) {
    print_resources *r = mem_alloc_zero(p->mem, sizeof *r);
    if (!r)
        return false;
    map_u64_init(&r->seen, p->mem);
    map_u64_init(&r->distinct, p->mem);
    vec_init(&r->keys, p->mem);
    p->resources = r;
    return true;
}

void print_resources_free(printer *p) {
    print_resources *r = p->resources;
    if (!r)
        return;
    map_u64_free(&r->seen);
    map_u64_free(&r->distinct);
    vec_free(&r->keys);
    mem_free(p->mem, r, sizeof *r);
    p->resources = NULL;
}

uint64_t print_distinct_id(printer *p, ir_attr a) {
    print_resources *r = p->resources;
    uint32_t *id = map_u64_put(&r->distinct, a, (uint32_t)r->distinct.n, NULL);
    if (!id)
        p->failed = true;
    return id ? *id : 0;
}

void print_note_resource(printer *p, ir_str key) {
    print_resources *r = p->resources;
    bool added = false;
    if (!map_u64_put(&r->seen, key, 0, &added) || (added && !vec_push(&r->keys, key)))
        p->failed = true;
}

/* State of the section's braces and commas. */
typedef struct section {
    bool any;     /* {-# is written */
    bool dict;    /* the dictionary of this section is open */
    bool comma;   /* another dictionary was written before */
    ir_str group; /* the group that is open, 0: none */
} section;

static void print_entry(printer *p, section *s, const char *dict, const ir_resource *r) {
    const ir_context *c = p->c;
    if (!s->any)
        print_lit(p, "\n{-#\n");
    s->any = true;
    if (!s->dict) {
        if (s->comma)
            print_lit(p, ",\n");
        print_lit(p, "  ");
        buf_puts(p->out, dict);
        print_lit(p, ": {\n");
        s->dict = true;
    }
    if (s->group == r->group) {
        print_lit(p, ",\n");
    } else {
        if (s->group)
            print_lit(p, "\n    },\n");
        print_lit(p, "    ");
        print_str(p, ir_str_of(c, r->group));
        print_lit(p, ": {\n");
        s->group = r->group;
    }
    print_lit(p, "      ");
    print_keyword_or_string(p, ir_str_of(c, r->key));
    print_lit(p, ": ");
    if (ir_kind_of(c, r->value) == IR_ATTR_STRING) {
        str text = ir_str_of(c, r->value);
        if (text.n >= 2 && text.p[0] == '0' && text.p[1] == 'x') {
            print_lit(p, "\"0x");
            print_hex_text(p, (const unsigned char *)text.p + 2, text.n - 2);
            print_char(p, '"');
        } else {
            print_quoted(p, text);
        }
    } else {
        print_attr_no_type(p, r->value);
    }
}

static void close_section(printer *p, section *s) {
    if (!s->dict)
        return;
    print_lit(p, "\n    }\n  }");
    s->dict = false;
    s->comma = true;
    s->group = 0;
}

static bool is_section(const printer *p, const ir_resource *r, str name) {
    return str_eq(ir_str_of(p->c, r->section), name);
}

void print_resource_section(printer *p) {
    const ir_module *m = p->m;
    print_resources *r = p->resources;
    section s = {0};
    if (m->n_resources == 0)
        return;
    /* By key; the first entry of a key counts. */
    struct map_u64 by_key;
    map_u64_init(&by_key, p->mem);
    for (uint32_t i = 0; i < m->n_resources; i++)
        if (is_section(p, &m->resources[i], STR("dialect_resources")) &&
            !map_u64_put(&by_key, m->resources[i].key, i, NULL))
            p->failed = true;
    for (size_t i = 0; i < r->keys.n; i++) {
        uint32_t *at = map_u64_get(&by_key, r->keys.v[i]);
        if (at)
            print_entry(p, &s, "dialect_resources", &m->resources[*at]);
    }
    map_u64_free(&by_key);
    close_section(p, &s);
    for (uint32_t i = 0; i < m->n_resources; i++)
        if (is_section(p, &m->resources[i], STR("external_resources")))
            print_entry(p, &s, "external_resources", &m->resources[i]);
    close_section(p, &s);
    if (s.any)
        print_lit(p, "\n#-}\n");
}
