/* Graph JSON into graphs.
 *
 * Members are kept as slices of the text; what the graph needs (ids, labels, namespaces) is unescaped. Edges are read
 * last, when all ids of the graph are known. Nothing recurses, and a namespace of more parts than MAX_PARTS is cut
 * there, so that nesting costs no more than the text is long.
 */
#include "graph/me_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/num.h"
#include "graph/drafts.h"
#include "graph/graph_inner.h"
#include "graph/stored.h"

enum { MAX_PARTS = 200 };

typedef struct reader {
    struct mem *mem;
    struct json_reader r;
    struct diags *d;
    struct diag_source *source;
    me_graphs *out;
    graph_status status;
    bool inside; /* of a collection, which holds no others */
} reader;

/* The graph being read. */
typedef struct making {
    reader *rd;
    graph *g;
    drafts d;
    VEC(stored_row) rows;
    VEC(uint32_t) draft_of; /* by row */
    struct map_str row_of;  /* id -> row */
    struct buf other;
    VEC(graph_edge) edges;
} making;

static bool fail(reader *rd, size_t begin, size_t end, const char *what) {
    if (rd->status == GRAPH_OK && rd->d)
        diag_add(rd->d, DIAG_ERROR, rd->source, begin, end, "%s", what);
    if (rd->status == GRAPH_OK)
        rd->status = GRAPH_BAD_INPUT;
    return false;
}

static bool no_memory(reader *rd) {
    if (rd->status == GRAPH_OK && rd->d)
        diag_out_of_memory(rd->d);
    rd->status = GRAPH_NO_MEMORY;
    return false;
}

/* The text is broken where the reader stands. */
static bool broken(reader *rd) {
    size_t at = rd->r.error ? rd->r.error_at : json_at(&rd->r);
    return fail(rd, at, at + 1, rd->r.error ? rd->r.error : "not the JSON of a graph");
}

static size_t position(const reader *rd) {
    return (size_t)(rd->r.p - rd->r.begin);
}

/* The value that follows a key, as text. */
static bool take_value(reader *rd, str *out) {
    enum json_kind kind = json_next(&rd->r);
    size_t at = json_at(&rd->r);
    if (kind == JSON_STRING) /* the token's place is that of its opening quote or behind it: take it from the text */
        at = (size_t)(rd->r.text.p - rd->r.begin) - 1;
    if (kind == JSON_ERROR || kind == JSON_END || !json_skip(&rd->r, kind))
        return broken(rd);
    *out = str_of(rd->r.begin + at, position(rd) - at);
    return true;
}

/* A string, or null for the empty one. */
static bool take_string(reader *rd, struct arena *arena, const char *what, str *out) {
    enum json_kind kind = json_next(&rd->r);
    size_t at = json_at(&rd->r);
    if (kind == JSON_NULL) {
        *out = (str){"", 0};
        return true;
    }
    if (kind != JSON_STRING)
        return kind == JSON_ERROR ? broken(rd) : fail(rd, at, at + 1, what);
    *out = json_unescape(&rd->r, arena);
    return out->p || no_memory(rd);
}

/* "key":value put behind what is in `other`, as it was written. */
static bool keep_member(reader *rd, struct buf *other) {
    const char *key = rd->r.text.p;
    size_t n = rd->r.text.n;
    str value;
    if (!take_value(rd, &value))
        return false;
    if (other->n)
        buf_putc(other, ',');
    buf_write(other, key - 1, n + 2);
    buf_putc(other, ':');
    buf_put_str(other, value);
    return !other->failed || no_memory(rd);
}

/* ---- nodes ----------------------------------------------------------------------------------------------- */

/* The layer of a namespace; only the last part that is not empty counts when it has ';'. */
static uint32_t layer_of(making *m, str space) {
    while (space.n) {
        size_t at = space.n;
        while (at && space.p[at - 1] != ';')
            at--;
        if (at < space.n) {
            space = str_from(space, at);
            break;
        }
        space.n--;
    }
    uint32_t layer = 0, parts = 0;
    for (size_t begin = 0; begin < space.n && !m->d.failed;) {
        size_t end = begin + str_find_char(str_from(space, begin), '/');
        if (++parts == MAX_PARTS)
            end = space.n;
        if (end > begin)
            layer = drafts_layer(&m->d, layer, drafts_string(&m->d, str_slice(space, begin, end), false),
                                 GRAPH_LAYER_STORED, 0);
        begin = end + 1;
    }
    return layer;
}

