/* update-global-to-local-shapes: functions whose tensors have shardings become what one device does.
 *
 *   %r = op %a, %b  (whole tensors)   ──▶   sdy.manual_computation: parts come in, the op works on parts,
 *                                           collectives in between where an op needs other parts than there are
 *
 * For each op one list of axes per factor is chosen that all devices keep to (shard_rule.c): what its tensors agree on,
 * and where they do not, what moves the fewest elements. Operands are brought to that, partial results are added up, and
 * results are brought to the sharding that propagation gave them. */
#include "compile/hlo.h"
#include "compile/passes.h"
#include "compile/shard_func.h"

typedef struct partition {
    pass_context *p;
    shard_mesh mesh;
    ir_op func;
    shard_value *local; /* by value of the function as it was: its part, and how it is cut; v = 0: none yet */
    uint32_t n_local;
    sharding *wanted;  /* of one op: of operands as they are, then of results as they are to be */
    shard_axes *lists; /* [tensor][factor] */
} partition;

/* ---- what a choice costs -------------------------------------------------------------------------------- */

static double volume_of(pass_context *p, ir_value v) {
    shape s;
    return shape_of(p->m, v, &s) ? (double)shape_volume(&s) : 1;
}

static ir_value tensor_at(pass_context *p, const shard_rule *r, ir_op op, uint32_t t) {
    return t < r->n_operands ? ir_operand(p->m, op, t) : ir_result(p->m, op, t - r->n_operands);
}

/* Axes that two factors are cut by at a time mean nothing; < 0 then, or when a tensor cannot be cut so. */
static double cost_of(partition *g, ir_op op, const shard_rule *r, const shard_axes *factors) {
    uint32_t used = 0, partial = 0;
    double cost = 0;
    for (uint32_t f = 0; f < r->n_factors; f++) {
        uint32_t bits = shard_axes_bits(&factors[f]);
        if (used & bits || (bits && r->size[f] % shard_parts(&g->mesh, &factors[f])))
            return -1;
        used |= bits;
        partial |= r->reduces[f] ? bits : 0;
    }
    for (uint32_t t = 0; t < r->n_operands + r->n_results; t++) {
        sharding s;
        bool result = t >= r->n_operands;
        double volume = volume_of(g->p, tensor_at(g->p, r, op, t));
        if (!rule_sharding_of(&g->mesh, r, &r->tensors[t], factors, &s))
            return -1;
        cost += result ? shard_move_cost(&g->mesh, &s, &g->wanted[t], volume)
                       : shard_move_cost(&g->mesh, &g->wanted[t], &s, volume);
        for (int d = 0; d < s.rank; d++)
            volume /= (double)shard_parts(&g->mesh, &s.dim[d]);
        /* A sum of which everyone keeps a part travels once, one that everyone needs twice. */
        if (result && partial)
            cost += (shard_used(&g->wanted[t]) & partial) == partial ? volume : 2 * volume;
    }
    return cost;
}

/* ---- choosing ------------------------------------------------------------------------------------------- */

enum { MOST_LISTS = 4, MOST_CHOICES = 512 };

/* Axes that cut factor w, which every device needs all of, in every tensor that has factor f: they may cut f instead. */
static bool instead_of(const partition *g, const shard_rule *r, uint32_t f, uint32_t w, shard_axes *out) {
    *out = (shard_axes){0};
    for (uint32_t t = 0; t < r->n_operands + r->n_results; t++)
        for (int d = 0; d < r->tensors[t].rank; d++)
            for (unsigned i = 0; i < r->tensors[t].dim[d].n; i++) {
                const shard_axes *a = &g->lists[t * RULE_MAX_FACTORS + w];
                if (r->tensors[t].dim[d].factor[i] != f)
                    continue;
                if (!a->n || (out->n && !shard_axes_equal(a, out)))
                    return false;
                *out = *a;
            }
    return out->n && r->size[f] % shard_parts(&g->mesh, out) == 0;
}

