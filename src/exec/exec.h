/* exec.h - running a module on the CPU.
 *
 *   ir_module ──exec_plan_new──▶ exec_plan ──exec_bind*──▶ exec_run ──▶ results, kept tensors, trace
 *
 * A plan is made once for a function of a module: shapes and types are resolved, every op is bound to its kernel (what
 * has none is an error before anything runs), memory is laid out by liveness, chains of elementwise ops are fused. It
 * can then run any number of times; packed weights and const-eval functions (ttcore.load_cached) are kept between runs
 * as long as the arguments they come from are.
 *
 * A multi-device module runs all its devices in lock step: a value is one tensor, or one for each device of the mesh
 * (row-major) once they differ.
 *
 * Results do not depend on the number of threads.
 *
 * A plan, and the `struct mem` it was given, belong to one thread at a time; exec_cancel may be called from any.
 */
#ifndef TTX_EXEC_EXEC_H
#define TTX_EXEC_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/json.h"
#include "base/mem.h"
#include "import/tensor.h"
#include "ir/ir.h"

typedef struct exec_plan exec_plan;

/* In what numbers floating-point values are kept between ops. */
typedef enum exec_numbers {
    EXEC_AS_WRITTEN, /* rounded to the element type of each value, block formats included; computed in f32 (f64 for f64).
                        What oneDNN does behind a product or convolution (plan_tail.c) is rounded at its end only, unless
                        values are kept */
    EXEC_F32,        /* all floats kept in f32: the golden run */
    EXEC_F64,        /* all floats kept and computed in f64 */
} exec_numbers;

/* The shape of an argument whose type leaves dimensions open. */
typedef struct exec_shape {
    int rank;
    int64_t dims[TENSOR_MAX_RANK]; /* -1: open */
} exec_shape;

typedef struct exec_options {
    str function;     /* name of the entry function; empty: the first public one that is no const-eval function */
    unsigned threads; /* 0: as many as the machine has processors */
    exec_numbers numbers;
    uint64_t seed;     /* of arguments that are not bound and of ops that draw numbers */
    size_t max_memory; /* bytes a run may take beyond its bound arguments; 0: no limit */
    bool keep;         /* keep the results of all ops until the next run (costs memory and fusion) */
    bool alone;     /* for one run of exec_compare_beside: ops run one by one, so that each result can be looked at, and
                          packed weights are not kept for a next run */
    bool reference; /* plain kernels only: no oneDNN, no fusion */
    const exec_shape *shapes; /* by argument: exec_inputs_shapes; only looked at while planning */
    size_t n_shapes;
    bool signature; /* only the arguments: exec_argument tells of them, nothing else of the plan means anything */
} exec_options;

/* Plans a function. The module must live as long as the plan. Errors (no such function, an op without a kernel, a type
 * that has no numbers, dynamic shapes that no argument decides, more memory than allowed) go to `d` with the op's place;
 * NULL then. The caller frees the plan with exec_plan_free. */
exec_plan *exec_plan_new(const ir_module *m, const exec_options *o, struct mem *mem, struct diags *d);
void exec_plan_free(exec_plan *x);

/* --- arguments and results ------------------------------------------------------------------------------------- */

typedef enum exec_role { EXEC_INPUT, EXEC_PARAMETER, EXEC_CONSTANT } exec_role;

typedef struct exec_value_info {
    str name;                /* ttir.name, the name in the location, or the SSA name; may be empty */
    exec_role role;          /* of an argument: ttcore.argument_type */
    enum tensor_dtype dtype; /* as kept in memory */
    int rank;
    int64_t dims[TENSOR_MAX_RANK]; /* of one device's tensor; of a signature -1 where the type leaves it open */
    unsigned copies;               /* 1, or one tensor for each device (presharded arguments, per-device results) */
    ir_value value;                /* the block argument, or what the function returns */
} exec_value_info;

/* How many arguments and results the function has, and what they are; `i` is below that. Strings are the module's. */
size_t exec_n_arguments(const exec_plan *x);
size_t exec_n_results(const exec_plan *x);
exec_value_info exec_argument(const exec_plan *x, size_t i);
exec_value_info exec_result_info(const exec_plan *x, size_t i);
/* The number of the argument of this name, or written as a number ("0", "arg0", "%arg0"); -1 when there is none. */
ptrdiff_t exec_find_argument(const exec_plan *x, str name);

