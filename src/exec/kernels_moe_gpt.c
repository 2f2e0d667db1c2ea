/* The fused experts of GPT-OSS, and the op that sends back what they made.
 *
 *   moe_gpt                    tokens [T, H], indices and scores [.., K], mapping [.., experts] of expert to device
 *                              -> counts, records, lists (whole numbers), and rows of what the E experts of a device made
 *   selective_reduce_combine   rows, records, lists, counts  -> [K, T / D, H]
 *
 * An expert is swiglu(x W0 + b0, x W1 + b1) W2 + b2. Its weights come packed for C cores (tt-mlir's
 * test/python/golden/ttir_ops/ccl/test_moe_ccls.py, ported from tt-metal), H = N being all tiles of 32 that the cores have: 8, but 7
 * where core % 4 is 2 or 3. Core c has columns of tiles first(c) to first(c + 1):
 *
 *   w0_w1 [C, L, E, 4 pairs, H (+ 32), 2 tiles x (32 of W0, 32 of W1)]     w2 [C, L, E, 2, N (+ 32), 4 tiles x 32]
 *
 * Rows of w2 stand in the order in which core c gets them in a ring, of the cores c, c - 1, ... 0, C - 1, ... c + 1. Where there are 32
 * more rows, the first of them is the bias. Layer 0 is meant, as in the golden function.
 *
 * What comes out (moe_gpt_golden of tt-mlir's tools/golden/mapping.py): `counts`, of tokens for each expert. `records`, one for each token
 * that any expert takes: the token, for each expert which of the token's K it is (K + 1: none), and the bits of its bf16 score. `lists`
 * of the tokens of each expert. Behind the last record and the last of a list stands -1; entries are aligned to 16 bytes. Rows
 * [cores, 2, 32, H]: the tokens of an expert are shared by `height` groups of `width` cores, the cores of a group share the columns.
 * A core has room for two experts: the device hands on the third one when the first has been sent. Here the op has one more
 * result, [E, T, H] of all experts, which selective_reduce_combine reads when it is given the rows of a moe_gpt.
 */
#include <string.h>

#include "exec/kernels.h"

enum { TILE = 32, LANES = 128, CORE_TILES = 8, WORDS = 4 /* of 4 bytes that entries are aligned to */ };
enum { TOKENS, INDICES, SCORES, MAPPING, UP, DOWN, N_OPERANDS };
enum { COUNTS, RECORDS, LISTS, ROWS, ROWS_AGAIN, ALL_ROWS, N_RESULTS = ALL_ROWS };

struct moe_gpt {
    int64_t tokens, hidden, k, experts, cores, tiles; /* experts: of a device */
    int64_t up_rows, down_rows;                       /* with those of the bias, where there is one */
    int64_t height, width, record, entry;             /* elements of a record, of an entry of a list */
};

/* Tiles of columns that the cores before this one have. */
static int64_t first_tile(int64_t core) {
    static const int64_t in_four[] = {0, 8, 16, 23};
    return core / 4 * 30 + in_four[core % 4];
}
static int64_t core_of_tile(int64_t tile) {
    int64_t core = tile / CORE_TILES;
    while (first_tile(core + 1) <= tile)
        core++;
    return core;
}
static int64_t aligned(int64_t n) {
    return (n + WORDS - 1) / WORDS * WORDS;
}

/* --- moe_gpt ------------------------------------------------------------------------------------------------------------- */

static bool plan_packed(struct planner *p, struct exec_step *s, struct moe_gpt *w) {
    const struct exec_type *up = in_type(p, s, UP), *down = in_type(p, s, DOWN);
    bool fits = up->rank == 6 && down->rank == 6 && up->dims[1] >= 1 && up->dims[1] == down->dims[1] &&
                up->dims[0] == down->dims[0] && up->dims[2] == down->dims[2] && up->dims[5] == LANES &&
                down->dims[5] == LANES && up->dims[3] == CORE_TILES / 2 && down->dims[3] == CORE_TILES / 4;
    if (!fits || up->dims[0] < 1 || up->dims[0] > w->hidden || up->dims[2] < 1)
        return plan_error(p, s->op,
                          "has weights that are not packed as [cores, layers, experts, 4, rows, 128] and "
                          "[cores, layers, experts, 2, rows, 128]");
    w->cores = up->dims[0];
    w->experts = up->dims[2];
    w->up_rows = up->dims[4];
    w->down_rows = down->dims[4];
    w->tiles = first_tile(w->cores);
    int64_t n = w->tiles * TILE;
    if (n != w->hidden || (w->up_rows != n && w->up_rows != n + TILE) ||
        (w->down_rows != n && w->down_rows != n + TILE))
        return plan_error(
            p, s->op, "has weights of %lld cores, which are for tokens and experts of %lld numbers, and tokens of %lld",
            (long long)w->cores, (long long)n, (long long)w->hidden);
    return true;
}

