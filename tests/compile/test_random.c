/* Random TTIR: every module compiles at levels 0, 1 and 2 to something that our own checker takes and that computes the
 * same; random overrides may be refused, but never make an illegal module nor change what is computed.
 *
 *   test_random                      the seeds of every `make test`
 *   test_random FIRST COUNT [OPS]    others, one line for each that fails; a COUNT of 0 shows the module
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agree.h"
#include "compile/compile.h"
#include "compile/override.h"
#include "dialect/check.h"
#include "dialect/dialect.h"
#include "random_ttir.h"
#include "test.h"
#include "text/text.h"

enum { SEEDS = 120, OPS = 14 };

/* Constants may be folded in bf16: eight bits of a number. */
#define MOST_OFF 0.02

static uint32_t seeded_below(void *arg, uint32_t n) {
    return (uint32_t)(test_random(arg) % n);
}

/* One module on its way. */
struct trial {
    struct mem mem;
    struct diags d;
    struct buf text;
    ir_context *c;
    ir_module *m;
    char what[512]; /* what went wrong; empty: nothing */
};

static void wrong(struct trial *t, const char *what, str more) {
    if (!t->what[0])
        snprintf(t->what, sizeof t->what, "%s %.*s", what, (int)(more.n < 400 ? more.n : 400), more.p);
}

static void start(struct trial *t) {
    *t = (struct trial){.what = ""};
    diags_init(&t->d, &t->mem);
    buf_init(&t->text, &t->mem);
    t->c = ir_context_new(&t->mem, dialect_resolve);
}

static void read_text(struct trial *t) {
    const check_options rules = {.print = text_print_node};
    if (!(t->m = text_read(t->c, buf_str(&t->text), STR("random.mlir"), NULL, &t->d)) ||
        !check_module(t->m, &rules, &t->d))
        wrong(t, "is not legal TTIR:", agree_error(&t->d, ""));
}

static void begin(struct trial *t, uint64_t seed, uint32_t n_ops) {
    random_source chance = {seeded_below, &seed};
    start(t);
    if (random_ttir(&t->text, &chance, n_ops))
        read_text(t);
    else
        wrong(t, "no text", STR(""));
}

static void end(struct trial *t) {
    ir_module_free(t->m);
    ir_context_unref(t->c);
    diags_free(&t->d);
    buf_free(&t->text);
    if (t->mem.used)
        wrong(t, "leaks", STR(""));
}

static void compare(struct trial *t, const compile_run *r, int level) {
    const check_options rules = {.print = text_print_node};
    char where[64];
    snprintf(where, sizeof where, "level %d:", level);
    if (!r || !r->ok) {
        wrong(t, where, agree_error(&t->d, "does not compile"));
        return;
    }
    if (!check_module(compile_result(r), &rules, &t->d)) {
        wrong(t, where, agree_error(&t->d, "result is not legal"));
        return;
    }
    agreement a;
    agree_golden *golden = agree_source(t->m, STR(""), EXEC_F64, 0, &t->mem, &a);
    if (golden)
        agree(golden, compile_result(r), STR(""), EXEC_F64, 0, &t->mem, &a);
    agree_golden_free(golden);
    if (!a.ran) {
        wrong(t, where, str_from_z(a.why));
    } else if (a.off > MOST_OFF) {
        char off[128];
        snprintf(off, sizeof off, "%s result %zu is off by %.3g of its largest number, PCC %.5f", where, a.result,
                 a.off, a.pcc);
        wrong(t, off, STR(""));
    }
}

static void compile_at(struct trial *t, int level) {
    compile_options o;
    compile_options_init(&o);
    o.level = level;
    compile_run *r = compile_run_new(t->m, &o, &t->d);
    compare(t, r, level);
    compile_free(r);
}

/* ---- overrides ------------------------------------------------------------------------------------------ */

