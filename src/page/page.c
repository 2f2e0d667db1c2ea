/* Answers without a server; see page.h. */
#include "page/page.h"

#include <stdio.h>
#include <string.h>

#include "dialect/op_doc.h"
#include "graph/aggregate.h"
#include "graph/alike.h"
#include "graph/attrs.h"
#include "graph/diff.h"
#include "graph/graph_bin.h"
#include "graph/looks.h"
#include "graph/me_json.h"
#include "graph/search_json.h"
#include "graph/trace.h"
#include "text/text.h"

struct part {
    str text;          /* of a file of several modules: with as many line breaks before it as the file has */
    uint64_t first;    /* how many these are */
    ir_module *module; /* NULL: graph JSON, or it has errors */
    str collection;
    graph *graphs[GRAPH_LAYERS_N]; /* of a module, made when asked for */
    graph *stored;                 /* of graph JSON */
};

struct page {
    struct mem *mem;
    struct arena arena;
    str text, name;
    ir_context *ctx;
    struct diags diags;
    me_graphs json;
    VEC(struct part) parts;
};

/* ---- opening --------------------------------------------------------------------------------------------- */

/* Takes the module over in any case. */
static bool add_part(struct page *p, struct part part) {
    if (vec_push(&p->parts, part))
        return true;
    ir_module_free(part.module);
    return false;
}

/* The text of a part, so that its lines have the numbers they have in the file. */
static bool place_part(struct page *p, str piece, struct part *part) {
    for (const char *c = p->text.p; c < piece.p; c++)
        part->first += *c == '\n';
    part->text = piece;
    if (part->first == 0)
        return true;
    char *text = arena_alloc(&p->arena, (size_t)part->first + piece.n + 1, 1);
    if (!text)
        return false;
    memset(text, '\n', (size_t)part->first);
    memcpy(text + part->first, piece.p, piece.n);
    part->text = str_of(text, (size_t)part->first + piece.n);
    text[part->text.n] = 0;
    return true;
}

static bool read_modules(struct page *p) {
    size_t at = 0;
    str piece;
    p->ctx = ir_context_new(p->mem, dialect_resolve);
    if (!p->ctx)
        return false;
    while (text_split(p->text, &at, &piece)) {
        struct part part = {0};
        if (!place_part(p, piece, &part))
            return false;
        part.module = text_read(p->ctx, part.text, p->name, NULL, &p->diags);
        if (!add_part(p, part))
            return false;
    }
    return true;
}

static bool read_json(struct page *p) {
    struct diag_source *source = diags_add_source(&p->diags, p->name, p->text);
    graph_status status = me_json_read(p->mem, p->text, &p->diags, source, &p->json);
    if (status != GRAPH_OK)
        return status == GRAPH_BAD_INPUT && add_part(p, (struct part){0});
    for (size_t i = 0; i < p->json.n; i++)
        if (!add_part(p, (struct part){.stored = p->json.v[i].g, .collection = p->json.v[i].collection}))
            return false;
    return true;
}

struct page *page_open(struct mem *mem, str text, str name) {
    struct page *p = mem_alloc_zero(mem, sizeof *p);
    if (!p)
        return NULL;
    p->mem = mem;
    p->text = text;
    arena_init(&p->arena, mem);
    diags_init(&p->diags, mem);
    vec_init(&p->parts, mem);
    p->name = arena_str(&p->arena, name);
    if (!p->name.p || !(me_json_is(text) ? read_json(p) : read_modules(p))) {
        page_free(p);
        return NULL;
    }
    return p;
}

void page_free(struct page *p) {
    if (!p)
        return;
    for (size_t i = 0; i < p->parts.n; i++) {
        for (size_t k = 0; k < GRAPH_LAYERS_N; k++)
            graph_free(p->parts.v[i].graphs[k]);
        ir_module_free(p->parts.v[i].module);
    }
    vec_free(&p->parts);
    if (p->json.mem)
        me_graphs_free(&p->json);
    ir_context_unref(p->ctx);
    diags_free(&p->diags);
    arena_free(&p->arena);
    mem_free(p->mem, p, sizeof *p);
}

/* ---- requests -------------------------------------------------------------------------------------------- */

