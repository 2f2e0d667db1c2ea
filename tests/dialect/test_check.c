/* The checker: structure, functions, tables and rules. Where upstream MLIR knows the op, message and line are what
 * mlir-opt 22 says (with --allow-unregistered-dialect); the others are from tt-mlir's own negative tests. */
#include "test.h"

#include "dialect/check.h"
#include "dialect/dialect.h"
#include "text/text.h"

/* A collective of TTNN in line 3. */
#define COLLECTIVE(op, attributes)                                                                                   \
    "#l = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<2x2x!ttcore.tile<32x32, f32>, "                      \
    "#ttnn.buffer_type<dram>>, <interleaved>>\nfunc.func @f(%a: tensor<64x64xf32, #l>) -> tensor<64x64xf32, #l> {\n" \
    "  %0 = \"" op "\"(%a) <{" attributes "}> : (tensor<64x64xf32, #l>) -> tensor<64x64xf32, #l>\n  return %0 : "    \
    "tensor<64x64xf32, #l>\n}"

static const struct sample {
    const char *name, *text;
    const char *expected; /* "line: message" of each error, joined by newlines; "" when it is right */
} samples[] = {
    {"a mean over devices of TTNN",
     COLLECTIVE("ttnn.all_reduce", "cluster_axis = 1 : ui32, reduce_type = #ttcore.reduce_type<mean>"),
     "3: 'ttnn.all_reduce' op Invalid reduction type for all reduce op."},
    {"a sum over devices of TTNN",
     COLLECTIVE("ttnn.all_reduce", "cluster_axis = 1 : ui32, reduce_type = #ttcore.reduce_type<sum>"), ""},
    {"the largest, scattered over devices of TTNN",
     COLLECTIVE("ttnn.reduce_scatter",
                "cluster_axis = 1 : ui32, reduce_type = #ttcore.reduce_type<max>, scatter_dim = 1 : si32"),
     "3: 'ttnn.reduce_scatter' op Invalid reduction type for reduce scatter op."},
    {"scattered along no dimension",
     COLLECTIVE("ttnn.reduce_scatter",
                "cluster_axis = 1 : ui32, reduce_type = #ttcore.reduce_type<sum>, scatter_dim = -3 : si32"),
     "3: 'ttnn.reduce_scatter' op Invalid scatter dimension for reduce scatter op. Scatter dimension must be >= to "
     "input tensor rank or < -input tensor rank, got scatter_dim = -3"},
    {"scattered along the last dimension",
     COLLECTIVE("ttnn.reduce_scatter",
                "cluster_axis = 1 : ui32, reduce_type = #ttcore.reduce_type<sum>, scatter_dim = -1 : si32"),
     ""},
    {"graph regions keep no order",
     "module {\n\"foo\"() ({\n  \"use\"(%0) : (i32) -> ()\n  %0 = \"def\"(%0) : (i32) -> i32\n}) : () -> ()\n}", ""},
    {"use before definition",
     "func.func @f() {\n  \"use\"(%0) : (i32) -> ()\n  %0 = \"def\"() : () -> i32\n  return\n}",
     "2: operand #0 does not dominate this use"},
    {"use inside the definition",
     "func.func @f() {\n  %0 = \"def\"() ({ \"use\"(%0) : (i32) -> () }) : () -> i32\n  return\n}",
     "2: operand #0 does not dominate this use"},
    {"definition in a block that is never reached",
     "func.func @f() {\n  cf.br ^b\n^a:\n  %0 = \"def\"() : () -> i32\n  cf.br ^b\n^b:\n  \"use\"(%0) : (i32) -> ()\n  "
     "return\n}",
     "7: operand #0 does not dominate this use"},
    {"use in a block that is never reached",
     "func.func @f() {\n  cf.br ^b\n^a:\n  \"use\"(%0) : (i32) -> ()\n  cf.br ^b\n^b:\n  %0 = \"def\"() : () -> i32\n  "
     "return\n}",
     ""},
    {"a diamond: the branch does not dominate the join",
     "func.func @f(%c: i1) {\n  %x = \"def\"() : () -> i32\n  cf.cond_br %c, ^a, ^b\n^a:\n  %0 = \"def\"() : () -> "
     "i32\n"
     "  \"use\"(%x) : (i32) -> ()\n  cf.br ^j\n^b:\n  cf.br ^j\n^j:\n  \"use\"(%x, %0) : (i32, i32) -> ()\n  return\n}",
     "11: operand #1 does not dominate this use"},
    {"a loop: the header dominates the body",
     "func.func @f(%c: i1) {\n  cf.br ^h\n^h:\n  %0 = \"def\"() : () -> i32\n  cf.cond_br %c, ^body, ^exit\n^body:\n"
     "  \"use\"(%0) : (i32) -> ()\n  cf.br ^h\n^exit:\n  \"use\"(%0) : (i32) -> ()\n  return\n}",
     ""},
    {"a region beside the other",
     "module { \"x\"() ({ \"u\"(%1) : (i32) -> () }, { %1 = \"z\"() : () -> i32 }) : () -> () }",
     "1: operand #0 does not dominate this use"},
    {"entry block with a predecessor", "func.func @f() {\n^bb0:\n  cf.br ^bb0\n}",
     "1: entry block of region may not have predecessors"},
    {"terminator in the middle", "func.func @f() {\n  return\n  \"x\"() : () -> ()\n}",
     "2: 'func.return' op must be the last operation in the parent block"},
    {"branch in the middle", "func.func @f() {\n  \"a\"()[^b] : () -> ()\n  return\n^b:\n  return\n}",
     "2: operation with block successors must terminate its parent block"},
    {"empty block", "func.func @f() {\n  \"x\"() ({ ^a:\n    \"y\"() : () -> ()\n   ^b:\n  }) : () -> ()\n  return\n}",
     "2: empty block: expect at least a terminator"},
    {"no terminator", "func.func @f(%a: i32) {\n  %0 = arith.addi %a, %a : i32\n}",
     "2: block with no terminator, has \"arith.addi\""},
    {"symbols of functions", "func.func @f() { return }\nfunc.func @f() { return }",
     "2: redefinition of symbol named 'f'"},
    {"symbols of unknown ops",
     "module { \"x\"() {sym_name = \"a\"} : () -> ()\n \"x\"() {sym_name = \"a\"} : () -> () }",
     "2: redefinition of symbol named 'a'"},
    {"return without values", "func.func @f(%a: i32) -> i32 { return }",
     "1: 'func.return' op has 0 operands, but enclosing function (@f) returns 1"},
    {"return of another type", "func.func @f(%a: i32) -> f32 { return %a : i32 }",
     "1: type of return operand 0 ('i32') doesn't match function result type ('f32') in function @f"},
    {"call of nothing", "func.func @f(%a: i32) {\n  call @g(%a) : (i32) -> ()\n  return\n}",
     "2: 'func.call' op 'g' does not reference a valid function"},
    {"call without operands", "func.func @f(%a: i32) {\n  call @f() : () -> ()\n  return\n}",
     "2: 'func.call' op incorrect number of operands for callee"},
    {"call with a result too many", "func.func @f(%a: i32) {\n  %b = call @f(%a) : (i32) -> f32\n  return\n}",
     "2: 'func.call' op incorrect number of results for callee"},
    {"arguments of the entry block",
     "\"func.func\"() ({ ^a(%x: f32): \"func.return\"() : () -> () }) {function_type = (i32) -> (), sym_name = \"a\"} "
     ": () -> ()",
     "1: 'func.func' op type of entry block argument #0('f32') must match the type of the corresponding argument in "
     "function signature('i32')"},
    {"operands too few", "func.func @f(%a: i32) {\n  %1 = \"arith.addi\"(%a) : (i32) -> i32\n  return\n}",
     "2: 'arith.addi' op expected 2 operands, but found 1"},
    {"types that must be the same",
     "func.func @f(%a: i32) {\n  %1 = \"arith.addi\"(%a, %a) : (i32, i32) -> i64\n  return\n}",
     "2: 'arith.addi' op requires the same type for all operands and results"},
    {"regions too few",
     "func.func @f(%c: i1) {\n  \"scf.if\"(%c) ({ \"scf.yield\"() : () -> () }) : (i1) -> ()\n  return\n}",
     "2: 'scf.if' op expected 2 regions"},
    {"branch with another type",
     "func.func @f(%c: i32) {\n  \"cf.br\"(%c)[^a] : (i32) -> ()\n^a(%x : f32):\n  return\n}",
     "2: type mismatch for bb argument #0 of successor #0"},
    {"branch with too much", "func.func @f(%c: i32) {\n  \"cf.br\"(%c)[^a] : (i32) -> ()\n^a:\n  return\n}",
     "2: branch has 1 operands for successor #0, but target block has 0"},
    {"successors of an op without", "func.func @f(%c: i32) {\n  \"func.return\"()[^a] : () -> ()\n^a:\n  return\n}",
     "2: 'func.return' op requires 0 successors but found 1"},
    {"segments that do not add up",
     "func.func @f() {\n  %n = \"memref.alloc\"() {operandSegmentSizes = array<i32: 0,1>} : () -> memref<2xi32>\n  "
     "return\n}",
     "2: 'memref.alloc' op operand count (0) does not match with the total size (1) specified in attribute "
     "'operandSegmentSizes'"},
    {"cast to a wider type", "func.func @f(%a: i32) {\n  %0 = \"arith.trunci\"(%a) : (i32) -> i64\n  return\n}",
     "2: 'arith.trunci' op operand type 'i32' and result type 'i64' are cast incompatible"},
    {"yield without values",
     "func.func @f(%c: i1) {\n  %0 = \"scf.if\"(%c) ({ \"scf.yield\"() : () -> () }, { \"scf.yield\"() : () -> () }) : "
     "(i1) -> i32\n  return\n}",
     "2: 'scf.if' op along control flow edge from Operation scf.yield to parent: region branch point has 0 operands, "
     "but region successor needs 1 inputs"},
    {"loop without its value",
     "func.func @f(%i: index, %a: i32) {\n  %0 = \"scf.for\"(%i, %i, %i, %a) ({ ^b(%j: index): \"scf.yield\"(%a) : "
     "(i32) -> () }) : (index, index, index, i32) -> i32\n  return\n}",
     "2: 'scf.for' op different number of inits and region iter_args: 1 != 0"},
    {"indices",
     "func.func @f(%m: memref<4xf32>, %v: f32) {\n  \"memref.store\"(%v, %m) : (f32, memref<4xf32>) -> ()\n  return\n}",
     "2: 'memref.store' op store index operand count not equal to memref rank"},
    {"declaration", "func.func public @g()", "1: 'func.func' op symbol declaration cannot have public visibility"},
    {"sizes", "func.func @f() {\n  %0 = memref.alloc() : memref<?xf32>\n  return\n}",
     "2: 'memref.alloc' op incorrect number of dynamic sizes, has 0, expected 1"},
    {"global", "func.func @f() {\n  %0 = memref.get_global @x : memref<2xf32>\n  return\n}",
     "2: 'memref.get_global' op 'x' does not reference a valid global memref"},
    {"element type of a complex number",
     "func.func @f(%a: complex<f32>) {\n  %0 = \"complex.re\"(%a) : (complex<f32>) -> f64\n  return\n}",
     "2: 'complex.re' op failed to verify that complex element type matches result type"},
    {"several errors in one run",
     "func.func @f(%a: tensor<4xf32>) {\n  %0 = \"ttir.abs\"(%a, %a) : (tensor<4xf32>, tensor<4xf32>) -> "
     "tensor<4xf32>\n"
     "  %1 = \"ttir.permute\"(%a) <{permutation = array<i64: 1>}> : (tensor<4xf32>) -> tensor<4xf32>\n  return\n}",
     "2: 'ttir.abs' op requires a single operand\n3: 'ttir.permute' op Expected a permutation of (0), got (1)"},
    {"an output operand of older files is only a warning",
     "func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {\n  %0 = ttir.empty() : tensor<4xf32>\n"
     "  %1 = \"ttir.abs\"(%a, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>\n  return %1 : tensor<4xf32>\n}",
     ""},
    {"attribute that must be there",
     "func.func @f(%a: tensor<4x4xf32>) -> tensor<4xf32> {\n"
     "  %1 = \"ttir.sum\"(%a) <{dim_arg = [1 : i32]}> : (tensor<4x4xf32>) -> tensor<4xf32>\n  return %1 : "
     "tensor<4xf32>\n}",
     "2: 'ttir.sum' op requires attribute 'keep_dim'"},
    {"layouts are checked",
     "#l = #ttnn.ttnn_layout<(d0, d1) -> (d0, d1), <1x1>, memref<4x4xf32, #ttnn.buffer_type<system_memory>>, "
     "<interleaved>>\nfunc.func @f(%a: tensor<4x4xf32, #l>) {\n  \"ttnn.deallocate\"(%a) <{force = false}> : "
     "(tensor<4x4xf32, #l>) -> ()\n  return\n}",
     "2: Memory layout is not allowed for SystemMemory buffer type."},
    {"dynamic sizes are not held against an op",
     "func.func @f(%a: tensor<?x4xf32>, %b: tensor<4x5xf32>) -> tensor<?x5xf32> {\n"
     "  %0 = \"ttir.matmul\"(%a, %b) : (tensor<?x4xf32>, tensor<4x5xf32>) -> tensor<?x5xf32>\n  return %0 : "
     "tensor<?x5xf32>\n}",
     ""},
};

