/* kernels.h - the kernels, and what they share. Each file of kernels says what its ops compute. */
#ifndef TTX_EXEC_KERNELS_H
#define TTX_EXEC_KERNELS_H

#include <string.h>

#include "dialect/params.h"
#include "exec/inner.h"

/* Element i of an operand or result, slowly: for kernels whose work is elsewhere. */
static inline double arg_get(const struct exec_arg *a, int64_t i) {
    struct tensor t = {.dtype = a->type->dtype, .data = a->data};
    return tensor_get(&t, i);
}
static inline void arg_set(const struct exec_arg *a, int64_t i, double v) {
    struct tensor t = {.dtype = a->type->dtype, .data = a->data};
    tensor_set(&t, i, v);
}
/* Element f of a tensor to where element t of another one of its type is. */
static inline void arg_copy(const struct exec_arg *to, int64_t t, const struct exec_arg *from, int64_t f) {
    size_t size = tensor_dtype_size(to->type->dtype);
    memcpy((char *)to->data + (size_t)t * size, (const char *)from->data + (size_t)f * size, size);
}
/* A sum of products, one by one: of integers it wraps as theirs does, of all others it is a double. Slowly, too. */
struct arg_sum {
    const struct vec *whole; /* the lanes of integers; NULL: it is real */
    uint64_t lane;
    double real;
};
static inline struct arg_sum arg_sum_of(const struct call *c, const struct exec_arg *a, const struct exec_arg *b,
                                        const struct exec_arg *out) {
    vec_class k = class_join(a->type, b->type);
    const struct vec *v = c->x->vec[k];
    return (struct arg_sum){.whole = vec_is_integer(k) && v->store[out->type->dtype] ? v : NULL};
}
static inline uint64_t arg_lane(const struct vec *v, const struct exec_arg *a, int64_t i) {
    uint64_t x = 0;
    v->load[a->type->dtype](&x, (const char *)a->data + (size_t)i * tensor_dtype_size(a->type->dtype), 1);
    return x;
}
static inline void arg_sum_add(struct arg_sum *s, const struct exec_arg *a, int64_t i, const struct exec_arg *b,
                               int64_t j) {
    if (s->whole)
        s->lane += arg_lane(s->whole, a, i) * arg_lane(s->whole, b, j);
    else
        s->real += arg_get(a, i) * arg_get(b, j);
}
static inline void arg_sum_put(const struct arg_sum *s, const struct exec_arg *out, int64_t i) {
    enum tensor_dtype t = out->type->dtype;
    if (s->whole)
        s->whole->store[t]((char *)out->data + (size_t)i * tensor_dtype_size(t), &s->lane, 1);
    else
        arg_set(out, i, s->real);
}
/* The real and the imaginary part of an element (0 of a real number), and back (a real number is the first). Quickly. */
static inline void arg_get_pair(const struct exec_arg *a, int64_t i, double parts[2]) {
    const float *narrow = a->data;
    const double *wide = a->data;
    bool c64 = a->type->dtype == TENSOR_C64, c128 = a->type->dtype == TENSOR_C128;
    parts[0] = c64 ? (double)narrow[2 * i] : c128 ? wide[2 * i] : arg_get(a, i);
    parts[1] = c64 ? (double)narrow[2 * i + 1] : c128 ? wide[2 * i + 1] : 0;
}
static inline void arg_set_pair(const struct exec_arg *a, int64_t i, double real, double imaginary) {
    float *narrow = a->data;
    double *wide = a->data;
    if (a->type->dtype == TENSOR_C64) {
        narrow[2 * i] = (float)real;
        narrow[2 * i + 1] = (float)imaginary;
    } else if (a->type->dtype == TENSOR_C128) {
        wide[2 * i] = real;
        wide[2 * i + 1] = imaginary;
    } else {
        arg_set(a, i, real);
    }
}
/* The same as an integer: cut, saturated, NaN as 0. */
static inline int64_t arg_int(const struct exec_arg *a, int64_t i) {
    double v = arg_get(a, i);
    return v >= -0x1p63 ? v < 0x1p63 ? (int64_t)v : INT64_MAX : v < 0 ? INT64_MIN : 0;
}

/* Of kernels that see all devices at once (KERNEL_MESH): operand and result i of a device. */
static inline const struct exec_arg *device_in(const struct call *c, unsigned device, uint32_t i) {
    return &c->in[device * c->width + i];
}
static inline const struct exec_arg *device_out(const struct call *c, unsigned device, uint32_t i) {
    return &c->out[device * c->width + i];
}

