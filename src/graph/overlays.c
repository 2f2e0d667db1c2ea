/* Node data and edge overlays; see overlays.h. */
#include "graph/overlays.h"

#include <math.h>

#include "base/map.h"
#include "graph/colour.h"
#include "graph/stored.h"

void overlay_init(overlay *o, struct mem *mem) {
    *o = (overlay){.mem = mem};
    arena_init(&o->arena, mem);
    vec_init(&o->values, mem);
    vec_init(&o->thresholds, mem);
    vec_init(&o->gradient, mem);
}

void overlay_free(overlay *o) {
    arena_free(&o->arena);
    vec_free(&o->values);
    vec_free(&o->thresholds);
    vec_free(&o->gradient);
}

bool overlay_add_number(overlay *o, str key, double v) {
    key = arena_str(&o->arena, key);
    return key.p && vec_push(&o->values, (overlay_value){.key = key, .kind = OVERLAY_NUMBER, .number = v});
}

bool overlay_add_string(overlay *o, str key, str v) {
    key = arena_str(&o->arena, key);
    v = arena_str(&o->arena, v);
    return key.p && v.p && vec_push(&o->values, (overlay_value){.key = key, .kind = OVERLAY_STRING, .text = v});
}

bool overlay_perf_colours(overlay *o) {
    return vec_push(&o->gradient, (overlay_stop){.value = 0, .bg_color = STR("yellow")}) &&
           vec_push(&o->gradient, (overlay_stop){.value = 1, .bg_color = STR("red")});
}

bool overlay_pcc_colours(overlay *o) {
    return vec_push(&o->gradient, (overlay_stop){.value = 0, .bg_color = STR("red")}) &&
           vec_push(&o->gradient, (overlay_stop){.value = 1, .bg_color = STR("yellow")});
}

bool overlay_accuracy_colours(overlay *o) {
    return vec_push(&o->thresholds, (overlay_stop){.value = 0, .bg_color = STR("red")}) &&
           vec_push(&o->thresholds, (overlay_stop){.value = 1, .bg_color = STR("green")});
}

/* ---- writing --------------------------------------------------------------------------------------------- */

static void put_colours(struct json_writer *w, str bg, str text) {
    if (bg.n) {
        json_key(w, STR("bgColor"));
        json_str(w, bg);
    }
    if (text.n) {
        json_key(w, STR("textColor"));
        json_str(w, text);
    }
}

static void put_stops(struct json_writer *w, const char *list, const char *key, const overlay_stop *v, size_t n) {
    if (!n)
        return;
    json_key(w, str_from_z(list));
    json_array_begin(w);
    for (size_t i = 0; i < n; i++) {
        json_object_begin(w);
        json_key(w, str_from_z(key));
        json_double(w, v[i].value);
        put_colours(w, v[i].bg_color, v[i].text_color);
        json_object_end(w);
    }
    json_array_end(w);
}

void overlay_write_value(const overlay_value *v, struct json_writer *w) {
    switch (v->kind) {
    case OVERLAY_NUMBER: json_double(w, v->number); break;
    case OVERLAY_STRING: json_str(w, v->text); break;
    case OVERLAY_BOOL: json_bool(w, v->number != 0); break;
    case OVERLAY_JSON: json_raw(w, v->text); break;
    }
}

void overlay_write(const overlay *o, struct json_writer *w) {
    json_object_begin(w);
    if (o->name.n) {
        json_key(w, STR("name"));
        json_str(w, o->name);
    }
    json_key(w, STR("results"));
    json_object_begin(w);
    for (size_t i = 0; i < o->values.n; i++) {
        const overlay_value *v = &o->values.v[i];
        json_key(w, v->key);
        json_object_begin(w);
        json_key(w, STR("value"));
        overlay_write_value(v, w);
        put_colours(w, v->bg_color, v->text_color);
        json_object_end(w);
    }
    json_object_end(w);
    put_stops(w, "thresholds", "value", o->thresholds.v, o->thresholds.n);
    put_stops(w, "gradient", "stop", o->gradient.v, o->gradient.n);
    if (o->other.n) { /* members as they were: "key":value,... */
        buf_putc(w->out, ',');
        buf_put_str(w->out, o->other);
    }
    json_object_end(w);
}

