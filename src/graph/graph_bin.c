/* The compact form; docs/graph-format.md describes it.
 *
 *   header | table of sections | section | section | ...      each aligned to 8 bytes
 *
 * A section is a column of numbers as wide (1, 2 or 4 bytes) as its largest one needs, or bytes of text.
 */
#include "graph/graph_bin.h"

#include <string.h>

#include "base/map.h"
#include "base/num.h"
#include "base/vec.h"
#include "graph/drafts.h"
#include "graph/graph_inner.h"
#include "graph/stored.h"

enum { MAGIC = 0x47585454, HEADER_WORDS = 16, ENTRY_WORDS = 4 }; /* "TTXG" */

typedef enum section {
    SECTION_PARENT = 1,
    SECTION_KIND,
    SECTION_FLAGS,
    SECTION_LAYER_KIND,
    SECTION_LABEL,
    SECTION_NAME,
    SECTION_FUNCTION,
    SECTION_ORDINAL,
    SECTION_ORDER,
    SECTION_IN_START,
    SECTION_EDGE_SOURCE,
    SECTION_EDGE_OUT,
    SECTION_EDGE_IN,
    SECTION_EDGE_TYPE,
    SECTION_LINK_CALLER,
    SECTION_LINK_LAYER,
    SECTION_STRING_END,
    SECTION_TEXT,
    SECTION_N
} section;

enum { HEADER_EXPLICIT_IDS = 1 << 0 };

typedef struct column {
    uint32_t n, width;
    uint32_t *v; /* (n), owned */
} column;

typedef struct bin_writer {
    const graph *g;
    struct mem *mem;
    column columns[SECTION_N];
    VEC(str) strings;
    struct map_str string_of;
    struct map_u64 type_of; /* type -> string */
    struct arena arena;
    struct buf scratch;
    uint64_t text_bytes;
    bool failed;
} bin_writer;

/* ---- writing --------------------------------------------------------------------------------------------- */

static uint32_t string_of(bin_writer *w, str s, bool copy) {
    if (s.n == 0)
        return 0;
    uint32_t *known = map_str_get(&w->string_of, s);
    if (known)
        return *known;
    if (copy && !(s = arena_str(&w->arena, s)).p) {
        w->failed = true;
        return 0;
    }
    uint32_t number = (uint32_t)w->strings.n;
    if (!vec_push(&w->strings, s) || !map_str_put(&w->string_of, s, number, NULL))
        w->failed = true;
    w->text_bytes += s.n;
    return number;
}

static uint32_t *add_column(bin_writer *w, section s, uint32_t n) {
    w->columns[s].v = mem_alloc_zero(w->mem, n * sizeof(uint32_t));
    if (!w->columns[s].v) {
        w->failed = true;
        return NULL;
    }
    w->columns[s].n = n;
    return w->columns[s].v;
}

static uint32_t type_string(bin_writer *w, ir_type t) {
    if (!t)
        return 0;
    bool added;
    uint32_t *at = map_u64_put(&w->type_of, t, 0, &added);
    if (!at) {
        w->failed = true;
        return 0;
    }
    if (!added)
        return *at;
    struct buf *b = &w->scratch;
    buf_clear(b);
    graph_put_short_type(w->g, t, b);
    w->failed |= b->failed;
    *at = string_of(w, buf_str(b), true);
    return *at;
}

/* The pieces of an id: see docs/graph-format.md. */
static void id_pieces(bin_writer *w, graph_node n, uint32_t *name, uint32_t *function) {
    const graph *g = w->g;
    const graph_node_data *d = &g->nodes[n];
    struct buf *b = &w->scratch;
    if (d->kind == GRAPH_LAYER)
        return;
    if (g->stored) {
        *name = string_of(w, g->stored->rows[d->ref - 1].id, false);
        return;
    }
    buf_clear(b);
    graph_put_id_basis(g, n, b);
    str basis = buf_str(b);
    if (b->failed) {
        w->failed = true;
        return;
    }
    if (d->kind == GRAPH_ARGUMENT) {
        *name = string_of(w, basis, true);
        return;
    }
    const ir_module *m = g->module;
    str location = graph_loc_name(m->ctx, m->ops[d->ref].loc);
    size_t tail = graph_label(g, n).n + (location.n ? location.n + 1 : 0);
    *name = string_of(w, location, false);
    *function = string_of(w, str_slice(basis, 0, basis.n > tail ? basis.n - tail - 1 : 0), true);
}

