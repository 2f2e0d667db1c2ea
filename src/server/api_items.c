/* Overlays and override sets: documents that belong to a model. */
#include <stdio.h>
#include <string.h>

#include "compile/override.h"
#include "graph/aggregate.h"
#include "server/api_inner.h"
#include "server/events.h"

/* --- both --------------------------------------------------------------------------------------------------------- */

/* Says that something belonging to a model has changed. */
static void publish(struct http_request *r, const char *event, const struct store_hash *model, int64_t id,
                    const char *what) {
    struct buf out;
    buf_init(&out, r->arena->mem);
    buf_printf(&out, "{\"model\":\"%s\",\"id\":%lld,\"change\":\"%s\"}", model->text, (long long)id, what);
    if (!out.failed)
        events_publish(r->server->events, "api", event, buf_str(&out));
    buf_free(&out);
}

static void not_found(struct http_request *r, const struct store_error *e, const char *what, int64_t id) {
    if (e->status == STORE_NOT_FOUND)
        api_error(r, 404, NULL, "there is no %s %lld", what, (long long)id);
    else
        api_store_error(r, e);
}

static void write_item(struct json_writer *w, const struct store_item *item, str state_key) {
    json_object_begin(w);
    json_member_i64(w, STR("id"), item->id);
    json_member_str(w, STR("model"), str_from_z(item->model.text));
    json_member_str(w, STR("name"), item->name);
    json_member_str(w, state_key, item->state);
    json_member_u64(w, STR("bytes"), item->body_size);
    json_member_i64(w, STR("created"), item->created);
    json_member_i64(w, STR("changed"), item->changed);
    json_object_end(w);
}

bool api_model_items(struct http_request *r, enum store_kind kind, struct store_items *out) {
    struct store_hash hash;
    struct store_model m;
    struct store_error e;
    *out = (struct store_items){0};
    if (!api_hash(r, http_param(r, "id"), &hash))
        return false;
    if (store_model_get(r->server->store, &hash, r->arena, &m, &e) &&
        store_item_list(r->server->store, kind, &hash, r->arena, out, &e))
        return true;
    api_store_error(r, &e);
    return false;
}

static void list_items(struct http_request *r, enum store_kind kind, str list_key, str state_key) {
    struct store_items items;
    if (!api_model_items(r, kind, &items))
        return;
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_key(w, list_key);
    json_array_begin(w);
    for (size_t i = 0; i < items.list.n; i++)
        write_item(w, &items.list.v[i], state_key);
    json_array_end(w);
    json_object_end(w);
    vec_free(&items.list);
}

/* The item that the path names. False with the answer given. */
static bool get_item(struct http_request *r, enum store_kind kind, const char *param, struct store_item *out) {
    uint64_t id;
    struct store_error e;
    if (!api_number(r, param, &id))
        return false;
    if (store_item_get(r->server->store, kind, (int64_t)id, r->arena, out, &e))
        return true;
    not_found(r, &e, param, (int64_t)id);
    return false;
}

static void delete_item(struct http_request *r, enum store_kind kind, const char *param, const char *event) {
    struct store_item item;
    struct store_error e;
    if (!get_item(r, kind, param, &item))
        return;
    if (!store_item_delete(r->server->store, kind, item.id, &e)) {
        not_found(r, &e, param, item.id);
        return;
    }
    publish(r, event, &item.model, item.id, "deleted");
    http_empty(r, 204);
}

/* --- overlays ----------------------------------------------------------------------------------------------------- */

void api_overlays_list(struct http_request *r) {
    list_items(r, STORE_OVERLAY, STR("overlays"), STR("graph"));
}

/* What is wrong with node data, with its place in the body. */
static void answer_bad_overlay(struct http_request *r, const struct diags *d) {
    const struct diag *first = d->list.n ? &d->list.v[0] : NULL;
    uint64_t line = 0, column = 0;
    if (!first) {
        api_error(r, 503, NULL, "out of memory");
        return;
    }
    if (first->source)
        api_line_of(first->source->text, first->begin, &line, &column);
    api_error(r, 422, "{\"results\": {NODE: {\"value\": VALUE}}}, or such by the ids of graphs",
              "line %llu, column %llu of the body: %.*s", (unsigned long long)line, (unsigned long long)column,
              STR_ARG(first->message));
}

