/* Which numbers an operand may be that says where something is: page tables, positions in caches, numbers of experts and devices.
 *
 * A table of operands by their names, each with the dimension (of another operand) that it counts in. A custom call is asked as the op
 * that it stands for.
 */
#include "exec/kernels.h"
#include "exec/plan.h"
#include "exec/seed.h"

/* Operand `what` of an op is below the product of the dimensions: `dim` of operand `of` (from the end where negative), and `by_dim` of
 * operand `by` where there is such an operand. AXIS: the number of devices along cluster_axis; DEVICES: of all. */
enum { AXIS = 99, DEVICES };
static const struct bound {
    const char *op, *what, *of;
    int dim;
    const char *by;
    int by_dim;
} bounds[] = {
    {"all_to_all_combine", "expert_metadata", "expert_mapping", 2, 0, 0},
    {"all_to_all_dispatch", "expert_indices", "expert_mapping", 2, 0, 0},
    {"all_to_all_dispatch_metadata", "expert_indices", "expert_mapping", -1, 0, 0},
    {"all_to_all_dispatch_metadata", "expert_mapping", 0, AXIS, 0, 0},
    {"chunked_scaled_dot_product_attention", "page_table", "key", 0, 0, 0},
    {"moe_compute", "tilize_expert_indices_tensor", "tilize_expert_mapping_tensor", -1, 0, 0},
    {"moe_compute", "tilize_expert_mapping_tensor", 0, AXIS, 0, 0},
    {"moe_expert_token_remap", "expert_metadata", "topk_tensor", -1, 0, 0},
    {"moe_gpt", "expert_indices", "expert_mapping", -1, 0, 0},
    {"moe_gpt", "expert_mapping", 0, DEVICES, 0, 0},
    {"paged_fill_cache", "batch_idx_tensor", "page_table", 0, 0, 0},
    {"paged_fill_cache", "page_table", "cache", 0, 0, 0},
    {"paged_flash_multi_latent_attention_decode", "cur_pos_tensor", "key", 2, "page_table", -1},
    {"paged_flash_multi_latent_attention_decode", "page_table", "key", 0, 0, 0},
    {"paged_scaled_dot_product_attention_decode", "cur_pos_tensor", "key", 2, "page_table", -1},
    {"paged_scaled_dot_product_attention_decode", "page_table", "key", 0, 0, 0},
    {"paged_update_cache", "page_table", "cache", 0, 0, 0},
    {"paged_update_cache", "update_index", "cache", 2, "page_table", -1},
    {"scaled_dot_product_attention_decode", "cur_pos_tensor", "key", 2, 0, 0},
    {"update_cache", "update_index", "cache", 2, 0, 0},
};

/* An op and where its declared operands are among those that it has. */
struct asked {
    str name;
    const op_def *def;
    uint32_t places[PLAN_MAX_PLACES]; /* operand number + 1; 0: none */
};

static bool ask(const exec_plan *x, ir_op op, struct asked *out) {
    struct planner p = {.x = (exec_plan *)x, .m = x->m, .c = x->m->ctx};
    uint32_t sizes[256], at = 0;
    for (uint32_t i = 0; i < PLAN_MAX_PLACES; i++)
        out->places[i] = 0;
    if (plan_call_places(&p, op, &out->name, out->places)) {
        out->def = out->name.n ? dialect_find_op(out->name) : NULL;
        return out->def != NULL;
    }
    out->name = ir_op_name_str(x->m, op);
    out->def = dialect_def_of(x->m, op);
    if (!out->def || !plan_operand_groups(&p, op, out->def, sizes))
        return false;
    for (uint32_t i = 0; i < out->def->n_operands; at += sizes[i++])
        if (i < PLAN_MAX_PLACES && sizes[i])
            out->places[i] = at + 1;
    return true;
}

/* The operand of a name; 0: there is none. */
static ir_value named(const exec_plan *x, ir_op op, const struct asked *a, const char *name) {
    for (uint32_t i = 0; name && i < a->def->n_operands && i < PLAN_MAX_PLACES; i++)
        if (str_eq(dialect_text(op_operand(a->def, i)->name), str_from_z(name)))
            return a->places[i] && a->places[i] <= ir_op_at(x->m, op)->n_operands
                       ? ir_operand(x->m, op, a->places[i] - 1)
                       : 0;
    return 0;
}

static int64_t dim_of(const exec_plan *x, ir_value v, int dim) {
    ir_type t = ir_value_type(x->m, v);
    int rank = ir_rank(x->m->ctx, t);
    dim += dim < 0 ? rank : 0;
    return dim >= 0 && dim < rank ? ir_dim(x->m->ctx, t, dim) : 1;
}

str seed_asked(const exec_plan *x, ir_op op, uint32_t *operand) {
    struct planner p = {.x = (exec_plan *)x, .m = x->m, .c = x->m->ctx};
    struct asked a;
    if (!plan_call_places(&p, op, &a.name, a.places))
        return ir_op_name_str(x->m, op);
    for (uint32_t i = 0; i < PLAN_MAX_PLACES; i++)
        if (a.places[i] == *operand + 1) {
            *operand = i;
            return a.name;
        }
    return (str){0};
}

bool seed_bound(const exec_plan *x, ir_op op, uint32_t operand, double *high) {
    struct asked a;
    if (!ask(x, op, &a))
        return false;
    str name = str_from(a.name, str_find_char(a.name, '.') + 1);
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        const struct bound *b = &bounds[i];
        if (!str_eq(name, str_from_z(b->op)) || named(x, op, &a, b->what) != ir_operand(x->m, op, operand))
            continue;
        if (b->dim == DEVICES) {
            *high = (double)x->devices;
            return true;
        }
        if (b->dim == AXIS) {
            int64_t axis = 1;
            ir_int_value(x->m->ctx, ir_op_attr(x->m, op, STR("cluster_axis")), &axis);
            *high = (double)(axis == 0 ? x->rows : x->cols);
            return true;
        }
        ir_value of = named(x, op, &a, b->of), by = named(x, op, &a, b->by);
        if (!of)
            continue;
        *high = (double)dim_of(x, of, b->dim) * (by ? (double)dim_of(x, by, b->by_dim) : 1);
        return *high >= 1;
    }
    return false;
}
