/* json.c - places and lines as JSON, for scripts and tests. */
#include "base/json.h"
#include "scene/scene_inner.h"

static void put_id(const struct scene *s, struct json_writer *w, struct buf *scratch, const char *key, uint32_t item) {
    buf_clear(scratch);
    graph_put_id(s->g, s->node_of[item], scratch);
    json_key(w, str_from_z(key));
    json_str(w, buf_str(scratch));
}

static void put_number(struct json_writer *w, const char *key, double v) {
    json_key(w, str_from_z(key));
    json_double(w, v);
}

static void put_nodes(const struct scene *s, struct json_writer *w, struct buf *scratch) {
    const struct layout_box *boxes = layout_boxes(s->layout);
    for (uint32_t i = 0; i < s->n_items; i++) {
        if (!boxes[i].visible)
            continue;
        json_object_begin(w);
        put_id(s, w, scratch, "id", i);
        json_key(w, STR("label"));
        json_str(w, graph_label(s->g, s->node_of[i]));
        put_number(w, "x", boxes[i].x);
        put_number(w, "y", boxes[i].y);
        put_number(w, "w", boxes[i].w);
        put_number(w, "h", boxes[i].h);
        if (s->flags[i] & LAYOUT_LAYER) {
            json_key(w, STR("layer"));
            json_bool(w, true);
            json_key(w, STR("expanded"));
            json_bool(w, boxes[i].expanded);
        }
        if (s->parent[i] != LAYOUT_ROOT)
            put_id(s, w, scratch, "parent", s->parent[i]);
        json_object_end(w);
    }
}

static void put_edges(const struct scene *s, struct json_writer *w, struct buf *scratch) {
    for (size_t k = 0; k < s->geo.routes.n; k++) {
        const struct scene_route *r = &s->geo.routes.v[k];
        json_object_begin(w);
        if (r->from != LAYOUT_NONE)
            put_id(s, w, scratch, "from", r->from);
        if (r->to != LAYOUT_NONE)
            put_id(s, w, scratch, "to", r->to);
        if (r->layer != LAYOUT_ROOT)
            put_id(s, w, scratch, "layer", r->layer);
        json_key(w, STR("points"));
        json_array_begin(w);
        for (uint32_t i = 0; i < r->n_points; i++) {
            json_double(w, s->geo.points.v[r->first_point + i].x);
            json_double(w, s->geo.points.v[r->first_point + i].y);
        }
        json_array_end(w);
        json_object_end(w);
    }
}

bool scene_write_json(const struct scene *s, struct buf *b) {
    struct json_writer w = json_writer_to(b);
    struct buf scratch;
    double width, height;
    buf_init(&scratch, s->mem);
    scene_size(s, &width, &height);
    json_object_begin(&w);
    put_number(&w, "width", width);
    put_number(&w, "height", height);
    json_key(&w, STR("nodes"));
    json_array_begin(&w);
    put_nodes(s, &w, &scratch);
    json_array_end(&w);
    json_key(&w, STR("edges"));
    json_array_begin(&w);
    put_edges(s, &w, &scratch);
    json_array_end(&w);
    json_object_end(&w);
    bool ok = !scratch.failed && !b->failed;
    buf_free(&scratch);
    return ok;
}
