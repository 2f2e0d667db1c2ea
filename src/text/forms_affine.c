/* forms_affine.c - hand-written forms of affine: loops with affine bounds, conditionals, accesses by affine expressions. */
#include <string.h>

#include "text/asm.h"
#include "text/forms.h"

/* ---- maps and their operands ---------------------------------------------------------------------------- */

static bool read_map_operands(reader *r, uint32_t *n_dims, uint32_t *n_syms) {
    *n_syms = 0;
    if (!form_operands_of(r, '(', ')', r->ctx->t_index, n_dims))
        return false;
    return !rd_is(r, '[') || form_operands_of(r, '[', ']', r->ctx->t_index, n_syms);
}

/* A map or set with as many operands as it has inputs: `#map(%d)[%s]`. */
static bool read_applied(reader *r, ir_kind kind, const char *what, ir_attr *out, uint32_t *n) {
    uint32_t at = rd_pos(r), dims, syms;
    ir_attr a = rd_attr(r, 0);
    if (!a)
        return false;
    if (ir_kind_of(r->ctx, a) != kind)
        return rd_error(r, at, "expected %s", what);
    if (!read_map_operands(r, &dims, &syms))
        return false;
    if (dims != ir_at(r->ctx, a, 0))
        return rd_error(r, at, "dim operand count and %s dim count must match", what);
    if (syms != ir_at(r->ctx, a, 1))
        return rd_error(r, at, "symbol operand count and %s symbol count must match", what);
    *out = a;
    *n = dims + syms;
    return true;
}

static bool is_map(const ir_context *c, ir_attr a, uint32_t inputs) {
    return a && ir_kind_of(c, a) == IR_ATTR_AFFINE_MAP && ir_at(c, a, 0) + ir_at(c, a, 1) == inputs;
}

static uint32_t map_results(const ir_context *c, ir_attr map) {
    return ir_count(c, map) - 2;
}

/* "(%a)[%b]": the operands from `first` on that a map or set of dims and symbols is applied to. */
static void print_map_operands(printer *p, ir_op op, uint32_t first, ir_attr map) {
    uint32_t dims = ir_at(p->c, map, 0), syms = ir_at(p->c, map, 1);
    form_print_bracketed(p, op, '(', first, dims, ')');
    if (syms)
        form_print_bracketed(p, op, '[', first + dims, syms, ']');
}

/* "[%i + 1, symbol(%n)]": the map's expressions over operands from `first` on. */
static void print_subscripts(printer *p, ir_op op, uint32_t first, ir_attr map) {
    const ir_context *c = p->c;
    uint32_t dims = ir_at(c, map, 0), syms = ir_at(c, map, 1), n = map_results(c, map);
    const ir_value *v = p->m->pool + ir_op_at(p->m, op)->operands + first;
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            print_lit(p, ", ");
        print_affine_expr(p, ir_at(c, map, 2 + i), v, dims, v + dims, syms);
    }
}

/* ---- affine.apply, min, max ------------------------------------------------------------------------------- */

/* #map(%d)[%s] */
bool form_read_affine_apply(reader *r, rd_op *op) {
    ir_attr map = 0;
    uint32_t n;
    return read_applied(r, IR_ATTR_AFFINE_MAP, "affine map", &map, &n) && rd_opt_attr_dict(r, op) &&
           rd_add_prop(r, STR("map"), map) && rd_add_result_type(r, r->ctx->t_index);
}

bool form_print_affine_apply(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_attr map = ir_op_attr(p->m, op, STR("map"));
    if (!is_map(p->c, map, o->n_operands) || o->n_results != 1)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_attr(p, map);
    print_map_operands(p, op, 0, map);
    static const str elided[] = {STR_INIT("map")};
    form_print_attrs(p, op, elided, 1);
    return true;
}

/* ---- bounds of affine.for --------------------------------------------------------------------------------- */

