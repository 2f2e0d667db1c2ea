/* override_json.c - overrides as JSON: what today's tool sends (overrides.md, section 1) and our own form of it; results. */
#include <stdio.h>

#include "base/json.h"
#include "compile/override.h"

struct reader {
    override_set *s;
    struct json_reader r;
    struct diags *d;
    struct diag_source *source; /* may be NULL */
    bool ok;
};

static bool fail(struct reader *r, const char *what) {
    const char *why = r->r.error ? r->r.error : what;
    size_t at = json_at(&r->r);
    if (r->ok && r->source)
        diag_add(r->d, DIAG_ERROR, r->source, at, at, "overrides cannot be read: %s", why);
    else if (r->ok)
        diag_add(r->d, DIAG_ERROR, NULL, 0, 0, "overrides, byte %zu: %s", at, why);
    r->ok = false;
    return false;
}

static str text_of(struct reader *r) {
    str s = json_unescape(&r->r, &r->s->arena);
    if (!s.p)
        fail(r, "out of memory");
    return s;
}

/* A value: strings as they are, numbers and truth values as overrides spell them. */
static bool value_of(struct reader *r, enum json_kind kind, str *out) {
    switch (kind) {
    case JSON_STRING: *out = text_of(r); return r->ok;
    case JSON_NUMBER: *out = r->r.text; return true;
    case JSON_TRUE: *out = STR("True"); return true;
    case JSON_FALSE: *out = STR("False"); return true;
    case JSON_NULL: *out = STR("None"); return true;
    default: return fail(r, "an attribute's value is a text, a number or a truth value");
    }
}

/* Key of today's tool or "group.key". */
static void split_key(str key, legal_group *group, str *name) {
    size_t dot = str_find_char(key, '.');
    *name = key;
    for (int g = 0; g < LEGAL_N_GROUPS && dot < key.n; g++)
        if (str_eq(str_slice(key, 0, dot), legal_group_names[g])) {
            *group = (legal_group)g;
            *name = str_from(key, dot + 1);
            return;
        }
    /* a bare key: the first group that has it, those of today's tool first */
    for (int g = 0; g < LEGAL_N_GROUPS; g++)
        if (legal_find_field((legal_group)g, key)) {
            *group = (legal_group)g;
            return;
        }
    *group = LEGAL_OUTPUT; /* judged later, which says that there is no such field */
}

typedef struct pending {
    str target, node_id;
    override_bind bind;
    bool has_target;
} pending;

static bool read_attribute(struct reader *r, str *key, str *value) {
    *key = *value = (str){0};
    for (;;) {
        enum json_kind kind = json_next(&r->r);
        if (kind == JSON_OBJECT_END)
            return key->p && value->p ? true : fail(r, "an attribute has \"key\" and \"value\"");
        if (kind != JSON_KEY)
            return fail(r, "an attribute is an object");
        bool is_key = json_key_is(&r->r, STR("key")), is_value = json_key_is(&r->r, STR("value"));
        kind = json_next(&r->r);
        if (is_key && kind == JSON_STRING)
            *key = text_of(r);
        else if (is_value ? !value_of(r, kind, value) : !json_skip(&r->r, kind))
            return fail(r, "not JSON");
        if (!r->ok)
            return false;
    }
}

/* The object of one entry; its attributes may come before its target, so they wait in `list`. */
static bool read_entry(struct reader *r, str node_id) {
    pending p = {.node_id = node_id, .bind = OVERRIDE_BY_NAME};
    VEC(legal_setting) list;
    vec_init(&list, r->s->mem);
    enum json_kind kind;
    while (r->ok && (kind = json_next(&r->r)) != JSON_OBJECT_END) {
        if (kind != JSON_KEY) {
            fail(r, "an override is an object");
            break;
        }
        bool is_name = json_key_is(&r->r, STR("named_location")), is_target = json_key_is(&r->r, STR("target"));
        bool is_bind = json_key_is(&r->r, STR("bind")), is_list = json_key_is(&r->r, STR("attributes"));
        kind = json_next(&r->r);
        if ((is_name && !p.has_target) || is_target) {
            if (kind != JSON_STRING) {
                fail(r, "a target is a text");
                break;
            }
            p.target = text_of(r);
            p.has_target = true;
        } else if (is_bind && kind == JSON_STRING) {
            str b = text_of(r);
            p.bind = str_eq(b, STR("identity")) ? OVERRIDE_BY_IDENTITY
                     : str_eq(b, STR("query"))  ? OVERRIDE_BY_QUERY
                                                : OVERRIDE_BY_NAME;
            if (p.bind == OVERRIDE_BY_NAME && !str_eq(b, STR("name")))
                fail(r, "bind is \"name\", \"identity\" or \"query\"");
        } else if (is_list && kind != JSON_ARRAY_BEGIN) {
            fail(r, "attributes are a list");
        } else if (is_list) {
            while (r->ok && (kind = json_next(&r->r)) == JSON_OBJECT_BEGIN) {
                legal_setting set;
                str key, value;
                if (!read_attribute(r, &key, &value))
                    break;
                split_key(key, &set.group, &set.key);
                set.value = value;
                if (!vec_push(&list, set))
                    fail(r, "out of memory");
            }
            if (r->ok && kind != JSON_ARRAY_END)
                fail(r, "attributes are objects");
        } else if (!json_skip(&r->r, kind)) {
            fail(r, "not JSON");
        }
    }
    if (r->ok && !p.has_target)
        fail(r, "an override names its op: \"named_location\" or \"target\"");
    for (size_t i = 0; r->ok && i < list.n; i++)
        if (!override_add(r->s, p.bind, p.target, list.v[i].group, list.v[i].key, list.v[i].value))
            fail(r, "out of memory");
    for (size_t i = 0; r->ok && i < r->s->entries.n; i++) {
        override_entry *e = &r->s->entries.v[i];
        if (e->bind == p.bind && str_eq(e->target, p.target) && !e->node_id.n)
            e->node_id = arena_str(&r->s->arena, p.node_id);
    }
    vec_free(&list);
    return r->ok;
}

