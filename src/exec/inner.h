/* inner.h - what the files of the room share: slots, steps, kernels, calls.
 *
 *   ir_value ──plan──▶ slot   a tensor of the run: its type, and where its bytes are
 *   ir_op    ──plan──▶ step   a kernel, its slots, its parameters; func.call is inlined, control flow becomes jumps
 *
 * Invariants
 *   E1  Slot 0 is "none": absent optional operands, tokens, devices.
 *   E2  A slot's root is itself or a slot that is no view; both have the same bytes.
 *   E3  Views are never made of a root that an in-place op writes.
 *   E4  A kernel's plan function refuses what its run function cannot do, so that runs only fail for want of memory or
 *       because of values (a slice that begins outside).
 */
#ifndef TTX_EXEC_INNER_H
#define TTX_EXEC_INNER_H

#include <stdatomic.h>

#include "base/map.h"
#include "base/num.h"
#include "base/pool.h"
#include "base/vec.h"
#include "dialect/dialect.h"
#include "exec/exec.h"
#include "exec/vec.h"
#include "exec/walk.h"
#include "ir/symbols.h"

typedef uint32_t exec_slot;

/* Block formats keep their values in bf16, which holds them exactly (device-model.md section 3); integers of 4 and of 2 bits
 * theirs in bytes. */
typedef enum exec_format {
    FORMAT_PLAIN,
    FORMAT_BFP8,
    FORMAT_BFP4,
    FORMAT_BFP2,
    FORMAT_I4,
    FORMAT_U4,
    FORMAT_I2,
    FORMAT_U2
} exec_format;

/* A quantised element type: value = (stored - zero) * scale, by tensor (axis -1) or along an axis. */
struct exec_quant {
    int axis;
    uint32_t n;
    const double *scale, *zero;
    double low, high; /* of the storage */
};

struct exec_type {
    enum tensor_dtype dtype; /* TENSOR_NONE: no tensor */
    exec_format format;
    int rank;
    int64_t dims[TENSOR_MAX_RANK];
    const struct exec_quant *quant;
};

enum slot_kind {
    SLOT_NONE,
    SLOT_ARGUMENT,
    SLOT_CONSTANT, /* bytes known from the start */
    SLOT_PLANNED,  /* in the run's memory at `offset` */
    SLOT_VIEW,     /* the bytes of its root */
    SLOT_CACHED,   /* memory of its own that outlives the run */
};

/* A tensor as a walk over another. */
struct look {
    exec_slot of;
    struct walk walk;
};

struct slot {
    struct exec_type type;
    enum slot_kind kind;
    exec_slot root;
    bool per_device;     /* one tensor for each device; else one for all */
    bool written;        /* an in-place op writes it (asked of the root) */
    bool splat;          /* constant: all elements equal; `data` has one of them */
    bool steady;         /* comes from constants and parameters only */
    bool given;          /* its place went on to a result that was written over it */
    uint32_t begin, end; /* steps that it lives in, both included */
    uint32_t uses;
    size_t bytes;  /* of one tensor */
    size_t offset; /* of an argument: its number */
    const struct look *look,
        *near;  /* of moved elements: through all moves before, and through the last only; or NULL */
    void *data; /* constant, cached: where the bytes are; [device] after each other at multiples of `stride` */
    size_t stride;
    ir_value value;
};

struct exec_step;
struct planner;

/* One operand or result of a step on one device. */
struct exec_arg {
    void *data; /* NULL: absent */
    const struct exec_type *type;
};

/* A kernel at work: one step on one device, or on all when the kernel is a mesh kernel. */
struct call {
    exec_plan *x;
    const struct exec_step *s;
    const struct exec_arg *in, *out; /* of mesh kernels those of device 0; of device d at + d * width */
    size_t width;
    unsigned device;
};

/* Checks a step and makes its parameters. */
typedef bool kernel_plan_fn(struct planner *p, struct exec_step *s);
/* Once all steps are planned: may read operands where they came from (plan_look), and prepares what depends on that. */
typedef bool kernel_ready_fn(struct planner *p, struct exec_step *s);
/* The operands and the result of a step now have their dimensions in another order: the one that was order[i] is dimension i.
 * Scalars and vectors have been given the rank of the result. */
