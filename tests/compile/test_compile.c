/* Runs of the pipeline: stages, what came from what, failures, options, memory. What the passes make is compared with the
 * reference compiler by compare.py. */
#include "compile/compile.h"
#include "dialect/dialect.h"
#include "test.h"
#include "text/text.h"

/* A module and what compiling it needs. */
struct fixture {
    struct mem mem;
    ir_context *c;
    struct diags d;
    ir_module *m;
    compile_options o;
};

static void setup(struct fixture *f, const char *text) {
    *f = (struct fixture){{0}};
    f->c = ir_context_new(&f->mem, dialect_resolve);
    diags_init(&f->d, &f->mem);
    f->m = text_read(f->c, str_from_z(text), STR("test.mlir"), NULL, &f->d);
    assert_non_null(f->m);
    compile_options_init(&f->o);
}

static void teardown(struct fixture *f, compile_run *r) {
    compile_free(r);
    ir_module_free(f->m);
    diags_free(&f->d);
    ir_context_unref(f->c);
    assert_int_equal(f->mem.used, 0);
}

static const compile_stage *stage_of(const compile_run *r, const char *pass) {
    for (uint32_t i = 1; i < r->n_stages; i++)
        if (strcmp(r->stages[i].pass, pass) == 0 && r->stages[i].changed)
            return &r->stages[i];
    return NULL;
}

/* The first op of this name in a stage. */
static ir_op find_op(const ir_module *m, const char *name) {
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op))
        if (str_eq(ir_op_name_str(m, op), str_from_z(name)))
            return op;
    return 0;
}

static const char matmul_bias[] =
    "func.func @f(%a: tensor<64x128xbf16>, %b: tensor<128x96xbf16>, %c: tensor<96xbf16>) -> tensor<64x96xbf16> {\n"
    "  %0 = \"ttir.matmul\"(%a, %b) <{transpose_a = false, transpose_b = false}> : (tensor<64x128xbf16>, "
    "tensor<128x96xbf16>) -> tensor<64x96xbf16>\n"
    "  %1 = \"ttir.add\"(%0, %c) : (tensor<64x96xbf16>, tensor<96xbf16>) -> tensor<64x96xbf16>\n"
    "  return %1 : tensor<64x96xbf16>\n"
    "}\n";

static void stages_are_kept(void **state) {
    (void)state;
    struct fixture f;
    setup(&f, matmul_bias);
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_non_null(r);
    assert_true(r->ok);
    assert_ptr_equal(r->stages[0].module->m, f.m);
    for (uint32_t i = 1; i < r->n_stages; i++) {
        const compile_stage *s = &r->stages[i], *before = &r->stages[i - 1];
        assert_true(s->number > before->number);
        assert_int_equal(s->ops_before, before->module->n_ops);
        assert_int_equal(s->ops_after, s->module->n_ops);
        if (!s->changed)
            assert_ptr_equal(s->module, before->module);
        else
            assert_ptr_not_equal(s->module, before->module);
    }
    assert_non_null(stage_of(r, "ttir-fusing"));
    assert_true(find_op(stage_of(r, "ttir-fusing")->module->m, "ttir.linear") != 0);
    assert_true(find_op(compile_result(r), "ttnn.linear") != 0);
    assert_int_equal(find_op(f.m, "ttir.linear"), 0); /* the input is as it was */
    teardown(&f, r);
}

static void fused_op_comes_from_both(void **state) {
    (void)state;
    struct fixture f;
    setup(&f, matmul_bias);
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_true(r && r->ok);
    ir_op linear = find_op(compile_result(r), "ttnn.linear");
    uint32_t from[8];
    uint32_t n = compile_trace_back(r, r->n_stages - 1, linear, 0, from, 8);
    bool matmul = false, add = false;
    for (uint32_t i = 0; i < n && i < 8; i++) {
        matmul = matmul || from[i] == find_op(f.m, "ttir.matmul");
        add = add || from[i] == find_op(f.m, "ttir.add");
    }
    assert_true(matmul);
    assert_true(add);
    teardown(&f, r);
}