typedef struct request {
    struct page *page, *other;
    struct arena arena;
    struct buf *out;
    struct json_writer w;
    int status;
    const graph *g;
    str what, layers, id, direction, kind, style, form;
    str terms, nodes, ops, ids, data; /* raw JSON */
    uint64_t part, other_part, node, from, to, steps, limit, within;
    bool types, has_node, has_from, has_to;
} request;

/* An answer instead of what was begun; false. */
static bool refuse(request *r, int status, const char *text) {
    buf_clear(r->out);
    r->status = status;
    r->w = json_writer_to(r->out);
    json_object_begin(&r->w);
    json_key(&r->w, STR("error"));
    json_object_begin(&r->w);
    json_key(&r->w, STR("code"));
    json_str(&r->w, status == 404 ? STR("not_found") : status == 503 ? STR("unavailable") : STR("bad_request"));
    json_key(&r->w, STR("message"));
    json_str(&r->w, str_from_z(text));
    json_object_end(&r->w);
    json_object_end(&r->w);
    return false;
}

static bool check(request *r, graph_status status) {
    if (status == GRAPH_OK)
        return true;
    return refuse(r, status == GRAPH_BAD_INPUT ? 400 : 503, graph_status_text(status));
}

/* The raw text of the value that follows a key. */
static str raw_value(struct json_reader *in) {
    enum json_kind kind = json_next(in);
    size_t begin = json_at(in);
    json_skip(in, kind);
    return str_of(in->begin + begin, (size_t)(in->p - in->begin) - begin);
}

static bool read_request(request *r, str text) {
    static const struct {
        str key;
        size_t at;
        enum { TEXT, NUMBER, FLAG, RAW } kind;
        size_t seen; /* of numbers: the flag that it was there; 0 none */
    } members[] = {
#define AT(m) offsetof(request, m)
        {STR_INIT("what"), AT(what), TEXT, 0},
        {STR_INIT("layers"), AT(layers), TEXT, 0},
        {STR_INIT("id"), AT(id), TEXT, 0},
        {STR_INIT("direction"), AT(direction), TEXT, 0},
        {STR_INIT("kind"), AT(kind), TEXT, 0},
        {STR_INIT("style"), AT(style), TEXT, 0},
        {STR_INIT("form"), AT(form), TEXT, 0},
        {STR_INIT("terms"), AT(terms), RAW, 0},
        {STR_INIT("nodes"), AT(nodes), RAW, 0},
        {STR_INIT("ops"), AT(ops), RAW, 0},
        {STR_INIT("ids"), AT(ids), RAW, 0},
        {STR_INIT("data"), AT(data), RAW, 0},
        {STR_INIT("part"), AT(part), NUMBER, 0},
        {STR_INIT("other_part"), AT(other_part), NUMBER, 0},
        {STR_INIT("node"), AT(node), NUMBER, AT(has_node)},
        {STR_INIT("from"), AT(from), NUMBER, AT(has_from)},
        {STR_INIT("to"), AT(to), NUMBER, AT(has_to)},
        {STR_INIT("steps"), AT(steps), NUMBER, 0},
        {STR_INIT("limit"), AT(limit), NUMBER, 0},
        {STR_INIT("within"), AT(within), NUMBER, 0},
        {STR_INIT("types"), AT(types), FLAG, 0},
#undef AT
    };
    struct json_reader in;
    enum json_kind kind;
    json_reader_init(&in, text);
    if (json_next(&in) != JSON_OBJECT_BEGIN)
        return refuse(r, 400, "a request is an object");
    while ((kind = json_next(&in)) == JSON_KEY) {
        size_t i = 0, n = sizeof members / sizeof *members;
        while (i < n && !json_key_is(&in, members[i].key))
            i++;
        if (i == n) {
            json_skip(&in, kind);
            continue;
        }
        char *to = (char *)r + members[i].at;
        bool good = true;
        switch (members[i].kind) {
        case RAW: *(str *)(void *)to = raw_value(&in); break;
        case FLAG: *(bool *)(void *)to = json_next(&in) == JSON_TRUE; break;
        case TEXT:
            good = json_next(&in) == JSON_STRING;
            if (good)
                *(str *)(void *)to = json_unescape(&in, &r->arena);
            break;
        case NUMBER:
            good = json_next(&in) == JSON_NUMBER && json_get_u64(&in, (uint64_t *)(void *)to);
            if (good && members[i].seen)
                *(bool *)((char *)r + members[i].seen) = true;
            break;
        }
        if (!good)
            return refuse(r, 400, "a parameter is of the wrong type");
    }
    return kind == JSON_OBJECT_END || refuse(r, 400, "the request is not JSON");
}

