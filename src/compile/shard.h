/* shard.h - how tensors are cut over the devices of a mesh; internal to the room.
 *
 *   sdy.mesh ──▶ shard_mesh        sdy.sharding ◀──▶ sharding        op ──▶ shard_rule (which dimensions go together)
 *
 * A sharding lists, for each dimension of a tensor, the mesh axes that cut it, the major one first: <@mesh, [{"y"}, {}]>
 * on a mesh of ["x"=2, "y"=4] gives device (x, y) the y-th quarter of the rows and all columns. Axes of one device cut
 * nothing and are left out here. Where shardings cut along parts of axes ("x":(1)2), shard_split_axes takes each axis for
 * several, the parts that it has: everything behind it knows whole axes only. The reference does not support them.
 *
 * A rule says of one op which dimensions of its operands and results are one and the same factor of its iteration space
 * (openxla/shardy, docs/sharding_representation.md). Every device that has the same part of each factor in all tensors
 * can do its part of the op alone; a reduction factor leaves partial results behind, which an all_reduce adds up.
 * A dimension without a factor must be whole on every device.
 */
#ifndef TTX_COMPILE_SHARD_H
#define TTX_COMPILE_SHARD_H

#include "compile/ttir.h"

/* ---- meshes and shardings (shard.c) --------------------------------------------------------------------- */

enum { SHARD_MAX_AXES = 6 };

typedef struct shard_mesh {
    str name;
    uint32_t n; /* axes; 0: there is no mesh */
    str axis[SHARD_MAX_AXES];
    int64_t size[SHARD_MAX_AXES]; /* devices along it */
    /* Of an axis that is a part: which of the module's mesh it is of, into how many the major parts cut that, and how many
     * devices are along all of it. */
    uint8_t of[SHARD_MAX_AXES];
    int64_t before[SHARD_MAX_AXES], all[SHARD_MAX_AXES];
    int64_t devices; /* in all */
    ir_op op;        /* sdy.mesh */
} shard_mesh;

/* Axes by number, the major one first. */
typedef struct shard_axes {
    uint8_t n, axis[SHARD_MAX_AXES];
} shard_axes;

typedef struct sharding {
    int rank;
    shard_axes dim[PASS_MAX_RANK];
    uint32_t closed;                 /* bit d: dimension d may not be cut further */
    uint32_t whole;                  /* bit a: axis a may not cut this tensor (replicated={..}) */
    uint8_t priority[PASS_MAX_RANK]; /* of what the user wrote; 0 comes first */
} sharding;

/* The mesh of a module: that of its sdy.mesh that has axes. n = 0 when there is none. False after an error: several
 * meshes that differ, or more than SHARD_MAX_AXES axes. */
bool shard_find_mesh(pass_context *p, ir_op module, shard_mesh *mesh);
/* Axes of which the module's shardings name parts become these. False after an error: parts that overlap, or too many. */
bool shard_split_axes(pass_context *p, ir_op module, shard_mesh *mesh);
/* All parts along an axis, side by side along a dimension, by ops of TTIR. 0 when out of memory. */
ir_value shard_gather_axis(pass_context *p, const shard_mesh *mesh, ir_loc loc, ir_value v, unsigned axis, int dim);
/* Nothing is cut; every dimension is open. */
void shard_open(sharding *s, int rank);
/* An attribute sdy.sharding of a tensor of this rank. False when it is another attribute, has another rank, or cuts along
 * what is no axis of the mesh or only a part of one; *why is then a sentence's end. */
bool shard_read(pass_context *p, const shard_mesh *mesh, ir_attr a, int rank, sharding *out, const char **why);
/* The attribute of a sharding; `closed`: without open dimensions. 0 when out of memory. */
ir_attr shard_attr(pass_context *p, const shard_mesh *mesh, const sharding *s, bool closed);
/* #sdy.sharding_per_value of n shardings. */
ir_attr shard_list_attr(pass_context *p, const ir_attr *shardings, uint32_t n);
/* Entry i of a #sdy.sharding_per_value; 0 when there is none. */
ir_attr shard_list_at(pass_context *p, ir_attr list, uint32_t i);

