/* const-eval-hoist-transform: what is computed from weights and constants alone moves into private functions that run
 * once, "<func>_const_eval_<n>"; the function calls them with ttcore.load_cached at its top.
 *
 *   block:  ops ──can all operands be known beforehand?──▶ groups of connected ops ──▶ one function per group
 *
 * Groups are joined by union-find over ops. A group that includes a load_cached of an earlier run is put into the function
 * that this one calls. Ops that are shared (get_device) belong to no group: each function gets copies of its own.
 *
 * The order of the groups is that of the reference compiler, which keeps them in a hash table keyed by the order in which
 * they are first met; group_order makes the same table. */
#include "base/num.h"
#include "base/vec.h"
#include "compile/passes.h"
#include "target/layout.h"

/* Ops that may give another result each time, or whose result is written into: never cached. */
static const uint16_t not_cacheable[] = {
    OP_ttcore_composite,
    OP_ttnn_empty,
    OP_ttnn_rand,
    OP_ttnn_dropout,
    OP_ttnn_generic,
    OP_ttnn_create_global_semaphore,
    OP_ttnn_allocate_moe_compute_semaphore,
    OP_ttir_rand,
    OP_ttir_dropout,
    OP_ttir_empty,
};

struct group {
    VEC(ir_op) ops; /* in the order of the block; load_cached ops are in `loads` */
    VEC(ir_op) loads;
};

/* The arrays are made once for all functions: no op is in two of them. */
struct hoist {
    pass_context *p;
    ir_op func;
    ir_block body;
    uint32_t *parent; /* by op: union-find over the ops that can be hoisted; 0: not one */
    uint32_t n_parent;
    struct group *groups;
    uint32_t n_groups;
    ir_op *shared;
    uint32_t n_shared;
    ir_value *map; /* by value: what it is in the function that is being filled. Never cleared: what a function does not
                      overwrite it does not look up. */
    uint32_t n_map;
    uint32_t *group_of; /* by root op: number of its group + 1 */
    uint32_t *inside;   /* by op: the number of its group + 1, once the group's boundary has been sought */
};

static bool is_shared(const ir_module *m, ir_op op) {
    return op_is(m, op, OP_ttnn_get_device);
}

/* ---- groups --------------------------------------------------------------------------------------------- */

static uint32_t find_root(struct hoist *h, uint32_t op) {
    while (h->parent[op] != op) {
        h->parent[op] = h->parent[h->parent[op]];
        op = h->parent[op];
    }
    return op;
}

static bool is_not_cacheable(const ir_module *m, ir_op op) {
    for (size_t i = 0; i < sizeof not_cacheable / sizeof *not_cacheable; i++)
        if (op_is(m, op, not_cacheable[i]))
            return true;
    return false;
}

/* Whether a user writes into a result of op (a cache that is updated in place). */
static bool is_written(pass_context *p, ir_op op) {
    const ir_module *m = p->m;
    for (uint32_t r = 0; r < m->ops[op].n_results; r++)
        for (ir_each_use(p->e, ir_result(m, op, r), u)) {
            ir_op user = ir_use_op(p->e, u);
            const op_def *d = dialect_def_of(m, user);
            for (uint32_t g = 0; d && g < d->n_operands; g++) {
                if (!(op_operand(d, g)->effects & VALUE_WRITE))
                    continue;
                operand_group group = op_group(m, user, g);
                uint32_t i = ir_use_index(p->e, u);
                if (i >= group.first && i < group.first + group.n)
                    return true;
            }
        }
    return false;
}

static bool known_beforehand(struct hoist *h, ir_value v) {
    const ir_module *m = h->p->m;
    if (ir_is_block_arg(m, v))
        return ir_arg_block(m, v) == h->body && dialect_argument_is_known(m, v);
    ir_op def = ir_def_op(m, v);
    return is_shared(m, def) || h->parent[def];
}

static bool is_in_l1(const ir_context *c, ir_type t, ttnn_layout *l) {
    ttnn_buffer b = ttnn_buffer_of(c, t);
    return (b == TTNN_L1 || b == TTNN_L1_SMALL) && ttnn_layout_of(c, t, l);
}