static bool plan_moe_gpt(struct planner *p, struct exec_step *s) {
    struct moe_gpt *w = PLAN_PARAMS(p, s, struct moe_gpt);
    exec_plan *x = p->x;
    if (!w)
        return false;
    for (uint32_t i = 0; i < N_OPERANDS; i++)
        if (!has_in(s, i))
            return plan_error(p, s->op, "lacks operands");
    for (uint32_t i = 0; i < N_RESULTS; i++)
        if (s->n_out != N_RESULTS || !s->out[i])
            return plan_error(p, s->op, "lacks results");
    w->height = 4;
    w->width = 3;
    attr_i64(p, s->op, "output_height_shard_dim", &w->height);
    attr_i64(p, s->op, "output_width_shard_dim", &w->width);
    const struct exec_type *t = in_type(p, s, TOKENS), *at = in_type(p, s, INDICES), *scores = in_type(p, s, SCORES),
                           *map = in_type(p, s, MAPPING), *rows = out_type(p, s, ROWS);
    if (t->rank < 1 || at->rank < 1 || map->rank < 1 || !type_count(t) || !type_count(at) || !type_count(map))
        return plan_error(p, s->op, "has no tokens, no indices, or no mapping");
    w->hidden = t->dims[t->rank - 1];
    w->tokens = type_count(t) / w->hidden;
    w->k = at->dims[at->rank - 1];
    if (type_count(at) != w->tokens * w->k || type_count(scores) != type_count(at))
        return plan_error(p, s->op, "has indices or scores of another number of tokens than it has");
    if (!plan_packed(p, s, w))
        return false;
    w->record = type_count(out_type(p, s, RECORDS)) / (w->tokens + 1);
    w->entry = type_count(out_type(p, s, LISTS)) / w->experts / (w->tokens + 1);
    if (type_count(out_type(p, s, COUNTS)) < w->experts || w->record < 2 * w->experts + 1 || w->entry < 1)
        return plan_error(
            p, s->op,
            "has %lld tokens and %lld experts: its counts need %lld numbers, its records %lld, its lists %lld",
            (long long)w->tokens, (long long)w->experts, (long long)aligned(w->experts),
            (long long)((w->tokens + 1) * aligned(2 * w->experts + 1)),
            (long long)(w->experts * (w->tokens + 1) * WORDS));
    if (w->height < 1 || w->width < 1 || w->tiles % w->width || rows->rank != 4 || rows->dims[1] != 2 ||
        rows->dims[2] != TILE || rows->dims[3] != w->hidden || rows->dims[0] / w->height < w->width ||
        w->tokens > w->height * TILE || !type_same_shape(rows, out_type(p, s, ROWS_AGAIN)))
        return plan_error(p, s->op,
                          "gives rows that are not [cores, 2, 32, hidden size] with room for its tokens, which "
                          "output_height_shard_dim and output_width_shard_dim share out");
    struct exec_type all = {.dtype = rows->dtype, .format = rows->format, .rank = 3};
    all.dims[0] = w->experts;
    all.dims[1] = w->tokens;
    all.dims[2] = w->hidden;
    size_t bytes;
    if (!tensor_size(all.dtype, all.dims, all.rank, &bytes))
        return plan_error(p, s->op, "has more rows than any memory holds");
    bool per_device = x->devices > 1;
    exec_slot *out = ARENA_ARRAY(p->a, exec_slot, N_RESULTS + 1);
    exec_slot to = out ? plan_temp(p, &all, per_device) : 0;
    if (!to)
        return out ? false : plan_no_memory(p);
    memcpy(out, s->out, N_RESULTS * sizeof *out);
    out[ALL_ROWS] = to;
    s->out = out;
    s->n_out = N_RESULTS + 1;
    s->n_in = N_OPERANDS;
    s->flops = (uint64_t)(w->tokens * w->k) * (uint64_t)(6 * w->hidden) * (uint64_t)w->hidden;
    s->per_device = per_device; /* each has experts of its own */
    for (uint32_t i = 0; i < s->n_out; i++)
        x->slots.v[s->out[i]].per_device = per_device;
    return true;
}

