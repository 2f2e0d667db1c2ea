/* What passes share: messages, building and reading ops, types and locations. Modules and functions are in modules.c. */
#include "compile/pass.h"

#include "text/text.h"

/* ---- messages ------------------------------------------------------------------------------------------- */

/* The op's location is, for an op that a pass made, all there is to find it by. */
void pass_note(pass_context *p, ir_op op) {
    struct buf loc;
    buf_init(&loc, p->m->mem);
    bool has_loc = op && text_print_node(p->c, p->m->ops[op].loc, &loc) && !loc.failed;
    if (has_loc)
        ir_note(&p->report, 0, "in pass %s, at %.*s", p->pass, STR_ARG(buf_str(&loc)));
    else
        ir_note(&p->report, 0, "in pass %s", p->pass);
    buf_free(&loc);
}

bool pass_error(pass_context *p, ir_op op, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    ir_op_errorv(&p->report, op, fmt, ap);
    va_end(ap);
    pass_note(p, op);
    return false;
}

bool pass_error_plain(pass_context *p, ir_op op, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    str text = arena_vprintf(&p->scratch, fmt, ap);
    va_end(ap);
    if (!text.p)
        return pass_out_of_memory(p);
    ir_error(&p->report, op, "%.*s", STR_ARG(text));
    pass_note(p, op);
    return false;
}

bool pass_out_of_memory(pass_context *p) {
    diag_out_of_memory(p->d);
    p->m->failed = true;
    return false;
}

void pass_touched(pass_context *p) {
    ir_edit_touched(p->e);
}

/* ---- ops ------------------------------------------------------------------------------------------------ */

ir_name op_name(pass_context *p, uint32_t id) {
    if (!p->names[id])
        p->names[id] = ir_op_name(p->c, dialect_text(dialect_op(id)->name));
    return p->names[id];
}

ir_op def_is(const ir_module *m, ir_value v, uint32_t id) {
    ir_op def = v ? ir_def_op(m, v) : 0;
    return op_is(m, def, id) ? def : 0;
}

ir_op build_op(pass_context *p, const build_args *a) {
    ir_attr props = a->props;
    const op_def *d = dialect_op(a->op);
    if (d->flags & OP_OPERAND_SEGMENTS && a->sizes)
        props = ir_dict_set(p->c, props, STR("operandSegmentSizes"),
                            ir_attr_dense_array(p->c, p->c->t_i32, a->sizes, d->n_operands * sizeof *a->sizes, true));
    return ir_build(p->e, &(ir_op_spec){.name = op_name(p, a->op),
                                        .loc = a->loc,
                                        .operands = a->operands,
                                        .n_operands = a->n_operands,
                                        .results = a->types,
                                        .n_results = a->n_types,
                                        .props = props,
                                        .attrs = a->attrs});
}

ir_value build_value(pass_context *p, uint32_t op, ir_loc loc, const ir_value *operands, uint32_t n, ir_type type,
                     ir_attr props) {
    ir_op made = build_op(
        p,
        &(build_args){
            .op = op, .loc = loc, .operands = operands, .n_operands = n, .types = &type, .n_types = 1, .props = props});
    return made ? ir_result(p->m, made, 0) : 0;
}

operand_group op_group(const ir_module *m, ir_op op, uint32_t i) {
    const op_def *d = dialect_def_of(m, op);
    uint32_t n = m->ops[op].n_operands;
    if (!d || i >= d->n_operands)
        return (operand_group){0, 0};
    if (d->flags & OP_OPERAND_SEGMENTS) {
        int64_t sizes[32];
        uint32_t k = op_ints(m, op, STR("operandSegmentSizes"), sizes, 32);
        operand_group g = {0, 0};
        for (uint32_t j = 0; j <= i; j++) {
            g.first += g.n;
            g.n = j < k && sizes[j] > 0 ? (uint32_t)sizes[j] : 0;
        }
        return g.first + g.n <= n ? g : (operand_group){0, 0};
    }
    /* At most one group has no fixed size, or all of those have the same. */
    uint32_t loose = 0, before = 0, fixed = 0;
    for (uint32_t j = 0; j < d->n_operands; j++) {
        bool one = op_operand(d, j)->arity == ARITY_ONE;
        fixed += one;
        loose += !one;
        before += !one && j < i;
    }
    uint32_t each = loose && n >= fixed ? (n - fixed) / loose : 0;
    operand_group g = {i - before + before * each, op_operand(d, i)->arity == ARITY_ONE ? 1 : each};
    return g.first + g.n <= n ? g : (operand_group){0, 0};
}

