/* Numbers that are made wider, moved and made narrow again move as they are: no memory for wide ones, and the same bytes as
 * from plain kernels that do each op by itself. */
#include "dialect/dialect.h"
#include "exec/exec.h"
#include "test.h"
#include "text/text.h"

#define N "tensor<64x32xbf16>"
#define W "tensor<64x32xf32>"
#define NT "tensor<32x64xbf16>"
#define WT "tensor<32x64xf32>"
#define BLOCKS "tensor<32x64x!ttcore.tile<32x32, bfp_bf8>>"
#define WIDE(to, from) "    " to " = \"ttir.typecast\"(" from ") : (" N ") -> " W "\n"
#define TURN(to, from) \
    "    " to " = \"ttir.permute\"(" from ") <{permutation = array<i64: 1, 0>}> : (" W ") -> " WT "\n"
#define NARROW(to, from) "    " to " = \"ttir.typecast\"(" from ") : (" WT ") -> " NT "\n"

enum { BYTES = 64 * 32 * 2 };

/* Bodies of a const-eval function of a weight, and the most memory that a plan of it may take. */
static const struct chain {
    const char *what, *result, *body;
    size_t planned;
} chains[] = {
    {"there and back", NT, WIDE("%0", "%w") TURN("%1", "%0") NARROW("%2", "%1") "    return %2 : " NT "\n", BYTES},
    {"through a view", NT,
     WIDE("%0", "%w") TURN("%1", "%0") "    %2 = \"ttir.reshape\"(%1) <{shape = [1 : i32, 32 : i32, 64 : i32]}> : (" WT
                                       ") -> tensor<1x32x64xf32>\n"
                                       "    %3 = \"ttir.reshape\"(%2) <{shape = [32 : i32, 64 : i32]}> : "
                                       "(tensor<1x32x64xf32>) -> " WT "\n" NARROW("%4", "%3") "    return %4 : " NT
                                                                                              "\n",
     BYTES},
    {"rounded to blocks", BLOCKS,
     WIDE("%0", "%w") TURN("%1", "%0") NARROW("%2", "%1") "    %3 = \"ttir.typecast\"(%2) : (" NT ") -> " BLOCKS
                                                          "\n    return %3 : " BLOCKS "\n",
     BYTES},
    {"put together", "tensor<32x128xbf16>",
     WIDE("%0", "%w") TURN("%1", "%0") WIDE("%2", "%w") TURN(
         "%3", "%2") "    %4 = \"ttir.concat\"(%1, %3) <{dim = 1 : si32}> : (" WT ", " WT ") -> tensor<32x128xf32>\n"
                     "    %5 = \"ttir.typecast\"(%4) : (tensor<32x128xf32>) -> tensor<32x128xbf16>\n"
                     "    return %5 : tensor<32x128xbf16>\n",
     4 * BYTES},
    /* What is seen wide stays wide. */
    {"read twice", NT,
     WIDE("%0", "%w") TURN("%1", "%0")
         NARROW("%2", "%1") "    %3 = \"ttir.multiply\"(%1, %1) : (" WT ", " WT ") -> " WT "\n" NARROW(
             "%4", "%3") "    %5 = \"ttir.add\"(%2, %4) : (" NT ", " NT ") -> " NT "\n    return %5 : " NT "\n",
     16 * BYTES},
    {"computed with", NT,
     WIDE("%0", "%w") TURN("%1", "%0") "    %2 = \"ttir.multiply\"(%1, %1) : (" WT ", " WT ") -> " WT
                                       "\n" NARROW("%3", "%2") "    return %3 : " NT "\n",
     16 * BYTES},
    {"given wide", WT, WIDE("%0", "%w") TURN("%1", "%0") "    return %1 : " WT "\n", 16 * BYTES},
};

static exec_plan *plan_of(const ir_module *m, const exec_options *o, struct mem *mem, struct diags *d) {
    exec_plan *x = exec_plan_new(m, o, mem, d);
    assert_non_null(x);
    return x;
}

static void same_bytes(const struct chain *c, bool cached) {
    struct mem mem = {0};
    struct diags d;
    char text[4096];
    diags_init(&d, &mem);
    ir_context *ctx = ir_context_new(&mem, dialect_resolve);
    snprintf(text, sizeof text,
             "module {\n"
             "  func.func private @weights(%%w: " N ") -> %s attributes {tt.function_type = \"const_eval\"} {\n%s  }\n"
             "  func.func @main(%%w: " N " {ttcore.argument_type = #ttcore.argument_type<parameter>}) -> %s {\n"
             "    %%0 = %s [%%w]) : (" N ") -> %s\n"
             "    return %%0 : %s\n  }\n}\n",
             c->result, c->body, c->result, "ttcore.load_cached(@weights,", c->result, c->result);
    if (!cached)
        snprintf(text, sizeof text, "module {\n  func.func @main(%%w: " N ") -> %s {\n%s  }\n}\n", c->result, c->body);
    ir_module *m = text_read(ctx, str_from_z(text), STR("test.mlir"), NULL, &d);
    assert_non_null(m);
    exec_plan *x = plan_of(m, &(exec_options){.threads = 1}, &mem, &d);
    exec_plan *plain = plan_of(m, &(exec_options){.threads = 1, .reference = true}, &mem, &d);
    assert_true(exec_memory_of(x).planned <= c->planned);
    assert_int_equal(exec_run(plain, NULL), EXEC_DONE);
    for (int round = 0; round < 2; round++) { /* what is cached stays */
        assert_int_equal(exec_run(x, NULL), EXEC_DONE);
        const struct tensor *a = exec_result(x, 0, 0), *b = exec_result(plain, 0, 0);
        assert_int_equal(a->dtype, b->dtype);
        assert_memory_equal(a->data, b->data, tensor_bytes(b));
    }
    /* Not one of them by chance: all weights are there, and their narrow numbers are what they were. */
    exec_statistics s, given;
    exec_statistics_of(exec_seeded(x, 0), &given);
    exec_statistics_of(exec_result(x, 0, 0), &s);
    assert_true(given.deviation > 0 && s.deviation > 0);
    exec_plan_free(plain);
    exec_plan_free(x);
    ir_module_free(m);
    ir_context_unref(ctx);
    diags_free(&d);
    assert_int_equal(mem.used, 0);
}

static void chains_move_narrow_numbers(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++)
        for (int cached = 0; cached < 2; cached++)
            same_bytes(&chains[i], cached);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(chains_move_narrow_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
