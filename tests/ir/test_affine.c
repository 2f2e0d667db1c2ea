/* Affine expressions simplify as in MLIR.
 *
 * The pairs are input and output of `mlir-opt --allow-unregistered-dialect --mlir-print-local-scope` (version 22.1) on
 * `affine_map<(d0, d1, d2)[s0, s1] -> (input)>`. The input is built with ir_expr_binary; the output is built as it
 * stands, without simplification, and must be the same tree.
 */
#include "test.h"

#include "ir/ir.h"

static const struct pair {
    const char *in, *out;
} pairs[] = {
    {"4 + d0", "d0 + 4"},
    {"s0 + d0", "d0 + s0"},
    {"d1 + d0", "d0 + d1"},
    {"d0 + 2 + 3", "d0 + 5"},
    {"d0 + 2 + d1", "d0 + d1 + 2"},
    {"d0 + 2 + (d1 + 3)", "d0 + d1 + 3 + 2"},
    {"d0 + d0", "d0 * 2"},
    {"d0 * 3 + d0 * 4", "d0 * 7"},
    {"d0 - d0", "0"},
    {"d0 - d1 + d0", "d0 - d1 + d0"},
    {"d0 - (d0 floordiv 4) * 4", "d0 mod 4"},
    {"d0 - 4 * (d0 floordiv 4)", "d0 mod 4"},
    {"d0 + (d0 floordiv 4) * -4", "d0 mod 4"},
    {"d0 + (d0 floordiv -4) * 4", "d0 + (d0 floordiv -4) * 4"},
    {"d0 - s0 * (d0 floordiv s0)", "d0 mod s0"},
    {"d0 - (d0 floordiv s0) * s0", "d0 mod s0"},
    {"3 * d0", "d0 * 3"},
    {"s0 * d0", "d0 * s0"},
    {"s0 * s1", "s0 * s1"},
    {"s1 * s0 * 3", "(s0 * s1) * 3"},
    {"s1 * 3 * s0", "(s0 * s1) * 3"},
    {"3 * s1 * s0", "(s0 * s1) * 3"},
    {"d0 * 2 * 3", "d0 * 6"},
    {"d0 * 0", "0"},
    {"d0 * 1", "d0"},
    {"d0 * 128 floordiv 64", "d0 * 2"},
    {"d0 * 64 floordiv 128", "(d0 * 64) floordiv 128"},
    {"(d0 * 128 + d1) floordiv 64", "d0 * 2 + d1 floordiv 64"},
    {"(d0 + d1 * 128) floordiv 64", "d0 floordiv 64 + d1 * 2"},
    {"(d0 * 128 + d1) mod 64", "d1 mod 64"},
    {"(d0 + d1*64) mod 64", "d0 mod 64"},
    {"(d0 + 65) mod 64", "(d0 + 65) mod 64"},
    {"(d0 + 64) mod 64", "d0 mod 64"},
    {"d0 mod 128 mod 64", "d0 mod 64"},
    {"d0 mod 64 mod 128", "(d0 mod 64) mod 128"},
    {"d0 mod 1", "0"},
    {"d0 floordiv 1", "d0"},
    {"d0 ceildiv 1", "d0"},
    {"d0 * 128 ceildiv 64", "d0 * 2"},
    {"(d0 * 128 + d1) ceildiv 64", "(d0 * 128 + d1) ceildiv 64"},
    {"-7 mod 4", "1"},
    {"-7 floordiv 4", "-2"},
    {"-7 ceildiv 4", "-1"},
    {"7 floordiv -4", "-2"},
    {"7 ceildiv -4", "-1"},
    {"d0 floordiv -1", "d0 floordiv -1"},
    {"d0 * 4 floordiv -2", "d0 * -2"},
    {"-d0", "-d0"},
    {"-(d0 + d1)", "-(d0 + d1)"},
    {"d0 - d1", "d0 - d1"},
    {"d0 floordiv 4 floordiv 2", "(d0 floordiv 4) floordiv 2"},
    {"(d0 * 8 floordiv 3) mod 2", "((d0 * 8) floordiv 3) mod 2"},
    {"((d0 * 8) floordiv 3 * 4) mod 2", "0"},
    {"s0 floordiv s1", "s0 floordiv s1"},
    {"d0 mod s1", "d0 mod s1"},
    {"9223372036854775807 + 1", "9223372036854775807 + 1"},
    {"9223372036854775807 * 2", "9223372036854775807 * 2"},
    {"d0 + 9223372036854775807 + 1", "d0 - -9223372036854775808"},
    {"s0 + s1 + d0", "d0 + s0 + s1"},
    {"s0 + d0 + s1 + d1", "d0 + s0 + s1 + d1"},
    {"3 + s0", "s0 + 3"},
    {"d0 * s0 + d0 * s0", "(d0 * s0) * 2"},
    {"d0 floordiv 0", "d0 floordiv 0"},
    {"d0 mod 0", "d0 mod 0"},
    {"d0 mod -4", "d0 mod -4"},
    {"4 mod 0", "4 mod 0"},
    {"4 floordiv 0", "4 floordiv 0"},
    {"4 ceildiv 0", "4 ceildiv 0"},
    {"d0 ceildiv 0", "d0 ceildiv 0"},
    {"(d0 * 4 + d1 * 8) mod 4", "0"},
    {"(d0 * 4 + d1 * 6) mod 2", "0"},
    {"(d0 + d1 * 6 + 4) floordiv 2", "d0 floordiv 2 + d1 * 3 + 2"},
    {"(d0 * 6 + d1 + 4) floordiv 2", "d0 * 3 + d1 floordiv 2 + 2"},
    {"d0 * 2 * s0 * 3", "(d0 * s0) * 6"},
    {"(d0 + 1) * 3 * s0", "((d0 + 1) * s0) * 3"},
    {"d0 * 5 - d0", "d0 * 4"},
    {"d1 + d0 * 2 + d0", "d1 + d0 * 2 + d0"},
    {"0 + d0", "d0"},
    {"0 mod 3", "0"},
    {"0 * d0", "0"},
    {"s0 - (s0 floordiv 4) * 4", "s0 mod 4"},
    {"d0 + d1 - ((d0 + d1) floordiv 4) * 4", "(d0 + d1) mod 4"},
    {"d0 * (s0 * 2)", "d0 * (s0 * 2)"},
    {"d0 * (s0 + 2)", "d0 * (s0 + 2)"},
    {"2 * (d0 + 3)", "(d0 + 3) * 2"},
    {"d2 + d1 + d0", "d1 + d2 + d0"},
    {"d2 + d0 + d1", "d0 + d2 + d1"},
    {"d1 + d0 + d2", "d0 + d1 + d2"},
    {"s1 + s0", "s0 + s1"},
    {"s1 + s0 + d0", "d0 + s0 + s1"},
    {"s1 + d1 + d0", "d1 + s1 + d0"},
    {"d1 * 2 + d0 * 3", "d1 * 2 + d0 * 3"},
    {"d1 + d0 * 3", "d1 + d0 * 3"},
    {"d1 * 2 + d0", "d1 * 2 + d0"},
    {"d1 + 2 + d0", "d0 + d1 + 2"},
    {"2 + d1 + d0", "d0 + d1 + 2"},
    {"d0 + (d2 + d1)", "d0 + d1 + d2"},
    {"(d1 floordiv 2) + d0", "d1 floordiv 2 + d0"},
    {"s1 * s0", "s0 * s1"},
    {"(s1 + 1) * s0", "(s1 + 1) * s0"},
    {"s1 * s1 * s0", "(s1 * s1) * s0"},
    {"(s1 * s1) + s0", "s1 * s1 + s0"},
    {"(s1 * s1) + d0", "d0 + s1 * s1"},
    {"(s1 mod 3) + (s0 mod 2)", "s1 mod 3 + s0 mod 2"},
    {"(s1 floordiv s0) * d0 + d1", "d0 * (s1 floordiv s0) + d1"},
    {"d1 - d0", "d1 - d0"},
    {"-d1 + d0", "-d1 + d0"},
    {"s1 * 2 + s0 * 3", "s1 * 2 + s0 * 3"},
    {"s1 + (s0 + d0)", "d0 + s0 + s1"},
    {"(s1 + d1) + (s0 + d0)", "d1 + s1 + d0 + s0"},
    {"d0 + (9223372036854775807 + 1)", "d0 + 9223372036854775807 + 1"},
    {"d0 + 9223372036854775807 + 9223372036854775807", "d0 - 2"},
    {"d0 * 9223372036854775807 * 9223372036854775807", "d0"},
    {"d0 * 9223372036854775807 + d0 * 3", "d0 * -9223372036854775806"},
    {"(-9223372036854775807 - 1) floordiv -1", "-9223372036854775808 floordiv -1"},
    {"(d0 * 4) ceildiv -2", "d0 * -2"},
    {"(d0 * 4 + d1) floordiv -2", "d0 * -2 + d1 floordiv -2"},
    {"(d0 * 4 + d1) floordiv -4", "-d0 + d1 floordiv -4"},
    {"0 floordiv 0", "0 floordiv 0"},
    {"(d0 floordiv 0) mod 2", "(d0 floordiv 0) mod 2"},
    {"(s0 * 12 ceildiv s1) mod 2", "((s0 * 12) ceildiv s1) mod 2"},
    {"((d0 * 12 + d1 * 18) ceildiv 3) mod 2", "0"},
    {"((d0 * 12 + d1 * 18) floordiv 4) mod 2", "(d0 * 3 + (d1 * 18) floordiv 4) mod 2"},
    {"((d0 * 12 + d1 * 18) mod 4) mod 2", "0"},
    {"(0 * d1 + d0 * 0 + d2 * 0) mod 5", "0"},
    {"((d0 + 12) floordiv 5) * 5 + 7", "((d0 + 12) floordiv 5) * 5 + 7"},
    {"(d0 + 7) - (((d0 + 7) floordiv 5) * 5)", "d0 - ((d0 + 7) floordiv 5) * 5 + 7"},
    {"((d0 + 7) floordiv 5) * -5 + (d0 + 7)", "((d0 + 7) floordiv 5) * -5 + d0 + 7"},
    {"d0 + 7 + (((d0 + 7) floordiv 5) * -5)", "d0 - ((d0 + 7) floordiv 5) * 5 + 7"},
    {"d2 + d1 + d1", "d1 + d2 + d1"},
    {"d2 * (s1 + s0)", "d2 * (s0 + s1)"},
    {"(s1 + s0) * d2", "d2 * (s0 + s1)"},
    {"(s1 + s0) * s1", "(s0 + s1) * s1"},
    {"(s1 * 3) * (s0 * 5)", "(s1 * (s0 * 5)) * 3"},
    {"d1 * 3 * s0 * 5", "(d1 * s0) * 15"},
    {"d1 * (s1 * 3)", "d1 * (s1 * 3)"},
    {"((d0 * 12) mod s0) mod 2", "((d0 * 12) mod s0) mod 2"},
    {"d0 + d1 + (d0 + d1)", "(d0 + d1) * 2"},
    {"d1 + d0 + (d0 + d1)", "(d0 + d1) * 2"},
    {"(d0 * 4 + d1 * 2) floordiv 4", "d0 + (d1 * 2) floordiv 4"},
    {"(d0 * 4 + d1 * 2 + d2) mod 4", "(d0 * 4 + d1 * 2 + d2) mod 4"},
};