ir_value op_operand_named(const ir_module *m, ir_op op, str name) {
    const op_def *d = dialect_def_of(m, op);
    for (uint32_t i = 0; d && i < d->n_operands; i++)
        if (str_eq(dialect_text(op_operand(d, i)->name), name)) {
            operand_group g = op_group(m, op, i);
            return g.n ? ir_operand(m, op, g.first) : 0;
        }
    return 0;
}

/* ---- attributes ----------------------------------------------------------------------------------------- */

bool op_int(const ir_module *m, ir_op op, str key, int64_t *out) {
    ir_attr a = ir_op_attr(m, op, key);
    return a && ir_int_value(m->ctx, a, out);
}

bool op_flag(const ir_module *m, ir_op op, str key) {
    ir_attr a = ir_op_attr(m, op, key);
    int64_t v;
    return a && (ir_kind_of(m->ctx, a) == IR_ATTR_UNIT || (ir_int_value(m->ctx, a, &v) && v));
}

bool op_float(const ir_module *m, ir_op op, str key, double *out) {
    ir_attr a = ir_op_attr(m, op, key);
    return a && ir_float_value(m->ctx, a, out);
}

uint32_t attr_ints(const ir_context *c, ir_attr a, int64_t *out, uint32_t cap) {
    if (!a)
        return 0;
    if (ir_kind_of(c, a) == IR_ATTR_ARRAY) {
        uint32_t n = ir_count(c, a);
        for (uint32_t i = 0; i < n && i < cap; i++)
            if (!ir_int_value(c, ir_at(c, a, i), &out[i]))
                return 0;
        return n;
    }
    if (ir_kind_of(c, a) != IR_ATTR_DENSE_ARRAY)
        return 0;
    str data = ir_data(c, a);
    uint32_t width = ir_bit_width(c, ir_at(c, a, 0)), bytes = width < 8 ? 1 : width / 8;
    uint32_t n = (uint32_t)(data.n / bytes);
    for (uint32_t i = 0; i < n && i < cap; i++) {
        const char *at = data.p + (size_t)i * bytes;
        int8_t v1;
        int16_t v2;
        int32_t v4;
        switch (bytes) {
        case 1:
            memcpy(&v1, at, 1);
            out[i] = v1; /* NOLINT(bugprone-signed-char-misuse): it is a number */
            break;
        case 2:
            memcpy(&v2, at, 2);
            out[i] = v2;
            break;
        case 4:
            memcpy(&v4, at, 4);
            out[i] = v4;
            break;
        default: memcpy(&out[i], at, 8);
        }
    }
    return n;
}

uint32_t op_ints(const ir_module *m, ir_op op, str key, int64_t *out, uint32_t cap) {
    return attr_ints(m->ctx, ir_op_attr(m, op, key), out, cap);
}

ir_attr make_dict(pass_context *p, const attr_entry *e, uint32_t n) {
    enum { MOST = 64 };
    uint32_t kv[2 * MOST], k = 0;
    ir_str dup;
    for (uint32_t i = 0; i < n && k < 2 * MOST; i++) {
        if (!e[i].value)
            continue;
        kv[k++] = ir_string(p->c, e[i].key, false);
        kv[k++] = e[i].value;
    }
    return k ? ir_attr_dict(p->c, kv, k / 2, &dup) : 0;
}

ir_attr make_i32(pass_context *p, int64_t v) {
    return ir_attr_int(p->c, p->c->t_i32, v);
}

ir_attr make_si32(pass_context *p, int64_t v) {
    return ir_attr_int(p->c, ir_type_integer(p->c, 32, IR_SIGNED), v);
}

ir_attr make_i64(pass_context *p, int64_t v) {
    return ir_attr_int(p->c, p->c->t_i64, v);
}

ir_attr make_f32(pass_context *p, double v) {
    return ir_attr_float(p->c, p->c->t_f32, v);
}

