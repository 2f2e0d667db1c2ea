/* sdy-user-priority-propagate: shardings that the user gave some tensors spread to the others.
 *
 *   for each priority that the user wrote, 0 first:         dimensions of a later one are not cut yet
 *     ops that shardings pass through, then all ops:        until nothing changes
 *       for each factor of the op (shard_rule.c):           the longest list of axes that one of its tensors has
 *         reaches the other tensors, as far as each allows: open dimension, axis not used, equal parts
 *
 * After openxla/shardy's propagation in its conservative form: whole axes only, and only where they divide. Of two factors
 * that want one axis in one tensor, the one that comes from the larger tensor is first. The results are attributes
 * sdy.sharding of arguments, ops and results; nothing else changes, but that constants have one user each. */
#include "compile/hlo.h"
#include "compile/passes.h"
#include "compile/shard_func.h"

/* A tensor: of a value, or what the function returns. */
typedef struct tensor_state {
    sharding s;
    bool given;
    uint32_t pending;  /* bit d: dimension d waits for its priority */
    uint32_t reserved; /* axes of those, which nothing else may take */
    sharding user;     /* as given */
    double volume;
} tensor_state;

/* An op and its tensors, operands first; 0: no tensor. */
typedef struct step {
    shard_rule *rule;
    uint32_t *states;
} step;

typedef struct propagation {
    pass_context *p;
    const shard_mesh *mesh;
    ir_op func;
    tensor_state *states; /* from 1 */
    uint32_t n_states;
    uint32_t *of_value;
    uint32_t *returned; /* by operand of the return */
    step *steps;
    uint32_t n_steps;
    shard_axes *now; /* of one op: [tensor][factor] */
} propagation;

/* ---- what is given -------------------------------------------------------------------------------------- */

static uint32_t add_state(propagation *g, ir_type type) {
    int64_t dims[PASS_MAX_RANK];
    int rank = type_shape(g->p->c, type, dims);
    if (rank < 0)
        return 0;
    tensor_state *t = &g->states[++g->n_states];
    shard_open(&t->s, rank);
    t->volume = 1;
    for (int d = 0; d < rank; d++)
        t->volume *= (double)dims[d];
    return g->n_states;
}

/* Takes over a sharding that an attribute gives. */
static bool give(propagation *g, uint32_t state, ir_attr a, ir_op op) {
    tensor_state *t = &g->states[state];
    const char *why;
    if (!state || !a)
        return true;
    if (!shard_read(g->p, g->mesh, a, t->s.rank, &t->s, &why))
        return pass_error(g->p, op, "has a sharding that %s", why);
    t->user = t->s;
    t->given = true;
    for (int d = 0; d < t->s.rank; d++) {
        if (!t->s.priority[d])
            continue;
        t->pending |= 1u << d;
        t->reserved |= shard_axes_bits(&t->s.dim[d]);
        t->s.dim[d].n = 0;
    }
    return true;
}

static bool add_results(propagation *g, ir_op op) {
    uint32_t n = ir_op_at(g->p->m, op)->n_results;
    ir_attr list = ir_op_attr(g->p->m, op, STR("sdy.sharding")), fixed = shard_fixed(g->p, op);
    for (uint32_t i = 0; i < n; i++) {
        ir_value v = ir_result(g->p->m, op, i);
        uint32_t state = g->of_value[v] = add_state(g, ir_value_type(g->p->m, v));
        if (!give(g, state, fixed ? fixed : shard_list_at(g->p, list, i), op))
            return false;
    }
    return true;
}

static step *new_step(propagation *g, shard_rule *rule) {
    step *s = &g->steps[g->n_steps++];
    s->rule = rule;
    s->states = rule ? ARENA_ARRAY(&g->p->scratch, uint32_t, rule->n_operands + rule->n_results + 1) : NULL;
    if (!s->states)
        pass_out_of_memory(g->p);
    return s->states ? s : NULL;
}

