/* The commands of send_command. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/vec.h"
#include "graph/me_json.h"
#include "server/edit_legal.h"
#include "server/listing.h"
#include "server/me_execute.h"
#include "server/models.h"
#include "server/security.h"

/* Pages take the first one that knows a file's ending, unless told otherwise. */
const struct me_adapter me_adapters[] = {
    {"tt_adapter", "Tenstorrent MLIR Adapter", "Adapter for Tenstorrent MLIR dialects used in the Forge compiler.",
     "https://github.com/tenstorrent/tt-mlir/tree/main/tools/explorer/tt_adapter", "mlir ttir ttnn", true},
    {"builtin_mlir", "MLIR adapter", "Shows MLIR modules.", "https://github.com/google-ai-edge/model-explorer",
     "mlir mlirbc", false},
    /* the last one, as in those servers; pages read such files themselves */
    {"builtin_json", "JSON adapter", "Convert graphs json data file or tfjs model.", "", "json", false},
};
const size_t me_n_adapters = sizeof me_adapters / sizeof me_adapters[0];

const char *const me_policies[] = {"Optimizer Disabled", "Optimizer Enabled"};
/* The optimization level that each stands for. */
static const int me_policy_levels[] = {0, 2};
const size_t me_n_policies = sizeof me_policies / sizeof me_policies[0];

/* How the overrides of `execute` are kept in the workspace. */
#define OVERRIDES_NAME STR("tt_adapter")
#define OVERRIDES_STATE STR("current")

/* --- errors ------------------------------------------------------------------------------------------------------- */

/* What Python would have raised. */
static void model_error(struct http_request *r, const struct model_error *e, bool reading) {
    const char *type = "Exception";
    switch (e->status) {
    case 404: type = "FileNotFoundError"; break;
    case 403: type = "PermissionError"; break;
    case 503: type = "MemoryError"; break;
    case 507: type = "OSError"; break;
    case 400: type = reading ? "MLIRError" : "ValueError"; break;
    default: break;
    }
    me_error(r, "%s: %s", type, e->text);
}

static void no_memory(struct http_request *r) {
    me_error(r, "MemoryError: out of memory");
}

str me_expand_home(str path, struct arena *a) {
    const char *home = getenv("HOME");
    if (!home || path.n == 0 || path.p[0] != '~' || (path.n > 1 && path.p[1] != '/'))
        return arena_str(a, path);
    return arena_printf(a, "%s%.*s", home, STR_ARG(str_from(path, 1)));
}

static str last_part(str path) {
    for (size_t i = path.n; i-- > 0;)
        if (path.p[i] == '/')
            return str_from(path, i + 1);
    return path;
}

/* --- convert ------------------------------------------------------------------------------------------------------ */

/* One graph of the answer. */
struct picture {
    const graph *g;
    const struct model *model; /* the one that was asked for */
    str collection;
    bool executed; /* g is what was executed last of this part, measured by `done` */
    struct me_done done;
};

struct conversion {
    struct http_request *r;
    const struct me_adapter *adapter;
    const struct me_command *command;
    VEC(const struct model *) models;
    VEC(struct picture) pictures;
    bool collections; /* some graph stands in a collection */
};

/* Opens a model and makes its graphs. False with the answer given. */
static bool open_model(struct conversion *c, str path) {
    struct server *s = c->r->server;
    struct store_hash hash;
    struct model_error e;
    if (!models_open_any(s->models, path, &hash, &e)) {
        model_error(c->r, &e, false);
        return false;
    }
    if (c->command->delete_after)
        me_state_delete_later(s, &hash);
    const struct model *m = models_get(s->models, &hash, NULL, &e);
    if (!m) {
        model_error(c->r, &e, true);
        return false;
    }
    if (!vec_push(&c->models, m)) {
        model_unref(s->models, m);
        no_memory(c->r);
        return false;
    }
    struct model_rule layers = {c->adapter->tt ? GRAPH_LAYERS_ADAPTER : GRAPH_LAYERS_AUTO, false};
    struct me_done done = {.part = 0};
    uint64_t made_part = 0;
    const struct model *made =
        c->adapter->tt && me_executed(s, &hash, &done) ? me_executed_model(s, &done, &made_part) : NULL;
    if (made && !vec_push(&c->models, made)) {
        model_unref(s->models, made);
        no_memory(c->r);
        return false;
    }
    for (size_t i = 0; i < m->n_parts; i++) {
        bool executed = made && i == done.part;
        const graph *g =
            model_graph(s->models, executed ? made : m, executed ? (size_t)made_part : i, layers, NULL, &e);
        if (!g) {
            model_error(c->r, &e, true);
            return false;
        }
        c->collections |= m->parts[i].collection.n > 0;
        if (!vec_push(&c->pictures, (struct picture){g, m, m->parts[i].collection, executed, done})) {
            no_memory(c->r);
            return false;
        }
    }
    return true;
}

