/* read_op.c - the op under construction: its attribute lists, and making the op of them.
 *
 * Inherent attributes of ops in the tables: those written in {} move to the properties, names the table does not have
 * are dropped from <{}>, and attributes that always have a value get their default. What comes out is looked up by (op,
 * written dictionary), so that the thousandth op with the same attributes costs a look-up.
 */
#include "text/read_inner.h"

/* ---- adding --------------------------------------------------------------------------------------------- */

static bool add_pair(reader *r, rd_stack *s, ir_str key, ir_attr value) {
    return key && value ? rd_put(r, s, key) && rd_put(r, s, value) : rd_oom(r);
}

bool rd_add_prop_node(reader *r, ir_str key, ir_attr value) {
    return add_pair(r, &r->props, key, value);
}

bool rd_add_attr_node(reader *r, ir_str key, ir_attr value) {
    return add_pair(r, &r->attrs, key, value);
}

bool rd_add_prop(reader *r, str key, ir_attr value) {
    return rd_add_prop_node(r, rd_slice(r, key), value);
}

bool rd_add_attr(reader *r, str key, ir_attr value) {
    return rd_add_attr_node(r, rd_slice(r, key), value);
}

bool rd_add_segments(reader *r, str key, const uint32_t *sizes, uint32_t n) {
    return rd_add_prop(r, key, rd_made(r, ir_attr_dense_array(r->ctx, r->ctx->t_i32, sizes, n * sizeof *sizes, true)));
}

ir_attr rd_get_attr(const reader *r, const rd_op *op, str key) {
    for (uint32_t i = op->props; i + 1 < r->props.n; i += 2)
        if (str_eq(ir_str_of(r->ctx, r->props.w[i]), key))
            return r->props.w[i + 1];
    for (uint32_t i = op->attrs; i + 1 < r->attrs.n; i += 2)
        if (str_eq(ir_str_of(r->ctx, r->attrs.w[i]), key))
            return r->attrs.w[i + 1];
    return 0;
}

/* Appends the entries of a dictionary. */
static bool add_dict(reader *r, rd_stack *s, ir_attr dict) {
    for (uint32_t i = 0; i + 1 < ir_count(r->ctx, dict); i += 2)
        if (!add_pair(r, s, ir_at(r->ctx, dict, i), ir_at(r->ctx, dict, i + 1)))
            return false;
    return true;
}

static bool read_dict_into(reader *r, rd_stack *s) {
    ir_attr dict = rd_dict(r);
    return dict && add_dict(r, s, dict);
}

bool rd_opt_attr_dict(reader *r, rd_op *op) {
    (void)op;
    return !rd_is(r, '{') || read_dict_into(r, &r->attrs);
}

bool rd_opt_attr_dict_keyword(reader *r, rd_op *op) {
    (void)op;
    return !rd_accept_keyword(r, "attributes") || read_dict_into(r, &r->attrs);
}

bool rd_opt_prop_dict(reader *r, rd_op *op) {
    (void)op;
    if (!rd_is(r, '<') || r->p[1] != '{')
        return true;
    rd_take(r, 1);
    return read_dict_into(r, &r->props) && rd_expect(r, '>');
}

/* ---- properties ----------------------------------------------------------------------------------------- */

/* Sets a key in a list of pairs that starts at `mark` on the stack: a later value replaces an earlier one. */
static bool set_pair(reader *r, uint32_t mark, ir_str key, ir_attr value) {
    uint32_t *w = rd_words(r, mark), n = rd_mark(r) - mark;
    for (uint32_t i = 0; i < n; i += 2) {
        if (w[i] == key) {
            w[i + 1] = value;
            return true;
        }
    }
    return rd_push(r, key) && rd_push(r, value);
}

/* The entries of `dict` that are inherent (or that are not) onto the stack. */
static bool pick(reader *r, const op_def *def, ir_attr dict, bool inherent, uint32_t mark) {
    if (!dict)
        return true;
    for (uint32_t i = 0; i + 1 < ir_count(r->ctx, dict); i += 2) {
        ir_str key = ir_at(r->ctx, dict, i);
        uint32_t index;
        const op_attr *a = op_find_attr(def, ir_str_of(r->ctx, key), &index);
        bool is = a != NULL;
        if (is == inherent && !set_pair(r, mark, key, ir_at(r->ctx, dict, i + 1)))
            return false;
    }
    return true;
}

