/* cost_op.c - the work of an op of a module, and sums over modules. Which formula an op has is a table; ops without a row are
 * taken as moving their bytes, which is what is known of them (cost.known is then false).
 */
#include "dialect/params.h"
#include "ids.h"
#include "target/cost.h"
#include "target/legal_rules.h"

/* Between the end of a kernel and the start of the next one, when the program is queued: device-model.md, section 5. */
static const double gap_ns = 800;

typedef struct op_cost {
    uint16_t op;
    uint8_t kind; /* cost_kind */
    uint16_t weight;
} op_cost;

static const op_cost costs[] = {
    {OP_ttnn_matmul, COST_MATMUL, 0},
    {OP_ttnn_linear, COST_MATMUL, 0},
    {OP_ttnn_sparse_matmul, COST_MATMUL, 0},
    {OP_ttnn_conv1d, COST_CONV, 0},
    {OP_ttnn_conv2d, COST_CONV, 0},
    {OP_ttnn_conv3d, COST_CONV, 0},
    {OP_ttnn_conv_transpose2d, COST_CONV, 0},
    /* functions computed by the vector unit */
    {OP_ttnn_exp, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_expm1, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_gelu, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_tanh, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_sigmoid, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_silu, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_mish, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_erf, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_erfc, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_log, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_log1p, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_sin, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_cos, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_tan, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_atan, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_atan2, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_asin, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_acos, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_cbrt, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_pow_tensor, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_pow_scalar, COST_ELEMENTWISE, COST_EXP},
    {OP_ttnn_sqrt, COST_ELEMENTWISE, COST_SFPU},
    {OP_ttnn_rsqrt, COST_ELEMENTWISE, COST_SFPU},
    {OP_ttnn_reciprocal, COST_ELEMENTWISE, COST_SFPU},
    {OP_ttnn_divide, COST_ELEMENTWISE, COST_SFPU},
    {OP_ttnn_remainder, COST_ELEMENTWISE, COST_SFPU},
    {OP_ttnn_where, COST_ELEMENTWISE, COST_SFPU},
    {OP_ttnn_typecast, COST_ELEMENTWISE, COST_LIGHT},
    {OP_ttnn_clamp_scalar, COST_ELEMENTWISE, COST_LIGHT},
    {OP_ttnn_clamp_tensor, COST_ELEMENTWISE, COST_LIGHT},
    {OP_ttnn_batch_norm_inference, COST_ELEMENTWISE, COST_SFPU},
    {OP_ttnn_rotary_embedding, COST_ELEMENTWISE,
     3 * COST_LIGHT + COST_RELU}, /* two products, a sum, half of it negated */
    {OP_ttnn_relu, COST_ELEMENTWISE, COST_RELU},
    {OP_ttnn_relu6, COST_ELEMENTWISE, COST_RELU},
    {OP_ttnn_leaky_relu, COST_ELEMENTWISE, COST_RELU},
    {OP_ttnn_neg, COST_ELEMENTWISE, COST_RELU},
    {OP_ttnn_abs, COST_ELEMENTWISE, COST_RELU},
    {OP_ttnn_sign, COST_ELEMENTWISE, COST_RELU},
    /* rows of tiles */
    {OP_ttnn_softmax, COST_ROWWISE, COST_NORM},
    {OP_ttnn_layer_norm, COST_ROWWISE, COST_NORM},
    {OP_ttnn_rms_norm, COST_ROWWISE, COST_NORM},
    {OP_ttnn_dit_rms_norm_unary_fused, COST_ROWWISE, COST_NORM},
    {OP_ttnn_group_norm, COST_ROWWISE, COST_NORM},
    {OP_ttnn_sum, COST_ROWWISE, COST_LIGHT},
    {OP_ttnn_mean, COST_ROWWISE, COST_LIGHT},
    {OP_ttnn_max, COST_ROWWISE, COST_LIGHT},
    {OP_ttnn_min, COST_ROWWISE, COST_LIGHT},
    {OP_ttnn_prod, COST_ROWWISE, COST_SFPU},
    {OP_ttnn_argmax, COST_ROWWISE, COST_SFPU},
    {OP_ttnn_cumsum, COST_ROWWISE, COST_LIGHT},
    {OP_ttnn_topk, COST_ROWWISE, COST_EXP},
    {OP_ttnn_sort, COST_ROWWISE, COST_EXP},
    {OP_ttnn_scaled_dot_product_attention, COST_ROWWISE, COST_EXP},
    {OP_ttnn_scaled_dot_product_attention_decode, COST_ROWWISE, COST_EXP},
    {OP_ttnn_paged_scaled_dot_product_attention_decode, COST_ROWWISE, COST_EXP},
    /* moving */
    {OP_ttnn_reshape, COST_MOVE, COST_RESHAPE},
    {OP_ttnn_permute, COST_MOVE, COST_RESHAPE},
    {OP_ttnn_transpose, COST_MOVE, COST_TRANSPOSE},
    {OP_ttnn_to_layout, COST_MOVE, COST_RETILE},
    {OP_ttnn_to_tensor_spec, COST_MOVE, COST_RETILE},
    {OP_ttnn_to_memory_config, COST_MOVE, 0},
    {OP_ttnn_concat, COST_MOVE, 0},
    {OP_ttnn_slice_static, COST_MOVE, 0},
    {OP_ttnn_slice_dynamic, COST_MOVE, 0},
    {OP_ttnn_pad, COST_MOVE, 0},
    {OP_ttnn_repeat, COST_MOVE, 0},
    {OP_ttnn_repeat_interleave, COST_MOVE, 0},
    {OP_ttnn_assign, COST_MOVE, 0},
    {OP_ttnn_concatenate_heads, COST_MOVE, COST_TRANSPOSE},
    {OP_ttnn_nlp_concat_heads, COST_MOVE, COST_TRANSPOSE},
    {OP_ttnn_nlp_concat_heads_decode, COST_MOVE, COST_TRANSPOSE},
    {OP_ttnn_nlp_create_qkv_heads_decode, COST_MOVE, COST_TRANSPOSE},
    {OP_ttnn_split_query_key_value_and_split_heads, COST_MOVE, COST_TRANSPOSE},
    {OP_ttnn_embedding, COST_MOVE, COST_RETILE},
    {OP_ttnn_fill_cache, COST_MOVE, 0},
    {OP_ttnn_update_cache, COST_MOVE, 0},
    {OP_ttnn_paged_fill_cache, COST_MOVE, 0},
    {OP_ttnn_paged_update_cache, COST_MOVE, 0},
    {OP_ttnn_full, COST_MOVE, 0},
    {OP_ttnn_zeros, COST_MOVE, 0},
    {OP_ttnn_ones, COST_MOVE, 0},
    {OP_ttnn_arange, COST_MOVE, 0},
    {OP_ttnn_max_pool2d, COST_ELEMENTWISE, COST_RETILE},
    {OP_ttnn_avg_pool2d, COST_ELEMENTWISE, COST_RETILE},
    {OP_ttnn_upsample, COST_MOVE, COST_RETILE},
    /* to other chips */
    {OP_ttnn_all_gather, COST_SEND, 0},
    {OP_ttnn_all_reduce, COST_SEND, 0},
    {OP_ttnn_reduce_scatter, COST_SEND, 0},
    {OP_ttnn_point_to_point, COST_SEND, 0},
    {OP_ttnn_all_to_all_dispatch, COST_SEND, 0},
    {OP_ttnn_all_to_all_combine, COST_SEND, 0},
    /* nothing that takes device time */
    {OP_ttnn_deallocate, COST_NOTHING, 0},
    {OP_ttnn_get_device, COST_NOTHING, 0},
    {OP_ttnn_empty, COST_NOTHING, 0},
    {OP_ttnn_alloc, COST_NOTHING, 0},
};