/* Three products of one left operand become one; each leads to it. */
static void shared_product_comes_from_all(void **state) {
    (void)state;
    struct fixture f;
    setup(&f, "func.func @f(%a: tensor<32x64xf32>, %b: tensor<64x32xf32>, %c: tensor<64x96xf32>) -> "
              "(tensor<32x32xf32>, tensor<32x96xf32>, tensor<32x32xf32>) {\n"
              "  %0 = \"ttir.matmul\"(%a, %b) : (tensor<32x64xf32>, tensor<64x32xf32>) -> tensor<32x32xf32>\n"
              "  %1 = \"ttir.matmul\"(%a, %c) : (tensor<32x64xf32>, tensor<64x96xf32>) -> tensor<32x96xf32>\n"
              "  %2 = \"ttir.matmul\"(%a, %b) : (tensor<32x64xf32>, tensor<64x32xf32>) -> tensor<32x32xf32>\n"
              "  return %0, %1, %2 : tensor<32x32xf32>, tensor<32x96xf32>, tensor<32x32xf32>\n"
              "}\n");
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_true(r && r->ok);
    const ir_module *fused = stage_of(r, "ttir-fusing")->module->m;
    ir_op op = find_op(fused, "ttir.matmul"), first = find_op(f.m, "ttir.matmul");
    assert_int_equal(ir_dim(fused->ctx, ir_value_type(fused, ir_op_at(fused, op)->results), 1), 160);
    uint32_t from[8], n = compile_trace_back(r, (uint32_t)(stage_of(r, "ttir-fusing") - r->stages), op, 0, from, 8);
    bool found[3] = {false};
    for (uint32_t i = 0; i < n && i < 8; i++)
        for (uint32_t k = 0; k < 3; k++)
            found[k] = found[k] || from[i] == first + k;
    assert_true(found[0] && found[1] && found[2]);
    teardown(&f, r);
}

/* Attention whose hidden rows are zeroed: both products and the softmax lead to it, not to what zeroes the rows alone. */
static void attention_comes_from_its_products(void **state) {
    (void)state;
    struct fixture f;
    setup(&f,
          "func.func @f(%q: tensor<1x2x32x64xf32>, %k: tensor<1x2x32x64xf32>, %v: tensor<1x2x32x64xf32>, "
          "%hidden: tensor<1x2x32x1xi1>) -> tensor<1x2x32x64xf32> {\n"
          "  %z = \"ttir.zeros\"() <{shape = array<i32: 1, 2, 32, 32>}> : () -> tensor<1x2x32x32xf32>\n"
          "  %0 = \"ttir.matmul\"(%q, %k) <{transpose_b = true}> : (tensor<1x2x32x64xf32>, tensor<1x2x32x64xf32>) -> "
          "tensor<1x2x32x32xf32>\n"
          "  %1 = \"ttir.softmax\"(%0) <{dimension = 3 : si32}> : (tensor<1x2x32x32xf32>) -> tensor<1x2x32x32xf32>\n"
          "  %h = \"ttir.broadcast\"(%hidden) <{broadcast_dimensions = array<i64: 1, 1, 1, 32>}> : "
          "(tensor<1x2x32x1xi1>) -> "
          "tensor<1x2x32x32xi1>\n"
          "  %2 = \"ttir.where\"(%h, %z, %1) : (tensor<1x2x32x32xi1>, tensor<1x2x32x32xf32>, "
          "tensor<1x2x32x32xf32>) -> tensor<1x2x32x32xf32>\n"
          "  %3 = \"ttir.matmul\"(%2, %v) : (tensor<1x2x32x32xf32>, tensor<1x2x32x64xf32>) -> tensor<1x2x32x64xf32>\n"
          "  return %3 : tensor<1x2x32x64xf32>\n"
          "}\n");
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_true(r && r->ok);
    const compile_stage *s = stage_of(r, "ttir-fusing");
    ir_op op = find_op(s->module->m, "ttir.scaled_dot_product_attention"), first = find_op(f.m, "ttir.matmul");
    assert_int_not_equal(op, 0);
    assert_int_not_equal(find_op(s->module->m, "ttir.where"), 0);
    uint32_t from[16], n = compile_trace_back(r, (uint32_t)(s - r->stages), op, 0, from, 16);
    bool scores = false, softmax = false, product = false;
    for (uint32_t i = 0; i < n && i < 16; i++) {
        scores |= from[i] == first;
        softmax |= from[i] == find_op(f.m, "ttir.softmax");
        product |= from[i] == find_op(f.m, "ttir.where") + 1;
    }
    assert_true(scores && softmax && product);
    teardown(&f, r);
}

