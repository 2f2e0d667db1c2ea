/* The optimizer: what it makes is legal by the checker, keeps the ops of level 0 and is printed with what it saves by the
 * cost model's estimate. */
#define _XOPEN_SOURCE 700
#include "test.h"

#include <ftw.h>

#include "base/clock.h"
#include "base/file.h"
#include "compile/compile.h"
#include "compile/suggest.h"
#include "dialect/dialect.h"
#include "dialect/params.h"
#include "target/cost.h"
#include "text/text.h"

typedef struct outcome {
    bool read, ok;
    uint32_t ops, moves, sharded, illegal;
    uint32_t sharded_convs, told_convs; /* told: by shard_layout, which says the same */
    double estimate_ns;
    uint64_t took_ns;
} outcome;

static void look_at_layout(const ir_module *m, ir_op op, const ttnn_layout *l, outcome *o) {
    if (!ttnn_is_sharded(l->memory))
        return;
    o->sharded++;
    if (!str_eq(ir_op_name_str(m, op), STR("ttnn.conv2d")))
        return;
    ir_attr config = ir_op_attr(m, op, STR("conv2d_config"));
    ir_attr told = config ? dialect_param(m->ctx, config, STR("shard_layout")) : 0;
    o->sharded_convs++;
    o->told_convs += told && ttnn_memory_by_name(ir_str_of(m->ctx, told)) == l->memory;
}

/* Ops of the module without what levels add: moves and deallocations. */
static void look(const ir_module *m, outcome *o) {
    legal_env e;
    struct diags d;
    struct mem mem = {0};
    diags_init(&d, &mem);
    if (!legal_env_init(&e, m, 0.95))
        return;
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op)) {
        str name = ir_op_name_str(m, op);
        ttnn_layout l;
        if (!str_starts_with(name, STR("ttnn.")))
            continue;
        if (str_eq(name, STR("ttnn.to_memory_config")))
            o->moves++;
        else if (!str_eq(name, STR("ttnn.deallocate")))
            o->ops++;
        if (m->ops[op].n_results && ttnn_layout_of(m->ctx, ir_value_type(m, m->ops[op].results), &l))
            look_at_layout(m, op, &l, o);
    }
    o->illegal = legal_check_module(&e, &d);
    if (o->illegal)
        print_error("%.*s\n", STR_ARG(d.list.v[0].message));
    o->estimate_ns = cost_of_module(&e).ns;
    diags_free(&d);
}

static outcome compile(str text, const char *name, int level) {
    struct mem mem = {0};
    struct diags d;
    outcome o = {0};
    compile_options options;
    diags_init(&d, &mem);
    ir_context *c = ir_context_new(&mem, dialect_resolve);
    ir_module *m = text_read(c, text, str_from_z(name), NULL, &d);
    compile_options_init(&options);
    options.level = level;
    options.verify = true;
    compile_run *r = m ? compile_run_new(m, &options, &d) : NULL;
    o.read = m != NULL;
    if (r) {
        o.ok = r->ok;
        o.took_ns = r->nanoseconds;
        if (r->ok)
            look(compile_result(r), &o);
        compile_free(r);
    }
    if (m)
        ir_module_free(m);
    diags_free(&d);
    ir_context_unref(c);
    assert_int_equal(mem.used, 0);
    return o;
}

#define IN " {ttcore.argument_type = #ttcore.argument_type<input>}"
#define WEIGHT " {ttcore.argument_type = #ttcore.argument_type<parameter>}"

static const char mlp[] =
    "module {\n"
    "  func.func @main(%x: tensor<1024x1024xbf16>" IN ", %w: tensor<1024x1024xbf16>" WEIGHT
    ") -> tensor<1024x1024xbf16> {\n"
    "    %0 = \"ttir.matmul\"(%x, %w) : (tensor<1024x1024xbf16>, tensor<1024x1024xbf16>) -> tensor<1024x1024xbf16>\n"
    "    %1 = \"ttir.relu\"(%0) : (tensor<1024x1024xbf16>) -> tensor<1024x1024xbf16>\n"
    "    %2 = \"ttir.abs\"(%1) : (tensor<1024x1024xbf16>) -> tensor<1024x1024xbf16>\n"
    "    %3 = \"ttir.neg\"(%2) : (tensor<1024x1024xbf16>) -> tensor<1024x1024xbf16>\n"
    "    %4 = \"ttir.subtract\"(%3, %1) : (tensor<1024x1024xbf16>, tensor<1024x1024xbf16>) -> tensor<1024x1024xbf16>\n"
    "    return %4 : tensor<1024x1024xbf16>\n"
    "  }\n"
    "}\n";

