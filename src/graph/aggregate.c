/* Node data by layer; see aggregate.h. */
#include "graph/aggregate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_number(const overlay_value *v) {
    return v->kind == OVERLAY_NUMBER && !isnan(v->number);
}

typedef struct palette {
    const overlay *o;
    double min, max;
    bool steps; /* a gradient, cut into steps */
} palette;

static size_t known_colour(const overlay_sums *s, uint32_t rgba) {
    size_t i = 0;
    while (i < s->n_colours && s->colours[i] != rgba)
        i++;
    return i;
}

/* Takes the colours as they are, when they are few; else the steps of the gradient. */
static void choose_colours(palette *p, overlay_sums *s) {
    const overlay *o = p->o;
    p->min = p->max = 0;
    overlay_range(o, &p->min, &p->max);
    for (size_t i = 0; i < o->values.n && !p->steps; i++) {
        uint32_t rgba;
        if (!overlay_colour(o, &o->values.v[i], p->min, p->max, &rgba) || known_colour(s, rgba) < s->n_colours)
            continue;
        p->steps = s->n_colours == AGGREGATE_COLOURS;
        if (!p->steps)
            s->colours[s->n_colours++] = rgba;
    }
    if (!p->steps)
        return;
    s->n_colours = 0;
    for (int i = 0; i < AGGREGATE_COLOURS; i++) {
        overlay_value middle = {.kind = OVERLAY_NUMBER, .bg_color = {"", 0}};
        middle.number = p->min + (p->max - p->min) * (i + 0.5) / AGGREGATE_COLOURS;
        s->colours[s->n_colours] = 0;
        overlay_colour(o, &middle, p->min, p->max, &s->colours[s->n_colours++]);
    }
}

/* The place of a value's colour; AGGREGATE_COLOURS when it has none. */
static size_t colour_of(const palette *p, const overlay_sums *s, const overlay_value *v) {
    uint32_t rgba;
    if (!overlay_colour(p->o, v, p->min, p->max, &rgba))
        return AGGREGATE_COLOURS;
    if (!p->steps) {
        size_t i = known_colour(s, rgba);
        return i < s->n_colours ? i : AGGREGATE_COLOURS;
    }
    if (!is_number(v) || !(p->max > p->min))
        return AGGREGATE_COLOURS;
    double at = (v->number - p->min) / (p->max - p->min) * AGGREGATE_COLOURS;
    return at >= AGGREGATE_COLOURS ? AGGREGATE_COLOURS - 1 : at > 0 ? (size_t)at : 0;
}

static void add(layer_sum *to, const overlay_value *v, size_t colour) {
    to->count++;
    if (colour < AGGREGATE_COLOURS)
        to->colours[colour]++;
    if (!is_number(v))
        return;
    if (to->numbers == 0 || v->number < to->min)
        to->min = v->number;
    if (to->numbers == 0 || v->number > to->max)
        to->max = v->number;
    to->sum += v->number;
    to->numbers++;
}

graph_status overlay_sum_layers(const overlay *o, const graph *g, const overlay_binding *pairs, size_t n,
                                struct mem *mem, overlay_sums *out) {
    *out = (overlay_sums){.mem = mem};
    palette p = {.o = o};
    choose_colours(&p, out);
    /* Places of the layers that get something. */
    uint32_t *place = mem_alloc_zero(mem, g->n_nodes * sizeof *place);
    if (!place)
        return GRAPH_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        for (graph_node l = pairs[i].node; !place[l];) {
            place[l] = graph_is_layer(g, l);
            if (l == 0)
                break;
            l = g->nodes[l].parent;
        }
    }
    for (graph_node l = 0; l < g->n_nodes; l++)
        if (place[l])
            place[l] = (uint32_t)++out->n;
    out->v = mem_alloc_zero(mem, out->n * sizeof *out->v);
    if (out->v) {
        for (graph_node l = 0; l < g->n_nodes; l++)
            if (place[l])
                out->v[place[l] - 1].layer = l;
        for (size_t i = 0; i < n; i++) {
            const overlay_value *v = &o->values.v[pairs[i].value];
            size_t colour = colour_of(&p, out, v);
            for (graph_node l = pairs[i].node;; l = g->nodes[l].parent) {
                if (place[l])
                    add(&out->v[place[l] - 1], v, colour);
                if (l == 0)
                    break;
            }
        }
    }
    mem_free(mem, place, g->n_nodes * sizeof *place);
    return out->v ? GRAPH_OK : GRAPH_NO_MEMORY;
}

