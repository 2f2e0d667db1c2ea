/* ttir-erase-inverse-ops: permutes and reshapes are moved up, then down, through other ops until their number no longer
 * changes; those that meet their inverse on the way are folded away. One function after the other. */
#include "compile/commute.h"
#include "compile/passes.h"

enum { MAX_ITERATIONS = 100 };

#define REDUCTIONS(fn)                                                                                               \
    {OP_ttir_sum, 1, fn, true}, {OP_ttir_mean, 1, fn, true}, {OP_ttir_max, 1, fn, true}, {OP_ttir_min, 1, fn, true}, \
        {OP_ttir_prod, 1, fn, true}, {OP_ttir_reduce_and, 1, fn, true}, {OP_ttir_reduce_or, 1, fn, true}, {          \
        OP_ttir_argmax, 1, fn, true                                                                                  \
    }

static const rewrite_pattern up[] = {
    {REWRITE_ANY_OP, 1, up_permute_elementwise, true},
    {REWRITE_ANY_OP, 1, up_reshape_elementwise, true},
    {OP_ttir_broadcast, 1, up_reshape_broadcast, true},
    {OP_ttir_broadcast, 1, up_permute_broadcast, true},
    {OP_ttir_concat, 1, up_permute_concat, true},
    {OP_ttir_concat, 1, up_reshape_concat, true},
    {OP_ttir_slice_static, 1, up_permute_slice, true},
    {OP_ttir_slice_static, 1, up_reshape_slice, true},
    REDUCTIONS(up_permute_reduce),
    REDUCTIONS(up_reshape_reduce),
    {OP_ttir_rms_norm, 1, up_reshape_rms_norm, true},
    {OP_ttir_distributed_rms_norm, 1, up_reshape_rms_norm, true},
    {OP_ttir_softmax, 1, up_reshape_softmax, true},
    {OP_ttir_permute, 1, fuse_permute_reshape_permute},
};

/* Nothing moves down through a broadcast, but TMs go on moving up through it. */
static const rewrite_pattern down[] = {
    {REWRITE_ANY_OP, 1, down_permute_elementwise, true},
    {REWRITE_ANY_OP, 1, down_reshape_elementwise, true},
    {OP_ttir_broadcast, 1, up_reshape_broadcast, true},
    {OP_ttir_broadcast, 1, up_permute_broadcast, true},
    {OP_ttir_concat, 1, down_permute_concat, true},
    {OP_ttir_slice_static, 1, down_permute_slice, true},
    {OP_ttir_slice_static, 1, down_reshape_slice, true},
    REDUCTIONS(down_permute_reduce),
    REDUCTIONS(down_reshape_reduce),
    {OP_ttir_softmax, 1, down_reshape_softmax, true},
    {OP_ttir_permute, 1, fuse_permute_reshape_permute},
};

static bool move_up(pass_context *p, ir_op func) {
    return rewrite_greedy(p, func, up, sizeof up / sizeof up[0], 0, 0);
}

static bool move_down(pass_context *p, ir_op func) {
    return rewrite_greedy(p, func, down, sizeof down / sizeof down[0], 0, 0);
}

/* TMs on the way of the inputs; those of constants are computed once only and do not count. */
static uint32_t count_tms(pass_context *p, ir_op func) {
    uint32_t n = 0;
    for (ir_op op = ir_walk_next(p->m, func, func); op; op = ir_walk_next(p->m, func, op)) {
        uint32_t id = op_id(p->m, op);
        if (id == OP_ttir_reshape || id == OP_ttir_permute || id == OP_ttir_transpose || id == OP_ttir_rearrange)
            n += !traces_to_constants(p, ir_result(p->m, op, 0));
    }
    return n;
}

static bool erase_inverse(pass_context *p, ir_op func) {
    uint32_t last_up = UINT32_MAX, last_down = UINT32_MAX;
    for (int i = 0; i < MAX_ITERATIONS; i++) {
        uint64_t changes = p->e->changes;
        if (!move_up(p, func))
            return false;
        uint32_t after_up = count_tms(p, func);
        if (!move_down(p, func))
            return false;
        if (p->e->changes == changes) /* nor will the next round */
            return true;
        uint32_t after_down = count_tms(p, func);
        if (after_up == last_up && after_down == last_down)
            return after_up < after_down ? move_up(p, func) : true;
        last_up = after_up;
        last_down = after_down;
    }
    return pass_error_plain(p, func, "EraseInverseOps: TM count has not converged after %d iterations.",
                            MAX_ITERATIONS);
}

bool pass_erase_inverse(pass_context *p) {
    commute c = {0};
    void *outer = p->data;
    bool ok = true;
    p->data = &c;
    vec_init(&c.stack, p->m->mem);
    for (each_func_inside(p->m, p->scope, f))
        if (body_of(p->m, f))
            ok = ok && erase_inverse(p, f);
    mem_free(p->m->mem, c.origin, c.cap);
    vec_free(&c.stack);
    p->data = outer;
    return ok;
}