/* Groups of devices along an axis of the mesh (cluster_axis; -1: all are one group): how many are in one, its member k, and
 * which member a device is. */
static inline unsigned group_size(const exec_plan *x, int axis) {
    return axis < 0 ? x->devices : axis == 0 ? x->rows : x->cols;
}
static inline unsigned group_member(const exec_plan *x, int axis, unsigned device, unsigned k) {
    if (axis < 0)
        return k;
    return axis == 1 ? device / x->cols * x->cols + k : k * x->cols + device % x->cols;
}
static inline unsigned group_place(const exec_plan *x, int axis, unsigned device) {
    return axis < 0 ? device : axis == 1 ? device % x->cols : device / x->cols;
}

/* kernels_move.c */
extern const struct kernel kernel_view, kernel_permute, kernel_transpose, kernel_repeat, kernel_repeat_interleave,
    kernel_broadcast_in_dim, kernel_slice, kernel_index, kernel_reverse, kernel_upsample_nearest, kernel_concat_heads,
    kernel_concat, kernel_pad, kernel_dynamic_slice, kernel_index_select, kernel_rearrange, kernel_split_heads;
/* A slot of its own with a tensor whose dimensions are padded with a value of its type, on both sides (negative: cut) and between
 * neighbours. 0 (reported) when that leaves less than nothing, or when out of memory. */
exec_slot plan_padded(struct planner *p, ir_op op, exec_slot from, exec_slot value, const int64_t *low,
                      const int64_t *high, const int64_t *interior);
/* Makes the result a look at the operand's bytes where that can be, else leaves it to be copied. */
bool plan_view(struct planner *p, struct exec_step *s);
/* The walk of a step that copies elements of operand 0 into its result as they are; NULL for all others. */
struct walk *step_walk(const struct planner *p, const struct exec_step *s);
enum { DYNAMIC_BEGINS, DYNAMIC_HLO, DYNAMIC_UPDATE, DYNAMIC_STRIDES };

/* kernels_bytes.c */
extern const struct kernel kernel_bitcast;

/* kernels_create.c */
extern const struct kernel kernel_constant, kernel_full, kernel_dimension_size, kernel_arange, kernel_rand,
    kernel_dropout;
bool plan_splat(struct planner *p, struct exec_step *s, double v);
enum { FILL_ZERO, FILL_ONE, FILL_VALUE };
enum { RAND_UNIFORM, RAND_BOUNDS };

/* kernels_bits.c */
extern const struct kernel kernel_bits;

/* kernels_reduce.c */
extern const struct kernel kernel_reduce, kernel_argmax, kernel_scan, kernel_softmax;
enum { REDUCE_MEAN = FOLD_N };
/* Plans a fold of operand 0 over dimensions that starts at operand 1; run by kernel_reduce. */
bool plan_fold(struct planner *p, struct exec_step *s, vec_fold fold, const int64_t *dims, int n);

/* kernels_matmul.c */
extern const struct kernel kernel_matmul;
/* A linear whose bias makes its result larger than its product: *done, and it is a product and a sum. False: reported. */
bool plan_wide_bias(struct planner *p, ir_op op, bool *done);
enum { MATMUL, MATMUL_GENERAL, MATMUL_DOT };
/* Lists of dimensions of a product (arg: of its row; rank: of its left operand): batch left, batch right, contracted left,
 * contracted right; from the op's attributes (TTIR), the dimension numbers (StableHLO), or what dot means. False: not said. */
bool dot_dimensions(const struct planner *p, ir_op op, int arg, int rank, int64_t d[4][TENSOR_MAX_RANK], int n[4]);
/* The function of an activation's name, "_approx" or not; VEC_N_OPS when it is not known. */
vec_op plan_activation(str name);

/* kernels_norm.c */
extern const struct kernel kernel_norm, kernel_batch_norm;
enum norm_kind { NORM_LAYER, NORM_RMS, NORM_GROUP, NORM_DIT };

/* kernels_conv.c */
extern const struct kernel kernel_conv, kernel_prepare;
enum { PREPARE, PREPARE_TRANSPOSED, PREPARE_3D };
enum { CONV_HLO = 0, CONV_TRANSPOSED = 4 }; /* or the number of spatial dimensions */

