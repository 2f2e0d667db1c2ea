/* ttir.h - reading and building TTIR ops in few words; internal to the room.
 *
 * What most TTIR patterns need over pass.h: shapes as small values, "the op that defines v, looking through reshapes",
 * and one builder per op that patterns make, with the attributes that tt-mlir's own builders would set.
 *
 * Builders put the op at the insertion point and give back its result, 0 when out of memory (the module remembers). A
 * result type keeps the encoding of the input unless said otherwise. None of them checks what the op's verifier would.
 */
#ifndef TTX_COMPILE_TTIR_H
#define TTX_COMPILE_TTIR_H

#include "compile/pass.h"

/* ---- shapes --------------------------------------------------------------------------------------------- */

typedef struct shape {
    int64_t d[PASS_MAX_RANK];
    int n;
} shape;

/* The shape of a value (type) that is a ranked tensor of at most PASS_MAX_RANK dimensions, all of them static. */
bool shape_of_type(const ir_context *c, ir_type t, shape *s);
bool shape_of(const ir_module *m, ir_value v, shape *s);
bool shape_equal(const shape *a, const shape *b);
/* Product of all dimensions; -1 when it does not fit. */
int64_t shape_volume(const shape *s);
/* Whether all operands of op have type t; then no shapes need be compared. */
bool operands_have_type(const ir_module *m, ir_op op, ir_type t);
/* n ones. */
shape shape_ones(int n);
/* The shape both broadcast to by numpy's rule; false when they do not. */
bool shape_broadcast(const shape *a, const shape *b, shape *out);
/* out[i] = s[perm[i]]. */
shape shape_permuted(const shape *s, const int64_t *perm);
/* inverse[perm[i]] = i. */
void permutation_inverse(const int64_t *perm, int n, int64_t *inverse);
/* The dimension of `to` that holds dimension `dim` of `from` after a reshape: of the same size and with as many elements
 * behind it; -1 when there is none (tt-mlir: ttir::utils::findMatchingDim). */
int shape_matching_dim(const shape *from, const shape *to, int dim);

/* ---- reading -------------------------------------------------------------------------------------------- */

static inline ir_type element_of(const ir_module *m, ir_value v) {
    return ir_element_type(m->ctx, ir_value_type(m, v));
}
/* Whether the values of this element type are floats / integers. */
static inline bool is_float_type(const ir_context *c, ir_type elt) {
    return elt && ir_kind_of(c, elt) == IR_TYPE_FLOAT;
}
static inline bool is_integer_type(const ir_context *c, ir_type elt) {
    return elt && ir_kind_of(c, elt) == IR_TYPE_INTEGER;
}
/* How many entries an array attribute has; 0 of none, and of what is no array. */
static inline uint32_t list_count(const pass_context *p, ir_attr list) {
    return list && ir_kind_of(p->c, list) == IR_ATTR_ARRAY ? ir_count(p->c, list) : 0;
}
/* Visits v and whatever it is computed from, each value once, until `visit` answers false. Whether all of them got true;
 * false too when out of memory (m->failed). */
bool all_upstream(pass_context *p, ir_value v, bool (*visit)(pass_context *p, ir_value v, void *arg), void *arg);
/* The location of a block argument or of the op that defines v. */
ir_loc value_loc(const ir_module *m, ir_value v);
/* Whether the results of op have exactly one use in all. */
bool op_has_one_use(pass_context *p, ir_op op);
/* The op of the only use of v; 0 when v has no use or several. */
ir_op one_user(pass_context *p, ir_value v);
/* Follows operand 0 as long as the defining op is one of the `n` ops in `ids`. */
ir_value look_through(const ir_module *m, ir_value v, const uint16_t *ids, uint32_t n);
/* The op OP_* that defines v behind any number of ops `through`; 0 when another does. */
ir_op def_through(const ir_module *m, ir_value v, uint32_t id, uint32_t through);
/* Through typecast, reshape, broadcast and repeat_interleave. */
ir_value look_through_layout(const ir_module *m, ir_value v);
/* An integer attribute of an op, or `otherwise`. */
int64_t op_int_or(const ir_module *m, ir_op op, str key, int64_t otherwise);
/* Dimension d of a tensor of this rank, negative ones counted from the end. */
static inline int64_t wrap_dim(int64_t d, int rank) {
    return d < 0 ? d + rank : d;
}
/* dim_arg of a reduction as wrapped dimensions. False when it has none (all are reduced) or more than PASS_MAX_RANK. */
bool reduce_dims(const ir_module *m, ir_op op, int64_t *dims, int *n);
/* begins, ends and step of a ttir.slice_static, as written; false when they do not have one entry per dimension. */
typedef struct slice_range {
    int64_t begin[PASS_MAX_RANK], end[PASS_MAX_RANK], step[PASS_MAX_RANK];
    int n;
} slice_range;
bool slice_of(const ir_module *m, ir_op op, slice_range *s);
/* permutation of a ttir.permute; its length, 0 when absent or too long. */
int permutation_of(const ir_module *m, ir_op op, int64_t *perm);
/* i32, or array of i32, as `n` (2, 3 or 4) numbers: one stands for all; two of four are repeated (h, w, h, w). */
bool window_ints(const ir_module *m, ir_op op, str key, int n, int64_t *out);