typedef bool kernel_reorder_fn(struct planner *p, struct exec_step *s, const int *order);
typedef bool kernel_run_fn(struct call *c);

/* An elementwise op behind a product or convolution that goes on with each element of its result. */
enum tail_kind { TAIL_ADD, TAIL_MUL, TAIL_SUB, TAIL_RELU, TAIL_GELU, TAIL_SIGMOID, TAIL_SILU };
/* One number, one for each index of one dimension, or one for each element. */
enum tail_spread { TAIL_ONE, TAIL_CHANNEL, TAIL_FULL };
enum { TAIL_MAX = 4 };
struct tail_op {
    enum tail_kind kind;
    exec_slot with; /* the other operand, f32 or bf16; 0: none */
    enum tail_spread spread;
    enum tensor_dtype dtype;
    bool steady;       /* the other operand comes from constants and parameters only, on all devices alike */
    int rank, channel; /* of the op's result; of TAIL_CHANNEL: which dimension */
    int64_t dims[TENSOR_MAX_RANK];
};
/* Prepares a step to do the first of these ops as well, as many as it can; gives their number. The operands of those that
 * have one come behind the step's own. Called once for each step, when everything else is decided, and without ops too. */
typedef uint32_t kernel_absorb_fn(struct planner *p, struct exec_step *s, const struct tail_op *ops, uint32_t n);

/* A tensor as a batch of images: how many there are, of how many channels and positions, and at what distance (in elements,
 * from its first one on). Positions are those of all rows of an image. */
struct images {
    int64_t batch, channels, positions;
    int64_t batch_step, channel_step, position_step;
    bool with_result; /* of an operand: it has to lie as the result does */
    uint64_t moved;   /* elements that the step puts in another order for itself: as things are, ... */
    uint64_t border;  /* ... and if this tensor stays as it is, but the others it works on become blocks */
};
/* What operand i of a step (its result: i = n_in) is as images, where the step could have it in blocks of channels as well
 * (plan_blocks.c). False: it could not. */
typedef bool kernel_images_fn(const struct planner *p, const struct exec_step *s, uint32_t i, struct images *out);
/* From now on operand 0 is in blocks of channels, or the result is (with the operands that lie as it does), or both, or
 * none again. False: it cannot be, and the step cannot run until this is called again. */
typedef bool kernel_blocks_fn(struct planner *p, struct exec_step *s, bool operand, bool result);

struct kernel {
    const char *name;
    kernel_plan_fn *plan; /* NULL: nothing to look at */
    kernel_run_fn *run;
    unsigned flags;
    kernel_ready_fn *ready;     /* NULL: nothing to do */
    kernel_reorder_fn *reorder; /* NULL: the order of dimensions means something to it */
    kernel_absorb_fn *absorb;   /* NULL: it does nothing else */
    kernel_images_fn *images;   /* NULL: it does not work on images */
    kernel_blocks_fn *blocks;
};
enum {
    KERNEL_MESH = 1 << 0,     /* sees all devices at once */
    KERNEL_IN_PLACE = 1 << 1, /* writes its first operand (and those that its plan marks) */
    KERNEL_COMPLEX =
        1 << 2 /* knows complex numbers, or does not mind what it moves; with all others they are an error */
};

/* A row of the kernel table. */
struct exec_row {
    const char *op;
    const struct kernel *kernel;
    int arg;             /* what tells the ops of a kernel apart: a vec_op, a fold, ... */
    const char *checked; /* against what its tests compare it */
};
const struct exec_row *exec_find_row(str op);

enum step_kind { STEP_KERNEL, STEP_JUMP, STEP_UNLESS, STEP_SWITCH, STEP_CACHE };

struct exec_step {
    ir_op op;
    enum step_kind kind;
    const struct exec_row *row; /* STEP_KERNEL */
    kernel_run_fn *run;
    uint32_t n_in, n_out;
    exec_slot *in, *out;   /* a plan function may cut n_in: what it does not read is not kept alive */
    void *params;          /* of the kernel, in the plan's arena */
    struct exec_arg *args; /* [device][n_in + n_out] */
    uint32_t target;       /* where a jump goes; STEP_CACHE: behind the cached steps */
    uint32_t *targets;     /* STEP_SWITCH: n_targets of them, the last one for what is out of range */
    uint32_t n_targets;
    uint32_t reuses; /* n: the result may have the memory of operand n - 1, if that is not needed any more */
    uint32_t fused;  /* STEP_KERNEL of elementwise: how many following steps it runs as well */
    bool per_device;
    bool skip; /* a fused step or a view: nothing to run */
    uint64_t flops, read, written, live;
};

