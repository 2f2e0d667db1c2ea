/* update_hlo.c - ops of older TTIR that were StableHLO's by another name: convolutions, pools, gathers and scatters of any kind.
 *
 *   "ttir.convolution"(%x, %w)  ──▶  stablehlo.convolution      which the passes behind make today's TTIR of, by the rules that
 *   "ttir.gather"(%x, %i)            stablehlo.gather            they have for StableHLO
 *   "ttir.scatter"(%x, %i, %u)       stablehlo.scatter           (the body gives back the update)
 *   "ttir.pooling"(%x)          ──▶  ttir.max_pool2d, ...        as the reduction of windows that it was
 *
 * A convolution's bias lay like its result, of size 1 but for the features (tt-mlir's verifier of ttir.convolution until
 * January 2026 insists on that): it is added behind.
 *
 * Attributes had StableHLO's names in another spelling. That a scatter without a body overwrites, and that an average counts
 * the padding, is what tt-mlir made these ops from: they came from StableHLO, where it is so. */
#include "compile/update.h"

#include "compile/constant.h"
#include "compile/hlo.h"

static ir_attr prop(const pass_context *p, ir_op op, str key) {
    return ir_op_attr(p->m, op, key);
}

/* The op in place of an older one: the same operands, results and location. */
static bool become(pass_context *p, ir_op op, uint32_t id, ir_attr props) {
    return hlo_replace_op(p, op, &(build_args){.op = id, .props = props});
}

/* A dialect attribute whose parameters are lists of dimensions and numbers, by those of the op (names of parameters and keys in
 * the order of the definition); 0 when one is missing. */
typedef struct renamed {
    str key;
    bool list;
} renamed;

static ir_attr dimension_numbers(pass_context *p, ir_op op, uint32_t attr, const renamed *keys, uint32_t n) {
    enum { MOST = 8 };
    ir_node params[MOST];
    for (uint32_t i = 0; i < n && i < MOST; i++) {
        int64_t d[PASS_MAX_RANK], one;
        ir_attr a = prop(p, op, keys[i].key);
        uint32_t count = keys[i].list && a ? attr_ints(p->c, a, d, PASS_MAX_RANK) : 0;
        if (!a || count > PASS_MAX_RANK || (!keys[i].list && !op_int(p->m, op, keys[i].key, &one)))
            return 0;
        params[i] = keys[i].list ? dialect_ints(p->c, d, count) : dialect_int(p->c, one);
    }
    return dialect_make_attr(p->c, attr, params);
}

/* ---- convolutions --------------------------------------------------------------------------------------- */

static ir_attr conv_numbers(pass_context *p, ir_op op) {
    static const str names[] = {STR_INIT("inputBatchDimension"),          STR_INIT("inputFeatureDimension"),
                                STR_INIT("inputSpatialDimensions"),       STR_INIT("kernelInputFeatureDimension"),
                                STR_INIT("kernelOutputFeatureDimension"), STR_INIT("kernelSpatialDimensions"),
                                STR_INIT("outputBatchDimension"),         STR_INIT("outputFeatureDimension"),
                                STR_INIT("outputSpatialDimensions")};
    enum { N = sizeof names / sizeof names[0] };
    ir_attr layout = prop(p, op, STR("convolution_layout"));
    ir_node params[N];
    if (!layout || !dialect_is_attr(p->c, layout, ATTR_ttir_convolution_layout))
        return 0;
    for (uint32_t i = 0; i < N; i++)
        params[i] = dialect_param(p->c, layout, names[i]);
    return dialect_make_attr(p->c, ATTR_stablehlo_conv, params);
}

/* array<i64: low, high, ...> as a constant of one row per dimension. */
static ir_attr padding_table(pass_context *p, ir_op op) {
    int64_t v[2 * PASS_MAX_RANK];
    uint64_t bits[2 * PASS_MAX_RANK];
    uint32_t n = op_ints(p->m, op, STR("padding"), v, 2 * PASS_MAX_RANK);
    shape s = {.d = {n / 2, 2}, .n = 2};
    if (!n || n % 2 || n > 2 * PASS_MAX_RANK)
        return 0;
    for (uint32_t i = 0; i < n; i++)
        bits[i] = (uint64_t)v[i];
    return dense_make(p, tensor_type(p, &s, ir_type_integer(p->c, 64, IR_SIGNLESS)), bits, n);
}

