/* Overrides: read and written in every form, bound to ops, applied by a compile; nothing is dropped without a word. */
#include "test.h"

#include "base/file.h"
#include "base/json.h"
#include "compile/compile.h"
#include "compile/override.h"
#include "dialect/dialect.h"
#include "target/legal.h"
#include "text/text.h"

/* ---- reading and writing --------------------------------------------------------------------------------- */

typedef struct sets {
    struct mem mem;
    override_set s;
    struct diags d;
    struct buf out, rest;
} sets;

static void sets_init(sets *t) {
    *t = (sets){0};
    override_set_init(&t->s, &t->mem);
    diags_init(&t->d, &t->mem);
    buf_init(&t->out, &t->mem);
    buf_init(&t->rest, &t->mem);
}

static void sets_free(sets *t) {
    override_set_free(&t->s);
    diags_free(&t->d);
    buf_free(&t->out);
    buf_free(&t->rest);
    assert_int_equal(t->mem.used, 0);
}

/* Strings of the vendor's own tests (overrides.md, section 6) come back as they print. */
static void option_strings(void **state) {
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"override-output-layout=embedding_236=dram:interleaved:tile:1x1:bf16",
         "override-output-layout=embedding_236=1x1:dram:interleaved:tile:bf16"},
        {"override-output-layout=add_1=row_major", "override-output-layout=add_1=row_major"},
        {"override-output-layout=op1=2x2:dram:interleaved:tile:f32,op2=4x4:l1:block_sharded:row_major:f16",
         "override-output-layout=op1=2x2:dram:interleaved:tile:f32,op2=4x4:l1:block_sharded:row_major:f16"},
        {"override-conv2d-config=conv1=weights_dtype#bf16:activation#relu:deallocate_activation#false",
         "override-conv2d-config=conv1=weights_dtype#bf16:activation#relu:deallocate_activation#false"},
        {"override-conv2d-config=conv1=shard_layout#height_sharded,conv2=shard_layout#height_sharded "
         "insert-memreconfig=add_0_1_2=0:1",
         "override-conv2d-config=conv1=shard_layout#height_sharded,conv2=shard_layout#height_sharded "
         "insert-memreconfig=add_0_1_2=0:1"},
        {"override-conv3d-config=conv3d_full=weights_dtype#bf16:t_out_block#1,conv3d_partial=c_in_block#64",
         "override-conv3d-config=conv3d_full=weights_dtype#bf16:t_out_block#1,conv3d_partial=c_in_block#64"},
        {"enable-optimizer=true override-output-layout=a=l1", "override-output-layout=a=l1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sets t;
        sets_init(&t);
        assert_true(override_read_options(&t.s, str_from_z(rows[i].in), &t.d));
        assert_true(override_write_options(&t.s, &t.out, &t.rest));
        assert_str(buf_str(&t.out), rows[i].out);
        assert_int_equal(t.rest.n, 0);
        sets_free(&t);
    }
}