/* Whether a member is a list that holds a string. */
static bool is_list(str raw) {
    size_t at = str_find_char(raw, '[') + 1;
    while (at < raw.n && (raw.p[at] == ' ' || raw.p[at] == '\n' || raw.p[at] == '\r' || raw.p[at] == '\t'))
        at++;
    return at < raw.n && raw.p[at] == '"';
}

/* Whether a member "config":{...} says that the node stands at the top of its layer. */
static bool is_pinned(str member) {
    return str_eq(json_member(str_from(member, str_find_char(member, '{')), STR("pinToGroupTop")), STR("true"));
}

/* Behind the '{' of a node. */
static bool read_node(making *m) {
    reader *rd = m->rd;
    stored_row row = {.id = {"", 0}, .space = {"", 0}};
    str label = {"", 0};
    size_t begin = json_at(&rd->r);
    bool pinned = false, leads = false;
    buf_clear(&m->other);
    for (;;) {
        enum json_kind kind = json_next(&rd->r);
        if (kind == JSON_OBJECT_END)
            break;
        if (kind != JSON_KEY)
            return broken(rd);
        bool ok;
        if (json_key_is(&rd->r, STR("id")))
            ok = take_string(rd, &m->g->arena, "the id of a node must be a string", &row.id);
        else if (json_key_is(&rd->r, STR("label")))
            ok = take_string(rd, &m->g->arena, "the label of a node must be a string", &label);
        else if (json_key_is(&rd->r, STR("namespace")))
            ok = take_string(rd, &m->g->arena, "the namespace of a node must be a string", &row.space);
        else if (json_key_is(&rd->r, STR("attrs")))
            ok = take_value(rd, &row.attrs);
        else if (json_key_is(&rd->r, STR("incomingEdges")))
            ok = take_value(rd, &row.edges);
        else if (json_key_is(&rd->r, STR("inputsMetadata")))
            ok = take_value(rd, &row.inputs);
        else if (json_key_is(&rd->r, STR("outputsMetadata")))
            ok = take_value(rd, &row.outputs);
        else {
            size_t from = m->other.n;
            bool subgraphs = json_key_is(&rd->r, STR("subgraphIds")), config = json_key_is(&rd->r, STR("config"));
            ok = keep_member(rd, &m->other);
            leads |= ok && subgraphs && is_list(str_from(str_of(m->other.p, m->other.n), from));
            pinned |= ok && config && is_pinned(str_from(str_of(m->other.p, m->other.n), from));
        }
        if (!ok)
            return false;
    }
    if (row.id.n == 0)
        return fail(rd, begin, begin + 1, "a node without an id");
    if (m->other.n && !(row.other = arena_str(&m->g->arena, buf_str(&m->other))).p)
        return no_memory(rd);
    bool added;
    if (!map_str_put(&m->row_of, row.id, (uint32_t)m->rows.n, &added))
        return no_memory(rd);
    if (!added)
        return fail(rd, begin, begin + 1, "two nodes have the same id");
    uint32_t layer = layer_of(m, row.space);
    uint32_t made =
        drafts_add(&m->d, (struct draft){.parent = layer,
                                         .label = drafts_string(&m->d, label, false),
                                         .ref = (uint32_t)m->rows.n + 1,
                                         .order = (uint32_t)m->rows.n,
                                         .kind = GRAPH_OP,
                                         .flags = (uint8_t)((pinned ? GRAPH_PINNED : 0) | (leads ? GRAPH_CALL : 0))});
    if (!vec_push(&m->rows, row) || !vec_push(&m->draft_of, made) || m->d.failed)
        return no_memory(rd);
    return true;
}

/* Calls one for each object of an array that follows; null is an empty one. */
static bool each_object(reader *rd, void *ctx, bool (*one)(void *ctx), const char *what) {
    enum json_kind kind = json_next(&rd->r);
    if (kind == JSON_NULL)
        return true;
    if (kind != JSON_ARRAY_BEGIN)
        return kind == JSON_ERROR ? broken(rd) : fail(rd, json_at(&rd->r), json_at(&rd->r) + 1, what);
    while ((kind = json_next(&rd->r)) == JSON_OBJECT_BEGIN)
        if (!one(ctx))
            return false;
    if (kind == JSON_ARRAY_END)
        return true;
    return kind == JSON_ERROR ? broken(rd) : fail(rd, json_at(&rd->r), json_at(&rd->r) + 1, what);
}