/* Whether op can be computed beforehand; then it joins the groups of its operands. False after an error. */
static bool consider(struct hoist *h, ir_op op) {
    pass_context *p = h->p;
    ir_module *m = p->m;
    const op_def *d = dialect_def_of(m, op);
    if ((d && d->flags & OP_TERMINATOR) || !m->ops[op].name)
        return true;
    if (is_shared(m, op)) {
        h->shared[h->n_shared++] = op;
        return true;
    }
    if (is_not_cacheable(m, op) || is_written(p, op))
        return true;
    if (!op_is(m, op, OP_ttcore_load_cached))
        for (uint32_t i = 0; i < m->ops[op].n_operands; i++)
            if (!known_beforehand(h, ir_operand(m, op, i)))
                return true;
    for (uint32_t i = 0; i < m->ops[op].n_results; i++) {
        ttnn_layout l;
        if (is_in_l1(p->c, ir_value_type(m, ir_result(m, op, i)), &l) &&
            !ir_op_attr(m, op, STR("ttnn.const_eval_allowed")))
            return pass_error_plain(
                p, op,
                "result of an op resides in L1, and the op is a const-eval candidate, but it is not "
                "tagged with 'ttnn.const_eval_allowed'; tag the op or change its memory space");
    }
    if (!m->ops[op].n_results)
        return true;
    h->parent[op] = op;
    for (uint32_t i = 0; i < m->ops[op].n_operands; i++) {
        ir_op def = ir_def_op(m, ir_operand(m, op, i));
        if (def && !is_shared(m, def) && h->parent[def])
            h->parent[find_root(h, def)] = find_root(h, op);
    }
    return true;
}

static bool gather_groups(struct hoist *h) {
    pass_context *p = h->p;
    ir_module *m = p->m;
    uint32_t n = 0;
    for (ir_op op = m->blocks[h->body].first; op; op = m->ops[op].next)
        n++;
    h->shared = ARENA_ARRAY(&p->scratch, ir_op, n + 1);
    h->groups = ARENA_ARRAY(&p->scratch, struct group, n + 1);
    if (!h->shared || !h->groups)
        return pass_out_of_memory(p);
    for (ir_op op = m->blocks[h->body].first; op; op = m->ops[op].next)
        if (!consider(h, op))
            return false;
    for (ir_op op = m->blocks[h->body].first; op; op = m->ops[op].next) {
        if (!h->parent[op])
            continue;
        uint32_t root = find_root(h, op);
        if (!h->group_of[root]) {
            struct group *g = &h->groups[h->n_groups++];
            vec_init(&g->ops, m->mem);
            vec_init(&g->loads, m->mem);
            h->group_of[root] = h->n_groups;
        }
        struct group *g = &h->groups[h->group_of[root] - 1];
        bool kept = op_is(m, op, OP_ttcore_load_cached) ? vec_push(&g->loads, op) : vec_push(&g->ops, op);
        if (!kept)
            return pass_out_of_memory(p);
    }
    return true;
}

/* The order of llvm::DenseMap<size_t, ...> after inserting 0 .. n-1: open addressing over a power of two of buckets (64
 * at first, doubled before three quarters are full), quadratic probing, hash as llvm::densemap::detail::mix. */
static bool group_order(pass_context *p, uint32_t n, uint32_t *order) {
    uint32_t buckets = 64;
    while ((uint64_t)n * 4 >= (uint64_t)buckets * 3)
        buckets *= 2;
    uint32_t *table = ARENA_ARRAY(&p->scratch, uint32_t, buckets), *old = ARENA_ARRAY(&p->scratch, uint32_t, buckets);
    if (!table || !old)
        return pass_out_of_memory(p);
    uint32_t size = 64, held = 0;
    for (uint32_t id = 0; id < n; id++) {
        uint32_t again = 0;
        if ((uint64_t)(id + 1) * 4 >= (uint64_t)size * 3) {
            memcpy(old, table, size * sizeof *old);
            memset(table, 0, buckets * sizeof *table);
            again = size;
            size *= 2;
        }
        for (uint32_t i = 0; i <= again; i++) {
            uint32_t key = i < again ? old[i] : id + 1; /* + 1: 0 is an empty bucket */
            if (!key)
                continue;
            uint64_t mixed = (uint64_t)(key - 1) * 0xbf58476d1ce4e5b9u;
            uint32_t at = (uint32_t)(mixed ^ mixed >> 31) & (size - 1);
            for (uint32_t step = 1; table[at]; step++)
                at = (at + step) & (size - 1);
            table[at] = key;
        }
    }
    for (uint32_t i = 0; i < size; i++)
        if (table[i])
            order[held++] = table[i] - 1;
    return true;
}