/* Dictionary of the pairs from `mark` on, 0 when there are none; cuts the stack. False when out of memory. */
static bool dict_of_pairs(reader *r, uint32_t mark, ir_attr *out) {
    uint32_t n = (rd_mark(r) - mark) / 2;
    ir_str dup;
    *out = n ? ir_attr_dict(r->ctx, rd_words(r, mark), n, &dup) : 0;
    rd_pop(r, mark);
    return n == 0 || *out || rd_oom(r);
}

/* The default of an attribute of the tables, 0 when it has none that can be expressed. */
static ir_attr preset_of(reader *r, const op_attr *a) {
    const attr_constraint *c = op_attr_constraint(a);
    ir_type type = 0;
    if (c->type) {
        ir_attr t = rd_attr_of_text(r, dialect_text(c->type), 0);
        if (t && ir_kind_of(r->ctx, t) == IR_ATTR_TYPE)
            type = ir_at(r->ctx, t, 0);
    }
    str text = dialect_text(a->preset);
    ir_attr value = type ? rd_attr_of_text(r, text, type) : 0;
    return value ? value : rd_attr_of_text(r, text, 0);
}

/* Says once for each op name and key that a written property is not one of today's (it is left out, as MLIR does). */
static bool warn_of_dropped(reader *r, const op_def *def, ir_attr props, uint32_t at) {
    for (uint32_t i = 0; props && i + 1 < ir_count(r->ctx, props); i += 2) {
        ir_str key = ir_at(r->ctx, props, i);
        uint32_t index;
        bool added;
        if (op_find_attr(def, ir_str_of(r->ctx, key), &index))
            continue;
        if (!map_u64_put(&r->t->dropped, (uint64_t)(dialect_op_index(def) + 1) << 32 | key, 1, &added))
            return rd_oom(r);
        if (added)
            rd_warn(r, at, "'%.*s' has no property '%.*s': it is left out", STR_ARG(dialect_text(def->name)),
                    STR_ARG(ir_str_of(r->ctx, key)));
    }
    return true;
}

/* Whether a property is missing that the op must have today: then it is of another version, and what that one wrote is kept. */
static bool lacks_required(const reader *r, const op_def *def, ir_attr props, ir_attr attrs) {
    for (uint32_t i = 0; props && i < def->n_attrs; i++) {
        const op_attr *a = op_attribute(def, i);
        str name = dialect_text(a->name);
        if (!(a->flags & (OP_ATTR_DEFAULT | OP_ATTR_OPTIONAL)) && !ir_dict_get(r->ctx, props, name) &&
            !(attrs && ir_dict_get(r->ctx, attrs, name)))
            return true;
    }
    return false;
}

bool rd_split_props(reader *r, const op_def *def, uint32_t at, ir_attr *props, ir_attr *attrs) {
    if (!def)
        return true;
    rd_tables *t = r->t;
    uint64_t key = (uint64_t)(dialect_op_index(def) + 1) << 32 | *props;
    uint32_t *known = !*attrs ? map_u64_get(&t->props, key) : NULL;
    if (known) {
        *props = *known;
        return true;
    }
    bool keep = !*attrs, older = lacks_required(r, def, *props, *attrs);
    uint32_t mark = rd_mark(r);
    if ((!older && !warn_of_dropped(r, def, *props, at)) || !pick(r, def, *props, true, mark) ||
        !pick(r, def, *attrs, true, mark) || (older && !pick(r, def, *props, false, mark)))
        return false;
    for (uint32_t i = 0; i < def->n_attrs; i++) {
        const op_attr *a = op_attribute(def, i);
        if ((a->flags & (OP_ATTR_DEFAULT | OP_ATTR_OPTIONAL)) != OP_ATTR_DEFAULT || !a->preset)
            continue;
        ir_str name = rd_slice(r, dialect_text(a->name));
        bool there = false;
        for (uint32_t k = mark; k < rd_mark(r); k += 2)
            there = there || r->stack.w[k] == name;
        if (there)
            continue;
        ir_attr value = preset_of(r, a);
        if (value && (!rd_push(r, name) || !rd_push(r, value)))
            return false;
    }
    if (!dict_of_pairs(r, mark, props) || !pick(r, def, *attrs, false, mark) || !dict_of_pairs(r, mark, attrs))
        return false;
    bool added;
    if (keep) {
        uint32_t *slot = map_u64_put(&t->props, key, *props, &added);
        if (!slot)
            return rd_oom(r);
    }
    return true;
}

