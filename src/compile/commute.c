/* commute.c - see commute.h: what the patterns share. */
#include "compile/commute.h"

/* ---- where values come from ----------------------------------------------------------------------------- */

static bool origin_room(pass_context *p, commute *c) {
    if (p->m->n_values <= c->cap)
        return true;
    uint32_t cap = p->m->cap_values > p->m->n_values ? p->m->cap_values : p->m->n_values;
    uint8_t *more = mem_realloc(p->m->mem, c->origin, c->cap, cap);
    if (!more) {
        p->m->failed = true;
        return false;
    }
    memset(more + c->cap, 0, cap - c->cap);
    c->origin = more;
    c->cap = cap;
    return true;
}

static uint8_t argument_origin(pass_context *p, ir_value v) {
    ir_op func = p->m->regions[ir_block_at(p->m, ir_arg_block(p->m, v))->region].op;
    if (!op_is(p->m, func, OP_func_func))
        return ORIGIN_KNOWN | ORIGIN_INPUT;
    return (uint8_t)(ORIGIN_KNOWN | (dialect_argument_is_known(p->m, v) ? ORIGIN_CONSTANT : ORIGIN_INPUT));
}

/* Values are looked at when they are asked for; what one comes from does not change by moving TMs. */
static uint8_t origin_of(pass_context *p, ir_value v) {
    commute *c = p->data;
    if (!origin_room(p, c))
        return ORIGIN_KNOWN | ORIGIN_INPUT;
    if (c->origin[v])
        return c->origin[v];
    vec_clear(&c->stack);
    vec_push(&c->stack, v);
    while (c->stack.n) {
        ir_value top = vec_last(&c->stack);
        uint8_t origin = ORIGIN_KNOWN;
        size_t before = c->stack.n;
        ir_op def = ir_def_op(p->m, top);
        if (!def)
            origin = argument_origin(p, top);
        for (uint32_t i = 0; def && i < ir_op_at(p->m, def)->n_operands; i++) {
            ir_value operand = ir_operand(p->m, def, i);
            origin |= c->origin[operand];
            if (!c->origin[operand])
                vec_push(&c->stack, operand);
        }
        if (c->stack.failed) {
            p->m->failed = true;
            return ORIGIN_KNOWN | ORIGIN_INPUT;
        }
        if (c->stack.n == before) {
            c->origin[top] = origin;
            (void)vec_pop(&c->stack);
        }
    }
    return c->origin[v];
}

bool traces_to_constants(pass_context *p, ir_value v) {
    return (origin_of(p, v) & (ORIGIN_CONSTANT | ORIGIN_INPUT)) == ORIGIN_CONSTANT;
}

/* ---- TMs ------------------------------------------------------------------------------------------------ */

bool same_tm(pass_context *p, ir_op a, ir_op b) {
    if (!a || !b || ir_op_at(p->m, a)->name != ir_op_at(p->m, b)->name)
        return false;
    if (op_is(p->m, a, OP_ttir_permute))
        return ir_op_attr(p->m, a, STR("permutation")) == ir_op_attr(p->m, b, STR("permutation"));
    return op_is(p->m, a, OP_ttir_reshape) && ir_op_attr(p->m, a, STR("shape")) == ir_op_attr(p->m, b, STR("shape"));
}

/* A reshape of six or more dimensions to fewer stays where it is: the device has it cheap only there. */
static bool is_high_rank_reshape(pass_context *p, ir_op op) {
    enum { HIGH_RANK = 6 };
    int in = ir_rank(p->c, ir_value_type(p->m, ir_operand(p->m, op, 0)));
    return in >= HIGH_RANK && ir_rank(p->c, ir_value_type(p->m, ir_result(p->m, op, 0))) < in;
}

static bool is_movable(pass_context *p, ir_op op, uint32_t tm) {
    return op_is(p->m, op, tm) && !(tm == OP_ttir_reshape && is_high_rank_reshape(p, op));
}

ir_op identical_users(pass_context *p, ir_op op, uint32_t tm) {
    ir_op first = 0;
    if (ir_op_at(p->m, op)->n_results != 1)
        return 0;
    for (ir_each_use(p->e, ir_result(p->m, op, 0), u)) {
        ir_op user = ir_use_op(p->e, u);
        if (!first)
            first = user;
        if (!is_movable(p, user, tm) || !same_tm(p, first, user))
            return 0;
    }
    return first;
}