static const op_cost *find(const ir_module *m, ir_op op) {
    uint32_t id = ir_op_def(m, op);
    for (size_t i = 0; id && i < sizeof costs / sizeof *costs; i++)
        if (costs[i].op == id - 1)
            return &costs[i];
    return NULL;
}

static bool tensor(const ir_context *c, ir_type t, const ttnn_layout *l, cost_tensor *out) {
    ttnn_geometry g;
    *out = (cost_tensor){0};
    if (ir_kind_of(c, t) != IR_TYPE_TENSOR || !ttnn_layout_geometry(c, t, l, &g))
        return false;
    out->bytes = g.total_bytes;
    out->tiles = l->tiled ? (double)g.tiles[0] * (double)g.tiles[1]
                          : (double)g.physical[0] * (double)g.physical[1] / (TARGET_TILE * TARGET_TILE);
    out->dtype = l->dtype;
    out->buffer = l->buffer;
    out->memory = l->memory;
    out->cores = ttnn_is_sharded(l->memory) ? g.cores : 0;
    out->tiled = l->tiled;
    return true;
}

static cost_fidelity fidelity_of(const ir_module *m, ir_op op) {
    ir_attr config = ir_op_attr(m, op, STR("compute_config"));
    str text = config ? dialect_param_text(m->ctx, config, STR("math_fidelity")) : STR("");
    if (str_eq(text, STR("lofi")))
        return COST_LOFI;
    if (str_eq(text, STR("hifi3")))
        return COST_HIFI3;
    return str_eq(text, STR("hifi4")) ? COST_HIFI4 : COST_HIFI2; /* what the vendor's runtime takes by itself */
}