static bool one_node(void *ctx) {
    return read_node(ctx);
}

/* ---- edges ----------------------------------------------------------------------------------------------- */

/* A port number: "3" or 3; anything else is `otherwise`. */
static uint32_t port(const struct json_reader *r, enum json_kind kind, uint32_t otherwise) {
    uint64_t v;
    bool ok = kind == JSON_STRING ? num_parse_u64(r->text, &v) : kind == JSON_NUMBER && json_get_u64(r, &v);
    return ok && v < GRAPH_NONE ? (uint32_t)v : otherwise;
}

/* The edges of one row, appended to m->edges with rows for sources. */
static bool read_edges(making *m, const stored_row *row, graph_node target, struct arena *scratch) {
    reader *rd = m->rd;
    struct json_reader r;
    size_t base = (size_t)(row->edges.p - rd->r.begin);
    json_reader_init(&r, row->edges);
    enum json_kind kind = json_next(&r);
    if (kind == JSON_NULL)
        return true;
    if (kind != JSON_ARRAY_BEGIN)
        return fail(rd, base, base + 1, "incomingEdges must be a list");
    for (uint32_t i = 0; (kind = json_next(&r)) == JSON_OBJECT_BEGIN; i++) {
        graph_edge e = {.source = GRAPH_NONE, .target = target, .in = i};
        size_t at = base + json_at(&r);
        while ((kind = json_next(&r)) == JSON_KEY) {
            bool is_source = json_key_is(&r, STR("sourceNodeId")), is_out = json_key_is(&r, STR("sourceNodeOutputId")),
                 is_in = json_key_is(&r, STR("targetNodeInputId"));
            kind = json_next(&r);
            if (is_source && kind == JSON_STRING) {
                str id = json_unescape(&r, scratch);
                const uint32_t *known = id.p ? map_str_get(&m->row_of, id) : NULL;
                if (!id.p)
                    return no_memory(rd);
                e.source = known ? *known : GRAPH_NONE;
            } else if (is_source) {
                return fail(rd, at, at + 1, "the sourceNodeId of an edge must be a string");
            } else if (is_out) {
                e.out = port(&r, kind, 0);
            } else if (is_in) {
                e.in = port(&r, kind, i);
            }
            json_skip(&r, kind);
        }
        if (e.source != GRAPH_NONE && !vec_push(&m->edges, e))
            return no_memory(rd);
    }
    return kind == JSON_ARRAY_END || fail(rd, base, base + 1, "incomingEdges must be a list of edges");
}

static int by_in(const void *a, const void *b) {
    const graph_edge *x = a, *y = b;
    if (x->in != y->in)
        return x->in < y->in ? -1 : 1;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    return x->out < y->out ? -1 : x->out > y->out;
}

static bool same_edge(const graph_edge *a, const graph_edge *b) {
    return a->source == b->source && a->out == b->out && a->in == b->in;
}

/* All edges in order of their targets, those of one target sorted, repeated ones left out. */
static bool make_edges(making *m, const uint32_t *place) {
    graph *g = m->g;
    struct arena scratch;
    arena_init(&scratch, m->rd->mem);
    bool ok = true;
    for (graph_node n = 0; ok && n < g->n_nodes; n++) {
        size_t from = m->edges.n;
        g->nodes[n].in = (uint32_t)from;
        if (graph_is_layer(g, n))
            continue;
        const stored_row *row = &m->rows.v[g->nodes[n].ref - 1];
        if (row->edges.n == 0)
            continue;
        struct arena_mark mark = arena_mark(&scratch);
        ok = read_edges(m, row, n, &scratch);
        arena_reset(&scratch, mark);
        for (size_t i = from; i < m->edges.n; i++)
            m->edges.v[i].source = place[m->draft_of.v[m->edges.v[i].source]];
        if (m->edges.n - from > 1)
            qsort(m->edges.v + from, m->edges.n - from, sizeof *m->edges.v, by_in);
        size_t kept = from;
        for (size_t i = from; i < m->edges.n; i++)
            if (kept == from || !same_edge(&m->edges.v[i], &m->edges.v[kept - 1]))
                m->edges.v[kept++] = m->edges.v[i];
        m->edges.n = kept;
        if (kept >= (size_t)1 << 31) {
            m->rd->status = GRAPH_TOO_BIG;
            ok = false;
        }
    }
    arena_free(&scratch);
    if (!ok)
        return false;
    g->nodes[g->n_nodes].in = (uint32_t)m->edges.n;
    g->n_edges = (uint32_t)m->edges.n;
    g->edges = mem_alloc(g->mem, g->n_edges * sizeof *g->edges);
    g->out_edges = mem_alloc(g->mem, g->n_edges * sizeof *g->out_edges);
    if (!g->edges || !g->out_edges)
        return no_memory(m->rd);
    if (g->n_edges)
        memcpy(g->edges, m->edges.v, g->n_edges * sizeof *g->edges);
    graph_sort_out(g);
    return true;
}