/* A reshape that moves through other ops until it meets its inverse leaves them what they came from. */
static void moved_past_ops_keep_their_origins(void **state) {
    (void)state;
    struct fixture f;
    setup(&f, "func.func @f(%x: tensor<4x32xf32>, %y: tensor<4x32xf32>) -> tensor<4x32xf32> {\n"
              "  %0 = \"ttir.tanh\"(%x) : (tensor<4x32xf32>) -> tensor<4x32xf32>\n"
              "  %1 = \"ttir.tanh\"(%y) : (tensor<4x32xf32>) -> tensor<4x32xf32>\n"
              "  %2 = \"ttir.reshape\"(%0) <{shape = [128 : i32]}> : (tensor<4x32xf32>) -> tensor<128xf32>\n"
              "  %3 = \"ttir.reshape\"(%1) <{shape = [128 : i32]}> : (tensor<4x32xf32>) -> tensor<128xf32>\n"
              "  %4 = \"ttir.relu\"(%2) : (tensor<128xf32>) -> tensor<128xf32>\n"
              "  %5 = \"ttir.add\"(%4, %3) : (tensor<128xf32>, tensor<128xf32>) -> tensor<128xf32>\n"
              "  %6 = \"ttir.sigmoid\"(%5) : (tensor<128xf32>) -> tensor<128xf32>\n"
              "  %7 = \"ttir.reshape\"(%6) <{shape = [4 : i32, 32 : i32]}> : (tensor<128xf32>) -> tensor<4x32xf32>\n"
              "  return %7 : tensor<4x32xf32>\n"
              "}\n");
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_true(r->ok);
    const compile_stage *s = stage_of(r, "ttir-erase-inverse-ops");
    assert_non_null(s);
    const ir_module *m = s->module->m, *before = s[-1].module->m;
    assert_int_equal(find_op(m, "ttir.reshape"), 0);
    const char *names[] = {"ttir.tanh", "ttir.relu", "ttir.add", "ttir.sigmoid"};
    for (int i = 0; i < 4; i++) {
        ir_op op = find_op(m, names[i]);
        assert_true(op != 0);
        assert_int_equal(s->origins.start[op + 1] - s->origins.start[op], 1);
        assert_int_equal(s->origins.sources[s->origins.start[op]], find_op(before, names[i]));
    }
    /* nothing became of the reshapes, which stood behind a tanh when they met; everything else became something */
    bool seen[64] = {false};
    assert_true(before->n_ops < 64);
    for (uint32_t i = 0; i < s->origins.n_sources; i++)
        seen[s->origins.sources[i]] = true;
    for (ir_op op = 1; op < before->n_ops; op++)
        assert_int_equal(seen[op], !str_eq(ir_op_name_str(before, op), STR("ttir.reshape")));
    teardown(&f, r);
}

/* What turns the result of one product meets what turns it back for the next: each matmul comes from its own product. */
static void cancelled_turns_leave_no_trace(void **state) {
    (void)state;
    struct fixture f;
    setup(&f,
          "func.func @f(%x: tensor<4x8x16xf32>, %v: tensor<16x32xf32>, %w: tensor<32x64xf32>) -> tensor<4x8x64xf32> {\n"
          "  %0 = \"ttir.dot_general\"(%x, %v) <{batch_dims_lhs = array<i64>, batch_dims_rhs = array<i64>, "
          "contract_dims_lhs = array<i64: 2>, contract_dims_rhs = array<i64: 0>}> : (tensor<4x8x16xf32>, "
          "tensor<16x32xf32>) -> tensor<4x8x32xf32>\n"
          "  %1 = \"ttir.dot_general\"(%0, %w) <{batch_dims_lhs = array<i64>, batch_dims_rhs = array<i64>, "
          "contract_dims_lhs = array<i64: 2>, contract_dims_rhs = array<i64: 0>}> : (tensor<4x8x32xf32>, "
          "tensor<32x64xf32>) -> tensor<4x8x64xf32>\n"
          "  return %1 : tensor<4x8x64xf32>\n"
          "}\n");
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_true(r && r->ok);
    const ir_module *last = compile_result(r);
    ir_op product = find_op(f.m, "ttir.dot_general");
    uint32_t found = 0;
    for (ir_op op = last->root; op; op = ir_walk_next(last, last->root, op)) {
        if (!str_eq(ir_op_name_str(last, op), STR("ttnn.matmul")))
            continue;
        ir_op from[4] = {0};
        assert_int_equal(compile_trace_back(r, r->n_stages - 1, op, 0, from, 4), 1);
        assert_int_equal(from[0], product + found);
        found++;
    }
    assert_int_equal(found, 2);
    teardown(&f, r);
}

static void failure_names_pass_and_op(void **state) {
    (void)state;
    struct fixture f;
    setup(&f, "func.func @f(%a: tensor<4x4xf32>) -> tensor<4x4xf32> {\n"
              "  %0 = \"ttir.exp2\"(%a) : (tensor<4x4xf32>) -> tensor<4x4xf32>\n"
              "  return %0 : tensor<4x4xf32>\n"
              "}\n");
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_non_null(r);
    assert_false(r->ok);
    assert_int_equal(f.d.errors, 1);
    assert_str(f.d.list.v[0].message, "failed to legalize operation 'ttir.exp2'");
    assert_int_equal(f.d.list.v[0].source ? f.d.list.v[0].begin != 0 : 0, 1);
    assert_true(str_starts_with(f.d.list.v[1].message, STR("in pass convert-ttir-to-ttnn, at loc(")));
    const compile_stage *last = &r->stages[r->n_stages - 1];
    assert_true(last->failed);
    assert_string_equal(last->pass, "convert-ttir-to-ttnn");
    assert_non_null(stage_of(r, "ttnn-layout")); /* what came before can be looked at */
    teardown(&f, r);
}