void overlays_write_runs(const overlay *const *o, size_t n, str graph_id, struct json_writer *w) {
    json_object_begin(w);
    for (size_t i = 0; i < n; i++) {
        json_key(w, o[i]->name);
        json_object_begin(w);
        json_key(w, graph_id);
        overlay_write(o[i], w);
        json_object_end(w);
    }
    json_object_end(w);
}

/* ---- reading --------------------------------------------------------------------------------------------- */

typedef struct reader {
    struct json_reader r;
    struct diags *d;
    struct diag_source *source;
    graph_status status;
} reader;

static bool fail(reader *rd, const char *what) {
    size_t at = rd->r.error ? rd->r.error_at : json_at(&rd->r);
    if (rd->status == GRAPH_OK && rd->d)
        diag_add(rd->d, DIAG_ERROR, rd->source, at, at + 1, "%s", rd->r.error ? rd->r.error : what);
    rd->status = GRAPH_BAD_INPUT;
    return false;
}

static bool no_memory(reader *rd) {
    if (rd->d)
        diag_out_of_memory(rd->d);
    rd->status = GRAPH_NO_MEMORY;
    return false;
}

/* A copy of a string token. */
static bool take_text(reader *rd, struct arena *a, str *out) {
    str s = json_unescape(&rd->r, a);
    *out = s.p ? arena_str(a, s) : s;
    return out->p || no_memory(rd);
}

/* The rest of a value as text, copied. */
static bool take_raw(reader *rd, enum json_kind kind, struct arena *a, str *out) {
    size_t at = json_at(&rd->r) - (kind == JSON_STRING);
    if (!json_skip(&rd->r, kind))
        return fail(rd, "not JSON");
    *out = arena_str(a, str_of(rd->r.begin + at, (size_t)(rd->r.p - rd->r.begin) - at));
    return out->p || no_memory(rd);
}

static bool skip_value(reader *rd) {
    return json_skip(&rd->r, json_next(&rd->r)) || fail(rd, "not JSON");
}

/* A string member, or null; anything else is passed over. */
static bool take_string(reader *rd, struct arena *a, str *out) {
    enum json_kind kind = json_next(&rd->r);
    return kind == JSON_STRING ? take_text(rd, a, out) : json_skip(&rd->r, kind) || fail(rd, "not JSON");
}

static bool take_number(reader *rd, double *out) {
    enum json_kind kind = json_next(&rd->r);
    if (kind == JSON_NUMBER)
        *out = json_get_double(&rd->r);
    return json_skip(&rd->r, kind) || fail(rd, "not JSON");
}

/* {"value":..., "bgColor":...} */
static bool read_result(reader *rd, overlay *o, str key) {
    overlay_value v = {.key = key, .kind = OVERLAY_JSON, .text = STR("null")};
    enum json_kind kind = json_next(&rd->r);
    if (kind != JSON_OBJECT_BEGIN)
        return fail(rd, "a result must be an object with a value");
    while ((kind = json_next(&rd->r)) == JSON_KEY) {
        bool ok;
        if (json_key_is(&rd->r, STR("value"))) {
            kind = json_next(&rd->r);
            ok = true;
            if (kind == JSON_NUMBER) {
                v.kind = OVERLAY_NUMBER;
                v.number = json_get_double(&rd->r);
            } else if (kind == JSON_STRING) {
                v.kind = OVERLAY_STRING;
                ok = take_text(rd, &o->arena, &v.text);
            } else if (kind == JSON_TRUE || kind == JSON_FALSE) {
                v.kind = OVERLAY_BOOL;
                v.number = kind == JSON_TRUE;
            } else {
                ok = take_raw(rd, kind, &o->arena, &v.text);
            }
        } else if (json_key_is(&rd->r, STR("bgColor"))) {
            ok = take_string(rd, &o->arena, &v.bg_color);
        } else if (json_key_is(&rd->r, STR("textColor"))) {
            ok = take_string(rd, &o->arena, &v.text_color);
        } else {
            ok = skip_value(rd);
        }
        if (!ok)
            return false;
    }
    if (kind != JSON_OBJECT_END)
        return fail(rd, "not JSON");
    return vec_push(&o->values, v) || no_memory(rd);
}

static bool read_results(reader *rd, overlay *o) {
    enum json_kind kind = json_next(&rd->r);
    if (kind != JSON_OBJECT_BEGIN)
        return fail(rd, "results must be an object");
    while ((kind = json_next(&rd->r)) == JSON_KEY) {
        str key;
        if (!take_text(rd, &o->arena, &key) || !read_result(rd, o, key))
            return false;
    }
    return kind == JSON_OBJECT_END || fail(rd, "not JSON");
}

