/* Searching a graph; see search.h. */
#include "graph/search.h"

#include <string.h>

#include "base/num.h"
#include "base/vec.h"
#include "graph/attrs.h"
#include "graph/regex.h"

typedef struct searcher {
    const graph *g;
    struct mem *mem;
    const search_term *terms;
    regex **compiled;
    size_t n_terms;
    struct graph_attrs a;
    struct buf text;
    bool failed;
} searcher;

/* "key: value" of each attribute in s->a. */
static bool in_attrs(searcher *s, regex *r) {
    for (size_t i = 0; i < s->a.list.n; i++) {
        const graph_attr *x = &s->a.list.v[i];
        if (x->flags & GRAPH_ATTR_NODE_IDS)
            continue;
        buf_clear(&s->text);
        buf_put_str(&s->text, x->key);
        buf_lit(&s->text, ": ");
        buf_put_str(&s->text, x->value);
        if (regex_find(r, buf_str(&s->text)))
            return true;
    }
    return false;
}

/* Who makes an input counts where labels are not looked at: else what reads a matmul would be found beside each matmul. */
static bool in_inputs(searcher *s, regex *r, graph_node n, bool makers) {
    uint32_t count;
    const graph_edge *e = graph_in(s->g, n, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (makers && regex_find(r, graph_label(s->g, e[i].source)))
            return true;
        graph_attrs_input(&s->a, n, i);
        if (in_attrs(s, r))
            return true;
    }
    return false;
}

static bool in_outputs(searcher *s, regex *r, graph_node n) {
    uint32_t results = graph_n_results(s->g, n);
    for (uint32_t i = 0; i < results; i++) {
        graph_attrs_output(&s->a, n, i, GRAPH_NONE);
        if (in_attrs(s, r))
            return true;
    }
    return false;
}

static bool in_id(searcher *s, regex *r, graph_node n) {
    buf_clear(&s->text);
    graph_put_id(s->g, n, &s->text);
    if (regex_find(r, buf_str(&s->text)))
        return true;
    buf_clear(&s->text);
    return graph_put_adapter_id(s->g, n, &s->text) && regex_find(r, buf_str(&s->text));
}

bool search_is_weight(const graph *g, graph_node n) {
    static const str called[] = {STR_INIT("Const"),         STR_INIT("const"),        STR_INIT("Constant"),
                                 STR_INIT("constant"),      STR_INIT("pseudo_const"), STR_INIT("pseudo_qconst"),
                                 STR_INIT("ReadVariableOp")};
    const graph_node_data *d = graph_at(g, n);
    uint32_t inputs;
    if (d->kind == GRAPH_CONSTANT || (d->kind == GRAPH_ARGUMENT && d->flags & GRAPH_PARAMETER))
        return true;
    if (d->kind != GRAPH_OP || !g->stored)
        return false;
    (void)graph_in(g, n, &inputs);
    str label = graph_label(g, n);
    for (size_t i = label.n; i-- > 0;) /* behind the dialect */
        if (label.p[i] == '.') {
            label = str_from(label, i + 1);
            break;
        }
    for (size_t i = 0; inputs == 0 && i < sizeof called / sizeof *called; i++)
        if (str_eq(label, called[i]))
            return true;
    return false;
}

static bool in_weight(searcher *s, regex *r, graph_node n) {
    if (!search_is_weight(s->g, n))
        return false;
    if (regex_find(r, graph_label(s->g, n)) || in_id(s, r, n) || in_outputs(s, r, n))
        return true;
    graph_attrs_node(&s->a, n);
    return in_attrs(s, r);
}

/* Whether an attribute is a number in a range. Text behind the number (a unit) is no matter. */
static bool in_range(searcher *s, const search_term *t, graph_node n) {
    graph_attrs_node(&s->a, n);
    str value = graph_attrs_get(&s->a, t->text);
    double v;
    return num_parse_double(value, &v) > 0 && v >= t->min && v <= t->max;
}

