/* Models: opening, listing, deleting; their stages. */
#include <string.h>

#include "graph/looks.h"
#include "server/api_inner.h"
#include "server/jobs.h"
#include "server/kept.h"
#include "server/me_state.h"

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* What the reader had to say, with places. */
void api_put_diags(struct json_writer *w, const struct diags *d) {
    static const char *const names[] = {"error", "warning", "note"};
    json_array_begin(w);
    for (size_t i = 0; i < d->list.n; i++) {
        const struct diag *one = &d->list.v[i];
        json_object_begin(w);
        json_member_str(w, STR("severity"), str_from_z(names[one->severity]));
        json_member_str(w, STR("message"), one->message);
        if (one->source) {
            uint64_t line, column;
            api_line_of(one->source->text, one->begin, &line, &column);
            json_member_str(w, STR("file"), one->source->name);
            json_member_u64(w, STR("line"), line);
            json_member_u64(w, STR("column"), column);
        }
        json_object_end(w);
    }
    json_array_end(w);
}

static bool part_is_readable(const struct model *m, const struct model_part *p) {
    return p->module || !m->ctx;
}

static void write_parts(struct http_request *r, struct json_writer *w, const struct model *m) {
    json_array_begin(w);
    for (size_t i = 0; i < m->n_parts; i++) {
        const struct model_part *p = &m->parts[i];
        struct model_error e;
        const graph *g = m->ctx ? NULL : model_graph(r->server->models, m, i, (struct model_rule){0}, NULL, &e);
        json_object_begin(w);
        json_member_u64(w, STR("part"), i);
        json_member_bool(w, STR("readable"), part_is_readable(m, p));
        json_member_str(w, STR("collection"), p->collection);
        if (g && m->n_parts > 1) {
            json_member_str(w, STR("graph"), g->id);
            json_key(w, STR("subgraphs"));
            (void)graph_subgraph_ids_json(g, r->arena->mem, w);
        }
        if (p->module)
            json_member_u64(w, STR("ops"), p->module->n_ops > 2 ? p->module->n_ops - 2 : 0);
        else if (g)
            json_member_u64(w, STR("ops"), g->n_ops);
        json_object_end(w);
    }
    json_array_end(w);
}

static void write_model(struct http_request *r, struct json_writer *w, const struct store_model *m, bool details) {
    const struct model *loaded = models_peek(r->server->models, &m->hash);
    json_object_begin(w);
    json_member_str(w, STR("id"), str_from_z(m->hash.text));
    json_member_str(w, STR("name"), m->name);
    json_member_str(w, STR("path"), m->path);
    json_member_str(w, STR("format"), m->format);
    json_member_u64(w, STR("size"), m->size);
    json_member_bool(w, STR("stored"), m->blob);
    json_key(w, STR("added"));
    json_i64(w, m->added);
    json_key(w, STR("opened"));
    json_i64(w, m->opened);
    json_member_bool(w, STR("loaded"), loaded != NULL);
    if (loaded && details) {
        json_key(w, STR("parts"));
        write_parts(r, w, loaded);
        json_key(w, STR("diagnostics"));
        api_put_diags(w, &loaded->diags);
        json_member_u64(w, STR("load_us"), loaded->load_ns / 1000);
    }
    json_object_end(w);
    if (loaded)
        model_unref(r->server->models, loaded);
}