/* The graph of a part of a model; NULL with the answer given. */
static const graph *graph_of(request *r, struct page *p, uint64_t number) {
    graph_layers layers = r->layers.n ? graph_layers_by_name(r->layers) : GRAPH_LAYERS_AUTO;
    if (layers == GRAPH_LAYERS_N) {
        refuse(r, 400, "there are no such layers in this page");
        return NULL;
    }
    if (!p || number >= p->parts.n) {
        refuse(r, 404, "the model has no such part");
        return NULL;
    }
    struct part *part = &p->parts.v[number];
    if (part->stored)
        return part->stored;
    if (!part->module) {
        refuse(r, 422, "this part of the model could not be read");
        return NULL;
    }
    const graph_options o = {.layers = layers, .id = p->name};
    if (!part->graphs[layers] && !check(r, graph_build(p->mem, part->module, &o, &part->graphs[layers])))
        return NULL;
    return part->graphs[layers];
}

/* The node that a parameter gives; `id` may stand in for "node". */
static bool node_of(request *r, bool there, uint64_t number, graph_node *out) {
    if (!there && r->id.p) {
        *out = graph_find(r->g, r->id);
        return *out || str_eq(r->id, STR("layer:")) || refuse(r, 404, "no node of the graph has this id");
    }
    if (!there)
        return refuse(r, 400, "which node?");
    if (number >= r->g->n_nodes)
        return refuse(r, 404, "the graph has no such node");
    *out = (graph_node)number;
    return true;
}

/* ---- answers --------------------------------------------------------------------------------------------- */