/* The places in which a term is found; one is enough unless `all`. */
static uint32_t places(searcher *s, size_t term, graph_node n, bool all) {
    regex *r = s->compiled[term];
    switch (s->terms[term].kind) {
    case SEARCH_TEXT: break;
    case SEARCH_RANGE: return in_range(s, &s->terms[term], n) ? SEARCH_ATTRS : 0;
    case SEARCH_ONLY_NODES: return graph_is_layer(s->g, n) ? 0 : SEARCH_LABEL;
    case SEARCH_ONLY_LAYERS: return graph_is_layer(s->g, n) ? SEARCH_LABEL : 0;
    }
    uint32_t where = s->terms[term].where, found = 0;
    if (where & SEARCH_LABEL && regex_find(r, graph_label(s->g, n)))
        found |= SEARCH_LABEL;
    if (where & SEARCH_ID && (all || !found) && in_id(s, r, n))
        found |= SEARCH_ID;
    if (where & SEARCH_NAMESPACE && (all || !found)) {
        buf_clear(&s->text);
        graph_put_namespace(s->g, n, &s->text);
        if (regex_find(r, buf_str(&s->text)))
            found |= SEARCH_NAMESPACE;
    }
    if (where & SEARCH_ATTRS && (all || !found)) {
        graph_attrs_node(&s->a, n);
        if (in_attrs(s, r))
            found |= SEARCH_ATTRS;
    }
    if (where & SEARCH_INPUTS && (all || !found) && in_inputs(s, r, n, !(where & SEARCH_LABEL)))
        found |= SEARCH_INPUTS;
    if (where & SEARCH_OUTPUTS && (all || !found) && in_outputs(s, r, n))
        found |= SEARCH_OUTPUTS;
    if (where & SEARCH_WEIGHTS && (all || !found) && in_weight(s, r, n))
        found |= SEARCH_WEIGHTS;
    s->failed |= s->a.failed || s->text.failed || regex_failed(r);
    return found;
}

/* Whether all terms hold; where the last positive one was found. */
static bool matches(searcher *s, graph_node n, uint32_t *where) {
    size_t last = s->n_terms;
    for (size_t i = s->n_terms; i-- > 0 && last == s->n_terms;)
        if (!s->terms[i].negated)
            last = i;
    *where = 0;
    for (size_t i = 0; i < s->n_terms; i++) {
        uint32_t found = places(s, i, n, i == last);
        if ((found != 0) == s->terms[i].negated)
            return false;
        if (i == last)
            *where = found;
    }
    return true;
}

static search_status run(searcher *s, const search_options *o, search_result *out) {
    const graph *g = s->g;
    bool layers = false;
    for (size_t i = 0; i < s->n_terms; i++)
        layers |= (s->terms[i].where & SEARCH_LAYERS) != 0 || s->terms[i].kind == SEARCH_ONLY_LAYERS;
    graph_node first = o->within + 1, end = g->nodes[o->within].end;
    for (graph_node n = first; n < end; n++) {
        uint32_t where;
        if (((n - first) & 1023) == 0 &&
            ((o->cancel && atomic_load_explicit(o->cancel, memory_order_relaxed)) ||
             (o->progress && !o->progress(o->progress_ctx, (double)(n - first) / (end - first)))))
            return SEARCH_CANCELLED;
        if ((graph_is_layer(g, n) && !layers) || !matches(s, n, &where))
            continue;
        out->total++;
        if (o->limit && out->n >= o->limit)
            continue;
        if (out->n == out->cap)
            out->v = vec_grow(s->mem, out->v, &out->cap, out->n + 1, sizeof *out->v, &s->failed);
        if (s->failed)
            return SEARCH_NO_MEMORY;
        out->v[out->n++] = (search_hit){n, where};
    }
    return s->failed ? SEARCH_NO_MEMORY : SEARCH_OK;
}

search_status graph_search(const graph *g, struct mem *mem, const search_term *terms, size_t n_terms,
                           const search_options *o, search_result *out) {
    static const search_options everywhere;
    searcher s = {.g = g, .mem = mem, .terms = terms, .n_terms = n_terms};
    *out = (search_result){.mem = mem};
    s.compiled = mem_alloc_zero(mem, n_terms * sizeof(regex *));
    if (!s.compiled)
        return SEARCH_NO_MEMORY;
    graph_attrs_init(&s.a, g, mem);
    s.a.max_value = 1 << 16;
    buf_init(&s.text, mem);
    search_status status = SEARCH_OK;
    for (size_t i = 0; status == SEARCH_OK && i < n_terms; i++) {
        if (terms[i].kind != SEARCH_TEXT)
            continue;
        s.compiled[i] =
            regex_new(mem, terms[i].text, terms[i].plain, terms[i].case_matters, out->error, sizeof out->error);
        if (!s.compiled[i])
            status = out->error[0] ? SEARCH_BAD_PATTERN : SEARCH_NO_MEMORY;
    }
    if (status == SEARCH_OK)
        status = run(&s, o ? o : &everywhere, out);
    for (size_t i = 0; i < n_terms; i++)
        regex_free(s.compiled[i]);
    mem_free(mem, s.compiled, n_terms * sizeof(regex *));
    graph_attrs_free(&s.a);
    buf_free(&s.text);
    return status;
}

void search_free(search_result *r) {
    mem_free(r->mem, r->v, r->cap * sizeof *r->v);
    r->v = NULL;
    r->n = r->cap = 0;
}