/* ---- functions ------------------------------------------------------------------------------------------ */

/* What goes into a group's function and what comes out. */
struct boundary {
    ir_value *in, *out;
    uint32_t n_in, n_out;
};

static void add_input(struct hoist *h, bool *taken, ir_value v) {
    const ir_module *m = h->p->m;
    if (ir_is_block_arg(m, v) && ir_arg_block(m, v) == h->body)
        taken[ir_value_index(m, v)] = true;
}

/* Whether anything but the ops of the group uses v. */
static bool used_outside(struct hoist *h, uint32_t group, ir_value v) {
    for (ir_each_use(h->p->e, v, u)) {
        ir_op user = ir_use_op(h->p->e, u);
        if (user >= h->n_parent || h->inside[user] != group + 1)
            return true;
    }
    return false;
}

static bool find_boundary(struct hoist *h, uint32_t group, struct boundary *b) {
    const struct group *g = &h->groups[group];
    pass_context *p = h->p;
    ir_module *m = p->m;
    uint32_t n_args = m->blocks[h->body].n_args, n_out = 0;
    bool *taken = ARENA_ARRAY(&p->scratch, bool, n_args + 1);
    for (size_t i = 0; i < g->ops.n; i++)
        n_out += m->ops[g->ops.v[i]].n_results;
    for (size_t i = 0; i < g->loads.n; i++)
        n_out += m->ops[g->loads.v[i]].n_results;
    b->in = ARENA_ARRAY(&p->scratch, ir_value, n_args + 1);
    b->out = ARENA_ARRAY(&p->scratch, ir_value, n_out + 1);
    if (!taken || !b->in || !b->out)
        return pass_out_of_memory(p);
    for (size_t i = 0; i < g->ops.n; i++) {
        h->inside[g->ops.v[i]] = group + 1;
        for (uint32_t k = 0; k < m->ops[g->ops.v[i]].n_operands; k++)
            add_input(h, taken, ir_operand(m, g->ops.v[i], k));
    }
    for (size_t i = 0; i < g->loads.n; i++)
        for (uint32_t k = 0; k < m->ops[g->loads.v[i]].n_operands; k++)
            add_input(h, taken, ir_operand(m, g->loads.v[i], k));
    b->n_in = b->n_out = 0;
    for (uint32_t i = 0; i < n_args; i++)
        if (taken[i])
            b->in[b->n_in++] = m->blocks[h->body].args + i;
    for (size_t i = 0; i < g->ops.n; i++)
        for (uint32_t k = 0; k < m->ops[g->ops.v[i]].n_results; k++)
            if (used_outside(h, group, ir_result(m, g->ops.v[i], k)))
                b->out[b->n_out++] = ir_result(m, g->ops.v[i], k);
    for (size_t i = 0; i < g->loads.n; i++)
        for (uint32_t k = 0; k < m->ops[g->loads.v[i]].n_results; k++)
            if (used_outside(h, group, ir_result(m, g->loads.v[i], k)))
                b->out[b->n_out++] = ir_result(m, g->loads.v[i], k);
    return true;
}

static ir_attr function_type(struct hoist *h, const struct boundary *b) {
    pass_context *p = h->p;
    ir_type *types = ARENA_ARRAY(&p->scratch, ir_type, b->n_in + b->n_out + 1);
    if (!types)
        return 0;
    for (uint32_t i = 0; i < b->n_in; i++)
        types[i] = ir_value_type(p->m, b->in[i]);
    for (uint32_t i = 0; i < b->n_out; i++)
        types[b->n_in + i] = ir_value_type(p->m, b->out[i]);
    return ir_attr_type(p->c, ir_type_function(p->c, types, b->n_in, types + b->n_in, b->n_out));
}

/* The layout pass must know the weights of convolutions in the new function, too. */
static void keep_conv_weight(struct hoist *h, ir_op func, uint32_t i, ir_value from) {
    str key = STR("ttir.conv2d_weight");
    ir_attr tag = func_arg_attr(h->p->m, h->func, ir_value_index(h->p->m, from), key);
    if (tag)
        func_set_arg_attr(h->p, func, i, key, tag);
}