/* Reads and checks a text; the errors found, as the samples write them, in `out` (unless it is NULL). True when memory
 * sufficed. */
static bool errors_of(struct mem *m, const char *text, char *out, size_t cap) {
    struct diags d;
    diags_init(&d, m);
    bool good = false;
    ir_context *c = ir_context_new(m, dialect_resolve);
    ir_module *module = c ? text_read(c, str_from_z(text), STR("test"), NULL, &d) : NULL;
    const check_options options = {.print = text_print_node};
    size_t n = 0;
    if (module) {
        check_module(module, &options, &d);
        good = !d.oom;
    }
    if (out)
        out[0] = 0;
    for (size_t i = 0; out && i < d.list.n && n < cap; i++) {
        const struct diag *e = &d.list.v[i];
        if (e->severity != DIAG_ERROR)
            continue;
        size_t line = e->source ? lines_find(&e->source->lines, e->begin).line : 0;
        n += (size_t)snprintf(out + n, cap - n, "%s%zu: %.*s", n ? "\n" : "", line, STR_ARG(e->message));
    }
    if (module)
        ir_module_free(module);
    if (c)
        ir_context_unref(c);
    diags_free(&d);
    return good;
}

static void finds_what_is_wrong(void **state) {
    (void)state;
    static char found[8192];
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct mem m = {0};
        errors_of(&m, samples[i].text, found, sizeof found);
        if (strcmp(found, samples[i].expected) != 0)
            fail_msg("%s\nexpected: %s\n   found: %s", samples[i].name, samples[i].expected, found);
        assert_int_equal(m.used, 0);
    }
}