/* thresholds or gradient: [{"value" or "stop", "bgColor", "textColor"}] */
static bool read_stops(reader *rd, overlay *o, bool gradient) {
    enum json_kind kind = json_next(&rd->r);
    if (kind == JSON_NULL)
        return true;
    if (kind != JSON_ARRAY_BEGIN)
        return fail(rd, "thresholds and gradients are lists");
    while ((kind = json_next(&rd->r)) == JSON_OBJECT_BEGIN) {
        overlay_stop s = {0};
        while ((kind = json_next(&rd->r)) == JSON_KEY) {
            bool ok;
            if (json_key_is(&rd->r, STR("value")) || json_key_is(&rd->r, STR("stop")))
                ok = take_number(rd, &s.value);
            else if (json_key_is(&rd->r, STR("bgColor")))
                ok = take_string(rd, &o->arena, &s.bg_color);
            else if (json_key_is(&rd->r, STR("textColor")))
                ok = take_string(rd, &o->arena, &s.text_color);
            else
                ok = skip_value(rd);
            if (!ok)
                return false;
        }
        if (kind != JSON_OBJECT_END)
            return fail(rd, "not JSON");
        bool pushed = gradient ? vec_push(&o->gradient, s) : vec_push(&o->thresholds, s);
        if (!pushed)
            return no_memory(rd);
    }
    return kind == JSON_ARRAY_END || fail(rd, "a threshold must be an object");
}

/* "key":value as it was written, behind what is there. */
static bool keep_member(reader *rd, struct buf *other, struct arena *a) {
    str key = str_of(rd->r.text.p - 1, rd->r.text.n + 2), value;
    if (!take_raw(rd, json_next(&rd->r), a, &value))
        return false;
    if (other->n)
        buf_putc(other, ',');
    buf_put_str(other, key);
    buf_putc(other, ':');
    buf_put_str(other, value);
    return !other->failed || no_memory(rd);
}

/* A NodeDataGraph behind its '{'. */
static bool read_overlay(reader *rd, overlay *o) {
    enum json_kind kind;
    struct buf other;
    bool ok = true, results = false;
    buf_init(&other, o->mem);
    while (ok && (kind = json_next(&rd->r)) == JSON_KEY) {
        if (json_key_is(&rd->r, STR("results"))) {
            results = true;
            ok = read_results(rd, o);
        } else if (json_key_is(&rd->r, STR("name"))) {
            ok = take_string(rd, &o->arena, &o->name);
        } else if (json_key_is(&rd->r, STR("thresholds"))) {
            ok = read_stops(rd, o, false);
        } else if (json_key_is(&rd->r, STR("gradient"))) {
            ok = read_stops(rd, o, true);
        } else {
            ok = keep_member(rd, &other, &o->arena);
        }
    }
    if (ok && kind != JSON_OBJECT_END)
        ok = fail(rd, "not JSON");
    if (ok && !results)
        ok = fail(rd, "node data without results");
    if (ok && other.n && !(o->other = arena_str(&o->arena, buf_str(&other))).p)
        ok = no_memory(rd);
    buf_free(&other);
    return ok;
}

static overlay *add_overlay(overlay_list *l) {
    bool failed = false;
    if (l->n == l->cap)
        l->v = vec_grow(l->mem, l->v, &l->cap, l->n + 1, sizeof *l->v, &failed);
    if (failed)
        return NULL;
    overlay_init(&l->v[l->n], l->mem);
    return &l->v[l->n++];
}

/* Whether the object just begun is one NodeDataGraph: it has results, and those have no results in them. */
static bool is_single(const struct json_reader *at) {
    struct json_reader r = *at;
    while (json_next(&r) == JSON_KEY) {
        bool results = json_key_is(&r, STR("results"));
        enum json_kind kind = json_next(&r);
        if (!results) {
            if (!json_skip(&r, kind))
                return false;
            continue;
        }
        if (kind != JSON_OBJECT_BEGIN)
            return true;
        while (json_next(&r) == JSON_KEY) {
            if (json_key_is(&r, STR("results")) && json_next(&r) == JSON_OBJECT_BEGIN) {
                /* a graph called "results", or a node: only a value tells the node */
                while (json_next(&r) == JSON_KEY) {
                    if (json_key_is(&r, STR("value")))
                        return true;
                    if (!json_skip(&r, json_next(&r)))
                        return false;
                }
                return false;
            }
            if (!json_skip(&r, json_next(&r)))
                return false;
        }
        return true;
    }
    return false;
}

