/* Rules of MLIR's own dialects: arith, memref, tensor, scf, func symbols. Messages are those of mlir-opt 22. */
#include "dialect/check_inner.h"

/* ---- casts ---------------------------------------------------------------------------------------------- */

static bool bad_cast(checker *k) {
    str from = ck_print(k, ck_operand(k, 0)), to = ck_print(k, ck_result(k, 0));
    return ck_fail(k, "operand type '%.*s' and result type '%.*s' are cast incompatible", STR_ARG(from), STR_ARG(to));
}

/* Widths of the element types before and after; 0 for index, which has none. */
static void widths(checker *k, uint32_t *from, uint32_t *to) {
    ir_type a = ck_element(k, ck_operand(k, 0)), b = ck_element(k, ck_result(k, 0));
    *from = ir_kind_of(k->ctx, a) == IR_TYPE_INDEX ? 0 : ir_bit_width(k->ctx, a);
    *to = ir_kind_of(k->ctx, b) == IR_TYPE_INDEX ? 0 : ir_bit_width(k->ctx, b);
}

static bool check_extend(checker *k) {
    uint32_t from, to;
    widths(k, &from, &to);
    return from < to || bad_cast(k);
}

static bool check_truncate(checker *k) {
    uint32_t from, to;
    widths(k, &from, &to);
    return from > to || bad_cast(k);
}

static bool check_bitcast(checker *k) {
    uint32_t from, to;
    widths(k, &from, &to);
    return from == to || bad_cast(k);
}

static bool check_index_cast(checker *k) {
    uint32_t from, to;
    widths(k, &from, &to);
    return (from == 0) != (to == 0) || bad_cast(k);
}

static bool check_tensor_cast(checker *k) {
    ir_type a = ck_operand(k, 0), b = ck_result(k, 0);
    int rank = ck_rank(k, a);
    bool good = ck_element(k, a) == ck_element(k, b);
    if (rank >= 0 && ck_rank(k, b) >= 0) {
        good &= rank == ck_rank(k, b);
        for (int i = 0; good && i < rank; i++)
            good = ck_dim(k, a, i) == ck_dim(k, b, i) || ck_dim(k, a, i) < 0 || ck_dim(k, b, i) < 0;
    }
    return good || bad_cast(k);
}

/* ---- indices and sizes ---------------------------------------------------------------------------------- */

static bool check_load(checker *k) {
    int rank = ck_rank(k, ck_in(k, "memref"));
    uint32_t n = ck_in_count(k, "indices", NULL);
    return rank < 0 || n == (uint32_t)rank ||
           ck_fail(k, "incorrect number of indices for load, expected %d but got %u", rank, n);
}

static bool check_store(checker *k) {
    int rank = ck_rank(k, ck_in(k, "memref"));
    return rank < 0 || ck_in_count(k, "indices", NULL) == (uint32_t)rank ||
           ck_fail(k, "store index operand count not equal to memref rank");
}

static bool check_extract(checker *k) {
    int rank = ck_rank(k, ck_in(k, "tensor"));
    return rank < 0 || ck_in_count(k, "indices", NULL) == (uint32_t)rank ||
           ck_fail(k, "incorrect number of indices for extract_element");
}

static bool check_insert(checker *k) {
    int rank = ck_rank(k, ck_in(k, "dest"));
    return rank < 0 || ck_in_count(k, "indices", NULL) == (uint32_t)rank || ck_fail(k, "incorrect number of indices");
}

/* One operand for every dimension of the result that is only known at run time. */
static bool check_sizes(checker *k) {
    ir_type t = ck_result(k, 0);
    uint32_t n = ck_in_count(k, "dynamicSizes", NULL), expected = 0;
    for (int i = 0; i < ck_rank(k, t); i++)
        expected += ck_dim(k, t, i) == IR_DYNAMIC;
    return n == expected || ck_fail(k, "incorrect number of dynamic sizes, has %u, expected %u", n, expected);
}

const ck_rule ck_rules_upstream[] = {
    {"arith.bitcast", check_bitcast, true},
    {"arith.extf", check_extend, true},
    {"arith.extsi", check_extend, true},
    {"arith.extui", check_extend, true},
    {"arith.index_cast", check_index_cast, true},
    {"arith.index_castui", check_index_cast, true},
    {"arith.truncf", check_truncate, true},
    {"arith.trunci", check_truncate, true},
    {"memref.alloc", check_sizes, true},
    {"memref.alloca", check_sizes, true},
    {"memref.load", check_load, true},
    {"memref.store", check_store, true},
    {"tensor.cast", check_tensor_cast, true},
    {"tensor.empty", check_sizes, true},
    {"tensor.extract", check_extract, true},
    {"tensor.insert", check_insert, true},
    {NULL, NULL, false},
};