/* A value that is the same as another, in a body or as what a body gives: what ops with bodies and calls hand on. */
struct value_flow {
    ir_value from, to;
};

struct exec_plan {
    const ir_module *m;
    struct mem *mem;
    struct arena arena; /* of slots' parameters, steps, messages */
    exec_options options;
    const struct vec *vec[VEC_N];
    struct pool *pool;
    unsigned devices, rows, cols; /* of the mesh */
    VEC(struct slot) slots;
    VEC(struct exec_step) steps;
    VEC(struct value_flow) flow; /* for seeds: what a value becomes where it is called with */
    struct map_u64 kept;         /* value -> slot of its last plan */
    exec_slot *arguments, *results;
    size_t n_arguments, n_results;
    struct tensor *bound;   /* [argument][device]; data NULL: seeded */
    struct tensor *seeded;  /* [argument] */
    exec_value_info *infos; /* of arguments, then of results */
    struct tensor *answers; /* [result][device]: views that exec_result hands out */
    struct tensor *afters;  /* [argument][device] */
    struct tensor peek;     /* what exec_value hands out */
    char *memory, *memory_block;
    size_t planned, memory_size;               /* for one device; planned bytes of all */
    size_t constants, cached, arguments_bytes; /* cached: values, which are planned */
    size_t packed;                             /* weights of oneDNN's */
    struct arena scratch;                      /* of what does not fit into the block */
    char *scratch_block;
    size_t scratch_size, scratch_used, scratch_peak;
    bool pointers_ready, steady_ready; /* arguments' pointers are in the steps; cached steps have run */
    atomic_bool cancel;
    atomic_bool *asked; /* whether to stop: its own `cancel`, or that of the plan that it runs beside */
    VEC(exec_record) trace;
    uint64_t run_start;
    const char *error;
    char error_text[256];
    ir_op error_op;
    bool has_run;
    uint64_t run_ns;         /* what the last one took */
    exec_slot until;         /* what exec_run_until ran for; its value is there */
    struct dnnl_state *dnnl; /* NULL until something asks for it */
    bool no_dnnl;            /* it was asked for and is not there */
};

/* Whether every op's result can be looked at: nothing is fused, absorbed or looked through. */
static inline bool plan_alone(const exec_plan *x) {
    return x->options.keep || x->options.alone || x->options.reference;
}

/* --- planning (plan.c, types.c, attrs.c) ------------------------------------------------------------------------ */

/* Steps [first, last] run over and over. */
struct plan_loop {
    uint32_t first, last;
};

struct planner {
    exec_plan *x;
    const ir_module *m;
    const ir_context *c;
    struct arena *a;
    ir_report report;
    ir_symbols symbols;
    VEC(struct plan_loop) loops;  /* inner ones first */
    unsigned depth;               /* of nested calls and regions */
    uint64_t planned;             /* ops so far, those of functions once for each call */
    const struct exec_type *lift; /* of the result of the map in whose body we are; NULL */
    ir_op manual;                 /* the sdy.manual_computation in whose body we are; 0 */
    bool receives;                /* what a recv gets is planned before its send (plan_channel.c) */
    bool failed;
};