static void a_chain_stays_in_l1(void **state) {
    (void)state;
    outcome zero = compile(str_from_z(mlp), "mlp", 0), one = compile(str_from_z(mlp), "mlp", 1);
    outcome two = compile(str_from_z(mlp), "mlp", 2);
    assert_true(zero.ok && one.ok && two.ok);
    assert_int_equal(zero.sharded + one.sharded, 0); /* level 1 does not shard */
    assert_true(two.sharded >= 4);
    assert_int_equal(two.ops, one.ops);
    assert_true(two.moves <= 3);
    assert_true(two.estimate_ns < one.estimate_ns);
    assert_int_equal(zero.illegal + one.illegal + two.illegal, 0);
}

/* Three bottlenecks of a residual network, one after the other: those of two are sharded. Where there are fewer, what is saved
 * does not pay for the way into L1 and back. */
static const char bottlenecks[] =
    "module {\n"
    "  func.func @main(%x: tensor<1x56x56x256xbf16>" IN ", %a: tensor<64x256x1x1xbf16>" WEIGHT
    ", %b: tensor<64x64x3x3xbf16>" WEIGHT ", %c: tensor<256x64x1x1xbf16>" WEIGHT ") -> tensor<1x56x56x256xbf16> {\n"
    "    %0 = \"ttir.conv2d\"(%x, %a) <{stride = array<i32: 1, 1>, padding = array<i32: 0, 0, 0, 0>, dilation = "
    "array<i32: 1, 1>, groups = 1 : i32}> : (tensor<1x56x56x256xbf16>, tensor<64x256x1x1xbf16>) -> "
    "tensor<1x56x56x64xbf16>\n"
    "    %1 = \"ttir.conv2d\"(%0, %b) <{stride = array<i32: 1, 1>, padding = array<i32: 1, 1, 1, 1>, dilation = "
    "array<i32: 1, 1>, groups = 1 : i32}> : (tensor<1x56x56x64xbf16>, tensor<64x64x3x3xbf16>) -> "
    "tensor<1x56x56x64xbf16>\n"
    "    %2 = \"ttir.conv2d\"(%1, %c) <{stride = array<i32: 1, 1>, padding = array<i32: 0, 0, 0, 0>, dilation = "
    "array<i32: 1, 1>, groups = 1 : i32}> : (tensor<1x56x56x64xbf16>, tensor<256x64x1x1xbf16>) -> "
    "tensor<1x56x56x256xbf16>\n"
    "    %3 = \"ttir.add\"(%2, %x) : (tensor<1x56x56x256xbf16>, tensor<1x56x56x256xbf16>) -> "
    "tensor<1x56x56x256xbf16>\n"
    "    %4 = \"ttir.conv2d\"(%3, %a) <{stride = array<i32: 1, 1>, padding = array<i32: 0, 0, 0, 0>, dilation = "
    "array<i32: 1, 1>, groups = 1 : i32}> : (tensor<1x56x56x256xbf16>, tensor<64x256x1x1xbf16>) -> "
    "tensor<1x56x56x64xbf16>\n"
    "    %5 = \"ttir.conv2d\"(%4, %b) <{stride = array<i32: 1, 1>, padding = array<i32: 1, 1, 1, 1>, dilation = "
    "array<i32: 1, 1>, groups = 1 : i32}> : (tensor<1x56x56x64xbf16>, tensor<64x64x3x3xbf16>) -> "
    "tensor<1x56x56x64xbf16>\n"
    "    %6 = \"ttir.conv2d\"(%5, %c) <{stride = array<i32: 1, 1>, padding = array<i32: 0, 0, 0, 0>, dilation = "
    "array<i32: 1, 1>, groups = 1 : i32}> : (tensor<1x56x56x64xbf16>, tensor<256x64x1x1xbf16>) -> "
    "tensor<1x56x56x256xbf16>\n"
    "    %7 = \"ttir.add\"(%6, %3) : (tensor<1x56x56x256xbf16>, tensor<1x56x56x256xbf16>) -> "
    "tensor<1x56x56x256xbf16>\n"
    "    %8 = \"ttir.conv2d\"(%7, %a) <{stride = array<i32: 1, 1>, padding = array<i32: 0, 0, 0, 0>, dilation = "
    "array<i32: 1, 1>, groups = 1 : i32}> : (tensor<1x56x56x256xbf16>, tensor<64x256x1x1xbf16>) -> "
    "tensor<1x56x56x64xbf16>\n"
    "    %9 = \"ttir.conv2d\"(%8, %b) <{stride = array<i32: 1, 1>, padding = array<i32: 1, 1, 1, 1>, dilation = "
    "array<i32: 1, 1>, groups = 1 : i32}> : (tensor<1x56x56x64xbf16>, tensor<64x64x3x3xbf16>) -> "
    "tensor<1x56x56x64xbf16>\n"
    "    %10 = \"ttir.conv2d\"(%9, %c) <{stride = array<i32: 1, 1>, padding = array<i32: 0, 0, 0, 0>, dilation = "
    "array<i32: 1, 1>, groups = 1 : i32}> : (tensor<1x56x56x64xbf16>, tensor<256x64x1x1xbf16>) -> "
    "tensor<1x56x56x256xbf16>\n"
    "    %11 = \"ttir.add\"(%10, %7) : (tensor<1x56x56x256xbf16>, tensor<1x56x56x256xbf16>) -> "
    "tensor<1x56x56x256xbf16>\n"
    "    return %11 : tensor<1x56x56x256xbf16>\n"
    "  }\n"
    "}\n";