/* The lists that the tensors of an op have for a factor, the longest first; then none. */
static uint32_t lists_of(const partition *g, const shard_rule *r, uint32_t f, shard_axes *out) {
    uint32_t n = 0;
    for (uint32_t t = 0; !r->whole[f] && t < r->n_operands + r->n_results; t++) {
        const shard_axes *a = &g->lists[t * RULE_MAX_FACTORS + f];
        bool known = !a->n || n + 1 == MOST_LISTS;
        for (uint32_t i = 0; i < n && !known; i++)
            known = shard_axes_equal(a, &out[i]);
        if (known)
            continue;
        uint32_t at = n++;
        for (; at && out[at - 1].n < a->n; at--)
            out[at] = out[at - 1];
        out[at] = *a;
    }
    for (uint32_t w = 0; w < r->n_factors && !n && !r->whole[f] && !r->reduces[f]; w++)
        if (r->whole[w] && instead_of(g, r, f, w, out))
            n = 1;
    out[n++] = (shard_axes){0};
    return n;
}

/* What the tensors agree on: one list of which the others are the beginning, and no axis in two factors. */
static bool agreed(partition *g, ir_op op, const shard_rule *r, shard_axes lists[][MOST_LISTS], const uint32_t *n,
                   shard_axes *out) {
    for (uint32_t f = 0; f < r->n_factors; f++) {
        for (uint32_t i = 1; i < n[f]; i++)
            if (!shard_axes_begin(&lists[f][i], &lists[f][0]))
                return false;
        out[f] = lists[f][0];
    }
    return cost_of(g, op, r, out) >= 0;
}

/* One list for each factor. Of all combinations the cheapest, the more finely cut one first; when there are very many,
 * the factors behind the first ones stay as they are in most tensors. */
static void choose(partition *g, ir_op op, const shard_rule *r, shard_axes *out) {
    shard_axes lists[RULE_MAX_FACTORS][MOST_LISTS], try[RULE_MAX_FACTORS];
    uint32_t n[RULE_MAX_FACTORS], at[RULE_MAX_FACTORS] = {0}, choices = 1;
    double best = -1;
    for (uint32_t f = 0; f < r->n_factors; f++) {
        n[f] = lists_of(g, r, f, lists[f]);
        out[f] = (shard_axes){0};
    }
    if (agreed(g, op, r, lists, n, out))
        return;
    for (uint32_t f = 0; f < r->n_factors; f++) {
        out[f] = (shard_axes){0};
        if (choices * n[f] > MOST_CHOICES) {
            lists[f][0] = lists[f][n[f] - 1];
            n[f] = 1;
        }
        choices *= n[f];
    }
    for (uint32_t k = 0; k < choices; k++) {
        for (uint32_t f = 0; f < r->n_factors; f++)
            try[f] = lists[f][at[f]];
        double cost = cost_of(g, op, r, try);
        if (cost >= 0 && (best < 0 || cost < best)) {
            best = cost;
            memcpy(out, try, r->n_factors * sizeof *out);
        }
        for (uint32_t f = r->n_factors; f-- > 0;) {
            if (++at[f] < n[f])
                break;
            at[f] = 0;
        }
    }
}

/* ---- one op --------------------------------------------------------------------------------------------- */

static int rank_of(pass_context *p, ir_value v) {
    shape s;
    return shape_of(p->m, v, &s) ? s.n : 0;
}

/* The sharding that an attribute gives a value; none when it does not say. Where it does not cut into equal parts, the tensor
 * stays whole: that moves numbers, but does not change them. */
static bool read_wanted(partition *g, ir_attr a, ir_op op, ir_value v, sharding *out) {
    const char *why;
    shape s;
    int rank = rank_of(g->p, v);
    shard_open(out, rank);
    if (a && !shard_read(g->p, &g->mesh, a, rank, out, &why))
        return pass_error(g->p, op, "has a sharding that %s", why);
    for (int d = 0; d < rank && shape_of(g->p->m, v, &s); d++)
        while (s.d[d] % shard_parts(&g->mesh, &out->dim[d]))
            out->dim[d].n--;
    return true;
}