static void fill_nodes(bin_writer *w) {
    const graph *g = w->g;
    uint32_t *v[SECTION_ORDER + 1] = {NULL};
    for (int s = SECTION_PARENT; s <= SECTION_ORDER; s++)
        v[s] = add_column(w, (section)s, g->n_nodes);
    uint32_t *in = add_column(w, SECTION_IN_START, g->n_nodes + 1);
    for (graph_node n = 0; !w->failed && n < g->n_nodes; n++) {
        const graph_node_data *d = &g->nodes[n];
        v[SECTION_PARENT][n] = d->parent;
        v[SECTION_KIND][n] = d->kind;
        v[SECTION_FLAGS][n] = d->flags;
        v[SECTION_LAYER_KIND][n] = d->layer_kind;
        v[SECTION_LABEL][n] = string_of(w, graph_label(g, n), false);
        v[SECTION_ORDINAL][n] = d->ordinal;
        v[SECTION_ORDER][n] = d->order + 1; /* 0: none */
        id_pieces(w, n, &v[SECTION_NAME][n], &v[SECTION_FUNCTION][n]);
        in[n] = d->in;
    }
    if (in)
        in[g->n_nodes] = g->n_edges;
}

static void fill_edges(bin_writer *w) {
    const graph *g = w->g;
    uint32_t *source = add_column(w, SECTION_EDGE_SOURCE, g->n_edges),
             *out = add_column(w, SECTION_EDGE_OUT, g->n_edges), *in = add_column(w, SECTION_EDGE_IN, g->n_edges),
             *type = add_column(w, SECTION_EDGE_TYPE, g->n_edges),
             *caller = add_column(w, SECTION_LINK_CALLER, g->n_links),
             *layer = add_column(w, SECTION_LINK_LAYER, g->n_links);
    for (uint32_t i = 0; !w->failed && i < g->n_edges; i++) {
        source[i] = g->edges[i].source;
        out[i] = g->edges[i].out;
        in[i] = g->edges[i].in;
        type[i] = type_string(w, graph_edge_type(g, &g->edges[i]));
    }
    for (uint32_t i = 0; !w->failed && i < g->n_links; i++) {
        caller[i] = g->links[i].caller;
        layer[i] = g->links[i].layer;
    }
}

static void fill_strings(bin_writer *w) {
    uint32_t *end = add_column(w, SECTION_STRING_END, (uint32_t)w->strings.n), at = 0;
    for (size_t i = 0; end && i < w->strings.n; i++) {
        at += (uint32_t)w->strings.v[i].n;
        end[i] = at;
    }
}

static void set_width(column *c) {
    uint32_t most = 0;
    for (uint32_t i = 0; i < c->n; i++)
        most |= c->v[i];
    c->width = most < 1 << 8 ? 1 : most < 1 << 16 ? 2 : 4;
}

static void put_u32(struct buf *out, uint32_t v) {
    char bytes[4] = {(char)v, (char)(v >> 8), (char)(v >> 16), (char)(v >> 24)};
    buf_write(out, bytes, 4);
}

static void put_column(struct buf *out, const column *c) {
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t v = c->v[i];
        char bytes[4] = {(char)v, (char)(v >> 8), (char)(v >> 16), (char)(v >> 24)};
        buf_write(out, bytes, c->width);
    }
    uint64_t size = (uint64_t)c->n * c->width;
    buf_fill(out, 0, (size_t)(-size & 7));
}

