/* Products in pieces: primitives for some rows of one matrix, run side by side.
 *
 * For products whose sums would depend on the number of threads (onednn_inner.h, D2). How they are cut depends on their shape
 * alone. oneDNN runs a primitive on one thread where it is called from several at once.
 */
#include <string.h>

#include "base/machine.h"
#include "exec/onednn_inner.h"

/* Pieces that are worth being shared, and multiply-adds of a loop's piece that is worth a thread's while. */
enum { ENOUGH_PIECES = 16, LEAST_ROWS = 64, LEAST_FLOPS = 1 << 20 };

bool dnnl_depends_on_threads(exec_plan *x, const struct dnnl_matmul *w, const_dnnl_primitive_desc_t pd) {
    const char *name = NULL;
    if (x->dnnl->lib.dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name) != dnnl_success || !name)
        return true;
    if (strstr(name, "gemm"))
        return true;
    /* Block products split the sum over up to four threads where the left operand is transposed, and over a part of all
     * threads with matrix tiles. */
    bool transposed = w->a_strides[2] != 1 && w->k >= 2048, tiles = strstr(name, "amx") && machine_processors() >= 16;
    return strstr(name, "brg") && (transposed || (tiles && w->batch == 1));
}

static int64_t piece_rows(const struct dnnl_matmul *w) {
    int64_t parts = (ENOUGH_PIECES + w->batch - 1) / w->batch, rows = (w->m + parts - 1) / parts;
    rows = (rows + 15) / 16 * 16;
    rows = rows < LEAST_ROWS ? LEAST_ROWS : rows;
    return rows < w->m ? rows : w->m;
}

static bool make_piece(exec_plan *x, struct dnnl_op *op, const struct dnnl_matmul *w, const struct dnnl_tail *tail,
                       int64_t rows, struct dnnl_piece *piece) {
    struct dnnl_state *s = x->dnnl;
    struct library *lib = &s->lib;
    int64_t a[2] = {rows, w->k}, b[2] = {w->k, w->n}, c[2] = {rows, w->n}, bias[2] = {1, w->n}, dense[2] = {w->n, 1};
    dnnl_matmul_desc_t desc;
    dnnl_forget_tail(x, op); /* operands of the tail are the same for all pieces */
    if (!dnnl_strided(s, op, SRC, 2, a, w->a_strides + 1) || !dnnl_strided(s, op, WEIGHTS, 2, b, w->b_strides + 1) ||
        !dnnl_strided(s, op, DST, 2, c, dense) || (w->bias && !dnnl_strided(s, op, BIAS, 2, bias, dense)) ||
        lib->dnnl_matmul_desc_init(&desc, &op->user[SRC], &op->user[WEIGHTS], w->bias ? &op->user[BIAS] : NULL,
                                   &op->user[DST]) != dnnl_success)
        return false;
    dnnl_primitive_desc_t pd = dnnl_describe(x, op, &desc, tail, true, SIZE_MAX);
    if (!pd)
        return false;
    memcpy(piece->md, op->user, sizeof op->user);
    const dnnl_memory_desc_t *scratch = lib->dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    size_t bytes = scratch ? lib->dnnl_memory_desc_get_size(scratch) : 0;
    if (bytes)
        piece->md[SCRATCH] = *scratch;
    op->scratch = bytes > op->scratch ? bytes : op->scratch;
    bool ok = lib->dnnl_primitive_create(&piece->primitive, pd) == dnnl_success;
    lib->dnnl_primitive_desc_destroy(pd);
    return ok;
}

