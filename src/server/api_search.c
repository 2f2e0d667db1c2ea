/* Searching a graph. */
#include <math.h>
#include <string.h>

#include "graph/search.h"
#include "server/api_inner.h"

enum { SEARCH_TERMS = 32, SEARCH_LIMIT = 100000 };

static const struct {
    const char *name;
    uint32_t bit;
} places[] = {
    {"label", SEARCH_LABEL}, {"attrs", SEARCH_ATTRS},         {"inputs", SEARCH_INPUTS}, {"outputs", SEARCH_OUTPUTS},
    {"id", SEARCH_ID},       {"namespace", SEARCH_NAMESPACE}, {"layers", SEARCH_LAYERS},
};
enum { N_PLACES = sizeof places / sizeof *places };

/* The bit of a place; 0, with the answer given, when there is none of this name. */
static uint32_t place_bit(struct http_request *r, str name) {
    for (size_t i = 0; i < N_PLACES; i++)
        if (str_eq(name, str_from_z(places[i].name)))
            return places[i].bit;
    api_error(r, 400, "label, attrs, inputs, outputs, id, namespace, layers", "there is no place %.*s to search in",
              STR_ARG(str_slice(name, 0, 80)));
    return 0;
}

/* "label,attrs" as bits; 0 with the answer given. */
static uint32_t places_of(struct http_request *r, str list) {
    uint32_t bits = 0;
    if (!list.n)
        return SEARCH_ALL;
    while (list.n) {
        size_t comma = str_find_char(list, ',');
        uint32_t bit = place_bit(r, str_slice(list, 0, comma));
        if (!bit)
            return 0;
        bits |= bit;
        list = str_from(list, comma + 1);
    }
    return bits;
}

static bool go_on(void *ctx, double done) {
    (void)done;
    return !http_gone(ctx);
}

static void write_hits(struct http_request *r, const graph *g, const search_result *found, bool nodes) {
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    api_put_u64(w, STR("total"), found->total);
    if (nodes) {
        json_key(w, STR("nodes"));
        json_array_begin(w);
        for (size_t i = 0; i < found->n; i++)
            json_u64(w, found->v[i].node);
        json_array_end(w);
    }
    json_key(w, STR("hits"));
    json_array_begin(w);
    struct buf id;
    buf_init(&id, r->arena->mem);
    for (size_t i = 0; i < found->n && !nodes; i++) {
        const search_hit *hit = &found->v[i];
        buf_clear(&id);
        graph_put_id(g, hit->node, &id);
        json_object_begin(w);
        api_put_u64(w, STR("node"), hit->node);
        api_put_str(w, STR("id"), buf_str(&id));
        api_put_str(w, STR("label"), graph_label(g, hit->node));
        json_key(w, STR("where"));
        json_array_begin(w);
        for (size_t k = 0; k < N_PLACES; k++)
            if (hit->where & places[k].bit)
                json_str(w, str_from_z(places[k].name));
        json_array_end(w);
        json_object_end(w);
    }
    buf_free(&id);
    json_array_end(w);
    json_object_end(w);
}

static void run_search(struct http_request *r, const search_term *terms, size_t n, uint64_t within, uint64_t limit,
                       bool nodes) {
    struct api_graph ag;
    struct mem scratch = {0};
    search_result found;
    if (!api_graph_open(r, &ag))
        return;
    if (within >= ag.g->n_nodes) {
        api_error(r, 404, NULL, "the graph has %u nodes, there is no node %llu", ag.g->n_nodes,
                  (unsigned long long)within);
        api_graph_close(r, &ag);
        return;
    }
    const search_options o = {
        .within = (graph_node)within, .limit = (size_t)limit, .progress = go_on, .progress_ctx = r};
    switch (graph_search(ag.g, &scratch, terms, n, &o, &found)) {
    case SEARCH_OK: write_hits(r, ag.g, &found, nodes); break;
    case SEARCH_BAD_PATTERN:
        api_error(r, 400, "plain=1 searches for text as it is", "the pattern is wrong: %s", found.error);
        break;
    case SEARCH_CANCELLED: api_error(r, 503, NULL, "the search was cancelled"); break;
    case SEARCH_NO_MEMORY: api_error(r, 503, NULL, "out of memory"); break;
    }
    search_free(&found);
    api_graph_close(r, &ag);
}

void api_search(struct http_request *r) {
    search_term term = {.text = http_query(r, "q")};
    uint64_t limit = 200, within = 0;
    if (!term.text.p) {
        api_error(r, 400, NULL, "what is to be found? Say q=TEXT");
        return;
    }
    term.where = places_of(r, http_query(r, "in"));
    if (term.where && api_flag(r, "plain", &term.plain) && api_flag(r, "case", &term.case_matters) &&
        http_query_u64(r, "limit", SEARCH_LIMIT, &limit) && http_query_u64(r, "within", UINT32_MAX, &within))
        run_search(r, &term, 1, within, limit ? limit : 1, false);
}

