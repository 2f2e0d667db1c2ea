/* onednn_inner.h - what the files about oneDNN share; internal to them.
 *
 * Threads. Results must not depend on how many there are, and how oneDNN cuts an op into blocks, in which it adds, does:
 *
 *   D1  A convolution is made for as many threads as the machine has processors, however many are to run it. Run by fewer
 *       it keeps its blocks (they are only dealt out otherwise), with the limit on threads that OpenMP offers.
 *   D2  Products of blocks are made for the threads that there are: all that they cut differently is rows and columns. That
 *       does not hold for those that oneDNN's older kernels ("gemm") do, nor where it splits the dimension that is added
 *       over. These are primitives for one thread, each for some rows, which our threads run side by side.
 *
 * Both were found in the source of oneDNN 2.6.3 and by thousands of random shapes on 1 to 32 threads. And oneDNN's threads are
 * ours (pool_join): two sets would fight for the processors at each change from its ops to our loops.
 */
#ifndef TTX_EXEC_ONEDNN_INNER_H
#define TTX_EXEC_ONEDNN_INNER_H

#include <dnnl.h>

#include "exec/onednn.h"

/* What is used of the library. */
#define DNNL_FUNCTIONS(X)                           \
    X(dnnl_engine_create)                           \
    X(dnnl_engine_destroy)                          \
    X(dnnl_stream_create)                           \
    X(dnnl_stream_destroy)                          \
    X(dnnl_stream_wait)                             \
    X(dnnl_memory_desc_init_by_strides)             \
    X(dnnl_memory_desc_init_by_tag)                 \
    X(dnnl_memory_desc_equal)                       \
    X(dnnl_memory_desc_get_size)                    \
    X(dnnl_matmul_desc_init)                        \
    X(dnnl_dilated_convolution_forward_desc_init)   \
    X(dnnl_dilated_deconvolution_forward_desc_init) \
    X(dnnl_primitive_desc_iterator_create)          \
    X(dnnl_primitive_desc_iterator_next)            \
    X(dnnl_primitive_desc_iterator_fetch)           \
    X(dnnl_primitive_desc_iterator_destroy)         \
    X(dnnl_primitive_desc_destroy)                  \
    X(dnnl_primitive_desc_query_md)                 \
    X(dnnl_reorder_primitive_desc_create)           \
    X(dnnl_primitive_create)                        \
    X(dnnl_primitive_destroy)                       \
    X(dnnl_primitive_execute)                       \
    X(dnnl_memory_create)                           \
    X(dnnl_memory_destroy)                          \
    X(dnnl_memory_set_data_handle)                  \
    X(dnnl_primitive_attr_create)                   \
    X(dnnl_primitive_attr_destroy)                  \
    X(dnnl_primitive_attr_set_scratchpad_mode)      \
    X(dnnl_primitive_attr_set_post_ops)             \
    X(dnnl_primitive_desc_query)                    \
    X(dnnl_post_ops_create)                         \
    X(dnnl_post_ops_destroy)                        \
    X(dnnl_post_ops_append_binary)                  \
    X(dnnl_post_ops_append_sum)                     \
    X(dnnl_post_ops_append_eltwise)

struct library {
    void *handle;
#define X(name) __typeof__(name) *name;
    DNNL_FUNCTIONS(X)
#undef X
    void (*set_threads)(int n); /* of OpenMP, for what the calling thread begins */
    pool_team *team;            /* its threads; NULL when there is no such function */
    /* Calls fn(data), within which no team gets more than so many threads: OpenMP's "teams num_teams(1) thread_limit(threads)"
     * in libgomp's ABI. NULL when there is no such function. */
    void (*limit)(void (*fn)(void *), void *data, unsigned teams, unsigned threads, unsigned flags);
};

enum { SRC, WEIGHTS, BIAS, DST, SCRATCH, N_MEMORIES, OWN = SCRATCH };

/* A product of some rows of one matrix of a batch, made for one thread (onednn_pieces.c). */
struct dnnl_piece {
    dnnl_primitive_t primitive; /* NULL: there is none */
    dnnl_memory_desc_t md[N_MEMORIES];
};

/* Weights that are made f32 for a slice: their rows, and the elements from one to the next; none: 0 rows. */
struct dnnl_apart {
    enum tensor_dtype dtype;
    int64_t rows, step;
};

/* Columns [at, at + columns) of a product (onednn_slices.c). */
struct dnnl_slice {
    int64_t at, columns, all_columns, rows, weight_step; /* elements of B from one column to the next */
    struct dnnl_apart apart;
    enum tail_spread with[TAIL_MAX]; /* of the tail's operands */
};

/* A part of a convolution (onednn_parts.c): elements from the beginning of each operand to its own, and how often it runs, further on by
 * steps. */
struct dnnl_part {
    int64_t src, weights, channel, dst, times, src_step, dst_step;
    uint32_t n_with;
    enum tail_spread with[TAIL_MAX]; /* of the tail's operands */
};