/* 3 | -3 | %n | #map(%d)[%s] | max #map(..), min #map(..) */
static bool read_bound(reader *r, bool lower, ir_attr *map, uint32_t *n) {
    ir_context *c = r->ctx;
    uint32_t at = rd_pos(r);
    bool several = rd_accept_keyword(r, lower ? "max" : "min");
    if (rd_is_value(r)) {
        rd_use u;
        if (!rd_value_use(r, &u) || !rd_resolve_operand(r, u, c->t_index))
            return false;
        ir_expr e = ir_expr_symbol(c, 0);
        *map = ir_attr_affine_map(c, 0, 1, &e, 1);
        *n = 1;
        return *map != 0;
    }
    str text;
    if (rd_is(r, '-') || rd_peek_number(r, &text) != RD_NO_NUMBER) {
        int64_t v;
        if (!rd_integer(r, &v))
            return false;
        ir_expr e = ir_expr_const(c, v);
        *map = ir_attr_affine_map(c, 0, 0, &e, 1);
        *n = 0;
        return *map != 0;
    }
    if (!read_applied(r, IR_ATTR_AFFINE_MAP, "affine map", map, n))
        return false;
    if (!several && map_results(c, *map) > 1)
        return rd_error(r, at, "%s loop bound affine map with multiple results requires '%s' prefix",
                        lower ? "lower" : "upper", lower ? "max" : "min");
    return true;
}

static void print_bound(printer *p, ir_op op, uint32_t first, ir_attr map, bool lower) {
    const ir_context *c = p->c;
    uint32_t dims = ir_at(c, map, 0), syms = ir_at(c, map, 1);
    if (map_results(c, map) == 1) {
        ir_expr e = ir_at(c, map, 2);
        if (ir_kind_of(c, e) == IR_EXPR_CONST && dims + syms == 0) {
            print_i64(p, ir_at64(c, e, 0));
            return;
        }
        if (ir_kind_of(c, e) == IR_EXPR_SYMBOL && dims == 0 && syms == 1) {
            print_operands(p, op, first, 1);
            return;
        }
    } else {
        print_str(p, lower ? STR("max ") : STR("min "));
    }
    print_attr(p, map);
    print_map_operands(p, op, first, map);
}

/* ---- affine.for ------------------------------------------------------------------------------------------- */

static bool plain_terminator(reader *r, rd_op *op) {
    return op->def->terminator == DIALECT_NONE || rd_ensure_terminator(r, op, dialect_op(op->def->terminator));
}

/* %i = bound to bound (step n)? (iter_args(%a = %b, ...) -> types)? {...} */
bool form_read_affine_for(reader *r, rd_op *op) {
    ir_context *c = r->ctx;
    rd_arg iv = {0};
    ir_attr lower, upper;
    uint32_t n_lower, n_upper;
    int64_t step = 1;
    if (!rd_argument(r, false, false, &iv) || !rd_expect(r, '=') || !read_bound(r, true, &lower, &n_lower) ||
        !rd_expect_keyword(r, "to") || !read_bound(r, false, &upper, &n_upper))
        return false;
    if (rd_accept_keyword(r, "step") && !rd_integer(r, &step))
        return false;
    iv.type = c->t_index;
    form_iter_args loop = {0};
    if (rd_accept_keyword(r, "iter_args") && !form_read_iter_args(r, &loop))
        return false;
    uint32_t args = rd_mark(r);
    if (!rd_push_arg(r, &iv) || !form_push_iter_args(r, &loop) || !rd_region(r, op, args, 1 + loop.n) ||
        !plain_terminator(r, op) || !rd_opt_attr_dict(r, op))
        return false;
    uint32_t sizes[] = {n_lower, n_upper, loop.n};
    return rd_add_prop(r, STR("lowerBoundMap"), lower) && rd_add_prop(r, STR("upperBoundMap"), upper) &&
           rd_add_prop(r, STR("step"), ir_attr_int(c, c->t_index, step)) &&
           rd_add_segments(r, STR("operandSegmentSizes"), sizes, 3);
}