ir_attr make_i32s(pass_context *p, const int64_t *v, uint32_t n) {
    int32_t few[PASS_MAX_RANK * 4], *w = few;
    if (n > sizeof few / sizeof *few && !(w = ARENA_ARRAY(&p->scratch, int32_t, n)))
        return 0;
    for (uint32_t i = 0; i < n; i++)
        w[i] = (int32_t)v[i];
    return ir_attr_dense_array(p->c, p->c->t_i32, w, n * sizeof *w, true);
}

ir_attr make_i64s(pass_context *p, const int64_t *v, uint32_t n) {
    return ir_attr_dense_array(p->c, p->c->t_i64, v, n * sizeof *v, true);
}

ir_attr make_i32_list(pass_context *p, const int64_t *v, uint32_t n) {
    ir_attr few[PASS_MAX_RANK * 4], *w = few;
    if (n > sizeof few / sizeof *few && !(w = ARENA_ARRAY(&p->scratch, ir_attr, n)))
        return 0;
    for (uint32_t i = 0; i < n; i++)
        w[i] = make_i32(p, v[i]);
    return ir_attr_array(p->c, w, n);
}

/* ---- types ---------------------------------------------------------------------------------------------- */

int type_shape(const ir_context *c, ir_type t, int64_t *dims) {
    if (!t || ir_kind_of(c, t) != IR_TYPE_TENSOR)
        return -1;
    int rank = ir_rank(c, t);
    if (rank < 0 || rank > PASS_MAX_RANK)
        return -1;
    for (int i = 0; i < rank; i++)
        dims[i] = ir_dim(c, t, i);
    return rank;
}

ir_type type_with_shape(pass_context *p, ir_type t, const int64_t *dims, uint32_t rank) {
    return ir_type_tensor(p->c, dims, rank, ir_element_type(p->c, t), ir_encoding(p->c, t));
}

ir_type type_with_element(pass_context *p, ir_type t, ir_type element) {
    return ir_with_element_type(p->c, t, element);
}

ir_type type_with_encoding(pass_context *p, ir_type t, ir_attr encoding) {
    int64_t dims[PASS_MAX_RANK];
    int rank = type_shape(p->c, t, dims);
    return rank < 0 ? t : ir_type_tensor(p->c, dims, (uint32_t)rank, ir_element_type(p->c, t), encoding);
}

/* ---- locations ------------------------------------------------------------------------------------------ */

ir_loc loc_suffix(pass_context *p, ir_loc loc, const char *fmt, ...) {
    if (!loc || ir_kind_of(p->c, loc) != IR_LOC_NAME)
        return loc;
    /* The name and, mostly without anything to format, the suffix: in one piece of scratch memory. */
    str name = ir_str_of(p->c, ir_at(p->c, loc, 0)), suffix = str_from_z(fmt);
    if (memchr(fmt, '%', suffix.n)) {
        va_list ap;
        va_start(ap, fmt);
        suffix = arena_vprintf(&p->scratch, fmt, ap);
        va_end(ap);
    }
    if (!suffix.n)
        return loc;
    char *both = arena_alloc(&p->scratch, name.n + suffix.n, 1);
    if (!both)
        return loc;
    if (name.n)
        memcpy(both, name.p, name.n);
    memcpy(both + name.n, suffix.p, suffix.n);
    return ir_loc_name(p->c, ir_string(p->c, str_of(both, name.n + suffix.n), true), loc);
}

ir_loc loc_fused(pass_context *p, const ir_loc *l, uint32_t n) {
    return ir_loc_fused(p->c, 0, l, n);
}

bool pass_each_module(pass_context *p, pass_fn *run) {
    ir_op scope = p->scope, next;
    bool ok = run(p);
    for (ir_op op = ir_walk_next(p->m, scope, scope); ok && op; op = next) {
        bool module = op_is(p->m, op, OP_builtin_module) && op_is(p->m, ir_parent_op(p->m, op), OP_builtin_module);
        p->scope = module ? op : scope;
        ok = !module || run(p);
        p->scope = scope;
        next = ok ? ir_walk_next(p->m, scope, op) : 0;
    }
    return ok;
}
