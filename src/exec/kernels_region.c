/* Ops whose body is a region: what the body does, looked up or run. */
#include <math.h>

#include "exec/kernels.h"
#include "exec/plan.h"

/* The result of a block's terminator. */
static ir_value given(const ir_module *m, ir_block b) {
    for (ir_op op = ir_block_at(m, b)->first; op; op = ir_op_at(m, op)->next)
        if (!ir_op_at(m, op)->next)
            return ir_op_at(m, op)->n_operands ? ir_operand(m, op, 0) : 0;
    return 0;
}

static ir_op maker_of(const ir_module *m, ir_value v) {
    return v && !ir_is_block_arg(m, v) ? ir_value_at(m, v)->owner : 0;
}

/* Whether a value is the constant true, or false. */
static bool is_truth(struct planner *p, ir_value v, bool truth) {
    ir_op op = maker_of(p->m, v);
    int64_t n = -1;
    return op && exec_op_ints(p, op, "value", &n, 1) == 1 && n == truth;
}

/* The op that region number `region`, of two arguments, gives the result of, when it is one op on both (in either order): as it is, or as
 * select(op, true, false), which some front ends write for truth values. 0 otherwise. */
static ir_op single_op(struct planner *p, ir_op op, uint32_t region) {
    const ir_module *m = p->m;
    ir_region r = region < ir_op_at(m, op)->n_regions ? ir_op_region(m, op, region) : 0;
    ir_block b = r ? ir_region_at(m, r)->first : 0;
    if (!b || ir_block_at(m, b)->next || ir_block_at(m, b)->n_args != 2)
        return 0;
    ir_op body = maker_of(m, given(m, b));
    if (body && str_eq(ir_op_name_str(m, body), STR("stablehlo.select")) && is_truth(p, ir_operand(m, body, 1), true) &&
        is_truth(p, ir_operand(m, body, 2), false))
        body = maker_of(m, ir_operand(m, body, 0));
    if (!body || ir_op_at(m, body)->n_operands != 2 || ir_op_at(m, body)->n_results != 1)
        return 0;
    ir_value args = ir_block_at(m, b)->args, x = ir_operand(m, body, 0), y = ir_operand(m, body, 1);
    return (x == args && y == args + 1) || (x == args + 1 && y == args) ? body : 0;
}

bool region_fold_of(struct planner *p, ir_op op, uint32_t region, vec_fold *out) {
    static const struct {
        const char *op;
        vec_fold fold;
    } folds[] = {{"stablehlo.add", FOLD_SUM},     {"stablehlo.multiply", FOLD_PROD}, {"stablehlo.maximum", FOLD_MAX},
                 {"stablehlo.minimum", FOLD_MIN}, {"stablehlo.and", FOLD_AND},       {"stablehlo.or", FOLD_OR},
                 {"stablehlo.xor", FOLD_XOR}};
    ir_op body = single_op(p, op, region);
    if (!body)
        return false;
    str name = ir_op_name_str(p->m, body);
    struct exec_type t;
    for (size_t i = 0; i < sizeof folds / sizeof folds[0]; i++)
        if (str_eq(name, str_from_z(folds[i].op))) {
            *out = folds[i].fold;
            /* Bits of integers are no truth values. */
            if (*out < FOLD_AND)
                return true;
            return type_of(p, ir_value_type(p->m, ir_op_at(p->m, body)->results), &t) && t.dtype == TENSOR_BOOL;
        }
    return false;
}

bool region_fold(struct planner *p, ir_op op, vec_fold *out) {
    return region_fold_of(p, op, 0, out);
}

bool region_choice(struct planner *p, ir_op op, bool *greater, bool *equal) {
    ir_op by = single_op(p, op, 0);
    if (!by || !str_eq(ir_op_name_str(p->m, by), STR("stablehlo.compare")))
        return false;
    str how = attr_text(p, by, "comparison_direction");
    ir_region r = ir_op_region(p->m, op, 0);
    *greater = str_starts_with(how, STR("G"));
    *equal = str_ends_with(how, STR("E"));
    /* (candidate, chosen) instead of (chosen, candidate) says the same the other way round. */
    if (ir_operand(p->m, by, 0) != ir_block_at(p->m, ir_region_at(p->m, r)->first)->args)
        *greater = !*greater;
    return str_starts_with(how, STR("G")) || str_starts_with(how, STR("L"));
}