static inline bool shard_axes_equal(const shard_axes *a, const shard_axes *b) {
    bool equal = a->n == b->n;
    for (unsigned i = 0; equal && i < a->n; i++)
        equal = a->axis[i] == b->axis[i];
    return equal;
}
/* Whether `a` is how `b` begins. */
static inline bool shard_axes_begin(const shard_axes *a, const shard_axes *b) {
    bool equal = a->n <= b->n;
    for (unsigned i = 0; equal && i < a->n; i++)
        equal = a->axis[i] == b->axis[i];
    return equal;
}
/* The axes as bits. */
static inline uint32_t shard_axes_bits(const shard_axes *a) {
    uint32_t bits = 0;
    for (unsigned i = 0; i < a->n; i++)
        bits |= 1u << a->axis[i];
    return bits;
}
/* Into how many parts they cut. */
static inline int64_t shard_parts(const shard_mesh *mesh, const shard_axes *a) {
    int64_t n = 1;
    for (unsigned i = 0; i < a->n; i++)
        n *= mesh->size[a->axis[i]];
    return n;
}
/* Whether an attribute sdy.sharding cuts any dimension. */
bool shard_attr_cuts(pass_context *p, ir_attr a);
/* Whether the same dimensions are cut the same way. */
bool shard_same(const sharding *a, const sharding *b);
/* All axes that cut a tensor, as bits. */
uint32_t shard_used(const sharding *s);
/* The type of one device's part. 0 when out of memory, or when a dimension has not that many equal parts. */
ir_type shard_local_type(pass_context *p, const shard_mesh *mesh, ir_type global, const sharding *s);

/* ---- rules (shard_rule.c) ------------------------------------------------------------------------------- */

enum { RULE_MAX_FACTORS = 64, RULE_MAX_SPLIT = 6 };

/* The factors that a dimension is made of, the major one first; n = 0: none, the dimension must be whole. */
typedef struct rule_dim {
    uint8_t n, factor[RULE_MAX_SPLIT];
} rule_dim;

typedef struct rule_tensor {
    int rank;
    rule_dim dim[PASS_MAX_RANK];
} rule_tensor;

typedef struct shard_rule {
    uint32_t n_operands, n_results, n_factors;
    int64_t size[RULE_MAX_FACTORS];
    bool reduces[RULE_MAX_FACTORS]; /* in operands only: results are partial when it is cut */
    bool whole[RULE_MAX_FACTORS];   /* every device needs all of it: shardings spread along it, but it is not cut */
    str reduce;                     /* how partial results become one: "sum", "max", "min" */
    bool passes;                    /* looks at each element alone, or only moves them: shardings go through it first */
    rule_tensor *tensors;           /* operands, then results; in the scratch arena */
} shard_rule;

/* The rule of an op whose operands and results are global tensors. Ops that no row is known for get one without factors.
 * NULL when out of memory. */
shard_rule *shard_rule_of(pass_context *p, ir_op op);

/* The axes of each factor (n_factors of them) that a tensor's sharding means; false when that is not all of it: an axis
 * cuts a dimension without factors, or does not divide the one it falls on. */
bool rule_factors_of(const shard_mesh *mesh, const shard_rule *r, const rule_tensor *t, const sharding *s,
                     shard_axes *factors);
/* The other way: the sharding of a tensor whose factors are cut so; false when it cannot be said, because a major factor
 * of a dimension is not cut to single elements while a minor one is cut too. */
bool rule_sharding_of(const shard_mesh *mesh, const shard_rule *r, const rule_tensor *t, const shard_axes *factors,
                      sharding *out);

/* ---- moving (shard_move.c) ------------------------------------------------------------------------------ */

/* A part of a tensor on each device, and how it is cut. */
typedef struct shard_value {
    ir_value v;
    sharding s;
} shard_value;

/* Builds, at the insertion point, the collectives that turn parts cut as from->s into parts cut as `to`: slices where an
 * axis comes in, all_to_all where it changes dimensions, all_gather where it goes. False when out of memory. */
bool shard_move(pass_context *p, const shard_mesh *mesh, ir_loc loc, shard_value *from, const sharding *to);
/* What moving costs: elements that each device receives. `global`: elements of the whole tensor. */
double shard_move_cost(const shard_mesh *mesh, const sharding *from, const sharding *to, double global);
/* Adds up (reduce: "sum", "max", "min") partial results along axes (bits); along axes that `to` cuts a dimension by next,
 * each device keeps its part only. */
bool shard_reduce(pass_context *p, const shard_mesh *mesh, ir_loc loc, shard_value *v, uint32_t axes, str reduce,
                  const sharding *to);

/* ---- local ops (shard_local.c) -------------------------------------------------------------------------- */

/* Makes what an op says of sizes (slices, groups, constants) true of one device's part. The op has its local types
 * already; `op` is the global one. False after an error. */
bool shard_localize(pass_context *p, ir_op op, ir_op local);

/* ---- the largest of a dimension that is cut (shard_topk.c) ------------------------------------------------ */

/* Whether the dimension that a ttir.topk looks along is cut in its operand. */
bool shard_topk_is_cut(pass_context *p, ir_op op, const sharding *in);
/* Builds, at the insertion point, such a topk of its operand's parts: values and indices, whole along that dimension and cut as
 * the operand along the others. False when out of memory. */
bool shard_topk(pass_context *p, const shard_mesh *mesh, ir_op op, const shard_value *in, shard_value out[2]);

#endif
