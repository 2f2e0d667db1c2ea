/* Plans as a caller uses them: cancelling, kept values, what is said of tensors. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "exec/inner.h"
#include "plan_fixture.h"

static const char chain[] =
    "module {\n"
    "  func.func @main(%arg0: tensor<2x3xf32>) -> tensor<2x3xf32> {\n"
    "    %0 = \"ttir.add\"(%arg0, %arg0) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>\n"
    "    %1 = \"ttir.neg\"(%0) : (tensor<2x3xf32>) -> tensor<2x3xf32>\n"
    "    %2 = \"ttir.add\"(%1, %0) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>\n"
    "    return %2 : tensor<2x3xf32>\n"
    "  }\n"
    "}\n";

/* A request that comes before the run is not forgotten; it ends one run and no more. */
static void a_cancel_is_never_lost(void **state) {
    (void)state;
    struct fixture f;
    make(&f, chain, &(exec_options){.threads = 1});
    exec_cancel(f.x);
    assert_int_equal(exec_run(f.x, NULL), EXEC_CANCELLED);
    assert_null(exec_result(f.x, 0, 0));
    assert_int_equal(exec_run(f.x, NULL), EXEC_DONE);
    assert_non_null(exec_result(f.x, 0, 0));
    drop(&f);
}

/* Making values for arguments takes as long as there are weights: it can be stopped as well, and goes on where it was. */
static void values_of_arguments_can_be_cancelled(void **state) {
    (void)state;
    struct fixture f, whole;
    make(&f, chain, &(exec_options){.threads = 1});
    make(&whole, chain, &(exec_options){.threads = 1});
    exec_cancel(f.x);
    assert_int_equal(exec_ready(f.x, NULL), EXEC_CANCELLED);
    assert_int_equal(exec_ready(f.x, NULL), EXEC_DONE);
    const struct tensor *a = exec_seeded(f.x, 0), *b = exec_seeded(whole.x, 0);
    assert_memory_equal(a->data, b->data, 6 * sizeof(float));
    assert_int_equal(exec_run(f.x, NULL), EXEC_DONE);
    drop(&f);
    drop(&whole);
}

/* Asks for a stop as the last op begins, which is over without looking. */
struct late {
    exec_plan *x;
    ir_op last;
    bool asked;
};

/* An argument of another type than the plan's is converted piece by piece; a request ends that, and nothing half done stays. */
static void converting_can_be_cancelled(void **state) {
    (void)state;
    struct fixture f;
    make(&f,
         "func.func @main(%a: tensor<300000xbf16>) -> tensor<300000xbf16> {\n"
         "  %0 = \"ttir.neg\"(%a) : (tensor<300000xbf16>) -> tensor<300000xbf16>\n"
         "  return %0 : tensor<300000xbf16>\n}\n",
         &(exec_options){.threads = 1});
    struct tensor ones;
    int64_t n = 300000;
    str error = STR("");
    assert_true(tensor_new(&ones, &f.mem, TENSOR_F32, &n, 1));
    for (int64_t i = 0; i < n; i++)
        ((float *)ones.data)[i] = 1;
    exec_cancel(f.x);
    assert_false(exec_bind(f.x, 0, &ones, 1, &error));
    assert_true(str_eq(error, STR("it was cancelled")));
    assert_int_equal(exec_run(f.x, NULL), EXEC_DONE); /* with seeded values: the request is answered */
    exec_statistics s;
    exec_statistics_of(exec_result(f.x, 0, 0), &s);
    assert_true(s.deviation > 0.1);
    assert_true(exec_bind(f.x, 0, &ones, 1, &error));
    assert_int_equal(exec_run(f.x, NULL), EXEC_DONE);
    exec_statistics_of(exec_result(f.x, 0, 0), &s);
    assert_true(s.min == -1 && s.max == -1);
    tensor_free(&ones);
    drop(&f);
}

/* Golden values are made and compared for the plan that is asked to stop: whenever the request comes, that is the end. */
struct counting {
    exec_plan *x;
    size_t left; /* calls until it is asked */
};

static void ask_after(void *arg, size_t done, size_t total, ir_op op) {
    struct counting *l = arg;
    (void)done, (void)total, (void)op;
    if (l->left && --l->left == 0)
        exec_cancel(l->x);
}

static void comparing_can_be_cancelled(void **state) {
    (void)state;
    struct mem mem = {0};
    struct tensor big;
    int64_t many = 1 << 18;
    atomic_bool stop = true;
    exec_difference of_big;
    struct pool *pool = pool_new(&mem, 1);
    assert_non_null(pool);
    assert_true(tensor_new(&big, &mem, TENSOR_F32, &many, 1));
    memset(big.data, 0, tensor_bytes(&big));
    assert_false(compare_tensors(&big, &big, pool, &stop, &of_big));
    stop = false;
    assert_true(compare_tensors(&big, &big, pool, &stop, &of_big));
    assert_true(of_big.pcc == 1);
    tensor_free(&big);
    pool_free(pool);
    struct fixture f, g;
    exec_difference d;
    size_t n;
    make(&f, chain, &(exec_options){.threads = 1, .alone = true});
    make(&g, chain, &(exec_options){.threads = 1, .alone = true, .numbers = EXEC_F64});
    ir_op neg = named(f.m, "ttir.neg", 0);
    exec_pair pair = {neg, neg};
    struct counting l = {f.x, 2}; /* x's argument is told of, then the golden one's, which hears of it */
    exec_hooks hooks = {ask_after, &l};
    assert_int_equal(exec_compare_beside(f.x, g.x, &pair, 1, &d, &n, &hooks), EXEC_CANCELLED);
    assert_int_equal(l.left, 0);
    assert_int_equal(exec_compare_beside(f.x, g.x, &pair, 1, &d, &n, NULL), EXEC_DONE); /* it ended one run */
    assert_int_equal(n, 1);
    exec_cancel(g.x); /* nobody waits for it alone: it is asked when it runs by itself */
    assert_int_equal(exec_run(g.x, NULL), EXEC_CANCELLED);
    drop(&g);
    drop(&f);
}

static void ask_late(void *arg, size_t done, size_t total, ir_op op) {
    struct late *l = arg;
    (void)done;
    (void)total;
    if (op == l->last) {
        exec_cancel(l->x);
        l->asked = true;
    }
}

static void a_cancel_during_the_last_op_counts(void **state) {
    (void)state;
    struct fixture f;
    make(&f,
         "module {\n"
         "  func.func @main(%arg0: tensor<600x600xf32>) -> tensor<1x1xf32> {\n"
         "    %0 = \"ttir.matmul\"(%arg0, %arg0) : (tensor<600x600xf32>, tensor<600x600xf32>) -> tensor<600x600xf32>\n"
         "    %1 = \"ttir.slice_static\"(%0) <{begins = [0 : i32, 0 : i32], ends = [1 : i32, 1 : i32], step = [1 : "
         "i32, 1 : i32]}> : (tensor<600x600xf32>) -> tensor<1x1xf32>\n"
         "    return %1 : tensor<1x1xf32>\n"
         "  }\n"
         "}\n",
         &(exec_options){.threads = 1, .reference = true});
    struct late l = {f.x, named(f.m, "ttir.slice_static", 0), false};
    exec_status status = exec_run(f.x, &(exec_hooks){ask_late, &l});
    assert_true(l.asked); /* the product takes more than the few milliseconds after which progress is told */
    assert_int_equal(status, EXEC_CANCELLED);
    assert_int_equal(exec_run(f.x, NULL), EXEC_DONE);
    drop(&f);
}