static double dim(const ir_context *c, ir_type t, int from_end) {
    int rank = ir_rank(c, t);
    return rank >= from_end ? (double)ir_dim(c, t, rank - from_end) : 1;
}

static bool flag(const ir_module *m, ir_op op, str key) {
    ir_attr a = ir_op_attr(m, op, key);
    return a && a == m->ctx->a_true;
}

/* m, n, k and batch of a product. */
static void product(const ir_module *m, ir_op op, cost_work *w) {
    const ir_context *c = m->ctx;
    ir_type a = ir_value_type(m, ir_operand(m, op, 0)), b = ir_value_type(m, ir_operand(m, op, 1));
    ir_type r = ir_value_type(m, m->ops[op].results);
    w->n = dim(c, r, 1);
    w->k = dim(c, a, flag(m, op, STR("transpose_a")) ? 2 : 1);
    double rows = (double)ir_num_elements(c, r) / (w->n > 0 ? w->n : 1), batch = 1;
    for (int i = 0; i + 2 < ir_rank(c, b); i++)
        batch *= (double)ir_dim(c, b, i);
    w->batch = batch;
    w->m = rows / (batch > 0 ? batch : 1);
}

/* A convolution as a product: rows of the result, channels, and what one value gathers. */
static void convolution(const ir_module *m, ir_op op, cost_work *w) {
    const ir_context *c = m->ctx;
    ir_type r = ir_value_type(m, m->ops[op].results);
    ir_attr kernel = ir_op_attr(m, op, STR("kernel_size")), in = ir_op_attr(m, op, STR("in_channels")),
            groups = ir_op_attr(m, op, STR("groups"));
    int64_t channels = 1, n_groups = 1;
    double taps = 1;
    str data = kernel && ir_kind_of(c, kernel) == IR_ATTR_DENSE_ARRAY ? ir_data(c, kernel) : STR("");
    for (size_t i = 0; i + 4 <= data.n; i += 4) {
        int32_t v;
        memcpy(&v, data.p + i, sizeof v);
        taps *= v;
    }
    if (in)
        ir_int_value(c, in, &channels);
    if (groups)
        ir_int_value(c, groups, &n_groups);
    w->n = dim(c, r, 1);
    w->m = (double)ir_num_elements(c, r) / (w->n > 0 ? w->n : 1);
    w->k = taps * (double)channels / (double)(n_groups > 0 ? n_groups : 1);
    w->batch = 1;
}

/* A permute that only turns the last two dimensions, or keeps the last, does not take tiles apart. */
static double permute_weight(const ir_module *m, ir_op op) {
    const ir_context *c = m->ctx;
    ir_attr order = ir_op_attr(m, op, STR("permutation"));
    str data = order && ir_kind_of(c, order) == IR_ATTR_DENSE_ARRAY ? ir_data(c, order) : STR("");
    size_t n = data.n / 8;
    bool turned = n >= 2;
    int64_t last = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t at;
        memcpy(&at, data.p + 8 * i, sizeof at);
        size_t want = i + 2 == n ? n - 1 : i + 1 == n ? n - 2 : i;
        turned &= at == (int64_t)want;
        last = at;
    }
    return turned || (n && last == (int64_t)n - 1) ? COST_TRANSPOSE : COST_RESHAPE;
}

/* How many chips a collective goes round. */
static uint32_t hops(const legal_env *e, ir_op op) {
    int64_t axis = 0;
    ir_attr a = ir_op_attr(e->m, op, STR("cluster_axis"));
    if (a)
        ir_int_value(e->m->ctx, a, &axis);
    if (axis < 0 || axis >= e->device.mesh_rank)
        return 1;
    return e->device.mesh[axis] > 1 ? (uint32_t)e->device.mesh[axis] - 1 : 1;
}

