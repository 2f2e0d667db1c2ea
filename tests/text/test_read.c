/* Tests of the reader: what texts become, what is said about wrong ones (read_errors.txt), nesting without end, and
 * memory that runs out. That printing gives the text back is tested with the printer. */
#include "test.h"

#include "base/buf.h"
#include "base/diag.h"
#include "base/file.h"
#include "dialect/dialect.h"
#include "text/text.h"

/* ---- reading ------------------------------------------------------------------------------------------------ */

typedef struct reading {
    struct mem mem;
    struct diags d;
    ir_context *c;
    ir_module *m;
} reading;

static void read_as(reading *x, str text, text_registry registry) {
    const text_read_options o = {.registry = registry};
    x->mem = (struct mem){0};
    diags_init(&x->d, &x->mem);
    x->c = ir_context_new(&x->mem, dialect_resolve);
    assert_non_null(x->c);
    x->m = text_read(x->c, text, STR("in.mlir"), &o, &x->d);
    assert_int_equal(x->m == NULL, x->d.errors != 0);
}

static void read_str(reading *x, const char *text) {
    read_as(x, str_from_z(text), TEXT_ALL);
    if (!x->m && x->d.list.n)
        print_error("%.*s\n", STR_ARG(x->d.list.v[0].message));
}

static void read_ok(reading *x, const char *text) {
    read_str(x, text);
    assert_non_null(x->m);
}

static void done(reading *x) {
    if (x->m)
        ir_module_free(x->m);
    ir_context_unref(x->c);
    diags_free(&x->d);
    assert_int_equal(x->mem.used, 0);
}

/* The n-th op (from 0) of the body of the root. */
static ir_op top_op(const ir_module *m, uint32_t n) {
    ir_op op = ir_block_at(m, ir_region_at(m, ir_op_region(m, m->root, 0))->first)->first;
    while (n--)
        op = ir_op_at(m, op)->next;
    return op;
}

static void assert_node(const reading *x, ir_node n, const char *text) {
    struct buf b;
    buf_init(&b, (struct mem *)&x->mem);
    assert_true(text_print_node(x->c, n, &b));
    assert_str(buf_str(&b), text);
    buf_free(&b);
}

/* The attribute x of the first op of a text. */
static void assert_attr(const char *written, const char *printed) {
    char text[1024];
    snprintf(text, sizeof text, "\"t.op\"() {x = %s} : () -> ()", written);
    reading x;
    read_ok(&x, text);
    assert_node(&x, ir_op_attr(x.m, top_op(x.m, 0), STR("x")), printed);
    done(&x);
}

/* ---- modules ------------------------------------------------------------------------------------------------ */

static void makes_a_module(void **state) {
    (void)state;
    reading x;
    read_ok(&x, "");
    assert_true(ir_op_at(x.m, x.m->root)->flags & IR_OP_IMPLICIT);
    assert_node(&x, ir_op_at(x.m, x.m->root)->loc, "loc(\"in.mlir\":0:0)");
    done(&x);
    read_ok(&x, "module @m {\n}\n");
    assert_false(ir_op_at(x.m, x.m->root)->flags & IR_OP_IMPLICIT);
    assert_node(&x, ir_op_attr(x.m, x.m->root, STR("sym_name")), "\"m\"");
    done(&x);
    /* A zero byte is white space; two modules are wrapped. */
    read_as(&x, str_of("module {}\0module {}", 19), TEXT_ALL);
    assert_non_null(x.m);
    assert_true(ir_op_at(x.m, x.m->root)->flags & IR_OP_IMPLICIT);
    assert_str(ir_op_name_str(x.m, top_op(x.m, 1)), "builtin.module");
    done(&x);
}