/* --- several terms ------------------------------------------------------------------------------------------------ */

static bool read_where(struct http_request *r, str raw, uint32_t *bits) {
    struct json_reader in;
    enum json_kind kind;
    json_reader_init(&in, raw);
    *bits = SEARCH_ALL;
    if (!raw.p)
        return true;
    *bits = 0;
    if (json_next(&in) == JSON_ARRAY_BEGIN) {
        while ((kind = json_next(&in)) == JSON_STRING) {
            uint32_t bit = place_bit(r, json_unescape(&in, r->arena));
            if (!bit)
                return false;
            *bits |= bit;
        }
        if (kind == JSON_ARRAY_END && *bits)
            return true;
    }
    api_error(r, 400, NULL, "where must be a list of places");
    return false;
}

/* A number of a term; *out stays when it is absent or null. False with the answer given. */
static bool read_double(struct http_request *r, str raw, double *out, bool *there) {
    struct json_reader in;
    json_reader_init(&in, raw);
    if (!raw.p || str_eq(raw, STR("null")))
        return true;
    if (json_next(&in) != JSON_NUMBER) {
        api_error(r, 400, NULL, "min and max must be numbers");
        return false;
    }
    *out = json_get_double(&in);
    *there = true;
    return true;
}

/* One term, its raw text. */
static bool read_term(struct http_request *r, str raw, search_term *out) {
    bool range = false;
    str only = http_json_str(r, http_json_member(raw, STR("only")));
    *out =
        (search_term){.text = http_json_str(r, http_json_member(raw, STR("text"))), .min = -INFINITY, .max = INFINITY};
    if (!read_double(r, http_json_member(raw, STR("min")), &out->min, &range) ||
        !read_double(r, http_json_member(raw, STR("max")), &out->max, &range))
        return false;
    if (range)
        out->kind = SEARCH_RANGE;
    if (str_eq(only, STR("nodes")) || str_eq(only, STR("layers"))) {
        out->kind = str_eq(only, STR("nodes")) ? SEARCH_ONLY_NODES : SEARCH_ONLY_LAYERS;
        out->text = STR("");
    } else if (only.p) {
        api_error(r, 400, NULL, "only must be nodes or layers");
        return false;
    }
    if (!out->text.p) {
        api_error(r, 400, NULL, "each of terms must be an object with the string text");
        return false;
    }
    out->plain = str_eq(http_json_member(raw, STR("plain")), STR("true"));
    out->case_matters = str_eq(http_json_member(raw, STR("case")), STR("true"));
    out->negated = str_eq(http_json_member(raw, STR("not")), STR("true"));
    return read_where(r, http_json_member(raw, STR("where")), &out->where);
}

static bool read_number(struct http_request *r, str key, uint64_t max, uint64_t *out) {
    str raw = http_json_member(r->body, key);
    struct json_reader in;
    json_reader_init(&in, raw);
    if (!raw.p || (json_next(&in) == JSON_NUMBER && json_get_u64(&in, out) && *out <= max))
        return true;
    api_error(r, 400, NULL, "%.*s must be a number from 0 to %llu", STR_ARG(key), (unsigned long long)max);
    return false;
}

void api_search_terms(struct http_request *r) {
    search_term terms[SEARCH_TERMS];
    size_t n = 0;
    uint64_t limit = 200, within = 0;
    struct json_reader in;
    enum json_kind kind;
    if (!api_body_object(r))
        return;
    str raw = http_json_member(r->body, STR("terms"));
    json_reader_init(&in, raw);
    if (!raw.p || json_next(&in) != JSON_ARRAY_BEGIN) {
        api_error(r, 400, NULL, "terms must be a list");
        return;
    }
    while ((kind = json_next(&in)) != JSON_ARRAY_END) {
        const char *begin = in.text.p;
        if (kind != JSON_OBJECT_BEGIN || n == SEARCH_TERMS) {
            api_error(r, 400, NULL, "terms must be a list of at most %d objects", SEARCH_TERMS);
            return;
        }
        json_skip(&in, kind);
        if (!read_term(r, str_of(begin, (size_t)(in.p - begin)), &terms[n++]))
            return;
    }
    str form = http_json_str(r, http_json_member(r->body, STR("form")));
    if (n == 0)
        api_error(r, 400, NULL, "terms is empty");
    else if (read_number(r, STR("limit"), SEARCH_LIMIT, &limit) && read_number(r, STR("within"), UINT32_MAX, &within))
        run_search(r, terms, n, within, limit ? limit : 1, str_eq(form, STR("nodes")));
}