/* Gives argument i its values: `copies` tensors, or one for all. The bytes are looked at, not copied, when the element
 * type is the plan's, and must then stay as they are until the argument is bound anew or the plan freed; otherwise they
 * are converted. False with a message in *error (a constant string or in the plan's memory) when shapes do not match,
 * memory runs out, or exec_cancel asked to stop converting, which is the answer to it. */
bool exec_bind(exec_plan *x, size_t i, const struct tensor *t, unsigned copies, str *error);
/* Unbinds all arguments: seeded values again. */
void exec_unbind(exec_plan *x);
/* The values that an unbound argument has in the next run (device 0's): normal numbers scaled by fan-in for weights,
 * ones and zeros for norms, indices within what their consumers allow. Same seed, same bytes; those of a bf16 argument are the
 * same in all numbers. NULL when out of memory, and for an argument without numbers (a device, whose dtype is TENSOR_NONE). */
const struct tensor *exec_seeded(exec_plan *x, size_t i);
/* The values that argument i has in the next run (device 0's), bound or seeded; they stay until it is bound anew. NULL as
 * exec_seeded. */
const struct tensor *exec_given(exec_plan *x, size_t i);

/* Values of arguments that come from files: opened once, they can be bound to several plans, of which each must be freed
 * before them. */
typedef struct exec_inputs exec_inputs;

/* None yet; NULL when out of memory. Free it, and with it everything that was opened, with exec_inputs_free (NULL is
 * allowed). `mem` must outlive it. */
exec_inputs *exec_inputs_new(struct mem *mem);
void exec_inputs_free(exec_inputs *in);
size_t exec_inputs_count(const exec_inputs *in);
/* Opens the file at `path`, a .npy, .npz, .safetensors or raw elements, called `name` in sentences. `argument` is the name or
 * number of the argument it is for; empty: its entries go to the arguments of their names, and then what has no such name
 * to the arguments that have nothing yet, in order. False with a sentence appended to `why`. */
bool exec_inputs_add(exec_inputs *in, str argument, str name, const char *path, struct buf *why);
/* Lets the shapes of the tensors decide what the types of arguments leave open: sets o->shapes, which are valid as long as
 * `in` and until the next call. False with errors in `d` (as exec_plan_new) or a sentence appended to `why`. */
bool exec_inputs_shapes(exec_inputs *in, const ir_module *m, exec_options *o, struct mem *mem, struct diags *d,
                        struct buf *why);
/* Gives a plan's arguments the values, with exec_bind. False with a sentence appended to `why`. */
bool exec_inputs_bind(exec_inputs *in, exec_plan *x, struct buf *why);
/* Appends a sentence, each on a line of its own, for each argument whose input says where something is (rows of a table, pages, experts)
 * and has numbers for which there is nothing: ops take the nearest there is, or leave it out. After exec_inputs_bind with the same plan.
 * False when out of memory. */
bool exec_inputs_doubts(const exec_inputs *in, exec_plan *x, struct buf *out);
/* The name of the file that argument i of the plan bound last has its values of; empty: none. */
str exec_inputs_source(const exec_inputs *in, size_t i);

/* --- running --------------------------------------------------------------------------------------------------- */

typedef struct exec_hooks {
    /* Called between ops, at most every few milliseconds: `done` of `total` steps, `op` comes next. May be NULL. */
    void (*progress)(void *arg, size_t done, size_t total, ir_op op);
    void *arg;
} exec_hooks;

typedef enum exec_status { EXEC_DONE, EXEC_CANCELLED, EXEC_FAILED } exec_status;

/* Gives every argument that has none its values, and lays out memory: what the next run would otherwise begin with, for
 * those who take its time. Progress (0 steps done) and exec_cancel as in a run. */
exec_status exec_ready(exec_plan *x, const exec_hooks *h);
/* Runs once. EXEC_FAILED: exec_error says why (out of memory, a value that an op does not allow). */
exec_status exec_run(exec_plan *x, const exec_hooks *h);
/* Runs up to the op that makes `v` (0, or a plan with exec_options.keep: to its end), of a plan with exec_options.alone:
 * exec_value then gives v, and no other value. EXEC_DONE, too, where nothing makes it: what exec_value has is all there is. */