static void knows_where_things_stand(void **state) {
    (void)state;
    reading x;
    const char *text = "// first\n"
                       "%a, %b:2 = \"t.op\"() ({\n"
                       "^bb0(%arg0: i32, %x: i32 loc(\"x\")):\n"
                       "  \"t.end\"() : () -> ()\n"
                       "}) : () -> (i32, i32, f32) loc(#l)\n"
                       "#l = loc(\"later\")\n";
    read_ok(&x, text);
    ir_op op = top_op(x.m, 0);
    ir_op_data *d = ir_op_at(x.m, op);
    assert_node(&x, d->loc, "loc(\"later\")");
    assert_int_equal(d->src, strchr(text, '%') - text);
    assert_int_equal(d->src_end, strstr(text, "\n#l") - text);
    assert_int_equal(ir_value_at(x.m, d->results)->name, strchr(text, '%') - text + 1);
    assert_int_equal(ir_value_at(x.m, d->results + 2)->name, strstr(text, "b:2") - text);
    ir_block_data *b = ir_block_at(x.m, ir_region_at(x.m, ir_op_region(x.m, op, 0))->first);
    assert_int_equal(b->n_args, 2);
    assert_node(&x, ir_value_at(x.m, b->args)->loc, "loc(\"in.mlir\":3:6)");
    assert_node(&x, ir_value_at(x.m, b->args + 1)->loc, "loc(\"x\")");
    assert_node(&x, ir_op_at(x.m, b->first)->loc, "loc(\"in.mlir\":4:3)");
    assert_int_equal(b->name, strstr(text, "bb0") - text);
    done(&x);
    /* The place of an op without location is its name, behind its results. */
    read_ok(&x, "\n  %0 = \"t.op\"() : () -> i32\n");
    assert_node(&x, ir_op_at(x.m, top_op(x.m, 0))->loc, "loc(\"in.mlir\":2:8)");
    done(&x);
}

static void values_before_their_definition(void **state) {
    (void)state;
    reading x;
    read_ok(&x, "\"t.use\"(%a#1, %b, %a#0) : (f32, i32, i32) -> ()\n"
                "%b = \"t.b\"(%b) : (i32) -> i32\n"
                "%a:2 = \"t.a\"() : () -> (i32, f32)\n");
    ir_op use = top_op(x.m, 0), b = top_op(x.m, 1), a = top_op(x.m, 2);
    assert_int_equal(ir_operand(x.m, use, 0), ir_op_at(x.m, a)->results + 1);
    assert_int_equal(ir_operand(x.m, use, 1), ir_op_at(x.m, b)->results);
    assert_int_equal(ir_operand(x.m, use, 2), ir_op_at(x.m, a)->results);
    assert_int_equal(ir_operand(x.m, b, 0), ir_op_at(x.m, b)->results);
    done(&x);
    /* Names end with their region; inside it the outer ones are seen. */
    read_ok(&x, "%0 = \"t.a\"() : () -> i32\n"
                "\"t.r\"() ({ %1 = \"t.b\"(%0) : (i32) -> i32 }, { %1 = \"t.c\"() : () -> f32 }) : () -> ()\n"
                "%1 = \"t.d\"() : () -> i64\n"
                "%01 = \"t.e\"() : () -> i64\n"
                "%4000000000 = \"t.f\"(%01, %1) : (i64, i64) -> i64\n");
    assert_int_equal(ir_operand(x.m, top_op(x.m, 4), 0), ir_op_at(x.m, top_op(x.m, 3))->results);
    done(&x);
}