/* Copies ops to the insertion point, operands mapped. */
static bool copy_ops(struct hoist *h, const ir_op *ops, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!ir_clone_op(h->p->e, ops[i], h->map, h->n_map))
            return pass_out_of_memory(h->p);
    return true;
}

static bool build_return(struct hoist *h, const struct boundary *b, ir_loc loc) {
    pass_context *p = h->p;
    ir_value *values = ARENA_ARRAY(&p->scratch, ir_value, b->n_out + 1);
    if (!values)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < b->n_out; i++)
        values[i] = h->map[b->out[i]];
    return build_op(p, &(build_args){.op = OP_func_return, .loc = loc, .operands = values, .n_operands = b->n_out}) ||
           pass_out_of_memory(p);
}

/* The call of the group's function, behind the calls at the top; the group's ops go. */
static bool replace_group(struct hoist *h, uint32_t group, const struct boundary *b, str callee) {
    pass_context *p = h->p;
    ir_module *m = p->m;
    const struct group *g = &h->groups[group];
    ir_op first = m->blocks[h->body].first;
    while (op_is(m, first, OP_ttcore_load_cached))
        first = m->ops[first].next;
    ir_type *types = ARENA_ARRAY(&p->scratch, ir_type, b->n_out + 1);
    if (!types || !first)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < b->n_out; i++)
        types[i] = ir_value_type(m, b->out[i]);
    ir_edit_at(p->e, first);
    ir_attr props = make_dict(p, &(attr_entry){STR("callee"), ir_attr_symbol(p->c, callee, true)}, 1);
    ir_op call = build_op(p, &(build_args){.op = OP_ttcore_load_cached,
                                           .loc = m->ops[h->func].loc,
                                           .operands = b->in,
                                           .n_operands = b->n_in,
                                           .types = types,
                                           .n_types = b->n_out,
                                           .props = props});
    if (!call)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < b->n_out; i++) {
        ir_edit_came_from(p->e, call, ir_def_op(m, b->out[i]));
        ir_replace_uses(p->e, b->out[i], ir_result(m, call, i));
    }
    for (size_t i = g->ops.n; i-- > 0;)
        ir_erase(p->e, g->ops.v[i]);
    return true;
}

static bool make_function(struct hoist *h, uint32_t group, uint32_t number) {
    pass_context *p = h->p;
    ir_module *m = p->m;
    const struct group *g = &h->groups[group];
    struct boundary b;
    if (!find_boundary(h, group, &b))
        return false;
    ir_loc loc = m->ops[h->func].loc;
    str name = arena_printf(&p->scratch, "%.*s_const_eval_%u", STR_ARG(symbol_name(m, h->func)), number);
    const attr_entry props[] = {{STR("sym_name"), ir_attr_string(p->c, name, true)},
                                {STR("sym_visibility"), ir_attr_string(p->c, STR("private"), false)},
                                {STR("function_type"), function_type(h, &b)}};
    const attr_entry kind = {STR("tt.function_type"), ir_attr_string(p->c, STR("const_eval"), false)};
    ir_edit_at(p->e, h->func);
    ir_op func = ir_build(p->e, &(ir_op_spec){.name = op_name(p, OP_func_func),
                                              .loc = loc,
                                              .props = make_dict(p, props, 3),
                                              .attrs = make_dict(p, &kind, 1),
                                              .n_regions = 1});
    ir_type *types = ARENA_ARRAY(&p->scratch, ir_type, b.n_in + 1);
    ir_loc *locs = ARENA_ARRAY(&p->scratch, ir_loc, b.n_in + 1);
    if (!func || !types || !locs || !name.p)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < b.n_in; i++) {
        types[i] = ir_value_type(m, b.in[i]);
        locs[i] = loc;
    }
    ir_block body = ir_new_block(p->e, ir_op_region(m, func, 0), types, locs, b.n_in);
    if (!body)
        return pass_out_of_memory(p);
    for (uint32_t i = 0; i < b.n_in; i++) {
        h->map[b.in[i]] = m->blocks[body].args + i;
        keep_conv_weight(h, func, i, b.in[i]);
    }
    ir_edit_at_end(p->e, body);
    return copy_ops(h, h->shared, h->n_shared) && copy_ops(h, g->ops.v, g->ops.n) && build_return(h, &b, loc) &&
           replace_group(h, group, &b, name);
}

/* ---- groups with functions of earlier runs --------------------------------------------------------------- */

