/* Executions: starting one, and what came of them. */
#include "server/api_inner.h"
#include "server/execute.h"
#include "server/jobs.h"
#include "server/kept.h"

void api_executions_start(struct http_request *r) {
    struct execution x = {.part = 0};
    struct store_model m;
    struct store_error se;
    struct model_error e;
    if (!api_hash(r, http_param(r, "id"), &x.model) || !api_body_object(r))
        return;
    if (r->server->options.no_execution) {
        api_error(r, 403, "start it without --no-model-execution", "this server does not execute models");
        return;
    }
    if (!store_model_get(r->server->store, &x.model, r->arena, &m, &se)) {
        api_store_error(r, &se);
        return;
    }
    if (!execution_read(r->body, r->arena, &x, &e)) {
        api_error(r, e.status, NULL, "%s", e.text);
        return;
    }
    uint64_t id = execution_start(r->server, &x, m.name);
    if (id)
        jobs_write(r->server->jobs, id, http_json(r, 202));
    else
        api_error(r, 503, NULL, "no job can be started now");
}

void api_executions_list(struct http_request *r) {
    struct store_items items;
    struct store_error e;
    if (!api_model_items(r, STORE_RUN, &items))
        return;
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_key(w, STR("executions"));
    json_array_begin(w);
    for (size_t i = 0; i < items.list.n; i++) {
        struct store_item item;
        if (items.list.v[i].rank != RANK_EXECUTED ||
            !store_item_get(r->server->store, STORE_RUN, items.list.v[i].id, r->arena, &item, &e))
            continue;
        json_object_begin(w);
        json_key(w, STR("id"));
        json_i64(w, item.id);
        json_key(w, STR("created"));
        json_i64(w, item.created);
        json_key(w, STR("us"));
        json_raw(w, http_json_member(item.body, STR("us")));
        json_key(w, STR("settings"));
        json_raw(w, http_json_member(item.body, STR("settings")));
        api_put_u64(w, STR("kept"), kept_bytes(r->server->kept, item.id));
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
    vec_free(&items.list);
}

/* The execution that the path names; false with the answer given. */
static bool get_execution(struct http_request *r, struct store_item *out) {
    uint64_t id;
    struct store_error e;
    if (!api_number(r, "execution", &id))
        return false;
    bool found = store_item_get(r->server->store, STORE_RUN, (int64_t)id, r->arena, out, &e);
    if (found && out->rank == RANK_EXECUTED)
        return true;
    if (found || e.status == STORE_NOT_FOUND)
        api_error(r, 404, NULL, "there is no execution %llu", (unsigned long long)id);
    else
        api_store_error(r, &e);
    return false;
}

void api_execution_get(struct http_request *r) {
    struct store_item item;
    if (get_execution(r, &item))
        http_text(r, 200, "application/json", item.body);
}

void api_execution_delete(struct http_request *r) {
    struct store_item item;
    struct store_error e;
    if (!get_execution(r, &item))
        return;
    kept_drop(r->server->kept, item.id);
    if (store_item_delete(r->server->store, STORE_RUN, item.id, &e))
        http_empty(r, 204);
    else
        api_store_error(r, &e);
}