static void option_errors(void **state) {
    (void)state;
    static const struct {
        const char *in, *message;
    } rows[] = {
        {"override-output-layout=add_1", "Invalid format for override: add_1"},
        {"override-output-layout=add_1=4x", "Invalid grid size: 4x"},
        {"override-output-layout=add_1=fp32", "Invalid layout parameter: fp32"},
        {"override-output-layout=add_1=l1:dram", "Multiple buffer type parameters provided: dram"},
        {"override-output-layout=add_1=f32:bf16", "Multiple data type parameters provided: bf16"},
        {"override-conv2d-config=c=dtype#bf16", "Invalid override parameter: dtype"},
        {"override-conv2d-config=c=activation", "Invalid override parameter: activation"},
        {"insert-memreconfig=add=x", "Invalid operand index: x"},
        {"add_1:output_layout.buffer_type", "Invalid override format: buffer_type; a field is set by KEY=VALUE"},
        {"override-everything=x",
         "Invalid override format: override-everything=x; TARGET:GROUP.KEY=VALUE sets a field, where "
         "GROUP is one of output_layout, conv2d_config, conv3d_config, matmul_program_config, "
         "compute_config, weight, reshard"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sets t;
        sets_init(&t);
        assert_false(override_read_options(&t.s, str_from_z(rows[i].in), &t.d));
        assert_str(t.d.list.v[0].message, rows[i].message);
        sets_free(&t);
    }
}

static const char request[] =
    "{\"optimizationPolicy\":\"Optimizer Enabled\",\"generateCppCode\":false,\"overrides\":{\"loc(\\\"a\\\")__1\":"
    "{\"named_location\":\"matmul_1\",\"attributes\":[{\"key\":\"buffer_type\",\"value\":\"l1\"},"
    "{\"key\":\"grid_shape\",\"value\":\"[8x1]\"},{\"key\":\"act_block_h_override\",\"value\":\"64\"}]}}}";

static void json_both_ways(void **state) {
    (void)state;
    sets t, back;
    sets_init(&t);
    sets_init(&back);
    assert_true(override_read_json(&t.s, str_from_z(request), NULL, &t.d));
    assert_int_equal(t.s.entries.n, 1);
    assert_int_equal(t.s.entries.v[0].settings.n, 3);
    assert_int_equal(t.s.entries.v[0].settings.v[2].group, LEGAL_CONV2D);
    struct json_writer w = json_writer_to(&t.out);
    override_write_json(&t.s, false, &w);
    assert_str(buf_str(&t.out),
               "{\"loc(\\\"a\\\")__1\":{\"named_location\":\"matmul_1\",\"attributes\":[{\"key\":\"buffer_type\","
               "\"value\":\"l1\"},{\"key\":\"grid_shape\",\"value\":\"[8x1]\"},{\"key\":\"act_block_h_override\","
               "\"value\":\"64\"}]}}");
    assert_true(override_write_options(&t.s, &t.rest, NULL));
    assert_str(buf_str(&t.rest), "override-output-layout=matmul_1=8x1:l1 "
                                 "override-conv2d-config=matmul_1=act_block_h_override#64");
    /* ours, with every kind of target */
    assert_true(override_read_options(&t.s, STR("@main/ttnn.relu#2:output_layout.buffer_type=l1"), &t.d));
    assert_true(override_read_options(&t.s, STR("?op=matmul name=*layer*:compute_config.math_fidelity=lofi"), &t.d));
    buf_clear(&t.out);
    w = json_writer_to(&t.out);
    override_write_json(&t.s, true, &w);
    assert_true(override_read_json(&back.s, buf_str(&t.out), NULL, &back.d));
    assert_int_equal(back.s.entries.n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(back.s.entries.v[i].bind, t.s.entries.v[i].bind);
        assert_true(str_eq(back.s.entries.v[i].target, t.s.entries.v[i].target));
        assert_int_equal(back.s.entries.v[i].settings.n, t.s.entries.v[i].settings.n);
        assert_int_equal(back.s.entries.v[i].settings.v[0].group, t.s.entries.v[i].settings.v[0].group);
    }
    buf_clear(&t.rest);
    buf_clear(&t.out);
    assert_true(override_write_options(&t.s, &t.out, &t.rest));
    assert_str(buf_str(&t.rest), "@main/ttnn.relu#2:output_layout.buffer_type=l1\n"
                                 "?op=matmul name=*layer*:compute_config.math_fidelity=lofi\n");
    sets_free(&t);
    sets_free(&back);
}

static void bad_json(void **state) {
    (void)state;
    static const char *const rows[] = {"",
                                       "[]",
                                       "{\"a\":{}}",
                                       "{\"a\":{\"named_location\":3}}",
                                       "{\"a\":{\"named_location\":\"x\",\"attributes\":[3]}}",
                                       "{\"a\":{\"named_location\":\"x\",\"attributes\":[{\"key\":\"k\"}]}}",
                                       "{\"a\":{\"bind\":\"magic\",\"target\":\"x\"}}",
                                       "{\"a\":{\"named_location\":\"x\"}} 1",
                                       "{\"overrides\":{\"overrides\":{\"overrides\":{}}}}"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sets t;
        sets_init(&t);
        assert_false(override_read_json(&t.s, str_from_z(rows[i]), NULL, &t.d));
        assert_int_not_equal(t.d.errors, 0);
        sets_free(&t);
    }
}

/* ---- applying -------------------------------------------------------------------------------------------- */

static const char model[] =
    "module {\n"
    "  func.func @main(%x: tensor<128x256xbf16>, %w: tensor<256x512xbf16>, %b: tensor<128x512xbf16>) -> "
    "tensor<128x512xbf16> {\n"
    "    %0 = \"ttir.matmul\"(%x, %w) : (tensor<128x256xbf16>, tensor<256x512xbf16>) -> tensor<128x512xbf16> "
    "loc(\"matmul_1\")\n"
    "    %1 = \"ttir.subtract\"(%0, %b) : (tensor<128x512xbf16>, tensor<128x512xbf16>) -> tensor<128x512xbf16> "
    "loc(\"add_1\")\n"
    "    %2 = \"ttir.exp\"(%1) : (tensor<128x512xbf16>) -> tensor<128x512xbf16> loc(\"exp_1\")\n"
    "    return %2 : tensor<128x512xbf16>\n"
    "  }\n"
    "}\n";

typedef struct compiled {
    sets t;
    ir_context *c;
    ir_module *m;
    compile_run *r;
    const ir_module *out;
} compiled;

/* The module that is compiled, its file's name and the level. */
static str source;
static int level;

static void compile(compiled *k, const char *const *overrides) {
    compile_options o;
    sets_init(&k->t);
    for (; *overrides; overrides++)
        assert_true(override_read_options(&k->t.s, str_from_z(*overrides), &k->t.d));
    k->c = ir_context_new(&k->t.mem, dialect_resolve);
    k->m = text_read(k->c, source.p ? source : str_from_z(model), STR("model"), NULL, &k->t.d);
    assert_non_null(k->m);
    compile_options_init(&o);
    o.overrides = &k->t.s;
    o.level = level;
    o.verify = true;
    k->r = compile_run_new(k->m, &o, &k->t.d);
    assert_non_null(k->r);
    for (size_t i = 0; !k->r->ok && i < k->t.d.list.n; i++)
        if (k->t.d.list.v[i].severity == DIAG_ERROR)
            print_error("%.*s\n", STR_ARG(k->t.d.list.v[i].message));
    assert_true(k->r->ok);
    k->out = compile_result(k->r);
    legal_env e;
    assert_true(legal_env_init(&e, k->out, 0.95));
    if (legal_check_module(&e, &k->t.d))
        fail_msg("%.*s", STR_ARG(vec_last(&k->t.d.list).message));
}

static void done(compiled *k) {
    compile_free(k->r);
    ir_module_free(k->m);
    ir_context_unref(k->c);
    sets_free(&k->t);
}

/* The layout of the first result of the n-th op of this name. */
static ttnn_layout layout_of(const compiled *k, const char *name, uint32_t n) {
    ttnn_layout l = {0};
    for (ir_op op = k->out->root; op; op = ir_walk_next(k->out, k->out->root, op))
        if (str_eq(ir_op_name_str(k->out, op), str_from_z(name)) && n-- == 0) {
            assert_true(ttnn_layout_of(k->c, ir_value_type(k->out, k->out->ops[op].results), &l));
            return l;
        }
    fail_msg("no %s", name);
    return l;
}

static uint32_t count(const compiled *k, const char *name) {
    uint32_t n = 0;
    for (ir_op op = k->out->root; op; op = ir_walk_next(k->out, k->out->root, op))
        n += str_eq(ir_op_name_str(k->out, op), str_from_z(name));
    return n;
}

static void one_op_is_sharded(void **state) {
    (void)state;
    compiled k;
    compile(&k, (const char *const[]){"override-output-layout=matmul_1=l1:block_sharded:4x8", NULL});
    assert_int_equal(override_problems(&k.t.s), 0);
    assert_int_equal(k.t.s.results.n, 3);
    ttnn_layout l = layout_of(&k, "ttnn.matmul", 0);
    assert_int_equal(l.memory, TTNN_BLOCK_SHARDED);
    assert_int_equal(l.grid[0] * 100 + l.grid[1], 408);
    /* a binary op reads it as it is */
    assert_int_equal(count(&k, "ttnn.to_memory_config"), 0);
    assert_int_equal(layout_of(&k, "ttnn.subtract", 0).buffer, TTNN_DRAM);
    done(&k);
    /* an op with one operand does not: it sees what it saw */
    compile(&k, (const char *const[]){"override-output-layout=add_1=l1:block_sharded:4x8", NULL});
    assert_int_equal(override_problems(&k.t.s), 0);
    assert_int_equal(count(&k, "ttnn.to_memory_config"), 1);
    assert_int_equal(layout_of(&k, "ttnn.to_memory_config", 0).buffer, TTNN_DRAM);
    done(&k);
}

/* Neighbours that are overridden alike hand the tensor on in place. */
static void a_chain_is_sharded(void **state) {
    (void)state;
    compiled k;
    compile(&k, (const char *const[]){"override-output-layout=matmul_1=l1:block_sharded:4x8,add_1=l1:block_sharded:4x8,"
                                      "exp_1=l1:block_sharded:4x8",
                                      NULL});
    assert_int_equal(override_problems(&k.t.s), 0);
    assert_int_equal(layout_of(&k, "ttnn.exp", 0).memory, TTNN_BLOCK_SHARDED);
    assert_int_equal(count(&k, "ttnn.to_memory_config"), 1); /* in front of the return */
    done(&k);
}

/* An op with one operand is sharded as the operand is: that one is brought there. */
static void operands_are_brought_along(void **state) {
    (void)state;
    compiled k;
    compile(&k, (const char *const[]){"override-output-layout=exp_1=l1:height_sharded:4x1", NULL});
    assert_int_equal(override_problems(&k.t.s), 0);
    assert_int_equal(layout_of(&k, "ttnn.exp", 0).memory, TTNN_HEIGHT_SHARDED);
    assert_int_equal(count(&k, "ttnn.to_memory_config"), 2);
    done(&k);
}

/* The other way round: an operand is asked for, and the result of an op that keeps to its operand follows; its reader sees what
 * it saw. Nothing else changes when both are asked for, the grid of one being left open. */
static void results_are_brought_along(void **state) {
    (void)state;
    static const char *const ways[] = {
        "exp_1:reshard.0.tensor_memory_layout=height_sharded,reshard.0.grid_shape=4x1",
        "exp_1:reshard.0.tensor_memory_layout=height_sharded,output_layout.tensor_memory_layout=height_sharded,"
        "grid_shape=4x1"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        compiled k;
        compile(&k, (const char *const[]){ways[i], NULL});
        assert_int_equal(override_problems(&k.t.s), 0);
        ttnn_layout l = layout_of(&k, "ttnn.exp", 0);
        assert_int_equal(l.memory, TTNN_HEIGHT_SHARDED);
        assert_int_equal(l.grid[0], 4);
        assert_int_equal(layout_of(&k, "ttnn.to_memory_config", 0).memory, TTNN_HEIGHT_SHARDED);
        assert_int_equal(layout_of(&k, "ttnn.to_memory_config", 1).memory, TTNN_INTERLEAVED);
        assert_int_equal(count(&k, "ttnn.to_memory_config"), 2);
        done(&k);
    }
}

static void data_types_and_kernels(void **state) {
    (void)state;
    compiled k;
    compile(&k, (const char *const[]){"override-output-layout=matmul_1=bfp_bf8",
                                      "matmul_1:compute_config.math_fidelity=lofi,packer_l1_acc=True", NULL});
    assert_int_equal(override_problems(&k.t.s), 0);
    assert_int_equal(layout_of(&k, "ttnn.matmul", 0).dtype, DTYPE_BFP_BF8);
    assert_int_equal(layout_of(&k, "ttnn.typecast", 0).dtype, DTYPE_BF16);
    struct buf text;
    buf_init(&text, &k.t.mem);
    assert_true(text_print(k.out, &(text_print_options){0}, &text));
    assert_true(str_find(buf_str(&text), STR("math_fidelity = lofi")) < text.n);
    assert_true(str_find(buf_str(&text), STR("packer_l1_acc = true")) < text.n);
    buf_free(&text);
    done(&k);
}

static const char conv[] =
    "func.func @main(%x: tensor<1x8x8x32xbf16>, %w: tensor<32x32x1x1xbf16>) -> tensor<1x8x8x32xbf16> {\n"
    "  %0 = \"ttir.conv2d\"(%x, %w) <{stride = array<i32: 1, 1>, padding = array<i32: 0, 0, 0, 0>, dilation = "
    "array<i32: 1, 1>, groups = 1 : i32}> : (tensor<1x8x8x32xbf16>, tensor<32x32x1x1xbf16>) -> tensor<1x8x8x32xbf16> "
    "loc(\"conv_1\")\n"
    "  return %0 : tensor<1x8x8x32xbf16>\n"
    "}\n";

/* A key may bring its own group. None, which today's tool writes for no activation, is the same as none. */
static void groups_and_none(void **state) {
    (void)state;
    static const char *const spellings[] = {"None", "none"};
    for (size_t i = 0; i < 2; i++) {
        compiled k;
        char text[160];
        snprintf(text, sizeof text,
                 "conv_1:conv2d_config.activation=%s,transpose_shards=true,compute_config.math_fidelity=lofi",
                 spellings[i]);
        source = str_from_z(conv);
        compile(&k, (const char *const[]){text, NULL});
        source = (str){0};
        assert_int_equal(override_problems(&k.t.s), 0);
        assert_int_equal(k.t.s.results.n, 3);
        struct buf out;
        buf_init(&out, &k.t.mem);
        assert_true(text_print(k.out, &(text_print_options){0}, &out));
        assert_true(str_find(buf_str(&out), STR("activation")) == out.n);
        assert_true(str_find(buf_str(&out), STR("transpose_shards = true")) < out.n);
        assert_true(str_find(buf_str(&out), STR("math_fidelity = lofi")) < out.n);
        buf_free(&out);
        done(&k);
    }
}

static void what_cannot_be_is_reported(void **state) {
    (void)state;
    static const struct {
        const char *text;
        override_state state;
        const char *why, *nearest;
    } rows[] = {
        {"override-output-layout=nothing_like_it=l1", OVERRIDE_UNMATCHED, "no op has this name", NULL},
        {"override-output-layout=add_7=l1", OVERRIDE_UNMATCHED, "there is add_1", NULL},
        {"matmul:output_layout.buffer_type=l1", OVERRIDE_UNMATCHED, "there is matmul_1", NULL},
        {"?op=conv*:output_layout.buffer_type=l1", OVERRIDE_UNMATCHED, "op=conv* is true of 0", NULL},
        {"?op=exp dtype=f32:output_layout.buffer_type=l1", OVERRIDE_UNMATCHED,
         "op=exp is true of 1, dtype=f32 is true of 0", NULL},
        {"?ops=exp:output_layout.buffer_type=l1", OVERRIDE_UNMATCHED, "no term \"ops\": there are op=, name=", NULL},
        {"@main/ttnn.exp#1:output_layout.buffer_type=l1", OVERRIDE_UNMATCHED, "@main has 1 of ttnn.exp", NULL},
        {"@main/ttnn.log#0:output_layout.buffer_type=l1", OVERRIDE_UNMATCHED, "no ttnn.log in @main", NULL},
        {"@f/ttnn.exp#0:output_layout.buffer_type=l1", OVERRIDE_UNMATCHED, "no function @f; there is @main", NULL},
        {"@main:output_layout.buffer_type=l1", OVERRIDE_UNMATCHED, "an op is named @function/ttnn.op#n", NULL},
        {"?name=*_1:conv2d_config.activation=relu", OVERRIDE_ILLEGAL, "nor has any other of the 3 ops", NULL},
        {"override-output-layout=add_1=system_memory", OVERRIDE_ILLEGAL, "host memory", "dram"},
        {"add_1:output_layout.grid_shape=9x9", OVERRIDE_ILLEGAL, "its worker grid is 8x8", "8x8"},
        {"override-output-layout=add_1=l1:block_sharded:3x8", OVERRIDE_ILLEGAL, "leaves 1 empty", "4x6"},
        {"add_1:compute_config.math_fidelity=lofi", OVERRIDE_ILLEGAL, "has no compute_config", NULL},
        {"matmul_1:weight.weight_dtype=bfp_bf8", OVERRIDE_ILLEGAL, "not known before the model runs", "bf16"},
        {"matmul_1:weight.weight_dtype=f16", OVERRIDE_ILLEGAL, "not known before the model runs", "bf16"},
        {"add_1:output_layout.colour=red", OVERRIDE_ILLEGAL,
         "no field \"colour\" in output_layout, which has data_type, ", NULL},
        {"matmul_1:output_layout.buffer_type=l1,tensor_memory_layout=block_sharded,grid_shape=4x8,"
         "matmul_program_config.in0_block_w=100000",
         OVERRIDE_ILLEGAL, "must divide the 8 tiles", "8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        compiled k;
        compile(&k, (const char *const[]){rows[i].text, NULL});
        const override_result *found = NULL;
        for (size_t n = 0; n < k.t.s.results.n; n++)
            if (k.t.s.results.v[n].state != OVERRIDE_APPLIED)
                found = &k.t.s.results.v[n];
        assert_non_null(found);
        assert_int_equal(found->state, rows[i].state);
        if (str_find(found->why, str_from_z(rows[i].why)) == found->why.n)
            fail_msg("row %zu: %.*s", i, STR_ARG(found->why));
        if (rows[i].nearest)
            assert_str(found->nearest[0], rows[i].nearest);
        assert_true(k.t.d.warnings > 0);
        done(&k);
    }
}

/* As JSON of an op whose location has no name has it. */
static void an_empty_name(void **state) {
    (void)state;
    compiled k;
    compile(&k, (const char *const[]){NULL});
    struct buf why;
    buf_init(&why, &k.t.mem);
    const override_entry e = {.bind = OVERRIDE_BY_NAME, .target = STR("")};
    override_why_unmatched(&e, k.out, k.out->root, &why);
    assert_true(str_find(buf_str(&why), STR("is meant by its identity, @function/ttnn.op#n")) < why.n);
    buf_free(&why);
    done(&k);
}

/* A query or a name that means several ops is applied to those that have the field, and the others are no problem. */
static void fields_of_some(void **state) {
    (void)state;
    compiled k;
    compile(&k,
            (const char *const[]){"?name=*_1:compute_config.math_fidelity=lofi,output_layout.buffer_type=dram", NULL});
    assert_int_equal(override_problems(&k.t.s), 0);
    assert_int_equal(k.t.s.results.n, 1 + 3);
    done(&k);
}

/* The more special entry wins, and the other is named. */
static void conflicts(void **state) {
    (void)state;
    compiled k;
    compile(&k, (const char *const[]){"@main/ttnn.subtract#0:output_layout.buffer_type=dram",
                                      "?op=subtract:output_layout.buffer_type=l1", NULL});
    assert_int_equal(override_problems(&k.t.s), 1);
    for (size_t i = 0; i < k.t.s.results.n; i++) {
        const override_result *r = &k.t.s.results.v[i];
        assert_int_equal(r->state, r->entry == 0 ? OVERRIDE_APPLIED : OVERRIDE_CONFLICT);
        if (r->entry == 1)
            assert_str(r->why, "\"@main/ttnn.subtract#0\" sets it to dram");
    }
    struct json_writer w = json_writer_to(&k.t.out);
    override_results_json(&k.t.s, &w);
    assert_true(str_find(buf_str(&k.t.out), STR("\"state\":\"conflict\"")) < k.t.out.n);
    done(&k);
}

/* Of one field that one selector sets twice the later value counts, and the earlier is told. */
static void set_twice(void **state) {
    (void)state;
    compiled k;
    compile(&k, (const char *const[]){"@main/ttnn.subtract#0:output_layout.buffer_type=l1",
                                      "@main/ttnn.subtract#0:output_layout.buffer_type=dram",
                                      "@main/ttnn.subtract#0:output_layout.buffer_type=dram", NULL});
    assert_int_equal(k.t.s.entries.n, 1);
    assert_int_equal(override_problems(&k.t.s), 1);
    bool told = false;
    for (size_t i = 0; i < k.t.s.results.n; i++) {
        const override_result *r = &k.t.s.results.v[i];
        bool first = r->setting == 0;
        assert_int_equal(r->state, first ? OVERRIDE_CONFLICT : OVERRIDE_APPLIED);
        told = told || (first && str_find(r->why, STR("sets it to dram")) < r->why.n);
    }
    assert_true(told);
    done(&k);
}

/* Ops of all the rules there are (legal_rules.h). */
static const char many_rules[] =
    "module {\n"
    "  func.func @main(%x: tensor<128x256xbf16>, %y: tensor<128x256xbf16>, %w: tensor<256x512xbf16> "
    "{ttcore.argument_type = #ttcore.argument_type<parameter>}, %g: tensor<256xbf16>) -> tensor<128x512xf32> {\n"
    "    %0 = \"ttir.layer_norm\"(%x, %g) <{normalized_shape = array<i64: 256>, epsilon = 1.0e-05 : f32, "
    "operandSegmentSizes = array<i32: 1, 1, 0>}> : (tensor<128x256xbf16>, tensor<256xbf16>) -> tensor<128x256xbf16>\n"
    "    %1 = \"ttir.concat\"(%0, %y) <{dim = 0 : si32}> : (tensor<128x256xbf16>, tensor<128x256xbf16>) -> "
    "tensor<256x256xbf16>\n"
    "    %2 = \"ttir.slice_static\"(%1) <{begins = [0 : i32, 0 : i32], ends = [128 : i32, 256 : i32], step = [1 : i32, "
    "1 : i32]}> : (tensor<256x256xbf16>) -> tensor<128x256xbf16>\n"
    "    %3 = \"ttir.matmul\"(%2, %w) : (tensor<128x256xbf16>, tensor<256x512xbf16>) -> tensor<128x512xbf16>\n"
    "    %4 = \"ttir.softmax\"(%3) <{dimension = 1 : si32}> : (tensor<128x512xbf16>) -> tensor<128x512xbf16>\n"
    "    %5 = \"ttir.typecast\"(%4) : (tensor<128x512xbf16>) -> tensor<128x512xf32>\n"
    "    %6 = \"ttir.exp\"(%5) : (tensor<128x512xf32>) -> tensor<128x512xf32>\n"
    "    %7 = \"ttir.multiply\"(%6, %5) : (tensor<128x512xf32>, tensor<128x512xf32>) -> tensor<128x512xf32>\n"
    "    return %7 : tensor<128x512xf32>\n"
    "  }\n"
    "}\n";

/* What the table of fields offers for an op is applied when it is set, what it does not offer is not: writes a line for each
 * choice, with whether it is offered. Of long lists of grids the ends and the middle. */
static uint32_t write_offers(const compiled *k, char lines[][192], bool *legal, uint32_t cap) {
    legal_env e;
    struct arena a;
    const ir_module *m = NULL;
    uint32_t n = 0;
    for (uint32_t i = 1; i < k->r->n_stages && !m; i++)
        if (str_eq(str_from_z(k->r->stages[i].pass), STR("apply-overrides")))
            m = k->r->stages[i - 1].module->m;
    assert_non_null(m);
    assert_true(legal_env_init(&e, m, 0.95));
    arena_init(&a, k->t.s.mem);
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op)) {
        uint32_t n_fields;
        bool failed;
        struct buf identity;
        const legal_field *f = legal_fields(&e, &a, op, NULL, 0, &n_fields, &failed);
        assert_false(failed);
        buf_init(&identity, k->t.s.mem);
        override_identity(m, op, &identity);
        for (uint32_t i = 0; i < n_fields; i++)
            for (uint32_t o = 0; o < f[i].n_options; o++) {
                if (f[i].n_options > 20 && o % (f[i].n_options / 2) != 0)
                    continue;
                assert_true(n < cap);
                legal[n] = f[i].options[o].legal;
                snprintf(lines[n++], sizeof *lines, "%.*s:%.*s.%.*s=%.*s", STR_ARG(buf_str(&identity)),
                         STR_ARG(legal_group_names[f[i].group]), STR_ARG(f[i].key), STR_ARG(f[i].options[o].value));
            }
        buf_free(&identity);
    }
    arena_free(&a);
    return n;
}

