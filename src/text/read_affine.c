/* read_affine.c - affine maps, integer sets, and affine expressions over SSA values.
 *
 *   map  := dims-and-symbols '->' '(' expr, ... ')'
 *   set  := dims-and-symbols ':' '(' (expr ('>=' | '==') expr), ... ')'
 *   expr := term (('+' | '-') term)*
 *   term := factor (('*' | 'floordiv' | 'ceildiv' | 'mod') factor)*
 *
 * Names are kept in the tables; a map stands nowhere inside another, so there is one set of them.
 */
#include "base/num.h"
#include "text/read_inner.h"

static ir_expr read_sum(reader *r, bool ssa);
static ir_expr combine(reader *r, ir_kind op, ir_expr a, ir_expr b, uint32_t at);

/* More names than this are found through maps. */
enum { FEW_NAMES = 16 };

static void clear(reader *r) {
    if (r->t->affine_names.n > FEW_NAMES) {
        map_str_clear(&r->t->affine_ids);
        map_u64_clear(&r->t->affine_uses);
    }
    vec_clear(&r->t->affine_names);
    r->t->affine_counts[0] = r->t->affine_counts[1] = 0;
    vec_clear(&r->t->exprs);
}

static uint64_t use_key(const rd_affine_name *a) {
    return (uint64_t)a->symbol << 63 | (uint64_t)a->use.number << 32 | a->use.id;
}

/* Makes name i known to the maps. */
static bool index_name(reader *r, size_t i) {
    rd_tables *t = r->t;
    const rd_affine_name *a = &t->affine_names.v[i];
    bool added;
    return a->len ? map_str_put(&t->affine_ids, str_of(a->p, a->len), (uint32_t)i, &added) != NULL
                  : map_u64_put(&t->affine_uses, use_key(a), (uint32_t)i, &added) != NULL;
}

/* Adds a dimension or symbol; gives its number. */
static bool add_name(reader *r, rd_affine_name name, uint32_t *index) {
    rd_tables *t = r->t;
    size_t n = t->affine_names.n;
    name.index = *index = t->affine_counts[name.symbol]++;
    if (!vec_push(&t->affine_names, name))
        return rd_oom(r);
    if (n < FEW_NAMES)
        return true;
    for (size_t i = n == FEW_NAMES ? 0 : n; i <= n; i++)
        if (!index_name(r, i))
            return rd_oom(r);
    return true;
}

static rd_affine_name *find_name(reader *r, str id) {
    rd_tables *t = r->t;
    if (t->affine_names.n > FEW_NAMES) {
        uint32_t *i = map_str_get(&t->affine_ids, id);
        return i ? &t->affine_names.v[*i] : NULL;
    }
    for (size_t i = 0; i < t->affine_names.n; i++) {
        rd_affine_name *a = &t->affine_names.v[i];
        if (a->len == id.n && memcmp(a->p, id.p, id.n) == 0)
            return a;
    }
    return NULL;
}

static rd_affine_name *find_use(reader *r, rd_use u, bool symbol) {
    rd_tables *t = r->t;
    rd_affine_name key = {.use = u, .symbol = symbol};
    if (t->affine_names.n > FEW_NAMES) {
        uint32_t *i = map_u64_get(&t->affine_uses, use_key(&key));
        return i ? &t->affine_names.v[*i] : NULL;
    }
    for (size_t i = 0; i < t->affine_names.n; i++)
        if (use_key(&t->affine_names.v[i]) == use_key(&key))
            return &t->affine_names.v[i];
    return NULL;
}

static ir_expr expr_of(reader *r, bool symbol, uint32_t index) {
    return rd_made(r, symbol ? ir_expr_symbol(r->ctx, index) : ir_expr_dim(r->ctx, index));
}

/* `%x` or, with symbol, the inside of `symbol(%x)`. */
static ir_expr read_use(reader *r, bool symbol) {
    rd_use u;
    if (!rd_value_use(r, &u))
        return 0;
    rd_affine_name *a = find_use(r, u, symbol);
    if (a)
        return expr_of(r, symbol, a->index);
    uint32_t index;
    return add_name(r, (rd_affine_name){.use = u, .symbol = symbol}, &index) ? expr_of(r, symbol, index) : 0;
}