static ir_op callee_of(struct hoist *h, ir_op load) {
    ir_attr callee = ir_op_attr(h->p->m, load, STR("callee"));
    ir_op func = callee ? lookup_symbol(h->p, ir_parent_op(h->p->m, h->func), ir_str_of(h->p->c, callee)) : 0;
    return body_of(h->p->m, func) ? func : 0;
}

/* Arguments of the function become those of the group, in order; the ones it has are a subsequence of them. */
static bool add_arguments(struct hoist *h, ir_op func, ir_op load, const struct boundary *b) {
    pass_context *p = h->p;
    ir_module *m = p->m;
    ir_block body = body_of(m, func);
    uint32_t had = 0;
    for (uint32_t i = 0; i < b->n_in; i++) {
        if (had < m->ops[load].n_operands && ir_operand(m, load, had) == b->in[i]) {
            had++;
            continue;
        }
        if (!ir_insert_arg(p->e, body, i, ir_value_type(m, b->in[i]), m->ops[func].loc))
            return pass_out_of_memory(p);
        keep_conv_weight(h, func, i, b->in[i]);
    }
    for (uint32_t i = 0; i < b->n_in; i++)
        h->map[b->in[i]] = m->blocks[body].args + i;
    return true;
}

/* Copies the body of another function that the group calls. */
static bool copy_function(struct hoist *h, ir_op load, ir_op func) {
    ir_module *m = h->p->m;
    ir_block body = body_of(m, func);
    ir_op end = m->blocks[body].last;
    for (uint32_t i = 0; i < m->blocks[body].n_args && i < m->ops[load].n_operands; i++)
        h->map[m->blocks[body].args + i] = h->map[ir_operand(m, load, i)];
    for (ir_op op = m->blocks[body].first; op && op != end; op = m->ops[op].next)
        if (!ir_clone_op(h->p->e, op, h->map, h->n_map))
            return pass_out_of_memory(h->p);
    for (uint32_t i = 0; i < m->ops[load].n_results && i < m->ops[end].n_operands; i++)
        h->map[ir_result(m, load, i)] = h->map[ir_operand(m, end, i)];
    return true;
}

/* Copies of shared ops that the function had already give way to these. */
static void merge_shared(struct hoist *h, ir_op func) {
    pass_context *p = h->p;
    ir_module *m = p->m;
    ir_block body = body_of(m, func);
    for (ir_op op = m->blocks[body].first, next; op; op = next) {
        next = m->ops[op].next;
        if (!is_shared(m, op))
            continue;
        for (ir_op first = m->blocks[body].first; first != op; first = m->ops[first].next) {
            if (m->ops[first].name != m->ops[op].name || m->ops[first].props != m->ops[op].props ||
                m->ops[first].attrs != m->ops[op].attrs)
                continue;
            ir_replace1(p->e, op, ir_result(m, first, 0));
            break;
        }
    }
}

/* The one shared op of a function, which must stand at its start, as a copy made now would; 0 when it is otherwise. */
static ir_op own_shared(const struct hoist *h, ir_block body) {
    const ir_module *m = h->p->m;
    ir_op found = m->blocks[body].first;
    if (h->n_shared != 1 || !is_shared(m, found) || m->ops[found].props != m->ops[h->shared[0]].props ||
        m->ops[found].attrs != m->ops[h->shared[0]].attrs)
        return 0;
    for (ir_op op = m->ops[found].next; op; op = m->ops[op].next)
        if (is_shared(m, op))
            return 0;
    return found;
}

/* Whether a call and the return of its function are what replace_group and build_return would make of them. */
static bool is_current(struct hoist *h, ir_op load, ir_op func, ir_op end) {
    pass_context *p = h->p;
    const ir_module *m = p->m;
    const ir_op_data *l = &m->ops[load], *r = &m->ops[end];
    ir_block body = body_of(m, func);
    ir_attr props = make_dict(p, &(attr_entry){STR("callee"), ir_op_attr(m, load, STR("callee"))}, 1);
    if (l->loc != m->ops[h->func].loc || l->attrs || l->props != props || r->loc != m->ops[func].loc || r->attrs ||
        r->props || l->n_results != r->n_operands || l->n_operands != m->blocks[body].n_args)
        return false;
    for (uint32_t i = 0; i < l->n_operands; i++) {
        ir_value v = ir_operand(m, load, i);
        bool arg = ir_is_block_arg(m, v) && ir_arg_block(m, v) == h->body;
        if (!arg || (i && ir_value_index(m, v) <= ir_value_index(m, ir_operand(m, load, i - 1))))
            return false;
    }
    for (uint32_t i = 0; i < l->n_results; i++)
        if (!ir_has_uses(p->e, l->results + i))
            return false;
    return true;
}