static void offers_are_applied(void **state) {
    (void)state;
    enum { MOST = 2000 };
    static char lines[MOST][192];
    static bool legal[MOST];
    compiled k;
    source = str_from_z(many_rules);
    compile(&k, (const char *const[]){"nobody:output_layout.buffer_type=l1", NULL});
    uint32_t n = write_offers(&k, lines, legal, MOST), n_legal = 0;
    done(&k);
    for (uint32_t i = 0; i < n; i++) {
        n_legal += legal[i];
        compile(&k, (const char *const[]){lines[i], NULL});
        assert_int_equal(k.t.s.results.n, 1);
        const override_result *r = &k.t.s.results.v[0];
        if ((r->state == OVERRIDE_APPLIED) != legal[i] || (!legal[i] && (!r->why.n || !r->n_nearest)))
            fail_msg("%s is %soffered and %s: %.*s (%u near it)", lines[i], legal[i] ? "" : "not ",
                     override_state_names[r->state], STR_ARG(r->why), r->n_nearest);
        done(&k);
    }
    source = (str){0};
    assert_true(n_legal > 200);
    assert_true(n - n_legal > 200);
}

/* Random overrides never break anything: what compiles is legal, and each setting has a result. */
static void random_overrides(void **state) {
    (void)state;
    static const char *const targets[] = {"matmul_1", "add_1",     "exp_1", "@main/ttnn.exp#0",
                                          "?op=*",    "?name=*_1", "nobody"};
    static const char *const fields[] = {"output_layout.buffer_type",
                                         "output_layout.tensor_memory_layout",
                                         "output_layout.grid_shape",
                                         "output_layout.data_type",
                                         "output_layout.memory_layout",
                                         "compute_config.math_fidelity",
                                         "matmul_program_config.in0_block_w",
                                         "weight.weight_dtype",
                                         "reshard.0.tensor_memory_layout",
                                         "reshard.1.grid_shape",
                                         "reshard.0.match",
                                         "conv2d_config.activation"};
    static const char *const values[] = {
        "l1",  "dram", "height_sharded", "width_sharded", "block_sharded", "interleaved", "4x8",
        "4x1", "1x16", "64x64",          "bf16",          "bfp_bf8",       "si32",        "tile",
        "2",   "lofi", "True",           "None",          "result",        "row_major"};
    uint64_t seed = 7;
    uint32_t applied = 0;
    for (int round = 0; round < 150; round++) {
        char text[6][128];
        const char *list[7] = {0};
        uint32_t n = 1 + (uint32_t)(test_random(&seed) % 6);
        for (uint32_t i = 0; i < n; i++) {
            const char *target = targets[test_random(&seed) % (sizeof targets / sizeof *targets)];
            const char *field = fields[test_random(&seed) % (sizeof fields / sizeof *fields)];
            const char *value = values[test_random(&seed) % (sizeof values / sizeof *values)];
            snprintf(text[i], sizeof text[i], "%s:%s=%s", target, field, value);
            list[i] = text[i];
        }
        compiled k;
        compile(&k, list);
        uint32_t n_settings = 0;
        for (size_t i = 0; i < k.t.s.entries.n; i++)
            n_settings += (uint32_t)k.t.s.entries.v[i].settings.n;
        assert_true(k.t.s.results.n >= n_settings);
        applied += (uint32_t)k.t.s.results.n - override_problems(&k.t.s);
        done(&k);
    }
    assert_true(applied > 50);
}