/* A copy of the part of a value, brought to a sharding. */
static bool bring(partition *g, ir_value v, ir_loc loc, const sharding *to, shard_value *out) {
    *out = g->local[v];
    return shard_move(g->p, &g->mesh, loc, out, to) || pass_out_of_memory(g->p);
}

static bool is_given_on(pass_context *p, ir_op op) {
    return shard_fixed(p, op) || op_is(p->m, op, OP_sdy_propagation_barrier);
}

/* Ops that only say how something is cut. */
static bool convert_fixed(partition *g, ir_op op) {
    pass_context *p = g->p;
    ir_value from = ir_operand(p->m, op, 0), to = ir_result(p->m, op, 0);
    sharding s;
    ir_attr a = shard_fixed(p, op);
    return read_wanted(g, a, op, to, &s) &&
           bring(g, from, ir_op_at(p->m, op)->loc, a ? &s : &g->local[from].s, &g->local[to]);
}

/* Regions that look at values outside of them (branches, loops) see them whole. */
static bool bring_captured(partition *g, ir_op made) {
    pass_context *p = g->p;
    for (ir_op op = ir_walk_next(p->m, made, made); op; op = ir_walk_next(p->m, made, op))
        for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_operands; i++) {
            ir_value v = ir_operand(p->m, op, i);
            sharding whole;
            shard_value part;
            if (v >= g->n_local || !g->local[v].v)
                continue;
            shard_open(&whole, rank_of(p, v));
            ir_edit_at(p->e, made);
            if (!bring(g, v, ir_op_at(p->m, made)->loc, &whole, &part))
                return false;
            ir_set_operand(p->e, op, i, part.v);
        }
    ir_edit_after(p->e, made);
    return true;
}

/* g->wanted is what its operand is and its results are to be. */
static bool convert_topk(partition *g, ir_op op) {
    pass_context *p = g->p;
    shard_value best[2];
    if (!shard_topk(p, &g->mesh, op, &g->local[ir_operand(p->m, op, 0)], best))
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < 2; i++) {
        if (!shard_move(p, &g->mesh, ir_op_at(p->m, op)->loc, &best[i], &g->wanted[1 + i]))
            return pass_out_of_memory(p);
        g->local[ir_result(p->m, op, i)] = best[i];
    }
    return true;
}

