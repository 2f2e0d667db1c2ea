/* The cost model against measured kernels: prints, for each file and kind of op, the median of estimate / measured, by which
 * factor half and nine tenths are off at most, how many lie within a factor of two, and the correlation of the logarithms.
 * The bounds asserted are those reached when this was written, with a margin: a change of the model that makes it worse
 * fails. */
#define _POSIX_C_SOURCE 200809L
#include "test.h"

#include <math.h>

#include "base/arena.h"
#include "base/file.h"
#include "target/cost.h"

enum { MAX_COLUMNS = 256, MAX_ROWS = 8192, MAX_KINDS = 24 };

/* ---- CSV ------------------------------------------------------------------------------------------------- */

typedef struct table {
    struct mem mem;
    struct file file;
    str head[MAX_COLUMNS], cell[MAX_COLUMNS];
    uint32_t n_columns, n_cells;
    size_t at;
} table;

static uint32_t split(str line, str *out) {
    uint32_t n = 0;
    while (n < MAX_COLUMNS) {
        size_t comma = str_find_char(line, ',');
        out[n++] = str_slice(line, 0, comma);
        if (comma == line.n)
            break;
        line = str_from(line, comma + 1);
    }
    return n;
}

static bool table_next(table *t) {
    str text = file_text(&t->file);
    if (t->at >= text.n)
        return false;
    size_t end = t->at + str_find_char(str_from(text, t->at), '\n');
    str line = str_slice(text, t->at, end);
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    t->at = end + 1;
    t->n_cells = split(line, t->cell);
    return true;
}

static bool table_open(table *t, const char *name) {
    const char *corpus = getenv("TTX_CORPUS");
    char path[4096];
    *t = (table){0};
    snprintf(path, sizeof path, "%s/perf/%s", corpus ? corpus : "", name);
    if (!corpus || !file_open(&t->file, &t->mem, path) || !table_next(t))
        return false;
    memcpy(t->head, t->cell, sizeof t->head);
    t->n_columns = t->n_cells;
    return true;
}

static str cell(const table *t, const char *column) {
    for (uint32_t i = 0; i < t->n_columns; i++)
        if (str_eq(t->head[i], str_from_z(column)))
            return i < t->n_cells ? t->cell[i] : STR("");
    return STR("");
}

/* The number a cell starts with ("32[19]" is 32). */
static double number(const table *t, const char *column) {
    str s = cell(t, column);
    char buf[64];
    snprintf(buf, sizeof buf, "%.*s", STR_ARG(str_slice(s, 0, 60)));
    return strtod(buf, NULL);
}

/* ---- statistics ------------------------------------------------------------------------------------------ */

static struct kind {
    char name[48];
    double ratio[MAX_ROWS], estimate[MAX_ROWS], measured[MAX_ROWS];
    uint32_t n;
} kinds[MAX_KINDS], whole;
static uint32_t n_kinds;

static void note(struct kind *k, double estimate, double measured) {
    if (k->n == MAX_ROWS)
        return;
    k->ratio[k->n] = estimate / measured;
    k->estimate[k->n] = log(estimate);
    k->measured[k->n++] = log(measured);
}

