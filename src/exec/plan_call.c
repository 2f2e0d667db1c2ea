/* stablehlo.custom_call: what its target names. An op that has a kernel, whose attributes stand in a dictionary of the call; a
 * marker, which does nothing; or something that is not known here.
 *
 * The targets are those of lowering.md section 5. A call has no operand groups: its options say which of the operands that may be
 * missing are there, as texts ("True").
 */
#include <stdio.h>

#include "exec/kernels.h"
#include "exec/plan.h"

/* An operand of a call: which one of the op it is (0: none; else its number + 1), and the option that says whether it is there;
 * NULL: it always is. */
struct call_operand {
    uint8_t place;
    const char *when;
};

enum { CALL_OPERANDS = 7 };

#define MASK "has_attention_mask"
#define SINK "has_attention_sink"
#define POSITION "has_cur_pos_tensor"

/* Attention is that of ttnn, which has no operand for the memory of its result. Without a list operands stand as in the op. */
static const struct called {
    const char *target, *op;
    struct call_operand in[CALL_OPERANDS + 1];
} calls[] = {
    {"mhlo.asinh", "chlo.asinh", {{0}}},
    {"mhlo.erf", "chlo.erf", {{0}}},
    {"mhlo.tan", "chlo.tan", {{0}}},
    {"mhlo.topk", "chlo.top_k", {{0}}},
    {"tenstorrent.gather_dim", "ttir.gather", {{0}}},
    {"tt.chunked_scaled_dot_product_attention", "ttir.chunked_scaled_dot_product_attention", {{0}}},
    {"tt.fill_cache", "ttir.fill_cache", {{0}}},
    {"tt.flash_mla_prefill", "ttnn.flash_mla_prefill", {{1, 0}, {2, 0}, {3, "has_value"}, {4, MASK}}},
    {"tt.indexer_score_dsa", "ttnn.indexer_score_dsa", {{0}}},
    {"tt.paged_fill_cache", "ttir.paged_fill_cache", {{0}}},
    {"tt.paged_flash_mla_decode",
     "ttnn.paged_flash_multi_latent_attention_decode",
     {{1, 0}, {2, 0}, {3, "has_value"}, {4, 0}, {5, MASK}, {6, POSITION}, {7, SINK}}},
    {"tt.paged_scaled_dot_product_attention_decode",
     "ttnn.paged_scaled_dot_product_attention_decode",
     {{1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, MASK}, {6, POSITION}, {7, SINK}}},
    {"tt.paged_update_cache", "ttir.paged_update_cache", {{0}}},
    {"tt.sampling", "ttir.sampling", {{0}}},
    {"tt.scaled_dot_product_attention",
     "ttir.scaled_dot_product_attention",
     {{1, 0}, {2, 0}, {3, 0}, {4, MASK}, {5, SINK}}},
    {"tt.scaled_dot_product_attention_decode",
     "ttir.scaled_dot_product_attention_decode",
     {{1, 0}, {2, 0}, {3, 0}, {5, 0}, {4, MASK}, {6, SINK}}},
    {"tt.sparse_matmul", "ttir.sparse_matmul", {{0}}},
    {"tt.update_cache", "ttir.update_cache", {{0}}},
};

static const struct called *find_call(str target) {
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (str_eq(target, str_from_z(calls[i].target)))
            return &calls[i];
    return NULL;
}

/* Which operands of the list a call of `n` has, as bits: what is not said is there when there are operands enough. False when
 * there are more or fewer. */
static bool operands_there(const struct planner *p, ir_op op, const struct call_operand *in, uint32_t n,
                           uint32_t *there) {
    uint32_t count = 0, unsaid = 0;
    *there = 0;
    for (uint32_t i = 0; in[i].place; i++) {
        bool is = !in[i].when, said = is || attr_flag(p, op, in[i].when, &is);
        unsaid |= (uint32_t)!said << i;
        *there |= (uint32_t)is << i;
        count += is;
    }
    for (uint32_t i = 0; in[i].place && count < n; i++)
        if (unsaid >> i & 1) {
            *there |= 1u << i;
            count++;
        }
    return count == n;
}