/* ---- a graph --------------------------------------------------------------------------------------------- */

/* Finds the layers that groupNodeAttributes speaks of. */
static bool find_groups(making *m) {
    struct graph_stored *s = m->g->stored;
    struct json_reader r;
    VEC(stored_layer) found;
    if (s->group_attrs.n == 0)
        return true;
    vec_init(&found, m->rd->mem);
    json_reader_init(&r, s->group_attrs);
    bool ok = true;
    if (json_next(&r) == JSON_OBJECT_BEGIN)
        while (ok && json_next(&r) == JSON_KEY) {
            str path = json_unescape(&r, &m->g->arena);
            enum json_kind kind = json_next(&r);
            size_t at = json_at(&r);
            if (!path.p || !json_skip(&r, kind)) {
                ok = path.p != NULL;
                break;
            }
            graph_node layer = path.n ? graph_find_layer(m->g, path) : 0;
            if (kind == JSON_OBJECT_BEGIN && (layer || path.n == 0))
                ok = vec_push(&found, (stored_layer){layer, str_of(r.begin + at, (size_t)(r.p - r.begin) - at)});
        }
    if (ok && found.n) {
        s->layers = mem_alloc(m->g->mem, found.n * sizeof *s->layers);
        if (s->layers) {
            memcpy(s->layers, found.v, found.n * sizeof *s->layers);
            s->n_layers = (uint32_t)found.n;
        }
        ok = s->layers != NULL;
    }
    vec_free(&found);
    return ok || no_memory(m->rd);
}

static bool finish_graph(making *m) {
    graph *g = m->g;
    struct graph_stored *s = g->stored;
    uint32_t *place = drafts_number(&m->d);
    if (!place)
        return no_memory(m->rd);
    s->rows = mem_alloc(g->mem, m->rows.n * sizeof *s->rows);
    bool ok = s->rows != NULL || no_memory(m->rd);
    if (ok) {
        s->n_rows = (uint32_t)m->rows.n;
        if (s->n_rows)
            memcpy(s->rows, m->rows.v, m->rows.n * sizeof *s->rows);
        ok = make_edges(m, place);
    }
    mem_free(m->rd->mem, place, m->d.list.n * sizeof *place);
    if (ok) {
        graph_status status = graph_index_stored(g, NULL);
        ok = status == GRAPH_OK || no_memory(m->rd); /* repeated ids have been refused before */
    }
    if (!ok || !find_groups(m))
        return false;
    graph_measure_depth(g);
    graph_count_bytes(g);
    return true;
}

/* Distances beyond which nobody can read a drawing are cut there; what is no number is passed over. */
static void read_spacing(graph *g, str configs) {
    static const struct {
        str key;
        double least;
    } members[GRAPH_N_SPACINGS] = {[GRAPH_NODE_SEP] = {STR_INIT("nodeSep"), 1},
                                   [GRAPH_RANK_SEP] = {STR_INIT("rankSep"), 8}, /* lines slant there */
                                   [GRAPH_EDGE_SEP] = {STR_INIT("edgeSep"), 1}};
    for (int i = 0; i < GRAPH_N_SPACINGS; i++) {
        struct json_reader r;
        str value = json_member(configs, members[i].key);
        json_reader_init(&r, value);
        if (!value.p || json_next(&r) != JSON_NUMBER)
            continue;
        double v = json_get_double(&r);
        v = v < members[i].least ? members[i].least : v > GRAPH_SPACING_MOST ? GRAPH_SPACING_MOST : v;
        g->spacing[i] = 1 + (uint32_t)(v * GRAPH_SPACING_UNIT);
    }
}