/* A module that breaks a rule before any pass has touched it: no pass is to blame. */
static void invalid_input_is_named(void **state) {
    (void)state;
    struct fixture f;
    setup(&f, "func.func @f(%a: tensor<32x32xf32>) -> tensor<32x32xf32> {\n"
              "  %0 = \"ttir.softmax\"(%a) <{dimension = 7 : si32}> : (tensor<32x32xf32>) -> tensor<32x32xf32>\n"
              "  return %0 : tensor<32x32xf32>\n"
              "}\n");
    f.o.stop_after = STR("ttcore-wrap-device-module");
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_non_null(r);
    assert_false(r->ok);
    assert_int_equal(r->n_stages, 1);
    assert_true(r->stages[0].failed);
    assert_str(f.d.list.v[0].message,
               "'ttir.softmax' op Dimension attribute must be within the bounds of the input tensor");
    assert_str(vec_last(&f.d.list).message, "in the input, before any pass");
    teardown(&f, r);
}

/* One whose fault would be gone in what comes out. */
static void invalid_input_is_refused(void **state) {
    (void)state;
    struct fixture f;
    setup(&f, "func.func @f(%a: tensor<4x4xf32>) -> tensor<4x4xf32> {\n"
              "  %0 = \"ttir.cumsum\"(%a) <{dim = 20 : i64}> : (tensor<4x4xf32>) -> tensor<4x4xf32>\n"
              "  return %0 : tensor<4x4xf32>\n"
              "}\n");
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_non_null(r);
    assert_false(r->ok);
    assert_int_equal(r->n_stages, 1);
    assert_str(f.d.list.v[0].message, "'ttir.cumsum' op specified dimension should be between -2 and 1, but got: 20");
    assert_str(vec_last(&f.d.list).message, "in the input, before any pass");
    teardown(&f, r);
}

static void old_forms_are_refused(void **state) {
    (void)state;
    struct fixture f;
    setup(&f, "func.func @f(%a: tensor<4x4xf32>, %b: tensor<4x4xf32>) -> tensor<4x4xf32> {\n"
              "  %0 = \"ttir.exp\"(%a, %b) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>\n"
              "  return %0 : tensor<4x4xf32>\n"
              "}\n");
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_false(r->ok);
    assert_str(f.d.list.v[0].message, "'ttir.exp' op requires a single operand");
    assert_int_equal(r->n_stages, 1);
    teardown(&f, r);
}

static bool stop_at_layout(void *arg, uint32_t pass, uint32_t n, str name) {
    unsigned *calls = arg;
    (*calls)++;
    assert_true(pass < n);
    return !str_eq(name, STR("ttnn-layout"));
}

static void can_be_cancelled(void **state) {
    (void)state;
    struct fixture f;
    unsigned calls = 0;
    setup(&f, matmul_bias);
    f.o.progress = stop_at_layout;
    f.o.progress_arg = &calls;
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_true(r->cancelled);
    assert_false(r->ok);
    assert_true(calls > 5);
    assert_null(stage_of(r, "ttnn-layout"));
    assert_non_null(stage_of(r, "ttir-fusing"));
    teardown(&f, r);
}

/* A board is as many as the mesh of the module asks for; the descriptor of a real one is what it is. */
static void boards_of_a_mesh(void **state) {
    (void)state;
    static const char *const boards[] = {"n150", "n300", "p150"};
    for (size_t i = 0; i < sizeof boards / sizeof *boards; i++) {
        struct fixture f;
        setup(&f, "module attributes {ttcore.meshes = #ttcore.meshes<[<\"mesh\" = 2x4>]>} {\n"
                  "  func.func @f(%a: tensor<32x32xf32>) -> tensor<32x32xf32> {\n"
                  "    %0 = \"ttir.exp\"(%a) : (tensor<32x32xf32>) -> tensor<32x32xf32>\n"
                  "    return %0 : tensor<32x32xf32>\n"
                  "  }\n"
                  "}\n");
        struct buf text;
        buf_init(&text, &f.mem);
        f.o.board = str_from_z(boards[i]);
        compile_run *r = compile_run_new(f.m, &f.o, &f.d);
        assert_true(r->ok);
        assert_true(text_print(compile_result(r), &(text_print_options){0}, &text));
        assert_true(str_find(buf_str(&text), STR("chipIds = [0, 1, 2, 3, 4, 5, 6, 7]")) < text.n);
        buf_free(&text);
        teardown(&f, r);
    }
}