/* Keeps one overlay; *id is its number. */
static bool keep_overlay(struct http_request *r, const struct store_hash *hash, const overlay *o, str name, int64_t *id,
                         struct store_error *e) {
    struct buf out;
    buf_init(&out, r->arena->mem);
    struct json_writer w = json_writer_to(&out);
    overlay_write(o, &w);
    struct store_item item = {.model = *hash, .name = name.n ? name : o->name, .state = o->graph_id};
    if (!item.name.n)
        item.name = STR("overlay");
    item.body = arena_str(r->arena, buf_str(&out));
    bool failed = out.failed || !item.body.p;
    buf_free(&out);
    if (failed) {
        e->status = STORE_MEMORY;
        snprintf(e->text, sizeof e->text, "out of memory");
        return false;
    }
    return store_item_put(r->server->store, STORE_OVERLAY, &item, id, e);
}

void api_overlays_add(struct http_request *r) {
    struct store_hash hash;
    struct store_model m;
    struct store_error e = {0};
    struct diags d;
    struct mem mem = {0};
    overlay_list list;
    if (!api_hash(r, http_param(r, "id"), &hash) || !api_body_object(r))
        return;
    if (!store_model_get(r->server->store, &hash, r->arena, &m, &e)) {
        api_store_error(r, &e);
        return;
    }
    diags_init(&d, &mem);
    struct diag_source *source = diags_add_source(&d, STR("body"), r->body);
    graph_status status = overlays_read(&mem, r->body, &d, source, &list);
    if (status != GRAPH_OK) {
        answer_bad_overlay(r, &d);
        diags_free(&d);
        return;
    }
    bool good = true;
    int64_t id = 0;
    for (size_t i = 0; i < list.n && good; i++) {
        good = keep_overlay(r, &hash, &list.v[i], http_query(r, "name"), &id, &e);
        if (good)
            publish(r, "overlay", &hash, id, "added");
    }
    overlay_list_free(&list);
    diags_free(&d);
    if (!good) {
        api_store_error(r, &e);
        return;
    }
    list_items(r, STORE_OVERLAY, STR("overlays"), STR("graph"));
}

void api_overlay_get(struct http_request *r) {
    struct store_item item;
    if (get_item(r, STORE_OVERLAY, "overlay", &item))
        http_text(r, 200, "application/json", item.body);
}

void api_overlay_delete(struct http_request *r) {
    delete_item(r, STORE_OVERLAY, "overlay", "overlay");
}

/* The graph that ?run=, ?stage=, ?part= and ?layers= name of the model an overlay belongs to. */
static const graph *graph_of_item(struct http_request *r, const struct store_item *item, const struct model **model) {
    struct model_error e;
    struct model_rule rule;
    uint64_t part = 0, stage = 0;
    if (!http_query_u64(r, "part", UINT32_MAX, &part) || !http_query_u64(r, "stage", UINT32_MAX, &stage) ||
        !api_rule(r, &rule))
        return NULL;
    *model = api_stage(r, &item->model, stage, http_query(r, "run"), &part);
    if (!*model)
        return NULL;
    if (part >= (*model)->n_parts) {
        api_error(r, 404, NULL, "the model has no part %llu", (unsigned long long)part);
        return NULL;
    }
    const graph *g = model_graph(r->server->models, *model, (size_t)part, rule, NULL, &e);
    if (!g)
        api_unreadable(r, *model, &e);
    return g;
}

bool api_bound_open(struct http_request *r, struct api_bound *out) {
    struct store_item item;
    struct diags d;
    *out = (struct api_bound){0};
    if (!get_item(r, STORE_OVERLAY, "overlay", &item))
        return false;
    out->g = graph_of_item(r, &item, &out->model);
    if (!out->g)
        return false;
    diags_init(&d, &out->mem);
    bool read = overlays_read(&out->mem, item.body, &d, NULL, &out->list) == GRAPH_OK;
    diags_free(&d);
    if (!read || out->list.n == 0) {
        api_error(r, 500, NULL, "the overlay cannot be read");
        return false;
    }
    out->overlay = &out->list.v[0];
    if (overlay_bind(out->overlay, out->g, &out->mem, &out->pairs, &out->n) == GRAPH_OK)
        return true;
    api_error(r, 503, NULL, "out of memory");
    return false;
}

void api_bound_close(struct http_request *r, struct api_bound *b) {
    mem_free(&b->mem, b->pairs, b->n * sizeof *b->pairs);
    if (b->overlay)
        overlay_list_free(&b->list);
    if (b->model)
        model_unref(r->server->models, b->model);
}