static bool convert_op(partition *g, ir_op op) {
    pass_context *p = g->p;
    shard_rule *r = shard_rule_of(p, op);
    shard_axes factors[RULE_MAX_FACTORS];
    ir_loc loc = ir_op_at(p->m, op)->loc;
    ir_attr list = ir_op_attr(p->m, op, STR("sdy.sharding"));
    if (!r)
        return pass_out_of_memory(p);
    for (uint32_t t = 0; t < r->n_operands + r->n_results; t++) {
        ir_value v = tensor_at(p, r, op, t);
        if (t < r->n_operands)
            g->wanted[t] = g->local[v].s;
        else if (!read_wanted(g, shard_list_at(p, list, t - r->n_operands), op, v, &g->wanted[t]))
            return false;
        rule_factors_of(&g->mesh, r, &r->tensors[t], &g->wanted[t], &g->lists[t * RULE_MAX_FACTORS]);
    }
    if (op_is(p->m, op, OP_ttir_topk) && shard_topk_is_cut(p, op, &g->local[ir_operand(p->m, op, 0)].s))
        return convert_topk(g, op);
    choose(g, op, r, factors);
    shard_value *parts = ARENA_ARRAY(&p->scratch, shard_value, r->n_operands + 1);
    if (!parts)
        return pass_out_of_memory(p);
    uint32_t partial = 0;
    for (uint32_t f = 0; f < r->n_factors; f++)
        partial |= r->reduces[f] ? shard_axes_bits(&factors[f]) : 0;
    for (uint32_t i = 0; i < r->n_operands; i++) {
        sharding s;
        rule_sharding_of(&g->mesh, r, &r->tensors[i], factors, &s);
        if (!bring(g, ir_operand(p->m, op, i), loc, &s, &parts[i]))
            return false;
    }
    ir_op made = ir_clone_op(p->e, op, NULL, 0);
    if (!made)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < r->n_operands; i++)
        ir_set_operand(p->e, made, i, parts[i].v);
    for (uint32_t i = 0; i < r->n_results; i++) {
        shard_value *out = &g->local[ir_result(p->m, op, i)];
        rule_sharding_of(&g->mesh, r, &r->tensors[r->n_operands + i], factors, &out->s);
        out->v = ir_result(p->m, made, i);
        ir_type type = shard_local_type(p, &g->mesh, ir_value_type(p->m, out->v), &out->s);
        if (!type)
            return pass_error(p, op, "has a result that cannot be cut into equal parts");
        ir_set_type(p->e, out->v, type);
    }
    ir_set_attr(p->e, made, STR("sdy.sharding"), 0);
    ir_set_attr(p->e, made, STR("sdy.sharding_rule"), 0); /* of whole tensors */
    if (!shard_localize(p, op, made) || !bring_captured(g, made))
        return false;
    for (uint32_t i = 0; i < r->n_results; i++) {
        shard_value *out = &g->local[ir_result(p->m, op, i)];
        const sharding *to = &g->wanted[r->n_operands + i];
        if (!shard_reduce(p, &g->mesh, loc, out, partial, r->reduce, to) || !shard_move(p, &g->mesh, loc, out, to))
            return pass_out_of_memory(p);
    }
    return true;
}

/* ---- one function --------------------------------------------------------------------------------------- */

/* How a tensor can be cut where it comes in or goes out: ttir.mesh_shard says which dimension an axis cuts, not the order
 * of two axes at one dimension, which is that of the mesh. */
static void at_border(sharding *s) {
    for (int d = 0; d < s->rank; d++)
        for (unsigned i = 1; i < s->dim[d].n; i++)
            if (s->dim[d].axis[i] < s->dim[d].axis[i - 1])
                s->dim[d].n = (uint8_t)i;
}

static ir_attr axis_names(pass_context *p, const shard_mesh *mesh) {
    ir_attr names[SHARD_MAX_AXES];
    uint32_t n = 0;
    for (uint32_t a = 0; a < mesh->n; a++)
        if (mesh->before[a] == 1) /* the first part of each */
            names[n++] = ir_attr_string(p->c, mesh->axis[a], 0);
    ir_node params[] = {ir_attr_array(p->c, names, n)};
    return dialect_make_attr(p->c, ATTR_sdy_manual_axes, params);
}

