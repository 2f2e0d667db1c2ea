/* ttir-element-type-normalization: element types become those that the device has (f64 -> f32, i1 -> bf16, 64-bit
 * integers -> 32 bits, ...). Quantized types and tiles stay. */
#include "compile/constant.h"
#include "compile/passes.h"
#include "compile/rewrite.h"
#include "target/dtype.h"

/* The type that t becomes; t itself when it stays, 0 when the device has nothing like it. */
static ir_type look_up(pass_context *p, ir_type t) {
    ir_context *c = p->c;
    if (ir_kind_of(c, t) != IR_TYPE_TENSOR)
        return t;
    ir_type element = ir_element_type(c, t);
    if (ir_kind_of(c, element) == IR_TYPE_DIALECT) {
        str dialect = dialect_prefix(dialect_text(dialect_def_of_node(c, element)->name));
        if (str_eq(dialect, STR("quant")) || dialect_is_type(c, element, TYPE_ttcore_tile))
            return t;
    }
    target_dtype dtype = target_dtype_of(c, element);
    if (dtype == DTYPE_NONE)
        return 0;
    ir_type to = target_dtype_scalar(c, dtype == DTYPE_I1 ? DTYPE_BF16 : dtype);
    return to == element ? t : ir_with_element_type(c, t, to);
}

/* What the last types became, in pass_context.data: models have few of them, and each value is asked for several times. */
enum { MEMO = 64 };
typedef struct memo {
    ir_type from[MEMO], to[MEMO]; /* at t % MEMO */
} memo;

static ir_type normal_type(pass_context *p, ir_type t) {
    memo *k = p->data;
    uint32_t at = t % MEMO;
    if (k->from[at] != t) {
        k->to[at] = look_up(p, t);
        k->from[at] = t;
    }
    return k->to[at];
}

static bool all_legal(pass_context *p, const ir_type *types, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (!normal_type(p, types[i]))
            return false;
    return true;
}

/* Every type in the module must have a counterpart before anything changes. */
static bool check_types(pass_context *p) {
    ir_module *m = p->m;
    for (ir_op op = p->scope; op; op = ir_walk_next(m, p->scope, op)) {
        bool ok = true;
        for (uint32_t i = 0; ok && i < m->ops[op].n_operands; i++)
            ok = normal_type(p, ir_value_type(m, ir_operand(m, op, i))) != 0;
        for (uint32_t i = 0; ok && i < m->ops[op].n_results; i++)
            ok = normal_type(p, ir_value_type(m, ir_result(m, op, i))) != 0;
        ir_attr type = op_is(m, op, OP_func_func) ? ir_op_attr(m, op, STR("function_type")) : 0;
        if (ok && type && ir_kind_of(p->c, type) == IR_ATTR_TYPE) {
            const uint32_t *w = ir_words(p->c, ir_at(p->c, type, 0));
            ok = all_legal(p, w + 3, w[1] - 1);
        }
        if (!ok)
            return pass_error(p, op, "Unsupported type.");
    }
    return true;
}

static bool convert_value(pass_context *p, ir_value v) {
    ir_type t = ir_value_type(p->m, v), to = normal_type(p, t);
    if (!to || to == t)
        return false;
    p->m->values[v].type = to;
    pass_touched(p);
    return true;
}

static bool convert_function(pass_context *p, ir_op func) {
    ir_context *c = p->c;
    ir_attr old = ir_op_attr(p->m, func, STR("function_type"));
    if (!old || ir_kind_of(c, old) != IR_ATTR_TYPE)
        return false;
    const uint32_t *w = ir_words(c, ir_at(c, old, 0));
    uint32_t n_in = w[2], n = w[1] - 1;
    ir_type *types = ARENA_ARRAY(&p->scratch, ir_type, n + 1);
    if (!types)
        return false;
    for (uint32_t i = 0; i < n; i++)
        types[i] = normal_type(p, w[3 + i]);
    ir_attr new = ir_attr_type(c, ir_type_function(c, types, n_in, types + n_in, n - n_in));
    if (new == old)
        return false;
    ir_set_prop(p->e, func, STR("function_type"), new);
    ir_block entry = p->m->regions[ir_op_region(p->m, func, 0)].first;
    for (uint32_t i = 0; entry && i < p->m->blocks[entry].n_args; i++)
        convert_value(p, p->m->blocks[entry].args + i);
    return true;
}

static bool convert_types(pass_context *p, ir_op op) {
    bool changed = false;
    for (uint32_t i = 0; i < p->m->ops[op].n_operands; i++)
        changed = convert_value(p, ir_operand(p->m, op, i)) || changed;
    for (uint32_t i = 0; i < p->m->ops[op].n_results; i++)
        changed = convert_value(p, ir_result(p->m, op, i)) || changed;
    return (op_is(p->m, op, OP_func_func) && convert_function(p, op)) || changed;
}

/* One element in its new type: 64-bit integers are clamped to 32 bits, whatever the new type is, floats rounded. */
static uint64_t convert_number(const number_type *from, const number_type *to, uint64_t bits) {
    if (from->is_float)
        return number_from_double(to, number_to_double(from, bits));
    if (to->is_float)
        return number_from_double(to, number_to_double(from, bits));
    int64_t v = (int64_t)bits;
    if (from->width == 64)
        v = v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : v;
    return number_from_int(to, v);
}

static bool convert_constant(pass_context *p, ir_op op) {
    dense_view v;
    number_type to;
    if (!dense_read(p->c, ir_op_attr(p->m, op, STR("value")), &v))
        return false;
    ir_type type = normal_type(p, v.type);
    if (!type || type == v.type || !number_type_of(p->c, ir_element_type(p->c, type), &to))
        return false;
    ir_attr new;
    if (v.splat) {
        new = dense_splat(p, type, convert_number(&v.of, &to, dense_at(&v, 0)));
    } else {
        uint64_t *bits = ARENA_ARRAY(&p->scratch, uint64_t, (size_t)v.n);
        if (!bits)
            return false;
        for (int64_t i = 0; i < v.n; i++)
            bits[i] = convert_number(&v.of, &to, dense_at(&v, i));
        new = dense_make(p, type, bits, v.n);
    }
    ir_set_prop(p->e, op, STR("value"), new);
    return true;
}

static const rewrite_pattern patterns[] = {
    {REWRITE_ANY_OP, 1, convert_types, true},
    {OP_ttir_constant, 1, convert_constant, true},
};

bool pass_element_types(pass_context *p) {
    memo known = {{0}};
    void *outer = p->data;
    p->data = &known;
    bool ok =
        check_types(p) && rewrite_greedy(p, p->scope, patterns, sizeof patterns / sizeof *patterns, REWRITE_NO_FOLD, 0);
    p->data = outer;
    return ok;
}
