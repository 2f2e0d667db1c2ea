/* From the parameters of a request to the model, the part and the graph they mean. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "graph/graph_bin.h"
#include "server/api_inner.h"
#include "server/runs.h"

/* The stage that the path names, 0 where it names none. Others than the source are stages of a run. False with the
 * answer given. */
static bool stage_number(struct http_request *r, uint64_t *stage) {
    *stage = 0;
    if (!strstr(r->route->pattern, "{stage}"))
        return true;
    if (!api_number(r, "stage", stage))
        return false;
    if (*stage == 0 || http_query(r, "run").p)
        return true;
    api_error(r, 404, "stage 0 is the source; for others say run=ID, as POST /models/{id}/runs answers it",
              "stage %llu of which run?", (unsigned long long)*stage);
    return false;
}

const struct model *api_stage(struct http_request *r, const struct store_hash *hash, uint64_t stage, str run_id,
                              uint64_t *part) {
    struct model_error e;
    const struct model *m = NULL;
    if (stage == 0) {
        m = models_get(r->server->models, hash, NULL, &e);
    } else {
        const struct run *run = runs_find(r->server->runs, hash, run_id, NULL, &e);
        if (run)
            m = run_stage(run, stage < UINT32_MAX ? (uint32_t)stage : UINT32_MAX, part, &e);
        run_unref(run);
    }
    if (!m)
        api_model_error(r, &e);
    return m;
}

/* The model that the path and ?run= name; *part is set when that says which of its parts is meant. */
static const struct model *stage_model(struct http_request *r, uint64_t *part) {
    struct store_hash hash;
    uint64_t stage;
    if (!api_hash(r, http_param(r, "id"), &hash) || !stage_number(r, &stage))
        return NULL;
    return api_stage(r, &hash, stage, http_query(r, "run"), part);
}

const struct model *api_model(struct http_request *r) {
    uint64_t part;
    return stage_model(r, &part);
}

bool api_rule(struct http_request *r, struct model_rule *out) {
    str name = http_query(r, "layers");
    if (model_rule_by_name(name, out))
        return true;
    api_error(r, 400,
              "one of auto, slash, nested, fused, file, adapter, function, flat, or one with +repeats behind it",
              "there are no layers %.*s", STR_ARG(str_slice(name, 0, 80)));
    return false;
}

/* Which part is meant; the parameters only. */
static bool part_query(struct http_request *r, uint64_t *part) {
    *part = 0;
    return http_query_u64(r, "part", UINT32_MAX, part);
}

bool api_part_open(struct http_request *r, struct api_graph *out) {
    memset(out, 0, sizeof *out);
    if (!api_rule(r, &out->rule) || !part_query(r, &out->number))
        return false;
    out->model = stage_model(r, &out->number);
    if (!out->model)
        return false;
    if (out->number < out->model->n_parts) {
        out->part = &out->model->parts[out->number];
        return true;
    }
    api_error(r, 404, NULL, "the model has %zu parts, there is no part %llu", out->model->n_parts,
              (unsigned long long)out->number);
    api_graph_close(r, out);
    return false;
}

bool api_graph_open(struct http_request *r, struct api_graph *out) {
    struct model_error e;
    if (!api_part_open(r, out))
        return false;
    out->g = model_graph(r->server->models, out->model, (size_t)out->number, out->rule, NULL, &e);
    if (out->g)
        return true;
    api_unreadable(r, out->model, &e);
    api_graph_close(r, out);
    return false;
}

void api_graph_close(struct http_request *r, struct api_graph *ag) {
    if (ag->model)
        model_unref(r->server->models, ag->model);
    ag->model = NULL;
}

bool api_node(struct http_request *r, const graph *g, graph_node *out) {
    str id = http_query(r, "id");
    uint64_t n = 0;
    *out = 0;
    if (id.p) {
        *out = graph_find(g, id);
        if (!*out && !str_eq(id, STR("layer:"))) {
            api_error(r, 404, NULL, "no node of the graph has the id %.*s", STR_ARG(str_slice(id, 0, 200)));
            return false;
        }
        return true;
    }
    if (!http_query(r, "node").p) {
        api_error(r, 400, NULL, "which node? Say node=NUMBER or id=ID");
        return false;
    }
    if (!http_query_u64(r, "node", UINT32_MAX, &n))
        return false;
    if (n >= g->n_nodes) {
        api_error(r, 404, NULL, "the graph has %u nodes, there is no node %llu", g->n_nodes, (unsigned long long)n);
        return false;
    }
    *out = (graph_node)n;
    return true;
}

bool api_graph_etag(struct http_request *r, const char *what, bool *bad) {
    struct store_hash hash;
    struct model_rule rule;
    uint64_t part, stage;
    char tag[140];
    str run;
    *bad = !api_hash(r, http_param(r, "id"), &hash) || !stage_number(r, &stage) || !api_rule(r, &rule) ||
           !part_query(r, &part);
    if (*bad)
        return false;
    run = stage ? str_slice(http_query(r, "run"), 0, RUN_ID_TEXT) : STR("");
    snprintf(tag, sizeof tag, "%.24s-%s-%llu-%.*s-%llu-%d%s-%d-" TTX_VERSION, hash.text, what, (unsigned long long)part,
             STR_ARG(run), (unsigned long long)stage, (int)rule.layers, rule.repeats ? "r" : "", GRAPH_BIN_VERSION);
    /* Nothing is said to be unchanged of a model that is not there any more. */
    struct store_model known;
    struct store_error e;
    if (!store_model_get(r->server->store, &hash, r->arena, &known, &e))
        return false;
    if (!http_etag(r, tag))
        return false;
    http_add_header(r, "Cache-Control", "no-cache");
    return true;
}

void api_put_node(struct json_writer *w, const graph *g, graph_node n, struct arena *a) {
    struct buf id;
    buf_init(&id, a->mem);
    graph_put_id(g, n, &id);
    json_object_begin(w);
    json_member_u64(w, STR("node"), n);
    json_member_str(w, STR("id"), buf_str(&id));
    json_member_str(w, STR("label"), graph_label(g, n));
    json_object_end(w);
    buf_free(&id);
}
