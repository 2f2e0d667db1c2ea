/* Our own API: the table of its routes, and what says what it is. */
#include "server/api.h"

#include "dialect/op_doc.h"
#include "server/api_inner.h"

enum {
    TEXT_BYTES = 256 << 20,    /* a pasted module */
    OVERLAY_BYTES = 256 << 20, /* node data of a large graph */
    TRACE_BYTES = 1 << 30,
    OVERRIDES_BYTES = 16 << 20,
    UI_BYTES = 1 << 20,
};

#define GRAPH_QUERY                                                                                                  \
    RUN_QUERY                                                                                                        \
    "part:integer number of the module in a file of several, from 0; "                                               \
    "layers:string how layers are made of locations: auto, slash, nested, fused, file, adapter, function, flat, or " \
    "one of "                                                                                                        \
    "them with +repeats behind it for layers of repeated blocks, too"
#define RUN_QUERY "run:string the compile run whose stage is meant (the source, stage 0, needs none); "
#define BOUND_QUERY "stage:integer stage of that run, 0 is the source; " GRAPH_QUERY
#define NODE_QUERY "node:integer number of the node; id:string its id, instead of the number; " GRAPH_QUERY

#define TENSOR_QUERY                                                                                            \
    "node:integer number of the node in the graph that was executed; id:string its id, instead of the number; " \
    "out:integer which of its results, by default 0; device:integer of a mesh, by default 0; "                  \
    "which:string value (default), golden, or difference of the two"

/* Handlers that look into the workspace or wait for a model run on workers. */
#define READ ROUTE_WORKER
#define CHANGE (ROUTE_WORKER | ROUTE_WRITE)

#define MODEL API_PREFIX "/models/{id}"
#define STAGE MODEL "/stages/{stage}"

