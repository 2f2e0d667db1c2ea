/* Searching a graph. */
#include "graph/search_json.h"
#include "server/api_inner.h"

enum { SEARCH_LIMIT = 100000 };

/* The bit of a place; 0, with the answer given, when there is none of this name. */
static uint32_t place_bit(struct http_request *r, str name) {
    uint32_t bit = search_place(name);
    if (!bit)
        api_error(r, 400, SEARCH_PLACES, "there is no place %.*s to search in", STR_ARG(str_slice(name, 0, 80)));
    return bit;
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
    case SEARCH_OK: search_result_write(ag.g, &found, nodes, r->arena->mem, http_json(r, 200)); break;
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

static bool read_number(struct http_request *r, str key, uint64_t max, uint64_t *out) {
    str raw = json_member(r->body, key);
    struct json_reader in;
    json_reader_init(&in, raw);
    if (!raw.p || (json_next(&in) == JSON_NUMBER && json_get_u64(&in, out) && *out <= max))
        return true;
    api_error(r, 400, NULL, "%.*s must be a number from 0 to %llu", STR_ARG(key), (unsigned long long)max);
    return false;
}

void api_search_terms(struct http_request *r) {
    search_term terms[SEARCH_MAX_TERMS];
    size_t n;
    uint64_t limit = 200, within = 0;
    char error[200];
    if (!api_body_object(r))
        return;
    str raw = json_member(r->body, STR("terms")), form = http_json_str(r, json_member(r->body, STR("form")));
    if (!search_terms_read(raw, r->arena, terms, &n, error, sizeof error))
        api_error(r, 400, NULL, "%s", error);
    else if (read_number(r, STR("limit"), SEARCH_LIMIT, &limit) && read_number(r, STR("within"), UINT32_MAX, &within))
        run_search(r, terms, n, within, limit ? limit : 1, str_eq(form, STR("nodes")));
}