/* kernels_window.c */
extern const struct kernel kernel_pool, kernel_reduce_window, kernel_upsample;
enum { POOL_MAX, POOL_MAX_INDICES, POOL_AVERAGE, POOL_GLOBAL };
enum { PAD_TT, PAD_HLO, PAD_DYNAMIC };
enum { GATHER_HLO, GATHER_DYNAMIC }; /* sizes in an attribute, or those of the result */
/* Sizes of what is cut out, padded, and slid over, which also decide open dimensions. slice_length brings *begin, which may
 * count from the end, inside; `ceil` lets the last window begin anywhere inside the input. */
int64_t slice_length(int64_t size, int64_t *begin, int64_t end, int64_t step);
int64_t pad_length(int64_t size, int64_t low, int64_t high, int64_t interior);
int64_t window_count(int64_t in, int64_t low, int64_t high, int64_t size, int64_t dilation, int64_t stride, bool ceil);
/* Whether an edge is moved by so little that sums of such numbers and of sizes stay in 64 bits. */
static inline bool is_near(int64_t pad) {
    return pad >= -INT32_MAX && pad <= INT32_MAX;
}

/* What the attributes of stablehlo.reduce_window and select_and_scatter say of windows over a tensor; what is absent is 1, or no
 * padding. `out`: how many windows there are. */
struct window_sides {
    int rank;
    int64_t size[TENSOR_MAX_RANK], stride[TENSOR_MAX_RANK], dilation[TENSOR_MAX_RANK], holes[TENSOR_MAX_RANK];
    int64_t low[TENSOR_MAX_RANK], high[TENSOR_MAX_RANK], out[TENSOR_MAX_RANK];
};
/* Reads them for an operand of type `in`. False (reported) where numbers are too many, too few or out of range. */
bool window_read(struct planner *p, ir_op op, const struct exec_type *in, struct window_sides *w);
/* How many elements a window of these sizes has. False (reported): more than can be gone through. */
bool window_taps(struct planner *p, ir_op op, const int64_t *size, int rank, int64_t *out);
/* Whether kernel_reduce_window does what stablehlo.reduce_window asks for: folds numbers. */
bool window_folds(struct planner *p, ir_op op);

/* kernels_region.c: ops whose body is a region */
/* Whether the body of region 0 is one plain fold of its two arguments. */
bool region_fold(struct planner *p, ir_op op, vec_fold *out);
bool region_fold_of(struct planner *p, ir_op op, uint32_t region, vec_fold *out);
/* Whether region 0 compares its first argument, what was chosen, with its second one; the chosen one stays when it is greater
 * (else less), or `equal`. */
bool region_choice(struct planner *p, ir_op op, bool *greater, bool *equal);
/* Whether it gives its second argument: a replacement. */
bool region_replaces(struct planner *p, ir_op op);
/* The number of a constant of one element; false for anything else. */
bool constant_number(struct planner *p, ir_value v, double *out);
/* Whether kernel_hlo_reduce does what stablehlo.reduce asks for: folds numbers, or finds the largest or smallest with its index. */
bool region_reduces(struct planner *p, ir_op op);
/* Whether it compares its first two arguments, and which way that sorts; whether floating-point ones in total order (of signs of NaN
 * and of zeros, too). */
bool region_order(struct planner *p, ir_op op, bool *descending, bool *total);
/* Whether kernel_hlo_sort sorts as it says: by one real key. */
bool sort_by_key(struct planner *p, ir_op op);
/* Whether kernel_select_scatter does what its regions say: choose by comparison, add up. */
bool picks_add(struct planner *p, ir_op op);
/* Whether kernel_collective does what stablehlo.all_reduce and reduce_scatter ask for, by folding real numbers; if not, with the region. */
bool collective_folds(struct planner *p, ir_op op);
bool plan_collective_by_region(struct planner *p, ir_op op);
/* An op of one operand and one result as a fold over groups of devices, [n_groups][size] (in the plan's arena). */
bool plan_group_fold(struct planner *p, ir_op op, vec_fold fold, int64_t *groups, int64_t n_groups, int64_t size);
extern const struct kernel kernel_hlo_reduce;

/* kernels_index.c */
extern const struct kernel kernel_embedding, kernel_embedding_backward, kernel_gather, kernel_scatter,
    kernel_hlo_gather, kernel_hlo_scatter, kernel_places, kernel_cache, kernel_overwrite;