static ir_block body_of(struct planner *p, ir_op op) {
    ir_region r = ir_op_at(p->m, op)->n_regions ? ir_op_region(p->m, op, 0) : 0;
    return r ? ir_region_at(p->m, r)->first : 0;
}

bool region_replaces(struct planner *p, ir_op op) {
    ir_block b = body_of(p, op);
    return b && ir_block_at(p->m, b)->n_args == 2 && given(p->m, b) == ir_block_at(p->m, b)->args + 1;
}

/* What a key of a comparison is made of. JAX puts one zero for both and one NaN for all in the place of a key, which sorting does
 * anyway:
 *
 *   select(compare NE x, x, NaN, select(compare EQ x, 0, 0, x))
 */
static ir_value plain_key(struct planner *p, ir_value key) {
    const ir_module *m = p->m;
    ir_value v = key, asked[2];
    int n = 0;
    for (; n < 2; n++) {
        ir_op pick = maker_of(m, v);
        if (!pick || !str_eq(ir_op_name_str(m, pick), STR("stablehlo.select")) || ir_op_at(m, pick)->n_operands != 3)
            break;
        ir_op when = maker_of(m, ir_operand(m, pick, 0));
        double put, with = 1;
        if (!when || !str_eq(ir_op_name_str(m, when), STR("stablehlo.compare")) || ir_op_at(m, when)->n_operands != 2 ||
            !constant_number(p, ir_operand(m, pick, 1), &put))
            return key;
        str how = attr_text(p, when, "comparison_direction");
        ir_value l = ir_operand(m, when, 0), r = ir_operand(m, when, 1);
        bool nan = str_eq(how, STR("NE")) && l == r && isnan(put);
        bool zero = str_eq(how, STR("EQ")) && put == 0 && constant_number(p, r, &with) && with == 0;
        if (!nan && !zero)
            return key;
        asked[n] = l;
        v = ir_operand(m, pick, 2);
    }
    for (int i = 0; i < n; i++)
        if (asked[i] != v)
            return key;
    return v;
}

bool region_order(struct planner *p, ir_op op, bool *descending, bool *total) {
    const ir_module *m = p->m;
    ir_block b = body_of(p, op);
    ir_value v = b ? given(m, b) : 0;
    if (!v || ir_is_block_arg(m, v))
        return false;
    ir_op by = ir_value_at(m, v)->owner;
    if (!str_eq(ir_op_name_str(m, by), STR("stablehlo.compare")) || ir_op_at(m, by)->n_operands != 2)
        return false;
    str how = attr_text(p, by, "comparison_direction");
    bool greater = str_starts_with(how, STR("G"));
    ir_value args = ir_block_at(m, b)->args, x = plain_key(p, ir_operand(m, by, 0)),
             y = plain_key(p, ir_operand(m, by, 1));
    if (!greater && !str_starts_with(how, STR("L")))
        return false;
    *total = str_eq(attr_text(p, by, "compare_type"), STR("TOTALORDER")) && x == ir_operand(m, by, 0);
    if (x == args && y == args + 1)
        *descending = greater;
    else if (x == args + 1 && y == args)
        *descending = !greater;
    else
        return false;
    return true;
}

/* --- stablehlo.reduce --------------------------------------------------------------------------------------------- */

struct hlo_reduce {
    bool greater; /* the largest of the first operand and its index in the second; else the smallest */
    int64_t outer, n, inner_n;
    int dim;
};

/* The body of an argmax as JAX and PyTorch/XLA write it compares the values first, and the indices where they are equal:
 * whichever comparison comes first says which way. */
