/* Searches as JSON; see search_json.h. */
#include "graph/search_json.h"

#include <math.h>
#include <stdio.h>

#include "graph/attrs.h"

static const struct {
    const char *name;
    uint32_t bit;
} places[] = {
    {"label", SEARCH_LABEL}, {"attrs", SEARCH_ATTRS},         {"inputs", SEARCH_INPUTS}, {"outputs", SEARCH_OUTPUTS},
    {"id", SEARCH_ID},       {"namespace", SEARCH_NAMESPACE}, {"layers", SEARCH_LAYERS}, {"weights", SEARCH_WEIGHTS},
};
enum { N_PLACES = sizeof places / sizeof *places };

uint32_t search_place(str name) {
    for (size_t i = 0; i < N_PLACES; i++)
        if (str_eq(name, str_from_z(places[i].name)))
            return places[i].bit;
    return 0;
}

/* ---- reading --------------------------------------------------------------------------------------------- */

typedef struct reader {
    struct json_reader in;
    struct arena *arena;
    char *error;
    size_t size;
} reader;

static bool fail(reader *r, const char *text) {
    snprintf(r->error, r->size, "%s", text);
    return false;
}

static bool read_str(reader *r, const char *problem, str *out) {
    if (json_next(&r->in) != JSON_STRING)
        return fail(r, problem);
    *out = json_unescape(&r->in, r->arena);
    return out->p != NULL || fail(r, "out of memory");
}

static bool read_flag(reader *r, bool *out) {
    enum json_kind kind = json_next(&r->in);
    *out = kind == JSON_TRUE;
    return kind == JSON_TRUE || kind == JSON_FALSE || fail(r, "plain, case and not are true or false");
}

static bool read_bound(reader *r, search_term *t, double *out) {
    enum json_kind kind = json_next(&r->in);
    if (kind == JSON_NULL)
        return true;
    if (kind != JSON_NUMBER)
        return fail(r, "min and max must be numbers");
    *out = json_get_double(&r->in);
    t->kind = SEARCH_RANGE;
    return true;
}

static bool read_where(reader *r, search_term *t) {
    enum json_kind kind = json_next(&r->in);
    t->where = 0;
    if (kind != JSON_ARRAY_BEGIN)
        return fail(r, "where must be a list of places");
    while ((kind = json_next(&r->in)) == JSON_STRING) {
        str name = json_unescape(&r->in, r->arena);
        uint32_t bit = name.p ? search_place(name) : 0;
        if (!bit) {
            snprintf(r->error, r->size, "there is no place %.*s to search in", STR_ARG(str_slice(name, 0, 80)));
            return false;
        }
        t->where |= bit;
    }
    return (kind == JSON_ARRAY_END && t->where) || fail(r, "where must be a list of places");
}

static bool read_only(reader *r, search_term *t) {
    static const char problem[] = "only must be nodes or layers";
    str only;
    if (!read_str(r, problem, &only))
        return false;
    t->kind = str_eq(only, STR("nodes")) ? SEARCH_ONLY_NODES : SEARCH_ONLY_LAYERS;
    t->text = STR("");
    return t->kind == SEARCH_ONLY_NODES || str_eq(only, STR("layers")) || fail(r, problem);
}

static bool read_term(reader *r, search_term *t) {
    enum json_kind kind;
    *t = (search_term){.where = SEARCH_ALL, .min = -INFINITY, .max = INFINITY};
    while ((kind = json_next(&r->in)) == JSON_KEY) {
        bool fine = json_key_is(&r->in, STR("text"))    ? read_str(r, "the text of a term must be a string", &t->text)
                    : json_key_is(&r->in, STR("where")) ? read_where(r, t)
                    : json_key_is(&r->in, STR("plain")) ? read_flag(r, &t->plain)
                    : json_key_is(&r->in, STR("case"))  ? read_flag(r, &t->case_matters)
                    : json_key_is(&r->in, STR("not"))   ? read_flag(r, &t->negated)
                    : json_key_is(&r->in, STR("min"))   ? read_bound(r, t, &t->min)
                    : json_key_is(&r->in, STR("max"))   ? read_bound(r, t, &t->max)
                    : json_key_is(&r->in, STR("only"))  ? read_only(r, t)
                                                        : json_skip(&r->in, kind);
        if (!fine)
            return false;
    }
    return t->text.p != NULL || fail(r, "each of terms must be an object with the string text");
}

bool search_terms_read(str json, struct arena *a, search_term out[SEARCH_MAX_TERMS], size_t *n, char *error,
                       size_t size) {
    reader r = {.arena = a, .error = error, .size = size};
    enum json_kind kind;
    *n = 0;
    json_reader_init(&r.in, json);
    if (json_next(&r.in) != JSON_ARRAY_BEGIN)
        return fail(&r, "terms must be a list");
    while ((kind = json_next(&r.in)) == JSON_OBJECT_BEGIN && *n < SEARCH_MAX_TERMS)
        if (!read_term(&r, &out[(*n)++]))
            return false;
    if (kind != JSON_ARRAY_END) {
        snprintf(error, size, "terms must be a list of at most %d objects", SEARCH_MAX_TERMS);
        return false;
    }
    return *n > 0 || fail(&r, "terms is empty");
}

/* ---- writing --------------------------------------------------------------------------------------------- */

/* What a weight is called in the model: its label says that it is a constant, or which argument. */
static void write_name(struct graph_attrs *a, graph_node n, struct json_writer *w) {
    graph_attrs_node(a, n);
    str name = graph_attrs_get(a, STR("ttir.name"));
    if (name.n > 1 && name.p[0] == '"') /* as it stands in the text */
        name = str_slice(name, 1, name.n - 1);
    if (!name.n)
        name = graph_attrs_get(a, STR("named_location"));
    if (name.n)
        json_member_str(w, STR("name"), name);
}

static void write_hit(const graph *g, const search_hit *hit, struct graph_attrs *a, struct buf *id,
                      struct json_writer *w) {
    buf_clear(id);
    graph_put_id(g, hit->node, id);
    json_object_begin(w);
    json_key(w, STR("node"));
    json_u64(w, hit->node);
    json_key(w, STR("id"));
    json_str(w, buf_str(id));
    json_key(w, STR("label"));
    json_str(w, graph_label(g, hit->node));
    if (hit->where & SEARCH_WEIGHTS)
        write_name(a, hit->node, w);
    json_key(w, STR("where"));
    json_array_begin(w);
    for (size_t k = 0; k < N_PLACES; k++)
        if (hit->where & places[k].bit)
            json_str(w, str_from_z(places[k].name));
    json_array_end(w);
    json_object_end(w);
}

void search_result_write(const graph *g, const search_result *found, bool numbers, struct mem *mem,
                         struct json_writer *w) {
    struct buf id;
    struct graph_attrs a;
    buf_init(&id, mem);
    graph_attrs_init(&a, g, mem);
    json_object_begin(w);
    json_key(w, STR("total"));
    json_u64(w, found->total);
    if (numbers) {
        json_key(w, STR("nodes"));
        json_array_begin(w);
        for (size_t i = 0; i < found->n; i++)
            json_u64(w, found->v[i].node);
        json_array_end(w);
    }
    json_key(w, STR("hits"));
    json_array_begin(w);
    for (size_t i = 0; i < found->n && !numbers; i++)
        write_hit(g, &found->v[i], &a, &id, w);
    json_array_end(w);
    json_object_end(w);
    if (id.failed || a.failed)
        w->out->failed = true;
    graph_attrs_free(&a);
    buf_free(&id);
}