static void blocks_and_successors(void **state) {
    (void)state;
    reading x;
    read_ok(&x, "\"t.r\"() ({\n"
                "  \"t.br\"()[^end, ^mid] : () -> ()\n"
                "^mid:\n"
                "  \"t.br\"()[^end] : () -> ()\n"
                "^end:\n"
                "  \"t.r\"() ({\n  ^end:\n    \"t.br\"()[^end] : () -> ()\n  }) : () -> ()\n"
                "}) : () -> ()\n");
    ir_region r = ir_op_region(x.m, top_op(x.m, 0), 0);
    ir_block first = ir_region_at(x.m, r)->first, last = ir_region_at(x.m, r)->last;
    ir_op br = ir_block_at(x.m, first)->first;
    assert_int_equal(ir_op_at(x.m, br)->n_successors, 2);
    assert_int_equal(ir_successor(x.m, br, 0), last);
    assert_int_equal(ir_successor(x.m, br, 1), ir_block_at(x.m, first)->next);
    assert_int_equal(ir_block_at(x.m, ir_successor(x.m, br, 1))->next, last);
    done(&x);
}

static void splits_files(void **state) {
    (void)state;
    str text = STR("a\n// -----\nb\n// ----- x\n// -----  \nc"), part;
    size_t at = 0;
    assert_true(text_split(text, &at, &part));
    assert_str(part, "a\n");
    assert_true(text_split(text, &at, &part));
    assert_str(part, "b\n// ----- x\n");
    assert_true(text_split(text, &at, &part));
    assert_str(part, "c");
    assert_false(text_split(text, &at, &part));
    /* A part is followed by the separator, not by a zero byte. */
    text = STR("\"a\"() : () -> ()\n// -----\n\"b\"(");
    at = 0;
    assert_true(text_split(text, &at, &part));
    reading x;
    read_as(&x, part, TEXT_ALL);
    assert_non_null(x.m);
    done(&x);
}

/* Several modules in one text are refused, wherever their separator stands, so that none is lost. */
static void refuses_several_modules(void **state) {
    (void)state;
    static const char *const table[] = {
        "\"a\"() : () -> ()\n// -----\n\"b\"() : () -> ()\n",
        "\"a\"() : () -> ()\n// ----- \t\n",
        "// -----\n\"b\"() : () -> ()\n",
        "\"a\"() {x = dense<[1,\n// -----\n2]> : tensor<2xi8>} : () -> ()\n",
        "\"a\"() {x = #d.y<(\n// -----\n)>} : () -> ()\n",
        "\"a\"() : () -> // -----\n// -----\n()\n",
        "unknown.op {\n  a\n// -----\n}\n\"b\"() : () -> ()\n",
        "module {\n// -----\n}\n",
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        reading x;
        read_as(&x, str_from_z(table[i]), TEXT_ALL);
        assert_null(x.m);
        done(&x);
    }
    reading x; /* these lines are comments */
    read_as(&x, STR("\"a\"() : () -> () // -----\n// ----- x\n // -----\n//------\n"), TEXT_ALL);
    assert_non_null(x.m);
    done(&x);
}

/* ---- attributes and types ----------------------------------------------------------------------------------- */