static graph_status put_all(bin_writer *w, struct buf *out) {
    const graph *g = w->g;
    uint64_t at = (HEADER_WORDS + (SECTION_N - 1) * ENTRY_WORDS) * sizeof(uint32_t), start[SECTION_N];
    for (int s = 1; s < SECTION_N; s++) {
        uint64_t size = w->text_bytes;
        if (s != SECTION_TEXT) {
            set_width(&w->columns[s]);
            size = (uint64_t)w->columns[s].n * w->columns[s].width;
        }
        start[s] = at;
        at += (size + 7) & ~(uint64_t)7;
    }
    if (at > UINT32_MAX)
        return GRAPH_TOO_BIG;
    uint32_t id = 0;
    while (id < w->strings.n && !str_eq(w->strings.v[id], g->id))
        id++;
    const uint32_t header[HEADER_WORDS] = {MAGIC,
                                           GRAPH_BIN_VERSION,
                                           (uint32_t)at,
                                           g->stored ? HEADER_EXPLICIT_IDS : 0,
                                           g->n_nodes,
                                           g->n_edges,
                                           g->n_links,
                                           (uint32_t)w->strings.n,
                                           SECTION_N - 1,
                                           id,
                                           g->max_depth,
                                           g->n_ops,
                                           g->n_layers,
                                           g->spacing[GRAPH_NODE_SEP],
                                           g->spacing[GRAPH_RANK_SEP],
                                           g->spacing[GRAPH_EDGE_SEP]};
    for (int i = 0; i < HEADER_WORDS; i++)
        put_u32(out, header[i]);
    for (int s = 1; s < SECTION_N; s++) {
        put_u32(out, (uint32_t)s);
        put_u32(out, s == SECTION_TEXT ? 1 : w->columns[s].width);
        put_u32(out, (uint32_t)start[s]);
        put_u32(out, s == SECTION_TEXT ? (uint32_t)w->text_bytes : w->columns[s].n);
    }
    for (int s = 1; s < SECTION_TEXT; s++)
        put_column(out, &w->columns[s]);
    for (size_t i = 0; i < w->strings.n; i++)
        buf_put_str(out, w->strings.v[i]);
    buf_fill(out, 0, (size_t)(-w->text_bytes & 7));
    return out->failed ? GRAPH_NO_MEMORY : GRAPH_OK;
}

graph_status graph_bin_write(const graph *g, struct mem *mem, struct buf *out) {
    bin_writer w = {.g = g, .mem = mem};
    vec_init(&w.strings, mem);
    map_str_init(&w.string_of, mem);
    map_u64_init(&w.type_of, mem);
    arena_init(&w.arena, mem);
    buf_init(&w.scratch, mem);
    w.failed = !vec_push(&w.strings, (str){"", 0});
    string_of(&w, g->id, false);
    fill_nodes(&w);
    fill_edges(&w);
    fill_strings(&w);
    graph_status status = w.failed ? GRAPH_NO_MEMORY : w.text_bytes > UINT32_MAX ? GRAPH_TOO_BIG : put_all(&w, out);
    for (int s = 1; s < SECTION_N; s++)
        mem_free(mem, w.columns[s].v, w.columns[s].n * sizeof(uint32_t));
    vec_free(&w.strings);
    map_str_free(&w.string_of);
    map_u64_free(&w.type_of);
    arena_free(&w.arena);
    buf_free(&w.scratch);
    return status;
}

/* ---- reading --------------------------------------------------------------------------------------------- */

typedef struct view {
    const uint8_t *p;
    uint32_t n, width;
} view;

typedef struct bin_reader {
    struct mem *mem;
    str bytes;
    view views[SECTION_N];
    uint32_t n_nodes, n_edges, n_links, n_strings, flags, id;
    uint32_t spacing[GRAPH_N_SPACINGS];
    bool ids;
} bin_reader;