/* Appends {runName:{graphId:NodeDataGraph}} of the overlays kept for the graph; nothing when there is none. */
static bool write_overlays(struct conversion *c, const struct picture *p, str id, struct buf *out) {
    struct store *store = c->r->server->store;
    struct store_items items;
    struct store_error e;
    struct arena *a = c->r->arena;
    if (!store_item_list(store, STORE_OVERLAY, &p->model->info.hash, a, &items, &e))
        return e.status != STORE_MEMORY;
    struct json_writer w = json_writer_to(out);
    bool begun = false;
    for (size_t i = 0; i < items.list.n; i++) {
        struct store_item *item = &items.list.v[i], full;
        bool hidden = item->state.n && !str_eq(item->state, id);
        for (size_t k = i + 1; k < items.list.n && !hidden; k++) /* of one name, the last one counts */
            hidden = str_eq(items.list.v[k].name, item->name) &&
                     (!items.list.v[k].state.n || str_eq(items.list.v[k].state, id));
        if (hidden || !store_item_get(store, STORE_OVERLAY, item->id, a, &full, &e))
            continue;
        if (!begun)
            json_object_begin(&w);
        begun = true;
        json_key(&w, item->name);
        json_object_begin(&w);
        json_key(&w, id);
        json_raw(&w, full.body);
        json_object_end(&w);
    }
    if (begun)
        json_object_end(&w);
    vec_free(&items.list);
    return !out->failed;
}

/* The number of the overrides kept for a model; 0 when there are none. */
static int64_t find_overrides(struct http_request *r, const struct store_hash *hash) {
    struct store_items items;
    struct store_error e;
    int64_t id = 0;
    if (!store_item_list(r->server->store, STORE_OVERRIDES, hash, r->arena, &items, &e))
        return 0;
    for (size_t i = 0; i < items.list.n; i++)
        if (str_eq(items.list.v[i].name, OVERRIDES_NAME) && str_eq(items.list.v[i].state, OVERRIDES_STATE))
            id = items.list.v[i].id;
    vec_free(&items.list);
    return id;
}

/* Writes one graph. The id is the graph's own, made different from those before it in the same list. */
static graph_status write_picture(struct conversion *c, size_t at, size_t first, struct mem *scratch, struct buf *out) {
    const struct picture *p = &c->pictures.v[at];
    struct arena *a = c->r->arena;
    str id = p->g->id;
    for (size_t i = first; i < at; i++)
        if (str_eq(c->pictures.v[i].g->id, id)) {
            id = arena_printf(a, "%.*s (%zu)", STR_ARG(id), at - first + 1);
            break;
        }
    if (!id.p)
        return GRAPH_NO_MEMORY;
    struct buf overlays;
    buf_init(&overlays, scratch);
    me_write_options o = {.style = c->adapter->tt ? ME_STYLE_ADAPTER : ME_STYLE_OWN,
                          .id = id,
                          .max_elements = c->command->elements < 1u << 20 ? (size_t)c->command->elements : 1u << 20};
    struct edit_legal legal;
    struct me_meters meters = {.mem = scratch};
    bool good = true;
    edit_legal_init(&legal, c->adapter->tt ? p->g->module : NULL, scratch);
    if (p->executed) {
        good = me_measured_overlays(c->r, &p->done, p->g, id, &overlays) && me_meters_init(&meters, p->g, scratch);
        o.more_attrs = me_meters_attrs;
        o.more_ctx = &meters;
    } else if (c->adapter->tt) {
        good = write_overlays(c, p, id, &overlays);
    }
    if (c->adapter->tt) {
        o.edit = edit_legal;
        o.edit_ctx = &legal;
        o.overlays = buf_str(&overlays);
        struct store_item kept;
        struct store_error e;
        int64_t number = find_overrides(c->r, &p->model->info.hash);
        if (number && store_item_get(c->r->server->store, STORE_OVERRIDES, number, a, &kept, &e))
            o.overrides = kept.body;
    }
    graph_status status = good ? me_json_write_graph(p->g, &o, scratch, out) : GRAPH_NO_MEMORY;
    me_meters_free(&meters);
    edit_legal_free(&legal);
    buf_free(&overlays);
    return status;
}