static void reads_attributes(void **state) {
    (void)state;
    static const char *const table[][2] = {
        {"1", "1 : i64"},
        {"255 : i8", "-1 : i8"},
        {"0xFF : ui8", "255 : ui8"},
        {"-128 : si8", "-128 : si8"},
        {"true", "true"},
        {"unit", "unit"},
        {"0x7FC00000 : f32", "0x7FC00000 : f32"},
        {"1.5e2", "1.500000e+02 : f64"},
        {"-0.0 : bf16", "-0.000000e+00 : bf16"},
        {"123456789012345678901234567890 : i128", "123456789012345678901234567890 : i128"},
        {"-170141183460469231731687303715884105728 : i128", "-170141183460469231731687303715884105728 : i128"},
        {"\"a\\22\\n\\09b\"", "\"a\\22\\0A\\09b\""},
        {"\"s\" : i32", "\"s\" : i32"},
        {"[1, [], {a, b = @x::@\"y z\"}]", "[1, [], {a, b = @x::@\"y z\"}]"},
        {"array<i1: true, false>", "array<i1: true, false>"},
        {"array<f32: 1.0, 0x7F800000>", "array<f32: 1.000000e+00, 0x7F800000>"},
        {"dense<[[1, 2], [3, 12]]> : tensor<2x2xi4>", "dense<[[1, 2], [3, -4]]> : tensor<2x2xi4>"},
        {"dense<\"0x0100000001000000\"> : tensor<2xi32>", "dense<1> : tensor<2xi32>"},
        {"dense<\"0xFF\"> : tensor<9xi1>", "dense<true> : tensor<9xi1>"},
        {"dense<\"0x0001\"> : tensor<2xi1>", "dense<[false, true]> : tensor<2xi1>"}, /* a byte each, as of 2026 */
        {"dense<\"0x0201\"> : tensor<9xi1>",
         "dense<[false, true, false, false, false, false, false, false, true]> : tensor<9xi1>"},
        {"dense<[(1.0, 2.0), (3.0, 4.0)]> : tensor<2xcomplex<f32>>",
         "dense<[(1.000000e+00,2.000000e+00), (3.000000e+00,4.000000e+00)]> : tensor<2xcomplex<f32>>"},
        {"dense<[1, 1, 1]> : tensor<3xi64>", "dense<1> : tensor<3xi64>"},
        {"dense<> : tensor<0x4xf32>", "dense<> : tensor<0x4xf32>"},
        {"dense<[[], []]> : tensor<2x0xi1>", "dense<> : tensor<2x0xi1>"},
        {"dense<[\"a\", \"b\"]> : tensor<2x!t.s>", "dense<[\"a\", \"b\"]> : tensor<2x!t.s>"},
        {"sparse<[[0, 1]], [5]> : tensor<2x2xi32>", "sparse<[[0, 1]], 5> : tensor<2x2xi32>"},
        {"dense_resource<k> : tensor<2xf32>", "dense_resource<k> : tensor<2xf32>"},
        {"affine_map<(d0, d1)[s0] -> (d1 floordiv 4 + s0 * 2 - 1, 0)>",
         "affine_map<(d0, d1)[s0] -> (d1 floordiv 4 + s0 * 2 - 1, 0)>"},
        {"affine_set<(d0) : (d0 <= 5, d0 == 7)>", "affine_set<(d0) : (-d0 + 5 >= 0, d0 - 7 == 0)>"},
        {"strided<[1, ?], offset: -3>", "strided<[1, ?], offset: -3>"},
        {"#t.a<b  [ -> ] \">\">", "#t.a<b  [ -> ] \">\">"},
        {"#t<\"q\">", "#t<\"q\">"},
        {"loc(fused<\"m\">[\"a\", \"f\":1:2 to :5])", "loc(fused<\"m\">[\"a\", \"f\":1:2 to :5])"},
        {"loc(callsite(\"a\"(\"b\") at unknown))", "loc(callsite(\"a\"(\"b\") at unknown))"},
        {"(i32, index) -> (tuple<>, none)", "(i32, index) -> (tuple<>, none)"},
        {"tensor<2 x 0x?xf8E4M3FN, {a}>", "tensor<2x0x?xf8E4M3FN, {a}>"},
        {"memref<?x4xf32, strided<[4, 1]>, 3>", "memref<?x4xf32, strided<[4, 1]>, 3>"},
        {"vector<2x[4]xi1>", "vector<2x[4]xi1>"},
        {"!t.x<{>}>", NULL},
    };
    for (size_t i = 0; table[i][1]; i++)
        assert_attr(table[i][0], table[i][1]);
}