/* Behind the '{' of the entries. */
static bool read_entries(struct reader *r, bool top) {
    enum json_kind kind;
    while ((kind = json_next(&r->r)) == JSON_KEY) {
        bool inner = top && json_key_is(&r->r, STR("overrides"));
        str id = text_of(r);
        kind = json_next(&r->r);
        if (!r->ok)
            return false;
        if (kind != JSON_OBJECT_BEGIN) {
            if (inner)
                return fail(r, "overrides are an object");
            if (!top) /* else a neighbour of "overrides" in the settings of a request */
                return fail(r, "an override is an object");
            if (!json_skip(&r->r, kind))
                return fail(r, "not JSON");
            continue;
        }
        /* {"overrides": {...}}: the entries are one level deeper. */
        if (inner ? !read_entries(r, false) : !read_entry(r, id))
            return false;
    }
    return kind == JSON_OBJECT_END || fail(r, "overrides are an object");
}

bool override_read_json(override_set *s, str json, struct diag_source *source, struct diags *d) {
    struct reader r = {.s = s, .d = d, .source = source, .ok = true};
    json_reader_init(&r.r, json);
    if (json_next(&r.r) != JSON_OBJECT_BEGIN)
        return fail(&r, "overrides are an object");
    return read_entries(&r, true) && (json_next(&r.r) == JSON_END || fail(&r, "something follows the overrides"));
}

/* ---- writing --------------------------------------------------------------------------------------------- */

static const char *bind_name(override_bind b) {
    return b == OVERRIDE_BY_IDENTITY ? "identity" : b == OVERRIDE_BY_QUERY ? "query" : "name";
}

static void put(struct json_writer *w, const char *key, str value) {
    json_key(w, str_from_z(key));
    json_str(w, value);
}

void override_write_json(const override_set *s, bool ours, struct json_writer *w) {
    json_object_begin(w);
    for (size_t i = 0; i < s->entries.n; i++) {
        const override_entry *e = &s->entries.v[i];
        if (!ours && e->bind != OVERRIDE_BY_NAME)
            continue;
        json_key(w, e->node_id.n ? e->node_id : e->target);
        json_object_begin(w);
        if (ours) {
            put(w, "bind", str_from_z(bind_name(e->bind)));
            put(w, "target", e->target);
        } else {
            put(w, "named_location", e->target);
        }
        json_key(w, STR("attributes"));
        json_array_begin(w);
        for (size_t k = 0; k < e->settings.n; k++) {
            const legal_setting *set = &e->settings.v[k];
            char key[128];
            if (!ours && set->group != LEGAL_OUTPUT && set->group != LEGAL_CONV2D)
                continue;
            snprintf(key, sizeof key, "%.*s.%.*s", STR_ARG(legal_group_names[set->group]), STR_ARG(set->key));
            json_object_begin(w);
            put(w, "key", ours ? str_from_z(key) : set->key);
            put(w, "value", set->value);
            json_object_end(w);
        }
        json_array_end(w);
        json_object_end(w);
    }
    json_object_end(w);
}

void override_results_json(const override_set *s, struct json_writer *w) {
    json_array_begin(w);
    for (size_t i = 0; i < s->results.n; i++) {
        const override_result *r = &s->results.v[i];
        const override_entry *e = &s->entries.v[r->entry];
        const legal_setting *set = &e->settings.v[r->setting];
        json_object_begin(w);
        json_key(w, STR("entry"));
        json_u64(w, r->entry);
        json_key(w, STR("setting"));
        json_u64(w, r->setting);
        put(w, "target", e->target);
        put(w, "bind", str_from_z(bind_name(e->bind)));
        put(w, "group", legal_group_names[set->group]);
        put(w, "key", set->key);
        put(w, "value", set->value);
        put(w, "state", str_from_z(override_state_names[r->state]));
        if (r->op.n)
            put(w, "op", r->op);
        if (r->location.n)
            put(w, "location", r->location);
        if (r->why.n)
            put(w, "why", r->why);
        if (r->n_nearest) {
            json_key(w, STR("nearest"));
            json_array_begin(w);
            for (uint32_t k = 0; k < r->n_nearest; k++)
                json_str(w, r->nearest[k]);
            json_array_end(w);
        }
        json_object_end(w);
    }
    json_array_end(w);
}