static void convolutions_are_sharded(void **state) {
    (void)state;
    outcome one = compile(str_from_z(bottlenecks), "bottlenecks", 1);
    outcome two = compile(str_from_z(bottlenecks), "bottlenecks", 2);
    assert_true(one.ok && two.ok);
    assert_int_equal(one.sharded_convs, 0);
    assert_true(two.sharded_convs >= 6);
    assert_int_equal(two.told_convs, two.sharded_convs);
    assert_true(two.estimate_ns < one.estimate_ns);
    assert_int_equal(one.illegal + two.illegal, 0);
}

/* A later pass prepares the weight, which is no parameter, where the optimizer put it: that costs more than the layouts
 * save. */
static const char worse_with_layouts[] =
    "module {\n"
    "  func.func @main(%x: tensor<1x8x28x28x4xbf16>, %w: tensor<16x4x3x3x3xbf16>) -> tensor<1x6x26x26x16xbf16> {\n"
    "    %0 = \"ttir.conv3d\"(%x, %w) <{stride = array<i32: 1, 1, 1>, padding = array<i32: 0, 0, 0>, groups = 1 : i32, "
    "padding_mode = \"zeros\"}> : (tensor<1x8x28x28x4xbf16>, tensor<16x4x3x3x3xbf16>) -> tensor<1x6x26x26x16xbf16>\n"
    "    return %0 : tensor<1x6x26x26x16xbf16>\n"
    "  }\n"
    "}\n";

static bool count_progress(void *arg, uint32_t pass, uint32_t n_passes, str name) {
    uint32_t *last = arg;
    assert_true(pass >= *last && pass < n_passes && name.n);
    *last = pass;
    return true;
}