static bool add_step(propagation *g, ir_op op) {
    pass_context *p = g->p;
    uint32_t n = ir_op_at(p->m, op)->n_operands, n_results = ir_op_at(p->m, op)->n_results;
    step *s = new_step(g, shard_rule_of(p, op));
    for (uint32_t i = 0; s && i < n; i++)
        s->states[i] = g->of_value[ir_operand(p->m, op, i)];
    for (uint32_t i = 0; s && i < n_results; i++)
        s->states[n + i] = g->of_value[ir_result(p->m, op, i)];
    return s != NULL;
}

/* What a function returns has states of its own, in a step for each. */
static bool add_return(propagation *g, ir_op end) {
    pass_context *p = g->p;
    for (uint32_t i = 0; i < ir_op_at(p->m, end)->n_operands; i++) {
        ir_value v = ir_operand(p->m, end, i);
        step *s = new_step(g, shard_identity_rule(p, v));
        if (!s)
            return false;
        s->states[0] = g->of_value[v];
        s->states[1] = g->returned[i] = add_state(g, ir_value_type(p->m, v));
        if (!give(g, s->states[1], shard_result_attr(p, g->func, i), g->func))
            return false;
    }
    return true;
}

static bool collect(propagation *g, ir_block body) {
    pass_context *p = g->p;
    const ir_block_data *b = ir_block_at(p->m, body);
    uint32_t n_returned = ir_op_at(p->m, b->last)->n_operands, n = b->n_args + n_returned, n_steps = n_returned,
             most = 2;
    for (ir_op op = b->first; op; op = ir_op_at(p->m, op)->next) {
        uint32_t tensors = ir_op_at(p->m, op)->n_operands + ir_op_at(p->m, op)->n_results;
        n += ir_op_at(p->m, op)->n_results;
        most = tensors > most ? tensors : most;
        n_steps++;
    }
    g->states = ARENA_ARRAY(&p->scratch, tensor_state, n + 1);
    g->of_value = ARENA_ARRAY(&p->scratch, uint32_t, p->m->n_values);
    g->returned = ARENA_ARRAY(&p->scratch, uint32_t, n_returned + 1);
    g->steps = ARENA_ARRAY(&p->scratch, step, n_steps + 1);
    g->now = ARENA_ARRAY(&p->scratch, shard_axes, (size_t)most * RULE_MAX_FACTORS + 1);
    if (!g->states || !g->of_value || !g->returned || !g->steps || !g->now)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < b->n_args; i++) {
        uint32_t state = g->of_value[b->args + i] = add_state(g, ir_value_type(p->m, b->args + i));
        if (!give(g, state, func_arg_attr(p->m, g->func, i, STR("sdy.sharding")), g->func))
            return false;
    }
    for (ir_op op = b->first; op != b->last; op = ir_op_at(p->m, op)->next)
        if (!add_results(g, op) || !add_step(g, op))
            return false;
    return add_return(g, b->last);
}

/* ---- one op --------------------------------------------------------------------------------------------- */

/* Cuts factor f of tensor t by more of these axes. Whether any came in. */
static bool extend(propagation *g, const shard_rule *r, uint32_t t, tensor_state *to, uint32_t f,
                   const shard_axes *axes, shard_axes *now) {
    const rule_tensor *tensor = &r->tensors[t];
    bool any = false;
    for (int d = 0; d < tensor->rank; d++)
        for (unsigned i = 0; i < tensor->dim[d].n; i++) {
            if (tensor->dim[d].factor[i] != f || to->s.closed >> d & 1 || to->pending >> d & 1)
                continue;
            bool fits = shard_axes_begin(&now[f], axes);
            for (unsigned k = 0; k < tensor->dim[d].n && fits; k++) {
                unsigned other = tensor->dim[d].factor[k];
                fits = k < i ? shard_parts(g->mesh, &now[other]) == r->size[other] : k == i || !now[other].n;
            }
            while (fits && now[f].n < axes->n) {
                uint8_t axis = axes->axis[now[f].n];
                int64_t parts = shard_parts(g->mesh, &now[f]) * g->mesh->size[axis];
                if ((shard_used(&to->s) | to->s.whole | to->reserved) >> axis & 1 || r->size[f] % parts)
                    break;
                now[f].axis[now[f].n++] = axis;
                to->s.dim[d].axis[to->s.dim[d].n++] = axis;
                any = true;
            }
        }
    return any;
}