/* The graphs [first, end) as a list. */
static graph_status write_pictures(struct conversion *c, size_t first, size_t end, struct mem *scratch,
                                   struct buf *out) {
    graph_status status = GRAPH_OK;
    buf_putc(out, '[');
    for (size_t i = first; i < end && status == GRAPH_OK; i++) {
        if (i > first)
            buf_putc(out, ',');
        status = write_picture(c, i, first, scratch, out);
        if (http_gone(c->r))
            status = GRAPH_CANCELLED;
    }
    buf_putc(out, ']');
    return status;
}

/* {"graphs":[...]}, or {"graphCollections":[{"label","graphs"}]} with what follows each other and has one label
 * together. */
static void write_answer(struct conversion *c) {
    struct mem scratch = {0};
    me_headers(c->r);
    struct buf *out = http_body(c->r, 200, "application/json");
    graph_status status = GRAPH_OK;
    if (!c->collections) {
        buf_lit(out, "{\"graphs\":");
        status = write_pictures(c, 0, c->pictures.n, &scratch, out);
        buf_putc(out, '}');
    } else {
        buf_lit(out, "{\"graphCollections\":[");
        for (size_t i = 0, end; i < c->pictures.n && status == GRAPH_OK; i = end) {
            struct json_writer w = json_writer_to(out);
            for (end = i + 1; end < c->pictures.n; end++)
                if (!str_eq(c->pictures.v[end].collection, c->pictures.v[i].collection))
                    break;
            if (i)
                buf_putc(out, ',');
            buf_lit(out, "{\"label\":");
            json_str(&w, c->pictures.v[i].collection);
            buf_lit(out, ",\"graphs\":");
            status = write_pictures(c, i, end, &scratch, out);
            buf_putc(out, '}');
        }
        buf_lit(out, "]}");
    }
    if (status != GRAPH_OK)
        me_error(c->r, status == GRAPH_NO_MEMORY ? "MemoryError: %s" : "Exception: %s", graph_status_text(status));
}

/* A folder is one collection of the models in it. False with the answer given. */
static bool open_folder(struct conversion *c, str folder) {
    struct listing list;
    bool good = listing_walk(folder, false, c->r->arena, &list);
    if (!good)
        no_memory(c->r);
    else if (list.paths.n == 0) {
        me_error(c->r, "FileNotFoundError: no .mlir, .ttir or .ttnn file below %.*s", STR_ARG(folder));
        good = false;
    }
    for (size_t i = 0; i < list.paths.n && good; i++)
        good = open_model(c, list.paths.v[i]);
    vec_free(&list.paths);
    str label = last_part(folder);
    for (size_t i = 0; i < c->pictures.n; i++)
        c->pictures.v[i].collection = label;
    c->collections = true;
    return good;
}

static void convert(struct http_request *r, const struct me_command *command, const struct me_adapter *adapter) {
    struct conversion c = {.r = r, .adapter = adapter, .command = command};
    struct mem m = {0};
    vec_init(&c.models, &m);
    vec_init(&c.pictures, &m);
    str path = me_expand_home(command->model_path, r->arena), why, real = {0};
    struct stat st;
    int status;
    if (!path.p) {
        no_memory(r);
        return;
    }
    if (!str_starts_with(path, STR("upload:")))
        real = security_resolve(r->server->security, path, r->arena, &status, &why);
    bool folder = real.p && stat(real.p, &st) == 0 && S_ISDIR(st.st_mode);
    if (folder ? open_folder(&c, real) : open_model(&c, path))
        write_answer(&c);
    for (size_t i = 0; i < c.models.n; i++)
        model_unref(r->server->models, c.models.v[i]);
    vec_free(&c.models);
    vec_free(&c.pictures);
}

/* --- preload ------------------------------------------------------------------------------------------------------ */

static void preload(struct http_request *r) {
    struct listing list;
    me_headers(r);
    if (!listing_roots(r->server->security, true, r->arena, &list)) {
        vec_free(&list.paths);
        no_memory(r);
        return;
    }
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_key(w, STR("graphs"));
    json_array_begin(w);
    json_object_begin(w);
    json_key(w, STR("graphPaths"));
    json_array_begin(w);
    for (size_t i = 0; i < list.paths.n; i++)
        json_str(w, list.paths.v[i]);
    json_array_end(w);
    json_object_end(w);
    json_array_end(w);
    json_object_end(w);
    vec_free(&list.paths);
}