static const struct http_route routes[] = {
    {"GET", API_PREFIX "/server", api_server, 0, "What this server is and can do.", NULL, NULL, "Server"},
    {"GET", API_PREFIX "/openapi.json", api_openapi, 0, "This document.", NULL, NULL, "object"},

    {"GET", API_PREFIX "/models", api_models_list, READ, "The models of the workspace, the last opened first.", NULL,
     NULL, "Models"},
    {"POST", API_PREFIX "/models", api_models_open, READ | ROUTE_BODY,
     "Opens a file below the allowed folders, or pasted text. The same bytes give the same model.", NULL, "OpenRequest",
     "Model", TEXT_BYTES},
    {"POST", API_PREFIX "/models/upload", api_models_upload, CHANGE | ROUTE_UPLOAD,
     "Takes files of any size up to --max-upload.", "name:string of a file that is the whole body", NULL, "Models"},
    {"GET", MODEL, api_model_get, READ, "A model; when it is loaded, with its parts and what the reader had to say.",
     NULL, NULL, "Model"},
    {"DELETE", MODEL, api_model_delete, CHANGE, "Forgets a model with all that belongs to it.", NULL, NULL, "204"},
    {"GET", MODEL "/file", api_model_file, READ, "Its bytes. Ranges are supported.", NULL, NULL, "binary */*"},
    {"GET", MODEL "/export", api_model_export, READ,
     "The model as one page that opens from disk, without a server; the compiled stages and the node data on request.",
     "run:string a compile run whose stages are in it; data:boolean with the node data of the model, and what its "
     "executions took",
     NULL, "binary application/octet-stream"},
    {"POST", MODEL "/load", api_model_load, READ, "Loads it and builds its graphs, as a job.", NULL, NULL, "202 Job"},
    {"GET", MODEL "/stages", api_stages, READ, "The stages of the model, the source first.", NULL, NULL, "Stages"},

    {"GET", API_PREFIX "/ops/{op}", api_op_doc, 0, "What the tables of the dialects know of an op, by its full name.",
     NULL, NULL, "OpDoc"},

    {"GET", STAGE "/graph", api_graph_binary, READ, "The graph as columns: docs/graph-format.md.", GRAPH_QUERY, NULL,
     "binary application/vnd.ttx.graph"},
    {"GET", STAGE "/graph.json", api_graph_json, READ, "The graph as Model Explorer JSON.",
     "style:string own (default), or adapter for what tt_adapter writes; " GRAPH_QUERY, NULL, "GraphJson"},
    {"GET", STAGE "/node", api_graph_node, READ, "All about one node.",
     "edit:boolean with the values that attributes may be given; " NODE_QUERY, NULL, "Node"},
    {"POST", STAGE "/nodes", api_graph_nodes, READ | ROUTE_BODY, "All about several nodes, at most 1000.",
     "edit:boolean with the values that attributes may be given; " GRAPH_QUERY, "NodesRequest", "Nodes"},
    {"GET", STAGE "/search", api_search, READ, "Finds nodes by what is written on them.",
     "q!:string a regular expression; plain:boolean search for the text as it is; case:boolean mind upper and lower "
     "case; in:string places separated by commas: label, attrs, inputs, outputs, id, namespace, layers; "
     "within:integer number of a layer to stay in; limit:integer at most this many hits are listed; " GRAPH_QUERY,
     NULL, "Hits"},
    {"POST", STAGE "/search", api_search_terms, READ | ROUTE_BODY, "Finds nodes that meet several terms.", GRAPH_QUERY,
     "SearchRequest", "Hits"},
    {"GET", STAGE "/trace", api_trace, READ,
     "The nodes that feed a node, and those it feeds, over any number of steps.",
     "direction:string up, down or both (default); steps:integer at most this many; " NODE_QUERY, NULL, "Trace"},
    {"GET", STAGE "/paths", api_paths, READ, "The ways between two nodes or layers along edges.",
     "from!:integer number of a node or layer; to!:integer number of another; kind:string shortest (default) or all; "
     "limit:integer at most this many are listed, 100 unless told; " GRAPH_QUERY,
     NULL, "Paths"},
    {"GET", STAGE "/identical", api_alike, READ,
     "Layers whose contents are equal: the same ops, connected in the same way. Names do not count.",
     "types:boolean the types of results must be equal, too; " NODE_QUERY, NULL, "Identical"},
    {"GET", STAGE "/looks", api_looks, READ, "How a graph of Model Explorer's JSON says that it is to be shown.",
     GRAPH_QUERY, NULL, "Looks"},
    {"GET", STAGE "/repeats", api_repeats, READ,
     "Runs of equal blocks among the children of a layer; layers=RULE+repeats makes layers of them.",
     "least:integer children in a block, 4 unless told; " NODE_QUERY, NULL, "Repeats"},
    {"GET", STAGE "/constant", api_constant, READ,
     "The value of a constant: statistics and how its elements are spread.",
     "bins:integer pieces between least and most, 64 unless told; " NODE_QUERY, NULL, "Tensor"},
    {"GET", STAGE "/constant/npy", api_constant_npy, READ, "The value of a constant as a file of NumPy.", NODE_QUERY,
     NULL, "binary application/octet-stream"},
    {"POST", STAGE "/bind", api_bind, READ | ROUTE_BODY,
     "The nodes that ids of any kind mean: ids, those of tt_adapter, locations.", GRAPH_QUERY, "BindRequest", "Bound",
     OVERLAY_BYTES},
    {"GET", STAGE "/text", api_text, READ, "A range of the text, 64 KiB unless told, at most 4 MiB.",
     "from:integer first byte; to:integer byte after the last; line:integer first line, instead of bytes; "
     "lines:integer how many; count:boolean count all lines; part:integer number of the module",
     NULL, "Text"},
    {"GET", STAGE "/ops", api_ops_of_lines, READ, "The ops that begin in a range of lines.",
     "from:integer first line; to:integer last line; " GRAPH_QUERY, NULL, "OpsOfLines"},
    {"GET", STAGE "/lines", api_lines_of_op, READ, "Where a node stands in the text.", NODE_QUERY, NULL, "LinesOfOp"},
    {"GET", STAGE "/user-source", api_user_source, READ,
     "The place in the user's source that a node's location names, with the lines around it where the file may be "
     "read.",
     "around:integer lines before and after; " NODE_QUERY, NULL, "UserSource"},

    {"POST", MODEL "/runs", api_runs_start, READ | ROUTE_BODY,
     "Compiles the model. Answers the run when that is done within a moment, else 202 with the job.", NULL,
     "RunRequest", "Run|202 Job"},
    {"GET", MODEL "/runs", api_runs_list, READ, "The compile runs of a model.", NULL, NULL, "Runs"},
    {"GET", MODEL "/runs/{run}", api_run_get, READ, "A run: its stages, and what the compiler had to say.", NULL, NULL,
     "Run"},
    {"DELETE", MODEL "/runs/{run}", api_run_delete, CHANGE, "Forgets a run.", NULL, NULL, "204"},
    {"GET", MODEL "/runs/{run}/follow", api_run_follow, READ,
     "The nodes of other stages that a node, or several, came from or became.",
     "stage!:integer the stage of the node; to!:string numbers of stages, separated by commas; "
     "nodes:string numbers of several nodes, separated by commas, instead of one; " NODE_QUERY,
     NULL, "Followed"},

    {"GET", MODEL "/runs/{run}/fields", api_run_fields, READ,
     "What a node may be given by overrides: of every op it became, the fields with each value judged.",
     "stage!:integer the stage of the node; " NODE_QUERY, NULL, "RunFields"},
    {"GET", MODEL "/runs/{run}/suggest", api_run_suggest, READ,
     "The single overrides that would save most by the cost model, the best first.", NULL, NULL, "Suggestions"},
    {"GET", MODEL "/runs-compare", api_runs_compare, READ,
     "Runs side by side, such as those of several sets of overrides: what each op is estimated to take in each.",
     "runs!:string ids of at most 16 runs, separated by commas; limit:integer ops listed at most, 100 unless told",
     NULL, "RunsCompared"},
    {"POST", API_PREFIX "/overrides-convert", api_overrides_convert, READ | ROUTE_BODY,
     "A set of overrides in all its forms: JSON of ours and of today's tool, and the vendor's option string.", NULL,
     "OverridesForms", "OverridesForms", OVERRIDES_BYTES},

    {"POST", MODEL "/executions", api_executions_start, READ | ROUTE_BODY,
     "Executes the model, or a stage of a compile run, on the CPU, as a job. Times, memory and accuracy become "
     "overlays.",
     NULL, "ExecutionRequest", "202 Job"},
    {"POST", MODEL "/traces", api_traces_add, CHANGE | ROUTE_BODY,
     "Takes a trace or measurement of another tool (Chrome trace JSON, CSV of the profilers, results of ttrt; those of "
     "our "
     "own runs, too) and keeps it like an execution, bound to nodes by location. Times, memory and accuracy become "
     "overlays.",
     "name:string of the file; part:integer number of the module; run:string the compile run of a stage; stage:integer "
     "the stage that was measured",
     "text", "201 Measured", TRACE_BYTES},
    {"GET", MODEL "/executions", api_executions_list, READ, "The executions of a model.", NULL, NULL, "Executions"},
    {"GET", API_PREFIX "/executions/{execution}", api_execution_get, READ, "An execution: what every op took.", NULL,
     NULL, "Execution"},
    {"DELETE", API_PREFIX "/executions/{execution}", api_execution_delete, CHANGE, "Forgets it; its overlays stay.",
     NULL, NULL, "204"},

    {"GET", API_PREFIX "/executions/{execution}/tensor", api_tensor, READ,
     "What is in a tensor that an execution kept: statistics, a histogram, how well it agrees with the golden run. "
     "What takes longer than a moment to make: 202 with the job, after which it is there.",
     "bins:integer of the histogram, 64 unless told, at most 512; " TENSOR_QUERY, NULL, "Tensor|202 Job"},
    {"GET", API_PREFIX "/executions/{execution}/tensor/values", api_tensor_values, READ,
     "A window of its values: rows and columns of the last two dimensions, at most 1000 of each.",
     "index:string for each dimension before the last two which slice, separated by commas, by default 0; row:integer "
     "first row; rows:integer how many, 100 unless told; column:integer first column; columns:integer how many, 100 "
     "unless told; " TENSOR_QUERY,
     NULL, "TensorWindow"},
    {"GET", API_PREFIX "/executions/{execution}/tensor/npy", api_tensor_npy, READ, "The whole tensor as .npy.",
     TENSOR_QUERY, NULL, "binary application/octet-stream"},
    {"DELETE", API_PREFIX "/executions/{execution}/tensors", api_tensors_drop, READ,
     "Frees the memory of the tensors that it kept.", NULL, NULL, "204"},

    {"POST", API_PREFIX "/executions/{execution}/tensors", api_tensors_again, READ,
     "Makes the tensors that it kept again, with its settings and inputs, as a job: same settings, same numbers.", NULL,
     NULL, "202 Job"},
    {"GET", API_PREFIX "/executions/{execution}/results", api_results, READ,
     "The results of the function, of an execution that keeps its tensors.", NULL, NULL, "Results"},
    {"GET", API_PREFIX "/executions/{execution}/results/npz", api_results_npz, READ,
     "All results as .npz: result_0, result_1, ...", NULL, NULL, "binary application/octet-stream"},
    {"GET", API_PREFIX "/executions/{execution}/results/{result}/npy", api_results_npy, READ, "One result as .npy.",
     "device:integer of several that have one each, by default 0", NULL, "binary application/octet-stream"},

    {"GET", API_PREFIX "/executions/{execution}/trace", api_trace_file, READ,
     "The trace of its last run, as `tt-explorer run --trace` writes it: Perfetto opens it, and POST "
     "/models/{id}/traces "
     "takes it.",
     "format:string chrome (default) for Chrome trace JSON, or csv", NULL, "binary application/octet-stream"},

    {"GET", STAGE "/arguments", api_arguments, READ, "What the function that executions run takes.",
     "part:integer number of the module; run:string the compile run of a stage", NULL, "Arguments"},
    {"POST", MODEL "/tensors", api_tensors_upload, CHANGE | ROUTE_UPLOAD,
     "Takes files with values of arguments: .npy, .npz, .safetensors, or raw elements. Executions name them as inputs.",
     "name:string of a file that is the whole body", NULL, "201 TensorFiles"},
    {"GET", MODEL "/tensors", api_tensors_list, READ, "The files of tensors that were uploaded for a model.", NULL,
     NULL, "TensorFiles"},
    {"DELETE", API_PREFIX "/tensors/{tensor}", api_tensors_delete, CHANGE, "Deletes one.", NULL, NULL, "204"},

    {"GET", API_PREFIX "/diff", api_diff, READ, "What is different between two graphs.",
     "left!:string id of a model; right!:string id of a model; left_part:integer its part; right_part:integer its "
     "part; left_stage:integer a stage of the left run; left_run:string a run of the left model; right_stage:integer a "
     "stage of the right "
     "run; right_run:string a run of the right model; "
     "form:string list (default), nodes for the numbers of all nodes, or sync for Model Explorer's navigation mapping; "
     "limit:integer at most this many of "
     "each kind; layers:string as for graphs",
     NULL, "Diff"},

    {"GET", MODEL "/overlays", api_overlays_list, READ, "The overlays of a model.", NULL, NULL, "Overlays"},
    {"POST", MODEL "/overlays", api_overlays_add, CHANGE | ROUTE_BODY,
     "Adds node data of Model Explorer, for one graph or by graph.",
     "name:string its name, instead of the one in the data", "object", "Overlays", OVERLAY_BYTES},
    {"GET", API_PREFIX "/overlays/{overlay}", api_overlay_get, READ, "An overlay as Model Explorer's node data.", NULL,
     NULL, "NodeData"},
    {"GET", API_PREFIX "/overlays/{overlay}/values", api_overlay_values, READ,
     "Its values by the nodes of a graph, with their colours.", BOUND_QUERY, NULL, "OverlayValues"},
    {"GET", API_PREFIX "/overlays/{overlay}/layers", api_overlay_layers, READ,
     "Its values added up for every layer of a graph, with shares of their colours.", BOUND_QUERY, NULL,
     "OverlayLayers"},
    {"DELETE", API_PREFIX "/overlays/{overlay}", api_overlay_delete, CHANGE, "Deletes it.", NULL, NULL, "204"},

    {"GET", MODEL "/overrides", api_overrides_list, READ, "The sets of overrides of a model.", NULL, NULL,
     "OverrideSets"},
    {"POST", MODEL "/overrides", api_overrides_add, CHANGE | ROUTE_BODY, "Adds a set of overrides.", NULL,
     "OverridesRequest", "201 OverrideSet", OVERRIDES_BYTES},
    {"GET", API_PREFIX "/overrides/{set}", api_overrides_get, READ, "A set of overrides.", NULL, NULL, "OverrideSet"},
    {"PUT", API_PREFIX "/overrides/{set}", api_overrides_put, CHANGE | ROUTE_BODY,
     "Changes it; what is left out stays.", NULL, "OverridesRequest", "OverrideSet", OVERRIDES_BYTES},
    {"DELETE", API_PREFIX "/overrides/{set}", api_overrides_delete, CHANGE, "Deletes it.", NULL, NULL, "204"},

    {"GET", API_PREFIX "/ui/{scope}", api_ui_list, READ,
     "The state of the user interface by key. The scope is global or the id of a model.", NULL, NULL, "object"},
    {"GET", API_PREFIX "/ui/{scope}/{key}", api_ui_get, READ, "One value.", NULL, NULL, "any"},
    {"PUT", API_PREFIX "/ui/{scope}/{key}", api_ui_put, CHANGE | ROUTE_BODY, "Keeps one value.", NULL, "any", "204",
     UI_BYTES},
    {"DELETE", API_PREFIX "/ui/{scope}/{key}", api_ui_delete, CHANGE, "Drops one value.", NULL, NULL, "204"},

    {"GET", API_PREFIX "/jobs", api_jobs_list, 0, "Jobs that run and the last 200 that ended, the newest first.", NULL,
     NULL, "Jobs"},
    {"GET", API_PREFIX "/jobs/{job}", api_job_get, 0, "One job.", NULL, NULL, "Job"},
    {"DELETE", API_PREFIX "/jobs/{job}", api_job_cancel, 0, "Asks it to stop.", NULL, NULL, "202 Job"},
    {"GET", API_PREFIX "/jobs/{job}/log", api_job_log, 0, "Its log, in pieces.",
     "from:integer byte to begin at: next of the last answer", NULL, "JobLog"},
    {"GET", API_PREFIX "/events", api_events, ROUTE_EVENTS,
     "Events: job, file, overlay, overrides; each with JSON as its data.", NULL, NULL, NULL},

    {"GET", API_PREFIX "/workspace", api_workspace, READ, "What the workspace holds.", NULL, NULL, "Workspace"},
    {"POST", API_PREFIX "/workspace/clean", api_workspace_clean, CHANGE,
     "Drops what can be computed again. User data stays.", "limit:integer bytes of it to keep, by default 0", NULL,
     "Workspace"},
    {"GET", API_PREFIX "/files", api_files, READ, "How a path that is being typed may go on.",
     "path:string what was typed so far", NULL, "Files"},
    {"GET", API_PREFIX "/preload", api_preload, READ, "The models below the folders that the server was given.", NULL,
     NULL, "Preload"},
};