/* Constants that fill a tensor: ttir.full, zeros and ones, not looked through anything. `fill` is the attribute of a
 * full (i32 or f32), or for zeros and ones a number of the element type. */
typedef struct fill_value {
    bool is_float;
    double f;  /* set for both kinds */
    int64_t i; /* set for integers */
} fill_value;
/* An i32 or f32 attribute. */
bool fill_of_attr(const ir_context *c, ir_attr a, fill_value *out);
bool fill_of(const ir_module *m, ir_value v, fill_value *out);
/* A ttir.full with this fill (or zeros for 0), as tt-mlir's fusing patterns ask. */
bool is_full_of(const ir_module *m, ir_value v, double expected, double tolerance);

/* Whether the device does this ttir.broadcast by itself: of the last six dimensions only (pass_broadcast_fold.c). */
bool is_implicit_broadcast(pass_context *p, ir_op broadcast);
/* Whether its elements are known to be 0 or 1: i1, a constant 0 or 1, or the result of a comparison or of logic. */
bool is_boolean_valued(const ir_module *m, ir_value v);

/* ---- building ------------------------------------------------------------------------------------------- */

ir_type tensor_type(pass_context *p, const shape *s, ir_type element);
/* The type of v with another shape. */
ir_type type_like(pass_context *p, ir_value v, const shape *s);
ir_type type_f32(pass_context *p);
ir_type type_si32(pass_context *p);

ir_value build_reshape(pass_context *p, ir_loc loc, ir_value v, const shape *to);
/* With this result type (its shape becomes the attribute). */
ir_value build_reshape_to(pass_context *p, ir_loc loc, ir_value v, ir_type type);
ir_value build_permute(pass_context *p, ir_loc loc, ir_value v, const int64_t *perm);
ir_value build_permute_to(pass_context *p, ir_loc loc, ir_value v, const int64_t *perm, ir_type type);
/* To a shape of the same rank. */
ir_value build_broadcast(pass_context *p, ir_loc loc, ir_value v, const shape *to);
ir_value build_broadcast_to(pass_context *p, ir_loc loc, ir_value v, ir_type type);
ir_value build_slice(pass_context *p, ir_loc loc, ir_value v, const slice_range *s);
ir_value build_slice_to(pass_context *p, ir_loc loc, ir_value v, const slice_range *s, ir_type type);
ir_value build_concat(pass_context *p, ir_loc loc, const ir_value *v, uint32_t n, int64_t dim, ir_type type);
ir_value build_typecast(pass_context *p, ir_loc loc, ir_value v, ir_type type);
/* ttir.topk of v: its two results, values and their places, have these types; `dim` and `k` are i32 attributes, the others
 * bools. 0 when out of memory. */
ir_op build_topk(pass_context *p, ir_loc loc, ir_value v, const ir_type types[2], ir_attr dim, ir_attr k,
                 ir_attr largest, ir_attr sorted);
/* An op with one operand or two and no attributes. */
ir_value build_unary(pass_context *p, uint32_t op, ir_loc loc, ir_value v, ir_type type);
ir_value build_binary(pass_context *p, uint32_t op, ir_loc loc, ir_value a, ir_value b, ir_type type);
ir_value build_full(pass_context *p, ir_loc loc, ir_type type, ir_attr fill);
/* OP_ttir_zeros or OP_ttir_ones. */
ir_value build_named_full(pass_context *p, uint32_t op, ir_loc loc, ir_type type);
/* A reduction; dim_arg 0: of all dimensions. */
ir_value build_reduce(pass_context *p, uint32_t op, ir_loc loc, ir_value v, ir_attr keep_dim, ir_attr dim_arg,
                      ir_type type);
ir_value build_softmax(pass_context *p, ir_loc loc, ir_value v, int64_t dim, bool stable, ir_type type);
/* bias 0: ttir.matmul, else ttir.linear. */
ir_value build_matmul(pass_context *p, ir_loc loc, ir_value a, ir_value b, ir_value bias, bool transpose_a,
                      bool transpose_b, ir_type type);
/* The same op with other operands and attributes of `op`, one result. */
ir_value build_like(pass_context *p, ir_op op, ir_loc loc, const ir_value *operands, uint32_t n, ir_type type);
/* Reshaped and cast, where needed, to the shape and element type of `type`. */
ir_value build_reshape_cast(pass_context *p, ir_loc loc, ir_value v, ir_type type);
/* Moves the ops that v is computed by, as far as they stand behind `target`, before it, in their order. */
void move_chain_before(pass_context *p, ir_value v, ir_op target);
/* The value is used instead of the op's result; the op stays, for the driver to find it dead. */
void replace_uses(pass_context *p, ir_op op, ir_value v);
/* A private function of up to 8 arguments at the end of a module, and the insertion point in it: its entry block, 0 when out
 * of memory. The caller goes back (p->e->block, before) when it has built the body. */
ir_block build_private_func(pass_context *p, ir_op module, ir_loc loc, str name, const ir_type *types, uint32_t n,
                            ir_type result, ir_attr attrs);
/* The function an op stands in, 0 when it stands in none. */
ir_op func_of(const ir_module *m, ir_op op);
/* Whether it stands in the decomposition function of a ttcore.composite. */
bool in_composite_decomposition(const ir_module *m, ir_op op);

#endif