exec_status exec_run_until(exec_plan *x, ir_value v, const exec_hooks *h);
/* Stops the run within 100 ms, or the next one as it begins when none is under way; a request ends one run. May be called
 * from any thread while the plan lives. */
void exec_cancel(exec_plan *x);
/* Nanoseconds from the beginning of the first op to the end of the last one, in the last run that came to its end. */
uint64_t exec_run_ns(const exec_plan *x);
/* Why the last run failed, and the op it failed at (0: at none). */
str exec_error(const exec_plan *x, ir_op *op);

/* Result i of the last run on a device; the plan owns it until the next run. NULL when there was none. */
const struct tensor *exec_result(const exec_plan *x, size_t i, unsigned device);
/* The value of an argument after the run, which in-place ops may have changed. */
const struct tensor *exec_argument_after(const exec_plan *x, size_t i, unsigned device);
/* Any value of the plan, with exec_options.keep; else that of exec_run_until, and results of a run to the end. NULL when it was not kept. The plan has one such look at a time: the
 * struct is overwritten by the next call, the elements stay until the next run. */
const struct tensor *exec_value(const exec_plan *x, ir_value v, unsigned device);
/* Whether exec_run_until can give a value on a device. */
bool exec_makes(const exec_plan *x, ir_value v, unsigned device);
/* On how many devices it has tensors of their own: 1, or all of the mesh; 0 when it was not kept. */
unsigned exec_value_devices(const exec_plan *x, ir_value v);

/* --- what it costs --------------------------------------------------------------------------------------------- */

typedef struct exec_memory {
    size_t arguments; /* bytes of all arguments */
    size_t constants; /* of constants in the module */
    size_t planned;   /* of intermediate values, laid out by liveness */
    size_t cached;    /* packed weights and const-eval results, after the first run */
    size_t scratch;   /* that the runs so far had */
    size_t largest;   /* of a single value, argument or constant */
    size_t needed;    /* all together but for scratch; const-eval results are among the planned */
} exec_memory;

/* What the plan takes, in bytes; what is only known after a run is 0 before. */
exec_memory exec_memory_of(const exec_plan *x);

/* Bytes of the arguments that a plan, given those of `from` (of the same number), looks at where they lie instead of copying
 * them (exec_bind). */
size_t exec_shared_arguments(const exec_plan *x, const exec_plan *from);

/* Whether all that a run needs fits into `available` bytes (machine_memory_available). False with a sentence appended to `why`
 * that says how much is missing and what to do. */
bool exec_fits(const exec_plan *x, uint64_t available, struct buf *why);

/* One op in the last run. */
typedef struct exec_record {
    ir_op op;          /* in the plan's module */
    uint32_t fused;    /* records [i, i + fused] ran as one loop; their time is shared out by their work */
    uint64_t start_ns; /* since the first op began */
    uint64_t ns;
    uint64_t read, written; /* bytes */
    uint64_t flops;
    uint64_t allocated; /* bytes of its results */
    uint64_t live;      /* bytes of planned memory in use while it runs */
    unsigned threads;   /* that shared it */
    str kernel;         /* "matmul.dnnl", "elementwise" */
} exec_record;

/* The records of the last run in order of execution; an op in a loop has one for each round. */
const exec_record *exec_trace(const exec_plan *x, size_t *n);

/* Chrome trace JSON (opens in Perfetto), and CSV with a header line. False when the buffer failed. */
bool exec_trace_chrome(const exec_plan *x, struct buf *out);
bool exec_trace_csv(const exec_plan *x, struct buf *out);

/* --- accuracy -------------------------------------------------------------------------------------------------- */

typedef struct exec_statistics {
    int64_t n, nans, infinities, zeros;
    double min, max, mean, deviation; /* of the finite elements */
} exec_statistics;

/* Both parts of a complex number count as elements, here and below. */
void exec_statistics_of(const struct tensor *t, exec_statistics *out);
/* Counts of finite elements in n equal bins between out-of-band min and max. */
void exec_histogram(const struct tensor *t, double min, double max, uint64_t *bins, size_t n);