/* Members of a graph, behind its '{'. */
static bool read_members(making *m, struct buf *other) {
    reader *rd = m->rd;
    for (;;) {
        enum json_kind kind = json_next(&rd->r);
        if (kind == JSON_OBJECT_END)
            break;
        if (kind != JSON_KEY)
            return broken(rd);
        bool ok;
        if (json_key_is(&rd->r, STR("id")))
            ok = take_string(rd, &m->g->arena, "the id of a graph must be a string", &m->g->id);
        else if (json_key_is(&rd->r, STR("nodes")))
            ok = each_object(rd, m, one_node, "nodes must be a list of nodes");
        else if (json_key_is(&rd->r, STR("groupNodeAttributes")))
            ok = take_value(rd, &m->g->stored->group_attrs);
        else {
            size_t from = other->n;
            bool distances = json_key_is(&rd->r, STR("layoutConfigs"));
            ok = keep_member(rd, other);
            if (ok && distances) {
                str raw = str_from(buf_str(other), from);
                read_spacing(m->g, str_from(raw, str_find_char(raw, '{')));
            }
        }
        if (!ok)
            return false;
    }
    if (other->n && !(m->g->stored->other = arena_str(&m->g->arena, buf_str(other))).p)
        return no_memory(rd);
    return true;
}

static bool add_graph(reader *rd, graph *g) {
    me_graphs *out = rd->out;
    bool failed = false;
    if (out->n == out->cap)
        out->v = vec_grow(rd->mem, out->v, &out->cap, out->n + 1, sizeof *out->v, &failed);
    if (failed)
        return false;
    out->v[out->n++] = (me_graph){.g = g, .collection = {"", 0}};
    return true;
}

/* Behind the '{' of a graph. */
static bool read_graph(reader *rd) {
    making m = {.rd = rd, .g = mem_alloc_zero(rd->mem, sizeof(graph))};
    struct buf other;
    if (!m.g)
        return no_memory(rd);
    m.g->mem = rd->mem;
    m.g->id = (str){"", 0};
    arena_init(&m.g->arena, rd->mem);
    m.g->stored = mem_alloc_zero(rd->mem, sizeof *m.g->stored);
    drafts_init(&m.d, m.g, rd->mem);
    vec_init(&m.rows, rd->mem);
    vec_init(&m.draft_of, rd->mem);
    vec_init(&m.edges, rd->mem);
    map_str_init(&m.row_of, rd->mem);
    buf_init(&m.other, rd->mem);
    buf_init(&other, rd->mem);
    bool ok = (m.g->stored && drafts_root(&m.d, 0)) || no_memory(rd);
    ok = ok && read_members(&m, &other) && finish_graph(&m);
    if (ok && !add_graph(rd, m.g))
        ok = no_memory(rd);
    drafts_free(&m.d);
    vec_free(&m.rows);
    vec_free(&m.draft_of);
    vec_free(&m.edges);
    map_str_free(&m.row_of);
    buf_free(&m.other);
    buf_free(&other);
    if (!ok)
        graph_free(m.g);
    return ok;
}

/* ---- containers ------------------------------------------------------------------------------------------ */

static bool one_graph(void *ctx) {
    return read_graph(ctx);
}

static bool read_container(reader *rd);

static bool one_collection(void *ctx) {
    reader *rd = ctx;
    rd->inside = true;
    bool ok = read_container(rd);
    rd->inside = false;
    return ok;
}

typedef enum shape { SHAPE_GRAPH, SHAPE_GRAPHS, SHAPE_COLLECTIONS, SHAPE_ERROR, SHAPE_UNKNOWN } shape;

/* What an object is, by its members; the reader is left where it was. */
static shape look_ahead(reader *rd) {
    struct json_reader saved = rd->r;
    shape found = SHAPE_UNKNOWN;
    enum json_kind kind;
    while (found == SHAPE_UNKNOWN && (kind = json_next(&rd->r)) == JSON_KEY) {
        if (json_key_is(&rd->r, STR("nodes")))
            found = SHAPE_GRAPH;
        else if (json_key_is(&rd->r, STR("graphs")) || json_key_is(&rd->r, STR("subgraphs")))
            found = SHAPE_GRAPHS;
        else if (json_key_is(&rd->r, STR("graphCollections")))
            found = SHAPE_COLLECTIONS;
        else if (json_key_is(&rd->r, STR("error")))
            found = SHAPE_ERROR;
        else if (!json_skip(&rd->r, json_next(&rd->r)))
            break;
    }
    if (!rd->r.error)
        rd->r = saved;
    return found;
}