bool form_print_affine_for(printer *p, ir_op op) {
    const ir_module *m = p->m;
    const ir_op_data *o = ir_op_at(m, op);
    asm_groups g;
    ir_attr lower = ir_op_attr(m, op, STR("lowerBoundMap")), upper = ir_op_attr(m, op, STR("upperBoundMap"));
    ir_attr step = ir_op_attr(m, op, STR("step"));
    int64_t by;
    if (o->n_regions != 1 || !asm_operand_groups(m, op, print_op_def(p, op), &g) || g.count != 3 ||
        !is_map(p->c, lower, g.n[0]) || !is_map(p->c, upper, g.n[1]) || !step || !ir_int_value(p->c, step, &by) ||
        g.n[2] != o->n_results)
        return false;
    ir_block body = form_single_block(m, ir_op_region(m, op, 0));
    if (!body || ir_block_at(m, body)->n_args != 1 + g.n[2])
        return false;
    ir_value args = ir_block_at(m, body)->args;
    print_op_name(p, op);
    print_char(p, ' ');
    print_value(p, args);
    print_lit(p, " = ");
    print_bound(p, op, g.first[0], lower, true);
    print_lit(p, " to ");
    print_bound(p, op, g.first[1], upper, false);
    if (by != 1) {
        print_lit(p, " step ");
        print_i64(p, by);
    }
    if (g.n[2]) {
        form_print_iter_args(p, op, args + 1, g.first[2], g.n[2], "iter_args");
        print_lit(p, " -> (");
        print_result_types(p, op, 0, o->n_results);
        print_char(p, ')');
    }
    print_char(p, ' ');
    print_region(p, ir_op_region(m, op, 0), o->n_results ? PRINT_TERMINATORS : 0);
    static const str elided[] = {STR_INIT("lowerBoundMap"), STR_INIT("upperBoundMap"), STR_INIT("step"),
                                 STR_INIT("operandSegmentSizes")};
    form_print_attrs(p, op, elided, 4);
    return true;
}

/* ---- affine.if -------------------------------------------------------------------------------------------- */

/* #set(%d)[%s] (-> types)? {...} (else {...})? */
bool form_read_affine_if(reader *r, rd_op *op) {
    ir_attr set = 0;
    uint32_t n;
    if (!read_applied(r, IR_ATTR_INTEGER_SET, "integer set", &set, &n) || !form_read_arrow_results(r, NULL) ||
        !rd_region(r, op, rd_mark(r), 0) || !plain_terminator(r, op))
        return false;
    if (rd_accept_keyword(r, "else")) {
        if (!rd_region(r, op, rd_mark(r), 0) || !plain_terminator(r, op))
            return false;
    } else if (!rd_add_region(r, ir_region_new(r->m))) {
        return false;
    }
    return rd_opt_attr_dict(r, op) && rd_add_prop(r, STR("condition"), set);
}

bool form_print_affine_if(printer *p, ir_op op) {
    const ir_module *m = p->m;
    const ir_op_data *o = ir_op_at(m, op);
    ir_attr set = ir_op_attr(m, op, STR("condition"));
    if (o->n_regions != 2 || !set || ir_kind_of(p->c, set) != IR_ATTR_INTEGER_SET ||
        ir_at(p->c, set, 0) + ir_at(p->c, set, 1) != o->n_operands)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_attr(p, set);
    print_map_operands(p, op, 0, set);
    form_print_arrow_results(p, op);
    print_char(p, ' ');
    unsigned flags = o->n_results ? PRINT_TERMINATORS : 0;
    print_region(p, ir_op_region(m, op, 0), flags);
    if (ir_region_at(m, ir_op_region(m, op, 1))->first) {
        print_lit(p, " else ");
        print_region(p, ir_op_region(m, op, 1), flags);
    }
    static const str elided[] = {STR_INIT("condition")};
    form_print_attrs(p, op, elided, 1);
    return true;
}

/* ---- affine.parallel -------------------------------------------------------------------------------------- */

/* The sizes of bound groups, n words on the stack, as dense i32 elements. */
static ir_attr group_sizes(reader *r, uint32_t mark, uint32_t n) {
    ir_context *c = r->ctx;
    const uint32_t *w = rd_words(r, mark);
    int64_t dim = n;
    bool splat = n > 0;
    for (uint32_t i = 1; i < n; i++)
        splat &= w[i] == w[0];
    ir_type t = ir_type_tensor(c, &dim, 1, c->t_i32, 0);
    size_t bytes = splat ? sizeof *w : n * sizeof *w;
    return ir_attr_dense(c, t, splat ? IR_DENSE_SPLAT : IR_DENSE_RAW, n ? (const void *)w : "", bytes, true);
}

