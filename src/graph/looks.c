/* How a graph read from JSON is to be shown; see looks.h. */
#include "graph/looks.h"

#include "base/map.h"
#include "graph/colour.h"
#include "graph/regex.h"
#include "graph/stored.h"

enum { MOST_CONFIGS = 64 };

struct config {
    regex *pattern;
    bool left_right;
    str style; /* the object, whose colours are those of layers */
};

struct looks {
    const graph *g;
    struct mem *mem;
    struct arena arena;
    struct buf object; /* the members at hand as an object */
    struct config configs[MOST_CONFIGS];
    size_t n_configs;
};

static void looks_init(struct looks *l, const graph *g, struct mem *mem) {
    *l = (struct looks){.g = g, .mem = mem};
    arena_init(&l->arena, mem);
    buf_init(&l->object, mem);
}

static void looks_free(struct looks *l) {
    for (size_t i = 0; i < l->n_configs; i++)
        regex_free(l->configs[i].pattern);
    buf_free(&l->object);
    arena_free(&l->arena);
}

/* Members as a graph keeps them ("\"style\":{...},\"config\":{...}") as an object, until the next call. */
static str object_of(struct looks *l, str members) {
    buf_clear(&l->object);
    buf_putc(&l->object, '{');
    buf_put_str(&l->object, members);
    buf_putc(&l->object, '}');
    return buf_str(&l->object);
}

/* The text of a string value in the arena; empty when it is none. */
static str text_of(struct looks *l, str raw) {
    struct json_reader r;
    json_reader_init(&r, raw);
    return raw.p && json_next(&r) == JSON_STRING ? json_unescape(&r, &l->arena) : (str){0};
}

enum { FILL, BORDER, TEXT, N_COLOURS };

/* The colours of a style object as CSS writes them, in the arena; false when it has none. */
static bool colours_of(struct looks *l, str style, str colours[N_COLOURS]) {
    static const str keys[N_COLOURS] = {STR_INIT("backgroundColor"), STR_INIT("borderColor"), STR_INIT("textColor")};
    bool any = false;
    for (int i = 0; i < N_COLOURS; i++) {
        colours[i] = text_of(l, json_member(style, keys[i]));
        any |= colours[i].n > 0;
    }
    return any;
}

/* A look of a node, when it has a colour. */
static void put_style(struct looks *l, graph_node n, str style, struct json_writer *w) {
    static const str keys[N_COLOURS] = {STR_INIT("fill"), STR_INIT("border"), STR_INIT("text")};
    str colours[N_COLOURS];
    if (!colours_of(l, style, colours))
        return;
    json_object_begin(w);
    json_member_u64(w, STR("node"), n);
    for (int i = 0; i < N_COLOURS; i++)
        if (colours[i].n)
            json_member_str(w, keys[i], colours[i]);
    json_object_end(w);
}

/* ---- layers ---------------------------------------------------------------------------------------------- */

static bool read_configs(struct looks *l, str list) {
    struct json_reader r;
    char error[120];
    json_reader_init(&r, list);
    if (!list.p || json_next(&r) != JSON_ARRAY_BEGIN)
        return true;
    while (l->n_configs < MOST_CONFIGS) {
        enum json_kind kind = json_next(&r);
        size_t begin = json_at(&r);
        if (kind == JSON_ARRAY_END || !json_skip(&r, kind))
            break;
        str object = str_slice(list, begin, (size_t)(r.p - r.begin));
        str pattern = text_of(l, json_member(object, STR("namespaceRegex"))),
            way = json_member(object, STR("layoutDirection"));
        regex *compiled = pattern.p ? regex_new(l->mem, pattern, false, true, error, sizeof error) : NULL;
        if (!compiled && pattern.p && !error[0])
            return false;
        if (compiled) {
            struct json_reader n;
            uint64_t v = 0;
            json_reader_init(&n, way);
            bool left_right = way.p && json_next(&n) == JSON_NUMBER && json_get_u64(&n, &v) && v == 1;
            l->configs[l->n_configs++] = (struct config){compiled, left_right, object};
        }
    }
    return true;
}

/* The first that matches the layer's path; NULL: none. */
static const struct config *config_of(struct looks *l, graph_node layer, struct buf *path) {
    buf_clear(path);
    graph_put_namespace(l->g, layer, path);
    for (size_t i = 0; i < l->n_configs; i++)
        if (regex_find(l->configs[i].pattern, buf_str(path)))
            return &l->configs[i];
    return NULL;
}

/* ---- nodes ----------------------------------------------------------------------------------------------- */