static void inherent_attributes_become_properties(void **state) {
    (void)state;
    reading x;
    /* Old style: inherent ones in {}; defaults are filled in; unknown ones leave <{}>. */
    read_ok(&x, "func.func @f(%a: tensor<2x2xf32>) {\n"
                "  %0 = \"ttir.matmul\"(%a, %a) {transpose_a = true, mine = 1} : "
                "(tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>\n"
                "  %1 = \"ttir.matmul\"(%a, %a) <{nothing = 1}> : "
                "(tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>\n"
                "  %2 = \"t.unknown\"() <{a = 1}> {b = 2} : () -> i32\n"
                "  return\n"
                "}\n");
    ir_op op = ir_block_at(x.m, ir_region_at(x.m, ir_op_region(x.m, top_op(x.m, 0), 0))->first)->first;
    assert_node(&x, ir_op_at(x.m, op)->props, "{transpose_a = true, transpose_b = false}");
    assert_node(&x, ir_op_at(x.m, op)->attrs, "{mine = 1 : i64}");
    op = ir_op_at(x.m, op)->next;
    assert_node(&x, ir_op_at(x.m, op)->props, "{transpose_a = false, transpose_b = false}");
    assert_int_equal(ir_op_at(x.m, op)->attrs, 0);
    op = ir_op_at(x.m, op)->next;
    assert_node(&x, ir_op_at(x.m, op)->props, "{a = 1 : i64}");
    assert_node(&x, ir_op_at(x.m, op)->attrs, "{b = 2 : i64}");
    done(&x);
}

static void aliases_mean_what_they_stand_for(void **state) {
    (void)state;
    reading x;
    read_ok(&x, "!t = tensor<2xf32>\n#m = affine_map<(d0) -> (d0)>\n#l1 = loc(\"a\")\n#loc3 = loc(\"b\"(#l1))\n"
                "%0 = \"t.a\"() {m = #m, l = #l1} : () -> !t loc(#loc3)\n"
                "\"t.b\"(%0) : (tensor<2xf32>) -> () loc(#loc4)\n"
                "#loc4 = loc(fused[#l1, #loc3])\n");
    ir_op a = top_op(x.m, 0);
    assert_node(&x, ir_op_at(x.m, a)->loc, "loc(\"b\"(\"a\"))");
    assert_node(&x, ir_op_attr(x.m, a, STR("l")), "loc(\"a\")");
    assert_node(&x, ir_op_at(x.m, top_op(x.m, 1))->loc, "loc(fused[\"a\", \"b\"(\"a\")])");
    done(&x);
}

static void reads_resources(void **state) {
    (void)state;
    reading x;
    read_ok(&x,
            "module {}\n{-# dialect_resources: { builtin: { \"a b\": \"0x0400000001\", // c\n c: \"0x01000000\" } },\n"
            "external_resources: { mlir_reproducer: { on: true, p: \"q\" } } #-}\n");
    assert_int_equal(x.m->n_resources, 4);
    assert_str(ir_str_of(x.c, x.m->resources[0].key), "a b");
    assert_str(ir_str_of(x.c, x.m->resources[3].value), "q");
    assert_int_equal(x.m->resources[2].value, x.c->a_true);
    done(&x);
}

static void other_dialects_stay_text(void **state) {
    (void)state;
    reading x;
    const char *text = "\"t.op\"() {x = #ttcore.grid<1x1>} : () -> !ttnn.device";
    read_as(&x, str_from_z(text), TEXT_UPSTREAM);
    assert_non_null(x.m);
    assert_int_equal(ir_kind_of(x.c, ir_op_attr(x.m, top_op(x.m, 0), STR("x"))), IR_ATTR_OPAQUE);
    done(&x);
    read_ok(&x, text);
    assert_int_equal(ir_kind_of(x.c, ir_op_attr(x.m, top_op(x.m, 0), STR("x"))), IR_ATTR_DIALECT);
    done(&x);
}

