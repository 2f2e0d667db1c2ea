/* kept.h - the tensors of executions.
 *
 *   execution ──kept_add──▶ kept_run (plan, golden plan, graph) ──kept_find──▶ value of a node ──▶ routes
 *                                                                   └─KEPT_LATER─▶ kept_make, a job ─┘
 *
 * Those of a small model stay in memory. Of a larger one only what a run needs does, and a value is made when somebody looks
 * at it, by running up to it (writing gigabytes to fresh memory takes longer than computing them); of these values the last
 * ones stay. Executions that keep their tensors may take so many bytes all together; when a new one does not fit beside the
 * others, the longest unused ones go. Nothing of it survives the server, but an execution can be made to keep them again: same
 * settings, same numbers. A kept run does not change but for the values that are made: several may read it.
 */
#ifndef SERVER_KEPT_H
#define SERVER_KEPT_H

#include <pthread.h>

#include "base/arena.h"
#include "exec/exec.h"
#include "server/models.h"
#include "server/runs.h"

/* Of all executions together, and of one that says nothing else. */
#define KEPT_ALL_BYTES ((uint64_t)4 << 30)
#define KEPT_DEFAULT_BYTES ((uint64_t)1 << 30)
/* All tensors of an execution stay when they take no more than this. */
#define KEPT_HELD_BYTES ((uint64_t)256 << 20)
/* Of values that were made because somebody looked, these bytes stay (and the last one, however large). */
#define KEPT_MADE_BYTES ((uint64_t)128 << 20)

/* A value of one of the plans on a device. */
struct kept_value {
    bool golden;
    ir_value value;
    unsigned device;
};

/* One that was made. */
struct kept_made {
    struct kept_made *next;
    struct kept_value what;
    struct tensor t;
    unsigned devices; /* that have one */
    unsigned refs;
    uint64_t used;
};

struct kept_run {
    struct mem mem; /* of the plans and all else */
    struct arena arena;
    struct models *models;
    const struct model *model, *source; /* references: what ran, what its golden is */
    const struct run *run;              /* likewise, or NULL */
    const graph *g;                     /* of what ran */
    exec_plan *plan;                    /* with all its tensors, or to make them */
    exec_plan *golden;                  /* likewise, or NULL */
    bool makes;                         /* values are made when they are looked at */
    exec_inputs *inputs;                /* files that both look into, or NULL */
    const ir_module *golden_module;
    ir_op *golden_of;   /* by op of the module: the golden's op, 0: none; NULL without golden */
    bool *golden_moved; /* likewise: whether its dimensions stand in another order (exec_move_golden) */
    uint64_t bytes;
    pthread_mutex_t lock;    /* around looks into the plans, and what was made */
    pthread_mutex_t running; /* held by who runs the plans */
    struct mem made_mem;     /* of what was made */
    struct kept_made *made;
    uint64_t made_bytes, made_clock;
    /* Under the registry's lock. */
    struct kept_run *next;
    int64_t execution;
    struct store_hash hash; /* of the model */
    uint32_t refs;
    uint64_t used;
};

struct kept;
struct server;

/* NULL when out of memory. */
struct kept *kept_new(struct mem *m);
/* No run may be in use. NULL is allowed. */
void kept_free(struct kept *k);

/* An empty run; NULL when out of memory. It belongs to the caller until kept_add; kept_run_free (NULL is allowed) frees
 * it with its plans and gives back its references. */
struct kept_run *kept_run_new(void);
void kept_run_free(struct kept_run *r);

/* Takes a run over under the number of its execution. */
void kept_add(struct kept *k, struct kept_run *r, int64_t execution, const struct store_hash *hash);
/* The run of an execution, or NULL. Give it back with kept_unref. */
struct kept_run *kept_find(struct kept *k, int64_t execution);
struct kept_run *kept_ref(struct kept *k, struct kept_run *r);
void kept_unref(struct kept *k, struct kept_run *r);
/* Bytes it takes; 0: it is not there. Does not count as use. */
uint64_t kept_bytes(struct kept *k, int64_t execution);
/* Forgets an execution, or those of a model, as soon as nobody uses them. */
void kept_drop(struct kept *k, int64_t execution);
void kept_drop_model(struct kept *k, const struct store_hash *hash);

/* Whether a tensor is there. */
enum kept_there {
    KEPT_NONE,  /* it has none: a node without op and value, a result that no step computes */
    KEPT_THERE, /* look at it, and give it back with kept_done */
    KEPT_LATER  /* kept_make makes it */
};

/* A look at a tensor. The elements stay while the run is referenced and the look is not given back. */
struct kept_look {
    struct tensor t;
    unsigned devices; /* that have one */
    struct kept_made *made;
};

/* The value of result `out` of a node; that of the golden op, if it has one. False when there is none. */
bool kept_value_of(struct kept_run *r, graph_node node, uint32_t out, bool golden, struct kept_value *v);
/* The value that the function gives as result i. */
struct kept_value kept_result(struct kept_run *r, size_t i, unsigned device);
enum kept_there kept_look(struct kept_run *r, const struct kept_value *v, struct kept_look *out);
void kept_done(struct kept_run *r, struct kept_look *look);

/* Starts a job ("values") that makes some values, for looks to come. It has a reference to the run of its own. 0 when no job
 * can be started. kept_make.c. */
uint64_t kept_make(struct server *s, struct kept_run *r, const struct kept_value *v, size_t n, str title);
/* For kept_make: takes a copy of a tensor in, unless it is there already. False when out of memory. */
bool kept_put(struct kept_run *r, const struct kept_value *v, const struct tensor *t, unsigned devices);

#endif