struct reader {
    ir_context *c;
    const char *p;
    bool plain; /* build without simplification */
};

static ir_expr read_sum(struct reader *r);

static void space(struct reader *r) {
    while (*r->p == ' ')
        r->p++;
}

static bool eat(struct reader *r, const char *word) {
    space(r);
    size_t n = strlen(word);
    if (strncmp(r->p, word, n) != 0)
        return false;
    r->p += n;
    return true;
}

static ir_expr make(struct reader *r, ir_kind kind, ir_expr a, ir_expr b) {
    uint32_t w[2] = {a, b};
    return r->plain ? ir_intern(r->c, kind, 0, w, 2) : ir_expr_binary(r->c, kind, a, b);
}

static ir_expr negate(struct reader *r, ir_expr e) {
    if (r->plain && ir_kind_of(r->c, e) == IR_EXPR_CONST)
        return ir_expr_const(r->c, (int64_t)(0 - (uint64_t)ir_at64(r->c, e, 0)));
    if (r->plain && ir_kind_of(r->c, e) == IR_EXPR_MUL && ir_kind_of(r->c, ir_at(r->c, e, 1)) == IR_EXPR_CONST)
        return make(r, IR_EXPR_MUL, ir_at(r->c, e, 0), negate(r, ir_at(r->c, e, 1)));
    return make(r, IR_EXPR_MUL, e, ir_expr_const(r->c, -1));
}