/* Says what is wrong with an op; gives false. */
bool plan_error(struct planner *p, ir_op op, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool plan_no_memory(struct planner *p);
/* Zeroed parameters of a step in the plan's arena. NULL (reported) when out of memory. */
void *plan_params(struct planner *p, struct exec_step *s, size_t size);
#define PLAN_PARAMS(p, s, T) ((T *)plan_params((p), (s), sizeof(T)))

/* The numbers of a type: false when it has none (the type is then SLOT_NONE material) or a dimension is dynamic. */
bool type_of(struct planner *p, ir_type t, struct exec_type *out);
/* The same with other dimensions than the type's, of its rank (NULL: the type's). */
bool type_of_shape(struct planner *p, ir_type t, const int64_t *dims, struct exec_type *out);
static inline const struct exec_type *slot_type(const exec_plan *x, exec_slot s) {
    return &x->slots.v[s].type;
}
/* Whether dimensions that a type leaves open are no longer than it says (#stablehlo.bounds<16, ?>); else *dim is the first
 * that is, and *most what is allowed. False, too, when out of memory (*dim is -1, reported). */
bool type_in_bounds(struct planner *p, ir_type t, const struct exec_type *is, int *dim, int64_t *most);
int64_t type_count(const struct exec_type *t);
bool type_same_shape(const struct exec_type *a, const struct exec_type *b);
static inline const struct exec_type *in_type(const struct planner *p, const struct exec_step *s, uint32_t i) {
    return slot_type(p->x, s->in[i]);
}
static inline const struct exec_type *out_type(const struct planner *p, const struct exec_step *s, uint32_t i) {
    return slot_type(p->x, s->out[i]);
}
static inline bool has_in(const struct exec_step *s, uint32_t i) {
    return i < s->n_in && s->in[i] != 0;
}
/* Makes a slot for a value that no op of the module has. 0 when out of memory. */
exec_slot plan_temp(struct planner *p, const struct exec_type *t, bool per_device);

/* Attributes; what is absent leaves *out as it is and gives false. */
bool attr_i64(const struct planner *p, ir_op op, const char *name, int64_t *out);
bool attr_f64(const struct planner *p, ir_op op, const char *name, double *out); /* of integers too */
bool attr_flag(const struct planner *p, ir_op op, const char *name, bool *out);  /* a unit is true, as "True" is */
bool attr_bool(const struct planner *p, ir_op op, const char *name);             /* the same; absent: false */
str attr_text(const struct planner *p, ir_op op, const char *name);              /* string or enum case */
/* Integers of an array of any form (array<i64: ...>, [1 : i32, ...], dense<...>), or one integer; how many there are, at
 * most cap of them written; -1 when absent or something else. */
int exec_op_ints(const struct planner *p, ir_op op, const char *name, int64_t *out, int cap);
int node_ints(const ir_context *c, ir_attr a, int64_t *out, int cap);
/* A dimension number that may count from the end; false (reported) when it is out of range for `rank`. */
bool plan_dim(struct planner *p, ir_op op, int64_t dim, int rank, int *out);

/* --- looking through moves (plan_look.c) ----------------------------------------------------------------------- */

/* Whether a slot's elements can be read from the one that they were moved from: one stride for each of its dimensions (0 for
 * dimensions of one), from element *base on. For kernels' ready functions. */
bool plan_look(const struct planner *p, exec_slot s, exec_slot *of, int64_t *strides, int64_t *base);
/* The same where the elements are rows of n in one piece, all at one distance. */
bool plan_look_rows(const struct planner *p, exec_slot s, int64_t n, exec_slot *of, int64_t *distance, int64_t *base);

/* --- running (run.c) ------------------------------------------------------------------------------------------- */

/* Memory of a call, gone after it; aligned to 64. NULL (with the error set) when out of memory. */
void *call_scratch(struct call *c, size_t bytes);
/* Where a call's scratch memory stands; releasing gives back what was taken since. */
struct scratch_mark {
    size_t used;
    struct arena_mark arena;
};
struct scratch_mark call_scratch_mark(struct call *c);
void call_scratch_release(struct call *c, struct scratch_mark mark);
/* Whether the run was asked to stop: for kernels that take long without call_loop, which may then leave their result as it is. */
static inline bool call_stopped(const struct call *c) {
    return atomic_load_explicit(c->x->asked, memory_order_relaxed);
}
/* The same in every so many-th turn of a loop, from its first one on. */
static inline bool call_stopped_in(const struct call *c, int64_t turn, int64_t every) {
    return turn % every == 0 && call_stopped(c);
}
enum { CALL_LOOK = 1 << 14 }; /* so many elements moved one by one take less than a few milliseconds */
/* printf; gives false. */
bool call_error(struct call *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Calls body for pieces of [0, n), on all cores when n * cost (in about nanoseconds) is worth it. */
bool call_loop(struct call *c, size_t n, size_t grain, pool_body *body, void *ctx);
/* The elements of an operand as lanes of a class: the tensor itself where its dtype is that class, else converted into
 * scratch memory. NULL (error set) when out of memory. */
const void *call_lanes(struct call *c, const struct exec_arg *a, vec_class k);
/* Room for the lanes of a result, to be given to call_store at the end. */
void *call_room(struct call *c, const struct exec_arg *a, vec_class k);
void call_store(struct call *c, const struct exec_arg *a, const void *lanes, vec_class k);
/* The elements of a tensor as those of another type, into one that has as many. False: cancelled. */
bool call_convert(struct call *c, const struct exec_arg *to, const struct exec_arg *from);
/* n elements from one dtype to another, through the class that loses least. A complex number has the real one as its real
 * part, and 0 as the other. */
void exec_convert(const exec_plan *x, void *d, enum tensor_dtype dt, const void *s, enum tensor_dtype st, size_t n);
/* The same, shared by the plan's threads. False: it was asked to stop, and not all are converted. */
bool exec_convert_shared(const exec_plan *x, void *d, enum tensor_dtype dt, const void *s, enum tensor_dtype st,
                         size_t n);
/* Copies bytes, shared by the plan's threads. False: it was asked to stop, and not all are copied. */
bool exec_copy_shared(const exec_plan *x, void *d, const void *s, size_t bytes);
/* A run, step by step. Begins one, whose clock starts when the values of all arguments are there; false when it is over
 * before its first step: *status says how. */
struct run {
    size_t at; /* the step that comes next */
    uint64_t begin, told;
};
bool run_begin(exec_plan *x, struct run *r, const exec_hooks *h, exec_status *status);
/* Whether somebody asked to stop; the one who is told so has answered it. A request that came before the run began stands as
 * well. */
bool run_cancelled(exec_plan *x);
/* Runs the next step. False once the run is over; *status says how. */
bool run_next(exec_plan *x, struct run *r, const exec_hooks *h, exec_status *status);
/* Between steps: gives a plan with less scratch memory that of another (they must have one struct mem, else it does nothing). */
void run_lend_scratch(exec_plan *from, exec_plan *to);
/* Where a slot's bytes are on a device; NULL when it has none. Valid while the bindings stay. */
void *exec_slot_data(const exec_plan *x, exec_slot s, unsigned device);
/* The class in which a step with these types computes: f64 when one is f64 (or the run asks), f32 for other floats. */
vec_class class_join(const struct exec_type *a, const struct exec_type *b);
vec_class class_real(const exec_plan *x, const struct exec_type *t); /* integers count as f64 */

extern const struct kernel kernel_copy; /* kernels_move.c */

/* --- compare.c ------------------------------------------------------------------------------------------------- */

/* exec_compare, shared by a pool's threads (NULL: the caller's alone), of which the result does not depend. False: *cancel (may be
 * NULL) became true meanwhile, and *out is not known. */
bool compare_tensors(const struct tensor *a, const struct tensor *golden, struct pool *pool, const atomic_bool *cancel,
                     exec_difference *out);

/* --- orders.c -------------------------------------------------------------------------------------------------- */

/* compare_tensors by the threads of x, in the order of golden's dimensions in which they agree best, of those that exec_order_of
 * allows: another one than its own is tried when that does not agree. out->shapes_differ: there is none. False: x was asked
 * to stop. */
bool compare_in_any_order(exec_plan *x, const struct tensor *a, const struct tensor *golden, exec_difference *out);

/* --- formats.c ------------------------------------------------------------------------------------------------- */

/* Rounds bf16 values to a block format in place: blocks of 16 along the last dimension. Of bytes of narrow integers the lowest bits
 * stay. */
void format_round(exec_format f, void *values, const int64_t *dims, int rank);
/* The same, shared by the plan's threads. False: it was asked to stop, and not all are rounded. */
bool format_round_shared(const exec_plan *x, exec_format f, void *values, const int64_t *dims, int rank);

/* --- elementwise.c --------------------------------------------------------------------------------------------- */

extern const struct kernel kernel_elementwise;
/* Puts runs of elementwise steps into one loop each; none reaches over a step that jumps lead to (targets[step]). Slots'
 * uses must be counted. False (reported) when out of memory. */
bool elementwise_fuse(struct planner *p, const uint8_t *targets);

#endif