/* `(bounds)` into the attributes `map_key` and `groups_key`. */
static bool read_bounds(reader *r, const char *word, str map_key, str groups_key, uint32_t want) {
    uint32_t mark = rd_mark(r), at = rd_pos(r);
    ir_attr map;
    if (!rd_affine_groups_of_ssa(r, word, &map))
        return false;
    uint32_t n = rd_mark(r) - mark;
    if (n != want)
        return rd_error(r, at, "expected %u bounds", want);
    return rd_add_prop(r, map_key, map) && rd_add_prop(r, groups_key, group_sizes(r, mark, n));
}

/* `(1, 2)` as steps; 1 for each of n when it is not written. */
static bool read_steps(reader *r, uint32_t n) {
    ir_context *c = r->ctx;
    uint32_t mark = rd_mark(r), at = rd_pos(r);
    if (rd_accept_keyword(r, "step")) {
        if (!rd_expect(r, '('))
            return false;
        do {
            int64_t v;
            if (!rd_integer(r, &v) || !rd_push(r, ir_attr_int(c, c->t_i64, v)))
                return false;
        } while (rd_accept(r, ','));
        if (!rd_expect(r, ')'))
            return false;
        if (rd_mark(r) - mark != n)
            return rd_error(r, at, "expected %u steps", n);
    } else {
        for (uint32_t i = 0; i < n; i++)
            if (!rd_push(r, ir_attr_int(c, c->t_i64, 1)))
                return false;
    }
    return rd_add_prop(r, STR("steps"), ir_attr_array(c, rd_words(r, mark), n));
}

/* `reduce ("addf", ...)`, optional. */
static bool read_reductions(reader *r) {
    ir_context *c = r->ctx;
    const enum_def *kinds = dialect_find_enum(STR("arith.AtomicRMWKind"));
    uint32_t mark = rd_mark(r);
    if (rd_accept_keyword(r, "reduce")) {
        if (!rd_expect(r, '('))
            return false;
        do {
            uint32_t at = rd_pos(r);
            ir_str word;
            if (!rd_string(r, &word))
                return false;
            const enum_case *k = kinds ? dialect_case_by_text(kinds, ir_str_of(c, word)) : NULL;
            if (!k)
                return rd_error(r, at, "invalid reduction value: %.*s", STR_ARG(ir_str_of(c, word)));
            if (!rd_push(r, ir_attr_int(c, c->t_i64, k->value)))
                return false;
        } while (rd_accept(r, ','));
        if (!rd_expect(r, ')'))
            return false;
    }
    return rd_add_prop(r, STR("reductions"), ir_attr_array(c, rd_words(r, mark), rd_mark(r) - mark));
}

/* (%i, ...) = (bounds) to (bounds) (step (n, ...))? (reduce ("op", ...))? (-> types)? {...} */
bool form_read_affine_parallel(reader *r, rd_op *op) {
    uint32_t ivs, n;
    if (!form_read_index_args(r, &ivs, &n) || !rd_expect(r, '=') ||
        !read_bounds(r, "max", STR("lowerBoundsMap"), STR("lowerBoundsGroups"), n) || !rd_expect_keyword(r, "to") ||
        !read_bounds(r, "min", STR("upperBoundsMap"), STR("upperBoundsGroups"), n) || !read_steps(r, n) ||
        !read_reductions(r))
        return false;
    return form_read_arrow_results(r, NULL) && rd_region(r, op, ivs, n) && plain_terminator(r, op) &&
           rd_opt_attr_dict(r, op);
}

/* Element i of a dense i32 constant; 0 when it has none. */
static uint32_t group_size(const ir_context *c, ir_attr sizes, uint32_t i) {
    str data = ir_data(c, sizes);
    uint32_t v = 0;
    size_t at = ir_flags_of(c, sizes) == IR_DENSE_SPLAT ? 0 : i * sizeof v;
    if (at + sizeof v <= data.n)
        memcpy(&v, data.p + at, sizeof v);
    return v;
}

/* Whether a map and group sizes say n bounds. */
static bool bounds_fit(const ir_context *c, ir_attr map, ir_attr sizes, uint32_t n) {
    if (!map || ir_kind_of(c, map) != IR_ATTR_AFFINE_MAP || !sizes || ir_kind_of(c, sizes) != IR_ATTR_DENSE ||
        ir_flags_of(c, sizes) > IR_DENSE_SPLAT || ir_num_elements(c, ir_at(c, sizes, 0)) != n ||
        ir_element_type(c, ir_at(c, sizes, 0)) != c->t_i32)
        return false;
    uint64_t total = 0;
    for (uint32_t i = 0; i < n; i++)
        total += group_size(c, sizes, i);
    return total == map_results(c, map);
}