static ir_expr read_factor(reader *r, bool ssa) {
    if (rd_accept(r, '-')) {
        if (!rd_enter(r))
            return 0;
        ir_expr e = read_factor(r, ssa);
        rd_leave(r);
        return e ? combine(r, IR_EXPR_MUL, e, ir_expr_const(r->ctx, -1), rd_pos(r)) : 0;
    }
    if (rd_is(r, '(')) {
        rd_take(r, 1);
        if (rd_is(r, ')')) {
            rd_error(r, rd_pos(r), "no expression inside parentheses");
            return 0;
        }
        if (!rd_enter(r))
            return 0;
        ir_expr e = read_sum(r, ssa);
        rd_leave(r);
        return e && rd_expect(r, ')') ? e : 0;
    }
    if (rd_is_class(*r->p, RD_DIGIT)) {
        int64_t v;
        str text;
        if (rd_peek_number(r, &text) != RD_DECIMAL || !num_parse_i64(text, &v)) {
            rd_error(r, rd_pos(r), "constant too large for index");
            return 0;
        }
        rd_take(r, (uint32_t)text.n);
        return rd_made(r, ir_expr_const(r->ctx, v));
    }
    if (ssa && *r->p == '%')
        return read_use(r, false);
    if (ssa && rd_accept_keyword(r, "symbol")) {
        if (!rd_expect(r, '('))
            return 0;
        ir_expr e = read_use(r, true);
        return e && rd_expect(r, ')') ? e : 0;
    }
    str id = rd_peek_id(r);
    if (!id.n) {
        rd_error(r, rd_pos(r), "expected affine expression");
        return 0;
    }
    rd_affine_name *a = find_name(r, id);
    if (!a) {
        rd_expected(r, "use of undeclared identifier");
        return 0;
    }
    rd_take(r, (uint32_t)id.n);
    return expr_of(r, a->symbol, a->index);
}

/* No dimension in it: flag bit of the node. */
static bool is_symbolic(const reader *r, ir_expr e) {
    return (ir_flags_of(r->ctx, e) & 1) != 0;
}

static ir_expr combine(reader *r, ir_kind op, ir_expr a, ir_expr b, uint32_t at) {
    const char *text = NULL;
    switch (op) {
    case IR_EXPR_MUL:
        if (!is_symbolic(r, a) && !is_symbolic(r, b))
            text = "non-affine expression: at least one of the multiply operands has to be either a constant "
                   "or symbolic";
        break;
    case IR_EXPR_FLOORDIV:
        if (!is_symbolic(r, b))
            text = "non-affine expression: right operand of floordiv has to be either a constant or symbolic";
        break;
    case IR_EXPR_CEILDIV:
        if (!is_symbolic(r, b))
            text = "non-affine expression: right operand of ceildiv has to be either a constant or symbolic";
        break;
    case IR_EXPR_MOD:
        if (!is_symbolic(r, b))
            text = "non-affine expression: right operand of mod has to be either a constant or symbolic";
        break;
    default: break;
    }
    if (text) {
        rd_error(r, at, "%s", text);
        return 0;
    }
    ir_expr e = ir_expr_binary(r->ctx, op, a, b);
    if (!e && !r->ctx->failed) {
        rd_error(r, at, "affine expression is too deep");
        return 0;
    }
    return rd_made(r, e);
}

/* Whether something follows a binary operator. */
static bool has_right_operand(reader *r) {
    char c = *r->p;
    return c == '(' || c == '-' || c == '%' || rd_is_class(c, RD_LETTER | RD_DIGIT) ||
           rd_error(r, rd_pos(r), "missing right operand of binary operator");
}

static ir_expr read_product(reader *r, bool ssa) {
    ir_expr e = read_factor(r, ssa);
    while (e) {
        uint32_t at = rd_pos(r);
        ir_kind op;
        if (rd_accept(r, '*'))
            op = IR_EXPR_MUL;
        else if (rd_accept_keyword(r, "floordiv"))
            op = IR_EXPR_FLOORDIV;
        else if (rd_accept_keyword(r, "ceildiv"))
            op = IR_EXPR_CEILDIV;
        else if (rd_accept_keyword(r, "mod"))
            op = IR_EXPR_MOD;
        else
            break;
        ir_expr b = has_right_operand(r) ? read_factor(r, ssa) : 0;
        if (!b)
            return 0;
        e = combine(r, op, e, b, at);
    }
    return e;
}

static ir_expr read_sum(reader *r, bool ssa) {
    ir_expr e = read_product(r, ssa);
    while (e) {
        uint32_t at = rd_pos(r);
        bool minus = rd_is(r, '-');
        if (!minus && !rd_is(r, '+'))
            break;
        rd_take(r, 1);
        ir_expr b = has_right_operand(r) ? read_product(r, ssa) : 0;
        if (b && minus)
            b = combine(r, IR_EXPR_MUL, b, ir_expr_const(r->ctx, -1), at);
        if (!b)
            return 0;
        e = combine(r, IR_EXPR_ADD, e, b, at);
    }
    return e;
}

/* `(d0, d1)` or `[s0]`: declares names. */
static bool read_names(reader *r, char open, char close, bool symbol) {
    if (!rd_expect(r, open))
        return false;
    if (rd_accept(r, close))
        return true;
    do {
        str id = rd_peek_id(r);
        if (!id.n)
            return rd_expected(r, "expected bare identifier");
        if (find_name(r, id))
            return rd_error(r, rd_pos(r), "redefinition of identifier '%.*s'", STR_ARG(id));
        uint32_t index;
        if (!add_name(r, (rd_affine_name){.p = id.p, .len = (uint32_t)id.n, .symbol = symbol}, &index))
            return false;
        rd_take(r, (uint32_t)id.n);
    } while (rd_accept(r, ','));
    return rd_expect(r, close);
}