/* The tokens of an expert, and what becomes of them: n rows of x, gate, up and what goes down. */
struct gpt_expert {
    struct call *c;
    int64_t e, n, *list; /* [T] */
    double *x, *gate, *up;
};

/* 64 or 32 numbers of row `row` of a packed matrix of an expert, from lane `lane` of a group of tiles of a core on. */
static void load(const struct gpt_expert *g, uint32_t operand, int64_t core, int64_t group, int64_t row, int64_t lane,
                 size_t n, double *to) {
    const struct exec_arg *a = &g->c->in[operand];
    const int64_t *d = a->type->dims;
    int64_t at = (((core * d[1] * d[2] + g->e) * d[3] + group) * d[4] + row) * LANES + lane;
    exec_convert(g->c->x, to, TENSOR_F64, (const char *)a->data + (size_t)at * tensor_dtype_size(a->type->dtype),
                 a->type->dtype, n);
}

/* Column tiles [begin, end) of gate and up. */
static void up_tiles(void *ctx, size_t begin, size_t end, unsigned worker) {
    (void)worker;
    const struct gpt_expert *g = ctx;
    const struct moe_gpt *w = g->c->s->params;
    int64_t h = w->hidden;
    for (int64_t tile = (int64_t)begin; tile < (int64_t)end && !call_stopped(g->c); tile++) {
        int64_t core = core_of_tile(tile), t = tile - first_tile(core);
        double row[2 * TILE] = {0};
        if (w->up_rows > h)
            load(g, UP, core, t / 2, h, t % 2 * 2 * TILE, 2 * TILE, row);
        for (int64_t i = 0; i < g->n; i++) {
            memcpy(g->gate + i * h + tile * TILE, row, TILE * sizeof *row);
            memcpy(g->up + i * h + tile * TILE, row + TILE, TILE * sizeof *row);
        }
        for (int64_t k = 0; k < h; k++) {
            load(g, UP, core, t / 2, k, t % 2 * 2 * TILE, 2 * TILE, row);
            for (int64_t i = 0; i < g->n; i++) {
                double *gate = g->gate + i * h + tile * TILE, *up = g->up + i * h + tile * TILE, x = g->x[i * h + k];
                for (int j = 0; j < TILE; j++) {
                    gate[j] += x * row[j];
                    up[j] += x * row[TILE + j];
                }
            }
        }
    }
}

/* Column tiles [begin, end) of the result, of what has become of gate; into up. */
static void down_tiles(void *ctx, size_t begin, size_t end, unsigned worker) {
    (void)worker;
    const struct gpt_expert *g = ctx;
    const struct moe_gpt *w = g->c->s->params;
    int64_t h = w->hidden;
    for (int64_t tile = (int64_t)begin; tile < (int64_t)end && !call_stopped(g->c); tile++) {
        int64_t core = core_of_tile(tile), t = tile - first_tile(core), at = 0;
        double row[TILE] = {0};
        if (w->down_rows > h)
            load(g, DOWN, core, t / 4, h, t % 4 * TILE, TILE, row);
        for (int64_t i = 0; i < g->n; i++)
            memcpy(g->up + i * h + tile * TILE, row, sizeof row);
        for (int64_t turn = 0; turn < w->cores; turn++) {
            int64_t from = (core - turn + w->cores) % w->cores;
            for (int64_t k = first_tile(from) * TILE; k < first_tile(from + 1) * TILE; k++) {
                load(g, DOWN, core, t / 4, at++, t % 4 * TILE, TILE, row);
                for (int64_t i = 0; i < g->n; i++) {
                    double *sum = g->up + i * h + tile * TILE, x = g->gate[i * h + k];
                    for (int j = 0; j < TILE; j++)
                        sum[j] += x * row[j];
                }
            }
        }
    }
}