/* Level 2 is never worse than level 1, judged by what all passes leave; the stages hang together all the same. */
static void layouts_that_do_not_pay_are_left(void **state) {
    (void)state;
    outcome one = compile(str_from_z(worse_with_layouts), "worse", 1);
    outcome two = compile(str_from_z(worse_with_layouts), "worse", 2);
    assert_true(one.ok && two.ok);
    assert_int_equal(two.ops, one.ops);
    assert_true(two.estimate_ns <= one.estimate_ns);

    struct mem mem = {0};
    struct diags d;
    compile_options o;
    uint32_t last_pass = 0;
    diags_init(&d, &mem);
    ir_context *c = ir_context_new(&mem, dialect_resolve);
    ir_module *m = text_read(c, str_from_z(worse_with_layouts), STR("worse"), NULL, &d);
    compile_options_init(&o);
    o.level = 2;
    o.progress = count_progress;
    o.progress_arg = &last_pass;
    compile_run *r = m ? compile_run_new(m, &o, &d) : NULL;
    assert_true(r && r->ok);
    bool asked = false;
    for (uint32_t i = 1; i < r->n_stages; i++) {
        const compile_stage *s = &r->stages[i], *before = &r->stages[i - 1];
        assert_true(s->number > before->number);
        assert_int_equal(s->ops_before, before->ops_after);
        assert_int_equal(s->ops_after, s->module->n_ops);
        assert_true(s->changed == (s->module != before->module));
        if (strcmp(s->pass, "ttnn-greedy-memory-layout-propagation") == 0) {
            assert_false(s->changed);
            asked = true;
        }
    }
    assert_true(asked);
    const ir_module *result = compile_result(r);
    ir_op conv = 0, from = 0;
    for (ir_op op = result->root; op; op = ir_walk_next(result, result->root, op))
        if (str_eq(ir_op_name_str(result, op), STR("ttnn.conv3d")))
            conv = op;
    assert_true(conv);
    assert_int_equal(compile_trace_back(r, r->n_stages - 1, conv, 0, &from, 1), 1);
    assert_true(str_eq(ir_op_name_str(m, from), STR("ttir.conv3d")));
    compile_free(r);
    ir_module_free(m);
    ir_context_unref(c);
    diags_free(&d);
    assert_int_equal(mem.used, 0);
}

/* Two tensors of which each fills most of L1, both alive over a third: one has to wait in DRAM. */
static const char large[] =
    "module {\n"
    "  func.func @main(%x: tensor<4096x8192xbf16>" IN ", %y: tensor<4096x8192xbf16>" IN
    ") -> tensor<4096x8192xbf16> {\n"
    "    %0 = \"ttir.exp\"(%x) : (tensor<4096x8192xbf16>) -> tensor<4096x8192xbf16>\n"
    "    %1 = \"ttir.sin\"(%y) : (tensor<4096x8192xbf16>) -> tensor<4096x8192xbf16>\n"
    "    %2 = \"ttir.cos\"(%1) : (tensor<4096x8192xbf16>) -> tensor<4096x8192xbf16>\n"
    "    %3 = \"ttir.multiply\"(%2, %0) : (tensor<4096x8192xbf16>, tensor<4096x8192xbf16>) -> tensor<4096x8192xbf16>\n"
    "    return %3 : tensor<4096x8192xbf16>\n"
    "  }\n"
    "}\n";

static void what_does_not_fit_is_spilled(void **state) {
    (void)state;
    outcome two = compile(str_from_z(large), "large", 2);
    assert_true(two.ok);
    assert_int_equal(two.illegal, 0);
}