bool plan_call_places(const struct planner *p, ir_op op, str *name, uint32_t places[PLAN_MAX_PLACES]) {
    *name = (str){0};
    if (!str_eq(ir_op_name_str(p->m, op), STR("stablehlo.custom_call")))
        return false;
    const struct called *called = find_call(attr_text(p, op, "call_target_name"));
    uint32_t n = ir_op_at(p->m, op)->n_operands, there, next = 0;
    for (uint32_t i = 0; i < PLAN_MAX_PLACES; i++)
        places[i] = 0;
    if (!called)
        return true;
    *name = str_from_z(called->op);
    for (uint32_t i = 0; !called->in[0].place && i < n && i < PLAN_MAX_PLACES; i++)
        places[i] = i + 1;
    if (called->in[0].place && operands_there(p, op, called->in, n, &there))
        for (uint32_t i = 0; called->in[i].place; i++)
            if (there >> i & 1)
                places[called->in[i].place - 1] = ++next;
    return true;
}

/* A call whose operands stand in other places than the op's, or may be missing. */
static bool plan_placed(struct planner *p, ir_op op, const struct exec_row *row, const struct call_operand *in) {
    uint32_t n = ir_op_at(p->m, op)->n_operands, there, next = 0;
    size_t at = p->x->steps.n;
    if (!operands_there(p, op, in, n, &there))
        return plan_error(p, op, "has %u operands, its attributes say another number", n);
    struct exec_step *s = plan_step(p, op, row, CALL_OPERANDS, ir_op_at(p->m, op)->n_results);
    if (!s)
        return false;
    for (uint32_t i = 0; in[i].place; i++)
        if (there >> i & 1)
            s->in[in[i].place - 1] = plan_get(p, ir_operand(p->m, op, next++));
    return plan_made(p, op, at, 0);
}

/* A call that gives a changed copy of its first operand, by a kernel that changes it in place. */
static bool plan_on_copy(struct planner *p, ir_op op, const struct exec_row *row) {
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    ir_value result = ir_op_at(p->m, op)->results;
    bool ok = n != 0 && ir_op_at(p->m, op)->n_results == 1;
    exec_slot from = ok ? plan_get(p, ir_operand(p->m, op, 0)) : 0,
              to = from ? plan_result_slot(p, op, result, &ok) : 0;
    if (!to)
        return ok ? plan_error(p, op, "has other than one result, or nothing to change") : false;
    if (!type_same_shape(slot_type(p->x, from), slot_type(p->x, to)))
        return plan_error(p, op, "gives another shape than it takes");
    p->x->slots.v[to].per_device = p->x->slots.v[from].per_device;
    if (!plan_copy(p, op, from, to))
        return false;
    size_t at = p->x->steps.n;
    struct exec_step *s = plan_step(p, op, row, n, 0);
    if (!s)
        return false;
    for (uint32_t i = 1; i < n; i++)
        s->in[i] = plan_get(p, ir_operand(p->m, op, i));
    s->in[0] = to;
    return plan_made(p, op, at, 0) && plan_set(p, result, to);
}

bool plan_custom_call(struct planner *p, ir_op op) {
    static const char *const markers[] = {"Sharding",
                                          "tt.mark_argument",
                                          "tt.sharding_constraint",
                                          "annotate_device_placement",
                                          "xla.sdy.FuncResultSharding",
                                          "tt.weight_dtype_override"};
    str target = attr_text(p, op, "call_target_name");
    bool cut = str_eq(target, STR("SPMDFullToShardShape"));
    if (cut || str_eq(target, STR("SPMDShardToFullShape")))
        return plan_spmd_call(p, op, cut);
    for (size_t i = 0; i < sizeof markers / sizeof markers[0]; i++)
        if (str_eq(target, str_from_z(markers[i])))
            return plan_forward(p, op);
    const struct called *called = find_call(target);
    const struct exec_row *row = called ? exec_find_row(str_from_z(called->op)) : NULL;
    if (row && called->in[0].place)
        return plan_placed(p, op, row, called->in);
    if (row)
        return row->kernel->flags & KERNEL_IN_PLACE ? plan_on_copy(p, op, row)
                                                    : plan_kernel(p, op, plan_complex_row(p, op, row));
    char op_name[64]; /* tt.X stands for ttir.X */
    snprintf(op_name, sizeof op_name, "ttir.%.*s", STR_ARG(str_from(target, str_find_char(target, '.') + 1)));
    return plan_error(p, op, "calls '%.*s', which cannot run on a CPU: %.*s", STR_ARG(target),
                      STR_ARG(exec_why_refused(str_from_z(op_name))));
}
