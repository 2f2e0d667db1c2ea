/* api_inner.h - what the files of our own API share. */
#ifndef TTX_SERVER_API_INNER_H
#define TTX_SERVER_API_INNER_H

#include "graph/graph.h"
#include "graph/overlays.h"
#include "server/api.h"
#include "server/models.h"

/* --- errors (api_error.c) ----------------------------------------------------------------------------------------- */

/* {"error":{"code","message","hint"?}}; `hint` NULL: the usual one of the status, if it has one. */
void api_error(struct http_request *r, int status, const char *hint, const char *fmt, ...) PRINTF_LIKE(4, 5);
void api_store_error(struct http_request *r, const struct store_error *e);
void api_model_error(struct http_request *r, const struct model_error *e);
/* The model or its part has errors: the first one with its place. */
void api_unreadable(struct http_request *r, const struct model *m, const struct model_error *e);

/* --- parameters (api_error.c) ------------------------------------------------------------------------------------- */

/* These give false, with the answer given, when the parameter makes no sense. */
bool api_hash(struct http_request *r, str text, struct store_hash *out);
/* A path parameter that is a number. */
bool api_number(struct http_request *r, const char *name, uint64_t *out);
/* A query parameter that is on ("1", "true", or without a value) or off ("0", "false"); *out stays when it is not
 * given. */
bool api_flag(struct http_request *r, const char *name, bool *out);
/* The body as one valid JSON object. */
bool api_body_object(struct http_request *r);
/* A string member of the body; .p NULL when it is absent or null. */
bool api_body_str(struct http_request *r, str key, str *out);

/* The items of a kind that belong to the model of {id}; free list with vec_free. False with the answer given. */
bool api_model_items(struct http_request *r, enum store_kind kind, struct store_items *out); /* api_items.c */

/* --- models and graphs (api_open.c) ------------------------------------------------------------------------------- */

/* The loaded model of {id}, with {stage} checked where the pattern has it; NULL with the answer given. Give it back
 * with model_unref. */
const struct model *api_model(struct http_request *r);

/* Stage `stage` of a run of this model; stage 0 is the model itself, whatever the run. *part is set when the run says
 * which part is meant. NULL with the answer given. */
const struct model *api_stage(struct http_request *r, const struct store_hash *hash, uint64_t stage, str run_id,
                              uint64_t *part);

/* The part of a model that ?part= names, and with api_graph_open its graph under the rule ?layers= names. */
struct api_graph {
    const struct model *model;
    const struct model_part *part;
    const graph *g; /* NULL from api_part_open */
    uint64_t number;
    struct model_rule rule;
};
/* What ?layers= says; false with the answer given. */
bool api_rule(struct http_request *r, struct model_rule *out);
bool api_part_open(struct http_request *r, struct api_graph *out);
bool api_graph_open(struct http_request *r, struct api_graph *out);
void api_graph_close(struct http_request *r, struct api_graph *ag);
/* The node that ?node= (its number) or ?id= (its id) names. */
bool api_node(struct http_request *r, const graph *g, graph_node *out);
/* Sets an ETag made of the model, stage, part, layers and `what`; true when the client has it and the answer is given.
 * No model needs to be loaded for it. False with *bad when a parameter makes no sense (the answer is given). */
bool api_graph_etag(struct http_request *r, const char *what, bool *bad);

/* Line and column (both from 1) of a byte of a text. */
void api_line_of(str text, size_t offset, uint64_t *line, uint64_t *column);

/* What a reader or the compiler had to say, with places: an array of Diagnostic (api_models.c). */
void api_put_diags(struct json_writer *w, const struct diags *d);
/* Node `n` in lists: {"node","id","label"}. */
void api_put_node(struct json_writer *w, const graph *g, graph_node n, struct arena *a);

/* --- handlers, listed in api.c ------------------------------------------------------------------------------------ */