/* How a tensor differs from its golden, by the metrics of tt-mlir's tools/golden/metrics.py. */
typedef struct exec_difference {
    ir_op op, golden; /* 0 when tensors alone were compared */
    double pcc;       /* Pearson correlation, 1 for equal ones */
    double absolute;  /* largest |a - b| */
    double relative;  /* largest |(a - b) / b| where b is not 0 */
    bool shapes_differ;
    bool moved; /* exec_pair.moved: the golden's dimensions have changed places */
    /* Of exec_compare_beside: on how many devices there are tensors of their own, each compared with its golden (1: one is for
     * all), and the one on which they agree least, whose PCC this is. The largest differences are those of all. */
    unsigned devices, device;
} exec_difference;

/* Compares two tensors element by element, on the caller's thread; other dimensions: shapes_differ, and nothing else is known. */
void exec_compare(const struct tensor *a, const struct tensor *golden, exec_difference *out);

/* Whether an op of this name ("ttnn.permute") hands on the numbers of its operands, all or some, as they are, in another place
 * or type. */
bool exec_only_moves(str op);

/* Whether numbers of these dimensions can be those of golden's, ones left out: in the same order when the dimensions are equal
 * or all but the innermost are merged into one (1x112x112x64 and 1x1x12544x64); in another when they are so after golden's
 * have changed places (1x64x112x112). Of equal dimensions that changed places shapes tell nothing. Negative ones are unknown. */
enum exec_order { EXEC_ORDER_NONE, EXEC_ORDER_OTHER, EXEC_ORDER_SAME };
enum exec_order exec_order_of(const int64_t *dims, int rank, const int64_t *golden, int golden_rank);

/* Golden's numbers where those of `a` stand, for what was compared so (exec_difference.moved): a tensor of a's dimensions, which
 * is the caller's (tensor_free). False when out of memory, or when there is no such order. */
bool exec_move_golden(const struct tensor *a, const struct tensor *golden, struct mem *mem, struct tensor *out);

/* The correlation from which on a value agrees well enough that no other order of its dimensions is tried. */
#define EXEC_AGREES 0.99

/* An op of one plan and the op of the other that computes the same value (first results). `moved`: its dimensions may have
 * changed places; of the orders that its shape allows the one in which it agrees best counts. */
typedef struct exec_pair {
    ir_op op, golden;
    bool moved;
} exec_pair;

/* Runs two plans, made with exec_options.alone or keep, side by side, and compares the first results of each pair of ops as
 * they are made, on all devices: a golden value that is wanted later is copied, all else is gone behind its last reader. Pairs without
 * numbers are left out. `out` has room for n differences, in the order of the pairs; *n_out says how many there are. All of
 * `x` runs, of `golden` what is compared (all of it with keep). On failure exec_error(x) says why, for either. */
exec_status exec_compare_beside(exec_plan *x, exec_plan *golden, const exec_pair *pairs, size_t n, exec_difference *out,
                                size_t *n_out, const exec_hooks *h);
/* Which op step i of a run computes; 0: it jumps, or looks at numbers that are there. False behind the last. */
bool exec_step_op(const exec_plan *x, size_t i, ir_op *op);

/* Where the numbers of a run leave those of its golden. An op without a comparison counts as good as the worst of what it
 * reads; arguments are good. */
typedef struct exec_divergence {
    size_t compared, bad; /* ops; those whose PCC is below the threshold */
    ir_op first;          /* the first bad one in the order given; 0: there is none */
    ir_op
        origin; /* the first bad one in the order given that reads good values only: where it begins along the graph */
    size_t origins; /* how many such there are */
    ir_op fall;     /* the op whose PCC lies furthest below the lowest of what it reads; 0: none lies lower */
    double fall_by;
} exec_divergence;

/* The PCC that ttrt expects of an op (perf-artifacts.md section 4). */
#define EXEC_GOOD_PCC 0.99

/* Finds it in the differences of ops of `m`, given in order of execution. False when memory ran out. */
bool exec_find_divergence(const ir_module *m, const exec_difference *d, size_t n, double threshold, struct mem *mem,
                          exec_divergence *out);

/* --- the kernel table ------------------------------------------------------------------------------------------ */

typedef struct exec_op_support {
    str op;      /* "ttir.add" */
    str kernel;  /* "elementwise" */
    str checked; /* against what its tests compare it */
} exec_op_support;

/* Row i of the table, in order of names; false behind its end. docs/ops-execution.md is made of it. */
bool exec_supported(size_t i, exec_op_support *out);
/* Row i of the ops that cannot run, with the reason, likewise. */
bool exec_refused(size_t i, str *op, str *why);

#endif