static uint32_t get_u32(const uint8_t *p) {
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t get(const view *v, uint32_t i) {
    const uint8_t *p = v->p + (size_t)i * v->width;
    return v->width == 1 ? p[0] : v->width == 2 ? (uint32_t)(p[0] | p[1] << 8) : get_u32(p);
}

static str get_string(const bin_reader *r, uint32_t i) {
    if (i == 0)
        return (str){"", 0};
    uint32_t begin = get(&r->views[SECTION_STRING_END], i - 1), end = get(&r->views[SECTION_STRING_END], i);
    return str_of((const char *)r->views[SECTION_TEXT].p + begin, end - begin);
}

/* Reads the header and the table; every section must be there, inside the bytes, and as long as it has to be. */
static bool read_header(bin_reader *r) {
    const uint8_t *p = (const uint8_t *)r->bytes.p;
    const size_t table = (HEADER_WORDS + (SECTION_N - 1) * ENTRY_WORDS) * sizeof(uint32_t);
    if (r->bytes.n < table || get_u32(p) != MAGIC || get_u32(p + 4) != GRAPH_BIN_VERSION ||
        get_u32(p + 8) != r->bytes.n || get_u32(p + 32) != SECTION_N - 1)
        return false;
    r->flags = get_u32(p + 12);
    r->n_nodes = get_u32(p + 16);
    r->n_edges = get_u32(p + 20);
    r->n_links = get_u32(p + 24);
    r->n_strings = get_u32(p + 28);
    r->id = get_u32(p + 36);
    for (int i = 0; i < GRAPH_N_SPACINGS; i++)
        r->spacing[i] = get_u32(p + 52 + 4 * i);
    if (r->n_nodes == 0 || r->n_nodes >> 31 || r->n_strings == 0 || r->id > r->n_strings)
        return false;
    for (int s = 1; s < SECTION_N; s++) {
        const uint8_t *e = p + (HEADER_WORDS + (size_t)(s - 1) * ENTRY_WORDS) * sizeof(uint32_t);
        uint32_t width = get_u32(e + 4), start = get_u32(e + 8), n = get_u32(e + 12);
        if (get_u32(e) != (uint32_t)s || (width != 1 && width != 2 && width != 4) || start % 8 || start > r->bytes.n ||
            (uint64_t)n * width > r->bytes.n - start)
            return false;
        uint32_t want = s <= SECTION_ORDER        ? r->n_nodes
                        : s == SECTION_IN_START   ? r->n_nodes + 1
                        : s <= SECTION_EDGE_TYPE  ? r->n_edges
                        : s <= SECTION_LINK_LAYER ? r->n_links
                        : s == SECTION_STRING_END ? r->n_strings
                                                  : n;
        if (n != want)
            return false;
        r->views[s] = (view){p + start, n, width};
    }
    uint32_t last = 0;
    for (uint32_t i = 0; i < r->n_strings; i++) {
        uint32_t end = get(&r->views[SECTION_STRING_END], i);
        if (end < last || end > r->views[SECTION_TEXT].n || (i == 0 && end != 0))
            return false;
        last = end;
    }
    return true;
}

/* Whether every number in a section is below a limit. */
static bool all_below(const bin_reader *r, section s, uint32_t limit) {
    for (uint32_t i = 0; i < r->views[s].n; i++)
        if (get(&r->views[s], i) >= limit)
            return false;
    return true;
}

static bool check_columns(const bin_reader *r) {
    const view *parent = &r->views[SECTION_PARENT], *kind = &r->views[SECTION_KIND], *in = &r->views[SECTION_IN_START];
    if (!all_below(r, SECTION_KIND, GRAPH_N_KINDS) || !all_below(r, SECTION_LAYER_KIND, GRAPH_N_LAYER_KINDS) ||
        !all_below(r, SECTION_LABEL, r->n_strings) || !all_below(r, SECTION_NAME, r->n_strings) ||
        !all_below(r, SECTION_FUNCTION, r->n_strings) || !all_below(r, SECTION_EDGE_TYPE, r->n_strings) ||
        !all_below(r, SECTION_EDGE_SOURCE, r->n_nodes) || !all_below(r, SECTION_LINK_CALLER, r->n_nodes) ||
        !all_below(r, SECTION_LINK_LAYER, r->n_nodes) || get(kind, 0) != GRAPH_LAYER || get(in, 0) != 0 ||
        get(in, r->n_nodes) != r->n_edges)
        return false;
    for (uint32_t n = 0; n < r->n_nodes; n++)
        if (get(in, n) > get(in, n + 1) || (get(kind, n) == GRAPH_LAYER && get(in, n) != get(in, n + 1)) ||
            (n && (get(parent, n) >= n || get(kind, get(parent, n)) != GRAPH_LAYER)))
            return false;
    for (uint32_t i = 0; i < r->n_edges; i++)
        if (get(kind, get(&r->views[SECTION_EDGE_SOURCE], i)) == GRAPH_LAYER)
            return false;
    return true;
}

/* Pre-order: a node's parent is the one before it or a layer around that one. */
static bool fill_tree(const bin_reader *r, graph *g) {
    for (uint32_t n = 1; n < r->n_nodes; n++) {
        uint32_t parent = get(&r->views[SECTION_PARENT], n), up = n - 1;
        while (up != parent && up > parent) {
            g->nodes[up].end = n; /* it is closed */
            up = g->nodes[up].parent;
        }
        if (up != parent)
            return false;
        g->nodes[n].parent = parent;
    }
    for (uint32_t up = r->n_nodes - 1; up; up = g->nodes[up].parent)
        g->nodes[up].end = r->n_nodes;
    g->nodes[0].end = r->n_nodes;
    return true;
}

/* The id that the pieces of a node make. */
static str node_id(const bin_reader *r, graph *g, uint32_t n, struct buf *b) {
    uint32_t kind = get(&r->views[SECTION_KIND], n), ordinal = get(&r->views[SECTION_ORDINAL], n);
    str name = get_string(r, get(&r->views[SECTION_NAME], n));
    if (r->flags & HEADER_EXPLICIT_IDS)
        return name;
    buf_clear(b);
    if (kind == GRAPH_ARGUMENT) {
        buf_put_str(b, name);
    } else {
        str function = get_string(r, get(&r->views[SECTION_FUNCTION], n));
        buf_put_str(b, function);
        if (function.n)
            buf_putc(b, '/');
        buf_put_str(b, get_string(r, get(&r->views[SECTION_LABEL], n)));
        if (name.n) {
            buf_putc(b, '@');
            buf_put_str(b, name);
        }
    }
    if (ordinal || str_find_char(buf_str(b), '#') < b->n) {
        buf_putc(b, '#');
        buf_put_u64(b, ordinal);
    }
    return b->failed ? (str){NULL, 0} : arena_str(&g->arena, buf_str(b));
}

static graph_status fill_graph(const bin_reader *r, graph *g) {
    struct graph_stored *s = g->stored;
    for (int i = 0; i < GRAPH_N_SPACINGS; i++)
        g->spacing[i] = r->spacing[i] <= 1 + GRAPH_SPACING_MOST * GRAPH_SPACING_UNIT ? r->spacing[i] : 0;
    g->nodes = mem_alloc_zero(r->mem, (r->n_nodes + (size_t)1) * sizeof *g->nodes);
    g->strings = mem_alloc_zero(r->mem, r->n_strings * sizeof *g->strings);
    g->edges = mem_alloc_zero(r->mem, r->n_edges * sizeof *g->edges);
    g->out_edges = mem_alloc_zero(r->mem, r->n_edges * sizeof *g->out_edges);
    g->links = mem_alloc_zero(r->mem, r->n_links * sizeof *g->links);
    uint32_t n_rows = 0;
    for (uint32_t n = 0; r->ids && n < r->n_nodes; n++)
        n_rows += get(&r->views[SECTION_KIND], n) != GRAPH_LAYER;
    s->rows = mem_alloc_zero(r->mem, n_rows * sizeof *s->rows);
    g->n_nodes = r->n_nodes;
    g->n_strings = r->n_strings;
    g->n_edges = r->n_edges;
    g->n_links = r->n_links;
    s->n_rows = n_rows;
    if (!g->nodes || !g->strings || !g->edges || !g->out_edges || !g->links || !s->rows)
        return GRAPH_NO_MEMORY;
    for (uint32_t i = 0; i < r->n_strings; i++)
        g->strings[i] = get_string(r, i);
    if (!fill_tree(r, g))
        return GRAPH_BAD_INPUT;
    struct buf id;
    buf_init(&id, r->mem);
    bool ok = true;
    uint32_t rows = 0;
    for (uint32_t n = 0; ok && n < r->n_nodes; n++) {
        graph_node_data *d = &g->nodes[n];
        d->kind = (uint8_t)get(&r->views[SECTION_KIND], n);
        d->flags = (uint8_t)get(&r->views[SECTION_FLAGS], n);
        d->layer_kind = (uint8_t)get(&r->views[SECTION_LAYER_KIND], n);
        d->label = get(&r->views[SECTION_LABEL], n);
        d->ordinal = get(&r->views[SECTION_ORDINAL], n);
        d->order = get(&r->views[SECTION_ORDER], n) - 1;
        d->in = get(&r->views[SECTION_IN_START], n);
        if (d->end == 0)
            d->end = n + 1;
        if (d->kind == GRAPH_LAYER) {
            g->n_layers++;
            continue;
        }
        g->n_ops += d->kind != GRAPH_ARGUMENT;
        if (!r->ids)
            continue;
        s->rows[rows].id = node_id(r, g, n, &id);
        s->rows[rows].space = (str){"", 0};
        ok = s->rows[rows].id.p != NULL;
        d->ref = ++rows;
    }
    buf_free(&id);
    if (!ok)
        return GRAPH_NO_MEMORY;
    g->nodes[r->n_nodes].in = r->n_edges;
    for (uint32_t n = 0; n < r->n_nodes; n++)
        for (uint32_t i = g->nodes[n].in; i < g->nodes[n + 1].in; i++)
            g->edges[i] = (graph_edge){get(&r->views[SECTION_EDGE_SOURCE], i), n, get(&r->views[SECTION_EDGE_OUT], i),
                                       get(&r->views[SECTION_EDGE_IN], i)};
    for (uint32_t i = 0; i < r->n_links; i++)
        g->links[i] = (graph_link){get(&r->views[SECTION_LINK_CALLER], i), get(&r->views[SECTION_LINK_LAYER], i)};
    graph_sort_out(g);
    return GRAPH_OK;
}

/* Namespaces as text, for writers of JSON: rows get them once the tree stands. */
static graph_status fill_spaces(const bin_reader *r, graph *g) {
    struct buf b;
    graph_node last = 0;
    str space = {"", 0};
    buf_init(&b, r->mem);
    bool ok = true;
    for (graph_node n = 1; ok && n < g->n_nodes; n++) {
        if (graph_is_layer(g, n))
            continue;
        if (g->nodes[n].parent != last) {
            buf_clear(&b);
            last = g->nodes[n].parent;
            graph_put_namespace(g, n, &b);
            space = arena_str(&g->arena, buf_str(&b));
            ok = !b.failed && space.p;
        }
        g->stored->rows[g->nodes[n].ref - 1].space = space;
    }
    buf_free(&b);
    return ok ? GRAPH_OK : GRAPH_NO_MEMORY;
}

graph_status graph_bin_read(struct mem *mem, str bytes, bool ids, graph **out) {
    bin_reader r = {.mem = mem, .bytes = bytes, .ids = ids};
    *out = NULL;
    if (!read_header(&r) || !check_columns(&r))
        return GRAPH_BAD_INPUT;
    graph *g = mem_alloc_zero(mem, sizeof *g);
    if (!g)
        return GRAPH_NO_MEMORY;
    g->mem = mem;
    arena_init(&g->arena, mem);
    g->id = r.id < r.n_strings ? get_string(&r, r.id) : (str){"", 0};
    g->stored = mem_alloc_zero(mem, sizeof *g->stored);
    graph_status status = GRAPH_NO_MEMORY;
    if (g->stored) {
        g->stored->binary = true;
        status = fill_graph(&r, g);
    }
    if (status == GRAPH_OK) {
        graph_measure_depth(g);
        /* labels are longer when they are joined: what a damaged file could blow up is refused */
        status = g->max_depth > 4096 ? GRAPH_BAD_INPUT : ids ? fill_spaces(&r, g) : GRAPH_OK;
    }
    if (status == GRAPH_OK && ids)
        status = graph_index_stored(g, NULL);
    if (status != GRAPH_OK) {
        graph_free(g);
        return status;
    }
    graph_count_bytes(g);
    *out = g;
    return GRAPH_OK;
}