http_handler api_server, api_openapi, api_op_doc;                 /* api.c */
http_handler api_model_export;                                    /* api_export.c */
http_handler api_models_list, api_models_open, api_models_upload; /* api_models.c */
http_handler api_model_get, api_model_delete, api_model_file, api_model_load, api_stages;
http_handler api_graph_binary, api_graph_json, api_graph_node, api_graph_nodes, api_diff;           /* api_graph.c */
http_handler api_trace, api_paths, api_alike, api_looks, api_repeats, api_bind, api_overlay_layers; /* api_analyse.c */
/* A node of a stage of the run that the path names: ?stage=, ?node= or ?id=, ?layers=. False with the answer given. */
struct run;
struct api_run_node {
    const struct run *run;
    const struct model *model;
    const graph *g;
    uint32_t stage;
    graph_node node;
    struct model_rule rule;
};
/* The run that the path names; NULL with the answer given. Give it back with run_unref. */
const struct run *api_run_open(struct http_request *r);
bool api_run_node_open(struct http_request *r, struct api_run_node *out);
void api_run_node_close(struct http_request *r, struct api_run_node *n);
http_handler api_run_suggest, api_run_fields, api_runs_compare, api_overrides_convert; /* api_legal.c */
http_handler api_traces_add, api_executions_start, api_executions_list, api_execution_get,
    api_execution_delete; /* api_execute.c */
http_handler api_tensor, api_tensor_values, api_tensor_npy, api_tensors_drop, api_constant,
    api_constant_npy; /* api_tensor.c */
http_handler api_arguments, api_tensors_upload, api_tensors_list, api_tensors_delete, api_results, api_results_npz,
    api_results_npy, api_tensors_again, api_trace_file; /* api_inputs.c */
/* The document of the execution that the path names (api_execute.c). False with the answer given. */
bool api_execution(struct http_request *r, struct store_item *out);
/* The kept run of the execution that the path names; NULL with the answer given. Give it back with kept_unref. */
struct kept_run;
struct kept_run *api_kept_run(struct http_request *r);
/* Whether values of a run are there to be looked at; if need be they are made, within a moment or (for a file) as long as the
 * client waits. False with the answer given: 202 with the job that makes them, or what went wrong. */
struct kept_value;
bool api_kept_ready(struct http_request *r, struct kept_run *run, const struct kept_value *v, size_t n, bool file,
                    str title);
/* Answers a file of the head (copied) and a tensor of the run; the look and the run are given back when it was sent. */
struct kept_look;
void api_kept_bytes(struct http_request *r, struct kept_run *run, str head, struct kept_look *look, str name);
http_handler api_runs_start, api_runs_list, api_run_get, api_run_delete, api_run_follow; /* api_runs.c */
http_handler api_search, api_search_terms;                                               /* api_search.c */
http_handler api_text, api_ops_of_lines, api_lines_of_op, api_user_source;               /* api_source.c */
http_handler api_overlays_list, api_overlays_add, api_overlay_get, api_overlay_values,
    api_overlay_delete; /* api_items.c */
/* An overlay, bound to the graph that ?part= and ?layers= mean of its model: what api_overlay_values answers from. */
struct api_bound {
    struct mem mem; /* of all that follows */
    overlay_list list;
    const overlay *overlay;
    const graph *g;
    const struct model *model;
    overlay_binding *pairs;
    size_t n;
};
/* False with the answer given. Close it in any case. */
bool api_bound_open(struct http_request *r, struct api_bound *out);
void api_bound_close(struct http_request *r, struct api_bound *b);
http_handler api_overrides_list, api_overrides_add, api_overrides_get, api_overrides_put, api_overrides_delete;
http_handler api_ui_list, api_ui_get, api_ui_put, api_ui_delete;                  /* api_ui.c */
http_handler api_jobs_list, api_job_get, api_job_cancel, api_job_log, api_events; /* api_work.c */
http_handler api_workspace, api_workspace_clean, api_files, api_preload;

/* --- schemas (api_schema.c) --------------------------------------------------------------------------------------- */

/* One object of requests or answers. `members` has one line per member: NAME['?'] TYPE DESCRIPTION, where '?' says that
 * it may be absent and TYPE is string, integer, number, boolean, object, any or a schema's name, followed by [] for
 * lists of it, {} for objects of it by key, or |null. */
struct api_schema {
    const char *name, *doc, *members;
    bool open; /* other members may come, too */
};
extern const struct api_schema api_schemas[];
extern const size_t api_n_schemas;

#endif