static ir_expr read_leaf(struct reader *r) {
    if (eat(r, "-"))
        return negate(r, read_leaf(r));
    if (eat(r, "(")) {
        ir_expr e = read_sum(r);
        assert_true(eat(r, ")"));
        return e;
    }
    if (eat(r, "d"))
        return ir_expr_dim(r->c, (uint32_t)(*r->p++ - '0'));
    if (eat(r, "s"))
        return ir_expr_symbol(r->c, (uint32_t)(*r->p++ - '0'));
    char *end;
    uint64_t v = strtoull(r->p, &end, 10);
    assert_ptr_not_equal(end, r->p);
    r->p = end;
    return ir_expr_const(r->c, (int64_t)v);
}

static ir_expr read_product(struct reader *r) {
    ir_expr e = read_leaf(r);
    for (;;) {
        ir_kind kind;
        if (eat(r, "*"))
            kind = IR_EXPR_MUL;
        else if (eat(r, "floordiv"))
            kind = IR_EXPR_FLOORDIV;
        else if (eat(r, "ceildiv"))
            kind = IR_EXPR_CEILDIV;
        else if (eat(r, "mod"))
            kind = IR_EXPR_MOD;
        else
            return e;
        e = make(r, kind, e, read_leaf(r));
    }
}

static ir_expr read_sum(struct reader *r) {
    ir_expr e = read_product(r);
    for (;;) {
        if (eat(r, "+"))
            e = make(r, IR_EXPR_ADD, e, read_product(r));
        else if (eat(r, "-"))
            e = make(r, IR_EXPR_ADD, e, negate(r, read_product(r)));
        else
            return e;
    }
}