static const size_t n_routes = sizeof routes / sizeof *routes;

const struct server_routes api_routes = {
    .routes = routes, .n = sizeof routes / sizeof *routes, .prefix = API_PREFIX, .error_body = api_error_body};

void api_op_doc(struct http_request *r) {
    str name = http_param(r, "op");
    const op_def *d = dialect_find_op(name);
    if (!d) {
        api_error(r, 404, NULL, "no table has an op \"%.*s\"", (int)name.n, name.p);
        return;
    }
    dialect_op_doc(d, http_json(r, 200));
}

void api_server(struct http_request *r) {
    const struct server_options *o = &r->server->options;
    struct json_writer *w = http_json(r, 200);
    json_object_begin(w);
    json_member_str(w, STR("name"), STR("tt-explorer"));
    json_member_str(w, STR("version"), STR(TTX_VERSION));
    json_member_u64(w, STR("api"), 1);
    json_member_bool(w, STR("read_only"), o->read_only);
    json_member_bool(w, STR("execution"), !r->server->options.no_execution);
    json_member_bool(w, STR("watch"), o->watch);
    json_member_u64(w, STR("max_upload"), o->max_upload ? o->max_upload : (uint64_t)8 << 30);
    json_key(w, STR("layers"));
    json_array_begin(w);
    for (size_t i = 0; i < GRAPH_LAYERS_N; i++)
        json_str(w, str_from_z(graph_layers_names[i]));
    json_array_end(w);
    json_object_end(w);
}

void api_openapi(struct http_request *r) {
    if (!http_etag(r, "openapi-" TTX_VERSION))
        openapi_write(http_json(r, 200), routes, n_routes);
}