/* Uses op's operands anew: it becomes their newest user. */
static bool use_again(pass_context *p, ir_op op) {
    uint32_t n = p->m->ops[op].n_operands;
    ir_value *v = ARENA_ARRAY(&p->scratch, ir_value, n + 1);
    for (uint32_t i = 0; v && i < n; i++)
        v[i] = ir_operand(p->m, op, i);
    return v && ir_set_operands(p->e, op, v, n);
}

/* A group that is nothing but the call of a function of an earlier run would come out as it is, the call behind the others.
 * That is done here without making everything anew; so is what that does to the order of users, which later passes
 * follow. *kept tells whether the group was such a one. */
static bool keep_function(struct hoist *h, ir_op load, ir_op func, bool *kept) {
    pass_context *p = h->p;
    ir_module *m = p->m;
    ir_block body = body_of(m, func);
    ir_op end = m->blocks[body].last, shared = own_shared(h, body);
    *kept = (shared || !h->n_shared) && is_current(h, load, func, end);
    if (!*kept)
        return true;
    if (shared) {
        if (m->ops[shared].loc != m->ops[h->shared[0]].loc) {
            m->ops[shared].loc = m->ops[h->shared[0]].loc;
            p->e->changes++; /* no pattern looks at locations: what was tried in vain need not be tried again */
        }
        ir_edit_came_from(p->e, shared, h->shared[0]);
        ir_reverse_uses(p->e, ir_result(m, shared, 0));
    }
    for (uint32_t i = 0; i < m->ops[load].n_results; i++)
        ir_reverse_uses(p->e, ir_result(m, load, i));
    ir_op first = m->blocks[h->body].first;
    while (op_is(m, first, OP_ttcore_load_cached))
        first = m->ops[first].next;
    if (first && m->ops[load].next != first)
        ir_move_before(p->e, load, first);
    return (use_again(p, end) && use_again(p, load)) || pass_out_of_memory(p);
}

static bool extend_function(struct hoist *h, uint32_t group) {
    pass_context *p = h->p;
    ir_module *m = p->m;
    const struct group *g = &h->groups[group];
    struct boundary b;
    ir_op load = g->loads.v[0], func = callee_of(h, load);
    if (!func)
        return pass_error(p, load, "calls no const-eval function");
    for (size_t i = 1; i < g->loads.n; i++)
        if (!callee_of(h, g->loads.v[i]))
            return pass_error(p, g->loads.v[i], "calls no const-eval function");
    bool kept = false;
    if (g->loads.n == 1 && !g->ops.n && (!keep_function(h, load, func, &kept) || kept))
        return kept;
    if (!find_boundary(h, group, &b) || !add_arguments(h, func, load, &b))
        return false;
    ir_set_prop(p->e, func, STR("function_type"), function_type(h, &b));
    ir_block body = body_of(m, func);
    ir_op end = m->blocks[body].last;
    for (uint32_t i = 0; i < m->ops[load].n_results && i < m->ops[end].n_operands; i++)
        h->map[ir_result(m, load, i)] = ir_operand(m, end, i);
    ir_erase(p->e, end);
    ir_edit_at_start(p->e, body);
    if (!copy_ops(h, h->shared, h->n_shared))
        return false;
    ir_edit_at_end(p->e, body);
    for (size_t i = 1; i < g->loads.n; i++)
        if (!copy_function(h, g->loads.v[i], callee_of(h, g->loads.v[i])))
            return false;
    if (!copy_ops(h, g->ops.v, g->ops.n) || !build_return(h, &b, m->ops[func].loc))
        return false;
    merge_shared(h, func);
    if (!replace_group(h, group, &b, symbol_name(m, func)))
        return false;
    for (size_t i = 0; i < g->loads.n; i++) {
        if (i > 0)
            ir_erase(p->e, callee_of(h, g->loads.v[i]));
        ir_erase(p->e, g->loads.v[i]);
    }
    return true;
}

/* ---- the pass ------------------------------------------------------------------------------------------- */