/* Puts row i of an expert where the cores that it belongs to have it, in both results, and among all rows. */
static void put_row(const struct gpt_expert *g, int64_t i) {
    struct call *c = g->c;
    const struct moe_gpt *w = c->s->params;
    int64_t group = 0, at = i, h = w->hidden, band = h / w->width;
    size_t size = tensor_dtype_size(c->out[ROWS].type->dtype);
    char *to = (char *)c->out[ALL_ROWS].data + (size_t)((g->e * w->tokens + i) * h) * size;
    exec_convert(c->x, to, c->out[ROWS].type->dtype, g->up + i * h, TENSOR_F64, (size_t)h);
    for (int64_t has; at >= (has = g->n / w->height + (group < g->n % w->height)); at -= has)
        group++;
    for (int64_t b = 0; g->e < 2 && b < w->width; b++)
        for (int o = ROWS; o <= ROWS_AGAIN; o++)
            memcpy((char *)c->out[o].data +
                       (size_t)((((group * w->width + b) * 2 + g->e) * TILE + at) * h + b * band) * size,
                   to + (size_t)(b * band) * size, (size_t)band * size);
}

static bool run_expert(struct gpt_expert *g) {
    struct call *c = g->c;
    const struct moe_gpt *w = c->s->params;
    int64_t h = w->hidden;
    size_t cost = (size_t)(h * g->n * TILE / 4) + 1;
    for (int64_t i = 0; i < g->n; i++)
        for (int64_t k = 0; k < h; k++)
            g->x[i * h + k] = arg_get(&c->in[TOKENS], g->list[i] * h + k);
    if (!call_loop(c, (size_t)w->tiles, cost, up_tiles, g))
        return false;
    for (int64_t i = 0; i < g->n * h; i++)
        g->gate[i] = moe_swiglu(g->gate[i], g->up[i]);
    if (!call_loop(c, (size_t)w->tiles, cost, down_tiles, g))
        return false;
    for (int64_t i = 0; i < g->n; i++)
        put_row(g, i);
    return true;
}

/* -1 in the type of a result: all bits set, where it has no sign. */
static double no_more(const struct exec_arg *a) {
    enum tensor_dtype t = a->type->dtype;
    if (t != TENSOR_U64 && t != TENSOR_U32 && t != TENSOR_U16)
        return -1;
    return t == TENSOR_U64 ? 0x1p64 : t == TENSOR_U32 ? 0x1p32 - 1 : 0x1p16 - 1;
}

/* Which of a token's experts is `e`; K + 1: none. */
static int64_t place_of(const struct call *c, const struct moe_gpt *w, int64_t token, int64_t e) {
    for (int64_t k = 0; e >= 0 && k < w->k; k++)
        if (arg_int(&c->in[INDICES], token * w->k + k) == e)
            return k;
    return w->k + 1;
}

static void record(struct call *c, const struct moe_gpt *w, int64_t token, const int64_t *own, int64_t *counts,
                   int64_t *records) {
    const struct exec_arg *to = &c->out[RECORDS], *lists = &c->out[LISTS];
    int64_t at = *records * w->record, per_list = type_count(lists->type) / w->experts;
    bool any = false;
    for (int64_t e = 0; e < w->experts && !any; e++)
        any = place_of(c, w, token, own[e]) < w->k;
    for (int64_t e = 0; any && e < w->experts; e++) {
        int64_t k = place_of(c, w, token, own[e]);
        arg_set(to, at + 1 + e, (double)k);
        if (k > w->k)
            continue;
        uint16_t bits = 0;
        double score = arg_get(&c->in[SCORES], token * w->k + k);
        exec_convert(c->x, &bits, TENSOR_BF16, &score, TENSOR_F64, 1);
        arg_set(to, at + 1 + w->experts + e, bits);
        arg_set(lists, e * per_list + counts[e]++ * w->entry, (double)token);
    }
    if (any) {
        arg_set(to, at, (double)token);
        ++*records;
    }
}