/* The dictionary of the pairs on one of the op's own stacks; a key set twice keeps its last value. */
static bool own_dict(reader *r, rd_stack *s, uint32_t from, ir_attr *out) {
    uint32_t mark = rd_mark(r);
    for (uint32_t i = from; i + 1 < s->n; i += 2)
        if (!set_pair(r, mark, s->w[i], s->w[i + 1]))
            return false;
    s->n = from;
    return dict_of_pairs(r, mark, out);
}

/* ---- making the op -------------------------------------------------------------------------------------- */

void rd_op_begin(reader *r, rd_op *op) {
    *op = (rd_op){
        .at = rd_pos(r),
        .start = rd_pos(r),
        .operands = r->operands.n,
        .types = r->types.n,
        .props = r->props.n,
        .attrs = r->attrs.n,
        .regions = r->regions.n,
        .successors = r->successors.n,
        .mark = rd_mark(r),
        .names = rd_mark(r),
    };
}

void rd_op_drop(reader *r, const rd_op *op) {
    r->operands.n = op->operands;
    r->types.n = op->types;
    r->props.n = op->props;
    r->attrs.n = op->attrs;
    r->regions.n = op->regions;
    r->successors.n = op->successors;
    rd_pop(r, op->mark);
}

/* Gives the names before '=' to the results. */
static bool bind_results(reader *r, const rd_op *op, ir_op made) {
    ir_op_data *d = ir_op_at(r->m, made);
    if (!op->n_names)
        return true;
    if (UNLIKELY(d->n_results != op->n_bound)) {
        if (d->n_results == 0)
            rd_report(r, DIAG_ERROR, op->start, "cannot name an operation with no results");
        else
            rd_report(r, DIAG_ERROR, op->start, "operation defines %u results but was provided %u to bind",
                      (unsigned)d->n_results, (unsigned)op->n_bound);
        return false;
    }
    ir_value v = d->results;
    for (uint32_t i = 0; i < op->n_names; i++) {
        const uint32_t *w = rd_words(r, op->names) + 3 * (size_t)i;
        uint32_t at = w[0], id = w[1], n = w[2];
        for (uint32_t k = 0; k < n; k++)
            ir_value_at(r->m, v + k)->name = at + 1;
        if (!rd_define(r, at, id, v, n))
            return false;
        v += n;
    }
    return true;
}

ir_op rd_op_finish(reader *r, rd_op *op, ir_block block, uint32_t flags) {
    ir_module *m = r->m;
    uint32_t end = (uint32_t)(r->tok_end - r->begin);
    ir_attr props = op->props_dict, attrs = op->attrs_dict;
    if (r->props.n > op->props && !own_dict(r, &r->props, op->props, &props))
        return 0;
    if (r->attrs.n > op->attrs && !own_dict(r, &r->attrs, op->attrs, &attrs))
        return 0;
    if (!(flags & IR_OP_OPAQUE)) {
        if (!rd_split_props(r, op->def, op->at, &props, &attrs))
            return 0;
        if (props == r->ctx->a_empty_dict)
            props = 0;
    }
    if (attrs == r->ctx->a_empty_dict)
        attrs = 0;
    if (r->regions.n - op->regions > UINT16_MAX || r->successors.n - op->successors > UINT16_MAX) {
        rd_report(r, DIAG_ERROR, op->at, "more than %d regions or successors", UINT16_MAX);
        return 0;
    }
    ir_loc loc = op->loc ? op->loc : rd_loc_at(r, op->at);
    ir_op made = loc ? ir_op_new(m, op->name, loc) : 0;
    if (!made || !ir_op_set_operands(m, made, r->operands.w + op->operands, r->operands.n - op->operands) ||
        !ir_op_set_results(m, made, r->types.w + op->types, r->types.n - op->types) ||
        !ir_op_set_children(m, made, r->regions.w + op->regions, r->regions.n - op->regions,
                            r->successors.w + op->successors, r->successors.n - op->successors))
        return rd_oom(r);
    ir_op_data *d = ir_op_at(m, made);
    d->props = props;
    d->attrs = attrs;
    d->src = op->start;
    d->src_end = end;
    d->flags = flags;
    ir_block_append(m, block, made);
    return bind_results(r, op, made) ? made : 0;
}