/* The first free number for functions of `func`: behind those of the ones it has. */
static uint32_t first_number(pass_context *p, ir_op func) {
    const ir_module *m = p->m;
    str infix = STR("_const_eval_"), name = symbol_name(m, func);
    uint64_t next = 0, number;
    for (each_func(m, ir_parent_op(m, func), f)) {
        str other = symbol_name(m, f);
        if (str_eq(dialect_function_kind(m, f), STR("const_eval")) && str_starts_with(other, name) &&
            str_starts_with(str_from(other, name.n), infix) &&
            num_parse_u64(str_from(other, name.n + infix.n), &number) && number >= next)
            next = number + 1;
    }
    return (uint32_t)next;
}

static bool process_function(const struct hoist *arrays, ir_op func) {
    pass_context *p = arrays->p;
    struct hoist h = *arrays;
    h.func = func;
    h.body = body_of(p->m, func);
    str kind = dialect_function_kind(p->m, func);
    if (!h.body || str_eq(kind, STR("const_eval")) || str_eq(kind, STR("kernel")))
        return true;
    bool ok = gather_groups(&h), any_new = false;
    for (uint32_t i = 0; i < h.n_groups; i++)
        any_new = any_new || !h.groups[i].loads.n;
    uint32_t number = any_new ? first_number(p, func) : 0;
    uint32_t *order = ARENA_ARRAY(&p->scratch, uint32_t, h.n_groups + 1);
    ok = ok && (order || pass_out_of_memory(p)) && group_order(p, h.n_groups, order);
    for (uint32_t i = 0; ok && i < h.n_groups; i++) {
        if (h.groups[order[i]].loads.n)
            ok = extend_function(&h, order[i]);
        else
            ok = make_function(&h, order[i], number++);
    }
    for (uint32_t i = 0; i < h.n_groups; i++) {
        vec_free(&h.groups[i].ops);
        vec_free(&h.groups[i].loads);
    }
    return ok;
}

/* Bytes of L1 per core that the results of const-eval functions take. */
static uint64_t l1_usage(pass_context *p) {
    const ir_module *m = p->m;
    uint64_t total = 0;
    for (each_func_inside(m, p->scope, f)) {
        ir_block body = body_of(m, f);
        if (!body || !str_eq(dialect_function_kind(m, f), STR("const_eval")))
            continue;
        ir_op end = m->blocks[body].last;
        for (uint32_t i = 0; end && i < m->ops[end].n_operands; i++) {
            ir_type t = ir_value_type(m, ir_operand(m, end, i));
            ttnn_layout l;
            if (is_in_l1(p->c, t, &l))
                total += ttnn_l1_bytes(p->c, t, &l);
        }
    }
    return total;
}

bool pass_const_eval(pass_context *p) {
    ir_module *m = p->m;
    uint32_t n = 0;
    for (each_func_inside(m, p->scope, f))
        n++;
    ir_op *funcs = ARENA_ARRAY(&p->scratch, ir_op, n + 1);
    struct hoist h = {.p = p, .n_parent = m->n_ops, .n_map = m->n_values};
    h.parent = ARENA_ARRAY(&p->scratch, uint32_t, h.n_parent);
    h.group_of = ARENA_ARRAY(&p->scratch, uint32_t, h.n_parent);
    h.inside = ARENA_ARRAY(&p->scratch, uint32_t, h.n_parent);
    h.map = ARENA_ARRAY(&p->scratch, ir_value, h.n_map);
    if (!funcs || !h.parent || !h.group_of || !h.inside || !h.map)
        return pass_out_of_memory(p);
    n = 0;
    for (each_func_inside(m, p->scope, f))
        funcs[n++] = f;
    for (uint32_t i = 0; i < n; i++)
        if (m->ops[funcs[i]].name && !process_function(&h, funcs[i]))
            return false;
    if (!find_symbol(m, p->scope, STR("default_device")))
        return true;
    enum { CUSHION = 1024 };
    uint64_t usage = (l1_usage(p) + CUSHION + CUSHION - 1) / CUSHION * CUSHION;
    ir_type u64 = ir_type_integer(p->c, 64, IR_UNSIGNED);
    ir_set_attr(p->e, p->scope, STR("ttnn.l1_const_eval_usage"), ir_attr_int(p->c, u64, (int64_t)usage));
    return true;
}