/* Kernels that go element by element, or whose whole work is one row, hear of a request while they work: asked at their beginning, they
 * take a part of the processor's time only. */
static void a_cancel_is_heard_inside_an_op(void **state) {
    static const struct {
        const char *op, *line, *result;
    } ops[] = {
        {"ttir.cumsum", "(%0) <{dim = 0 : i64}> : (X) -> ", "tensor<2097152xf32>"},
        {"ttir.argmax", "(%0) <{dim_arg = [0 : i32], keep_dim = false}> : (X) -> ", "tensor<i32>"},
        {"ttir.dropout", "(%0) <{prob = 0.5 : f32, scale = 2.0 : f32, seed = 1 : ui32}> : (X) -> ",
         "tensor<2097152xf32>"},
        {"stablehlo.iota", "() <{iota_dimension = 0 : i64}> : () -> ", "tensor<2097152xi32>"},
        {"ttir.sort", "(%0) <{descending = false, dim = 0 : si32}> : (X) -> ",
         "(tensor<2097152xf32>, tensor<2097152xi32>)"},
        {"ttir.embedding", "(%i, %t) : (tensor<2097152xi32>, tensor<4x1xf32>) -> ", "tensor<2097152x1xf32>"},
        {"ttir.gather", "(%0, %i) <{dim = 0 : i32}> : (X, tensor<2097152xi32>) -> ", "tensor<2097152xf32>"},
        {"ttir.pad", "(%0) <{padding = array<i32: 3, 3>, value = 0.0 : f32}> : (X) -> ", "tensor<2097158xf32>"},
        {"ttir.cbrt", "(%0) : (X) -> ", "tensor<2097152xf32>"},
        {"stablehlo.complex", "(%0, %0) : (X, X) -> ", "tensor<2097152xcomplex<f32>>"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        struct buf text;
        struct mem mem = {0};
        struct fixture f;
        bool pair = ops[i].result[0] == '(';
        buf_init(&text, &mem);
        buf_printf(&text,
                   "func.func @main(%%x: tensor<2097152xf32>, %%i: tensor<2097152xi32>, %%t: tensor<4x1xf32>) -> %s {\n"
                   "  %%0 = \"ttir.rsqrt\"(%%x) : (tensor<2097152xf32>) -> tensor<2097152xf32>\n  %%r%s = \"%s\"",
                   ops[i].result, pair ? ":2" : "", ops[i].op);
        for (const char *c = ops[i].line; *c; c++)
            *c == 'X' ? buf_puts(&text, "tensor<2097152xf32>") : buf_putc(&text, *c);
        buf_printf(&text, "%s\n  return %s : %.*s\n}\n", ops[i].result, pair ? "%r#0, %r#1" : "%r",
                   (int)strlen(ops[i].result) - (pair ? 2 : 0), ops[i].result + pair);
        buf_putc(&text, 0);
        make(&f, text.p, &(exec_options){.threads = 1, .alone = true});
        assert_int_equal(exec_run(f.x, NULL), EXEC_DONE); /* with memory that is not there yet */
        clock_t begin = clock();
        assert_int_equal(exec_run(f.x, NULL), EXEC_DONE);
        clock_t whole = clock() - begin;
        struct late l = {f.x, named(f.m, ops[i].op, 0), false};
        begin = clock();
        exec_status status = exec_run(f.x, &(exec_hooks){ask_late, &l});
        clock_t part = clock() - begin;
        if (l.asked) { /* the op before it took the few milliseconds after which progress is told */
            assert_int_equal(status, EXEC_CANCELLED);
            if (part > whole * 3 / 4)
                fail_msg("%s: %ld of %ld us", ops[i].op, (long)part, (long)whole);
        }
        drop(&f);
        buf_free(&text);
    }
}

static void kept_values(void **state) {
    (void)state;
    struct fixture f;
    const float values[6] = {1, -2, 0.5f, 4, 0, 8};
    struct tensor in = {.dtype = TENSOR_F32, .rank = 2, .dims = {2, 3}, .data = (void *)(uintptr_t)values};
    str why;
    make(&f, chain, &(exec_options){.threads = 1, .keep = true});
    assert_true(exec_bind(f.x, 0, &in, 1, &why));
    assert_int_equal(exec_run(f.x, NULL), EXEC_DONE);
    const struct tensor *t = exec_value(f.x, ir_op_at(f.m, named(f.m, "ttir.neg", 0))->results, 0);
    assert_non_null(t);
    for (int i = 0; i < 6; i++)
        assert_true(tensor_get(t, i) == -2 * (double)values[i]);
    t = exec_value(f.x, exec_argument(f.x, 0).value, 0);
    assert_non_null(t);
    assert_true(tensor_get(t, 5) == 8);
    drop(&f);
}

/* Every value that is made alone is the one that stays when all do: of arguments, of ops, of what is cached between runs. */
static void values_made_alone(void **state) {
    (void)state;
    const char *const text =
        "module {\n"
        "  func.func private @weights(%w: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {tt.function_type = "
        "\"const_eval\"} {\n"
        "    %0 = \"ttir.neg\"(%w) : (tensor<4x4xf32>) -> tensor<4x4xf32>\n"
        "    %1 = \"ttir.abs\"(%0) : (tensor<4x4xf32>) -> tensor<4x4xf32>\n"
        "    return %1 : tensor<4x4xf32>\n"
        "  }\n"
        "  func.func @main(%x: tensor<4x4xf32>, %w: tensor<4x4xf32> {ttcore.argument_type = "
        "#ttcore.argument_type<parameter>}) -> (tensor<4x4xf32>, tensor<16xf32>) {\n"
        "    %0 = ttcore.load_cached(@weights, [%w]) : (tensor<4x4xf32>) -> tensor<4x4xf32>\n"
        "    %1 = \"ttir.matmul\"(%x, %0) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>\n"
        "    %2 = \"ttir.exp\"(%1) : (tensor<4x4xf32>) -> tensor<4x4xf32>\n"
        "    %3 = \"ttir.add\"(%2, %x) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>\n"
        "    %4 = \"ttir.reshape\"(%3) <{shape = [16 : i32]}> : (tensor<4x4xf32>) -> tensor<16xf32>\n"
        "    return %2, %4 : tensor<4x4xf32>, tensor<16xf32>\n"
        "  }\n"
        "}\n";
    struct fixture all, alone;
    make(&all, text, &(exec_options){.threads = 1, .keep = true});
    make(&alone, text, &(exec_options){.threads = 1, .alone = true});
    assert_int_equal(exec_run(all.x, NULL), EXEC_DONE);
    size_t compared = 0;
    for (int round = 0; round < 2; round++) {
        for (ir_value v = 1; v < all.m->n_values; v++) {
            const struct tensor *look = exec_value(all.x, v, 0), want = look ? *look : (struct tensor){.rank = 0};
            assert_int_equal(exec_makes(alone.x, v, 0), look != NULL);
            assert_false(exec_makes(alone.x, v, 1));
            if (!look)
                continue;
            assert_int_equal(exec_run_until(alone.x, v, NULL), EXEC_DONE);
            look = exec_value(alone.x, v, 0);
            assert_non_null(look);
            assert_int_equal(tensor_bytes(look), tensor_bytes(&want));
            assert_memory_equal(look->data, want.data, tensor_bytes(&want));
            compared++;
        }
        /* Then a run to the end, after which results are there and others are not. */
        assert_int_equal(exec_run_until(alone.x, 0, NULL), EXEC_DONE);
        assert_non_null(exec_value(alone.x, exec_result_info(alone.x, 1).value, 0));
        assert_null(exec_value(alone.x, ir_op_at(alone.m, named(alone.m, "ttir.matmul", 0))->results, 0));
    }
    assert_int_equal(compared, 2 * 10); /* three arguments, two ops and what is cached of them, four ops */
    drop(&all);
    drop(&alone);
}

/* Scales of a convolution's channels may be packed into its weights; other values of either must count all the same. */
static void arguments_given_anew(void **state) {
    (void)state;
    struct fixture f;
    enum { N = 16, PIXELS = 36 * N, WEIGHTS = N * N * 9 };
    float pixels[PIXELS], weights[WEIGHTS], scale[N], other[N];
    struct tensor in[4] = {{.dtype = TENSOR_F32, .rank = 4, .dims = {1, 6, 6, N}, .data = pixels},
                           {.dtype = TENSOR_F32, .rank = 4, .dims = {N, N, 3, 3}, .data = weights},
                           {.dtype = TENSOR_F32, .rank = 4, .dims = {1, 1, 1, N}, .data = scale},
                           {.dtype = TENSOR_F32, .rank = 4, .dims = {1, 1, 1, N}, .data = other}};
    str why;
    make(&f,
         "module {\n"
         "  func.func @main(%x: tensor<1x6x6x16xf32> {ttcore.argument_type = #ttcore.argument_type<input>},\n"
         "      %w: tensor<16x16x3x3xf32> {ttcore.argument_type = #ttcore.argument_type<parameter>},\n"
         "      %a: tensor<1x1x1x16xf32> {ttcore.argument_type = #ttcore.argument_type<parameter>},\n"
         "      %b: tensor<1x1x1x16xf32> {ttcore.argument_type = #ttcore.argument_type<input>}) -> "
         "tensor<1x6x6x16xf32> {\n"
         "    %0 = \"ttir.conv2d\"(%x, %w) <{stride = 1 : i32, padding = 1 : i32, dilation = 1 : i32, groups = 1 : "
         "i32}> "
         ": (tensor<1x6x6x16xf32>, tensor<16x16x3x3xf32>) -> tensor<1x6x6x16xf32>\n"
         "    %1 = \"ttir.multiply\"(%0, %a) : (tensor<1x6x6x16xf32>, tensor<1x1x1x16xf32>) -> tensor<1x6x6x16xf32>\n"
         "    %2 = \"ttir.multiply\"(%1, %b) : (tensor<1x6x6x16xf32>, tensor<1x1x1x16xf32>) -> tensor<1x6x6x16xf32>\n"
         "    return %2 : tensor<1x6x6x16xf32>\n"
         "  }\n"
         "}\n",
         &(exec_options){.threads = 1});
    for (int i = 0; i < PIXELS; i++)
        pixels[i] = 1;
    /* The argument that changes, and what it becomes: all ones at first, then one after the other. */
    const struct {
        size_t i;
        float value;
    } turns[] = {{0, 1}, {1, 2}, {2, 3}, {3, 5}, {2, 7}, {1, 11}};
    float now[4] = {1, 1, 1, 1};
    float *const data[4] = {pixels, weights, scale, other};
    const int counts[4] = {PIXELS, WEIGHTS, N, N};
    for (size_t turn = 0; turn < sizeof turns / sizeof turns[0]; turn++) {
        now[turns[turn].i] = turns[turn].value;
        for (size_t i = 0; i < 4; i++) {
            if (turn && i != turns[turn].i)
                continue;
            for (int k = 0; k < counts[i]; k++)
                data[i][k] = now[i];
            assert_true(exec_bind(f.x, i, &in[i], 1, &why));
        }
        assert_int_equal(exec_run(f.x, NULL), EXEC_DONE);
        /* A corner sees four of nine pixels. */
        assert_true(tensor_get(exec_result(f.x, 0, 0), 0) == (double)(4 * N * now[0] * now[1] * now[2] * now[3]));
    }
    drop(&f);
}

/* Indices stay inside of what they stand for, window and all; truth values are zeros and ones; numbers of a bf16 argument are
 * the same in whatever numbers a plan runs. */
static void seeds(void **state) {
    static const char text[] =
        "func.func @main(%a: tensor<3x7x2xf32>, %r: tensor<40x1xi64>, %c: tensor<40x1xi64>, %u: tensor<40x2x2xf32>,\n"
        "                %b: tensor<50xf32>, %t: tensor<50xbf16>) -> (tensor<3x7x2xf32>, tensor<50xf32>, "
        "tensor<50xbf16>) {\n"
        "  %z = stablehlo.constant dense<0> : tensor<40x1xi64>\n"
        "  %l = stablehlo.compare LT, %c, %z : (tensor<40x1xi64>, tensor<40x1xi64>) -> tensor<40x1xi1>\n"
        "  %m = stablehlo.select %l, %z, %c : tensor<40x1xi1>, tensor<40x1xi64>\n"
        "  %i = stablehlo.concatenate %r, %m, dim = 1 : (tensor<40x1xi64>, tensor<40x1xi64>) -> tensor<40x2xi64>\n"
        "  %0 = \"stablehlo.scatter\"(%a, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims "
        "= [1, 2], "
        "inserted_window_dims = [0], scatter_dims_to_operand_dims = [0, 1], index_vector_dim = 1>}> ({\n"
        "  ^bb0(%x: tensor<f32>, %y: tensor<f32>):\n"
        "    stablehlo.return %y : tensor<f32>\n"
        "  }) : (tensor<3x7x2xf32>, tensor<40x2xi64>, tensor<40x2x2xf32>) -> tensor<3x7x2xf32>\n"
        "  %1 = \"ttir.logical_not\"(%b) : (tensor<50xf32>) -> tensor<50xf32>\n"
        "  return %0, %1, %t : tensor<3x7x2xf32>, tensor<50xf32>, tensor<50xbf16>\n"
        "}\n";
    (void)state;
    struct fixture f, g;
    make(&f, text, &(exec_options){.threads = 1});
    make(&g, text, &(exec_options){.threads = 1, .numbers = EXEC_F64});
    static const double most[] = {[1] = 2, [2] = 5, [4] = 1};
    for (size_t i = 1; i < 5; i++) {
        const struct tensor *t = exec_seeded(f.x, i);
        double high = 0;
        for (int64_t k = 0; i != 3 && k < tensor_count(t); k++) {
            double v = tensor_get(t, k);
            assert_true(v >= 0 && v <= most[i] && floor(v) == v);
            high = v > high ? v : high;
        }
        assert_true(high == most[i]);
    }
    const struct tensor *narrow = exec_seeded(f.x, 5), *wide = exec_seeded(g.x, 5);
    for (int64_t k = 0; k < tensor_count(narrow); k++)
        assert_true(tensor_get(narrow, k) == tensor_get(wide, k));
    drop(&f);
    drop(&g);
}

/* What an argument is for is found behind calls, loops and several consumers, and where ops are not defined for all numbers. */
static void seeds_follow(void **state) {
    static const char text[] =
        "func.func private @inner(%t: tensor<90x4xf32>, %i: tensor<60xi32>) -> (tensor<60xi32>, tensor<60x4xf32>) {\n"
        "  %0 = \"ttir.embedding\"(%i, %t) : (tensor<60xi32>, tensor<90x4xf32>) -> tensor<60x4xf32>\n"
        "  return %i, %0 : tensor<60xi32>, tensor<60x4xf32>\n"
        "}\n"
        "func.func @main(%i: tensor<60xi32>, %j: tensor<60xi32>, %p: tensor<50xf32>, %a: tensor<50xf32>,\n"
        "                %d: tensor<50xi32>, %t: tensor<90x4xf32>, %s: tensor<7x4xf32>, %n: tensor<i32>)\n"
        "    -> (tensor<60x4xf32>, tensor<60x4xf32>, tensor<50xf32>, tensor<50xi32>, tensor<60xi32>) {\n"
        "  %0:2 = call @inner(%t, %i) : (tensor<90x4xf32>, tensor<60xi32>) -> (tensor<60xi32>, tensor<60x4xf32>)\n"
        "  %1 = \"ttir.embedding\"(%0#0, %s) : (tensor<60xi32>, tensor<7x4xf32>) -> tensor<60x4xf32>\n"
        "  %2 = \"ttir.pow\"(%p, %a) : (tensor<50xf32>, tensor<50xf32>) -> tensor<50xf32>\n"
        "  %3 = \"ttir.remainder\"(%d, %d) : (tensor<50xi32>, tensor<50xi32>) -> tensor<50xi32>\n"
        "  %4:2 = stablehlo.while(%k = %n, %x = %j) : tensor<i32>, tensor<60xi32>\n"
        "   cond {\n"
        "    %c = stablehlo.compare LT, %k, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>\n"
        "    stablehlo.return %c : tensor<i1>\n"
        "  } do {\n"
        "    %e = \"ttir.embedding\"(%x, %s) : (tensor<60xi32>, tensor<7x4xf32>) -> tensor<60x4xf32>\n"
        "    stablehlo.return %k, %x : tensor<i32>, tensor<60xi32>\n"
        "  }\n"
        "  return %0#1, %1, %2, %3, %4#1 : tensor<60x4xf32>, tensor<60x4xf32>, tensor<50xf32>, tensor<50xi32>, "
        "tensor<60xi32>\n"
        "}\n";
    /* Of %i both tables hold, the smaller one behind what the call gives back; a power's base and a divisor are above 0. */
    static const double least[] = {0, 0, 0.1, -INFINITY, 1}, most[] = {6, 6, 1.9, INFINITY, 9};
    (void)state;
    struct fixture f;
    make(&f, text, &(exec_options){.threads = 1});
    for (size_t i = 0; i < 5; i++) {
        const struct tensor *t = exec_seeded(f.x, i);
        double high = -INFINITY;
        for (int64_t k = 0; k < tensor_count(t); k++) {
            double v = tensor_get(t, k);
            assert_true(v >= least[i] && v <= most[i]);
            high = v > high ? v : high;
        }
        assert_true(i == 2 || i == 3 || high == most[i]);
    }
    drop(&f);
}

/* What says where something is stays below what is there, also where a custom call stands for an op or only marks a value. */
static void seeds_of_places(void **state) {
    static const char text[] =
        "#mesh = #ttcore.meshes<[<\"mesh\" = 1x2>]>\n"
        "module attributes {ttcore.meshes = #mesh} {\n"
        "func.func @main(%pos: tensor<300xi32>, %table: tensor<300x5xi32>, %ids: tensor<300xi32>, %pick: "
        "tensor<300xi32>, "
        "%chosen: tensor<1x300x2xi32>, %owner: tensor<1x300xi32>, %late: tensor<300xi32>, %t2: tensor<300x7xi32>,\n"
        "    %cache: tensor<6x2x4x8xf32>, %in: tensor<1x300x2x8xf32>, %w: tensor<9x4xf32>, %x: tensor<1x300x3xf32>, "
        "%u: tensor<1x150x3x3xf32>, %q: tensor<1x300x2x8xf32>) -> (tensor<6x2x4x8xf32>, tensor<300x4xf32>, "
        "tensor<300x4xf32>,"
        " tensor<2x150x3xf32>, tensor<1x300x2x8xf32>) {\n"
        "  %0 = stablehlo.custom_call @tt.paged_update_cache(%cache, %in, %pos, %table) : (tensor<6x2x4x8xf32>, "
        "tensor<1x300x2x8xf32>, tensor<300xi32>, tensor<300x5xi32>) -> tensor<6x2x4x8xf32>\n"
        "  %1 = stablehlo.custom_call @tt.mark_argument(%ids) : (tensor<300xi32>) -> tensor<300xi32>\n"
        "  %2 = \"ttir.embedding\"(%1, %w) : (tensor<300xi32>, tensor<9x4xf32>) -> tensor<300x4xf32>\n"
        "  %3 = \"stablehlo.torch_index_select\"(%w, %pick) <{batch_dims = 0 : i64, dim = 0 : i64}> : "
        "(tensor<9x4xf32>, "
        "tensor<300xi32>) -> tensor<300x4xf32>\n"
        "  %4 = \"ttir.moe_compute\"(%x, %chosen, %chosen, %owner, %u, %u, %u) <{cluster_axis = 1 : ui32, "
        "intermediate_size = 3 : ui32, layer_id = 0 : ui32, output_height_shard_dim = 4 : ui32, operandSegmentSizes = "
        "array<i32: 1, 1, 1, 1, 1, 1, 1, 0, 0, 0>}> : (tensor<1x300x3xf32>, tensor<1x300x2xi32>, tensor<1x300x2xi32>, "
        "tensor<1x300xi32>, tensor<1x150x3x3xf32>, tensor<1x150x3x3xf32>, tensor<1x150x3x3xf32>) -> "
        "tensor<2x150x3xf32>\n"
        /* two options are off: positions are the call's fifth operand, the op's seventh */
        "  %5 = stablehlo.custom_call @tt.paged_scaled_dot_product_attention_decode(%q, %cache, %cache, %t2, %late) "
        "{mhlo.frontend_attributes = {is_causal = \"True\", has_attention_mask = \"False\", has_cur_pos_tensor = "
        "\"True\", "
        "has_attention_sink = \"False\"}} : (tensor<1x300x2x8xf32>, tensor<6x2x4x8xf32>, tensor<6x2x4x8xf32>, "
        "tensor<300x7xi32>, tensor<300xi32>) -> tensor<1x300x2x8xf32>\n"
        "  return %0, %2, %3, %4, %5 : tensor<6x2x4x8xf32>, tensor<300x4xf32>, tensor<300x4xf32>, tensor<2x150x3xf32>, "
        "tensor<1x300x2x8xf32>\n"
        "}\n}\n";
    /* Pages of 4 positions, 5 or 7 for each user; 6 pages; 9 rows; 300 experts on two devices. */
    static const double most[] = {19, 5, 8, 8, 299, 1, 27, 5};
    (void)state;
    struct fixture f;
    make(&f, text, &(exec_options){.threads = 1});
    for (size_t i = 0; i < sizeof most / sizeof most[0]; i++) {
        const struct tensor *t = exec_seeded(f.x, i);
        double low = INFINITY, high = -INFINITY;
        for (int64_t k = 0; k < tensor_count(t); k++) {
            double v = tensor_get(t, k);
            low = v < low ? v : low;
            high = v > high ? v : high;
        }
        assert_true(low >= 0 && low < 2);
        assert_true(high <= most[i] && high > most[i] * 0.98);
    }
    drop(&f);
}

static void statistics(void **state) {
    (void)state;
    const float values[8] = {1, 2, 3, 0, -4, (float)NAN, (float)INFINITY, -(float)INFINITY};
    struct tensor t = {.dtype = TENSOR_F32, .rank = 1, .dims = {8}, .data = (void *)(uintptr_t)values};
    exec_statistics s;
    uint64_t bins[7];
    exec_statistics_of(&t, &s);
    assert_int_equal(s.n, 8);
    assert_int_equal(s.nans, 1);
    assert_int_equal(s.infinities, 2);
    assert_int_equal(s.zeros, 1);
    assert_true(s.min == -4 && s.max == 3);
    assert_true(fabs(s.mean - 0.4) < 1e-12);
    assert_true(fabs(s.deviation - sqrt((0.6 * 0.6 + 1.6 * 1.6 + 2.6 * 2.6 + 0.4 * 0.4 + 4.4 * 4.4) / 5)) < 1e-12);
    exec_histogram(&t, -4, 3, bins, 7); /* one bin for each whole number; the largest is in the last */
    const uint64_t want[7] = {1, 0, 0, 0, 1, 1, 2};
    assert_memory_equal(bins, want, sizeof want);
}

/* Both parts count, in statistics and where they are compared. */
static void statistics_of_pairs(void **state) {
    (void)state;
    const double values[6] = {1, 7, 0, -4, 2, (double)NAN}, golden[6] = {1, 7, 0, -4.5, 2, (double)NAN};
    struct tensor t = {.dtype = TENSOR_C128, .rank = 1, .dims = {3}, .data = (void *)(uintptr_t)values}, g = t;
    exec_statistics s;
    exec_difference d;
    uint64_t bins[2];
    exec_statistics_of(&t, &s);
    assert_int_equal(s.n, 6);
    assert_int_equal(s.nans, 1);
    assert_true(s.min == -4 && s.max == 7);
    assert_true(fabs(s.mean - 1.2) < 1e-12);
    exec_histogram(&t, -4, 7, bins, 2); /* halves meet at 1.5 */
    assert_true(bins[0] == 3 && bins[1] == 2);
    g.data = (void *)(uintptr_t)golden;
    exec_compare(&t, &g, &d);
    assert_true(d.absolute == 0.5 && d.pcc < 1 && d.pcc > 0.9);
    exec_compare(&t, &t, &d);
    assert_true(d.absolute == 0 && d.pcc == 1);
}

/* abs, exp and neg of the argument, each summed up at once, in the order given: what one takes is soon another's. */
static void three_sums(char *out, size_t cap, const char *const names[3]) {
    int n = snprintf(out, cap, "module {\n  func.func @main(%%arg0: tensor<300xf32>) -> tensor<f32> {\n");
    for (int i = 0; i < 3; i++)
        n += snprintf(out + n, cap - (size_t)n,
                      "    %%%s = \"ttir.%s\"(%%arg0) : (tensor<300xf32>) -> tensor<300xf32>\n"
                      "    %%s%d = \"ttir.sum\"(%%%s) <{dim_arg = [0 : i32], keep_dim = false}> : (tensor<300xf32>) -> "
                      "tensor<f32>\n",
                      names[i], names[i], i, names[i]);
    snprintf(out + n, cap - (size_t)n,
             "    %%r = \"ttir.add\"(%%s0, %%s1) : (tensor<f32>, tensor<f32>) -> tensor<f32>\n"
             "    %%t = \"ttir.add\"(%%r, %%s2) : (tensor<f32>, tensor<f32>) -> tensor<f32>\n"
             "    return %%t : tensor<f32>\n  }\n}\n");
}

static void side_by_side(void **state) {
    (void)state;
    struct fixture f, g;
    char text[2000];
    static const char *const orders[2][3] = {{"abs", "exp", "neg"}, {"neg", "exp", "abs"}};
    for (int keep = 0; keep < 4; keep++) { /* by neither, the run, the golden one, both */
        exec_difference d[3];
        exec_pair pairs[3];
        size_t n;
        three_sums(text, sizeof text, orders[0]);
        make(&f, text, &(exec_options){.threads = 1, .alone = true, .keep = keep & 1});
        three_sums(text, sizeof text, orders[1]);
        make(&g, text, &(exec_options){.threads = 1, .alone = true, .keep = keep & 2});
        for (int i = 0; i < 3; i++) {
            char name[20];
            snprintf(name, sizeof name, "ttir.%s", orders[0][i]);
            pairs[i] = (exec_pair){named(f.m, name, 0), named(g.m, name, 0)};
        }
        pairs[2].golden = named(g.m, "ttir.exp", 0); /* not what it should be */
        assert_int_equal(exec_compare_beside(f.x, g.x, pairs, 3, d, &n, NULL), EXEC_DONE);
        assert_int_equal(n, 3);
        for (int i = 0; i < 3; i++)
            assert_true(d[i].op == pairs[i].op && d[i].golden == pairs[i].golden);
        assert_true(d[0].pcc == 1 && d[0].absolute == 0);
        assert_true(d[1].pcc == 1 && d[1].absolute == 0);
        assert_true(d[2].pcc < 0 && d[2].absolute > 0);
        assert_non_null(exec_result(f.x, 0, 0)); /* all of it has run */
        drop(&g);
        drop(&f);
    }
}

/* A chain of large values, and a small one before it or behind. */
static void large_and_small(char *out, size_t cap, int large, bool small_first) {
    static const char small[] = "    %small = \"ttir.sin\"(%arg1) : (tensor<3xf32>) -> tensor<3xf32>\n";
    int n = snprintf(out, cap,
                     "module {\n  func.func @main(%%arg0: tensor<65536xf32>, %%arg1: tensor<3xf32>) -> "
                     "(tensor<65536xf32>, tensor<3xf32>) {\n%s",
                     small_first ? small : "");
    for (int i = 0; i < large; i++)
        n += snprintf(out + n, cap - (size_t)n,
                      "    %%v%d = \"ttir.neg\"(%%%s%d) : (tensor<65536xf32>) -> "
                      "tensor<65536xf32>\n",
                      i, i ? "v" : "arg", i ? i - 1 : 0);
    snprintf(out + n, cap - (size_t)n, "%s    return %%v%d, %%small : tensor<65536xf32>, tensor<3xf32>\n  }\n}\n",
             small_first ? "" : small, large - 1);
}

/* What one side makes long before the other does not make all of the other's values be held: the small one is. */
static void side_by_side_little_is_held(void **state) {
    (void)state;
    enum { LARGE = 20 };
    for (int first = 0; first < 2; first++) {
        struct fixture f, g;
        char text[4000];
        exec_difference d[LARGE + 1];
        exec_pair pairs[LARGE + 1];
        size_t n;
        large_and_small(text, sizeof text, LARGE, first);
        make(&f, text, &(exec_options){.threads = 1, .alone = true});
        large_and_small(text, sizeof text, LARGE, !first);
        make(&g, text, &(exec_options){.threads = 1, .alone = true});
        assert_int_equal(exec_run(f.x, NULL), EXEC_DONE); /* what a run needs by itself is there */
        assert_int_equal(exec_run(g.x, NULL), EXEC_DONE);
        for (int i = 0; i < LARGE; i++)
            pairs[i] = (exec_pair){named(f.m, "ttir.neg", i), named(g.m, "ttir.neg", i)};
        pairs[LARGE] = (exec_pair){named(f.m, "ttir.sin", 0), named(g.m, "ttir.sin", 0)};
        f.mem.peak = f.mem.used;
        size_t before = f.mem.used;
        assert_int_equal(exec_compare_beside(f.x, g.x, pairs, LARGE + 1, d, &n, NULL), EXEC_DONE);
        assert_int_equal(n, LARGE + 1);
        for (int i = 0; i <= LARGE; i++)
            assert_true(d[i].op == pairs[i].op && d[i].pcc == 1 && d[i].absolute == 0);
        assert_true(f.mem.peak - before < 65536 * sizeof(float));
        drop(&g);
        drop(&f);
    }
}

/* What a loop makes is compared with its last round. */
static void side_by_side_in_a_loop(void **state) {
    (void)state;
    static const char loop[] =
        "module {\n  func.func @main(%arg0: tensor<4xf32>, %n: tensor<i32>) -> tensor<4xf32> {\n"
        "    %one = stablehlo.constant dense<1> : tensor<i32>\n"
        "    %zero = stablehlo.constant dense<0> : tensor<i32>\n"
        "    %three = stablehlo.constant dense<3> : tensor<i32>\n"
        "    %0:2 = stablehlo.while(%a = %arg0, %i = %zero) : tensor<4xf32>, tensor<i32>\n"
        "    cond {\n"
        "      %c = stablehlo.compare LT, %i, %three : (tensor<i32>, tensor<i32>) -> tensor<i1>\n"
        "      stablehlo.return %c : tensor<i1>\n"
        "    } do {\n"
        "      %b = stablehlo.add %a, %a : tensor<4xf32>\n"
        "      %j = stablehlo.add %i, %one : tensor<i32>\n"
        "      stablehlo.return %b, %j : tensor<4xf32>, tensor<i32>\n"
        "    }\n"
        "    return %0#0 : tensor<4xf32>\n  }\n}\n";
    struct fixture f, g;
    exec_difference d;
    size_t n;
    make(&f, loop, &(exec_options){.threads = 1, .alone = true});
    make(&g, loop, &(exec_options){.threads = 1, .alone = true, .numbers = EXEC_F64});
    ir_op add = named(f.m, "stablehlo.add", 0);
    assert_int_equal(exec_compare_beside(f.x, g.x, &(exec_pair){add, add}, 1, &d, &n, NULL), EXEC_DONE);
    assert_int_equal(n, 1);
    assert_true(d.pcc == 1 && d.absolute < 1e-5);
    drop(&g);
    drop(&f);
}

/* a -> b -> c; d reads the argument; e reads c and d. b is where the numbers go wrong, and d on its own. */
static const char tree[] = "module {\n"
                           "  func.func @main(%arg0: tensor<2xf32>) -> tensor<2xf32> {\n"
                           "    %a = \"ttir.abs\"(%arg0) : (tensor<2xf32>) -> tensor<2xf32>\n"
                           "    %b = \"ttir.exp\"(%a) : (tensor<2xf32>) -> tensor<2xf32>\n"
                           "    %c = \"ttir.neg\"(%b) : (tensor<2xf32>) -> tensor<2xf32>\n"
                           "    %d = \"ttir.sin\"(%arg0) : (tensor<2xf32>) -> tensor<2xf32>\n"
                           "    %e = \"ttir.add\"(%c, %d) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>\n"
                           "    return %e : tensor<2xf32>\n"
                           "  }\n"
                           "}\n";

/* A mask of f32's lowest number is one of -inf in bf16: no divergence. Where the other numbers part it is one. */
static void overflow_agrees(void **state) {
    (void)state;
    uint16_t mask[4] = {0xFF80, 0, 0xFF80, 0};
    float golden[4] = {-3.4028235e38f, 0, -3.4028235e38f, 0};
    struct tensor a = {.dtype = TENSOR_BF16, .rank = 1, .dims = {4}, .data = mask};
    struct tensor b = {.dtype = TENSOR_F32, .rank = 1, .dims = {4}, .data = golden};
    exec_difference d;
    exec_compare(&a, &b, &d);
    assert_true(d.pcc == 1);
    mask[2] = 0;
    mask[3] = 0xFF80;
    exec_compare(&a, &b, &d);
    assert_true(d.pcc == 0);
}

static void divergence(void **state) {
    (void)state;
    struct fixture f;
    exec_divergence v;
    make(&f, tree, &(exec_options){.threads = 1});
    ir_op a = named(f.m, "ttir.abs", 0), b = named(f.m, "ttir.exp", 0), c = named(f.m, "ttir.neg", 0),
          d = named(f.m, "ttir.sin", 0), e = named(f.m, "ttir.add", 0);
    /* c, which has no comparison, is as bad as b: e does not begin anything. d was run before b. */
    const exec_difference all[] = {
        {.op = a, .pcc = 0.999}, {.op = d, .pcc = 0.98}, {.op = b, .pcc = 0.5}, {.op = e, .pcc = 0.6}};
    assert_true(exec_find_divergence(f.m, all, 4, 0.99, &f.mem, &v));
    assert_int_equal(v.compared, 4);
    assert_int_equal(v.bad, 3);
    assert_int_equal(v.first, d);
    assert_int_equal(v.origin, d);
    assert_int_equal(v.origins, 2);
    assert_int_equal(v.fall, b);
    assert_true(fabs(v.fall_by - 0.499) < 1e-6);
    /* With a lower threshold d is good. A result that is no number is as bad as can be. */
    const exec_difference some[] = {
        {.op = a, .pcc = 0.999}, {.op = d, .pcc = 0.98}, {.op = b, .pcc = (double)NAN}, {.op = c, .pcc = 0.2}};
    assert_true(exec_find_divergence(f.m, some, 4, 0.9, &f.mem, &v));
    assert_int_equal(v.bad, 2);
    assert_int_equal(v.first, b);
    assert_int_equal(v.origin, b);
    assert_int_equal(v.origins, 1);
    assert_int_equal(v.fall, b);
    assert_true(exec_find_divergence(f.m, all, 1, 0.99, &f.mem, &v));
    assert_int_equal(v.first, 0);
    assert_int_equal(v.origin, 0);
    assert_int_equal(v.fall, a);
    drop(&f);
}

/* Convolutions, a pool and a mean that keep a tensor in blocks; a loop around a fold by a region; calls and devices. */
static const char *const many_kinds[] = {
    "func.func @main(%a: tensor<1x14x14x32xf32>, %w: tensor<32x32x3x3xf32>, %v: tensor<32x32x1x1xf32>) -> "
    "tensor<1x1x1x32xf32> {\n"
    "  %0 = \"ttir.conv2d\"(%a, %w) <{stride = array<i32: 1, 1>, padding = array<i32: 1, 1>, dilation = array<i32: 1, "
    "1>,\n"
    "    groups = 1 : i32, operandSegmentSizes = array<i32: 1, 1, 0>}>\n"
    "    : (tensor<1x14x14x32xf32>, tensor<32x32x3x3xf32>) -> tensor<1x14x14x32xf32>\n"
    "  %1 = \"ttir.relu\"(%0) : (tensor<1x14x14x32xf32>) -> tensor<1x14x14x32xf32>\n"
    "  %2 = \"ttir.conv2d\"(%1, %v) <{stride = array<i32: 1, 1>, padding = array<i32: 0, 0>, dilation = array<i32: 1, "
    "1>,\n"
    "    groups = 1 : i32, operandSegmentSizes = array<i32: 1, 1, 0>}>\n"
    "    : (tensor<1x14x14x32xf32>, tensor<32x32x1x1xf32>) -> tensor<1x14x14x32xf32>\n"
    "  %3 = \"ttir.add\"(%2, %1) : (tensor<1x14x14x32xf32>, tensor<1x14x14x32xf32>) -> tensor<1x14x14x32xf32>\n"
    "  %4 = \"ttir.conv2d\"(%3, %w) <{stride = array<i32: 1, 1>, padding = array<i32: 1, 1>, dilation = array<i32: 1, "
    "1>,\n"
    "    groups = 1 : i32, operandSegmentSizes = array<i32: 1, 1, 0>}>\n"
    "    : (tensor<1x14x14x32xf32>, tensor<32x32x3x3xf32>) -> tensor<1x14x14x32xf32>\n"
    "  %5 = \"ttir.mean\"(%4) <{dim_arg = [1 : i32, 2 : i32], keep_dim = true}>\n"
    "    : (tensor<1x14x14x32xf32>) -> tensor<1x1x1x32xf32>\n"
    "  return %5 : tensor<1x1x1x32xf32>\n"
    "}\n",
    "func.func @main(%a: tensor<6x5xf32>, %n: tensor<i32>) -> (tensor<6xf32>, tensor<6x5xf32>) {\n"
    "  %zero = stablehlo.constant dense<0.0> : tensor<f32>\n"
    "  %one = stablehlo.constant dense<1> : tensor<i32>\n"
    "  %end = stablehlo.constant dense<3> : tensor<i32>\n"
    "  %i, %x = stablehlo.while(%j = %one, %b = %a) : tensor<i32>, tensor<6x5xf32>\n"
    "    cond { %p = stablehlo.compare LT, %j, %end : (tensor<i32>, tensor<i32>) -> tensor<i1>\n"
    "           stablehlo.return %p : tensor<i1> }\n"
    "    do { %k = stablehlo.add %j, %one : tensor<i32>\n"
    "         %c = func.call @twice(%b) : (tensor<6x5xf32>) -> tensor<6x5xf32>\n"
    "         stablehlo.return %k, %c : tensor<i32>, tensor<6x5xf32> }\n"
    "  %r = stablehlo.reduce(%x init: %zero) across dimensions = [1] : (tensor<6x5xf32>, tensor<f32>) -> "
    "tensor<6xf32>\n"
    "    reducer(%l: tensor<f32>, %m: tensor<f32>) {\n"
    "      %s = stablehlo.subtract %l, %m : tensor<f32>\n"
    "      %t = stablehlo.abs %s : tensor<f32>\n"
    "      stablehlo.return %t : tensor<f32>\n"
    "    }\n"
    "  %y = \"stablehlo.sort\"(%x) <{dimension = 1 : i64, is_stable = true}> ({\n"
    "    ^bb0(%l: tensor<f32>, %m: tensor<f32>):\n"
    "      %p = stablehlo.compare LT, %l, %m : (tensor<f32>, tensor<f32>) -> tensor<i1>\n"
    "      stablehlo.return %p : tensor<i1>\n"
    "  }) : (tensor<6x5xf32>) -> tensor<6x5xf32>\n"
    "  return %r, %y : tensor<6xf32>, tensor<6x5xf32>\n"
    "}\n"
    "func.func private @twice(%a: tensor<6x5xf32>) -> tensor<6x5xf32> {\n"
    "  %0 = stablehlo.add %a, %a : tensor<6x5xf32>\n"
    "  return %0 : tensor<6x5xf32>\n"
    "}\n",
    "module attributes {ttcore.meshes = #ttcore.meshes<[<\"mesh\" = 1x2>]>} {\n"
    "  func.func @main(%a: tensor<8x4xf32>) -> tensor<8x4xf32> {\n"
    "    %0 = \"ttir.mesh_shard\"(%a) <{shard_dims = array<i64: -1, 0>, shard_direction =\n"
    "      #ttcore.shard_direction<full_to_shard>, shard_shape = array<i64: 2, 1>, shard_type = "
    "#ttcore.shard_type<devices>}>\n"
    "      : (tensor<8x4xf32>) -> tensor<4x4xf32>\n"
    "    %1 = \"ttir.all_reduce\"(%0) <{cluster_axis = 1 : ui32, reduce_type = #ttcore.reduce_type<sum>}>\n"
    "      : (tensor<4x4xf32>) -> tensor<4x4xf32>\n"
    "    %2 = \"ttir.mesh_shard\"(%1) <{shard_dims = array<i64: -1, 0>, shard_direction =\n"
    "      #ttcore.shard_direction<shard_to_full>, shard_shape = array<i64: 2, 1>, shard_type = "
    "#ttcore.shard_type<devices>}>\n"
    "      : (tensor<4x4xf32>) -> tensor<8x4xf32>\n"
    "    return %2 : tensor<8x4xf32>\n"
    "  }\n"
    "}\n",
    /* regions of any kind, complex products, comparisons in total order */
    "module {\n"
    "func.func @main(%a: tensor<6x5xf32>, %i: tensor<4x1xi32>, %u: tensor<4x5xf32>, %n: tensor<f32>) -> "
    "(tensor<6x5xf32>, tensor<6x5xf32>, tensor<3x5xf32>, tensor<6x5xf32>, tensor<6x5xf32>, tensor<6xf32>, "
    "tensor<6x5xf32>) {\n"
    "%0 = \"stablehlo.sort\"(%a) <{dimension = 1 : i64}> ({\n"
    "^bb0(%l: tensor<f32>, %r: tensor<f32>):\n"
    "%x = stablehlo.abs %l : tensor<f32>\n"
    "%y = stablehlo.abs %r : tensor<f32>\n"
    "%p = stablehlo.compare LT, %x, %y : (tensor<f32>, tensor<f32>) -> tensor<i1>\n"
    "stablehlo.return %p : tensor<i1>\n"
    "}) : (tensor<6x5xf32>) -> tensor<6x5xf32>\n"
    "%1 = \"stablehlo.scatter\"(%a, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], "
    "inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({\n"
    "^bb0(%l: tensor<f32>, %r: tensor<f32>):\n"
    "%x = stablehlo.abs %l : tensor<f32>\n"
    "%y = stablehlo.subtract %x, %r : tensor<f32>\n"
    "stablehlo.return %y : tensor<f32>\n"
    "}) : (tensor<6x5xf32>, tensor<4x1xi32>, tensor<4x5xf32>) -> tensor<6x5xf32>\n"
    "%2 = \"stablehlo.reduce_window\"(%a, %n) <{window_dimensions = array<i64: 3, 1>, window_strides = array<i64: 2, "
    "1>, padding = dense<[[1, 0], [0, 0]]> : tensor<2x2xi64>}> ({\n"
    "^bb0(%l: tensor<f32>, %r: tensor<f32>):\n"
    "%x = stablehlo.add %l, %r : tensor<f32>\n"
    "%y = stablehlo.tanh %x : tensor<f32>\n"
    "stablehlo.return %y : tensor<f32>\n"
    "}) : (tensor<6x5xf32>, tensor<f32>) -> tensor<3x5xf32>\n"
    "%3 = \"stablehlo.select_and_scatter\"(%a, %2, %n) <{window_dimensions = array<i64: 2, 1>, window_strides = "
    "array<i64: 2, 1>}> ({\n"
    "^bb0(%l: tensor<f32>, %r: tensor<f32>):\n"
    "%x = stablehlo.abs %l : tensor<f32>\n"
    "%p = stablehlo.compare GE, %x, %r : (tensor<f32>, tensor<f32>) -> tensor<i1>\n"
    "stablehlo.return %p : tensor<i1>\n"
    "}, {\n"
    "^bb0(%l: tensor<f32>, %r: tensor<f32>):\n"
    "%x = stablehlo.multiply %l, %r : tensor<f32>\n"
    "stablehlo.return %x : tensor<f32>\n"
    "}) : (tensor<6x5xf32>, tensor<3x5xf32>, tensor<f32>) -> tensor<6x5xf32>\n"
    "%4 = \"stablehlo.map\"(%a) <{dimensions = array<i64: 0, 1>}> ({\n"
    "^bb0(%l: tensor<f32>):\n"
    "%p = stablehlo.compare LT, %l, %l, TOTALORDER : (tensor<f32>, tensor<f32>) -> tensor<i1>\n"
    "%x = \"stablehlo.if\"(%p) ({\n"
    "stablehlo.return %l : tensor<f32>\n"
    "}, {\n"
    "%y = stablehlo.negate %l : tensor<f32>\n"
    "stablehlo.return %y : tensor<f32>\n"
    "}) : (tensor<i1>) -> tensor<f32>\n"
    "stablehlo.return %x : tensor<f32>\n"
    "}) : (tensor<6x5xf32>) -> tensor<6x5xf32>\n"
    "%5 = stablehlo.complex %a, %0 : tensor<6x5xcomplex<f32>>\n"
    "%6 = stablehlo.slice %5 [0:1, 0:5] : (tensor<6x5xcomplex<f32>>) -> tensor<1x5xcomplex<f32>>\n"
    "%7 = stablehlo.reshape %6 : (tensor<1x5xcomplex<f32>>) -> tensor<5xcomplex<f32>>\n"
    "%8 = \"stablehlo.dot\"(%5, %7) : (tensor<6x5xcomplex<f32>>, tensor<5xcomplex<f32>>) -> tensor<6xcomplex<f32>>\n"
    "%9 = stablehlo.imag %8 : (tensor<6xcomplex<f32>>) -> tensor<6xf32>\n"
    "%10 = \"stablehlo.all_reduce\"(%a) <{replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>}> ({\n"
    "^bb0(%l: tensor<f32>, %r: tensor<f32>):\n"
    "%x = stablehlo.add %l, %r : tensor<f32>\n"
    "%y = stablehlo.tanh %x : tensor<f32>\n"
    "stablehlo.return %y : tensor<f32>\n"
    "}) : (tensor<6x5xf32>) -> tensor<6x5xf32>\n"
    "return %0, %1, %2, %3, %4, %9, %10 : tensor<6x5xf32>, tensor<6x5xf32>, tensor<3x5xf32>, tensor<6x5xf32>, "
    "tensor<6x5xf32>, tensor<6xf32>, tensor<6x5xf32>\n"
    "}\n"
    "}\n"};

/* Plans and runs; *what is said in the end. True when it came to its end, with the result of `whole` (NULL: any). */
static bool goes_through(const ir_module *m, struct mem *mem, bool keep, exec_plan *whole) {
    struct mem own = {0};
    struct diags d;
    diags_init(&d, &own);
    exec_plan *x = exec_plan_new(m, &(exec_options){.threads = 1, .keep = keep}, mem, &d);
    assert_true(x || d.errors || d.oom);
    bool good = x && exec_run(x, NULL) == EXEC_DONE;
    if (x && !good)
        assert_int_not_equal(exec_error(x, NULL).n, 0);
    for (size_t i = 0; good && whole && i < exec_n_results(x); i++) {
        const struct tensor *a = exec_result(x, i, 0), *b = exec_result(whole, i, 0);
        assert_memory_equal(a->data, b->data, tensor_bytes(b));
    }
    exec_plan_free(x);
    diags_free(&d);
    return good;
}

/* Whichever allocation fails: an error, everything is given back, and what can do without has the same numbers. */
static void memory_may_run_out(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof many_kinds / sizeof *many_kinds; k++)
        for (int keep = 0; keep < 2; keep++) {
            struct fixture f;
            make(&f, many_kinds[k], &(exec_options){.threads = 1, .keep = keep});
            assert_int_equal(exec_run(f.x, NULL), EXEC_DONE);
            uint64_t calls = 1;
            for (uint64_t fail_at = 1; fail_at <= calls; fail_at++) {
                struct mem m = {.fail_at = fail_at};
                goes_through(f.m, &m, keep, f.x);
                assert_int_equal(m.used, 0);
                calls = m.calls >= fail_at ? fail_at + 1 : 0;
            }
            drop(&f);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_may_run_out),
                                       cmocka_unit_test(a_cancel_is_never_lost),
                                       cmocka_unit_test(values_of_arguments_can_be_cancelled),
                                       cmocka_unit_test(converting_can_be_cancelled),
                                       cmocka_unit_test(comparing_can_be_cancelled),
                                       cmocka_unit_test(a_cancel_during_the_last_op_counts),
                                       cmocka_unit_test(a_cancel_is_heard_inside_an_op),
                                       cmocka_unit_test(kept_values),
                                       cmocka_unit_test(values_made_alone),
                                       cmocka_unit_test(arguments_given_anew),
                                       cmocka_unit_test(side_by_side),
                                       cmocka_unit_test(side_by_side_little_is_held),
                                       cmocka_unit_test(side_by_side_in_a_loop),
                                       cmocka_unit_test(statistics),
                                       cmocka_unit_test(statistics_of_pairs),
                                       cmocka_unit_test(seeds),
                                       cmocka_unit_test(seeds_follow),
                                       cmocka_unit_test(seeds_of_places),
                                       cmocka_unit_test(overflow_agrees),
                                       cmocka_unit_test(divergence)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