/* Whether a tensor is one number for each feature of the result. */
static bool is_bias(pass_context *p, ir_type bias, ir_type result, ir_attr numbers) {
    int64_t d[PASS_MAX_RANK], of[PASS_MAX_RANK], feature;
    int rank = type_shape(p->c, bias, d);
    bool ok = rank > 0 && rank == type_shape(p->c, result, of) &&
              ir_element_type(p->c, bias) == ir_element_type(p->c, result) &&
              dialect_param_int(p->c, numbers, STR("outputFeatureDimension"), &feature);
    for (int i = 0; ok && i < rank; i++)
        ok = d[i] == (i == feature ? of[i] : 1);
    return ok;
}

/* The convolution without the bias, and the bias added to it, in place of the op. */
static bool add_bias(pass_context *p, ir_op op, ir_attr props) {
    const ir_op_data *o = ir_op_at(p->m, op);
    ir_type type = hlo_type(p, op);
    ir_value operands[] = {ir_operand(p->m, op, 0), ir_operand(p->m, op, 1)};
    ir_value bias = ir_operand(p->m, op, 2);
    ir_loc loc = o->loc;
    int64_t all[PASS_MAX_RANK];
    uint32_t rank = ir_rank(p->c, type);
    for (uint32_t i = 0; i < rank; i++)
        all[i] = i;
    attr_entry a = {STR("broadcast_dimensions"), make_i64s(p, all, rank)};
    ir_value sum[] = {build_value(p, OP_stablehlo_convolution, loc, operands, 2, type, props),
                      build_value(p, OP_stablehlo_broadcast_in_dim, loc, &bias, 1, type, make_dict(p, &a, 1))};
    return hlo_replace(p, op, build_value(p, OP_stablehlo_add, loc, sum, 2, type, 0));
}

static bool update_convolution(pass_context *p, ir_op op) {
    const ir_op_data *o = ir_op_at(p->m, op);
    if ((o->n_operands != 2 && o->n_operands != 3) || o->n_results != 1)
        return pass_error(p, op, "of an older version has neither two operands nor two and a bias");
    ir_attr numbers = conv_numbers(p, op);
    if (!numbers && !p->m->failed)
        return pass_error(p, op, "of an older version has no convolution_layout");
    bool biased = o->n_operands == 3;
    if (biased && !is_bias(p, ir_value_type(p->m, ir_operand(p->m, op, 2)), hlo_type(p, op), numbers))
        return pass_error(p, op,
                          "of an older version has a bias that is not one number per feature of its result: give "
                          "it the element type and rank of the result, with size 1 in all other dimensions");
    attr_entry a[] = {{STR("batch_group_count"), prop(p, op, STR("batch_group_count"))},
                      {STR("dimension_numbers"), numbers},
                      {STR("feature_group_count"), prop(p, op, STR("feature_group_count"))},
                      {STR("lhs_dilation"), prop(p, op, STR("input_dilation"))},
                      {STR("padding"), padding_table(p, op)},
                      {STR("rhs_dilation"), prop(p, op, STR("weight_dilation"))},
                      {STR("window_reversal"), prop(p, op, STR("window_reversal"))},
                      {STR("window_strides"), prop(p, op, STR("window_strides"))}};
    ir_attr props = make_dict(p, a, sizeof a / sizeof a[0]);
    return biased ? add_bias(p, op, props) : become(p, op, OP_stablehlo_convolution, props);
}

/* ---- pools ---------------------------------------------------------------------------------------------- */

