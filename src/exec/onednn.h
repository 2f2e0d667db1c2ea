/* onednn.h - oneDNN behind the heavy kernels; internal to the room.
 *
 * The library is opened when the first plan asks for it: it is large, and a program that runs no model should not wait for
 * it. Without it everything runs on the plain kernels.
 */
#ifndef TTX_EXEC_ONEDNN_H
#define TTX_EXEC_ONEDNN_H

#include "exec/inner.h"

/* Makes the primitives of all ops that are ready: to compile one takes a millisecond, and what a plan tries out need not be.
 * False: out of memory. */
bool dnnl_finish(exec_plan *x);
/* Frees what a plan holds of it. */
void dnnl_free(exec_plan *x);

/* C[b,m,n] = A[b,m,k] B[b,k,n] (+ bias), strides in elements, batch stride 0 to broadcast. */
struct dnnl_matmul {
    int64_t batch, m, n, k;
    int64_t a_strides[3], b_strides[3]; /* batch, row, column */
    enum tensor_dtype a, b, c, bias;    /* bias NONE: none; else one row of n */
    bool steady_b;                      /* B is packed once */
};
/* What follows. TAIL_CHANNEL is for each column, or channel; TAIL_FULL lies as the result does, which must have its channels
 * last. */
struct dnnl_tail {
    uint32_t n;
    struct tail_op ops[TAIL_MAX];
};
/* Ready to run this, once dnnl_finish was called? Keeps the op in *state (NULL at first). False: use the plain kernel, or (with a tail) try a
 * shorter one. */
bool dnnl_matmul_ready(exec_plan *x, const struct dnnl_matmul *w, const struct dnnl_tail *tail, void **state);
/* `with`: the operands of the tail's ops that have one; NULL when there is none. */
bool dnnl_matmul_run(struct call *c, void *state, const void *a, const void *b, const void *bias,
                     const struct exec_arg *with, void *out);

/* Convolution of up to three spatial dimensions; strides in elements: batch, channel, spatial... */
struct dnnl_conv {
    int spatial;
    int64_t batch, in_channels, out_channels, groups;
    int64_t in[3], out[3], kernel[3], stride[3], dilation[3], pad_low[3], pad_high[3];
    int64_t in_strides[5], out_strides[5], weight_strides[6]; /* weight: (group,) out, in, spatial... */
    enum tensor_dtype dtype, out_dtype, bias;
    bool transposed, steady_weight;
    bool in_blocks, out_blocks; /* in blocks of dnnl_block() channels: the strides do not count then */
};
/* How many channels a block has; 0: there are none on this machine. */
int64_t dnnl_block(const exec_plan *x);
/* Whether Winograd's algorithm is tried for it: 3x3 windows in f32 with less than half the products. Its sums are about as exact
 * as plain ones, but other; where values are looked at one by one, and so in golden runs, it is not used. A tail that holds
 * TAIL_FULL keeps from it. */
bool dnnl_conv_winograd(const exec_plan *x, const struct dnnl_conv *w);
bool dnnl_conv_ready(exec_plan *x, const struct dnnl_conv *w, const struct dnnl_tail *tail, void **state);
bool dnnl_conv_run(struct call *c, void *state, const void *in, const void *weight, const void *bias,
                   const struct exec_arg *with, void *out);
/* Which of the tail's operands the result is added to in place, so that giving its memory to the result saves copying it;
 * -1: none. */
int dnnl_conv_added(const void *state);
/* Whether it computes in f32, and so is as fast in blocks of channels, or faster. */
bool dnnl_conv_in_f32(const void *state);
/* How many elements of its input, or of its result, are put in another order at each run. */
uint64_t dnnl_conv_moved(const void *state, bool result);
/* Takes back what dnnl_matmul_ready or dnnl_conv_ready made. NULL is allowed. */
void dnnl_drop(exec_plan *x, void *state);

/* A steady operand changed: packed copies are stale. */
void dnnl_forget(exec_plan *x);

#endif