static void parts_of_the_pipeline(void **state) {
    (void)state;
    struct fixture f;
    setup(&f, matmul_bias);
    f.o.stop_after = STR("ttir-fusing");
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_true(r->ok);
    assert_string_equal(r->stages[r->n_stages - 1].pass, "ttir-fusing");
    compile_free(r);
    f.o.stop_after = STR("");
    f.o.only_pass = STR("canonicalize#2");
    r = compile_run_new(f.m, &f.o, &f.d);
    assert_true(r->ok);
    f.o.only_pass = STR("no-such-pass");
    compile_free(r);
    r = compile_run_new(f.m, &f.o, &f.d);
    assert_false(r->ok);
    assert_str(f.d.list.v[0].message, "no pass 'no-such-pass'");
    teardown(&f, r);
}

static void options_by_name(void **state) {
    (void)state;
    compile_options o;
    const char *why;
    compile_options_init(&o);
    assert_true(compile_option_set(&o, STR("optimization-level"), STR("2"), &why));
    assert_int_equal(o.level, 2);
    assert_false(compile_option_set(&o, STR("optimization-level"), STR("3"), &why));
    assert_string_equal(why, "is 0, 1 or 2");
    assert_true(compile_option_set(&o, STR("mesh-shape"), STR("2,4"), &why));
    assert_int_equal(o.n_mesh_shape, 2);
    assert_int_equal(o.mesh_shape[1], 4);
    assert_true(compile_option_set(&o, STR("mesh-shape"), STR("1x8"), &why));
    assert_int_equal(o.mesh_shape[1], 8);
    assert_false(compile_option_set(&o, STR("mesh-shape"), STR("2x0"), &why));
    assert_true(compile_option_set(&o, STR("disable-workarounds"), STR("true"), &why));
    assert_false(o.workarounds);
    assert_true(compile_option_set(&o, STR("compute-cfg-packer-l1-acc"), STR("false"), &why));
    assert_int_equal(o.packer_l1_acc, COMPILE_OFF);
    assert_true(compile_option_set(&o, STR("compute-cfg-packer-l1-acc"), STR("unset"), &why));
    assert_int_equal(o.packer_l1_acc, COMPILE_UNSET);
    assert_false(compile_option_set(&o, STR("enable-optimizer"), STR("unset"), &why));
    assert_string_equal(why, "is true or false");
    assert_true(compile_option_set(&o, STR("tensor-l1-usage-cap"), STR("0.5"), &why));
    assert_false(compile_option_set(&o, STR("tensor-l1-usage-cap"), STR("1.5"), &why));
    assert_false(compile_option_set(&o, STR("mock-system-desc-arch"), STR("grayskull"), &why));
    assert_false(compile_option_set(&o, STR("no-such-option"), STR("1"), &why));
    assert_string_equal(why, "there is no such option");
}

/* At level 0 the accumulation is on; unset, it is left to the device. */
static void unset_is_left_out(void **state) {
    (void)state;
    for (int unset = 0; unset < 2; unset++) {
        struct fixture f;
        struct buf text;
        setup(&f, matmul_bias);
        f.o.fp32_dest_acc = unset ? COMPILE_UNSET : COMPILE_DEFAULT;
        compile_run *r = compile_run_new(f.m, &f.o, &f.d);
        assert_true(r && r->ok);
        buf_init(&text, &f.mem);
        const text_print_options plain = {.locations = false};
        assert_true(text_print(compile_result(r), &plain, &text));
        assert_true(str_find(buf_str(&text), STR("math_fidelity = hifi4")) < text.n);
        assert_int_equal(str_find(buf_str(&text), STR("fp32_dest_acc_en")) == text.n, unset);
        buf_free(&text);
        teardown(&f, r);
    }
}

static void same_bytes_each_time(void **state) {
    (void)state;
    struct buf text[2];
    struct mem mem = {0};
    for (int i = 0; i < 2; i++) {
        struct fixture f;
        setup(&f, matmul_bias);
        compile_run *r = compile_run_new(f.m, &f.o, &f.d);
        buf_init(&text[i], &mem);
        const text_print_options o = {.locations = true};
        assert_true(text_print(compile_result(r), &o, &text[i]));
        teardown(&f, r);
    }
    assert_true(str_eq(buf_str(&text[0]), buf_str(&text[1])));
    buf_free(&text[0]);
    buf_free(&text[1]);
}

static const char weighted[] = "func.func @f(%a: tensor<32x32xf32>) -> tensor<32x32xf32> {\n"
                               "  %0 = call @g(%a) : (tensor<32x32xf32>) -> tensor<32x32xf32>\n"
                               "  %1 = call @g(%0) : (tensor<32x32xf32>) -> tensor<32x32xf32>\n"
                               "  return %1 : tensor<32x32xf32>\n"
                               "}\n"
                               "func.func private @g(%a: tensor<32x32xf32>) -> tensor<32x32xf32> {\n"
                               "  %0 = \"ttir.sin\"(%a) : (tensor<32x32xf32>) -> tensor<32x32xf32>\n"
                               "  return %0 : tensor<32x32xf32>\n"
                               "}\n";