static bool read_all(reader *rd, overlay_list *out) {
    if (json_next(&rd->r) != JSON_OBJECT_BEGIN)
        return fail(rd, "node data is an object");
    if (is_single(&rd->r)) {
        overlay *o = add_overlay(out);
        if (!o)
            return no_memory(rd);
        if (!read_overlay(rd, o))
            return false;
    } else {
        enum json_kind kind;
        while ((kind = json_next(&rd->r)) == JSON_KEY) {
            overlay *o = add_overlay(out);
            if (!o)
                return no_memory(rd);
            if (!take_text(rd, &o->arena, &o->graph_id))
                return false;
            if (json_next(&rd->r) != JSON_OBJECT_BEGIN)
                return fail(rd, "the node data of a graph is an object");
            if (!read_overlay(rd, o))
                return false;
        }
        if (kind != JSON_OBJECT_END)
            return fail(rd, "not JSON");
    }
    return json_next(&rd->r) == JSON_END || fail(rd, "text behind the end");
}

graph_status overlays_read(struct mem *mem, str text, struct diags *d, struct diag_source *source, overlay_list *out) {
    reader rd = {.d = d, .source = source};
    *out = (overlay_list){.mem = mem};
    json_reader_init(&rd.r, text);
    if (!read_all(&rd, out))
        overlay_list_free(out);
    return rd.status;
}

void overlay_list_free(overlay_list *l) {
    for (size_t i = 0; i < l->n; i++)
        overlay_free(&l->v[i]);
    mem_free(l->mem, l->v, l->cap * sizeof *l->v);
    l->v = NULL;
    l->n = l->cap = 0;
}

/* ---- binding --------------------------------------------------------------------------------------------- */

typedef VEC(overlay_binding) bindings;

/* Nodes by something else than their ids: what find is called with is the text of each node's other name. */
typedef bool text_fn(const graph *g, graph_node n, struct buf *out);

static bool adapter_text(const graph *g, graph_node n, struct buf *out) {
    return !graph_is_layer(g, n) && graph_put_adapter_id(g, n, out);
}

static bool location_text(const graph *g, graph_node n, struct buf *out) {
    ir_op op = graph_is_layer(g, n) ? 0 : graph_op(g, n);
    if (!op)
        return false;
    graph_put_loc(g->module->ctx, graph_loc_full(g->module->ctx, g->module->ops[op].loc), out);
    return true;
}

static bool name_text(const graph *g, graph_node n, struct buf *out) {
    ir_op op = graph_is_layer(g, n) ? 0 : graph_op(g, n);
    if (!op)
        return false;
    buf_put_str(out, graph_loc_name(g->module->ctx, g->module->ops[op].loc));
    return out->n != 0;
}

/* Binds values that have no node yet by another name; one value may belong to several nodes. */
static bool bind_texts(const overlay *o, const graph *g, struct mem *mem, text_fn *text, struct map_str *open,
                       bool *bound, bindings *out) {
    struct buf b;
    bool ok = true;
    buf_init(&b, mem);
    for (graph_node n = 1; ok && open->n && n < g->n_nodes; n++) {
        buf_clear(&b);
        if (!text(g, n, &b))
            continue;
        ok = !b.failed;
        const uint32_t *hit = ok ? map_str_get(open, buf_str(&b)) : NULL;
        if (hit) {
            ok = vec_push(out, (overlay_binding){n, *hit});
            bound[*hit] = true;
        }
    }
    buf_free(&b);
    for (size_t i = 0; i < o->values.n; i++)
        if (bound[i])
            map_str_remove(open, o->values.v[i].key);
    return ok;
}

/* The next text of an object {"key","value"} in a list whose key this is; in the arena. */
static bool next_attr(struct json_reader *r, str wanted, struct arena *a, str *value) {
    while (json_next(r) == JSON_OBJECT_BEGIN) {
        enum json_kind kind;
        bool mine = false;
        *value = (str){0};
        while ((kind = json_next(r)) == JSON_KEY) {
            bool is_key = json_key_is(r, STR("key")), is_value = json_key_is(r, STR("value"));
            kind = json_next(r);
            if (is_key && kind == JSON_STRING)
                mine = str_eq(r->text, wanted);
            else if (is_value && kind == JSON_STRING)
                *value = json_unescape(r, a);
            else if (!json_skip(r, kind))
                return false;
        }
        if (kind != JSON_OBJECT_END)
            return false;
        if (mine && value->p)
            return true;
    }
    return false;
}