/* An object of any shape, behind its '{'. Containers lie at most one in another: collections hold graphs. */
static bool read_container(reader *rd) {
    size_t begin = json_at(&rd->r), first = rd->out->n;
    shape found = look_ahead(rd);
    str label = {"", 0}, skipped;
    if (rd->r.error)
        return broken(rd);
    if (found == SHAPE_GRAPH)
        return read_graph(rd);
    if (found == SHAPE_COLLECTIONS && rd->inside)
        return fail(rd, begin, begin + 1, "collections of collections");
    if (found == SHAPE_UNKNOWN)
        return fail(rd, begin, begin + 1, "JSON, but no graph: neither nodes nor graphs in it");
    for (;;) {
        enum json_kind kind = json_next(&rd->r);
        if (kind == JSON_OBJECT_END)
            break;
        if (kind != JSON_KEY)
            return broken(rd);
        bool ok;
        if (json_key_is(&rd->r, STR("label")))
            ok = take_string(rd, &rd->out->arena, "the label of a collection must be a string", &label);
        else if (json_key_is(&rd->r, STR("graphs")) || json_key_is(&rd->r, STR("subgraphs")))
            ok = each_object(rd, rd, one_graph, "graphs must be a list of graphs");
        else if (json_key_is(&rd->r, STR("graphCollections")) && found == SHAPE_COLLECTIONS)
            ok = each_object(rd, rd, one_collection, "graphCollections must be a list of collections");
        else if (json_key_is(&rd->r, STR("error")) && found == SHAPE_ERROR) {
            str text;
            ok = take_string(rd, &rd->out->arena, "error must be a string", &text);
            if (ok && rd->d)
                diag_add(rd->d, DIAG_ERROR, rd->source, begin, begin + 1, "the file holds an error, no graph: %.*s",
                         STR_ARG(text));
            rd->status = ok ? GRAPH_BAD_INPUT : rd->status;
            return false;
        } else
            ok = take_value(rd, &skipped);
        if (!ok)
            return false;
    }
    if (label.n)
        for (size_t i = first; i < rd->out->n; i++)
            rd->out->v[i].collection = label;
    return true;
}

static bool read_all(reader *rd) {
    enum json_kind kind = json_next(&rd->r);
    bool ok;
    if (kind == JSON_OBJECT_BEGIN) {
        ok = read_container(rd);
    } else if (kind == JSON_ARRAY_BEGIN) {
        ok = true;
        while (ok && (kind = json_next(&rd->r)) == JSON_OBJECT_BEGIN)
            ok = read_container(rd);
        if (ok && kind != JSON_ARRAY_END)
            return broken(rd);
    } else {
        return broken(rd);
    }
    return ok && (json_next(&rd->r) == JSON_END || broken(rd));
}

graph_status me_json_read(struct mem *mem, str text, struct diags *d, struct diag_source *source, me_graphs *out) {
    *out = (me_graphs){.mem = mem};
    arena_init(&out->arena, mem);
    reader rd = {.mem = mem, .d = d, .source = source, .out = out};
    json_reader_init(&rd.r, text);
    if (!read_all(&rd)) {
        if (rd.status == GRAPH_OK)
            rd.status = GRAPH_BAD_INPUT;
        me_graphs_free(out);
    }
    return rd.status;
}

void me_graphs_free(me_graphs *r) {
    for (size_t i = 0; i < r->n; i++)
        graph_free(r->v[i].g);
    mem_free(r->mem, r->v, r->cap * sizeof *r->v);
    arena_free(&r->arena);
    r->v = NULL;
    r->n = r->cap = 0;
}

bool me_json_is(str text) {
    static const str marks[] = {STR_INIT("\"nodes\""), STR_INIT("\"graphs\""), STR_INIT("\"graphCollections\""),
                                STR_INIT("\"subgraphs\"")};
    str start = str_trim(str_slice(text, str_starts_with(text, STR("\xef\xbb\xbf")) ? 3 : 0, 4096));
    if (start.n == 0 || (start.p[0] != '{' && start.p[0] != '['))
        return false;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (str_find(start, marks[i]) < start.n)
            return true;
    return start.n >= 2 && start.p[0] == '[' && str_trim(str_from(start, 1)).p[0] == ']';
}
