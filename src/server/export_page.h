/* export_page.h - models as one page that needs no server, with the stages of their compilations and their node data.
 *
 *   <script id="ttx-info">           version; of each model name, hash, runs (as GET /models/ID/runs/RUN has them), executions,
 *                                    node data
 *   <script id="ttx-model-0">        the bytes of the first file,           \
 *   <script id="ttx-run-0-1-7">      stage 7 of the second run of it,        |
 *   <script id="ttx-origins-0-1-7">  of each op of it the ops of the stage   | base64 of gzip
 *                                    before that it came from,               |
 *   <script id="ttx-data-0-0">       node data,                              |
 *   <script id="ttx-execution-0-0">  an execution: what every op took,       |
 *   <script id="ttx-core">           reader and graph (core.wasm),           |
 *   <script id="ttx-engine">         the drawing engine, ...                /
 *   <script>                         unpacks them and starts the app (web/src/page/main.ts)
 *
 * Only stages that differ from the one before are in it. Ops are counted in the order ir_walk_next goes through them: what reads
 * the text of a stage again has the same ones in the same order. The parts of the page are those that the server has built in.
 */
#ifndef SERVER_EXPORT_PAGE_H
#define SERVER_EXPORT_PAGE_H

#include "base/buf.h"
#include "base/diag.h"
#include "server/runs.h"

struct export_run {
    const struct run_id *id;
    const struct run_settings *settings;
    const compile_run *compiled;
    const struct diags *diags;
    const override_set *overrides;
    int64_t created; /* milliseconds since 1970 */
};

/* Node data: a NodeDataGraph as JSON. */
struct export_data {
    str name, graph; /* graph: the id of the graph it is of; empty: any */
    str json;
};

/* An execution: its body as GET /executions/N has it. */
struct export_execution {
    int64_t id, created;
    str json;
};

struct export_model {
    str name, text;
    const struct export_run *runs;
    size_t n_runs;
    const struct export_data *data;
    size_t n_data;
    const struct export_execution *executions;
    size_t n_executions;
};

struct export_page {
    str title; /* empty: the names of the models */
    const struct export_model *models;
    size_t n;
};

/* Appends the page. False when memory or the buffer's file fails, and (*built false) when this program was built without the page. */
bool export_page_write(const struct export_page *p, struct mem *mem, struct buf *out, bool *built);

#endif