/* ---- symbols -------------------------------------------------------------------------------------------- */

bool ck_get_global(checker *k) {
    ir_attr name = ck_attr(k, "name");
    ir_op global = ir_symbol_resolve(&k->symbols, k->op, name);
    str text = ir_str_of(k->ctx, name);
    if (!str_eq(ir_op_name_str(k->m, global), STR("memref.global")))
        return ck_fail(k, "'%.*s' does not reference a valid global memref", STR_ARG(text));
    ir_attr type = ir_op_attr(k->m, global, STR("type"));
    if (ir_kind_of(k->ctx, type) != IR_ATTR_TYPE || ir_at(k->ctx, type, 0) == ck_result(k, 0))
        return true;
    str own = ck_print(k, ck_result(k, 0)), other = ck_print(k, ir_at(k->ctx, type, 0));
    return ck_fail(k, "result type '%.*s' does not match type '%.*s' of the global memref @%.*s", STR_ARG(own),
                   STR_ARG(other), STR_ARG(text));
}

bool ck_func_constant(checker *k) {
    ir_attr name = ck_attr(k, "value");
    ir_op function = ir_symbol_resolve(&k->symbols, k->op, name);
    if (!str_eq(ir_op_name_str(k->m, function), STR("func.func")))
        return ck_fail(k, "reference to undefined function '%.*s'", STR_ARG(ir_str_of(k->ctx, name)));
    ir_attr type = ir_op_attr(k->m, function, STR("function_type"));
    return ir_kind_of(k->ctx, type) != IR_ATTR_TYPE || ir_at(k->ctx, type, 0) == ck_result(k, 0) ||
           ck_fail(k, "reference to function with mismatched type");
}

/* ---- scf: what a region hands on ------------------------------------------------------------------------ */

/* The terminator of a region hands values of these types on to `where`. */
static bool check_yield(checker *k, ir_region region, const char *where, ir_value first, uint32_t n) {
    const ir_module *m = k->m;
    ir_op yield = m->blocks[m->regions[region].last].last;
    if (!str_eq(ir_op_name_str(m, yield), STR("scf.yield")))
        return true;
    uint32_t got = m->ops[yield].n_operands;
    if (got != n)
        return ck_fail(
            k,
            "along control flow edge from Operation scf.yield to %s: region branch point has %u operands, but "
            "region successor needs %u inputs",
            where, got, n);
    for (uint32_t i = 0; i < n; i++) {
        ir_type a = ir_value_type(m, ir_operand(m, yield, i)), b = ir_value_type(m, first + i);
        if (a == b)
            continue;
        return ck_fail(
            k,
            "along control flow edge from Operation scf.yield to %s: successor operand type #%u '%.*s' should "
            "match successor input type #%u '%.*s'",
            where, i, STR_ARG(ck_print(k, a)), i, STR_ARG(ck_print(k, b)));
    }
    return true;
}

bool ck_scf_if(checker *k) {
    const ir_op_data *o = &k->m->ops[k->op];
    for (uint32_t i = 0; i < o->n_regions; i++) {
        ir_region region = ir_op_region(k->m, k->op, i);
        if (!k->m->regions[region].first) {
            if (o->n_results)
                return ck_fail(k, "must have an else block if defining values");
            continue;
        }
        if (!check_yield(k, region, "parent", o->results, o->n_results))
            return false;
    }
    return true;
}

bool ck_scf_for(checker *k) {
    const ir_module *m = k->m;
    ir_region body = ir_op_region(m, k->op, 0);
    const ir_block_data *b = &m->blocks[m->regions[body].first];
    uint32_t first, n = ck_in_count(k, "initArgs", &first);
    if (!b->n_args)
        return ck_fail(k, "expected body to have at least one argument for the induction variable");
    if (m->values[b->args].type != ck_operand(k, 0))
        return ck_fail(k, "expected induction variable to be same type as bounds and step");
    if (n != m->ops[k->op].n_results)
        return ck_fail(k, "mismatch in number of loop-carried values and defined values");
    if (n != b->n_args - 1)
        return ck_fail(k, "different number of inits and region iter_args: %u != %u", n, b->n_args - 1);
    for (uint32_t i = 0; i < n; i++) {
        ir_type t = m->values[b->args + 1 + i].type;
        if (t != ck_operand(k, first + i) || t != ck_result(k, i))
            return ck_fail(k, "types mismatch between %uth iter operand and defined value", i);
    }
    return check_yield(k, body, "Region #0", b->args + 1, n);
}
