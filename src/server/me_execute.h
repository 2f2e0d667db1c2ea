/* me_execute.h - `execute` and `status_check` of today's protocol, and what `convert` gives afterwards; only me_*.c
 * include it.
 *
 *   execute ──▶ job "compile" (overrides, level by the policy) ──▶ job "execute" of its last stage, with golden
 *   status_check ──▶ how far the two are, with their log
 *   convert ──▶ the graph of that stage, with perf_data, accuracy_data and the memory meters
 *
 * As in those servers one model is executed at a time, and what came of the models lives as long as the server (the runs
 * and executions themselves stay in the workspace).
 */
#ifndef TTX_SERVER_ME_EXECUTE_H
#define TTX_SERVER_ME_EXECUTE_H

#include "graph/attrs.h"
#include "server/me_state.h"
#include "server/models.h"
#include "server/runs.h"

#define ME_EXECUTION_OFF "the execution of models is switched off on this server (--no-model-execution)"

/* NULL when out of memory. No job may be running when it is freed; NULL is allowed. */
struct me_runner *me_runner_new(struct mem *m);
void me_runner_free(struct me_runner *u);

/* Starts. The overrides (canonical JSON, "{}" for none) are copied. False with a sentence as Python would have raised it. */
bool me_runner_start(struct server *s, const struct store_hash *model, str title, int level, str overrides, char *error,
                     size_t error_size);

/* The command status_check. */
void me_status_check(struct http_request *r);

/* What the last successful execution of a model made. */
struct me_done {
    struct store_hash model;
    struct run_id run; /* of the compile run; empty when the model was executed as it is */
    uint64_t stage, part;
    int64_t execution; /* number of its document in the workspace */
};
/* False when the model was not executed. */
bool me_executed(struct server *s, const struct store_hash *model, struct me_done *out);

/* The graph that stands for a model's executed part, and its model, to be given back with model_unref. NULL when the run
 * cannot be made again (the workspace forgot it): the source is shown then. */
const struct model *me_executed_model(struct server *s, const struct me_done *d, uint64_t *part);

/* --- me_measured.c ------------------------------------------------------------------------------------------------- */

/* Appends {"perf_data":{id:NodeDataGraph},"accuracy_data":{id:NodeDataGraph}} of the execution: nanoseconds, and PCC less
 * the PCC that is expected. Keys are the adapter's ids in `g`. Appends nothing when the execution was deleted. False when
 * out of memory. */
bool me_measured_overlays(struct http_request *r, const struct me_done *d, const graph *g, str id, struct buf *out);

/* Memory meters: which share of a chip's DRAM, and of a core's L1, the tensors take that are alive at an op, by their
 * layouts. What a kernel itself needs while it runs is not in it. */
struct me_meters {
    const graph *g;
    struct mem *mem;
    double (*share)[3]; /* by op: of DRAM, L1, L1 small; NULL: the module has no device */
    size_t n;
};
/* False when out of memory. The graph must outlive it. */
bool me_meters_init(struct me_meters *u, const graph *g, struct mem *mem);
void me_meters_free(struct me_meters *u);
/* For me_write_options.more_attrs; ctx: the struct. Appends dram_memory, l1_memory, l1_small_memory. */
bool me_meters_attrs(void *ctx, struct graph_attrs *a, graph_node n);

#endif