/* Of a graph read from JSON: values that name the tensor of an output ("tensor_name" in its metadata). */
static bool bind_tensors(const overlay *o, const graph *g, struct mem *mem, struct map_str *open, bool *bound,
                         bindings *out) {
    struct arena scratch;
    bool ok = true;
    arena_init(&scratch, mem);
    for (graph_node n = 1; ok && open->n && n < g->n_nodes; n++) {
        str outputs = {0};
        if (!graph_is_layer(g, n))
            outputs = g->stored->rows[g->nodes[n].ref - 1].outputs;
        struct arena_mark mark = arena_mark(&scratch);
        struct json_reader r;
        json_reader_init(&r, outputs);
        if (outputs.n == 0 || json_next(&r) != JSON_ARRAY_BEGIN)
            continue;
        enum json_kind kind;
        while (ok && json_next(&r) == JSON_OBJECT_BEGIN) {
            while (ok && (kind = json_next(&r)) == JSON_KEY) {
                bool attrs = json_key_is(&r, STR("attrs"));
                str name;
                kind = json_next(&r);
                if (!attrs || kind != JSON_ARRAY_BEGIN) {
                    json_skip(&r, kind);
                    continue;
                }
                while (ok && next_attr(&r, STR("tensor_name"), &scratch, &name)) {
                    const uint32_t *hit = map_str_get(open, name);
                    if (hit) {
                        ok = vec_push(out, (overlay_binding){n, *hit});
                        bound[*hit] = true;
                    }
                }
            }
        }
        arena_reset(&scratch, mark);
    }
    arena_free(&scratch);
    for (size_t i = 0; i < o->values.n; i++)
        if (bound[i])
            map_str_remove(open, o->values.v[i].key);
    return ok;
}

graph_status overlay_bind(const overlay *o, const graph *g, struct mem *mem, overlay_binding **out, size_t *n) {
    bindings found;
    struct map_str open;
    bool *bound = mem_alloc_zero(mem, o->values.n * sizeof *bound);
    vec_init(&found, mem);
    map_str_init(&open, mem);
    bool ok = bound != NULL;
    *out = NULL;
    *n = 0;
    for (size_t i = 0; ok && i < o->values.n; i++) {
        graph_node node = graph_find(g, o->values.v[i].key);
        if (node)
            ok = vec_push(&found, (overlay_binding){node, (uint32_t)i});
        else
            ok = map_str_put(&open, o->values.v[i].key, (uint32_t)i, NULL) != NULL;
    }
    if (ok && g->module)
        ok = bind_texts(o, g, mem, adapter_text, &open, bound, &found) &&
             bind_texts(o, g, mem, location_text, &open, bound, &found) &&
             bind_texts(o, g, mem, name_text, &open, bound, &found);
    else if (ok)
        ok = bind_tensors(o, g, mem, &open, bound, &found);
    if (ok) {
        *out = mem_alloc(mem, found.n * sizeof **out);
        ok = *out != NULL;
    }
    if (ok && found.n)
        memcpy(*out, found.v, found.n * sizeof **out);
    if (ok)
        *n = found.n;
    mem_free(mem, bound, o->values.n * sizeof *bound);
    map_str_free(&open);
    vec_free(&found);
    return ok ? GRAPH_OK : GRAPH_NO_MEMORY;
}

/* ---- colours --------------------------------------------------------------------------------------------- */

bool overlay_range(const overlay *o, double *min, double *max) {
    bool any = false;
    for (size_t i = 0; i < o->values.n; i++) {
        double v = o->values.v[i].number;
        if (o->values.v[i].kind != OVERLAY_NUMBER || isnan(v))
            continue;
        if (!any || v < *min)
            *min = v;
        if (!any || v > *max)
            *max = v;
        any = true;
    }
    return any;
}

static uint32_t mix(uint32_t a, uint32_t b, double t) {
    uint32_t out = 0;
    for (int shift = 0; shift < 32; shift += 8) {
        double from = a >> shift & 255, to = b >> shift & 255;
        out |= (uint32_t)(from + (to - from) * t + 0.5) << shift;
    }
    return out;
}