/* What is suggested saves what it says, by the same estimate, and is legal. */
static void suggestions_hold(void **state) {
    (void)state;
    struct mem mem = {0};
    struct diags d;
    struct arena a;
    struct buf identity;
    override_set set;
    override_suggestion best[4];
    compile_options o;
    diags_init(&d, &mem);
    arena_init(&a, &mem);
    buf_init(&identity, &mem);
    override_set_init(&set, &mem);
    ir_context *c = ir_context_new(&mem, dialect_resolve);
    ir_module *m = text_read(c, str_from_z(mlp), STR("mlp"), NULL, &d);
    compile_options_init(&o);
    compile_run *plain = compile_run_new(m, &o, &d);
    assert_true(plain && plain->ok);
    const ir_module *before = compile_result(plain);
    for (uint32_t i = 0; i < plain->n_stages; i++)
        if (strcmp(plain->stages[i].pass, "ttnn-set-compute-kernel-config") == 0)
            before = plain->stages[i].module->m;
    legal_env e;
    assert_true(legal_env_init(&e, before, 0.95));
    uint32_t n = override_suggest(&e, &a, best, 4);
    assert_true(n > 0);
    for (uint32_t i = 1; i < n; i++)
        assert_true(best[i].before_ns - best[i].after_ns <= best[i - 1].before_ns - best[i - 1].after_ns);
    override_identity(before, best[0].op, &identity);
    for (uint32_t i = 0; i < best[0].n_set; i++)
        assert_true(override_add(&set, OVERRIDE_BY_IDENTITY, buf_str(&identity), best[0].set[i].group,
                                 best[0].set[i].key, best[0].set[i].value));
    o.overrides = &set;
    compile_run *changed = compile_run_new(m, &o, &d);
    assert_true(changed && changed->ok);
    assert_int_equal(override_problems(&set), 0);
    outcome one = {0}, two = {0};
    look(compile_result(plain), &one);
    look(compile_result(changed), &two);
    assert_int_equal(two.illegal, 0);
    assert_true(two.estimate_ns < one.estimate_ns);
    compile_free(changed);
    compile_free(plain);
    ir_module_free(m);
    ir_context_unref(c);
    override_set_free(&set);
    buf_free(&identity);
    arena_free(&a);
    diags_free(&d);
    assert_int_equal(mem.used, 0);
}

/* ---- the corpus ------------------------------------------------------------------------------------------ */

static struct {
    uint32_t files, failed, illegal, other_ops, better, worse, sharded;
    double before, after;
    uint64_t took_ns;
} sum;

static const char *root;

static void one_file(const char *path) {
    struct mem mem = {0};
    struct file file;
    char source[4096];
    /* level0/<path> is there when the reference compiles mlir/<path> */
    snprintf(source, sizeof source, "%s/mlir%s", root, path + strlen(root) + strlen("/level0"));
    if (!file_open(&file, &mem, source))
        return;
    outcome one = compile(file_text(&file), source, 1);
    if (one.ok) {
        outcome two = compile(file_text(&file), source, 2);
        sum.files++;
        sum.failed += !two.ok;
        sum.illegal += two.illegal > one.illegal;
        sum.other_ops += two.ok && two.ops != one.ops;
        sum.sharded += two.sharded > 0;
        sum.better += two.estimate_ns < one.estimate_ns;
        sum.worse += two.estimate_ns > one.estimate_ns;
        sum.before += one.estimate_ns;
        sum.after += two.estimate_ns;
        sum.took_ns += two.took_ns;
        if (!two.ok || two.illegal > one.illegal || two.ops != one.ops)
            print_error("%s: %s, illegal %u, ops %u instead of %u\n", source, two.ok ? "compiles" : "fails",
                        two.illegal, two.ops, one.ops);
    }
    file_close(&file);
}

static int visit(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st;
    (void)at;
    if (kind == FTW_F && str_ends_with(str_from_z(path), STR(".mlir")))
        one_file(path);
    return 0;
}

static void corpus_is_legal(void **state) {
    (void)state;
    char path[4096];
    root = getenv("TTX_CORPUS");
    snprintf(path, sizeof path, "%s/level0", root ? root : "");
    if (!root || nftw(path, visit, 16, FTW_PHYS) != 0 || !sum.files)
        skip();
    print_message(
        "# %u modules at level 2: %u fail, %u illegal, %u with other ops; %u sharded; estimate better in %u, worse in "
        "%u, %.1f ms in sum instead of %.1f; %.0f us a module\n",
        sum.files, sum.failed, sum.illegal, sum.other_ops, sum.sharded, sum.better, sum.worse, sum.after / 1e6,
        sum.before / 1e6, (double)sum.took_ns / 1e3 / sum.files);
    assert_int_equal(sum.failed + sum.illegal, 0);
    assert_int_equal(sum.worse, 0);
    assert_true(sum.after < sum.before);
    assert_true(sum.files > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_chain_stays_in_l1),
                                       cmocka_unit_test(convolutions_are_sharded),
                                       cmocka_unit_test(layouts_that_do_not_pay_are_left),
                                       cmocka_unit_test(what_does_not_fit_is_spilled),
                                       cmocka_unit_test(suggestions_hold),
                                       cmocka_unit_test(corpus_is_legal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
