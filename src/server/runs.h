/* runs.h - compile runs of the models: settings in, stages out, each stage as a model of its own.
 *
 *   settings + model ─▶ run id ─▶ run (context, module, stages) ─▶ stage n ─▶ struct model, which every route can show
 *
 * A run is named by the hash of everything it depends on: the model's bytes, the part, the settings, the program's
 * version. The workspace keeps the settings of the runs that were asked for; the stages are made again when somebody
 * looks at a run that is not in memory, which takes milliseconds.
 *
 * A run compiles in a context of its own, so that nobody who reads the model waits for it. A stage that is looked at
 * is printed and read back: its model then has a text, places of its ops in it and a context like any other. The ops of
 * both are the same in the same order, which is how provenance goes from one to the other.
 */
#ifndef SERVER_RUNS_H
#define SERVER_RUNS_H

#include "compile/compile.h"
#include "compile/override.h"
#include "server/models.h"

struct runs;
struct run;

enum { RUN_ID_TEXT = 24 };

/* The name of a run: hexadecimal digits, zero-terminated. */
struct run_id {
    char text[RUN_ID_TEXT + 1];
};

/* What a run is asked to do. */
struct run_settings {
    struct store_hash model;
    uint64_t part;
    str json; /* canonical, as run_settings_read gives it */
};

/* `memory_limit`: bytes of runs nobody uses that are kept; 0: 256 MiB. NULL when out of memory. */
struct runs *runs_new(struct mem *m, struct models *models, struct store *store, uint64_t memory_limit);
/* No run may be in use. NULL is allowed. */
void runs_free(struct runs *runs);

/* Reads settings, a JSON object: {"part", "level", "device", "arch", "mesh", "system", "options": {NAME: VALUE}, "overrides"}, all
 * of which may be absent. The canonical form is in the arena. False with a sentence in e. */
bool run_settings_read(str json, struct arena *a, struct run_settings *out, struct model_error *e);
void run_id_of(const struct run_settings *s, struct run_id *out);
/* Puts settings into options. False with a sentence. Texts are slices of the settings or in the arena. */
bool run_options(const struct run_settings *s, struct arena *a, compile_options *o, struct model_error *e);
/* The raw JSON of the overrides in them; .p NULL: none. */
str run_overrides_text(const struct run_settings *s);
/* A run as object Run of the API (run_json.c): with its stages, diagnostics, what became of its overrides, the estimate, and
 * why it is not kept (NULL or empty: it is). */
void run_json(struct json_writer *w, const struct run_id *id, const struct run_settings *s, const compile_run *c,
              const struct diags *d, const override_set *overrides, const char *unkept);

/* The run of these settings, compiling if it is not in memory; several who ask wait for one. `job` (may be NULL) gets
 * progress and may cancel. A run whose compilation failed comes back, too: see run_compiled. NULL with e when the model
 * cannot be had or read, when memory ran out or when it was cancelled. Give it back with run_unref. */
const struct run *runs_get(struct runs *runs, const struct run_settings *s, struct job *job, struct model_error *e);
/* The run of this name, of this model: from memory, or by the settings that the workspace kept. */
const struct run *runs_find(struct runs *runs, const struct store_hash *model, str id, struct job *job,
                            struct model_error *e);
void run_unref(const struct run *run);

/* Keeps the settings of a run in the workspace. False when that failed, which run_unkept then says. */
bool runs_keep(struct runs *runs, const struct run *run, struct store_error *e);
/* Why the workspace does not have a run that it was to keep, as a sentence; empty when nothing failed. */
enum { RUN_UNKEPT = 400 };
void run_unkept(const struct run *run, char out[RUN_UNKEPT]);

/* What a run is called, what it was asked for, and what came of it; the run's, valid as long as it is referred to. */
const struct run_id *run_name(const struct run *run);
const struct run_settings *run_settings_of(const struct run *run);
const compile_run *run_compiled(const struct run *run);
const struct diags *run_diags(const struct run *run);
/* The overrides it was given, with what became of each. */
const override_set *run_overrides(const struct run *run);

/* Stage n as a model, *part of which it is. Stages that share a module share the model, too; before the first pass that
 * changed something that is the model the run was made of. Give it back with model_unref. NULL with e: there is no such
 * stage, or memory ran out. */
const struct model *run_stage(const struct run *run, uint32_t n, uint64_t *part, struct model_error *e);

/* The nodes of stage `to` that are what `n_from` nodes of stage `from` came from or became: ops are followed through every
 * pass between. `from_graph` and `to_graph` are graphs of these stages (of stage 0: of the model). Writes at most `cap`
 * nodes, in ascending order; gives how many there are, or UINT32_MAX when memory ran out. A layer stands for the ops in it; an argument for the
 * argument of the same name in the function of the same name. */
uint32_t run_follow(const struct run *run, uint32_t from, const graph *from_graph, const graph_node *from_nodes,
                    size_t n_from, uint32_t to, const graph *to_graph, graph_node *out, uint32_t cap);

/* The stage whose module overrides are bound to and judged on: the one before the pass that applies them. False when the
 * run did not get there. */
bool run_judged(const struct run *run, uint32_t *stage);
/* For every op of stage `from`, as the module of `from_graph` has it, the ops of the model the run was made of that it came
 * from: those of op i are sources[start[i]] to sources[start[i + 1] - 1], ascending. What came from more than RUN_MAX_ORIGINS
 * has none: it stands for no one of them. Every pass is gone through once. */
enum { RUN_MAX_ORIGINS = 32 };
struct run_origins {
    uint32_t *start; /* n_ops + 1 entries */
    ir_op *sources;
    uint32_t n_ops;
};
/* In the arena. False when memory ran out. */
bool run_origins(const struct run *run, uint32_t from, const graph *from_graph, struct arena *a,
                 struct run_origins *out);
/* As run_follow, but gives ops of the run's own module of stage `to`, in the order they were made. */
uint32_t run_ops(const struct run *run, uint32_t from, const graph *from_graph, graph_node node, uint32_t to,
                 ir_op *out, uint32_t cap);

#endif