bool overlay_colour(const overlay *o, const overlay_value *v, double min, double max, uint32_t *rgba) {
    if (v->bg_color.n)
        return graph_colour(v->bg_color, rgba);
    if (v->kind != OVERLAY_NUMBER || isnan(v->number))
        return false;
    if (o->gradient.n) {
        if (!(max > min))
            return false;
        double at = (v->number - min) / (max - min);
        const overlay_stop *s = o->gradient.v;
        size_t i = 0;
        while (i + 1 < o->gradient.n && s[i + 1].value < at)
            i++;
        uint32_t from, to;
        if (!graph_colour(s[i].bg_color, &from))
            return false;
        if (i + 1 == o->gradient.n || at <= s[i].value) {
            *rgba = from;
            return true;
        }
        if (!graph_colour(s[i + 1].bg_color, &to))
            return false;
        double span = s[i + 1].value - s[i].value;
        *rgba = mix(from, to, span > 0 ? fmin(fmax((at - s[i].value) / span, 0), 1) : 1);
        return true;
    }
    for (size_t i = 0; i < o->thresholds.n; i++)
        if (v->number <= o->thresholds.v[i].value)
            return graph_colour(o->thresholds.v[i].bg_color, rgba);
    return false;
}

graph_status graph_bind_ids(const graph *g, struct mem *mem, const str *ids, size_t n, graph_node *out) {
    overlay o;
    overlay_binding *pairs = NULL;
    size_t n_pairs = 0;
    bool fine = true;
    overlay_init(&o, mem);
    for (size_t i = 0; i < n && fine; i++) {
        out[i] = 0;
        fine = overlay_add_number(&o, ids[i], 0);
    }
    graph_status status = fine ? overlay_bind(&o, g, mem, &pairs, &n_pairs) : GRAPH_NO_MEMORY;
    for (size_t i = 0; status == GRAPH_OK && i < n_pairs; i++)
        if (!out[pairs[i].value])
            out[pairs[i].value] = pairs[i].node;
    if (status == GRAPH_OK)
        mem_free(mem, pairs, n_pairs * sizeof *pairs);
    overlay_free(&o);
    return status;
}

/* ---- edge overlays --------------------------------------------------------------------------------------- */

static bool read_edge(reader *rd, edge_overlays *o) {
    edge_overlay_edge e = {.source = {"", 0}, .target = {"", 0}, .label = {"", 0}};
    enum json_kind kind;
    while ((kind = json_next(&rd->r)) == JSON_KEY) {
        bool ok = json_key_is(&rd->r, STR("sourceNodeId"))   ? take_string(rd, &o->arena, &e.source)
                  : json_key_is(&rd->r, STR("targetNodeId")) ? take_string(rd, &o->arena, &e.target)
                  : json_key_is(&rd->r, STR("label"))        ? take_string(rd, &o->arena, &e.label)
                                                             : skip_value(rd);
        if (!ok)
            return false;
    }
    if (kind != JSON_OBJECT_END)
        return fail(rd, "not JSON");
    return vec_push(&o->edges, e) || no_memory(rd);
}

static bool read_edge_overlay(reader *rd, edge_overlays *o) {
    edge_overlay x = {.name = {"", 0}, .colour = {"", 0}, .first = (uint32_t)o->edges.n};
    enum json_kind kind;
    while ((kind = json_next(&rd->r)) == JSON_KEY) {
        bool ok;
        double hops = 0;
        if (json_key_is(&rd->r, STR("name"))) {
            ok = take_string(rd, &o->arena, &x.name);
        } else if (json_key_is(&rd->r, STR("edgeColor"))) {
            ok = take_string(rd, &o->arena, &x.colour);
        } else if (json_key_is(&rd->r, STR("edgeWidth"))) {
            ok = take_number(rd, &x.width);
        } else if (json_key_is(&rd->r, STR("edgeLabelFontSize"))) {
            ok = take_number(rd, &x.font_size);
        } else if (json_key_is(&rd->r, STR("visibleEdgeHops"))) {
            ok = take_number(rd, &hops);
            x.hops = hops > 0 && hops < 1e6 ? (uint32_t)hops : 0;
        } else if (json_key_is(&rd->r, STR("showEdgesConnectedToSelectedNodeOnly"))) {
            kind = json_next(&rd->r);
            x.selected_only = kind == JSON_TRUE;
            ok = json_skip(&rd->r, kind) || fail(rd, "not JSON");
        } else if (json_key_is(&rd->r, STR("edges"))) {
            ok = json_next(&rd->r) == JSON_ARRAY_BEGIN || fail(rd, "edges must be a list");
            while (ok && (kind = json_next(&rd->r)) == JSON_OBJECT_BEGIN)
                ok = read_edge(rd, o);
            ok = ok && (kind == JSON_ARRAY_END || fail(rd, "edges must be a list of edges"));
        } else {
            ok = skip_value(rd);
        }
        if (!ok)
            return false;
    }
    x.n = (uint32_t)o->edges.n - x.first;
    if (kind != JSON_OBJECT_END)
        return fail(rd, "not JSON");
    return vec_push(&o->overlays, x) || no_memory(rd);
}