/* The same on modules of the corpus, at every level. */
static void random_overrides_of_the_corpus(void **state) {
    (void)state;
    static const char *const models[] = {"models/single_blocks_and_layers/llama_3_2_1b_decode_block",
                                         "models/single_blocks_and_layers/bert_encoder_block",
                                         "models/single_blocks_and_layers/vit_vision_block",
                                         "models/resnet_hf",
                                         "models/mnist",
                                         "models/llama_attention"};
    static const char *const targets[] = {"?op=*",      "?op=matmul", "?op=add",     "?op=multiply", "?op=softmax",
                                          "?op=linear", "?op=conv2d", "?op=reshape", "?op=*norm*"};
    static const char *const fields[] = {"output_layout.buffer_type",
                                         "output_layout.tensor_memory_layout",
                                         "output_layout.grid_shape",
                                         "output_layout.data_type",
                                         "reshard.0.tensor_memory_layout",
                                         "reshard.1.buffer_type",
                                         "conv2d_config.act_block_h_override",
                                         "weight.weight_dtype",
                                         "matmul_program_config.out_subblock_w"};
    static const char *const values[] = {"l1",   "dram", "height_sharded", "width_sharded", "block_sharded", "8x8",
                                         "32x1", "1x8",  "bf16",           "bfp_bf8",       "f32",           "2",
                                         "32"};
    const char *corpus = getenv("TTX_CORPUS");
    uint64_t seed = 3;
    uint32_t applied = 0, files = 0;
    for (size_t f = 0; corpus && f < sizeof models / sizeof *models; f++) {
        char path[4096];
        struct mem mem = {0};
        struct file file;
        snprintf(path, sizeof path, "%s/mlir/ttir/%s.mlir", corpus, models[f]);
        if (!file_open(&file, &mem, path))
            continue;
        files++;
        source = file_text(&file);
        for (int round = 0; round < 12; round++) {
            char line[4][128];
            const char *list[5] = {0};
            uint32_t n = 1 + (uint32_t)(test_random(&seed) % 4);
            for (uint32_t i = 0; i < n; i++) {
                snprintf(line[i], sizeof line[i], "%s:%s=%s",
                         targets[test_random(&seed) % (sizeof targets / sizeof *targets)],
                         fields[test_random(&seed) % (sizeof fields / sizeof *fields)],
                         values[test_random(&seed) % (sizeof values / sizeof *values)]);
                list[i] = line[i];
            }
            compiled k;
            level = round % 3;
            compile(&k, list);
            applied += (uint32_t)k.t.s.results.n - override_problems(&k.t.s);
            done(&k);
        }
        source = (str){0};
        level = 0;
        file_close(&file);
    }
    if (!files)
        skip();
    print_message("%u settings applied to %u models\n", applied, files);
    assert_true(applied > 60);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(option_strings),
                                       cmocka_unit_test(option_errors),
                                       cmocka_unit_test(json_both_ways),
                                       cmocka_unit_test(bad_json),
                                       cmocka_unit_test(one_op_is_sharded),
                                       cmocka_unit_test(a_chain_is_sharded),
                                       cmocka_unit_test(operands_are_brought_along),
                                       cmocka_unit_test(results_are_brought_along),
                                       cmocka_unit_test(data_types_and_kernels),
                                       cmocka_unit_test(offers_are_applied),
                                       cmocka_unit_test(groups_and_none),
                                       cmocka_unit_test(what_cannot_be_is_reported),
                                       cmocka_unit_test(an_empty_name),
                                       cmocka_unit_test(fields_of_some),
                                       cmocka_unit_test(conflicts),
                                       cmocka_unit_test(set_twice),
                                       cmocka_unit_test(random_overrides),
                                       cmocka_unit_test(random_overrides_of_the_corpus)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