static const stored_row *row_of(const graph *g, graph_node n) {
    return graph_is_layer(g, n) || g->nodes[n].ref == 0 ? NULL : &g->stored->rows[g->nodes[n].ref - 1];
}

/* A label in small letters, in `lower`. */
static str in_small_letters(str label, struct buf *lower) {
    buf_clear(lower);
    for (size_t i = 0; label.p && i < label.n; i++)
        buf_putc(lower, label.p[i] >= 'A' && label.p[i] <= 'Z' ? label.p[i] + 32 : label.p[i]);
    return buf_str(lower);
}

/* Calls `found` for the nodes with one of these labels. */
static bool each_hidden(struct looks *l, str labels, void (*found)(void *to, graph_node n), void *to) {
    struct json_reader r;
    struct map_str set;
    struct buf lower;
    bool good = true;
    map_str_init(&set, l->mem);
    buf_init(&lower, l->mem);
    json_reader_init(&r, labels);
    if (labels.p && json_next(&r) == JSON_ARRAY_BEGIN)
        while (good && json_next(&r) == JSON_STRING) {
            str label = json_unescape(&r, &l->arena);
            str kept = arena_str(&l->arena, in_small_letters(label, &lower));
            good = label.p && kept.p && map_str_put(&set, kept, 1, NULL);
        }
    for (graph_node n = 1; good && set.n && n < l->g->n_nodes; n++)
        if (!graph_is_layer(l->g, n) && map_str_get(&set, in_small_letters(graph_label(l->g, n), &lower)))
            found(to, n);
    good = good && !lower.failed;
    buf_free(&lower);
    map_str_free(&set);
    return good;
}

/* The style of a node or layer as an object; .p NULL: none. Valid until the next call. */
static str style_of(struct looks *l, graph_node n, struct buf *path) {
    const stored_row *row = row_of(l->g, n);
    if (row)
        return row->other.n ? json_member(object_of(l, row->other), STR("style")) : (str){0};
    const struct config *c = config_of(l, n, path);
    return c ? c->style : (str){0};
}

static void put_node(void *to, graph_node n) {
    json_u64(to, n);
}

static bool has_list(str raw) {
    struct json_reader r;
    json_reader_init(&r, raw);
    return raw.p && json_next(&r) == JSON_ARRAY_BEGIN && json_next(&r) == JSON_STRING;
}

static bool write_looks(struct looks *l, struct json_writer *w) {
    const graph *g = l->g;
    struct buf path;
    str members = arena_str(&l->arena, object_of(l, g->stored->other));
    if (!members.p || !read_configs(l, json_member(members, STR("groupNodeConfigs"))))
        return false;
    buf_init(&path, l->mem);
    json_key(w, STR("styles"));
    json_array_begin(w);
    for (graph_node n = 1; n < g->n_nodes; n++) {
        struct arena_mark mark = arena_mark(&l->arena);
        put_style(l, n, style_of(l, n, &path), w);
        arena_reset(&l->arena, mark);
    }
    json_array_end(w);
    json_key(w, STR("leftRight"));
    json_array_begin(w);
    for (graph_node n = 1; n < g->n_nodes && l->n_configs; n++) {
        const struct config *c = graph_is_layer(g, n) ? config_of(l, n, &path) : NULL;
        if (c && c->left_right)
            json_u64(w, n);
    }
    json_array_end(w);
    json_key(w, STR("hidden"));
    json_array_begin(w);
    bool good = each_hidden(l, json_member(members, STR("nodeLabelsToHide")), put_node, w);
    json_array_end(w);
    json_key(w, STR("overlays"));
    str overlays = json_member(json_member(members, STR("tasksData")), STR("edgeOverlaysDataListLeftPane"));
    json_raw(w, overlays.p && overlays.n && overlays.p[0] == '[' ? overlays : STR("[]"));
    json_key(w, STR("subgraphs"));
    json_array_begin(w);
    for (graph_node n = 1; n < g->n_nodes; n++) {
        const stored_row *row = row_of(g, n);
        str ids = row && row->other.n ? json_member(object_of(l, row->other), STR("subgraphIds")) : (str){0};
        if (!has_list(ids))
            continue;
        json_object_begin(w);
        json_member_u64(w, STR("node"), n);
        json_key(w, STR("graphs"));
        json_raw(w, ids);
        json_object_end(w);
    }
    json_array_end(w);
    good = good && !path.failed && !l->object.failed;
    buf_free(&path);
    return good;
}