static bool body(struct mem *m, void *text) {
    return errors_of(m, text, NULL, 0);
}

static void every_failure(void **state) {
    (void)state;
    /* The diamond, a wrong call, a layout, and a table error: every part of the checker allocates. */
    test_oom_sweep(body, (void *)(uintptr_t)samples[5].text, 10000);
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        if (strstr(samples[i].name, "layouts") || strstr(samples[i].name, "several") ||
            strstr(samples[i].name, "call of"))
            test_oom_sweep(body, (void *)(uintptr_t)samples[i].text, 10000);
}

/* A ladder: every block may go to the next or to the last one, which so has many predecessors. */
static void many_blocks(void **state) {
    (void)state;
    enum { N = 100000 };
    struct mem m = {0};
    struct buf b;
    buf_init(&b, &m);
    buf_lit(&b, "func.func @f(%c: i1) {\n  %x = \"def\"() : () -> i32\n  cf.br ^b0\n");
    for (int i = 0; i < N; i++)
        buf_printf(&b, "^b%d:\n  \"use\"(%%x) : (i32) -> ()\n  cf.cond_br %%c, ^b%d, ^last\n", i, i + 1);
    buf_printf(&b, "^b%d:\n  cf.br ^last\n^last:\n  \"use\"(%%x) : (i32) -> ()\n  return\n}\n", N);
    static char found[8192];
    assert_true(errors_of(&m, buf_z(&b), found, sizeof found));
    assert_string_equal(found, "");
    buf_free(&b);
    assert_int_equal(m.used, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_what_is_wrong), cmocka_unit_test(every_failure),
                                       cmocka_unit_test(many_blocks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