static void answer_model(request *r) {
    struct json_writer *w = &r->w;
    const struct page *p = r->page;
    json_object_begin(w);
    json_key(w, STR("parts"));
    json_array_begin(w);
    for (size_t i = 0; i < p->parts.n; i++) {
        const struct part *part = &p->parts.v[i];
        json_object_begin(w);
        json_key(w, STR("part"));
        json_u64(w, i);
        json_key(w, STR("readable"));
        json_bool(w, part->module || part->stored);
        json_key(w, STR("collection"));
        json_str(w, part->collection);
        json_key(w, STR("first"));
        json_u64(w, part->first);
        if (part->stored) {
            json_member_u64(w, STR("ops"), part->stored->n_ops);
            json_member_str(w, STR("graph"), part->stored->id);
            json_key(w, STR("subgraphs"));
            check(r, graph_subgraph_ids_json(part->stored, p->mem, w));
        }
        json_object_end(w);
    }
    json_array_end(w);
    json_key(w, STR("json"));
    json_bool(w, p->json.mem != NULL);
    json_key(w, STR("diagnostics"));
    json_array_begin(w);
    for (size_t i = 0; i < p->diags.list.n; i++) {
        json_object_begin(w);
        json_key(w, STR("severity"));
        json_str(w, STR("error"));
        json_key(w, STR("message"));
        json_str(w, p->diags.list.v[i].message);
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
}

static void answer_text(request *r) {
    const struct page *p = r->page;
    if (r->part >= p->parts.n)
        refuse(r, 404, "the model has no such part");
    else
        buf_put_str(r->out, p->parts.v[r->part].text.p ? p->parts.v[r->part].text : p->text);
}

static void answer_graph(request *r) {
    check(r, graph_bin_write(r->g, r->page->mem, r->out));
}

static void answer_json(request *r) {
    me_write_options o = {.style = str_eq(r->style, STR("adapter")) ? ME_STYLE_ADAPTER : ME_STYLE_OWN};
    buf_lit(r->out, "{\"graphs\":[");
    if (check(r, me_json_write_graph(r->g, &o, r->page->mem, r->out)))
        buf_lit(r->out, "]}");
}

static void write_node(request *r, struct graph_attrs *a, graph_node n) {
    if (!graph_node_json(a, n, NULL, NULL, &r->w))
        refuse(r, 503, "out of memory");
}

static void answer_node(request *r) {
    graph_node n;
    struct graph_attrs a;
    if (!node_of(r, r->has_node, r->node, &n))
        return;
    graph_attrs_init(&a, r->g, r->page->mem);
    write_node(r, &a, n);
    graph_attrs_free(&a);
}

static void answer_nodes(request *r) {
    struct graph_attrs a;
    struct json_reader in;
    enum json_kind kind;
    json_reader_init(&in, r->nodes);
    if (json_next(&in) != JSON_ARRAY_BEGIN) {
        refuse(r, 400, "nodes must be a list of numbers");
        return;
    }
    graph_attrs_init(&a, r->g, r->page->mem);
    json_object_begin(&r->w);
    json_key(&r->w, STR("nodes"));
    json_array_begin(&r->w);
    while (r->status == 200 && (kind = json_next(&in)) == JSON_NUMBER) {
        uint64_t n;
        if (!json_get_u64(&in, &n) || n >= r->g->n_nodes)
            refuse(r, 404, "the graph has no such node");
        else
            write_node(r, &a, (graph_node)n);
    }
    graph_attrs_free(&a);
    if (r->status != 200)
        return;
    json_array_end(&r->w);
    json_object_end(&r->w);
}

static void answer_search(request *r) {
    search_term terms[SEARCH_MAX_TERMS];
    search_result found;
    size_t n;
    char error[200];
    if (!search_terms_read(r->terms, &r->arena, terms, &n, error, sizeof error)) {
        refuse(r, 400, error);
        return;
    }
    const search_options o = {.within = r->within < r->g->n_nodes ? (graph_node)r->within : 0,
                              .limit = r->limit ? (size_t)r->limit : 200};
    switch (graph_search(r->g, r->page->mem, terms, n, &o, &found)) {
    case SEARCH_OK: search_result_write(r->g, &found, str_eq(r->form, STR("nodes")), r->page->mem, &r->w); break;
    case SEARCH_BAD_PATTERN:
        snprintf(error, sizeof error, "the pattern is wrong: %.160s", found.error);
        refuse(r, 400, error);
        break;
    case SEARCH_CANCELLED:
    case SEARCH_NO_MEMORY: refuse(r, 503, "out of memory"); break;
    }
    search_free(&found);
}

static void answer_trace(request *r) {
    graph_node n;
    if (node_of(r, r->has_node, r->node, &n))
        check(r, graph_trace_json(r->g, r->page->mem, n, !str_eq(r->direction, STR("down")),
                                  !str_eq(r->direction, STR("up")), (uint32_t)r->steps, NULL, &r->w));
}

static void answer_paths(request *r) {
    graph_node from, to;
    const graph_paths_options o = {.shortest = !str_eq(r->kind, STR("all")),
                                   .limit = r->limit ? (size_t)r->limit : 100};
    if (!node_of(r, r->has_from, r->from, &from) || !node_of(r, r->has_to, r->to, &to))
        return;
    graph_status status = graph_paths_json(r->g, r->page->mem, from, to, &o, &r->w);
    if (status == GRAPH_BAD_INPUT)
        refuse(r, 400, "a path leads from one node to another: neither may be the other, nor lie inside it");
    else
        check(r, status);
}

static void answer_identical(request *r) {
    graph_node layer = 0;
    if ((!r->has_node && !r->id.p) || node_of(r, r->has_node, r->node, &layer))
        check(r, graph_alike_json(r->g, r->page->mem, layer, r->types, NULL, &r->w));
}

static void answer_bind(request *r) {
    VEC(str) ids;
    struct json_reader in;
    bool failed = false;
    vec_init(&ids, r->page->mem);
    json_reader_init(&in, r->ids);
    if (json_next(&in) == JSON_ARRAY_BEGIN)
        while (json_next(&in) == JSON_STRING && !failed) {
            str id = json_unescape(&in, &r->arena);
            failed = !id.p || !vec_push(&ids, id);
        }
    graph_node *nodes = mem_alloc(r->page->mem, ids.n * sizeof *nodes);
    if (failed || !nodes || graph_bind_ids(r->g, r->page->mem, ids.v, ids.n, nodes) != GRAPH_OK) {
        refuse(r, 503, "out of memory");
    } else {
        json_object_begin(&r->w);
        json_key(&r->w, STR("nodes"));
        json_array_begin(&r->w);
        for (size_t i = 0; i < ids.n; i++)
            json_u64(&r->w, nodes[i]);
        json_array_end(&r->w);
        json_object_end(&r->w);
    }
    mem_free(r->page->mem, nodes, nodes ? ids.n * sizeof *nodes : 0);
    vec_free(&ids);
}

/* Node data of the request, bound: its values, or its sums by layer. */
static void answer_data(request *r, bool layers) {
    struct mem *mem = r->page->mem;
    struct diags d;
    overlay_list list;
    overlay_binding *pairs;
    size_t n;
    diags_init(&d, mem);
    if (overlays_read(mem, r->data, &d, NULL, &list) != GRAPH_OK || list.n == 0) {
        refuse(r, 422, d.list.n ? "this is no node data" : "out of memory");
        diags_free(&d);
        return;
    }
    if (check(r, overlay_bind(&list.v[0], r->g, mem, &pairs, &n))) {
        overlay_sums sums = {.mem = mem};
        if (!layers)
            overlay_values_write(&list.v[0], pairs, n, &r->w);
        else if (check(r, overlay_sum_layers(&list.v[0], r->g, pairs, n, mem, &sums)))
            overlay_sums_write(&sums, &r->w);
        overlay_sums_free(&sums);
        mem_free(mem, pairs, n * sizeof *pairs);
    }
    overlay_list_free(&list);
    diags_free(&d);
}

static void answer_values(request *r) {
    answer_data(r, false);
}

static void answer_layers(request *r) {
    answer_data(r, true);
}

static void answer_places(request *r) {
    const graph *g = r->g;
    json_object_begin(&r->w);
    json_key(&r->w, STR("places"));
    json_array_begin(&r->w);
    for (graph_node n = 1; n < g->n_nodes && g->module; n++) {
        ir_op op = graph_op(g, n);
        if (!op)
            continue;
        const ir_op_data *d = &g->module->ops[op];
        if (!d->src_end)
            continue;
        json_u64(&r->w, n);
        json_u64(&r->w, d->src);
        json_u64(&r->w, d->src_end);
    }
    json_array_end(&r->w);
    json_object_end(&r->w);
}

/* The flags [0, n) of the numbers in a list; NULL with the answer given. Freed with mem_free(.., n). */
static uint8_t *flags_of(request *r, str list, uint32_t n) {
    uint8_t *flags = mem_alloc_zero(r->page->mem, n);
    struct json_reader in;
    enum json_kind kind;
    uint64_t v;
    if (!flags) {
        refuse(r, 503, "out of memory");
        return NULL;
    }
    json_reader_init(&in, list);
    kind = json_next(&in);
    while (kind == JSON_ARRAY_BEGIN || kind == JSON_NUMBER) {
        kind = json_next(&in);
        if (kind == JSON_NUMBER && json_get_u64(&in, &v) && v < n)
            flags[v] = 1;
    }
    return flags;
}

static void answer_ops(request *r) {
    const graph *g = r->g;
    uint8_t *wanted = flags_of(r, r->nodes, g->n_nodes);
    if (!wanted)
        return;
    for (graph_node n = 0; n < g->n_nodes; n++) /* a layer comes before what is in it */
        if (wanted[n] && graph_is_layer(g, n))
            memset(wanted + n, 1, g->nodes[n].end - n);
    json_object_begin(&r->w);
    json_key(&r->w, STR("ops"));
    json_array_begin(&r->w);
    uint64_t number = 0;
    for (ir_op op = g->module ? g->module->root : 0; op; op = ir_walk_next(g->module, g->module->root, op), number++) {
        graph_node n = graph_node_of_op(g, op);
        if (n && wanted[n])
            json_u64(&r->w, number);
    }
    json_array_end(&r->w);
    json_key(&r->w, STR("arguments"));
    json_array_begin(&r->w);
    struct buf id;
    buf_init(&id, r->page->mem);
    for (graph_node n = 1; n < g->n_nodes; n++)
        if (wanted[n] && g->nodes[n].kind == GRAPH_ARGUMENT) {
            buf_clear(&id);
            graph_put_id(g, n, &id);
            json_str(&r->w, buf_str(&id));
        }
    buf_free(&id);
    json_array_end(&r->w);
    json_object_end(&r->w);
    mem_free(r->page->mem, wanted, g->n_nodes);
}

static void answer_nodes_of(request *r) {
    const graph *g = r->g;
    uint32_t n_ops = g->module ? g->module->n_ops : 0;
    uint8_t *found = mem_alloc_zero(r->page->mem, g->n_nodes), *wanted = found ? flags_of(r, r->ops, n_ops) : NULL;
    uint32_t number = 0;
    if (!found)
        refuse(r, 503, "out of memory");
    for (ir_op op = wanted && n_ops ? g->module->root : 0; op && number < n_ops;
         op = ir_walk_next(g->module, g->module->root, op), number++)
        if (wanted[number])
            found[graph_node_of_op(g, op)] = 1;
    if (wanted) {
        struct json_reader in;
        json_reader_init(&in, r->ids);
        if (r->ids.n && json_next(&in) == JSON_ARRAY_BEGIN)
            while (json_next(&in) == JSON_STRING)
                found[graph_find(g, json_unescape(&in, &r->arena))] = 1;
        json_object_begin(&r->w);
        json_key(&r->w, STR("nodes"));
        json_array_begin(&r->w);
        for (graph_node n = 1; n < g->n_nodes; n++)
            if (found[n])
                json_u64(&r->w, n);
        json_array_end(&r->w);
        json_object_end(&r->w);
    }
    mem_free(r->page->mem, wanted, wanted ? n_ops : 0);
    mem_free(r->page->mem, found, found ? g->n_nodes : 0);
}

static void answer_looks(request *r) {
    check(r, graph_looks_json(r->g, r->page->mem, &r->w));
}

static void answer_op(request *r) {
    const op_def *d = dialect_find_op(r->id);
    if (d)
        dialect_op_doc(d, &r->w);
    else
        refuse(r, 404, "no table has an op of this name");
}

/* Differences that are listed unless told. */
#define DIFF_LIST 1000

static void answer_diff(request *r) {
    const graph *right = graph_of(r, r->other, r->other_part);
    graph_diff *d;
    if (!right || !check(r, graph_diff_make(r->page->mem, r->g, right, NULL, 0, NULL, &d)))
        return;
    if (!(str_eq(r->form, STR("sync")) ? graph_diff_sync_json(d, r->page->mem, &r->w)
          : str_eq(r->form, STR("nodes"))
              ? graph_diff_nodes_json(d, &r->w)
              : graph_diff_json(d, r->page->mem, r->limit ? (size_t)r->limit : DIFF_LIST, &r->w)))
        refuse(r, 503, "out of memory");
    graph_diff_free(d);
}

int page_ask(struct page *p, struct page *other, str text, struct buf *out) {
    static const struct {
        str what;
        void (*answer)(request *r);
        bool graph;
    } answers[] = {
        {STR_INIT("model"), answer_model, false},
        {STR_INIT("text"), answer_text, false},
        {STR_INIT("graph"), answer_graph, true},
        {STR_INIT("json"), answer_json, true},
        {STR_INIT("node"), answer_node, true},
        {STR_INIT("nodes"), answer_nodes, true},
        {STR_INIT("search"), answer_search, true},
        {STR_INIT("trace"), answer_trace, true},
        {STR_INIT("paths"), answer_paths, true},
        {STR_INIT("bind"), answer_bind, true},
        {STR_INIT("identical"), answer_identical, true},
        {STR_INIT("values"), answer_values, true},
        {STR_INIT("layers"), answer_layers, true},
        {STR_INIT("places"), answer_places, true},
        {STR_INIT("ops"), answer_ops, true},
        {STR_INIT("nodes-of"), answer_nodes_of, true},
        {STR_INIT("diff"), answer_diff, true},
        {STR_INIT("op"), answer_op, false},
        {STR_INIT("looks"), answer_looks, true},
    };
    request r = {.page = p, .other = other, .out = out, .w = json_writer_to(out), .status = 200};
    arena_init(&r.arena, p->mem);
    if (read_request(&r, text)) {
        size_t i = 0, n = sizeof answers / sizeof *answers;
        while (i < n && !str_eq(r.what, answers[i].what))
            i++;
        if (i == n)
            refuse(&r, 404, "this page cannot do that: it has no server");
        else if (!answers[i].graph || (r.g = graph_of(&r, p, r.part)) != NULL)
            answers[i].answer(&r);
    }
    arena_free(&r.arena);
    if (out->failed && r.status == 200)
        r.status = 503;
    return r.status;
}