/* The op around the parts, at the start of the function, with a block whose arguments are the parts of the function's. */
static ir_op build_around(partition *g, ir_block body, ir_op end) {
    pass_context *p = g->p;
    uint32_t n = ir_block_at(p->m, body)->n_args, n_results = ir_op_at(p->m, end)->n_operands;
    ir_value *args = ARENA_ARRAY(&p->scratch, ir_value, n + 1);
    ir_type *in = ARENA_ARRAY(&p->scratch, ir_type, n + 1), *out = ARENA_ARRAY(&p->scratch, ir_type, n_results + 1);
    ir_loc *locs = ARENA_ARRAY(&p->scratch, ir_loc, n + 1);
    ir_attr *list = ARENA_ARRAY(&p->scratch, ir_attr, n + 1);
    if (!args || !in || !out || !locs || !list)
        return pass_out_of_memory(p), 0;
    for (uint32_t i = 0; i < n; i++) {
        sharding s;
        ir_value v = args[i] = ir_block_at(p->m, body)->args + i;
        if (!read_wanted(g, func_arg_attr(p->m, g->func, i, STR("sdy.sharding")), g->func, v, &s))
            return 0;
        at_border(&s);
        g->local[v].s = s;
        list[i] = shard_attr(p, &g->mesh, &s, true);
        locs[i] = value_loc(p->m, v);
        in[i] = shard_local_type(p, &g->mesh, ir_value_type(p->m, v), &s);
        if (!in[i])
            return pass_error(p, g->func, "has argument %u that cannot be cut into equal parts", i), 0;
    }
    for (uint32_t i = 0; i < n_results; i++)
        out[i] = ir_value_type(p->m, ir_operand(p->m, end, i));
    attr_entry a[] = {{STR("in_shardings"), shard_list_attr(p, list, n)},
                      {STR("manual_axes"), axis_names(p, &g->mesh)},
                      {STR("out_shardings"), shard_list_attr(p, NULL, 0)}};
    ir_op_spec spec = {.name = op_name(p, OP_sdy_manual_computation),
                       .loc = ir_op_at(p->m, end)->loc,
                       .operands = args,
                       .n_operands = n,
                       .results = out,
                       .n_results = n_results,
                       .props = make_dict(p, a, 3),
                       .n_regions = 1};
    p->e->from = 0;
    ir_edit_at_start(p->e, body);
    ir_op around = ir_build(p->e, &spec);
    ir_block inner = around ? ir_new_block(p->e, ir_op_region(p->m, around, 0), in, locs, n) : 0;
    for (uint32_t i = 0; i < n && inner; i++)
        g->local[args[i]].v = ir_block_at(p->m, inner)->args + i;
    return inner ? around : 0;
}

/* The parts that the function gives, and how they become whole. */
static bool build_end(partition *g, ir_op around, ir_op end) {
    pass_context *p = g->p;
    uint32_t n = ir_op_at(p->m, end)->n_operands;
    ir_value *out = ARENA_ARRAY(&p->scratch, ir_value, n + 1);
    ir_attr *list = ARENA_ARRAY(&p->scratch, ir_attr, n + 1);
    if (!out || !list)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < n; i++) {
        ir_value v = ir_operand(p->m, end, i);
        ir_attr a = shard_result_attr(p, g->func, i);
        shard_value part;
        sharding s;
        if (!read_wanted(g, a, g->func, v, &s))
            return false;
        at_border(&s);
        if (!bring(g, v, ir_op_at(p->m, end)->loc, &s, &part))
            return false;
        out[i] = part.v;
        list[i] = shard_attr(p, &g->mesh, &s, true);
    }
    ir_build(p->e,
             &(ir_op_spec){
                 .name = op_name(p, OP_sdy_return), .loc = ir_op_at(p->m, end)->loc, .operands = out, .n_operands = n});
    ir_set_prop(p->e, around, STR("out_shardings"), shard_list_attr(p, list, n));
    return !p->m->failed || pass_out_of_memory(p);
}

/* What is said of an argument or a result's shard status has the shape of one device's part beside it. */
static bool annotate_shapes(pass_context *p, ir_op func, ir_op around) {
    ir_block inner = body_of(p->m, around);
    str status = STR("ttcore.shard_status"), key = STR("ttcore.local_shape");
    ir_attr results = ir_op_attr(p->m, func, STR("res_attrs"));
    ir_op end = ir_block_at(p->m, inner)->last;
    for (uint32_t i = 0; i < ir_block_at(p->m, inner)->n_args; i++) {
        ir_node type = ir_attr_type(p->c, ir_value_type(p->m, ir_block_at(p->m, inner)->args + i));
        if (func_arg_attr(p->m, func, i, status))
            func_set_arg_attr(p, func, i, key, dialect_make_attr(p->c, ATTR_ttcore_local_shape, &type));
    }
    for (uint32_t i = 0; i < list_count(p, results); i++) {
        ir_attr dict = ir_at(p->c, results, i);
        ir_attr is = ir_kind_of(p->c, dict) == IR_ATTR_DICT ? ir_dict_get(p->c, dict, status) : 0;
        bool part = is && str_eq(dialect_case_text(p->c, is), STR("presharded"));
        ir_node type = ir_attr_type(p->c, ir_value_type(p->m, ir_operand(p->m, end, i)));
        if (is && !part)
            type = ir_attr_type(p->c, ir_value_type(p->m, ir_result(p->m, around, i)));
        if (is && !shard_set_result_attr(p, func, i, key, dialect_make_attr(p->c, ATTR_ttcore_local_shape, &type)))
            return false;
    }
    return true;
}