static void print_bounds(printer *p, ir_op op, uint32_t first, ir_attr map, ir_attr sizes, uint32_t n, str word) {
    const ir_context *c = p->c;
    uint32_t dims = ir_at(c, map, 0), syms = ir_at(c, map, 1), next = 0;
    const ir_value *v = p->m->pool + ir_op_at(p->m, op)->operands + first;
    print_char(p, '(');
    for (uint32_t i = 0; i < n; i++) {
        uint32_t size = group_size(c, sizes, i);
        if (i)
            print_lit(p, ", ");
        if (size != 1) {
            print_str(p, word);
            print_char(p, '(');
        }
        for (uint32_t k = 0; k < size; k++) {
            if (k)
                print_lit(p, ", ");
            print_affine_expr(p, ir_at(c, map, 2 + next++), v, dims, v + dims, syms);
        }
        if (size != 1)
            print_char(p, ')');
    }
    print_char(p, ')');
}

bool form_print_affine_parallel(printer *p, ir_op op) {
    static const str elided[] = {STR_INIT("reductions"),     STR_INIT("lowerBoundsMap"), STR_INIT("lowerBoundsGroups"),
                                 STR_INIT("upperBoundsMap"), STR_INIT("steps"),          STR_INIT("upperBoundsGroups")};
    const ir_module *m = p->m;
    const ir_context *c = p->c;
    const ir_op_data *o = ir_op_at(m, op);
    ir_block body = o->n_regions == 1 ? form_single_block(m, ir_op_region(m, op, 0)) : 0;
    ir_attr lower = ir_op_attr(m, op, elided[1]), upper = ir_op_attr(m, op, elided[3]),
            steps = ir_op_attr(m, op, elided[4]);
    ir_attr lower_groups = ir_op_attr(m, op, elided[2]), upper_groups = ir_op_attr(m, op, elided[5]);
    ir_attr reductions = ir_op_attr(m, op, elided[0]);
    const enum_def *kinds = dialect_find_enum(STR("arith.AtomicRMWKind"));
    uint32_t n = body ? ir_block_at(m, body)->n_args : 0;
    if (!body || !bounds_fit(c, lower, lower_groups, n) || !bounds_fit(c, upper, upper_groups, n) || !steps ||
        ir_kind_of(c, steps) != IR_ATTR_ARRAY || ir_count(c, steps) != n || !reductions ||
        ir_kind_of(c, reductions) != IR_ATTR_ARRAY || !kinds)
        return false;
    uint32_t n_lower = ir_at(c, lower, 0) + ir_at(c, lower, 1), n_upper = ir_at(c, upper, 0) + ir_at(c, upper, 1);
    if (n_lower + n_upper != o->n_operands)
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    form_print_args(p, ir_block_at(m, body)->args, n);
    print_lit(p, " = ");
    print_bounds(p, op, 0, lower, lower_groups, n, STR("max"));
    print_lit(p, " to ");
    print_bounds(p, op, n_lower, upper, upper_groups, n, STR("min"));
    bool plain = true;
    for (uint32_t i = 0; i < n; i++) {
        int64_t v;
        plain &= ir_int_value(c, ir_at(c, steps, i), &v) && v == 1;
    }
    if (!plain) {
        print_lit(p, " step (");
        for (uint32_t i = 0; i < n; i++) {
            int64_t v = 0;
            ir_int_value(c, ir_at(c, steps, i), &v);
            if (i)
                print_lit(p, ", ");
            print_i64(p, v);
        }
        print_char(p, ')');
    }
    if (o->n_results) {
        print_lit(p, " reduce (");
        for (uint32_t i = 0; i < ir_count(c, reductions); i++) {
            char text[64];
            size_t len = 0;
            if (i)
                print_lit(p, ", ");
            print_quoted(p, asm_enum_text(c, kinds, ir_at(c, reductions, i), text, sizeof text, &len)
                                ? str_of(text, len)
                                : STR(""));
        }
        print_lit(p, ") -> (");
        print_result_types(p, op, 0, o->n_results);
        print_char(p, ')');
    }
    print_char(p, ' ');
    print_region(p, ir_op_region(m, op, 0), o->n_results ? PRINT_TERMINATORS : 0);
    form_print_attrs(p, op, elided, sizeof elided / sizeof *elided);
    return true;
}