static bool run_moe_gpt(struct call *c) {
    const struct moe_gpt *w = c->s->params;
    size_t T = (size_t)w->tokens, E = (size_t)w->experts, h = (size_t)w->hidden;
    int64_t *own = call_scratch(c, E * sizeof *own), *counts = call_scratch(c, E * sizeof *counts), records = 0, n = 0;
    struct gpt_expert g = {.c = c, .list = call_scratch(c, T * sizeof *g.list)};
    g.x = call_scratch(c, 3 * T * h * sizeof *g.x);
    if (!own || !counts || !g.list || !g.x)
        return false;
    g.gate = g.x + T * h;
    g.up = g.gate + T * h;
    for (uint32_t i = 0; i < c->s->n_out; i++)
        memset(c->out[i].data, 0, (size_t)type_count(c->out[i].type) * tensor_dtype_size(c->out[i].type->dtype));
    const struct exec_type *map = c->in[MAPPING].type;
    for (int64_t e = 0; e < map->dims[map->rank - 1] && n < w->experts; e++)
        if (arg_int(&c->in[MAPPING], e) == (int64_t)c->device)
            own[n++] = e;
    while (n < w->experts)
        own[n++] = -1;
    memset(counts, 0, E * sizeof *counts);
    for (int64_t t = 0; t < w->tokens; t++)
        record(c, w, t, own, counts, &records);
    arg_set(&c->out[RECORDS], records * w->record, no_more(&c->out[RECORDS]));
    for (g.e = 0; g.e < w->experts; g.e++) {
        int64_t at = g.e * (type_count(c->out[LISTS].type) / w->experts);
        g.n = counts[g.e];
        for (int64_t i = 0; i < g.n; i++)
            g.list[i] = arg_int(&c->out[LISTS], at + i * w->entry);
        arg_set(&c->out[LISTS], at + g.n * w->entry, no_more(&c->out[LISTS]));
        arg_set(&c->out[COUNTS], g.e, (double)g.n);
        if (g.n && !run_expert(&g))
            return false;
    }
    return true;
}
const struct kernel kernel_moe_gpt = {"experts", plan_moe_gpt, run_moe_gpt, 0};

/* --- selective_reduce_combine -------------------------------------------------------------------------------------------- */

/* Device i of a column of the mesh (the vendor's runtime takes axis 0) has the tokens i T / D and on; result k of a token is the row that
 * its expert number k made, zeros where that expert is in another column (tt-metal's reader.cpp and writer.cpp of the op). */
enum { DENSE, ACTIVE, MAPS, TOKEN_COUNTS };
struct selective {
    int64_t experts, tokens, ring, k, hidden, record, entry;
};

/* The rows of all experts, if these are a result of a moe_gpt, as it is or moved; else these themselves. */
static exec_slot all_rows(const exec_plan *x, exec_slot rows) {
    exec_slot root = x->slots.v[rows].root;
    for (size_t i = x->steps.n; i-- > 0;) {
        const struct exec_step *s = &x->steps.v[i];
        if (s->row && s->row->kernel == &kernel_moe_gpt && s->n_out > ALL_ROWS &&
            (s->out[ROWS] == root || s->out[ROWS_AGAIN] == root))
            return s->out[ALL_ROWS];
    }
    return rows;
}