static bool partition_func(pass_context *p, const shard_mesh *mesh, ir_op func) {
    partition g = {.p = p, .mesh = *mesh, .func = func};
    ir_block body = body_of(p->m, func);
    ir_op first = ir_block_at(p->m, body)->first, end = ir_block_at(p->m, body)->last;
    uint32_t most = 1;
    for (ir_op op = first; op; op = ir_op_at(p->m, op)->next) {
        uint32_t n = ir_op_at(p->m, op)->n_operands + ir_op_at(p->m, op)->n_results;
        most = n > most ? n : most;
    }
    g.n_local = p->m->n_values;
    g.local = ARENA_ARRAY(&p->scratch, shard_value, g.n_local);
    g.wanted = ARENA_ARRAY(&p->scratch, sharding, most);
    g.lists = ARENA_ARRAY(&p->scratch, shard_axes, (size_t)most * RULE_MAX_FACTORS);
    if (!g.local || !g.wanted || !g.lists)
        return pass_out_of_memory(p);
    ir_op around = build_around(&g, body, end);
    if (!around)
        return p->m->failed ? pass_out_of_memory(p) : false;
    ir_block inner = body_of(p->m, around);
    for (ir_op op = first; op != end; op = ir_op_at(p->m, op)->next) {
        ir_edit_at_end(p->e, inner);
        p->e->from = op;
        if (!(is_given_on(p, op) ? convert_fixed(&g, op) : convert_op(&g, op)))
            return false;
    }
    p->e->from = end;
    ir_edit_at_end(p->e, inner);
    if (!build_end(&g, around, end))
        return false;
    p->e->from = 0;
    for (uint32_t i = 0; i < ir_op_at(p->m, end)->n_operands; i++)
        ir_set_operand(p->e, end, i, ir_result(p->m, around, i));
    for (ir_op op = ir_op_at(p->m, end)->prev, before; op != around; op = before) {
        before = ir_op_at(p->m, op)->prev;
        ir_erase(p->e, op);
    }
    for (uint32_t i = 0; i < ir_block_at(p->m, body)->n_args; i++)
        func_set_arg_attr(p, func, i, STR("sdy.sharding"), 0);
    for (uint32_t i = 0; i < ir_op_at(p->m, end)->n_operands; i++)
        if (!shard_set_result_attr(p, func, i, STR("sdy.sharding"), 0))
            return false;
    return annotate_shapes(p, func, around);
}

/* On one device, or without a mesh, shardings say nothing. */
static void forget(pass_context *p, ir_op func) {
    ir_op next;
    for (ir_op op = ir_block_at(p->m, body_of(p->m, func))->first; op; op = next) {
        next = ir_op_at(p->m, op)->next;
        if (is_given_on(p, op))
            ir_replace1(p->e, op, ir_operand(p->m, op, 0));
    }
}

static bool one_module(pass_context *p) {
    shard_mesh mesh;
    if (!shard_find_mesh(p, p->scope, &mesh) || !shard_split_axes(p, p->scope, &mesh))
        return false;
    for (each_func(p->m, p->scope, f)) {
        if (!shard_is_wanted(p, f))
            continue;
        if (mesh.devices < 2)
            forget(p, f);
        else if (!partition_func(p, &mesh, f))
            return false;
    }
    for (each_func(p->m, p->scope, f))
        if (!shard_inline(p, &mesh, f))
            return false;
    return true;
}

bool pass_shard_partition(pass_context *p) {
    return !hlo_is_there(p) || pass_each_module(p, one_module);
}