/* ---- loads and stores ------------------------------------------------------------------------------------- */

/* `%m[subscripts]` behind an optional value; the memref's type comes later, so its place among the operands is found by
 * resolving the subscripts afterwards: the text is read twice, the second time from `subscripts`. */
static bool skip_brackets(reader *r) {
    uint32_t depth = 0;
    do {
        if (rd_at_end(r))
            return rd_expected(r, "expected ']'");
        if (rd_is(r, '['))
            depth++;
        else if (rd_is(r, ']'))
            depth--;
        if (rd_is_value(r)) {
            rd_use u;
            if (!rd_value_use(r, &u))
                return false;
        } else if (rd_peek_id(r).n) {
            rd_take(r, (uint32_t)rd_peek_id(r).n);
        } else {
            rd_take(r, 1);
        }
    } while (depth);
    return true;
}

typedef struct access {
    rd_use value, memref;
    uint32_t subscripts, end; /* offsets */
} access;

static bool read_access(reader *r, access *a) {
    if (!rd_value_use(r, &a->memref))
        return false;
    a->subscripts = rd_pos(r);
    if (!rd_is(r, '['))
        return rd_expect(r, '[');
    return skip_brackets(r);
}

/* Appends the subscripts' operands and sets the map; the cursor stays where it is. */
static bool finish_access(reader *r, const access *a) {
    uint32_t here = rd_pos(r);
    ir_attr map;
    rd_seek(r, a->subscripts);
    if (!rd_affine_of_ssa(r, '[', &map))
        return false;
    rd_seek(r, here);
    return rd_add_prop(r, STR("map"), map);
}

static bool read_load(reader *r, rd_op *op, bool vector) {
    access a;
    if (!read_access(r, &a) || !rd_opt_attr_dict(r, op))
        return false;
    ir_type t = rd_colon_type(r), result = 0;
    if (!t)
        return false;
    if (vector) {
        if (!rd_expect(r, ',') || !(result = rd_type(r)))
            return false;
    } else {
        result = ir_element_type(r->ctx, t);
    }
    return rd_resolve_operand(r, a.memref, t) && finish_access(r, &a) && rd_add_result_type(r, result);
}

static bool read_store(reader *r, rd_op *op, bool vector) {
    access a;
    if (!rd_value_use(r, &a.value) || !rd_expect(r, ',') || !read_access(r, &a) || !rd_opt_attr_dict(r, op))
        return false;
    ir_type t = rd_colon_type(r), stored = 0;
    if (!t)
        return false;
    if (vector) {
        if (!rd_expect(r, ',') || !(stored = rd_type(r)))
            return false;
    } else {
        stored = ir_element_type(r->ctx, t);
    }
    return rd_resolve_operand(r, a.value, stored) && rd_resolve_operand(r, a.memref, t) && finish_access(r, &a);
}

/* %m[subscripts] : memref */
bool form_read_affine_load(reader *r, rd_op *op) {
    return read_load(r, op, false);
}

/* %v, %m[subscripts] : memref */
bool form_read_affine_store(reader *r, rd_op *op) {
    return read_store(r, op, false);
}

bool form_read_affine_vector_load(reader *r, rd_op *op) {
    return read_load(r, op, true);
}

bool form_read_affine_vector_store(reader *r, rd_op *op) {
    return read_store(r, op, true);
}

static const str access_elided[] = {STR_INIT("map")};

static bool print_load(printer *p, ir_op op, bool vector) {
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_attr map = ir_op_attr(p->m, op, STR("map"));
    if (o->n_operands < 1 || o->n_results != 1 || !is_map(p->c, map, o->n_operands - 1))
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_operands(p, op, 0, 1);
    print_char(p, '[');
    print_subscripts(p, op, 1, map);
    print_char(p, ']');
    form_print_attrs(p, op, access_elided, 1);
    print_lit(p, " : ");
    print_operand_types(p, op, 0, 1);
    if (vector) {
        print_lit(p, ", ");
        print_result_types(p, op, 0, 1);
    }
    return true;
}