/* The tensor whose axes of factor f are to reach the others: the most of them, then from the largest. -1: none has any. */
static int source_of(const propagation *g, const step *s, uint32_t n, uint32_t f) {
    int best = -1;
    for (uint32_t t = 0; t < n; t++) {
        const shard_axes *a = &g->now[t * RULE_MAX_FACTORS + f];
        if (!s->states[t] || !a->n)
            continue;
        const shard_axes *b = best < 0 ? NULL : &g->now[(uint32_t)best * RULE_MAX_FACTORS + f];
        if (!b || a->n > b->n ||
            (a->n == b->n && g->states[s->states[t]].volume > g->states[s->states[(uint32_t)best]].volume))
            best = (int)t;
    }
    return best;
}

static bool propagate_op(propagation *g, const step *s) {
    const shard_rule *r = s->rule;
    uint32_t n = r->n_operands + r->n_results, n_left = 0;
    uint8_t left[RULE_MAX_FACTORS];
    int source[RULE_MAX_FACTORS];
    bool any = false;
    for (uint32_t t = 0; t < n; t++)
        if (s->states[t])
            rule_factors_of(g->mesh, r, &r->tensors[t], &g->states[s->states[t]].s, &g->now[t * RULE_MAX_FACTORS]);
    for (uint32_t f = 0; f < r->n_factors; f++)
        if ((source[f] = source_of(g, s, n, f)) >= 0)
            left[n_left++] = (uint8_t)f;
    while (n_left) {
        uint32_t first = 0;
        for (uint32_t i = 1; i < n_left; i++)
            if (g->states[s->states[source[left[i]]]].volume > g->states[s->states[source[left[first]]]].volume)
                first = i;
        uint32_t f = left[first];
        left[first] = left[--n_left];
        shard_axes axes = g->now[(uint32_t)source[f] * RULE_MAX_FACTORS + f];
        for (uint32_t t = 0; t < n; t++)
            if (s->states[t])
                any |= extend(g, r, t, &g->states[s->states[t]], f, &axes, &g->now[t * RULE_MAX_FACTORS]);
    }
    return any;
}

/* ---- all ------------------------------------------------------------------------------------------------ */

/* Down and up until nothing changes: first through ops that look at each element alone, then through all. Every round but
 * the last cuts a dimension further, so there is an end. */
static void propagate(propagation *g) {
    for (int all = 0; all < 2; all++) {
        bool any = true;
        while (any) {
            any = false;
            for (uint32_t i = 0; i < g->n_steps; i++)
                if (all || g->steps[i].rule->passes)
                    any |= propagate_op(g, &g->steps[i]);
            for (uint32_t i = g->n_steps; i-- > 0;)
                if (all || g->steps[i].rule->passes)
                    any |= propagate_op(g, &g->steps[i]);
        }
    }
}

/* What waits for this priority is cut now. The next priority, -1 when nothing waits any more. */
static int next_priority(propagation *g, int priority) {
    int next = -1;
    for (uint32_t i = 1; i <= g->n_states; i++) {
        tensor_state *t = &g->states[i];
        for (int d = 0; d < t->s.rank && t->pending; d++) {
            if (!(t->pending >> d & 1))
                continue;
            if (t->user.priority[d] == priority) {
                t->s.dim[d] = t->user.dim[d];
                t->pending &= ~(1u << d);
                t->reserved &= ~shard_axes_bits(&t->user.dim[d]);
            } else if (next < 0 || t->user.priority[d] < next) {
                next = t->user.priority[d];
            }
        }
    }
    return next;
}

static bool says(const tensor_state *t) {
    return t->given || shard_used(&t->s);
}

static bool write_results(propagation *g, ir_op op) {
    pass_context *p = g->p;
    uint32_t n = ir_op_at(p->m, op)->n_results;
    ir_attr *list = ARENA_ARRAY(&p->scratch, ir_attr, n + 1);
    bool any = false, all = n != 0;
    if (!list)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t state = g->of_value[ir_result(p->m, op, i)];
        all = all && state;
        any = any || (state && says(&g->states[state]));
        list[i] = state ? shard_attr(p, g->mesh, &g->states[state].s, false) : 0;
    }
    ir_attr made = any && all ? shard_list_attr(p, list, n) : 0;
    if (!shard_fixed(p, op) && made != ir_op_attr(p->m, op, STR("sdy.sharding")))
        ir_set_attr(p->e, op, STR("sdy.sharding"), made);
    return true;
}

