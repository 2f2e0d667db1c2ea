/* cost.h - how long an op takes, estimated from first principles and calibrated against measured rows. An estimate, never a
 * measurement: whoever shows one says so.
 *
 *   work of the op (tiles of math, bytes of DRAM, bytes over the NoC) ──▶ one time per resource ──▶ max + dispatch
 *
 * Formulas and peaks: device-model.md, sections 2 to 5; the factors that calibration found are in cost.c with the error
 * they leave (bench/cost prints the table).
 */
#ifndef TARGET_COST_H
#define TARGET_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/ir.h"
#include "target/legal.h"

typedef enum cost_bound { COST_COMPUTE, COST_DRAM, COST_NOC, COST_DISPATCH, COST_ETHERNET, COST_N_BOUNDS } cost_bound;
extern const str cost_bound_names[COST_N_BOUNDS]; /* "compute", "dram", "l1", "dispatch", "ethernet" */

typedef struct cost {
    double ns[COST_N_BOUNDS]; /* what each resource alone would take; dispatch is the floor of a kernel */
    double total_ns;          /* the largest of compute, DRAM, NoC and ethernet, plus dispatch */
    cost_bound bound;         /* which one it is */
    double flops;             /* multiplications and additions of the math */
    uint64_t dram_bytes, noc_bytes;
    int64_t cores;        /* that work at it */
    bool known;           /* false: the op's kind has no formula; moved bytes only */
    uint64_t l1_per_core; /* legal_l1_need */
} cost;

/* Math fidelity of a kernel; by its phases. */
typedef enum cost_fidelity { COST_LOFI = 1, COST_HIFI2 = 2, COST_HIFI3 = 3, COST_HIFI4 = 4 } cost_fidelity;

/* What decides an op's time, without an IR: for calibration and for asking "what if". */
typedef enum cost_kind {
    COST_ELEMENTWISE, /* each tile on its own; `weight` cycles of math a tile */
    COST_ROWWISE,     /* a row of tiles at a time: norms, softmax, reductions; `rows` of them */
    COST_MATMUL,      /* (m, k) x (k, n), `batch` times with weights of their own */
    COST_CONV,        /* the same with the left operand gathered from an image */
    COST_MOVE,        /* tiles change place or order; `weight` cycles a tile */
    COST_SEND,        /* to other chips, `hops` away */
    COST_NOTHING      /* views, deallocation */
} cost_kind;

/* Cycles a tile takes (Wormhole): what `weight` is made of. All found by fitting measured kernels. */
enum {
    COST_LIGHT = 80,       /* add, typecast */
    COST_RELU = 290,       /* relu, neg: once through the vector unit */
    COST_SFPU = 700,       /* a mixture of one-operand functions, when it is not known which */
    COST_EXP = 1850,       /* exp, gelu, tanh, ... in full precision */
    COST_NORM = 600,       /* three passes over a row */
    COST_TRANSPOSE = 2700, /* each tile turned */
    COST_RETILE = 1300,    /* rows into tiles and back */
    COST_RESHAPE = 11500   /* a reshape or permute that takes tiles apart */
};

enum { COST_MAX_OPERANDS = 8 };

typedef struct cost_tensor {
    uint64_t bytes; /* tile padding included */
    double tiles;   /* of 32x32 values */
    target_dtype dtype;
    ttnn_buffer buffer;
    ttnn_memory memory;
    int64_t cores; /* of its grid when it is sharded, else 0 */
    bool tiled;
} cost_tensor;

typedef struct cost_work {
    cost_kind kind;
    cost_tensor in[COST_MAX_OPERANDS], out;
    uint32_t n_in;
    double m, n, k, batch; /* matmul: in elements */
    double weight, rows;   /* see cost_kind; weight 0: the least there is */
    cost_fidelity fidelity;
    int64_t cores; /* that may work; 0: all of the device */
    uint32_t hops; /* ethernet */
} cost_work;

/* The time of the kernel that does such work on one chip of the device; what lies between kernels is not in it. */
cost cost_of_work(const target_device *d, const cost_work *w);

/* The time of an op as it stands in its module, with the gap to the next one (in dispatch). */
cost cost_of_op(const legal_env *e, ir_op op);
/* The same with other layouts: one per operand, and one for the first result. */
cost cost_of_op_with(const legal_env *e, ir_op op, const ttnn_layout *in, const ttnn_layout *out);
/* The time of bringing a tensor from one layout into another. */
cost cost_of_reshard(const legal_env *e, ir_type tensor, const ttnn_layout *from, const ttnn_layout *to);

/* Sum over the forward functions of a module (const-eval functions run once and are not counted). */
typedef struct cost_total {
    double ns;
    double by_bound_ns[COST_N_BOUNDS];
    uint32_t ops, unknown;
    uint64_t peak_l1; /* the largest L1 need of one op */
} cost_total;
cost_total cost_of_module(const legal_env *e);
/* Calls `visit` for each op that is counted there, in program order. */
void cost_each_op(const legal_env *e, void (*visit)(void *arg, ir_op op, const cost *c), void *arg);

#endif