bool replace_users(pass_context *p, ir_op op, ir_value v, ir_value moved) {
    ir_value old = ir_result(p->m, op, 0);
    if (!v)
        return false;
    for (uint32_t u; (u = ir_first_use(p->e, old));) {
        ir_edit_came_from(p->e, ir_def_op(p->m, moved), ir_use_op(p->e, u));
        ir_replace_only(p->e, ir_use_op(p->e, u), v);
    }
    return true;
}

bool replace_moved(pass_context *p, ir_op op, ir_value v) {
    if (v)
        ir_replace_only(p->e, op, v);
    return v != 0;
}

ir_op next_tm_operand(pass_context *p, ir_op op, uint32_t tm, uint32_t *i) {
    if (ir_op_at(p->m, op)->n_results != 1 || !ir_op_has_uses(p->e, op))
        return 0;
    while (*i < ir_op_at(p->m, op)->n_operands) {
        ir_value v = ir_operand(p->m, op, (*i)++);
        ir_op def = ir_def_op(p->m, v);
        if (is_movable(p, def, tm) && ir_has_one_use(p->e, v) && !traces_to_constants(p, v))
            return def;
    }
    return 0;
}

bool operands_agree(pass_context *p, ir_op op, ir_op tm) {
    for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_operands; i++) {
        ir_value v = ir_operand(p->m, op, i);
        if (!same_tm(p, ir_def_op(p->m, v), tm) && !traces_to_constants(p, v))
            return false;
    }
    return true;
}

ir_value build_inverse(pass_context *p, ir_op tm, ir_value v) {
    int64_t perm[PASS_MAX_RANK], inverse[PASS_MAX_RANK];
    ir_loc loc = ir_op_at(p->m, tm)->loc;
    if (op_is(p->m, tm, OP_ttir_permute)) {
        permutation_inverse(perm, permutation_of(p->m, tm, perm), inverse);
        return build_permute(p, loc, v, inverse);
    }
    shape to;
    return shape_of(p->m, ir_operand(p->m, tm, 0), &to) ? build_reshape(p, loc, v, &to) : 0;
}

/* permute -> reshape -> permute that only joins and splits neighbours is one reshape. */

/* Which input dimensions, by the ids they had before the first permute, each dimension of a reshape to as many dimensions
 * holds: groups one after the other in `ids`, ends[i] is where group i ends. */
static bool group_axes(const shape *in, const shape *out, const int64_t *ids, int64_t *grouped, int *ends) {
    int at = 0, n = 0;
    for (int i = 0; i < out->n; i++) {
        if (at < in->n && in->d[at] == out->d[i]) {
            grouped[n++] = ids[at++];
        } else if (out->d[i] != 1) {
            int64_t consumed = 1;
            while (at < in->n && in->d[at] && out->d[i] % (consumed * in->d[at]) == 0) {
                consumed *= in->d[at];
                grouped[n++] = ids[at++];
            }
            if (consumed != out->d[i])
                return false;
        }
        ends[i] = n;
    }
    return at == in->n;
}

bool fuse_permute_reshape_permute(pass_context *p, ir_op op) {
    ir_op reshape = def_is(p->m, ir_operand(p->m, op, 0), OP_ttir_reshape);
    ir_op first = reshape ? def_is(p->m, ir_operand(p->m, reshape, 0), OP_ttir_permute) : 0;
    int64_t perm[PASS_MAX_RANK], ids[PASS_MAX_RANK], grouped[PASS_MAX_RANK], next = 0;
    int ends[PASS_MAX_RANK];
    shape in, out;
    if (!first || (!op_has_one_use(p, first) && !op_has_one_use(p, reshape) && !op_has_one_use(p, op)) ||
        !shape_of(p->m, ir_operand(p->m, reshape, 0), &in) || !shape_of(p->m, ir_result(p->m, reshape, 0), &out) ||
        in.n != out.n || permutation_of(p->m, first, ids) != in.n || permutation_of(p->m, op, perm) != in.n ||
        !group_axes(&in, &out, ids, grouped, ends))
        return false;
    for (int i = 0; i < in.n; i++)
        for (int k = perm[i] ? ends[perm[i] - 1] : 0; k < ends[perm[i]]; k++)
            if (grouped[k] != next++)
                return false;
    ir_value v = build_reshape_to(p, ir_op_at(p->m, op)->loc, ir_operand(p->m, first, 0),
                                  ir_value_type(p->m, ir_result(p->m, op, 0)));
    if (v)
        ir_replace1(p->e, op, v);
    return v != 0;
}