static bool print_store(printer *p, ir_op op, bool vector) {
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_attr map = ir_op_attr(p->m, op, STR("map"));
    if (o->n_operands < 2 || !is_map(p->c, map, o->n_operands - 2))
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_operands(p, op, 0, 1);
    print_lit(p, ", ");
    print_operands(p, op, 1, 1);
    print_char(p, '[');
    print_subscripts(p, op, 2, map);
    print_char(p, ']');
    form_print_attrs(p, op, access_elided, 1);
    print_lit(p, " : ");
    print_operand_types(p, op, 1, 1);
    if (vector) {
        print_lit(p, ", ");
        print_operand_types(p, op, 0, 1);
    }
    return true;
}

bool form_print_affine_load(printer *p, ir_op op) {
    return print_load(p, op, false);
}

bool form_print_affine_store(printer *p, ir_op op) {
    return print_store(p, op, false);
}

bool form_print_affine_vector_load(printer *p, ir_op op) {
    return print_load(p, op, true);
}

bool form_print_affine_vector_store(printer *p, ir_op op) {
    return print_store(p, op, true);
}

/* ---- prefetch --------------------------------------------------------------------------------------------- */

/* `, read|write, locality<n>, data|instr`, for affine.prefetch and memref.prefetch. */
bool form_read_prefetch_hints(reader *r) {
    ir_context *c = r->ctx;
    str rw, cache;
    int64_t locality;
    uint32_t at;
    if (!rd_expect(r, ','))
        return false;
    at = rd_pos(r);
    if (!rd_keyword(r, &rw))
        return false;
    if (!str_eq(rw, STR("read")) && !str_eq(rw, STR("write")))
        return rd_error(r, at, "rw specifier has to be 'read' or 'write'");
    if (!rd_expect(r, ',') || !rd_expect_keyword(r, "locality") || !rd_expect(r, '<') || !rd_integer(r, &locality) ||
        !rd_expect(r, '>') || !rd_expect(r, ','))
        return false;
    at = rd_pos(r);
    if (!rd_keyword(r, &cache))
        return false;
    if (!str_eq(cache, STR("data")) && !str_eq(cache, STR("instr")))
        return rd_error(r, at, "cache type has to be 'data' or 'instr'");
    return rd_add_prop(r, STR("isWrite"), ir_attr_bool(c, str_eq(rw, STR("write")))) &&
           rd_add_prop(r, STR("localityHint"), ir_attr_int(c, c->t_i32, locality)) &&
           rd_add_prop(r, STR("isDataCache"), ir_attr_bool(c, str_eq(cache, STR("data"))));
}

void form_print_prefetch_hints(printer *p, ir_op op) {
    int64_t locality = 0;
    ir_attr hint = ir_op_attr(p->m, op, STR("localityHint"));
    if (hint)
        ir_int_value(p->c, hint, &locality);
    print_str(p, ir_op_attr(p->m, op, STR("isWrite")) == p->c->a_true ? STR(", write") : STR(", read"));
    print_lit(p, ", locality<");
    print_i64(p, locality);
    print_str(p, ir_op_attr(p->m, op, STR("isDataCache")) == p->c->a_true ? STR(">, data") : STR(">, instr"));
}

bool form_read_affine_prefetch(reader *r, rd_op *op) {
    access a;
    if (!read_access(r, &a) || !form_read_prefetch_hints(r) || !rd_opt_attr_dict(r, op))
        return false;
    ir_type t = rd_colon_type(r);
    return t && rd_resolve_operand(r, a.memref, t) && finish_access(r, &a);
}

bool form_print_affine_prefetch(printer *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_attr map = ir_op_attr(p->m, op, STR("map"));
    if (o->n_operands < 1 || !is_map(p->c, map, o->n_operands - 1))
        return false;
    print_op_name(p, op);
    print_char(p, ' ');
    print_operands(p, op, 0, 1);
    print_char(p, '[');
    print_subscripts(p, op, 1, map);
    print_char(p, ']');
    form_print_prefetch_hints(p, op);
    static const str elided[] = {STR_INIT("map"), STR_INIT("isWrite"), STR_INIT("localityHint"),
                                 STR_INIT("isDataCache")};
    form_print_attrs(p, op, elided, 4);
    print_lit(p, " : ");
    print_operand_types(p, op, 0, 1);
    return true;
}
