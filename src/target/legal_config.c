/* legal_config.c - settings that are fields of an op's configuration: convolutions, matmul programs, compute kernels, weights.
 *
 * Sources: overrides.md sections 1, 4 and 7; ttnn-attributes.md section 5; device-model.md section 2 (destination register).
 */
#include "base/num.h"
#include "dialect/params.h"
#include "ids.h"
#include "target/legal_rules.h"
#include "target/legal_setting.h"

static bool no(struct buf *why, const char *text) {
    if (why)
        buf_puts(why, text);
    return false;
}

/* The attribute that a group's fields live in. */
static str attr_name(legal_group group) {
    switch (group) {
    case LEGAL_CONV2D: return STR("conv2d_config");
    case LEGAL_CONV3D: return STR("conv3d_config");
    case LEGAL_MATMUL: return STR("matmul_program_config");
    case LEGAL_COMPUTE: return STR("compute_config");
    default: return STR("");
    }
}

static bool is_op(const legal_question *q, uint32_t id) {
    return ir_op_def(q->e->m, q->op) == id + 1;
}

static bool is_matmul(const legal_question *q) {
    return is_op(q, OP_ttnn_matmul) || is_op(q, OP_ttnn_linear);
}

bool legal_config_applies(const legal_question *q, const setting_def *d) {
    const op_def *def = dialect_def_of(q->e->m, q->op);
    uint32_t index;
    if (!def || def->dialect != DIALECT_ttnn)
        return false;
    if (d->group == LEGAL_WEIGHT)
        return is_matmul(q) && q->e->m->ops[q->op].n_operands >= 2;
    str name = attr_name(d->group);
    return name.n && op_find_attr(def, name, &index);
}

/* A config's parameter as text. */
static str param_text(legal_question *q, ir_attr config, str key) {
    const ir_context *c = q->e->m->ctx;
    ir_node v = config ? dialect_param(c, config, key) : 0;
    int64_t number;
    if (!v)
        return STR("");
    if (v == c->a_true || v == c->a_false)
        return v == c->a_true ? STR("True") : STR("False");
    if (ir_kind_of(c, v) == IR_ATTR_KEYWORD)
        return ir_str_of(c, v);
    if (ir_int_value(c, v, &number))
        return arena_printf(q->a, "%lld", (long long)number);
    return dialect_param_text(c, v, STR("op_type")); /* an activation */
}

str legal_config_now(legal_question *q, const setting_def *d) {
    const ir_module *m = q->e->m;
    if (d->group == LEGAL_WEIGHT) {
        ttnn_layout l;
        return ttnn_layout_of(m->ctx, ir_value_type(m, ir_operand(m, q->op, 1)), &l) ? target_dtypes[l.dtype].name
                                                                                     : STR("");
    }
    ir_attr config = ir_op_attr(m, q->op, attr_name(d->group));
    if (d->group == LEGAL_MATMUL && str_eq(d->key, STR("program_config")))
        return config ? STR("auto") : STR("none");
    return param_text(q, config, d->key);
}

/* The value a field will have: given, else present. */
static str effective(legal_question *q, legal_group group, str key) {
    int operand;
    str given = legal_given(q, group, key);
    const setting_def *d = legal_setting_def(group, key, &operand);
    return given.p || !d ? given : legal_config_now(q, d);
}

static bool effective_flag(legal_question *q, legal_group group, str key) {
    bool v;
    return legal_read_flag(effective(q, group, key), &v) && v;
}

/* ---- convolutions ---------------------------------------------------------------------------------------- */

static bool weights_dtype(target_dtype t, struct buf *why) {
    if (t == DTYPE_F32 || t == DTYPE_BF16 || t == DTYPE_BFP_BF8 || t == DTYPE_BFP_BF4)
        return true;
    return no(why, "weights are f32, bf16, bfp_bf8 or bfp_bf4");
}

/* How often a value is read. */
static uint32_t n_uses(const ir_module *m, ir_value v) {
    uint32_t n = 0;
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op)) {
        if (str_eq(ir_op_name_str(m, op), STR("ttnn.deallocate")))
            continue;
        for (uint32_t i = 0; i < m->ops[op].n_operands; i++)
            n += ir_operand(m, op, i) == v;
    }
    return n;
}

static bool conv2d_flag(legal_question *q, str key, bool on, struct buf *why) {
    const ir_module *m = q->e->m;
    if (!on)
        return true;
    if (str_eq(key, STR("deallocate_activation")) && n_uses(m, ir_operand(m, q->op, 0)) > 1)
        return no(why, "the input is read by other ops too: freeing it here would leave them without");
    if (str_eq(key, STR("reshard_if_not_optimal"))) {
        str layout = effective(q, LEGAL_CONV2D, STR("shard_layout"));
        if (!layout.n || str_eq(layout, STR("None")))
            return no(why, "it needs a shard_layout");
        if (effective_flag(q, LEGAL_CONV2D, STR("override_sharding_config")))
            return no(why, "it excludes override_sharding_config");
    }
    if (str_eq(key, STR("override_sharding_config"))) {
        if (effective_flag(q, LEGAL_CONV2D, STR("reshard_if_not_optimal")))
            return no(why, "it excludes reshard_if_not_optimal");
        ir_attr config = ir_op_attr(m, q->op, STR("conv2d_config"));
        if (!config || !dialect_param(m->ctx, config, STR("core_grid")))
            return no(why, "it uses the core_grid of the config, and this op has none");
    }
    return true;
}

