/* ttir-infer-kv-cache-argument-types: arguments that a cache op writes are marked.
 * ttir-propagate-weight-dtype: the data type asked for an argument reaches the products that it is the weight of. */
#include "base/vec.h"
#include "compile/passes.h"
#include "compile/ttir.h"
#include "target/dtype.h"

/* The argument of a function's entry block that v is, maybe through a ttir.mesh_shard; 0 otherwise. */
static ir_value argument_behind_shard(pass_context *p, ir_value v) {
    ir_op shard = def_is(p->m, v, OP_ttir_mesh_shard);
    if (shard)
        v = ir_operand(p->m, shard, 0);
    ir_block block = ir_arg_block(p->m, v);
    ir_op owner = block ? p->m->regions[ir_block_at(p->m, block)->region].op : 0;
    return op_is(p->m, owner, OP_func_func) ? v : 0;
}

bool pass_kv_cache_arguments(pass_context *p) {
    for (ir_op op = p->scope; op; op = ir_walk_next(p->m, p->scope, op)) {
        uint32_t id = op_id(p->m, op);
        if (id != OP_ttir_update_cache && id != OP_ttir_paged_update_cache && id != OP_ttir_fill_cache &&
            id != OP_ttir_paged_fill_cache)
            continue;
        ir_value v = argument_behind_shard(p, op_operand_named(p->m, op, STR("cache")));
        ir_op func = func_of(p->m, op);
        str key = STR("ttcore.kv_cache");
        if (v && func && ir_arg_block(p->m, v) == body_of(p->m, func) &&
            !func_arg_attr(p->m, func, ir_value_index(p->m, v), key))
            func_set_arg_attr(p, func, ir_value_index(p->m, v), key, p->c->a_unit);
    }
    return true;
}

/* ---- weight data types ---------------------------------------------------------------------------------- */

/* Ops whose first operand is a weight when their result is. */
static bool passes_weight(pass_context *p, ir_op op) {
    static const uint16_t ids[] = {OP_ttir_reshape,   OP_ttir_permute,        OP_ttir_transpose,
                                   OP_ttir_rearrange, OP_ttir_broadcast,      OP_ttir_mesh_shard,
                                   OP_ttir_typecast,  OP_ttir_mesh_partition, OP_ttir_repeat_interleave};
    uint32_t id = op_id(p->m, op);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        if (ids[i] == id)
            return true;
    const op_def *d = dialect_def_of(p->m, op);
    return d && d->flags & OP_COLLECTIVE;
}

static unsigned bits_of(target_dtype t) {
    static const uint8_t block_bits[] = {[DTYPE_BFP_F8] = 8,  [DTYPE_BFP_BF8] = 8, [DTYPE_BFP_F4] = 4,
                                         [DTYPE_BFP_BF4] = 4, [DTYPE_BFP_F2] = 2,  [DTYPE_BFP_BF2] = 2};
    if (t == DTYPE_I1)
        return 1;
    return target_dtypes[t].is_block ? block_bits[t] : 8u * target_dtypes[t].bytes;
}

/* What is asked for the arguments that a weight comes from: through a concatenation from several ones, of which the most
 * precise wins. */
typedef struct weight_dtype {
    target_dtype dtype; /* DTYPE_NONE: nothing */
    bool missing, different;
} weight_dtype;

static void meet(weight_dtype *w, target_dtype t) {
    if (t == DTYPE_NONE) {
        w->missing = true;
    } else if (w->dtype == DTYPE_NONE) {
        w->dtype = t;
    } else if (w->dtype != t) {
        w->different = true;
        if (bits_of(t) > bits_of(w->dtype))
            w->dtype = t;
    }
}

static target_dtype asked_for(pass_context *p, ir_value v) {
    ir_value arg = ir_arg_block(p->m, v) ? argument_behind_shard(p, v) : 0;
    ir_op func = arg ? p->m->regions[ir_block_at(p->m, ir_arg_block(p->m, arg))->region].op : 0;
    ir_attr a = func ? func_arg_attr(p->m, func, ir_value_index(p->m, arg), STR("ttcore.weight_dtype")) : 0;
    if (!a || ir_kind_of(p->c, a) != IR_ATTR_STRING)
        return DTYPE_NONE;
    target_dtype t = target_dtype_by_name(ir_str_of(p->c, a));
    if (t == DTYPE_NONE)
        ir_op_warning(&p->report, func, "has an argument with an invalid ttcore.weight_dtype, which is ignored");
    return t;
}

/* What resolve keeps between products: operands of concatenations still to be followed, the first one on top, and the
 * concatenations of this product that were met. */
typedef struct weight_walk {
    VEC(ir_value) open;
    struct map_u64 seen;
} weight_walk;

static weight_dtype resolve(pass_context *p, ir_value weight, weight_walk *walk) {
    weight_dtype w = {.dtype = DTYPE_NONE};
    vec_clear(&walk->open);
    if (walk->seen.n)
        map_u64_clear(&walk->seen);
    vec_push(&walk->open, weight);
    while (walk->open.n) {
        ir_value v = vec_pop(&walk->open);
        ir_op def;
        while ((def = ir_def_op(p->m, v)) && passes_weight(p, def))
            v = ir_operand(p->m, def, 0);
        if (!op_is(p->m, def, OP_ttir_concat)) {
            meet(&w, asked_for(p, v));
            continue;
        }
        bool added;
        if (!map_u64_put(&walk->seen, def, 1, &added) || !vec_room(&walk->open, ir_op_at(p->m, def)->n_operands)) {
            p->m->failed = true;
            break;
        }
        if (!added) /* what it says is known */
            continue;
        for (uint32_t i = ir_op_at(p->m, def)->n_operands; i-- > 0;)
            vec_push(&walk->open, ir_operand(p->m, def, i));
    }
    return w;
}

bool pass_propagate_weight_dtype(pass_context *p) {
    weight_walk walk;
    vec_init(&walk.open, p->m->mem);
    map_u64_init(&walk.seen, p->m->mem);
    for (ir_op op = p->scope; op; op = ir_walk_next(p->m, p->scope, op)) {
        uint32_t id = op_id(p->m, op);
        if (id != OP_ttir_matmul && id != OP_ttir_linear && id != OP_ttir_sparse_matmul)
            continue;
        weight_dtype w = resolve(p, ir_operand(p->m, op, 1), &walk);
        if (w.dtype == DTYPE_NONE)
            continue;
        if (w.missing || w.different)
            ir_op_warning(&p->report, op,
                          "fuses weights for which different data types are asked; the most precise one is taken");
        ir_set_attr(p->e, op, STR("ttcore.weight_dtype"), ir_attr_string(p->c, target_dtypes[w.dtype].name, false));
    }
    p->m->failed = p->m->failed || walk.open.failed;
    vec_free(&walk.open);
    map_u64_free(&walk.seen);
    return true;
}