void overlay_sums_free(overlay_sums *s) {
    if (s->v)
        mem_free(s->mem, s->v, s->n * sizeof *s->v);
    s->v = NULL;
}

void overlay_sums_write(const overlay_sums *s, struct json_writer *w) {
    json_object_begin(w);
    json_key(w, STR("layers"));
    json_array_begin(w);
    for (size_t i = 0; i < s->n; i++) {
        const layer_sum *l = &s->v[i];
        json_object_begin(w);
        json_key(w, STR("layer"));
        json_u64(w, l->layer);
        json_key(w, STR("count"));
        json_u64(w, l->count);
        if (l->numbers) {
            json_member_double(w, STR("min"), l->min);
            json_member_double(w, STR("max"), l->max);
            json_member_double(w, STR("sum"), l->sum);
            json_member_double(w, STR("avg"), l->sum / l->numbers);
        }
        json_key(w, STR("bars"));
        json_array_begin(w);
        for (size_t c = 0; c < s->n_colours; c++) {
            char colour[16];
            if (!l->colours[c])
                continue;
            snprintf(colour, sizeof colour, "#%08x", s->colours[c]);
            json_object_begin(w);
            json_key(w, STR("colour"));
            json_str(w, str_from_z(colour));
            json_member_double(w, STR("share"), (double)l->colours[c] / l->count);
            json_object_end(w);
        }
        json_array_end(w);
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
}

/* ---- by node --------------------------------------------------------------------------------------------- */

/* Thresholds or the stops of a gradient, for legends. */
static void write_stops(struct json_writer *w, str key, const overlay_stop *stops, size_t n) {
    json_key(w, key);
    json_array_begin(w);
    for (size_t i = 0; i < n; i++) {
        json_object_begin(w);
        json_member_double(w, STR("value"), stops[i].value);
        json_key(w, STR("colour"));
        json_str(w, stops[i].bg_color);
        json_object_end(w);
    }
    json_array_end(w);
}

static void write_value(const overlay *o, const overlay_binding *pair, double min, double max, struct json_writer *w) {
    const overlay_value *v = &o->values.v[pair->value];
    uint32_t rgba;
    json_object_begin(w);
    json_key(w, STR("node"));
    json_u64(w, pair->node);
    json_key(w, STR("value"));
    overlay_write_value(v, w);
    if (overlay_colour(o, v, min, max, &rgba)) {
        char text[16];
        snprintf(text, sizeof text, "#%08x", rgba);
        json_key(w, STR("colour"));
        json_str(w, str_from_z(text));
    }
    json_object_end(w);
}

void overlay_values_write(const overlay *o, const overlay_binding *pairs, size_t n, struct json_writer *w) {
    double min = 0, max = 0;
    bool numbers = overlay_range(o, &min, &max);
    json_object_begin(w);
    json_key(w, STR("name"));
    json_str(w, o->name);
    json_member_double(w, STR("min"), min);
    json_member_double(w, STR("max"), max);
    json_key(w, STR("numbers"));
    json_bool(w, numbers);
    json_key(w, STR("unbound"));
    json_u64(w, o->values.n > n ? o->values.n - n : 0);
    write_stops(w, STR("gradient"), o->gradient.v, o->gradient.n);
    write_stops(w, STR("thresholds"), o->thresholds.v, o->thresholds.n);
    json_key(w, STR("options"));
    json_raw(w, STR("{"));
    buf_put_str(w->out, o->other); /* members as they were */
    buf_putc(w->out, '}');
    json_key(w, STR("values"));
    json_array_begin(w);
    for (size_t i = 0; i < n; i++)
        write_value(o, &pairs[i], min, max, w);
    json_array_end(w);
    json_object_end(w);
}