static bool read_dims_and_symbols(reader *r, uint32_t *dims, uint32_t *symbols) {
    clear(r);
    if (!read_names(r, '(', ')', false))
        return false;
    *dims = (uint32_t)r->t->affine_names.n;
    if (rd_is(r, '[') && !read_names(r, '[', ']', true))
        return false;
    *symbols = (uint32_t)r->t->affine_names.n - *dims;
    return true;
}

static bool read_exprs(reader *r, bool ssa, char open, char close) {
    if (!rd_expect(r, open))
        return false;
    if (rd_accept(r, close))
        return true;
    do {
        ir_expr e = read_sum(r, ssa);
        if (!e)
            return false;
        if (!vec_push(&r->t->exprs, e))
            return rd_oom(r);
    } while (rd_accept(r, ','));
    return rd_expect(r, close);
}

static bool expect_arrow(reader *r) {
    return rd_accept_text(r, "->") || rd_expected(r, "expected '->' or ':'");
}

ir_attr rd_affine_map(reader *r) {
    uint32_t dims, symbols;
    if (!read_dims_and_symbols(r, &dims, &symbols) || !expect_arrow(r) || !read_exprs(r, false, '(', ')'))
        return 0;
    return rd_made(r, ir_attr_affine_map(r->ctx, dims, symbols, r->t->exprs.v, (uint32_t)r->t->exprs.n));
}

/* One constraint, brought into the form `expr >= 0` or `expr == 0`: onto the stack. */
static bool read_constraint(reader *r) {
    ir_expr a = read_sum(r, false);
    if (!a)
        return false;
    bool equal = rd_accept_text(r, "==");
    bool less = !equal && rd_accept_text(r, "<=");
    if (!equal && !less && !rd_accept_text(r, ">="))
        return rd_expected(r, "expected '== affine-expr' or '>= affine-expr' at end of affine constraint");
    uint32_t at = rd_pos(r);
    ir_expr b = read_sum(r, false);
    if (!b)
        return false;
    if (less) {
        ir_expr t = a;
        a = b;
        b = t;
    }
    ir_expr zero = ir_expr_const(r->ctx, 0);
    if (b != zero) {
        b = combine(r, IR_EXPR_MUL, b, ir_expr_const(r->ctx, -1), at);
        a = b ? combine(r, IR_EXPR_ADD, a, b, at) : 0;
    }
    return a && rd_push(r, a) && rd_push(r, equal);
}

ir_attr rd_affine_set(reader *r) {
    uint32_t mark = rd_mark(r), dims, symbols;
    if (!read_dims_and_symbols(r, &dims, &symbols) || !rd_push(r, dims) || !rd_push(r, symbols))
        return 0;
    if (!rd_expect(r, ':') || !rd_expect(r, '('))
        return 0;
    if (!rd_accept(r, ')')) {
        do
            if (!read_constraint(r))
                return 0;
        while (rd_accept(r, ','));
        if (!rd_expect(r, ')'))
            return 0;
    } else {
        /* The empty set of constraints holds always; MLIR keeps it as 0 == 0. */
        if (!rd_push(r, ir_expr_const(r->ctx, 0)) || !rd_push(r, 1))
            return 0;
    }
    ir_attr a = ir_intern(r->ctx, IR_ATTR_INTEGER_SET, 0, rd_words(r, mark), rd_mark(r) - mark);
    rd_pop(r, mark);
    return rd_made(r, a);
}

/* The map of what was read into exprs, its operands resolved. */
static bool finish_ssa_map(reader *r, ir_attr *map) {
    rd_tables *t = r->t;
    uint32_t dims = 0, symbols = 0;
    for (int symbol = 0; symbol < 2; symbol++) {
        for (size_t i = 0; i < t->affine_names.n; i++) {
            rd_affine_name *a = &t->affine_names.v[i];
            if (a->symbol != (symbol != 0))
                continue;
            *(symbol ? &symbols : &dims) += 1;
            if (!rd_resolve_operand(r, a->use, r->ctx->t_index))
                return false;
        }
    }
    *map = rd_made(r, ir_attr_affine_map(r->ctx, dims, symbols, t->exprs.v, (uint32_t)t->exprs.n));
    return *map != 0;
}

bool rd_affine_of_ssa(reader *r, char open, ir_attr *map) {
    clear(r);
    return read_exprs(r, true, open, open == '[' ? ']' : ')') && finish_ssa_map(r, map);
}

bool rd_affine_groups_of_ssa(reader *r, const char *word, ir_attr *map) {
    clear(r);
    if (!rd_expect(r, '('))
        return false;
    if (!rd_is(r, ')')) {
        do {
            uint32_t before = (uint32_t)r->t->exprs.n;
            if (rd_accept_keyword(r, word)) {
                if (!read_exprs(r, true, '(', ')'))
                    return false;
            } else {
                ir_expr e = read_sum(r, true);
                if (!e)
                    return false;
                if (!vec_push(&r->t->exprs, e))
                    return rd_oom(r);
            }
            if (!rd_push(r, (uint32_t)r->t->exprs.n - before))
                return false;
        } while (rd_accept(r, ','));
    }
    return rd_expect(r, ')') && finish_ssa_map(r, map);
}
