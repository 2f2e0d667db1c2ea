/* Executions: starting one, and what came of them. */
#include "server/api_inner.h"
#include "server/execute.h"
#include "server/jobs.h"
#include "server/kept.h"
#include "server/measured.h"
#include "server/runs.h"

void api_executions_start(struct http_request *r) {
    struct execution x = {.model = {{0}}};
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
    for (size_t i = 0; i < x.n_inputs; i++) {
        struct store_item item;
        if (!execution_input_find(r->server, &x.model, x.inputs[i].tensor, r->arena, &item, &e)) {
            api_error(r, e.status, "upload it: POST /models/{id}/tensors", "%s", e.text);
            return;
        }
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
        execution_summary(w, item.id, item.created, item.body, kept_bytes(r->server->kept, item.id));
    }
    json_array_end(w);
    json_object_end(w);
    vec_free(&items.list);
}

/* The execution that the path names; false with the answer given. */
bool api_execution(struct http_request *r, struct store_item *out) {
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
    if (api_execution(r, &item))
        http_text(r, 200, "application/json", item.body);
}

void api_execution_delete(struct http_request *r) {
    struct store_item item;
    struct store_error e;
    if (!api_execution(r, &item))
        return;
    kept_drop(r->server->kept, item.id);
    if (store_item_delete(r->server->store, STORE_RUN, item.id, &e))
        http_empty(r, 204);
    else
        api_store_error(r, &e);
}

/* --- measurements from elsewhere -------------------------------------------------------------------------------------- */

static void write_measured(struct json_writer *w, const struct profile *p, const struct measured_answer *told) {
    json_object_begin(w);
    json_member_u64(w, STR("execution"), (uint64_t)told->execution);
    json_member_str(w, STR("format"), str_from_z(profile_format_names[p->format]));
    json_member_u64(w, STR("ops"), told->ops);
    json_member_u64(w, STR("bound"), told->bound);
    json_key(w, STR("notes"));
    json_array_begin(w);
    for (size_t i = 0; i < told->n_notes; i++)
        json_str(w, told->notes[i]);
    json_array_end(w);
    json_object_end(w);
}

void api_traces_add(struct http_request *r) {
    struct measured_place at = {.run = http_query(r, "run")};
    struct measured_answer told;
    struct model_error e;
    struct profile p;
    struct mem mem = {0};
    str name = http_query(r, "name");
    if (!api_hash(r, http_param(r, "id"), &at.model) || !http_query_u64(r, "stage", UINT32_MAX, &at.stage) ||
        !http_query_u64(r, "part", UINT32_MAX, &at.part))
        return;
    uint64_t part = at.part;
    const struct model *m = api_stage(r, &at.model, at.stage, at.run, &part);
    if (!m)
        return;
    at.g = part < m->n_parts ? model_graph(r->server->models, m, (size_t)part,
                                           (struct model_rule){GRAPH_LAYERS_AUTO, false}, NULL, &e)
                             : NULL;
    if (part >= m->n_parts) {
        api_error(r, 404, NULL, "the model has no part %llu", (unsigned long long)part);
    } else if (!at.g) {
        api_unreadable(r, m, &e);
    } else if (!at.g->module) {
        api_error(r, 422, "open the MLIR text", "a graph without a module has no locations to bind a trace to");
    } else {
        bool good = profile_read(&p, r->body, &mem);
        if (!good)
            api_error(r, p.error.p ? 422 : 503, NULL, "%.*s", STR_ARG(p.error.p ? p.error : STR("out of memory")));
        else if (measured_keep(r->server, &at, &p, name.n ? name : STR("trace"), r->arena, &told, &e))
            write_measured(http_json(r, 201), &p, &told);
        else
            api_model_error(r, &e);
        profile_free(&p);
    }
    model_unref(r->server->models, m);
}
