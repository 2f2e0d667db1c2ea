/* ttnn-deallocate: every tensor is freed right behind its last use, unless it is returned.
 *
 * Values are taken in order, arguments first; each deallocate goes directly behind the op of the last use, so those of one op
 * stand in reverse order. Const-eval and trace functions do not own their arguments. */
#include "compile/passes.h"
#include "target/layout.h"

struct free_pass {
    pass_context *p;
    uint32_t *order; /* by op: its number in the function's block, from 1; 0: it does not stand in one */
    uint32_t n_order;
    ir_block body;
    ir_attr props; /* of a deallocate */
};

/* The op of the function's block that op is or stands in; 0 when there is none. */
static ir_op in_body(const struct free_pass *f, ir_op op) {
    const ir_module *m = f->p->m;
    while (op && m->ops[op].block && m->ops[op].block != f->body)
        op = ir_parent_op(m, op);
    return op && m->ops[op].block == f->body && op < f->n_order ? op : 0;
}

/* The last use of v, `from` when there is none behind it. */
static ir_op last_use(const struct free_pass *f, ir_value v, ir_op from) {
    ir_op last = from;
    for (ir_each_use(f->p->e, v, u)) {
        ir_op op = in_body(f, ir_use_op(f->p->e, u));
        if (op && f->order[op] > f->order[last])
            last = op;
    }
    return last;
}

/* The operand that destination-style op writes its result i into is the one at the same place among the last ones. */
static ir_value tied_result(const ir_module *m, ir_op op, ir_value v) {
    const op_def *d = dialect_def_of(m, op);
    const ir_op_data *o = &m->ops[op];
    if (!d || !(d->flags & OP_DESTINATION_STYLE) || o->n_operands < o->n_results)
        return 0;
    for (uint32_t i = 0; i < o->n_results; i++)
        if (ir_operand(m, op, o->n_operands - o->n_results + i) == v)
            return o->results + i;
    return 0;
}

/* Follows destination-style ops, whose results live in the same memory. */
static ir_op end_of_life(const struct free_pass *f, ir_value v, ir_op from) {
    ir_op last = last_use(f, v, from);
    for (ir_value tied; (tied = tied_result(f->p->m, last, v)) != 0;) {
        ir_op next = last_use(f, tied, last);
        v = tied;
        if (next == last)
            break;
        last = next;
    }
    return last;
}

/* Whether op is a convolution that frees its input v itself. */
static bool frees_input(pass_context *p, ir_op op, ir_value v) {
    const ir_module *m = p->m;
    if (!op_is(m, op, OP_ttnn_conv2d) && !op_is(m, op, OP_ttnn_conv_transpose2d))
        return false;
    ir_attr config = ir_op_attr(m, op, STR("conv2d_config"));
    ir_attr frees = config ? dialect_param(p->c, config, STR("deallocate_activation")) : 0;
    return ir_operand(m, op, 0) == v && frees == p->c->a_true;
}

static bool insert_deallocate(struct free_pass *f, ir_value v, ir_op last) {
    pass_context *p = f->p;
    ir_module *m = p->m;
    if (op_is(m, last, OP_func_return))
        return true;
    if (ttnn_buffer_of(p->c, ir_value_type(m, v)) == TTNN_L1) {
        for (ir_each_use(p->e, v, u))
            if (ir_use_op(p->e, u) != last && frees_input(p, ir_use_op(p->e, u), v))
                return pass_error_plain(p, ir_use_op(p->e, u),
                                        "use-after-free detected: op deallocates its input but is not the last user");
        if (frees_input(p, last, v))
            return true;
    }
    ir_edit_after(p->e, last);
    p->e->from = last;
    build_args args = {
        .op = OP_ttnn_deallocate, .loc = m->ops[last].loc, .operands = &v, .n_operands = 1, .props = f->props};
    return build_op(p, &args) || pass_out_of_memory(p);
}

static bool is_tensor(const ir_module *m, ir_value v) {
    return ir_kind_of(m->ctx, ir_value_type(m, v)) == IR_TYPE_TENSOR;
}

/* moe_compute gives its caller's buffer back as a result, which is freed instead of it. */
static bool is_moe_output(pass_context *p, ir_value v) {
    for (ir_each_use(p->e, v, u)) {
        ir_op user = ir_use_op(p->e, u);
        if (op_is(p->m, user, OP_ttnn_moe_compute) && op_operand_named(p->m, user, STR("optional_output_tensor")) == v)
            return true;
    }
    return false;
}

static bool owns_arguments(str kind) {
    return !str_eq(kind, STR("const_eval")) && !str_starts_with(kind, STR("trace_"));
}

static bool process_function(pass_context *p, ir_op func, uint32_t *order, uint32_t n_order) {
    ir_module *m = p->m;
    struct free_pass f = {.p = p,
                          .body = body_of(m, func),
                          .order = order,
                          .n_order = n_order,
                          .props = make_dict(p, &(attr_entry){STR("force"), p->c->a_false}, 1)};
    if (!f.body)
        return true;
    struct death {
        ir_value v;
        ir_op last;
    };
    uint32_t n = 0, n_values = m->blocks[f.body].n_args;
    ir_op first = m->blocks[f.body].first;
    for (ir_op op = first; op; op = m->ops[op].next) {
        f.order[op] = ++n;
        n_values += m->ops[op].n_results;
    }
    struct death *deaths = ARENA_ARRAY(&p->scratch, struct death, n_values + 1);
    if (!deaths)
        return pass_out_of_memory(p);
    n = 0;
    if (owns_arguments(dialect_function_kind(m, func)))
        for (uint32_t i = 0; i < m->blocks[f.body].n_args; i++) {
            ir_value v = m->blocks[f.body].args + i;
            if (is_tensor(m, v))
                deaths[n++] = (struct death){v, end_of_life(&f, v, first)};
        }
    for (ir_op op = first; op; op = m->ops[op].next) {
        const op_def *d = dialect_def_of(m, op);
        for (uint32_t i = 0; i < m->ops[op].n_results && !(d && d->flags & OP_DESTINATION_STYLE); i++) {
            ir_value v = ir_result(m, op, i);
            if (is_tensor(m, v) && !is_moe_output(p, v))
                deaths[n++] = (struct death){v, end_of_life(&f, v, op)};
        }
    }
    for (uint32_t i = 0; i < n; i++)
        if (!insert_deallocate(&f, deaths[i].v, deaths[i].last))
            return false;
    return true;
}

bool pass_deallocate(pass_context *p) {
    /* The ops that are there now; the deallocates are not asked about. */
    uint32_t n = p->m->n_ops;
    uint32_t *order = ARENA_ARRAY(&p->scratch, uint32_t, n);
    if (!order)
        return pass_out_of_memory(p);
    for (each_func_inside(p->m, p->scope, f))
        if (!process_function(p, f, order, n))
            return false;
    return true;
}