static bool plan_selective(struct planner *p, struct exec_step *s) {
    struct selective *w = PLAN_PARAMS(p, s, struct selective);
    exec_plan *x = p->x;
    if (!w)
        return false;
    for (uint32_t i = DENSE; i <= TOKEN_COUNTS; i++)
        if (!has_in(s, i) || !s->out[0])
            return plan_error(p, s->op, "lacks operands");
    int64_t batch = 0, sequence = 0, experts = 0;
    attr_i64(p, s->op, "hidden_size", &w->hidden);
    attr_i64(p, s->op, "batch_size", &batch);
    attr_i64(p, s->op, "seq_size", &sequence);
    attr_i64(p, s->op, "select_experts_k", &w->k);
    attr_i64(p, s->op, "experts", &experts);
    w->ring = x->rows;
    const struct exec_type *out = out_type(p, s, 0);
    if (batch < 1 || sequence < 1 || batch > INT32_MAX || sequence > INT32_MAX || w->k < 1 || w->hidden < 1 ||
        w->hidden > INT32_MAX || out->rank < 1 || out->dims[out->rank - 1] != w->hidden)
        return plan_error(p, s->op, "has sizes that make no sense, or a result of another hidden size");
    w->tokens = batch * sequence;
    w->experts = experts / x->devices;
    if (w->experts < 1 || experts > INT32_MAX)
        return plan_error(p, s->op, "has %lld experts on %u devices", (long long)experts, x->devices);
    s->in[DENSE] = all_rows(x, s->in[DENSE]);
    const struct exec_type *dense = in_type(p, s, DENSE);
    w->record = type_count(in_type(p, s, ACTIVE)) / (w->tokens + 1);
    w->entry = type_count(in_type(p, s, MAPS)) / w->experts / (w->tokens + 1);
    int64_t blocks = type_count(dense) / w->hidden / w->tokens;
    bool fits = w->tokens % w->ring == 0 && dense->dtype == out->dtype && blocks == w->experts &&
                type_count(dense) == blocks * w->tokens * w->hidden && w->entry >= 1 &&
                w->record >= 2 * w->experts + 1 && type_count(in_type(p, s, TOKEN_COUNTS)) >= w->experts &&
                type_count(out) / w->hidden / w->k == w->tokens / w->ring &&
                type_count(out) == w->k * (w->tokens / w->ring) * w->hidden;
    if (!fits)
        return plan_error(
            p, s->op,
            "has operands or a result that do not fit each other: it takes rows of %lld experts and %lld tokens, "
            "%lld numbers of records, %lld of lists, and gives [%lld, %lld, %lld]",
            (long long)w->experts, (long long)w->tokens, (long long)((w->tokens + 1) * aligned(2 * w->experts + 1)),
            (long long)(w->experts * (w->tokens + 1) * WORDS), (long long)w->k, (long long)(w->tokens / w->ring),
            (long long)w->hidden);
    s->n_in = TOKEN_COUNTS + 1;
    s->per_device = x->devices > 1;
    x->slots.v[s->out[0]].per_device = s->per_device;
    return true;
}

/* Sends the rows that device d has. */
static void send_rows(struct call *c, unsigned d) {
    const struct selective *w = c->s->params;
    const struct exec_arg *active = device_in(c, d, ACTIVE), *maps = device_in(c, d, MAPS);
    size_t row = (size_t)w->hidden * tensor_dtype_size(c->out[0].type->dtype);
    int64_t per_list = type_count(maps->type) / w->experts, own = w->tokens / w->ring;
    for (int64_t e = 0; e < w->experts; e++) {
        int64_t n = arg_int(device_in(c, d, TOKEN_COUNTS), e), r = 0;
        for (int64_t i = 0; i < n && i < w->tokens; i++) {
            int64_t token = arg_int(maps, e * per_list + i * w->entry);
            while (r < w->tokens && arg_int(active, r * w->record) != token)
                r++;
            int64_t k = r < w->tokens ? arg_int(active, r * w->record + 1 + e) : -1;
            if (k < 0 || k >= w->k || token < 0 || token >= w->tokens)
                continue;
            unsigned to = group_member(c->x, 0, d, (unsigned)(token / own));
            memcpy((char *)device_out(c, to, 0)->data + (size_t)(k * own + token % own) * row,
                   (const char *)device_in(c, d, DENSE)->data + (size_t)(e * w->tokens + i) * row, row);
        }
    }
}

static bool run_selective(struct call *c) {
    for (unsigned d = 0; d < c->x->devices; d++)
        memset(device_out(c, d, 0)->data, 0,
               (size_t)type_count(c->out[0].type) * tensor_dtype_size(c->out[0].type->dtype));
    for (unsigned d = 0; d < c->x->devices; d++)
        send_rows(c, d);
    return true;
}
const struct kernel kernel_selective_combine = {"experts", plan_selective, run_selective, KERNEL_MESH};