static void unknown_custom_forms_are_kept(void **state) {
    (void)state;
    reading x;
    read_ok(&x, "%c, %d = \"t.c\"() : () -> (i32, f32)\n"
                "%0:2 = who.knows <%c> with {a = 1} of %d, %later\n"
                "    { nested %c } : i32, f32 loc(\"w\")\n"
                "\"t.use\"(%0#1) : (f32) -> ()\n"
                "%1 = who.knows : (i32) -> i64\n"
                "who.ends\n");
    ir_op op = top_op(x.m, 1);
    ir_op_data *d = ir_op_at(x.m, op);
    assert_true(d->flags & IR_OP_OPAQUE);
    assert_int_equal(d->n_operands, 2);
    assert_int_equal(d->n_results, 2);
    assert_node(&x, ir_value_type(x.m, d->results + 1), "f32");
    assert_node(&x, d->loc, "loc(\"w\")");
    assert_str(ir_str_of(x.c, d->props), "<%c> with {a = 1} of %d, %later\n    { nested %c } : i32, f32");
    assert_node(&x, ir_value_type(x.m, ir_op_at(x.m, top_op(x.m, 3))->results), "i64");
    assert_str(ir_op_name_str(x.m, top_op(x.m, 4)), "who.ends");
    assert_int_equal(x.d.warnings, 3);
    done(&x);
}

/* ---- errors ------------------------------------------------------------------------------------------------- */

static void assert_said(const reading *x, size_t i, str expected, const char *text) {
    struct buf b;
    buf_init(&b, (struct mem *)&x->mem);
    if (i < x->d.list.n) {
        const struct diag *d = &x->d.list.v[i];
        struct lines_pos pos = lines_find(&d->source->lines, d->begin);
        buf_printf(&b, "%zu:%zu: %.*s", pos.line, pos.column, STR_ARG(d->message));
    }
    if (!str_eq(buf_str(&b), expected)) {
        print_error("in: %s\nexpected: %.*s\n   found: %.*s\n", text, STR_ARG(expected), STR_ARG(buf_str(&b)));
        buf_free(&b);
        fail();
    }
    buf_free(&b);
}

/* The next line of *rest, without its end. */
static str next_line(str *rest) {
    size_t n = str_find_char(*rest, '\n');
    str line = str_slice(*rest, 0, n);
    *rest = str_from(*rest, n + 1);
    return line;
}

static void says_what_mlir_opt_says(void **state) {
    (void)state;
    struct mem m = {0};
    struct file f;
    const char *root = getenv("TTX_SOURCE");
    char path[512];
    snprintf(path, sizeof path, "%s/tests/text/read_errors.txt", root ? root : ".");
    if (!file_open(&f, &m, path))
        fail_msg("%s", f.error);
    str rest = str_of(f.p, f.n);
    str head = next_line(&rest);
    size_t n = 0;
    while (rest.n) {
        if (!str_starts_with(head, STR("=== "))) {
            head = next_line(&rest);
            continue;
        }
        str note = {0};
        if (str_starts_with(rest, STR("--- ")))
            note = str_from(next_line(&rest), 4);
        char text[1024];
        size_t len = 0;
        str line = {0};
        while (rest.n) {
            line = next_line(&rest);
            if (str_starts_with(line, STR("=== ")))
                break;
            assert_true(len + line.n + 2 < sizeof text);
            memcpy(text + len, line.p, line.n);
            len += line.n;
            text[len++] = '\n';
        }
        text[len] = 0;
        reading x;
        read_as(&x, str_of(text, len), TEXT_UPSTREAM);
        assert_said(&x, 0, str_from(head, 4), text);
        if (note.n)
            assert_said(&x, 1, note, text);
        done(&x);
        head = line;
        n++;
    }
    assert_true(n > 200);
    file_close(&f);
    assert_int_equal(m.used, 0);
}