/* Weights alone: addition and permutation run once, on the host. */
static void weights_are_computed_once(void **state) {
    (void)state;
    struct fixture f;
    setup(
        &f,
        "func.func @f(%x: tensor<64x128xbf16> {ttcore.argument_type = #ttcore.argument_type<input>}, "
        "%w: tensor<64x128xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>}) -> tensor<64x128xbf16> {\n"
        "  %0 = \"ttir.exp\"(%w) : (tensor<64x128xbf16>) -> tensor<64x128xbf16>\n"
        "  %1 = \"ttir.multiply\"(%x, %0) : (tensor<64x128xbf16>, tensor<64x128xbf16>) -> tensor<64x128xbf16>\n"
        "  return %1 : tensor<64x128xbf16>\n"
        "}\n");
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_true(r->ok);
    const ir_module *m = compile_result(r);
    assert_true(find_op(m, "ttcore.load_cached") != 0);
    assert_true(find_op(m, "ttcore.cpu_module") != 0);
    assert_int_equal(find_op(m, "ttnn.exp"), 0);
    assert_true(find_op(m, "ttir.exp") != 0); /* in the CPU module */
    compile_free(r);
    f.o.const_eval = f.o.cpu_hoisted_const_eval = false;
    r = compile_run_new(f.m, &f.o, &f.d);
    assert_true(r->ok);
    assert_true(find_op(compile_result(r), "ttnn.exp") != 0);
    assert_int_equal(find_op(compile_result(r), "ttcore.load_cached"), 0);
    teardown(&f, r);
}

static void calls_are_inlined(void **state) {
    (void)state;
    struct fixture f;
    setup(&f, weighted);
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_true(r->ok);
    const ir_module *m = compile_result(r);
    uint32_t sines = 0, functions = 0;
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op)) {
        sines += str_eq(ir_op_name_str(m, op), STR("ttnn.sin"));
        functions += str_eq(ir_op_name_str(m, op), STR("func.func"));
    }
    assert_int_equal(sines, 2);
    assert_int_equal(functions, 1);
    ir_op sine = find_op(m, "ttnn.sin");
    assert_int_equal(ir_kind_of(f.c, ir_op_at(m, sine)->loc), IR_LOC_CALLSITE);
    teardown(&f, r);
}

/* A function that calls itself, and two that call each other, stay calls and end. */
static void recursion_is_left(void **state) {
    (void)state;
    struct fixture f;
    setup(&f, "func.func @f(%a: tensor<32x32xf32>) -> tensor<32x32xf32> {\n"
              "  %0 = call @g(%a) : (tensor<32x32xf32>) -> tensor<32x32xf32>\n"
              "  return %0 : tensor<32x32xf32>\n"
              "}\n"
              "func.func @g(%a: tensor<32x32xf32>) -> tensor<32x32xf32> {\n"
              "  %0 = call @f(%a) : (tensor<32x32xf32>) -> tensor<32x32xf32>\n"
              "  return %0 : tensor<32x32xf32>\n"
              "}\n");
    f.o.stop_after = STR("inline");
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_true(r->ok);
    assert_true(find_op(compile_result(r), "func.call") != 0);
    teardown(&f, r);
}

static void memory_is_small(void **state) {
    (void)state;
    struct fixture f;
    struct buf text;
    struct mem mem = {0};
    buf_init(&text, &mem);
    buf_lit(&text, "func.func @f(%0: tensor<64x64xf32>) -> tensor<64x64xf32> {\n");
    for (int i = 0; i < 100; i++)
        buf_printf(&text, "%%%d = \"ttir.%s\"(%%%d) : (tensor<64x64xf32>) -> tensor<64x64xf32>\n", i + 1,
                   i % 2 ? "sin" : "cos", i);
    buf_lit(&text, "return %100 : tensor<64x64xf32>\n}\n");
    setup(&f, buf_z(&text));
    size_t before = f.mem.used;
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_true(r->ok);
    assert_true(f.mem.used - before < 10u << 20);
    teardown(&f, r);
    buf_free(&text);
}

/* The most memory that compiling a chain of n products takes, what was read not counted. */
static size_t peak_of_chain(int n) {
    struct fixture f;
    struct buf text;
    struct mem mem = {0};
    buf_init(&text, &mem);
    buf_lit(&text, "func.func @f(%w: tensor<64x64xf32>, %0: tensor<64x64xf32>) -> tensor<64x64xf32> {\n");
    for (int i = 0; i < n; i++)
        buf_printf(&text,
                   "%%%d = \"ttir.matmul\"(%%%d, %%w) : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>\n",
                   i + 1, i);
    buf_printf(&text, "return %%%d : tensor<64x64xf32>\n}\n", n);
    setup(&f, buf_z(&text));
    f.o.weight_dtype = STR("bfp_bf8");
    assert_true(compile_option_set(&f.o, STR("argument-types"), STR("f=parameter,input"), &(const char *){NULL}));
    size_t before = f.mem.peak = f.mem.used;
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_true(r->ok);
    size_t peak = f.mem.peak - before;
    teardown(&f, r);
    buf_free(&text);
    return peak;
}

