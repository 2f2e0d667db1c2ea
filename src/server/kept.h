/* kept.h - the tensors of executions, in memory as long as there is room.
 *
 *   execution ──kept_add──▶ kept_run (plan, golden plan, graph) ──kept_find──▶ value of a node ──▶ routes
 *
 * Executions that keep their tensors may take so many bytes all together; when a new one does not fit beside the others,
 * the longest unused ones go. Nothing of it survives the server,
 * but an execution can be made to keep them again: same settings, same numbers. A kept run does not change: several may read it.
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

struct kept_run {
    struct mem mem; /* of the plans and all else */
    struct arena arena;
    struct models *models;
    const struct model *model, *source; /* references: what ran, what its golden is */
    const struct run *run;              /* likewise, or NULL */
    const graph *g;                     /* of what ran */
    exec_plan *plan;                    /* with all its tensors */
    exec_plan *golden;                  /* likewise, or NULL */
    exec_inputs *inputs;                /* files that both look into, or NULL */
    const ir_module *golden_module;
    ir_op *golden_of; /* by op of the module: the golden's op, 0: none; NULL without golden */
    uint64_t bytes;
    pthread_mutex_t lock; /* around looks into the plans */
    /* Under the registry's lock. */
    struct kept_run *next;
    int64_t execution;
    struct store_hash hash; /* of the model */
    uint32_t refs;
    uint64_t used;
};

struct kept;

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
void kept_unref(struct kept *k, struct kept_run *r);
/* Bytes it takes; 0: it is not there. Does not count as use. */
uint64_t kept_bytes(struct kept *k, int64_t execution);
/* Forgets an execution, or those of a model, as soon as nobody uses them. */
void kept_drop(struct kept *k, int64_t execution);
void kept_drop_model(struct kept *k, const struct store_hash *hash);

/* The tensor of result `out` of a node on a device, and how many devices have one. False when it has none (a node
 * without op and value, a result that no step computes). The elements stay while the run is referenced. */
bool kept_tensor(struct kept_run *r, graph_node node, uint32_t out, unsigned device, bool golden, struct tensor *t,
                 unsigned *devices);
/* Result i of the function on a device, likewise. False when the plan has none. */
bool kept_result(struct kept_run *r, size_t i, unsigned device, struct tensor *t);

#endif