/* ---- numbers --------------------------------------------------------------------------------------------- */

static int64_t attr_number(const legal_question *q, str name) {
    ir_attr a = ir_op_attr(q->e->m, q->op, name);
    int64_t v;
    return a && ir_int_value(q->e->m->ctx, a, &v) ? v : 0;
}

static int64_t to_tiles(int64_t v) {
    return (v + TARGET_TILE - 1) / TARGET_TILE;
}

static void conv2d_range(const legal_question *q, str key, legal_range *r) {
    const ir_module *m = q->e->m;
    ttnn_geometry g;
    ttnn_layout l = ttnn_layout_default(DTYPE_BF16);
    if (str_eq(key, STR("act_block_w_div"))) {
        r->divides = to_tiles(attr_number(q, STR("in_channels")));
        r->of = "tiles of the input channels";
    } else if (m->ops[q->op].n_results &&
               ttnn_layout_geometry(m->ctx, ir_value_type(m, m->ops[q->op].results), &l, &g) &&
               g.physical[0] < r->most) {
        r->most = g.physical[0];
        r->why_most = "the result has fewer rows";
    }
}

/* A block of the output is not larger than it: (batch, frames, rows, columns, channels). */
static void conv3d_space_range(const legal_question *q, str key, legal_range *r) {
    static const struct {
        str key;
        uint32_t dim;
        const char *why;
    } dims[] = {{STR_INIT("t_out_block"), 1, "the result has fewer frames"},
                {STR_INIT("h_out_block"), 2, "the result has fewer rows"},
                {STR_INIT("w_out_block"), 3, "the result has fewer columns"}};
    const ir_module *m = q->e->m;
    ir_type t = m->ops[q->op].n_results ? ir_value_type(m, m->ops[q->op].results) : 0;
    for (size_t i = 0; i < sizeof dims / sizeof dims[0]; i++)
        if (str_eq(key, dims[i].key) && t && ir_rank(m->ctx, t) == 5 && ir_dim(m->ctx, t, dims[i].dim) >= 1) {
            r->most = ir_dim(m->ctx, t, dims[i].dim);
            r->why_most = dims[i].why;
        }
}

static void conv3d_range(const legal_question *q, str key, legal_range *r) {
    conv3d_space_range(q, key, r);
    bool out = str_eq(key, STR("c_out_block"));
    if (!out && !str_eq(key, STR("c_in_block")))
        return;
    r->divides = to_tiles(attr_number(q, out ? STR("out_channels") : STR("in_channels"))) * TARGET_TILE;
    r->of = "channels, rounded up to tiles";
}

static bool matmul_range(legal_question *q, str key, legal_range *r, struct buf *why) {
    ttnn_layout out;
    legal_matmul k;
    if (!legal_output_resolve(q, -1, &out) || !legal_matmul_of(q->e, q->op, &out, &k))
        return no(why, "a program config belongs to a result sharded in L1, with weights that have no batch");
    if (str_eq(key, STR("in0_block_w"))) {
        r->divides = k.k;
        r->of = "tiles of the inner dimension";
        return true;
    }
    bool rows = str_eq(key, STR("out_subblock_h"));
    int64_t other = rows ? k.out_subblock_w : k.out_subblock_h, given;
    str given_other = legal_given(q, LEGAL_MATMUL, rows ? STR("out_subblock_w") : STR("out_subblock_h"));
    if (legal_read_number(given_other, &given) && given)
        other = given;
    r->divides = rows ? k.out_block_h : k.out_block_w;
    r->of = "tiles of a core's block";
    if (k.max_subblock / other < r->most) {
        r->most = k.max_subblock / other;
        r->why_most = "with the subblock's other side that is more tiles than the destination register has";
    }
    return true;
}

bool legal_config_range(legal_question *q, const setting_def *d, legal_range *r, struct buf *why) {
    *r = (legal_range){.least = d->min, .most = d->max, .step = d->step, .why_most = "this is too much"};
    if (d->group == LEGAL_CONV2D)
        conv2d_range(q, d->key, r);
    else if (d->group == LEGAL_CONV3D)
        conv3d_range(q, d->key, r);
    else
        return matmul_range(q, d->key, r, why);
    return true;
}