static bool write(propagation *g, ir_block body) {
    pass_context *p = g->p;
    for (uint32_t i = 0; i < ir_block_at(p->m, body)->n_args; i++) {
        uint32_t state = g->of_value[ir_block_at(p->m, body)->args + i];
        if (state && says(&g->states[state]))
            func_set_arg_attr(p, g->func, i, STR("sdy.sharding"), shard_attr(p, g->mesh, &g->states[state].s, false));
    }
    ir_op end = ir_block_at(p->m, body)->last;
    for (ir_op op = ir_block_at(p->m, body)->first; op != end; op = ir_op_at(p->m, op)->next)
        if (!write_results(g, op))
            return false;
    for (uint32_t i = 0; i < ir_op_at(p->m, end)->n_operands; i++) {
        uint32_t state = g->returned[i];
        if (state && says(&g->states[state]) &&
            !shard_set_result_attr(p, g->func, i, STR("sdy.sharding"),
                                   shard_attr(p, g->mesh, &g->states[state].s, false)))
            return false;
    }
    return true;
}

/* Constants and what is broadcast from one get a copy per user, so that users do not have to agree on how to cut them: constants
 * in front of each other, broadcasts in front of their users, of which the last keeps the one that was there. */
static bool decouple(pass_context *p, ir_block body) {
    for (ir_op op = ir_block_at(p->m, body)->last, before; op; op = before) {
        before = ir_op_at(p->m, op)->prev;
        uint32_t id = op_id(p->m, op);
        bool constant = id == OP_stablehlo_constant || id == OP_sdy_constant || id == OP_stablehlo_iota;
        ir_op from = id == OP_stablehlo_broadcast_in_dim ? ir_def_op(p->m, ir_operand(p->m, op, 0)) : 0;
        constant = constant || op_is(p->m, from, OP_stablehlo_constant) || op_is(p->m, from, OP_sdy_constant);
        if (!constant || ir_op_at(p->m, op)->n_results != 1)
            continue;
        ir_value v = ir_result(p->m, op, 0);
        if (!ir_rank(p->c, ir_value_type(p->m, v)))
            continue; /* a single number is whole everywhere */
        while (ir_first_use(p->e, v) && !ir_has_one_use(p->e, v)) {
            uint32_t use = from ? ir_next_use(p->e, ir_first_use(p->e, v)) : ir_first_use(p->e, v);
            ir_op user = ir_use_op(p->e, use);
            ir_edit_at(p->e, from ? user : op);
            p->e->from = op;
            ir_op copy = ir_clone_op(p->e, op, NULL, 0);
            uint32_t index = ir_use_index(p->e, use);
            if (!copy)
                return pass_out_of_memory(p);
            ir_set_operand(p->e, user, index, ir_result(p->m, copy, 0));
        }
    }
    p->e->from = 0;
    return true;
}

static bool one_module(pass_context *p) {
    shard_mesh mesh;
    if (!shard_find_mesh(p, p->scope, &mesh) || !shard_split_axes(p, p->scope, &mesh))
        return false;
    for (each_func(p->m, p->scope, f)) /* those that it makes come last, and have no such bodies */
        if (!shard_unwrap(p, f) || !shard_outline(p, &mesh, f))
            return false;
    for (each_func(p->m, p->scope, f)) {
        ir_block body = body_of(p->m, f);
        if (mesh.devices < 2 || !shard_is_wanted(p, f))
            continue;
        if (!decouple(p, body))
            return false;
        propagation g = {.p = p, .mesh = &mesh, .func = f};
        if (!collect(&g, body))
            return false;
        for (int priority = 0; priority >= 0;) {
            int next = next_priority(&g, priority);
            propagate(&g);
            priority = next;
        }
        if (!write(&g, body))
            return false;
    }
    return !p->m->failed || pass_out_of_memory(p);
}

bool pass_shard_propagate(pass_context *p) {
    return !hlo_is_there(p) || pass_each_module(p, one_module);
}