/* The same of inlining a function n times. */
static size_t peak_of_calls(int n) {
    struct fixture f;
    struct buf text;
    struct mem mem = {0};
    buf_init(&text, &mem);
    buf_lit(&text, "func.func private @g(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {\n"
                   "%0 = \"ttir.sin\"(%x) : (tensor<64x64xf32>) -> tensor<64x64xf32>\n"
                   "return %0 : tensor<64x64xf32>\n}\n"
                   "func.func @f(%0: tensor<64x64xf32>) -> tensor<64x64xf32> {\n");
    for (int i = 0; i < n; i++)
        buf_printf(&text, "%%%d = call @g(%%%d) : (tensor<64x64xf32>) -> tensor<64x64xf32>\n", i + 1, i);
    buf_printf(&text, "return %%%d : tensor<64x64xf32>\n}\n", n);
    setup(&f, buf_z(&text));
    f.o.stop_after = STR("inline");
    size_t before = f.mem.peak = f.mem.used;
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_true(r->ok);
    assert_int_equal(find_op(compile_result(r), "func.call"), 0);
    size_t peak = f.mem.peak - before;
    teardown(&f, r);
    buf_free(&text);
    return peak;
}

/* No pass keeps something by op of the module for each of some ops. */
static void memory_grows_with_the_module(void **state) {
    (void)state;
    assert_true(peak_of_chain(12000) < 7 * peak_of_chain(2000));
    assert_true(peak_of_calls(12000) < 7 * peak_of_calls(2000));
}

/* Six functions of ten calls each, one calling the next, come to a million ops: refused before memory runs out. */
static void calls_of_calls_are_refused(void **state) {
    (void)state;
    struct fixture f;
    struct buf text;
    struct mem mem = {0};
    buf_init(&text, &mem);
    for (int d = 0; d < 6; d++) {
        buf_printf(&text, "func.func %s@f%d(%%0: tensor<64x64xf32>) -> tensor<64x64xf32> {\n", d ? "private " : "", d);
        for (int i = 0; i < 10; i++) {
            if (d < 5)
                buf_printf(&text, "%%%d = call @f%d(%%%d) : (tensor<64x64xf32>) -> tensor<64x64xf32>\n", i + 1, d + 1,
                           i);
            else
                buf_printf(&text, "%%%d = \"ttir.sin\"(%%%d) : (tensor<64x64xf32>) -> tensor<64x64xf32>\n", i + 1, i);
        }
        buf_lit(&text, "return %10 : tensor<64x64xf32>\n}\n");
    }
    setup(&f, buf_z(&text));
    f.o.stop_after = STR("inline");
    compile_run *r = compile_run_new(f.m, &f.o, &f.d);
    assert_false(r->ok);
    assert_true(f.d.list.n > 0);
    str said = f.d.list.v[0].message;
    assert_true(str_find(said, STR("is called so often, by functions that are called often themselves")) < said.n);
    teardown(&f, r);
    buf_free(&text);
}

