/* A model as one page: what tt-explorer export makes of files. */
#include <string.h>
#include <time.h>

#include "server/api_inner.h"
#include "server/execute.h"
#include "server/export_page.h"

/* The node data of the model, in the request's arena. False with the answer given. */
static bool read_data(struct http_request *r, struct export_model *m) {
    struct store_items items;
    if (!api_model_items(r, STORE_OVERLAY, &items))
        return false;
    struct export_data *data = arena_alloc(r->arena, (items.list.n + 1) * sizeof *data, sizeof(void *));
    for (size_t i = 0; data && i < items.list.n; i++) {
        struct store_item item;
        struct store_error e;
        if (store_item_get(r->server->store, STORE_OVERLAY, items.list.v[i].id, r->arena, &item, &e))
            data[m->n_data++] = (struct export_data){item.name, item.state, item.body};
        /* else somebody has just deleted it */
    }
    m->data = data;
    vec_free(&items.list);
    if (!data)
        api_error(r, 503, NULL, "out of memory");
    return data != NULL;
}

/* Executions of the file itself, and of the run that is in the page, in the request's arena. False with the answer given. */
static bool read_executions(struct http_request *r, str run, struct export_model *m) {
    struct store_items items;
    if (!api_model_items(r, STORE_RUN, &items))
        return false;
    struct export_execution *all = arena_alloc(r->arena, (items.list.n + 1) * sizeof *all, sizeof(void *));
    for (size_t i = 0; all && i < items.list.n; i++) {
        struct store_item item;
        struct store_error e;
        if (items.list.v[i].rank != RANK_EXECUTED ||
            !store_item_get(r->server->store, STORE_RUN, items.list.v[i].id, r->arena, &item, &e))
            continue;
        str of = http_json_str(r, json_member(json_member(item.body, STR("settings")), STR("run")));
        if (!of.n || str_eq(of, run))
            all[m->n_executions++] = (struct export_execution){item.id, item.created, item.body};
    }
    m->executions = all;
    vec_free(&items.list);
    if (!all)
        api_error(r, 503, NULL, "out of memory");
    return all != NULL;
}

/* The moment a run was kept; now when it was not. */
static int64_t created(struct http_request *r, str id) {
    struct store_items items;
    int64_t when = (int64_t)time(NULL) * 1000;
    if (!api_model_items(r, STORE_RUN, &items))
        return when;
    for (size_t i = 0; i < items.list.n; i++)
        if (str_eq(items.list.v[i].name, id))
            when = items.list.v[i].created;
    vec_free(&items.list);
    return when;
}

static void write_page(struct http_request *r, const struct export_model *m) {
    const struct export_page page = {.models = m, .n = 1};
    struct buf out;
    bool built;
    buf_init(&out, r->arena->mem);
    bool good = export_page_write(&page, r->arena->mem, &out, &built);
    str name = str_of(m->name.p, m->name.n);
    for (size_t i = name.n; i-- > 1 && name.p[i] != '/';)
        if (name.p[i] == '.') {
            name.n = i;
            break;
        }
    str file = arena_printf(r->arena, "%.*s.html", STR_ARG(name));
    if (good && file.p) {
        http_download(r, file);
        http_text(r, 200, "application/octet-stream", buf_str(&out));
    } else {
        api_error(r, built ? 503 : 501, NULL, built ? "out of memory" : "this program was built without the page");
    }
    buf_free(&out);
}

void api_model_export(struct http_request *r) {
    struct store_hash hash;
    struct model_error e;
    bool data = false;
    str run_id = http_query(r, "run");
    if (!api_hash(r, http_param(r, "id"), &hash) || !api_flag(r, "data", &data))
        return;
    const struct model *model = models_get(r->server->models, &hash, NULL, &e);
    if (!model) {
        api_model_error(r, &e);
        return;
    }
    struct export_model m = {.name = model->info.name, .text = model->text};
    struct export_run one = {0};
    const struct run *run = NULL;
    bool good = !str_eq(model->info.format, STR("mlir-bytecode"));
    if (!good)
        api_error(r, 422, NULL, "a page holds MLIR text or graph JSON; this model is neither");
    good = good && (!data || (read_data(r, &m) && read_executions(r, run_id, &m)));
    if (good && run_id.n) {
        run = runs_find(r->server->runs, &hash, run_id, NULL, &e);
        good = run != NULL;
        if (!good)
            api_model_error(r, &e);
    }
    if (run) {
        one = (struct export_run){run_name(run),  run_settings_of(run), run_compiled(run),
                                  run_diags(run), run_overrides(run),   created(r, run_id)};
        m.runs = &one;
        m.n_runs = 1;
    }
    if (good)
        write_page(r, &m);
    run_unref(run);
    model_unref(r->server->models, model);
}