static ir_expr read_expr(ir_context *c, const char *text, bool plain) {
    struct reader r = {c, text, plain};
    ir_expr e = read_sum(&r);
    assert_int_equal(*r.p, 0);
    return e;
}

enum { MOST_SUMMANDS = 16 };

/* The summands of nested additions from left to right: the printed form does not show how they nest. */
static void summands(ir_context *c, ir_expr e, ir_expr *list, size_t *n) {
    if (ir_kind_of(c, e) == IR_EXPR_ADD) {
        summands(c, ir_at(c, e, 0), list, n);
        summands(c, ir_at(c, e, 1), list, n);
    } else {
        assert_true(*n < MOST_SUMMANDS);
        list[(*n)++] = e;
    }
}

static bool same(ir_context *c, ir_expr a, ir_expr b) {
    ir_kind kind = ir_kind_of(c, a);
    if (kind != ir_kind_of(c, b))
        return false;
    if (kind == IR_EXPR_ADD) {
        ir_expr la[MOST_SUMMANDS], lb[MOST_SUMMANDS];
        size_t na = 0, nb = 0;
        summands(c, a, la, &na);
        summands(c, b, lb, &nb);
        bool equal = na == nb;
        for (size_t i = 0; equal && i < na; i++)
            equal = same(c, la[i], lb[i]);
        return equal;
    }
    if (kind > IR_EXPR_ADD)
        return same(c, ir_at(c, a, 0), ir_at(c, b, 0)) && same(c, ir_at(c, a, 1), ir_at(c, b, 1));
    return a == b;
}

static void simplifies(void **state) {
    (void)state;
    struct mem m = {0};
    ir_context *c = ir_context_new(&m, NULL);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        ir_expr in = read_expr(c, pairs[i].in, false), out = read_expr(c, pairs[i].out, true);
        if (!same(c, in, out))
            fail_msg("%s does not become %s", pairs[i].in, pairs[i].out);
    }
    ir_context_unref(c);
    assert_int_equal(m.used, 0);
}

static void refuses_depth(void **state) {
    (void)state;
    struct mem m = {0};
    ir_context *c = ir_context_new(&m, NULL);
    ir_expr e = ir_expr_dim(c, 0);
    uint32_t depth = 0;
    for (; e && depth < 5000; depth++)
        e = ir_expr_binary(c, IR_EXPR_MOD, e, ir_expr_symbol(c, depth & 1));
    assert_int_equal(depth, IR_EXPR_MAX_DEPTH + 1);
    assert_false(c->failed);
    ir_context_unref(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(simplifies), cmocka_unit_test(refuses_depth)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
