/* execute.h - executing a module as a job: times, memory and accuracy of every op, kept in the workspace as a document and
 * as overlays.
 *
 *   model or stage of a run ──exec──▶ trace ──▶ document (STORE_RUN, rank 1) and overlays "time", "memory", "accuracy"
 */
#ifndef SERVER_EXECUTE_H
#define SERVER_EXECUTE_H

#include "base/arena.h"
#include "graph/overlays.h"
#include "server/models.h"

struct server;

/* Rank of items of kind STORE_RUN: compile runs and executions. */
enum { RANK_COMPILED = 0, RANK_EXECUTED = 1 };

/* A file of tensors that was uploaded (its number in the store), for an argument by name or number; empty: by the names in
 * it, else in order. */
struct execution_input {
    uint64_t tensor;
    str argument;
};

/* What to execute, and how. Texts live in the arena it was read with. */
struct execution {
    struct store_hash model;
    str run; /* id of a compile run, with `stage`; empty: the source */
    uint64_t stage, part;
    uint64_t threads, seed, max_memory;
    uint64_t repeat; /* runs that are timed; 0: one to warm up, then three, or fewer once a second has passed */
    str numbers;     /* "as-written", "f32" or "f64" */
    bool golden;     /* run in f32 as well and compare: of a stage, with the source it came from */
    double pcc;      /* what agrees less than this has diverged */
    bool keep; /* all tensors stay in memory to be looked at, if they take no more than keep_memory bytes; kept.h */
    uint64_t keep_memory;
    struct execution_input *inputs; /* of arguments; the others have values of the seed */
    size_t n_inputs;
    int64_t again; /* an execution whose tensors are made once more, with its settings; 0: a new one */
};

/* The source of a model, once, as it is written. */
struct execution execution_of(const struct store_hash *model);
/* Reads settings for out->model, a JSON object with the members' names; what is absent is as execution_of has it. False with a
 * sentence. */
bool execution_read(str json, struct arena *a, struct execution *out, struct model_error *e);

/* Under which key the trace of an execution is kept as derived data: Chrome trace JSON, or CSV. */
enum { EXECUTION_TRACE_KEY = 64 };
void execution_trace_key(int64_t number, bool csv, char key[EXECUTION_TRACE_KEY]);

/* The uploaded file of a model. False with a sentence. */
bool execution_input_find(struct server *s, const struct store_hash *model, uint64_t tensor, struct arena *a,
                          struct store_item *out, struct model_error *e);

/* Keeps an overlay of a model in the workspace and tells the pages. */
bool execution_overlay(struct server *s, const struct store_hash *model, const overlay *o, str name,
                       struct store_error *e);

/* Starts the job ("execute"); its result is {"execution": number of the document}, which is there as soon as the times are:
 * accuracy follows in the same document until the job ends. 0 when no job can be started. Texts and
 * inputs are copied. */
uint64_t execution_start(struct server *s, const struct execution *x, str title);

/* {"id","created","us","settings","kept"} of an execution whose body is JSON; kept: bytes of tensors that can be looked at. */
void execution_summary(struct json_writer *w, int64_t id, int64_t created, str body, uint64_t kept);

#endif
