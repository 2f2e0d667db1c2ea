/* runs_inner.h - what the files of the compile runs share. */
#ifndef SERVER_RUNS_INNER_H
#define SERVER_RUNS_INNER_H

#include <pthread.h>

#include "compile/override.h"
#include "server/models_inner.h"
#include "server/runs.h"

/* A stage somebody looked at. */
struct stage_model {
    struct loaded *loaded; /* NULL: nobody has */
    ir_op *op_of;          /* by op of the run's module: the op of the model; NULL until somebody follows */
    ir_op *run_op_of;      /* the other way round */
    uint32_t n_op_of, n_run_op_of;
};

struct run {
    struct mem mem; /* of what follows, but for the stages' models */
    struct arena arena;
    struct runs *runs;
    struct run *next;
    struct run_settings settings;
    struct run_id id;
    const struct model *source; /* a reference: its text is what the run's module stands in */
    ir_context *ctx;
    ir_module *input;
    compile_run *compiled;
    struct diags diags;
    override_set overrides; /* with what became of them */
    pthread_mutex_t lock;   /* around stages */
    struct stage_model *stages;
    uint32_t n_stages;
    atomic_size_t stage_bytes;
    /* Under the registry's lock. */
    uint32_t refs;
    uint64_t used;
    bool making;
    struct model_error error; /* why making it failed; status 0: it did not */
    char unkept[RUN_UNKEPT];  /* why the workspace does not have it; empty: it has, or was not asked to */
};

struct runs {
    struct mem *parent;
    struct mem mem;
    struct models *models;
    struct store *store;
    pthread_mutex_t lock;
    pthread_cond_t made;
    struct run *first;
    uint64_t clock, limit;
};

/* Reads the model and compiles it (run_make.c). False with e. */
bool run_make(struct run *run, struct job *job, struct model_error *e);
/* Frees what run_make and run_stage made. */
void run_unmake(struct run *run);

/* One more user. */
void run_ref(struct run *run);

#endif