static bool is_arg_body(struct planner *p, ir_op op, bool *greater) {
    const ir_module *m = p->m;
    ir_block b = body_of(p, op);
    if (!b || ir_block_at(m, b)->n_args != 4)
        return false;
    ir_value args = ir_block_at(m, b)->args;
    bool selects = false;
    int direction = 0;
    for (ir_op o = ir_block_at(m, b)->first; o; o = ir_op_at(m, o)->next) {
        str name = ir_op_name_str(m, o);
        selects |= str_eq(name, STR("stablehlo.select"));
        if (direction || !str_eq(name, STR("stablehlo.compare")) || ir_operand(m, o, 0) != args ||
            ir_operand(m, o, 1) != args + 2)
            continue;
        str how = attr_text(p, o, "comparison_direction");
        direction = str_starts_with(how, STR("G")) ? 1 : str_starts_with(how, STR("L")) ? -1 : 0;
    }
    *greater = direction > 0;
    return selects && direction;
}

bool region_reduces(struct planner *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    int64_t dims[TENSOR_MAX_RANK];
    vec_fold fold;
    bool greater;
    exec_slot in = d->n_operands ? plan_get(p, ir_operand(p->m, op, 0)) : 0;
    if (in && tensor_dtype_is_complex(slot_type(p->x, in)->dtype))
        return false;
    if (d->n_operands == 2)
        return d->n_results == 1 && region_fold(p, op, &fold);
    return d->n_operands == 4 && d->n_results == 2 && is_arg_body(p, op, &greater) &&
           exec_op_ints(p, op, "dimensions", dims, TENSOR_MAX_RANK) == 1;
}

/* Of what region_reduces. */
static bool plan_hlo_reduce(struct planner *p, struct exec_step *s) {
    vec_fold fold;
    int64_t dims[TENSOR_MAX_RANK];
    int n = exec_op_ints(p, s->op, "dimensions", dims, TENSOR_MAX_RANK);
    if (n < 0 || s->n_in < 2)
        return plan_error(p, s->op, "does not say what to reduce");
    if (s->n_in == 2 && s->n_out == 1 && region_fold(p, s->op, &fold))
        return plan_fold(p, s, fold, dims, n);
    struct hlo_reduce *w = PLAN_PARAMS(p, s, struct hlo_reduce);
    const struct exec_type *in = in_type(p, s, 0);
    if (!w || !plan_dim(p, s->op, dims[0], in->rank, &w->dim))
        return false;
    is_arg_body(p, s->op, &w->greater);
    w->outer = w->inner_n = 1;
    for (int i = 0; i < w->dim; i++)
        w->outer *= in->dims[i];
    for (int i = w->dim + 1; i < in->rank; i++)
        w->inner_n *= in->dims[i];
    w->n = in->dims[w->dim];
    if (!type_same_shape(in, in_type(p, s, 1)) || w->outer * w->inner_n != type_count(out_type(p, s, 0)))
        return plan_error(p, s->op, "reduces tensors of different shapes together");
    return true;
}

static bool run_hlo_reduce(struct call *c) {
    const struct hlo_reduce *w = c->s->params;
    if (c->s->n_out == 1)
        return kernel_reduce.run(c);
    struct tensor t[4];
    for (int i = 0; i < 4; i++) {
        const struct exec_arg *a = i < 2 ? &c->in[i] : &c->out[i - 2];
        t[i] = (struct tensor){.dtype = a->type->dtype, .data = a->data};
    }
    struct tensor init[2] = {{.dtype = t[0].dtype, .data = c->in[2].data},
                             {.dtype = t[1].dtype, .data = c->in[3].data}};
    for (int64_t r = 0; r < w->outer * w->inner_n; r++) {
        int64_t base = r / w->inner_n * w->n * w->inner_n + r % w->inner_n;
        double best = tensor_get(&init[0], 0), id = tensor_get(&init[1], 0);
        for (int64_t k = 0; k < w->n; k++) {
            double v = tensor_get(&t[0], base + k * w->inner_n), i = tensor_get(&t[1], base + k * w->inner_n);
            bool nan = v != v, was_nan = best != best;
            bool better = nan ? !was_nan : !was_nan && (w->greater ? v > best : v < best);
            bool tie = (v == best || (nan && was_nan)) && i < id;
            if (better || tie) {
                best = v;
                id = i;
            }
        }
        tensor_set(&t[2], r, best);
        tensor_set(&t[3], r, id);
    }
    return true;
}
const struct kernel kernel_hlo_reduce = {"fold", plan_hlo_reduce, run_hlo_reduce, 0};