cost cost_of_op_with(const legal_env *e, ir_op op, const ttnn_layout *in, const ttnn_layout *out) {
    const ir_module *m = e->m;
    const ir_op_data *d = &m->ops[op];
    const op_def *def = dialect_def_of(m, op);
    const op_cost *k = find(m, op);
    cost_work w = {0};
    cost none = {.known = true, .bound = COST_DISPATCH};
    if (!def || def->dialect != DIALECT_ttnn || (k && k->kind == COST_NOTHING) || legal_is_view(e, op))
        return none;
    for (uint32_t i = 0; i < d->n_operands && w.n_in < COST_MAX_OPERANDS; i++)
        if (tensor(m->ctx, ir_value_type(m, ir_operand(m, op, i)), &in[i], &w.in[w.n_in]))
            w.n_in++;
    bool has_out = d->n_results && tensor(m->ctx, ir_value_type(m, d->results), out, &w.out);
    if (!has_out && w.n_in)
        w.out = w.in[0]; /* written in place */
    if (w.out.buffer == TTNN_SYSTEM || (w.n_in && w.in[0].buffer == TTNN_SYSTEM && !has_out))
        return none; /* host work is none of the device's */
    bool elementwise = !k && (def->flags & OP_ELEMENTWISE);
    w.kind = k ? (cost_kind)k->kind : elementwise ? COST_ELEMENTWISE : COST_MOVE;
    w.weight = k ? k->weight : elementwise ? COST_LIGHT : 0;
    w.fidelity = fidelity_of(m, op);
    uint32_t id = dialect_op_index(def);
    if (w.kind == COST_MATMUL && d->n_operands >= 2)
        product(m, op, &w);
    else if (w.kind == COST_CONV)
        convolution(m, op, &w);
    else if (w.kind == COST_ROWWISE && w.n_in) {
        ttnn_geometry g;
        ir_type t = ir_value_type(m, ir_operand(m, op, 0));
        if (ttnn_layout_geometry(m->ctx, t, &in[0], &g))
            w.rows = in[0].tiled ? (double)g.tiles[0] : (double)g.physical[0] / TARGET_TILE;
    } else if (w.kind == COST_SEND) {
        w.hops = hops(e, op);
    } else if (id == OP_ttnn_permute) {
        w.weight = permute_weight(m, op);
    } else if ((id == OP_ttnn_to_layout || id == OP_ttnn_to_tensor_spec) && w.n_in && w.in[0].tiled == w.out.tiled) {
        w.weight = 0;
    }
    cost c = cost_of_work(&e->device, &w);
    c.ns[COST_DISPATCH] += gap_ns;
    c.total_ns += gap_ns;
    if (c.bound != COST_DISPATCH && c.ns[c.bound] < c.ns[COST_DISPATCH])
        c.bound = COST_DISPATCH;
    c.known = k || elementwise;
    c.l1_per_core = legal_l1_need(e, op, in, out);
    return c;
}

enum { MAX_OPERANDS = 256 };

cost cost_of_op(const legal_env *e, ir_op op) {
    const ir_module *m = e->m;
    const ir_op_data *d = &m->ops[op];
    ttnn_layout in[MAX_OPERANDS] = {0}, out = {0};
    if (d->n_operands > MAX_OPERANDS)
        return (cost){.bound = COST_DISPATCH};
    for (uint32_t i = 0; i < d->n_operands; i++)
        ttnn_layout_of(m->ctx, ir_value_type(m, ir_operand(m, op, i)), &in[i]);
    if (d->n_results)
        ttnn_layout_of(m->ctx, ir_value_type(m, d->results), &out);
    return cost_of_op_with(e, op, in, &out);
}

cost cost_of_reshard(const legal_env *e, ir_type type, const ttnn_layout *from, const ttnn_layout *to) {
    cost_work w = {.kind = COST_MOVE, .n_in = 1};
    cost c = {.bound = COST_DISPATCH};
    if (!tensor(e->m->ctx, type, from, &w.in[0]) || !tensor(e->m->ctx, type, to, &w.out))
        return c;
    w.weight = from->tiled != to->tiled ? COST_RETILE : 0;
    c = cost_of_work(&e->device, &w);
    c.ns[COST_DISPATCH] += gap_ns;
    c.total_ns += gap_ns;
    return c;
}

/* Whether a function runs each time, on the device. */
static bool is_counted(const ir_module *m, ir_op func) {
    ir_attr kind = ir_op_attr(m, func, STR("tt.function_type"));
    str text = kind ? ir_str_of(m->ctx, kind) : STR("forward_device");
    return !str_starts_with(text, STR("const_eval")) && !str_starts_with(text, STR("forward_cpu"));
}

void cost_each_op(const legal_env *e, void (*visit)(void *arg, ir_op op, const cost *c), void *arg) {
    const ir_module *m = e->m;
    bool counted = false;
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op)) {
        if (ir_op_def(m, op) == OP_func_func + 1)
            counted = is_counted(m, op);
        const op_def *def = dialect_def_of(m, op);
        if (!counted || !def || def->dialect != DIALECT_ttnn)
            continue;
        cost c = cost_of_op(e, op);
        if (c.total_ns > 0)
            visit(arg, op, &c);
    }
}

static void add_op(void *arg, ir_op op, const cost *c) {
    cost_total *t = arg;
    (void)op;
    t->ops++;
    t->unknown += !c->known;
    t->ns += c->total_ns;
    t->by_bound_ns[c->bound] += c->total_ns;
    if (c->l1_per_core > t->peak_l1)
        t->peak_l1 = c->l1_per_core;
}

cost_total cost_of_module(const legal_env *e) {
    cost_total t = {0};
    cost_each_op(e, add_op, &t);
    return t;
}