struct dnnl_op {
    struct dnnl_op *next;
    dnnl_primitive_t primitive;
    dnnl_memory_t memory[N_MEMORIES];
    enum tensor_dtype given[4], used[4]; /* element types of the operands, and of the primitive */
    int64_t extent[4];                   /* elements from the first to behind the last */
    dnnl_memory_desc_t user[4], wanted[4];
    dnnl_primitive_t reorder[4];              /* into (DST: out of) the primitive's layout; NULL: the same */
    dnnl_primitive_desc_t described[OWN + 1]; /* reorders, and the primitive itself, that are still to be made */
    unsigned threads;                         /* that they are made for */
    size_t scratch, reordered[4];
    dnnl_memory_desc_t reorder_scratch[4];
    uint32_t n_tail;
    struct {
        int place;     /* among the primitive's ops */
        uint32_t with; /* among the operands */
        dnnl_memory_t memory;
    } tail[TAIL_MAX]; /* operands of ops behind it */
    uint32_t n_folds;
    struct {
        enum tail_kind kind;
        bool one; /* number for all channels */
        uint32_t with;
        enum tensor_dtype dtype;
    } folds[TAIL_MAX]; /* ops behind it that became part of its weights (products) and bias */
    int64_t channels;
    bool transformed;       /* its weights are, as Winograd's algorithm wants them */
    bool goes_on;           /* with each element of its result, once that is there, ... */
    enum tail_kind behind;  /* ... so */
    bool scaled;            /* there are products among them */
    bool grouped;           /* the first dimension of its weights is groups */
    enum tensor_dtype bias; /* its own, which comes before them; NONE: none */
    bool adds;              /* the result is added to a tensor ... */
    uint32_t added;         /* ... which is this operand */
    enum tensor_dtype added_type;
    size_t packed_bytes, packed_at; /* of steady weights that are put in another layout: where among all of these */
    bool steady, packs, is_packed;
    struct dnnl_op *packing;     /* whose packed weights it uses; NULL: its own */
    struct dnnl_piece pieces[2]; /* instead of the primitive: of `rows` rows, and of those that are left at the end */
    int64_t batches, rows, all_rows;
    size_t batch_step[4], row_step[4]; /* elements from one piece's operands to the next one's */
    uint64_t piece_flops;
    struct dnnl_slice slice;    /* of a product */
    struct dnnl_part part;      /* of a convolution */
    struct dnnl_op *next_slice; /* that is run behind this one; NULL: none */
    bool biased;                /* has a bias, its own or of a tail that became part of it */
};

struct dnnl_state {
    struct library lib;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    struct dnnl_op *ops;
    /* The packed weights of all ops, from the first run on: one block, on huge pages, with which large products take a
     * seventh less time. */
    char *packed;
    size_t packed_bytes; /* and 64 more, so that the first can be aligned */
    size_t transformed;  /* of these: Winograd's */
    bool bf16;           /* the processor multiplies bf16 faster than f32 */
    bool wide;           /* it has AVX-512 */
};

/* --- onednn_library.c --------------------------------------------------------------------------------------------- */

/* The plan's state; NULL when there is no oneDNN. Looked for once. */
struct dnnl_state *dnnl_state_of(exec_plan *x);
/* How many threads primitives that the calling thread makes from now on are for. */
void dnnl_make_for(const exec_plan *x, unsigned threads);
/* That number for convolutions (D1): what the machine has, or, without a way to run them on fewer, what there will be. */
unsigned dnnl_most_threads(const exec_plan *x);
/* Runs a primitive on the plan's threads; one made for one thread, on the caller's. */
dnnl_status_t dnnl_execute(const exec_plan *x, dnnl_primitive_t primitive, int n, const dnnl_exec_arg_t *args);
dnnl_status_t dnnl_execute_alone(const exec_plan *x, dnnl_primitive_t primitive, int n, const dnnl_exec_arg_t *args);
void dnnl_free_op(exec_plan *x, struct dnnl_op *op);

/* --- onednn_make.c ------------------------------------------------------------------------------------------------ */

/* The descriptor of an operand whose strides are given in elements (0 of dimensions of 1), and its extent. False when oneDNN
 * has none such. */
bool dnnl_strided(struct dnnl_state *s, struct dnnl_op *op, int which, int n, const int64_t *dims,
                  const int64_t *strides);
/* What a primitive that does this, and the tail behind it, would be, whose weights have at most so many bytes; NULL when oneDNN
 * has none, or only a slow one. Makes the memories of the tail's operands. The caller destroys it. */
dnnl_primitive_desc_t dnnl_describe(exec_plan *x, struct dnnl_op *op, const_dnnl_op_desc_t desc,
                                    const struct dnnl_tail *tail, bool product, size_t most_weights);
/* A product as one op; as dnnl_matmul_ready. */
bool dnnl_product_ready(exec_plan *x, const struct dnnl_matmul *w, const struct dnnl_tail *tail, void **state);
/* A convolution as one op; as dnnl_conv_ready. */
bool dnnl_conv_whole_ready(exec_plan *x, const struct dnnl_conv *w, const struct dnnl_tail *tail, void **state);
/* Destroys the memories of the tail's operands. */
void dnnl_forget_tail(exec_plan *x, struct dnnl_op *op);

/* --- onednn.c ----------------------------------------------------------------------------------------------------- */

/* Runs an op on its operands, by SRC, WEIGHTS, BIAS (or NULL), DST. False: error set, or cancelled. */
bool dnnl_op_run(struct call *c, struct dnnl_op *op, const void *const data[4], const struct exec_arg *with);

/* Lets an op that has weights of its own use those of another one, which packs the same ones in the same way and is dropped with
 * it. */
void dnnl_share_packing(exec_plan *x, struct dnnl_op *op, struct dnnl_op *with);

/* --- onednn_pieces.c ---------------------------------------------------------------------------------------------- */

/* Whether the results of a product would depend on the number of threads. */
bool dnnl_depends_on_threads(exec_plan *x, const struct dnnl_matmul *w, const_dnnl_primitive_desc_t pd);
/* Makes the op of pieces. False: there is no oneDNN for it, or not with this tail. */
bool dnnl_make_pieces(exec_plan *x, struct dnnl_op *op, const struct dnnl_matmul *w, const struct dnnl_tail *tail);
/* Runs them; `in` has the operands, and the result's place. False: error set, or cancelled. */
bool dnnl_run_pieces(struct call *c, struct dnnl_op *op, const void *const in[4], const struct exec_arg *with);

#endif