static bool read_edge_overlays(reader *rd, edge_overlays *o) {
    enum json_kind kind;
    if (json_next(&rd->r) != JSON_OBJECT_BEGIN)
        return fail(rd, "edge overlays are an object");
    while ((kind = json_next(&rd->r)) == JSON_KEY) {
        bool ok;
        if (json_key_is(&rd->r, STR("name"))) {
            ok = take_string(rd, &o->arena, &o->name);
        } else if (json_key_is(&rd->r, STR("graphName"))) {
            ok = take_string(rd, &o->arena, &o->graph_name);
        } else if (json_key_is(&rd->r, STR("overlays"))) {
            ok = json_next(&rd->r) == JSON_ARRAY_BEGIN || fail(rd, "overlays must be a list");
            while (ok && (kind = json_next(&rd->r)) == JSON_OBJECT_BEGIN)
                ok = read_edge_overlay(rd, o);
            ok = ok && (kind == JSON_ARRAY_END || fail(rd, "overlays must be a list of overlays"));
        } else {
            ok = skip_value(rd);
        }
        if (!ok)
            return false;
    }
    if (kind != JSON_OBJECT_END || json_next(&rd->r) != JSON_END)
        return fail(rd, "not JSON");
    return true;
}

graph_status edge_overlays_read(struct mem *mem, str text, struct diags *d, struct diag_source *source,
                                edge_overlays *out) {
    reader rd = {.d = d, .source = source};
    *out = (edge_overlays){.mem = mem};
    arena_init(&out->arena, mem);
    vec_init(&out->overlays, mem);
    vec_init(&out->edges, mem);
    json_reader_init(&rd.r, text);
    if (!read_edge_overlays(&rd, out))
        edge_overlays_free(out);
    return rd.status;
}

void edge_overlays_write(const edge_overlays *o, struct json_writer *w) {
    json_object_begin(w);
    json_key(w, STR("type"));
    json_str(w, STR("edge_overlays"));
    json_key(w, STR("name"));
    json_str(w, o->name);
    if (o->graph_name.n) {
        json_key(w, STR("graphName"));
        json_str(w, o->graph_name);
    }
    json_key(w, STR("overlays"));
    json_array_begin(w);
    for (size_t i = 0; i < o->overlays.n; i++) {
        const edge_overlay *x = &o->overlays.v[i];
        json_object_begin(w);
        json_key(w, STR("name"));
        json_str(w, x->name);
        json_key(w, STR("edgeColor"));
        json_str(w, x->colour);
        if (x->width > 0) {
            json_key(w, STR("edgeWidth"));
            json_double(w, x->width);
        }
        if (x->font_size > 0) {
            json_key(w, STR("edgeLabelFontSize"));
            json_double(w, x->font_size);
        }
        if (x->selected_only) {
            json_key(w, STR("showEdgesConnectedToSelectedNodeOnly"));
            json_bool(w, true);
        }
        if (x->hops) {
            json_key(w, STR("visibleEdgeHops"));
            json_u64(w, x->hops);
        }
        json_key(w, STR("edges"));
        json_array_begin(w);
        for (uint32_t k = x->first; k < x->first + x->n; k++) {
            const edge_overlay_edge *e = &o->edges.v[k];
            json_object_begin(w);
            json_key(w, STR("sourceNodeId"));
            json_str(w, e->source);
            json_key(w, STR("targetNodeId"));
            json_str(w, e->target);
            if (e->label.n) {
                json_key(w, STR("label"));
                json_str(w, e->label);
            }
            json_object_end(w);
        }
        json_array_end(w);
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
}

void edge_overlays_free(edge_overlays *o) {
    arena_free(&o->arena);
    vec_free(&o->overlays);
    vec_free(&o->edges);
}