/* Whether kernel_hlo_scatter does what stablehlo.scatter asks for: folds or replaces the numbers of one tensor. */
bool index_scatters(struct planner *p, ir_op op);
enum { CACHE_FILL, CACHE_UPDATE, CACHE_PAGED_FILL, CACHE_PAGED_UPDATE };

/* kernels_size.c */
extern const struct kernel kernel_set_size;
/* The one number of a slot, where that is a constant. */
bool size_known(const struct planner *p, exec_slot s, int64_t *out);

/* kernels_sort.c */
/* Integers in the order of floating-point numbers of so many bits: -NaN < -inf < ... < -0 < 0 < ... < inf < NaN (IEEE 754, totalOrder). */
static inline int64_t total_order(uint64_t bits, int width) {
    uint64_t sign = (uint64_t)1 << (width - 1);
    return bits & sign ? -(int64_t)(bits & ~sign) - 1 : (int64_t)bits;
}
extern const struct kernel kernel_sort, kernel_hlo_sort;
enum { SORT_ALL, SORT_TOPK, SORT_HLO };

/* kernels_attention.c */
extern const struct kernel kernel_attention, kernel_attention_train, kernel_attention_grad, kernel_rotary,
    kernel_indexer_score;
enum { ATTENTION, ATTENTION_DECODE, ATTENTION_PAGED, ATTENTION_CHUNKED, ATTENTION_MLA_PAGED, ATTENTION_MLA };
enum { ROTARY, ROTARY_LLAMA };

/* kernels_mesh.c */
/* Copies part[i] along each dimension i of a global tensor to a local one, or back. */
void shard_copy(const struct exec_arg *global, const struct exec_arg *local, const int64_t *part, bool to_local);
extern const struct kernel kernel_mesh_shard, kernel_collective, kernel_distributed_norm, kernel_point_to_point,
    kernel_aggregate, kernel_mesh_id;
enum {
    MESH_ALL_GATHER,
    MESH_ALL_REDUCE,
    MESH_REDUCE_ROOT, /* collective_reduce: the first of a group gets what all make, the others zeros */
    MESH_REDUCE_SCATTER,
    MESH_PARTITION,
    MESH_PERMUTE,
    MESH_BROADCAST,
    MESH_ALL_TO_ALL
};

/* kernels_experts.c */
extern const struct kernel kernel_dispatch, kernel_dispatch_metadata, kernel_remap, kernel_combine, kernel_moe,
    kernel_moe_pack;
enum { MOE_PLAIN, MOE_PACKED }; /* weights as they are; as kernel_moe_pack gives them */
enum { MOE_PACK_UP, MOE_PACK_DOWN };
/* What becomes of a gate and what it lets through: (up + 1) gate sigmoid(1.702 gate), gate at most 7, up within -7 and 7. */
double moe_swiglu(double gate, double up);

/* kernels_moe_gpt.c */
extern const struct kernel kernel_moe_gpt, kernel_selective_combine;

/* kernels_complex.c */
extern const struct kernel kernel_complex_math, kernel_fft;
enum { COMPLEX_CONJ = VEC_N_OPS + 1, COMPLEX_CONVERT, COMPLEX_PAIR, COMPLEX_ASIN_KERNEL };
/* The row of an op of these operands and results: its own, or one that does the same with complex numbers. */
const struct exec_row *plan_complex_row(struct planner *p, ir_op op, const struct exec_row *row);

/* kernels_linear.c */
extern const struct kernel kernel_cholesky, kernel_solve, kernel_einsum, kernel_ragged_dot;

/* kernels_picks.c */
extern const struct kernel kernel_select_scatter, kernel_torch_select;

/* kernels_parts.c */
extern const struct kernel kernel_statistics, kernel_post_norm, kernel_decode_heads, kernel_batch_grad;
enum { STATISTICS_RMS, STATISTICS_LAYER };

/* kernels_misc.c */
extern const struct kernel kernel_quantize, kernel_quantize_unrolled, kernel_adamw, kernel_adamw_in_place,
    kernel_topk_router, kernel_sampling, kernel_sparse_matmul, kernel_complex, kernel_reduce_precision;
enum { QUANTIZE, DEQUANTIZE, REQUANTIZE };
enum { COMPLEX_MAKE, COMPLEX_REAL, COMPLEX_IMAG };

#endif