graph_status graph_looks_json(const graph *g, struct mem *mem, struct json_writer *w) {
    json_object_begin(w);
    if (!g->stored || g->stored->binary) {
        static const str none[] = {STR_INIT("styles"), STR_INIT("leftRight"), STR_INIT("hidden"), STR_INIT("overlays"),
                                   STR_INIT("subgraphs")};
        for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
            json_key(w, none[i]);
            json_raw(w, STR("[]"));
        }
        json_object_end(w);
        return GRAPH_OK;
    }
    struct looks l;
    looks_init(&l, g, mem);
    bool good = write_looks(&l, w);
    looks_free(&l);
    json_object_end(w);
    return good ? GRAPH_OK : GRAPH_NO_MEMORY;
}

/* ---- for pictures ---------------------------------------------------------------------------------------- */

static void mark_hidden(void *to, graph_node n) {
    ((uint8_t *)to)[n] = 1;
}

/* Fills the arrays of `out`, which are there and empty. */
static bool fill_looks(struct looks *l, struct graph_looks *out) {
    const graph *g = l->g;
    struct buf path;
    uint32_t *const colour_of[N_COLOURS] = {out->fill, out->border, out->text};
    str members = arena_str(&l->arena, object_of(l, g->stored->other));
    if (!members.p || !read_configs(l, json_member(members, STR("groupNodeConfigs"))))
        return false;
    buf_init(&path, l->mem);
    for (graph_node n = 1; n < g->n_nodes; n++) {
        struct arena_mark mark = arena_mark(&l->arena);
        str colours[N_COLOURS];
        if (colours_of(l, style_of(l, n, &path), colours))
            for (int i = 0; i < N_COLOURS; i++)
                if (!graph_colour(colours[i], &colour_of[i][n]))
                    colour_of[i][n] = 0;
        arena_reset(&l->arena, mark);
        const struct config *c = graph_is_layer(g, n) && l->n_configs ? config_of(l, n, &path) : NULL;
        out->left_right[n] = c && c->left_right;
    }
    bool good = each_hidden(l, json_member(members, STR("nodeLabelsToHide")), mark_hidden, out->hidden) &&
                !path.failed && !l->object.failed;
    buf_free(&path);
    return good;
}

graph_status graph_looks_read(const graph *g, struct mem *mem, struct graph_looks *out) {
    *out = (struct graph_looks){0};
    arena_init(&out->arena, mem);
    out->hidden = ARENA_ARRAY(&out->arena, uint8_t, g->n_nodes);
    out->left_right = ARENA_ARRAY(&out->arena, uint8_t, g->n_nodes);
    out->fill = ARENA_ARRAY(&out->arena, uint32_t, g->n_nodes);
    out->border = ARENA_ARRAY(&out->arena, uint32_t, g->n_nodes);
    out->text = ARENA_ARRAY(&out->arena, uint32_t, g->n_nodes);
    bool good = out->hidden && out->left_right && out->fill && out->border && out->text;
    if (good && g->stored && !g->stored->binary) {
        struct looks l;
        looks_init(&l, g, mem);
        good = fill_looks(&l, out);
        looks_free(&l);
    }
    if (!good)
        graph_looks_free(out);
    return good ? GRAPH_OK : GRAPH_NO_MEMORY;
}

void graph_looks_free(struct graph_looks *looks) {
    arena_free(&looks->arena);
    *looks = (struct graph_looks){0};
}

graph_status graph_subgraph_ids_json(const graph *g, struct mem *mem, struct json_writer *w) {
    struct looks l;
    struct map_str seen;
    bool good = true;
    looks_init(&l, g, mem);
    map_str_init(&seen, mem);
    json_array_begin(w);
    for (graph_node n = 1; good && g->stored && !g->stored->binary && n < g->n_nodes; n++) {
        const stored_row *row = row_of(g, n);
        if (!row || !row->other.n)
            continue;
        struct json_reader r;
        str ids = json_member(object_of(&l, row->other), STR("subgraphIds"));
        json_reader_init(&r, ids);
        if (!ids.p || json_next(&r) != JSON_ARRAY_BEGIN)
            continue;
        while (good && json_next(&r) == JSON_STRING) {
            bool added = false;
            str id = arena_str(&l.arena, json_unescape(&r, &l.arena));
            good = id.p && map_str_put(&seen, id, 1, &added);
            if (good && added)
                json_str(w, id);
        }
    }
    json_array_end(w);
    good = good && !l.object.failed;
    map_str_free(&seen);
    looks_free(&l);
    return good ? GRAPH_OK : GRAPH_NO_MEMORY;
}