bool dnnl_make_pieces(exec_plan *x, struct dnnl_op *op, const struct dnnl_matmul *w, const struct dnnl_tail *tail) {
    for (uint32_t i = 0; i < tail->n; i++)
        if (tail->ops[i].with && tail->ops[i].spread == TAIL_FULL)
            return false;
    int64_t extent[4];
    memcpy(extent, op->extent, sizeof extent);
    op->batches = w->batch;
    op->all_rows = w->m;
    op->rows = piece_rows(w);
    op->biased = w->bias != TENSOR_NONE;
    op->batch_step[SRC] = (size_t)w->a_strides[0];
    op->batch_step[WEIGHTS] = (size_t)w->b_strides[0];
    op->batch_step[DST] = (size_t)(w->m * w->n);
    op->row_step[SRC] = (size_t)w->a_strides[1];
    op->row_step[DST] = (size_t)w->n;
    op->piece_flops = 2 * (uint64_t)(op->rows * w->n * w->k);
    dnnl_make_for(x, 1);
    bool ok = make_piece(x, op, w, tail, op->rows, &op->pieces[0]) &&
              (w->m % op->rows == 0 || make_piece(x, op, w, tail, w->m % op->rows, &op->pieces[1]));
    memcpy(op->extent, extent, sizeof extent); /* of all */
    return ok;
}

struct piece_loop {
    struct call *c;
    struct dnnl_op *op;
    const void *const *in;
    char *scratch; /* [worker][room] */
    size_t room;
    int64_t parts; /* of a matrix */
    atomic_bool failed;
};

/* Memories belong to one thread at a time, so that each piece has its own. */
static bool run_piece(const struct piece_loop *l, int64_t batch, int64_t part, unsigned worker) {
    struct dnnl_op *op = l->op;
    struct library *lib = &l->c->x->dnnl->lib;
    int64_t row = part * op->rows;
    const struct dnnl_piece *piece = &op->pieces[op->all_rows - row < op->rows];
    static const int names[N_MEMORIES] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_DST,
                                          DNNL_ARG_SCRATCHPAD};
    dnnl_memory_t memory[N_MEMORIES] = {0};
    dnnl_exec_arg_t args[N_MEMORIES + TAIL_MAX];
    int n = 0;
    bool ok = true;
    for (int i = 0; ok && i < N_MEMORIES; i++) {
        if (piece->md[i].ndims == 0)
            continue;
        char *at = i == SCRATCH ? l->scratch + worker * l->room
                                : (char *)(uintptr_t)l->in[i] +
                                      ((size_t)batch * op->batch_step[i] + (size_t)row * op->row_step[i]) *
                                          tensor_dtype_size(op->used[i]);
        ok = lib->dnnl_memory_create(&memory[i], &piece->md[i], l->c->x->dnnl->engine, at) == dnnl_success;
        args[n++] = (dnnl_exec_arg_t){names[i], memory[i]};
    }
    for (uint32_t i = 0; i < op->n_tail; i++)
        args[n++] =
            (dnnl_exec_arg_t){DNNL_ARG_ATTR_MULTIPLE_POST_OP(op->tail[i].place) | DNNL_ARG_SRC_1, op->tail[i].memory};
    ok = ok && dnnl_execute_alone(l->c->x, piece->primitive, n, args) == dnnl_success;
    for (int i = 0; i < N_MEMORIES; i++)
        if (memory[i])
            lib->dnnl_memory_destroy(memory[i]);
    return ok;
}

static void run_some(void *ctx, size_t begin, size_t end, unsigned worker) {
    struct piece_loop *l = ctx;
    for (size_t i = begin; i < end; i++)
        if (!run_piece(l, (int64_t)i / l->parts, (int64_t)i % l->parts, worker))
            atomic_store(&l->failed, true);
}

bool dnnl_run_pieces(struct call *c, struct dnnl_op *op, const void *const in[4], const struct exec_arg *with) {
    struct piece_loop l = {.c = c, .op = op, .in = in};
    l.room = (op->scratch + 63) & ~(size_t)63;
    l.parts = (op->all_rows + op->rows - 1) / op->rows;
    if (l.room && !(l.scratch = call_scratch(c, pool_threads(c->x->pool) * l.room)))
        return false;
    for (uint32_t i = 0; i < op->n_tail; i++)
        c->x->dnnl->lib.dnnl_memory_set_data_handle(op->tail[i].memory, with[op->tail[i].with].data);
    size_t grain = (size_t)(LEAST_FLOPS / (op->piece_flops + 1)) + 1;
    if (!call_loop(c, (size_t)(op->batches * l.parts), grain, run_some, &l))
        return false;
    return !atomic_load(&l.failed) || call_error(c, "oneDNN could not run it");
}