void api_overlay_values(struct http_request *r) {
    struct api_bound b;
    if (api_bound_open(r, &b))
        overlay_values_write(b.overlay, b.pairs, b.n, http_json(r, 200));
    api_bound_close(r, &b);
}

/* --- override sets ------------------------------------------------------------------------------------------------ */

static void write_overrides(struct json_writer *w, const struct store_item *item) {
    json_object_begin(w);
    json_member_i64(w, STR("id"), item->id);
    json_member_str(w, STR("model"), str_from_z(item->model.text));
    json_member_str(w, STR("name"), item->name);
    json_member_str(w, STR("state"), item->state);
    json_member_i64(w, STR("created"), item->created);
    json_member_i64(w, STR("changed"), item->changed);
    json_key(w, STR("overrides"));
    json_raw(w, item->body);
    json_object_end(w);
}

/* Whether a set can be given to a compile run: it can be read, and its attributes exist. False with the answer given. */
static bool check_overrides(struct http_request *r, str raw) {
    struct mem mem = {0};
    struct diags d;
    override_set set;
    diags_init(&d, &mem);
    override_set_init(&set, &mem);
    str wrapped = arena_printf(r->arena, "{\"overrides\":%.*s}", STR_ARG(raw));
    bool good = wrapped.p && override_read_json(&set, wrapped, NULL, &d);
    if (!wrapped.p || set.failed || (!good && !d.list.n))
        api_error(r, 503, NULL, "out of memory");
    else if (!good)
        api_error(r, 422, NULL, "%.*s", STR_ARG(d.list.v[0].message));
    for (size_t i = 0; good && i < set.entries.n; i++)
        for (size_t k = 0; good && k < set.entries.v[i].settings.n; k++) {
            const legal_setting *one = &set.entries.v[i].settings.v[k];
            good = legal_find_field(one->group, one->key);
            if (!good)
                api_error(r, 422, NULL, "there is no attribute %.*s", STR_ARG(one->key));
        }
    override_set_free(&set);
    diags_free(&d);
    return good;
}

/* Takes name, state and overrides from the body; what is absent stays as it is in `item`. False with the answer
 * given. */
static bool read_overrides(struct http_request *r, struct store_item *item) {
    str name, state;
    if (!api_body_object(r) || !api_body_str(r, STR("name"), &name) || !api_body_str(r, STR("state"), &state))
        return false;
    if (name.p)
        item->name = name;
    if (state.p)
        item->state = state;
    str raw = json_member(r->body, STR("overrides"));
    if (!raw.p)
        return true;
    item->body = raw;
    return check_overrides(r, raw);
}

static void put_overrides(struct http_request *r, struct store_item *item, int status) {
    struct store_error e;
    int64_t id = item->id;
    if (!store_item_put(r->server->store, STORE_OVERRIDES, item, &id, &e) ||
        !store_item_get(r->server->store, STORE_OVERRIDES, id, r->arena, item, &e)) {
        not_found(r, &e, "set of overrides for model", id);
        return;
    }
    publish(r, "overrides", &item->model, id, status == 201 ? "added" : "changed");
    write_overrides(http_json(r, status), item);
}

void api_overrides_list(struct http_request *r) {
    list_items(r, STORE_OVERRIDES, STR("overrides"), STR("state"));
}

void api_overrides_add(struct http_request *r) {
    struct store_item item = {.name = STR("overrides"), .body = STR("{}")};
    struct store_model m;
    struct store_error e;
    if (!api_hash(r, http_param(r, "id"), &item.model) || !read_overrides(r, &item))
        return;
    if (!store_model_get(r->server->store, &item.model, r->arena, &m, &e))
        api_store_error(r, &e);
    else
        put_overrides(r, &item, 201);
}

void api_overrides_get(struct http_request *r) {
    struct store_item item;
    if (get_item(r, STORE_OVERRIDES, "set", &item))
        write_overrides(http_json(r, 200), &item);
}

void api_overrides_put(struct http_request *r) {
    struct store_item item;
    if (get_item(r, STORE_OVERRIDES, "set", &item) && read_overrides(r, &item))
        put_overrides(r, &item, 200);
}

void api_overrides_delete(struct http_request *r) {
    delete_item(r, STORE_OVERRIDES, "set", "overrides");
}