static void goes_on_after_an_error(void **state) {
    (void)state;
    reading x;
    read_str(&x, "%0 = \"t.a\"(%9) : (i32) -> f32\n"
                 "\"t.b\"(%0) : (i32) -> ()\n"
                 "%1 = \"t.c\"( : () -> i32\n"
                 "\"t.d\"(%1) : (i64) -> ()\n"
                 "%0 = \"t.e\"() : () -> i32\n"
                 "\"t.f\"() : i32\n");
    assert_null(x.m);
    assert_int_equal(x.d.errors, 4);
    assert_said(&x, 0, STR("2:7: use of value '%0' expects different type than prior uses: 'i32' vs 'f32'"), "");
    assert_said(&x, 2, STR("3:12: expected ')' to end operand list"), "");
    assert_said(&x, 3, STR("5:1: redefinition of SSA value '%0'"), "");
    assert_said(&x, 5, STR("6:11: expected function type"), "");
    done(&x);
}

/* ---- nesting and size --------------------------------------------------------------------------------------- */

/* `before`, then `part` a great many times, then `after`: an error, not a crash. */
static void nests(const char *before, const char *part, const char *after) {
    enum { TIMES = 1000000 };
    struct mem m = {0};
    struct buf b;
    buf_init(&b, &m);
    buf_puts(&b, before);
    for (int i = 0; i < TIMES; i++)
        buf_puts(&b, part);
    buf_puts(&b, after);
    const char *z = buf_z(&b);
    assert_non_null(z);
    reading x;
    read_as(&x, str_of(z, b.n), TEXT_ALL);
    assert_null(x.m);
    done(&x);
    buf_free(&b);
}

static void nesting_without_end(void **state) {
    (void)state;
    nests("\"a\"() : ", "(", "");
    nests("\"a\"() : () -> ", "tuple<", "");
    nests("\"a\"() : () -> ", "tensor<2x", "");
    nests("", "\"a\"() ({", "");
    nests("", "module {", "");
    nests("func.func @f(%c: i1) {", "scf.if %c {", "");
    nests("\"a\"() {x = ", "[", "} : () -> ()");
    nests("\"a\"() {x = ", "{x = ", "");
    nests("\"a\"() {x = dense<", "[", "1> : tensor<1xi32>} : () -> ()");
    nests("\"a\"() {x = affine_map<(d0) -> (", "(", "");
    nests("\"a\"() {x = affine_map<(d0) -> (", "-", "");
    nests("\"a\"() : () -> () loc(", "callsite(", "");
    nests("\"a\"() : () -> () loc(", "\"a\"(", "");
    nests("\"a\"() {x = #foo", "<", "} : () -> ()");
    nests("\"a\"() : () -> ", "!llvm.struct<(", "");
    nests("\"a\"() {x = ", "#ttnn.ttnn_layout<", "} : () -> ()");
    nests("foo.bar ", "(", "");
}

static bool read_once(struct mem *m, void *ctx) {
    struct diags d;
    diags_init(&d, m);
    bool good = false;
    ir_context *c = ir_context_new(m, dialect_resolve);
    if (c) {
        ir_module *x = text_read(c, str_from_z(ctx), STR("oom.mlir"), NULL, &d);
        good = x != NULL;
        if (x)
            ir_module_free(x);
        ir_context_unref(c);
    }
    /* Diagnostics may be lost, but not silently. */
    good = good && !d.oom;
    diags_free(&d);
    return good;
}