static str one_of(uint64_t *seed, const char *const *texts, uint32_t n) {
    return str_from_z(texts[test_random(seed) % n]);
}
#define ONE_OF(seed, ...) \
    one_of((seed), (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* A setting that may or may not make sense for the op. Data types stay: they are meant to change numbers. */
static str random_setting(uint64_t *seed, char *out, size_t cap) {
    str target =
        ONE_OF(seed, "op%d", "?op=matmul", "?op=linear", "?op=conv2d", "?op=*", "?op=add", "?memory=interleaved");
    char name[64];
    snprintf(name, sizeof name, "%.*s", STR_ARG(target));
    char *d = strstr(name, "%d");
    if (d)
        snprintf(d, sizeof name - (size_t)(d - name), "%d", (int)(test_random(seed) % OPS));
    str setting = ONE_OF(
        seed, "output_layout.buffer_type=l1", "output_layout.buffer_type=dram",
        "output_layout.tensor_memory_layout=height_sharded,output_layout.buffer_type=l1",
        "output_layout.tensor_memory_layout=block_sharded,output_layout.buffer_type=l1,output_layout.grid_shape=2x2",
        "output_layout.tensor_memory_layout=width_sharded,output_layout.grid_shape=1x3,output_layout.buffer_type=l1",
        "output_layout.memory_layout=row_major", "output_layout.memory_layout=tile", "output_layout.grid_shape=8x8",
        "compute_config.math_fidelity=hifi2", "compute_config.fp32_dest_acc_en=false",
        "conv2d_config.act_block_h_override=32", "conv2d_config.shard_layout=height_sharded",
        "conv2d_config.deallocate_activation=true", "conv2d_config.output_layout=row_major",
        "conv2d_config.enable_act_double_buffer=true");
    snprintf(out, cap, "%s:%.*s", name, STR_ARG(setting));
    return str_from_z(out);
}

static void compile_with_overrides(struct trial *t, uint64_t seed) {
    override_set set;
    override_set_init(&set, &t->mem);
    char text[256];
    for (uint32_t i = 0, n = 1 + (uint32_t)(test_random(&seed) % 4); i < n; i++)
        if (!override_read_options(&set, random_setting(&seed, text, sizeof text), &t->d))
            wrong(t, "is no override:", str_from_z(text));
    compile_options o;
    compile_options_init(&o);
    o.level = (int)(test_random(&seed) % 3);
    o.overrides = &set;
    compile_run *r = compile_run_new(t->m, &o, &t->d);
    compare(t, r, 10 + o.level); /* "level 12" is level 2 with overrides */
    compile_free(r);
    override_set_free(&set);
}

/* ---- runs ----------------------------------------------------------------------------------------------- */

/* Whether all is well with a seed; tells what is not. */
static bool try_seed(uint64_t seed, uint32_t n_ops) {
    struct trial t;
    begin(&t, seed, n_ops);
    for (int level = 0; !t.what[0] && level <= 2; level++)
        compile_at(&t, level);
    for (uint64_t i = 0; !t.what[0] && i < 3; i++)
        compile_with_overrides(&t, seed * 3 + i);
    end(&t);
    if (t.what[0])
        printf("seed %llu: %s\n", (unsigned long long)seed, t.what);
    return !t.what[0];
}

/* %0 (of this shape, that of its rows' means, their dimension) normalised with the weight %w, and the end of a function. */
#define NORM_OF(shape, rows, dim, size)                                                                            \
    "  %1 = \"ttir.multiply\"(%0, %0) : (tensor<" shape "xf32>, tensor<" shape "xf32>) -> tensor<" shape "xf32>\n" \
    "  %2 = \"ttir.mean\"(%1) <{dim_arg = [" dim " : i32], keep_dim = true}> : (tensor<" shape                     \
    "xf32>) -> tensor<" rows "xf32>\n"                                                                             \
    "  %3 = \"ttir.full\"() <{fill_value = 1.0e-02 : f32, shape = array<i32: 1>}> : () -> tensor<1xf32>\n"         \
    "  %4 = \"ttir.add\"(%2, %3) : (tensor<" rows "xf32>, tensor<1xf32>) -> tensor<" rows "xf32>\n"                \
    "  %5 = \"ttir.rsqrt\"(%4) : (tensor<" rows "xf32>) -> tensor<" rows "xf32>\n"                                 \
    "  %6 = \"ttir.multiply\"(%0, %5) : (tensor<" shape "xf32>, tensor<" rows "xf32>) -> tensor<" shape "xf32>\n"  \
    "  %7 = \"ttir.multiply\"(%6, %w) : (tensor<" shape "xf32>, tensor<" size "xf32>) -> tensor<" shape "xf32>\n"  \
    "  return %7 : tensor<" shape "xf32>\n"                                                                        \
    "}\n"

/* What was found, made small. */
static const char *const findings[] = {
    /* the executor took the four paddings of ttnn.conv2d in ttir's order */
    "func.func @main(%a: tensor<2x4x5x16xf32>, %b: tensor<6x8x2x3xf32>) -> tensor<2x5x2x6xf32> {\n"
    "  %0 = \"ttir.conv2d\"(%a, %b) <{stride = array<i32: 1, 2>, padding = array<i32: 1, 0, 1, 0>, "
    "dilation = array<i32: 1, 1>, groups = 2 : i32}> : (tensor<2x4x5x16xf32>, tensor<6x8x2x3xf32>) -> "
    "tensor<2x5x2x6xf32>\n"
    "  return %0 : tensor<2x5x2x6xf32>\n"
    "}\n",
    /* the executor took a prepared weight of one channel (1x1x4x1 of a kernel of 2x2) for one of a kernel of 4x1 */
    "func.func @main(%a: tensor<2x4x8x1xbf16>, "
    "%b: tensor<1x1x2x2xbf16> {ttcore.argument_type = #ttcore.argument_type<parameter>}) -> tensor<2x2x9x1xbf16> {\n"
    "  %0 = \"ttir.conv2d\"(%a, %b) <{stride = array<i32: 1, 1>, padding = array<i32: 0, 1, 0, 1>, "
    "dilation = array<i32: 2, 1>, groups = 1 : i32}> : (tensor<2x4x8x1xbf16>, tensor<1x1x2x2xbf16>) -> "
    "tensor<2x2x9x1xbf16>\n"
    "  return %0 : tensor<2x2x9x1xbf16>\n"
    "}\n",
    /* a root mean square norm was looked for behind a repeat of its rows and then had too few of them */
    "func.func @main(%x: tensor<5x3x2xf32>, %w: tensor<2xf32>) -> tensor<10x3x2xf32> {\n"
    "  %0 = \"ttir.repeat_interleave\"(%x) <{dim = 0 : si32, repeats = 2 : ui32}> : (tensor<5x3x2xf32>) -> "
    "tensor<10x3x2xf32>\n" NORM_OF("10x3x2", "10x3x1", "2", "2"),
    /* or behind a reshape after which another dimension is the last one */
    "func.func @main(%x: tensor<2xf32>, %w: tensor<1xf32>) -> tensor<2x1x1xf32> {\n"
    "  %0 = \"ttir.reshape\"(%x) <{shape = [2 : i32, 1 : i32, 1 : i32]}> : (tensor<2xf32>) -> "
    "tensor<2x1x1xf32>\n" NORM_OF("2x1x1", "2x1x1", "2", "1"),
};

static void what_was_found(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof findings / sizeof *findings; i++) {
        struct trial t;
        start(&t);
        buf_write(&t.text, findings[i], strlen(findings[i]));
        read_text(&t);
        for (int level = 0; !t.what[0] && level <= 2; level++)
            compile_at(&t, level);
        end(&t);
        assert_string_equal(t.what, "");
    }
}

static void random_modules(void **state) {
    (void)state;
    int bad = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        bad += !try_seed(seed, OPS);
    assert_int_equal(bad, 0);
}

int main(int argc, char **argv) {
    if (argc > 2) {
        uint64_t first = strtoull(argv[1], NULL, 10), n = strtoull(argv[2], NULL, 10), bad = 0;
        uint32_t ops = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : OPS;
        if (!n) {
            struct trial t;
            begin(&t, first, ops);
            printf("%.*s", (int)t.text.n, t.text.p);
            end(&t);
            return 0;
        }
        for (uint64_t i = 0; i < n; i++)
            bad += !try_seed(first + i, ops);
        printf("%llu of %llu failed\n", (unsigned long long)bad, (unsigned long long)n);
        return bad != 0;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_was_found), cmocka_unit_test(random_modules)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