/* #ttir<pooling_method Max> is no attribute of today: its text says which. */
static bool pool_kind_of(pass_context *p, ir_op op, hlo_pool_kind *kind) {
    static const struct {
        str word;
        hlo_pool_kind kind;
    } kinds[] = {
        {STR_INIT("Average"), HLO_POOL_AVERAGE}, {STR_INIT("Max"), HLO_POOL_MAX}, {STR_INIT("Sum"), HLO_POOL_SUM}};
    ir_attr a = prop(p, op, STR("pooling_method"));
    str text = a && ir_kind_of(p->c, a) == IR_ATTR_OPAQUE ? ir_str_of(p->c, ir_at(p->c, a, 1)) : STR("");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (str_find(text, kinds[i].word) < text.n) {
            *kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

static bool update_pooling(pass_context *p, ir_op op) {
    hlo_pool_kind kind;
    if (!pool_kind_of(p, op, &kind))
        return pass_error(p, op, "of an older version has no pooling_method that is known");
    return hlo_pool_as(p, op, kind) ||
           (p->m->failed ? false : pass_error(p, op, "pools windows that no TTIR op pools"));
}

/* ---- gathers and scatters ------------------------------------------------------------------------------- */

static bool update_gather(pass_context *p, ir_op op) {
    static const renamed keys[] = {
        {STR_INIT("offset_dims"), true},           {STR_INIT("collapsed_slice_dims"), true},
        {STR_INIT("operand_batching_dims"), true}, {STR_INIT("start_indices_batching_dims"), true},
        {STR_INIT("start_index_map"), true},       {STR_INIT("index_vector_dim"), false}};
    ir_attr numbers = dimension_numbers(p, op, ATTR_stablehlo_gather, keys, 6);
    if (!numbers && !p->m->failed)
        return pass_error(p, op, "of an older version does not say all of its dimensions");
    attr_entry a[] = {{STR("dimension_numbers"), numbers},
                      {STR("indices_are_sorted"), prop(p, op, STR("indices_are_sorted"))},
                      {STR("slice_sizes"), prop(p, op, STR("slice_sizes"))}};
    return become(p, op, OP_stablehlo_gather, make_dict(p, a, 3));
}

/* The body of two numbers that gives back the second. */
static bool build_overwriting_body(pass_context *p, ir_op op, ir_type element) {
    shape scalar = {.n = 0};
    ir_type number = tensor_type(p, &scalar, element), types[] = {number, number};
    ir_op before = p->e->before;
    ir_block outer = p->e->block, body = ir_new_block(p->e, ir_op_region(p->m, op, 0), types, NULL, 2);
    if (!body)
        return false;
    ir_value update = ir_block_at(p->m, body)->args + 1;
    ir_edit_at_end(p->e, body);
    ir_build(p->e, &(ir_op_spec){.name = op_name(p, OP_stablehlo_return),
                                 .loc = ir_op_at(p->m, op)->loc,
                                 .operands = &update,
                                 .n_operands = 1});
    p->e->block = outer;
    p->e->before = before;
    return !p->m->failed;
}

static bool update_scatter(pass_context *p, ir_op op) {
    static const renamed keys[] = {
        {STR_INIT("update_window_dims"), true},           {STR_INIT("inserted_window_dims"), true},
        {STR_INIT("input_batching_dims"), true},          {STR_INIT("scatter_indices_batching_dims"), true},
        {STR_INIT("scatter_dims_to_operand_dims"), true}, {STR_INIT("index_vector_dim"), false}};
    const ir_op_data *o = ir_op_at(p->m, op);
    if (o->n_operands != 3 || o->n_results != 1 || o->n_regions)
        return pass_error(p, op, "of an older version has a body, or several inputs");
    ir_attr numbers = dimension_numbers(p, op, ATTR_stablehlo_scatter, keys, 6);
    if (!numbers && !p->m->failed)
        return pass_error(p, op, "of an older version does not say all of its dimensions");
    attr_entry a[] = {{STR("indices_are_sorted"), prop(p, op, STR("indices_are_sorted"))},
                      {STR("scatter_dimension_numbers"), numbers},
                      {STR("unique_indices"), prop(p, op, STR("unique_indices"))}};
    ir_value operands[] = {ir_operand(p->m, op, 0), ir_operand(p->m, op, 1), ir_operand(p->m, op, 2)};
    ir_type type = ir_value_type(p->m, ir_result(p->m, op, 0));
    ir_op_spec spec = {.name = op_name(p, OP_stablehlo_scatter),
                       .loc = o->loc,
                       .operands = operands,
                       .n_operands = 3,
                       .results = &type,
                       .n_results = 1,
                       .props = make_dict(p, a, 3),
                       .n_regions = 1};
    ir_op made = ir_build(p->e, &spec);
    return made && build_overwriting_body(p, made, ir_element_type(p->c, type)) &&
           hlo_replace(p, op, ir_result(p->m, made, 0));
}

/* ---- all of them ---------------------------------------------------------------------------------------- */

bool update_hlo_form(pass_context *p, ir_op op) {
    static const struct {
        check_older_form form;
        bool (*update)(pass_context *p, ir_op op);
    } rows[] = {{CHECK_OLDER_CONVOLUTION, update_convolution},
                {CHECK_OLDER_GATHER, update_gather},
                {CHECK_OLDER_POOLING, update_pooling},
                {CHECK_OLDER_SCATTER, update_scatter}};
    check_older_form form = check_older_form_of(p->m, op);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].form != form)
            continue;
        ir_edit_at(p->e, op);
        p->e->from = op;
        bool ok = rows[i].update(p, op);
        p->e->from = 0;
        return ok;
    }
    return true;
}