static bool number_fits(legal_question *q, const setting_def *d, int64_t v, struct buf *why) {
    legal_range r;
    if (!legal_config_range(q, d, &r, why))
        return false;
    if (v < r.least || v % r.step) {
        if (why && v < r.least)
            buf_printf(why, "it is %lld at least", (long long)r.least);
        else if (why)
            buf_printf(why, "it is counted in tiles: a multiple of %lld", (long long)r.step);
        return false;
    }
    if (v > 0 && r.divides && r.divides % v) {
        if (why)
            buf_printf(why, "it must divide the %lld %s", (long long)r.divides, r.of);
        return false;
    }
    return v <= r.most || no(why, r.why_most);
}

static bool conv2d_word(legal_question *q, const setting_def *d, str value, struct buf *why) {
    if (d->kind == SETTING_MEMORY) {
        ttnn_memory k = ttnn_memory_by_name(value);
        if (k == TTNN_HEIGHT_SHARDED || k == TTNN_WIDTH_SHARDED || k == TTNN_BLOCK_SHARDED)
            return true;
        return no(why, "the halo kernel reads height, width or block sharded inputs");
    }
    if (d->kind == SETTING_PAGE && str_eq(value, STR("row_major"))) {
        target_dtype t = target_dtype_by_name(legal_given(q, LEGAL_OUTPUT, STR("data_type")));
        ttnn_layout now;
        ir_type type = ir_value_type(q->e->m, q->e->m->ops[q->op].results);
        if (t == DTYPE_NONE && ttnn_layout_of(q->e->m->ctx, type, &now))
            t = now.dtype;
        if (t < DTYPE_N && target_dtypes[t].is_block)
            return no(why, "block formats exist in tiles only");
    }
    return true;
}

/* ---- matmul ---------------------------------------------------------------------------------------------- */

static bool matmul_word(legal_question *q, str value, struct buf *why) {
    ttnn_layout out;
    legal_matmul k;
    bool sharded = legal_output_resolve(q, -1, &out) && legal_matmul_of(q->e, q->op, &out, &k);
    if (str_eq(value, STR("auto")) && !sharded)
        return no(why, "a program config belongs to a result sharded in L1, with weights that have no batch");
    if (str_eq(value, STR("none")) && sharded)
        return no(why, "without one the vendor's runtime may choose another grid than the result has");
    return true;
}

/* ---- weights --------------------------------------------------------------------------------------------- */

static bool weight_dtype(legal_question *q, target_dtype t, struct buf *why) {
    const ir_module *m = q->e->m;
    ir_value w = ir_operand(m, q->op, 1);
    ttnn_layout l;
    if (!ttnn_layout_of(m->ctx, ir_value_type(m, w), &l))
        return no(why, "the weights have no layout");
    if (t == l.dtype)
        return true;
    if (!target_dtypes[l.dtype].is_float)
        return no(why, "the weights are integers");
    if (!legal_is_known(m, w))
        return no(why, "the weights are not known before the model runs: they are no parameter or constant");
    if (t != DTYPE_BFP_BF8 && t != DTYPE_BFP_BF4 && t != DTYPE_BF16)
        return no(why, "weights become bf16, bfp_bf8 or bfp_bf4");
    return true;
}

/* ---- the judge ------------------------------------------------------------------------------------------- */

static bool has_word(const char *words, str value) {
    size_t at = 0;
    str all = str_from_z(words);
    while (at < all.n) {
        size_t end = at + str_find_char(str_from(all, at), ' ');
        if (str_eq(str_slice(all, at, end), value))
            return true;
        at = end + 1;
    }
    return false;
}

bool legal_config_value(legal_question *q, const setting_def *d, str value, struct buf *why) {
    bool flag;
    int64_t number;
    target_dtype t;
    switch ((setting_kind)d->kind) {
    case SETTING_FLAG:
        if (!legal_read_flag(value, &flag))
            return no(why, "it is True or False");
        return d->group != LEGAL_CONV2D || conv2d_flag(q, d->key, flag, why);
    case SETTING_NUMBER:
        if (!legal_read_number(value, &number))
            return no(why, "it is a whole number");
        return number_fits(q, d, number, why);
    case SETTING_DTYPE:
        t = target_dtype_by_name(value);
        if (t == DTYPE_NONE) {
            if (why)
                buf_printf(why, "there is no data type \"%.*s\"", STR_ARG(value));
            return false;
        }
        return d->group == LEGAL_WEIGHT ? weight_dtype(q, t, why) : weights_dtype(t, why);
    case SETTING_WORD:
        if (!has_word(d->words, value)) {
            if (why)
                buf_printf(why, "it is one of: %s", d->words);
            return false;
        }
        return d->group != LEGAL_MATMUL || matmul_word(q, value, why);
    case SETTING_MEMORY:
        if (ttnn_memory_by_name(value) == TTNN_N_MEMORIES)
            return no(why, "there is no such memory layout");
        return conv2d_word(q, d, value, why);
    case SETTING_PAGE:
        if (!str_eq(value, STR("tile")) && !str_eq(value, STR("row_major")))
            return no(why, "it is tile or row_major");
        return conv2d_word(q, d, value, why);
    default: return no(why, "it cannot be set");
    }
}