/* The answer that is one model. */
static void answer_model(struct http_request *r, const struct store_hash *hash) {
    struct store_model m;
    struct store_error e;
    if (store_model_get(r->server->store, hash, r->arena, &m, &e))
        write_model(r, http_json(r, 200), &m, true);
    else if (e.status == STORE_NOT_FOUND)
        api_error(r, 404, "GET /models lists the models", "there is no model %s", hash->text);
    else
        api_store_error(r, &e);
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

void api_models_list(struct http_request *r) {
    struct store_models models;
    struct store_error e;
    if (!store_model_list(r->server->store, r->arena, &models, &e)) {
        api_store_error(r, &e);
        return;
    }
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_key(w, STR("models"));
    json_array_begin(w);
    for (size_t i = 0; i < models.list.n; i++)
        write_model(r, w, &models.list.v[i], false);
    json_array_end(w);
    json_object_end(w);
    vec_free(&models.list);
}

void api_models_open(struct http_request *r) {
    str path, text, name;
    if (!api_body_object(r) || !api_body_str(r, STR("path"), &path) || !api_body_str(r, STR("text"), &text) ||
        !api_body_str(r, STR("name"), &name))
        return;
    if ((path.p != NULL) == (text.p != NULL)) {
        api_error(r, 400, "{\"path\": FILE} opens a file, {\"text\": TEXT, \"name\": NAME} what was pasted",
                  "the body must have either path or text");
        return;
    }
    if (text.p && r->server->options.read_only) {
        api_error(r, 403, NULL, "this server is read-only");
        return;
    }
    struct store_hash hash;
    struct model_error e;
    if (path.p && !(path = me_expand_home(path, r->arena)).p) {
        api_error(r, 503, NULL, "out of memory");
        return;
    }
    if (path.p ? models_open_path(r->server->models, path, &hash, &e)
               : models_open_text(r->server->models, name.n ? name : STR("pasted.mlir"), text, &hash, &e))
        answer_model(r, &hash);
    else
        api_model_error(r, &e);
}

void api_models_upload(struct http_request *r) {
    if (r->n_uploads == 0) {
        api_error(r, 400, "send the file as multipart/form-data, or as the body with ?name=NAME",
                  "there is no file in the request");
        return;
    }
    for (size_t i = 0; i < r->n_uploads; i++) {
        struct model_error e;
        if (!models_open_upload(r->server->models, r->uploads[i].name, &r->uploads[i].hash, &e)) {
            api_model_error(r, &e);
            return;
        }
    }
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_key(w, STR("models"));
    json_array_begin(w);
    for (size_t i = 0; i < r->n_uploads; i++) {
        struct store_model m;
        struct store_error e;
        if (store_model_get(r->server->store, &r->uploads[i].hash, r->arena, &m, &e))
            write_model(r, w, &m, false);
    }
    json_array_end(w);
    json_object_end(w);
}

void api_model_get(struct http_request *r) {
    struct store_hash hash;
    if (api_hash(r, http_param(r, "id"), &hash))
        answer_model(r, &hash);
}

void api_model_delete(struct http_request *r) {
    struct store_hash hash;
    struct model_error e;
    if (!api_hash(r, http_param(r, "id"), &hash))
        return;
    kept_drop_model(r->server->kept, &hash);
    if (models_delete(r->server->models, &hash, &e))
        http_empty(r, 204);
    else
        api_model_error(r, &e);
}

/* A model that lives until its bytes are sent. In the request's arena, which outlives the answer. */
struct held {
    struct models *models;
    const struct model *model;
};

static void held_release(void *ctx) {
    struct held *held = ctx;
    model_unref(held->models, held->model);
}

void api_model_file(struct http_request *r) {
    struct store_hash hash;
    struct store_model m;
    struct store_error e;
    if (!api_hash(r, http_param(r, "id"), &hash))
        return;
    if (!store_model_get(r->server->store, &hash, r->arena, &m, &e)) {
        api_store_error(r, &e);
        return;
    }
    const char *type = str_eq(m.format, STR("mlir")) ? "text/plain; charset=utf-8" : "application/octet-stream";
    str blob = store_blob_path(r->server->store, &hash, r->arena);
    if (blob.p) {
        http_file(r, blob.p, type, m.name);
        return;
    }
    /* Of a file that was opened by its path the bytes come from the loaded model: there may be another file by now. */
    const struct model *loaded = api_model(r);
    if (!loaded)
        return;
    if (http_etag(r, hash.text)) {
        model_unref(r->server->models, loaded);
        return;
    }
    struct held *held = ARENA_NEW(r->arena, struct held);
    if (!held) {
        model_unref(r->server->models, loaded);
        api_error(r, 503, NULL, "out of memory");
        return;
    }
    *held = (struct held){r->server->models, loaded};
    http_shared(r, 200, type, loaded->text, held_release, held);
}

/* --- loading ------------------------------------------------------------------------------------------------------ */

struct load {
    struct mem mem;
    struct server *server;
    struct store_hash hash;
};

static void load_run(struct job *job, void *ctx) {
    struct load *l = ctx;
    struct models *models = l->server->models;
    struct model_error e;
    const struct model *m = models_get(models, &l->hash, job, &e);
    if (!m) {
        job_fail(job, "%s", e.text);
        return;
    }
    bool good = true;
    for (size_t i = 0; i < m->n_parts && good && !job_cancelled(job); i++) {
        job_progress(job, i, m->n_parts, "building graphs");
        good =
            model_graph(models, m, i, (struct model_rule){GRAPH_LAYERS_AUTO, false}, job_cancel_flag(job), &e) != NULL;
        if (!good && !job_cancelled(job))
            job_fail(job, "%s", e.text);
    }
    struct buf out;
    buf_init(&out, &l->mem);
    buf_printf(&out, "{\"model\":\"%s\",\"parts\":%zu}", l->hash.text, m->n_parts);
    if (good && !out.failed)
        job_result(job, buf_str(&out));
    buf_free(&out);
    model_unref(models, m);
}

static void load_release(void *ctx) {
    struct load *l = ctx;
    struct mem mem = l->mem;
    mem_free(&mem, l, sizeof *l);
}

void api_model_load(struct http_request *r) {
    struct store_hash hash;
    struct store_model m;
    struct store_error e;
    struct mem mem = {0};
    if (!api_hash(r, http_param(r, "id"), &hash))
        return;
    if (!store_model_get(r->server->store, &hash, r->arena, &m, &e)) {
        api_store_error(r, &e);
        return;
    }
    struct load *l = mem_alloc_zero(&mem, sizeof *l);
    uint64_t id = 0;
    if (l) {
        l->mem = mem;
        l->server = r->server;
        l->hash = hash;
        id = jobs_start(r->server->jobs, "load", m.name, load_run, l, load_release);
    }
    if (!id) {
        api_error(r, 503, NULL, "no job can be started now");
        return;
    }
    jobs_write(r->server->jobs, id, http_json(r, 202));
}

void api_stages(struct http_request *r) {
    const struct model *m = api_model(r);
    if (!m)
        return;
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_key(w, STR("stages"));
    json_array_begin(w);
    json_object_begin(w);
    json_member_u64(w, STR("stage"), 0);
    json_member_str(w, STR("name"), STR("source"));
    json_member_str(w, STR("format"), m->info.format);
    json_member_u64(w, STR("bytes"), m->text.n);
    json_key(w, STR("parts"));
    write_parts(r, w, m);
    json_key(w, STR("diagnostics"));
    api_put_diags(w, &m->diags);
    json_object_end(w);
    json_array_end(w);
    json_object_end(w);
    model_unref(r->server->models, m);
}