/* Forms of older versions, and a mesh of which a part of an axis cuts the inside of a manual computation. */
static const char older[] =
    "module attributes {ttcore.meshes = #ttcore.meshes<[<\"mesh\" = 1x2>]>} {\n"
    "func.func @f(%x: tensor<1x8x9x9xf32>, %w: tensor<8x8x3x3xf32>, %t: tensor<20x8xf32>, %i: tensor<3x1xi64>, "
    "%u: tensor<3x8xf32>) -> (tensor<1x8x3x3xf32>, tensor<20x8xf32>) {\n"
    "  %p = \"ttir.mesh_shard\"(%u) <{shard_dims = array<i64: -1, 1>, shard_direction = "
    "#ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 1, 2>, shard_type = "
    "#ttcore.shard_type<identity>}> : (tensor<3x8xf32>) -> tensor<3x4xf32>\n"
    "  %o = ttir.empty() : tensor<3x8xf32>\n"
    "  %d = \"ttir.concat\"(%p, %p, %o) <{dim = 1 : si32}> : (tensor<3x4xf32>, tensor<3x4xf32>, tensor<3x8xf32>) -> "
    "tensor<3x8xf32>\n"
    "  %q = ttir.empty() : tensor<1x8x7x7xf32>\n"
    "  %c = \"ttir.convolution\"(%x, %w, %q) <{batch_group_count = 1 : i64, convolution_layout = "
    "#ttir<convolution_layout input_batch = 0, input_feature = 1, input_spatial_dimensions = 2x3, "
    "kernel_output_feature "
    "= 0, kernel_input_feature = 1, kernel_spatial_dimensions = 2x3, output_batch = 0, output_feature = 1, "
    "output_spatial_dimensions = 2x3>, feature_group_count = 1 : i64, padding = array<i64: 0, 0, 0, 0>}> : "
    "(tensor<1x8x9x9xf32>, tensor<8x8x3x3xf32>, tensor<1x8x7x7xf32>) -> tensor<1x8x7x7xf32>\n"
    "  %e = ttir.empty() : tensor<1x8x3x3xf32>\n"
    "  %m = \"ttir.pooling\"(%c, %e) <{pooling_method = #ttir<pooling_method Max>, window_dimensions = array<i64: 1, "
    "1, 3, 3>, window_strides = array<i64: 1, 1, 2, 2>}> : (tensor<1x8x7x7xf32>, tensor<1x8x3x3xf32>) -> "
    "tensor<1x8x3x3xf32>\n"
    "  %s = ttir.empty() : tensor<20x8xf32>\n"
    "  %r = \"ttir.scatter\"(%t, %i, %d, %s) <{index_vector_dim = 1 : i32, indices_are_sorted = false, "
    "input_batching_dims = array<i32>, inserted_window_dims = array<i32: 0>, scatter_dims_to_operand_dims = array<i32: "
    "0>, scatter_indices_batching_dims = array<i32>, unique_indices = false, update_window_dims = array<i32: 1>}> : "
    "(tensor<20x8xf32>, tensor<3x1xi64>, tensor<3x8xf32>, tensor<20x8xf32>) -> tensor<20x8xf32>\n"
    "  return %m, %r : tensor<1x8x3x3xf32>, tensor<20x8xf32>\n"
    "}\n"
    "}\n";
static const char cut_inside[] = "sdy.mesh @mesh = <[\"x\"=2, \"y\"=4]>\n"
                                 "func.func @f(%a: tensor<8x16xf32>) -> tensor<8x16xf32> {\n"
                                 "  %0 = sdy.manual_computation(%a) in_shardings=[<@mesh, [{\"x\"}, {\"y\":(1)2}]>] "
                                 "out_shardings=[<@mesh, [{\"x\"}, "
                                 "{}]>] manual_axes={\"x\"} (%p: tensor<4x16xf32>) {\n"
                                 "    %1 = stablehlo.tanh %p : tensor<4x16xf32>\n"
                                 "    sdy.return %1 : tensor<4x16xf32>\n"
                                 "  } : (tensor<8x16xf32>) -> tensor<8x16xf32>\n"
                                 "  return %0 : tensor<8x16xf32>\n"
                                 "}\n";

static bool compile_without_memory(struct mem *mem, void *ctx) {
    ir_context *c = ir_context_new(mem, dialect_resolve);
    struct diags d;
    diags_init(&d, mem);
    ir_module *m = c ? text_read(c, str_from_z(ctx), STR("test.mlir"), NULL, &d) : NULL;
    compile_options o;
    compile_options_init(&o);
    o.update_older_forms = true;
    compile_run *r = m ? compile_run_new(m, &o, &d) : NULL;
    bool ok = r && r->ok;
    compile_free(r);
    ir_module_free(m);
    diags_free(&d);
    ir_context_unref(c);
    return ok;
}

static void memory_may_run_out(void **state) {
    (void)state;
    static const char *const sources[] = {matmul_bias, weighted, older, cut_inside};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        char text[4096];
        snprintf(text, sizeof text, "%s", sources[i]);
        test_oom_sweep(compile_without_memory, text, 20000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_are_kept),
        cmocka_unit_test(fused_op_comes_from_both),
        cmocka_unit_test(shared_product_comes_from_all),
        cmocka_unit_test(attention_comes_from_its_products),
        cmocka_unit_test(moved_past_ops_keep_their_origins),
        cmocka_unit_test(cancelled_turns_leave_no_trace),
        cmocka_unit_test(failure_names_pass_and_op),
        cmocka_unit_test(invalid_input_is_named),
        cmocka_unit_test(invalid_input_is_refused),
        cmocka_unit_test(old_forms_are_refused),
        cmocka_unit_test(can_be_cancelled),
        cmocka_unit_test(boards_of_a_mesh),
        cmocka_unit_test(parts_of_the_pipeline),
        cmocka_unit_test(options_by_name),
        cmocka_unit_test(unset_is_left_out),
        cmocka_unit_test(same_bytes_each_time),
        cmocka_unit_test(weights_are_computed_once),
        cmocka_unit_test(calls_are_inlined),
        cmocka_unit_test(recursion_is_left),
        cmocka_unit_test(memory_is_small),
        cmocka_unit_test(memory_grows_with_the_module),
        cmocka_unit_test(calls_of_calls_are_refused),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