/* --- execute ------------------------------------------------------------------------------------------------------ */

/* Keeps the overrides with the model, so that the next conversion gives them back. False with the answer given. */
static bool keep_overrides(struct http_request *r, struct store_item *item) {
    struct store_error e;
    item->id = find_overrides(r, &item->model);
    bool empty = str_eq(item->body, STR("{}"));
    bool kept = empty ? !item->id || store_item_delete(r->server->store, STORE_OVERRIDES, item->id, &e)
                      : store_item_put(r->server->store, STORE_OVERRIDES, item, &item->id, &e);
    if (!kept)
        me_error(r, "OSError: %s", e.text);
    return kept;
}

/* The model and the overrides of the command, as they are kept. False with the answer given. */
static bool read_overrides(struct http_request *r, const struct me_command *command, struct store_item *out) {
    char error[400];
    struct buf text;
    struct model_error e;
    buf_init(&text, r->arena->mem);
    struct json_writer w = json_writer_to(&text);
    bool good =
        me_overrides_read(command->overrides.p ? command->overrides : STR("{}"), r->arena, &w, error, sizeof error);
    bool memory = !text.failed;
    *out = (struct store_item){.name = OVERRIDES_NAME, .state = OVERRIDES_STATE};
    out->body = good && memory ? arena_str(r->arena, buf_str(&text)) : (str){0};
    buf_free(&text);
    str path = me_expand_home(command->model_path, r->arena);
    if (!good)
        me_error(r, "%s", error);
    else if (!out->body.p || !path.p)
        no_memory(r);
    else if (models_open_any(r->server->models, path, &out->model, &e))
        return true;
    else
        model_error(r, &e, false);
    return false;
}

static void execute(struct http_request *r, const struct me_command *command) {
    struct store_item overrides;
    char error[200];
    bool known = !command->policy.p;
    size_t policy = 0;
    for (size_t i = 0; i < me_n_policies && !known; i++)
        if ((known = str_eq(command->policy, str_from_z(me_policies[i]))))
            policy = i;
    if (r->server->options.no_execution)
        me_error(r, "Exception: " ME_EXECUTION_OFF);
    else if (!known)
        me_error(r, "ValueError: Invalid optimization policy selected: %.*s", STR_ARG(command->policy));
    else if (r->server->options.read_only)
        me_error(r, "PermissionError: this server is read-only");
    else if (!read_overrides(r, command, &overrides))
        return;
    else if (!me_runner_start(r->server, &overrides.model, last_part(command->model_path), me_policy_levels[policy],
                              overrides.body, error, sizeof error))
        me_error(r, "%s", error);
    else if (keep_overrides(r, &overrides)) {
        me_headers(r);
        buf_lit(http_body(r, 200, "application/json"), "{\"graphs\":[]}"); /* any other list counts as failure */
    }
}

/* --- the command -------------------------------------------------------------------------------------------------- */

void me_run(struct http_request *r, const struct me_command *c) {
    if (!c->extension_id.p) {
        me_error(r, "KeyError: 'extensionId'");
        return;
    }
    const struct me_adapter *adapter = NULL;
    for (size_t i = 0; i < me_n_adapters; i++)
        if (str_eq(c->extension_id, str_from_z(me_adapters[i].id)))
            adapter = &me_adapters[i];
    if (!adapter)
        me_error(r, "Exception: Extension \"%.*s\" not found", STR_ARG(c->extension_id));
    else if (!c->cmd_id.p)
        me_error(r, "KeyError: 'cmdId'");
    else if (adapter->tt && str_eq(c->cmd_id, STR("preload")))
        preload(r);
    else if (adapter->tt && str_eq(c->cmd_id, STR("status_check")))
        me_status_check(r);
    else if (!str_eq(c->cmd_id, STR("convert")) && !(adapter->tt && str_eq(c->cmd_id, STR("execute"))))
        me_error(r, "Exception: Method %.*s not implemented in the adapter extension \"%s\"", STR_ARG(c->cmd_id),
                 adapter->name);
    else if (!c->model_path.p)
        me_error(r, "KeyError: 'modelPath'");
    else if (str_eq(c->cmd_id, STR("convert")))
        convert(r, c, adapter);
    else
        execute(r, c);
}