static void note_kind(const char *name, double estimate, double measured) {
    uint32_t i = 0;
    while (i < n_kinds && strcmp(kinds[i].name, name) != 0)
        i++;
    if (i == n_kinds && n_kinds < MAX_KINDS) {
        snprintf(kinds[i].name, sizeof kinds[i].name, "%s", name);
        kinds[n_kinds++].n = 0;
    }
    note(&kinds[i], estimate, measured);
    note(&whole, estimate, measured);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double correlation(const struct kind *k) {
    double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0, n = k->n;
    for (uint32_t i = 0; i < k->n; i++) {
        double x = k->estimate[i], y = k->measured[i];
        sx += x, sy += y, sxx += x * x, syy += y * y, sxy += x * y;
    }
    double d = sqrt((n * sxx - sx * sx) * (n * syy - sy * sy));
    return d > 0 ? (n * sxy - sx * sy) / d : 0;
}

static double median;
static double within;

static void report(struct kind *k, const char *name) {
    uint32_t close = 0;
    double r = correlation(k);
    qsort(k->ratio, k->n, sizeof *k->ratio, by_value);
    median = k->n ? k->ratio[k->n / 2] : 0;
    for (uint32_t i = 0; i < k->n; i++)
        close += k->ratio[i] > 0.5 && k->ratio[i] < 2;
    within = k->n ? 100.0 * close / k->n : 0;
    for (uint32_t i = 0; i < k->n; i++)
        k->ratio[i] = k->ratio[i] > 1 ? k->ratio[i] : 1 / k->ratio[i];
    qsort(k->ratio, k->n, sizeof *k->ratio, by_value);
    print_message("  %-34s n %5u  median %5.2f  off by a factor of: half %4.2f, nine tenths %4.2f  within x2 %3.0f %%  "
                  "correlation %5.2f\n",
                  name, k->n, median, k->n ? k->ratio[k->n / 2] : 0, k->n ? k->ratio[k->n * 9 / 10] : 0, within, r);
}

/* ---- devices --------------------------------------------------------------------------------------------- */

static target_device device(const char *board, int64_t rows, int64_t cols) {
    struct mem m = {0};
    struct arena a;
    struct diags d;
    target_system s;
    target_device out;
    arena_init(&a, &m);
    diags_init(&d, &m);
    assert_true(target_system_board(&a, str_from_z(board), NULL, 0, &s));
    assert_true(target_device_make(&s, NULL, 0, NULL, &out, &d));
    out.worker_grid[0] = rows;
    out.worker_grid[1] = cols;
    diags_free(&d);
    arena_free(&a);
    return out;
}

/* ---- whole models ---------------------------------------------------------------------------------------- */

static bool tensor_of(const table *t, const char *prefix, bool logical, cost_tensor *out) {
    static const char *const axes = "WZYX";
    double dims[4];
    char column[64];
    for (int i = 0; i < 4; i++) {
        snprintf(column, sizeof column, "%s_%c%s", prefix, axes[i], logical ? "_PAD[LOGICAL]" : "");
        dims[i] = number(t, column);
    }
    if (dims[3] < 1)
        return false;
    snprintf(column, sizeof column, "%s_DATATYPE", prefix);
    str type = cell(t, column);
    *out = (cost_tensor){.dtype = str_eq(type, STR("FLOAT32"))     ? DTYPE_F32
                                  : str_eq(type, STR("BFLOAT8_B")) ? DTYPE_BFP_BF8
                                  : str_eq(type, STR("BFLOAT4_B")) ? DTYPE_BFP_BF4
                                  : str_eq(type, STR("UINT32"))    ? DTYPE_U32
                                                                   : DTYPE_BF16};
    snprintf(column, sizeof column, "%s_LAYOUT", prefix);
    out->tiled = str_eq(cell(t, column), STR("TILE"));
    out->tiles =
        dims[0] * dims[1] * (out->tiled ? ceil(dims[2] / 32) * ceil(dims[3] / 32) : ceil(dims[2] * dims[3] / 1024));
    out->bytes = (uint64_t)(out->tiles * target_dtypes[out->dtype].tile_bytes);
    snprintf(column, sizeof column, "%s_MEMORY", prefix);
    str memory = cell(t, column);
    bool l1 = str_find(memory, STR("_L1_")) < memory.n;
    out->buffer = l1 ? TTNN_L1 : TTNN_DRAM;
    out->memory = str_ends_with(memory, STR("HEIGHT_SHARDED"))  ? TTNN_HEIGHT_SHARDED
                  : str_ends_with(memory, STR("WIDTH_SHARDED")) ? TTNN_WIDTH_SHARDED
                  : str_ends_with(memory, STR("BLOCK_SHARDED")) ? TTNN_BLOCK_SHARDED
                                                                : TTNN_INTERLEAVED;
    return true;
}

static const struct op_class {
    const char *start, *name;
    cost_kind kind;
    double weight;
} classes[] = {
    {"Binary", "elementwise, two operands", COST_ELEMENTWISE, COST_LIGHT},
    {"Unary", "elementwise, one operand", COST_ELEMENTWISE, COST_SFPU},
    {"Typecast", "typecast", COST_ELEMENTWISE, COST_LIGHT},
    {"Matmul", "matmul", COST_MATMUL, 0},
    {"OptimizedConvNew", "conv2d", COST_CONV, 0},
    {"Conv2d", "conv2d", COST_CONV, 0},
    {"LayerNorm", "layer_norm, softmax", COST_ROWWISE, COST_NORM},
    {"Softmax", "layer_norm, softmax", COST_ROWWISE, COST_NORM},
    {"InterleavedToSharded", "to_memory_config", COST_MOVE, 0},
    {"ShardedToInterleaved", "to_memory_config", COST_MOVE, 0},
    {"Reshard", "to_memory_config", COST_MOVE, 0},
    {"Copy", "to_memory_config", COST_MOVE, 0},
    {"Transpose", "transpose", COST_MOVE, COST_TRANSPOSE},
    {"Slice", "slice, concat", COST_MOVE, 0},
    {"PaddedSlice", "slice, concat", COST_MOVE, 0},
    {"Concat", "slice, concat", COST_MOVE, 0},
    {"Tilize", "tilize, untilize", COST_MOVE, COST_RETILE},
    {"Untilize", "tilize, untilize", COST_MOVE, COST_RETILE},
    {"Reshape", "reshape, permute", COST_MOVE, COST_RESHAPE},
    {"Permute", "reshape, permute", COST_MOVE, COST_RESHAPE},
};

/* The functions of "Unary" rows, by the op_type among their attributes, as cost_op.c weighs them. */
static double unary_weight(str attributes) {
    static const struct {
        const char *type;
        double weight;
    } types[] = {{"UnaryOpType::RELU", COST_RELU}, {"UnaryOpType::NEG", COST_RELU}, {"UnaryOpType::GELU", COST_EXP}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_find(attributes, str_from_z(types[i].type)) < attributes.n)
            return types[i].weight;
    return COST_SFPU;
}

static void model_rows(const char *file, const char *board, int64_t rows, int64_t cols) {
    table t;
    if (!table_open(&t, file))
        return;
    target_device d = device(board, rows, cols);
    bool logical = false;
    for (uint32_t i = 0; i < t.n_columns; i++)
        logical |= str_eq(t.head[i], STR("INPUT_0_X_PAD[LOGICAL]"));
    while (table_next(&t)) {
        double measured = number(&t, "DEVICE KERNEL DURATION [ns]");
        str op = cell(&t, "OP CODE");
        cost_work w = {0};
        const struct op_class *c = NULL;
        for (size_t i = 0; i < sizeof classes / sizeof *classes && !c; i++)
            if (str_starts_with(op, str_from_z(classes[i].start)))
                c = &classes[i];
        if (!c || measured <= 0 || !tensor_of(&t, "OUTPUT_0", logical, &w.out))
            continue;
        for (uint32_t i = 0; i < 3; i++) {
            char prefix[16];
            snprintf(prefix, sizeof prefix, "INPUT_%u", i);
            if (tensor_of(&t, prefix, logical, &w.in[w.n_in]))
                w.n_in++;
        }
        w.kind = c->kind;
        w.weight = str_eq(str_from_z(c->start), STR("Unary")) ? unary_weight(cell(&t, "ATTRIBUTES")) : c->weight;
        w.cores = (int64_t)number(&t, "CORE COUNT");
        for (uint32_t i = 0; i <= w.n_in; i++)
            (i < w.n_in ? &w.in[i] : &w.out)->cores = w.cores;
        str fidelity = cell(&t, "MATH FIDELITY");
        w.fidelity = str_eq(fidelity, STR("LoFi"))    ? COST_LOFI
                     : str_eq(fidelity, STR("HiFi2")) ? COST_HIFI2
                     : str_eq(fidelity, STR("HiFi3")) ? COST_HIFI3
                                                      : COST_HIFI4;
        const char *suffix = logical ? "_PAD[LOGICAL]" : "";
        char column[64];
        snprintf(column, sizeof column, "OUTPUT_0_X%s", suffix);
        w.n = number(&t, column);
        snprintf(column, sizeof column, "OUTPUT_0_Y%s", suffix);
        w.m = number(&t, column);
        snprintf(column, sizeof column, "INPUT_1_Y%s", suffix);
        w.k = number(&t, column);
        snprintf(column, sizeof column, "INPUT_1_Z%s", suffix);
        w.batch = number(&t, column);
        if (w.kind == COST_ROWWISE)
            w.rows = w.out.tiles / ceil(w.n / 32);
        note_kind(c->name, cost_of_work(&d, &w).total_ns, measured);
    }
    file_close(&t.file);
}

static void sweeps(void) {
    table t;
    if (table_open(&t, "matmul_sweeps/gemm_out_of_box.csv")) {
        while (table_next(&t)) {
            bool p150 = str_starts_with(cell(&t, "card"), STR("p150"));
            target_device d =
                device(p150 ? "p150" : "n150", (int64_t)number(&t, "grid_y"), (int64_t)number(&t, "grid_x"));
            str type = cell(&t, "dtype"), fidelity = cell(&t, "fidelity");
            target_dtype dt = str_eq(type, STR("BFLOAT8_B"))   ? DTYPE_BFP_BF8
                              : str_eq(type, STR("BFLOAT4_B")) ? DTYPE_BFP_BF4
                                                               : DTYPE_BF16;
            cost_work w = {
                .kind = COST_MATMUL, .m = number(&t, "M"), .k = number(&t, "K"), .n = number(&t, "N"), .n_in = 2};
            double sides[3][2] = {{w.m, w.k}, {w.k, w.n}, {w.m, w.n}};
            static const char *const places[3] = {"in0", "in1", "out"};
            for (int i = 0; i < 3; i++) {
                cost_tensor *x = i < 2 ? &w.in[i] : &w.out;
                x->tiles = sides[i][0] * sides[i][1] / 1024;
                x->dtype = dt;
                x->bytes = (uint64_t)(x->tiles * target_dtypes[dt].tile_bytes);
                bool l1 = str_eq(cell(&t, places[i]), STR("L1"));
                x->buffer = l1 ? TTNN_L1 : TTNN_DRAM;
                x->memory = l1 && i != 1 ? TTNN_BLOCK_SHARDED : TTNN_INTERLEAVED;
                x->cores = target_n_cores(&d);
            }
            w.fidelity = str_eq(fidelity, STR("LoFi"))    ? COST_LOFI
                         : str_eq(fidelity, STR("HiFi2")) ? COST_HIFI2
                                                          : COST_HIFI4;
            double measured = number(&t, "device_ns_derived");
            if (measured > 0)
                note_kind(p150 ? "matmul, GEMM report p150" : "matmul, GEMM report n150", cost_of_work(&d, &w).total_ns,
                          measured);
        }
        file_close(&t.file);
    }
    if (table_open(&t, "predictor/matmul_height_sharded.csv")) {
        target_device d = device("n150", 8, 8);
        while (table_next(&t)) {
            cost_work w = {.kind = COST_MATMUL,
                           .m = number(&t, "m_size"),
                           .k = number(&t, "k_size"),
                           .n = number(&t, "n_size"),
                           .n_in = 2,
                           .fidelity = COST_HIFI2};
            double sides[3][2] = {{w.m, w.k}, {w.k, w.n}, {w.m, w.n}};
            for (int i = 0; i < 3; i++) {
                cost_tensor *x = i < 2 ? &w.in[i] : &w.out;
                *x = (cost_tensor){.tiles = sides[i][0] * sides[i][1] / 1024,
                                   .dtype = DTYPE_BF16,
                                   .bytes = (uint64_t)(sides[i][0] * sides[i][1] * 2),
                                   .buffer = i == 1 ? TTNN_DRAM : TTNN_L1,
                                   .memory = i == 1 ? TTNN_INTERLEAVED : TTNN_HEIGHT_SHARDED,
                                   .cores = (int64_t)number(&t, "num_cores")};
            }
            note_kind("matmul, height sharded sweep", cost_of_work(&d, &w).total_ns, number(&t, "median_ns"));
        }
        file_close(&t.file);
    }
    static const char *const exps[] = {"predictor/exp_final.csv", "predictor/exp_big.csv"};
    for (int f = 0; f < 2; f++) {
        if (!table_open(&t, exps[f]))
            continue;
        target_device d = device("n150", 8, 8);
        while (table_next(&t)) {
            double dims[4], tiles;
            uint32_t rank = 0;
            for (int i = 0; i < 4; i++) {
                char column[32];
                snprintf(column, sizeof column, "input_shape_%d", i + 1);
                double v = number(&t, column);
                if (v > 0)
                    dims[rank++] = v;
            }
            tiles = rank ? ceil(dims[rank - 1] / 32) : 0;
            for (uint32_t i = 0; i + 1 < rank; i++)
                tiles *= i + 2 == rank ? ceil(dims[i] / 32) : dims[i];
            target_dtype dt = number(&t, "bfloat8") > 0   ? DTYPE_BFP_BF8
                              : number(&t, "float32") > 0 ? DTYPE_F32
                                                          : DTYPE_BF16;
            bool l1 = f ? number(&t, "INPUTBUFFER1") > 0 : number(&t, "input_L1") > 0;
            cost_tensor x = {.tiles = tiles,
                             .dtype = dt,
                             .bytes = (uint64_t)(tiles * target_dtypes[dt].tile_bytes),
                             .buffer = l1 ? TTNN_L1 : TTNN_DRAM,
                             .memory = TTNN_INTERLEAVED};
            cost_work w = {.kind = COST_ELEMENTWISE, .weight = COST_EXP, .n_in = 1, .in = {x}, .out = x};
            note_kind("exp sweep", cost_of_work(&d, &w).total_ns, number(&t, "median_ns"));
        }
        file_close(&t.file);
    }
}

static void against_measurements(void **state) {
    (void)state;
    model_rows("ops_perf_results/bh_p100_dlv3.csv", "p100", 10, 11);
    model_rows("ops_perf_results/bh_64_clip_encoder_1.csv", "p150", 8, 8);
    model_rows("ops_perf_results/ops_perf_results_2025_09_18_11_39_20.csv", "p150", 4, 5);
    model_rows("ops_perf_results/bh20_oft_integral_image_trace.csv", "p150", 4, 5);
    model_rows("ops_perf_results/seg_encoder_ops_perf_results_2025_02_16_18_11_10.csv", "n150", 8, 8);
    struct kind *models = malloc(sizeof whole);
    *models = whole;
    sweeps();
    if (!whole.n) {
        free(models);
        skip();
    }
    for (uint32_t i = 0; i < n_kinds; i++)
        report(&kinds[i], kinds[i].name);
    report(models, "all ops of whole models");
    free(models);
    report(&whole, "everything");
    assert_true(median > 0.75 && median < 1.33);
    assert_true(within > 85);
    assert_true(correlation(&whole) > 0.93);
}

/* Whatever the numbers, more work never takes less time. */
static void more_work_takes_longer(void **state) {
    (void)state;
    target_device d = device("n150", 8, 8);
    double before = 0;
    for (double n = 32; n <= 8192; n *= 2) {
        cost_tensor x = {.tiles = n * n / 1024, .dtype = DTYPE_BF16, .bytes = (uint64_t)(n * n * 2)};
        cost_work w = {
            .kind = COST_MATMUL, .m = n, .n = n, .k = n, .n_in = 2, .in = {x, x}, .out = x, .fidelity = COST_HIFI2};
        cost c = cost_of_work(&d, &w);
        assert_true(c.total_ns >= before && c.total_ns > 0);
        assert_true(c.cores >= 1 && c.cores <= 64);
        before = c.total_ns;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(more_work_takes_longer),
                                       cmocka_unit_test(against_measurements)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