/* A few lines that would be written out as more than fits anywhere: each alias names the one before twice. */
static void aliases_without_end(void **state) {
    (void)state;
    /* An alias of n parts makes one of 2n + 1 (of the dictionary 2n + 2); 2^22 are too many. */
    static const struct {
        const char *first, *name, *open, *between, *close, *said;
    } kinds[] = {
        {"#a0 = [1]\n", "#a", " = [#a", ", #a", "]", "alias '#a21' has more than"},
        {"#a0 = [1]\n", "#a", " = {x = #a", ", y = {z = #a", "}}", "alias '#a21' has more than"},
        {"!a0 = tuple<i32>\n", "!a", " = tuple<!a", ", !a", ">", "alias '!a21' has more than"},
        {"!a0 = i32\n", "!a", " = (!a", ") -> !a", "", "alias '!a22' has more than"},
        {"#loc0 = loc(\"a\":1:1)\n", "#loc", " = loc(callsite(#loc", " at #loc", "))", "alias '#loc22' has more than"},
        {"#a0 = 1 : i32\n", "#a", " = #ttnn.not_known<#a", ", #a", ">", "more than 64 MB come of"},
    };
    reading x;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        struct mem mem = {0};
        struct buf text;
        buf_init(&text, &mem);
        buf_printf(&text, "%s", kinds[k].first);
        for (int i = 1; i <= 60; i++)
            buf_printf(&text, "%s%d%s%d%s%d%s\n", kinds[k].name, i, kinds[k].open, i - 1, kinds[k].between, i - 1,
                       kinds[k].close);
        read_str(&x, buf_z(&text));
        assert_null(x.m);
        assert_int_equal(x.d.errors, 1);
        str said = x.d.list.v[x.d.list.n - 1].message;
        if (str_find(said, str_from_z(kinds[k].said)) == said.n)
            fail_msg("%.*s", STR_ARG(said));
        done(&x);
        buf_free(&text);
    }
    read_ok(&x, "#a0 = [1]\n#a1 = [#a0, #a0]\n#a2 = [#a1, #a1]\n\"t.a\"() {x = #a2} : () -> ()\n");
    done(&x);
}

static void memory_runs_out(void **state) {
    (void)state;
    static char text[] =
        "!t = tensor<2x3xf32>\n#m = affine_map<(d0, d1) -> (d1, d0)>\n#loc1 = loc(\"a\")\n"
        "#loc2 = loc(\"name of something\"(#loc1))\n"
        "module @m attributes {x.y = #m} {\n"
        "  func.func @f(%a: !t loc(\"arg\"), %b: tensor<2x3xf32>) -> !t {\n"
        "    %0:2 = \"t.two\"(%later, %a) <{p = 1 : i8}> {k = [1.0, \"s\\n\", #t.q<[1]>]} : (i32, !t) -> (!t, f32) "
        "loc(#loc7)\n"
        "    %later = arith.constant 3 : i32\n"
        "    %1 = \"ttir.add\"(%a, %b) : (!t, !t) -> !t loc(#loc2)\n"
        "    %2 = stablehlo.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : !t\n"
        "    %3 = \"t.big\"() {v = dense<\"0x000000000000803F\"> : tensor<2xf32>, w = 99999999999999999999999 : i128} "
        ": () "
        "-> i32\n"
        "    %4 = who.knows %a, %3 : i32\n"
        "    \"t.r\"() ({\n    ^bb0(%z: i32):\n      \"t.br\"()[^bb1] : () -> ()\n    ^bb1:\n      \"t.end\"(%z) : "
        "(i32) -> ()\n"
        "    }) : () -> ()\n"
        "    return %1 : !t\n  }\n}\n#loc7 = loc(fused[#loc1, #loc2])\n"
        "{-# dialect_resources: { builtin: { r: \"0x04000000AA\" } } #-}\n";
    test_oom_sweep(read_once, text, 5000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_a_module),
        cmocka_unit_test(knows_where_things_stand),
        cmocka_unit_test(values_before_their_definition),
        cmocka_unit_test(blocks_and_successors),
        cmocka_unit_test(splits_files),
        cmocka_unit_test(refuses_several_modules),
        cmocka_unit_test(reads_attributes),
        cmocka_unit_test(inherent_attributes_become_properties),
        cmocka_unit_test(aliases_mean_what_they_stand_for),
        cmocka_unit_test(reads_resources),
        cmocka_unit_test(other_dialects_stay_text),
        cmocka_unit_test(unknown_custom_forms_are_kept),
        cmocka_unit_test(says_what_mlir_opt_says),
        cmocka_unit_test(goes_on_after_an_error),
        cmocka_unit_test(nesting_without_end),
        cmocka_unit_test(aliases_without_end),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
