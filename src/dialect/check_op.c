/* An op against its table entry: counts, groups, attributes, types, regions, traits. In MLIR's order and words. */
#include "dialect/check_inner.h"
#include "ids.h"

/* ---- counts and groups ---------------------------------------------------------------------------------- */

/* Groups of exactly one, and whether there are others. */
static uint32_t fixed_groups(const value_def *v, uint32_t n, bool *varies) {
    uint32_t fixed = 0;
    for (uint32_t i = 0; i < n; i++)
        fixed += v[i].arity == ARITY_ONE;
    *varies = fixed < n;
    return fixed;
}

static bool check_operand_count(checker *k, uint32_t n) {
    bool varies;
    uint32_t fixed = fixed_groups(&dialect_values[k->def->operands], k->def->n_operands, &varies);
    if (varies ? n >= fixed : n == fixed)
        return true;
    if (varies)
        return ck_fail(k, "expected %u or more operands, but found %u", fixed, n);
    if (fixed == 0)
        return ck_fail(k, "requires zero operands");
    if (fixed == 1)
        return ck_fail(k, "requires a single operand");
    return ck_fail(k, "expected %u operands, but found %u", fixed, n);
}

static bool is_uninitialized(const ir_module *m, ir_value v, ir_type t) {
    ir_op maker = ir_is_block_arg(m, v) ? 0 : m->values[v].owner;
    str name = maker ? ir_op_name_str(m, maker) : STR("");
    return ir_value_type(m, v) == t && (str_eq(name, STR("ttir.empty")) || str_eq(name, STR("tensor.empty")));
}

/* The numbers in an attribute of segments; 0 when there is none. */
static uint32_t n_segments(const ir_module *m, ir_op op) {
    ir_attr a = ir_op_attr(m, op, STR("operandSegmentSizes"));
    return a && ir_kind_of(m->ctx, a) == IR_ATTR_DENSE_ARRAY ? (uint32_t)(ir_data(m->ctx, a).n / sizeof(int32_t)) : 0;
}

/* Whether a ttir op has as many operands more than today as it has results. */
static bool has_room(const ir_module *m, ir_op op, const op_def *d) {
    const ir_op_data *o = &m->ops[op];
    bool varies;
    if (!str_eq(dialect_prefix(dialect_text(d->name)), STR("ttir")))
        return false;
    uint32_t fixed = fixed_groups(&dialect_values[d->operands], d->n_operands, &varies), n = n_segments(m, op);
    if (varies ? o->n_operands < fixed + o->n_results : o->n_operands != fixed + o->n_results)
        return false;
    return !varies || !n || n == d->n_operands + 1u;
}

/* The form of an op that no table has. */
static check_older_form removed_form(const ir_module *m, ir_op op) {
    str name = ir_op_name_str(m, op);
    return str_eq(name, STR("ttir.convolution")) ? CHECK_OLDER_CONVOLUTION
           : str_eq(name, STR("ttir.pooling"))   ? CHECK_OLDER_POOLING
                                                 : CHECK_OLDER_NONE;
}

/* What is no case of an enum today is kept as text. */
static bool is_kept_as(const ir_module *m, ir_attr a, str word) {
    str text = a && ir_kind_of(m->ctx, a) == IR_ATTR_OPAQUE ? ir_str_of(m->ctx, ir_at(m->ctx, a, 1)) : STR("");
    return str_find(text, word) < text.n;
}

check_older_form check_older_form_of(const ir_module *m, ir_op op) {
    uint32_t def = ir_op_def(m, op);
    if (!def)
        return removed_form(m, op);
    switch (def - 1) {
    case OP_ttir_gather: return ir_op_attr(m, op, STR("offset_dims")) ? CHECK_OLDER_GATHER : CHECK_OLDER_NONE;
    case OP_ttir_scatter: return ir_op_attr(m, op, STR("update_window_dims")) ? CHECK_OLDER_SCATTER : CHECK_OLDER_NONE;
    case OP_ttir_mesh_shard:
        return is_kept_as(m, ir_op_attr(m, op, STR("shard_type")), STR("identity")) ? CHECK_OLDER_IDENTITY
                                                                                    : CHECK_OLDER_NONE;
    default: return CHECK_OLDER_NONE;
    }
}

bool check_is_destination_form(const ir_module *m, ir_op op) {
    const ir_op_data *o = &m->ops[op];
    const op_def *d = dialect_def_of(m, op);
    if (!o->n_results || o->n_operands <= o->n_results || !(d ? has_room(m, op, d) : removed_form(m, op)))
        return false;
    for (uint32_t i = 0; i < o->n_results; i++)
        if (!is_uninitialized(m, ir_operand(m, op, o->n_operands - o->n_results + i), ir_value_type(m, o->results + i)))
            return false;
    return true;
}

static bool check_result_count(checker *k, uint32_t n) {
    bool varies;
    uint32_t fixed = fixed_groups(&dialect_values[k->def->results], k->def->n_results, &varies);
    if (varies ? n >= fixed : n == fixed)
        return true;
    if (varies)
        return ck_fail(k, "expected %u or more results", fixed);
    if (fixed == 0)
        return ck_fail(k, "requires zero results");
    if (fixed == 1)
        return ck_fail(k, "requires one result");
    return ck_fail(k, "expected %u results", fixed);
}

/* The sizes in a segments attribute, checked against the number of values. */
static bool segments(checker *k, const char *name, const char *what, uint32_t n_groups, uint32_t total, uint32_t *at) {
    int64_t sizes[CK_MAX_GROUPS];
    ir_attr a = ck_attr(k, name);
    int n = a && ir_kind_of(k->ctx, a) == IR_ATTR_DENSE_ARRAY ? ck_ints(k, name, sizes, CK_MAX_GROUPS) : -1;
    if (n < 0)
        return ck_fail(k, "requires dense i32 array attribute '%s'", name);
    if ((uint32_t)n != n_groups)
        return ck_fail(k, "'%s' attribute for specifying %s segments must have %u elements, but got %d", name, what,
                       n_groups, n);
    uint64_t sum = 0;
    for (int i = 0; i < n; i++) {
        if (sizes[i] < 0)
            return ck_fail(k, "'%s' attribute cannot have negative elements", name);
        at[i] = (uint32_t)sum;
        sum += (uint64_t)sizes[i];
    }
    at[n] = (uint32_t)sum;
    if (sum != total)
        return ck_fail(k, "%s count (%u) does not match with the total size (%llu) specified in attribute '%s'", what,
                       total, (unsigned long long)sum, name);
    return true;
}

/* Groups without a segments attribute: the variable ones share what the fixed ones leave. */
static void deal_out(const value_def *v, uint32_t n_groups, uint32_t total, uint32_t *at) {
    bool varies;
    uint32_t fixed = fixed_groups(v, n_groups, &varies), rest = total - fixed, left = n_groups - fixed, next = 0;
    for (uint32_t i = 0; i < n_groups; i++) {
        at[i] = next;
        if (v[i].arity == ARITY_ONE) {
            next++;
        } else {
            uint32_t share = rest / left;
            next += share;
            rest -= share;
            left--;
        }
    }
    at[n_groups] = total;
}

static bool check_optional(checker *k, const char *what, const value_def *v, uint32_t n, const uint32_t *at) {
    for (uint32_t i = 0; i < n; i++)
        if (v[i].arity == ARITY_OPTIONAL && at[i + 1] - at[i] > 1)
            return ck_fail(k, "%s group starting at #%u requires 0 or 1 element, but found %u", what, at[i],
                           at[i + 1] - at[i]);
    return true;
}

bool ck_groups(checker *k) {
    const ir_op_data *o = &k->m->ops[k->op];
    const op_def *d = k->def;
    const value_def *in = &dialect_values[d->operands], *out = &dialect_values[d->results];
    if (!check_operand_count(k, o->n_operands) || !check_result_count(k, o->n_results))
        return false;
    if (d->flags & OP_OPERAND_SEGMENTS) {
        if (!segments(k, "operandSegmentSizes", "operand", d->n_operands, o->n_operands, k->operand_at))
            return false;
    } else {
        deal_out(in, d->n_operands, o->n_operands, k->operand_at);
    }
    if (d->flags & OP_RESULT_SEGMENTS) {
        if (!segments(k, "resultSegmentSizes", "result", d->n_results, o->n_results, k->result_at))
            return false;
    } else {
        deal_out(out, d->n_results, o->n_results, k->result_at);
    }
    return check_optional(k, "operand", in, d->n_operands, k->operand_at) &&
           check_optional(k, "result", out, d->n_results, k->result_at);
}

/* ---- regions and successors ----------------------------------------------------------------------------- */

static bool check_region_count(checker *k) {
    uint32_t n = k->m->ops[k->op].n_regions, fixed = 0;
    for (uint32_t i = 0; i < k->def->n_regions; i++)
        fixed += op_region_def(k->def, i)->arity == ARITY_ONE;
    if (fixed < k->def->n_regions)
        return n >= fixed || ck_fail(k, "expected %u or more regions", fixed);
    if (n == fixed)
        return true;
    if (fixed == 0)
        return ck_fail(k, "requires zero regions");
    if (fixed == 1)
        return ck_fail(k, "requires one region");
    return ck_fail(k, "expected %u regions", fixed);
}

static bool check_successor_count(checker *k) {
    uint32_t n = k->m->ops[k->op].n_successors, fixed = 0;
    for (uint32_t i = 0; i < k->def->n_successors; i++)
        fixed += op_successor_def(k->def, i)->arity == ARITY_ONE;
    if (fixed < k->def->n_successors)
        return n >= fixed || ck_fail(k, "requires at least %u successors but found %u", fixed, n);
    return n == fixed || ck_fail(k, "requires %u successor%s but found %u", fixed, fixed == 1 ? "" : "s", n);
}

static bool check_regions(checker *k) {
    const ir_module *m = k->m;
    const ir_op_data *o = &m->ops[k->op];
    for (uint32_t i = 0; i < o->n_regions; i++) {
        ir_region region = ir_op_region(m, k->op, i);
        uint32_t blocks = 0;
        for (ir_block b = m->regions[region].first; b && blocks < REGION_ANY_BLOCKS; b = m->blocks[b].next)
            blocks++;
        const op_region *r = op_region_def(k->def, i < k->def->n_regions ? i : k->def->n_regions - 1u);
        if (blocks < r->min_blocks || (r->max_blocks != REGION_ANY_BLOCKS && blocks > r->max_blocks)) {
            str name = dialect_text(r->name);
            if (r->min_blocks == r->max_blocks)
                return ck_fail(k, "region #%u%s%.*s%s failed to verify constraint: region with %u blocks", i,
                               name.n ? " ('" : "", STR_ARG(name), name.n ? "')" : "", r->min_blocks);
            return ck_fail(k, "region #%u%s%.*s%s failed to verify constraint: region with at least %u blocks", i,
                           name.n ? " ('" : "", STR_ARG(name), name.n ? "')" : "", r->min_blocks);
        }
        if ((k->def->flags & OP_SINGLE_BLOCK) && blocks > 1)
            return ck_fail(k, "expects region #%u to have 0 or 1 blocks", i);
        ir_block entry = m->regions[region].first;
        if ((k->def->flags & OP_NO_REGION_ARGUMENTS) && entry && m->blocks[entry].n_args)
            return ck_fail(k, "region should have no arguments");
    }
    return true;
}

static bool check_parent(checker *k) {
    ir_op around = ir_parent_op(k->m, k->op);
    /* Ops at the top of a file stand in the module the reader puts around them; MLIR says the same of them. */
    const op_def *parent = around ? dialect_def_of(k->m, around) : NULL;
    if (around && !parent)
        return true;
    for (uint32_t i = 0; i < k->def->n_parents; i++)
        if (parent == op_parent(k->def, i))
            return true;
    dtext names[UINT8_MAX];
    for (uint32_t i = 0; i < k->def->n_parents; i++)
        names[i] = op_parent(k->def, i)->name;
    ck_fail(k, "expects parent op %s'%.*s'", k->def->n_parents > 1 ? "to be one of " : "",
            STR_ARG(ck_join(k, names, k->def->n_parents)));
    return false;
}

/* ---- attributes ----------------------------------------------------------------------------------------- */

static bool check_attributes(checker *k) {
    for (uint32_t i = 0; i < k->def->n_attrs; i++) {
        const op_attr *a = op_attribute(k->def, i);
        if (a->flags & OP_ATTR_SEGMENTS)
            continue;
        str name = dialect_text(a->name);
        ir_attr value = ir_op_attr(k->m, k->op, name);
        if (!value) {
            if (a->flags & (OP_ATTR_OPTIONAL | OP_ATTR_DEFAULT))
                continue;
            return ck_fail(k, "requires attribute '%.*s'", STR_ARG(name));
        }
        if (dialect_attr_ok(k->ctx, a->constraint, value))
            continue;
        return ck_fail(k, "attribute '%.*s' failed to satisfy constraint: %.*s", STR_ARG(name),
                       STR_ARG(dialect_text(op_attr_constraint(a)->text)));
    }
    return true;
}

/* ---- types ---------------------------------------------------------------------------------------------- */

bool ck_type_ok(checker *k, uint32_t constraint, ir_type t) {
    uint64_t key = (uint64_t)constraint << 33 | (uint64_t)t << 1;
    uint64_t *memo = &k->type_memo[(key * STR_HASH_A) >> 52];
    if (*memo >> 1 != key >> 1)
        *memo = key | dialect_type_ok(k->ctx, constraint, t);
    return *memo & 1;
}

static bool check_types(checker *k, const char *what, const value_def *v, uint32_t n_groups, const uint32_t *at,
                        ir_type (*type_of)(checker *, uint32_t)) {
    for (uint32_t g = 0; g < n_groups; g++) {
        if (v[g].constraint == 0)
            continue;
        for (uint32_t i = at[g]; i < at[g + 1]; i++) {
            ir_type t = type_of(k, i);
            if (ck_type_ok(k, v[g].constraint, t))
                continue;
            str text = dialect_text(dialect_constraints[v[g].constraint].text), type = ck_print(k, t);
            return ck_fail(k, "%s #%u must be %s%.*s%s%.*s%s", what, i, v[g].arity == ARITY_ONE ? "" : "variadic of ",
                           STR_ARG(text), type.n ? ", but got '" : "", STR_ARG(type), type.n ? "'" : "");
        }
    }
    return true;
}

/* ---- traits that compare types -------------------------------------------------------------------------- */

static ir_type any_type(checker *k, uint32_t i) {
    uint32_t n = k->m->ops[k->op].n_operands;
    return i < n ? ck_operand(k, i) : ck_result(k, i - n);
}

/* Shapes that could be the same at run time: unranked with anything, '?' with any size. */
static bool compatible_shapes(checker *k, ir_type a, ir_type b) {
    int rank = ck_rank(k, a);
    bool shaped = ir_is_shaped(k->ctx, a);
    if (shaped != ir_is_shaped(k->ctx, b))
        return false;
    if (!shaped || rank < 0 || ck_rank(k, b) < 0)
        return true;
    if (rank != ck_rank(k, b))
        return false;
    for (int i = 0; i < rank; i++) {
        int64_t x = ck_dim(k, a, i), y = ck_dim(k, b, i);
        if (x != y && x != IR_DYNAMIC && y != IR_DYNAMIC)
            return false;
    }
    return true;
}

/* The same type but for sizes only known at run time and encodings. */
static bool compatible_types(checker *k, ir_type a, ir_type b) {
    return a == b || (ck_element(k, a) == ck_element(k, b) && ir_is_shaped(k->ctx, a) && compatible_shapes(k, a, b));
}

static bool same_element(checker *k, ir_type a, ir_type b) {
    return ck_element(k, a) == ck_element(k, b);
}

static bool same_rank(checker *k, ir_type a, ir_type b) {
    int x = ck_rank(k, a), y = ck_rank(k, b);
    return x < 0 || y < 0 || x == y;
}

static const struct same_trait {
    uint64_t flag;
    bool results; /* of operands and results, not only of operands */
    bool (*same)(checker *k, ir_type a, ir_type b);
    const char *message;
} same_traits[] = {
    {OP_SAME_OPERANDS_SHAPE, false, compatible_shapes, "requires the same shape for all operands"},
    {OP_SAME_OPERAND_RESULT_SHAPE, true, compatible_shapes, "requires the same shape for all operands and results"},
    {OP_SAME_OPERANDS_ELEMENT, false, same_element, "requires the same element type for all operands"},
    {OP_SAME_OPERAND_RESULT_ELEMENT, true, same_element, "requires the same element type for all operands and results"},
    {OP_SAME_OPERAND_RESULT_TYPE, true, compatible_types, "requires the same type for all operands and results"},
    {OP_SAME_OPERANDS_TYPE, false, compatible_types, "requires all operands to have the same type"},
    {OP_SAME_OPERAND_RESULT_RANK, true, same_rank, "operands don't have matching ranks"},
};

static bool check_same(checker *k) {
    const ir_op_data *o = &k->m->ops[k->op];
    for (size_t t = 0; t < sizeof same_traits / sizeof *same_traits; t++) {
        const struct same_trait *trait = &same_traits[t];
        if (!(k->def->flags & trait->flag))
            continue;
        uint32_t n = o->n_operands + (trait->results ? o->n_results : 0);
        for (uint32_t i = 1; i < n; i++)
            if (!trait->same(k, any_type(k, 0), any_type(k, i)))
                return ck_fail(k, "%s", trait->message);
    }
    return true;
}

/* The types of a rule's variable: [*first, *end) of the op's operands or results; attributes have one. */
static bool rule_types(checker *k, uint16_t var, ir_type *one) {
    uint32_t i = var_index_of(var);
    switch (var_kind_of(var)) {
    case VAR_OPERAND:
        if (k->operand_at[i] == k->operand_at[i + 1])
            return false;
        *one = ck_operand(k, k->operand_at[i]);
        return true;
    case VAR_RESULT:
        if (k->result_at[i] == k->result_at[i + 1])
            return false;
        *one = ck_result(k, k->result_at[i]);
        return true;
    case VAR_ATTR: {
        ir_attr a = ir_op_attr(k->m, k->op, dialect_text(op_attribute(k->def, i)->name));
        switch (ir_kind_of(k->ctx, a)) {
        case IR_ATTR_INTEGER:
        case IR_ATTR_FLOAT:
        case IR_ATTR_DENSE:
        case IR_ATTR_DENSE_STRINGS:
        case IR_ATTR_RESOURCE:
        case IR_ATTR_SPARSE: *one = ir_at(k->ctx, a, 0); return true;
        default: return false;
        }
    }
    default: return false;
    }
}

/* "{value, result}" */
static str rule_names(checker *k, const type_rule *rule) {
    dtext names[UINT8_MAX];
    for (uint32_t i = 0; i < rule->n; i++) {
        uint16_t var = dialect_refs[rule->first + i];
        uint32_t index = var_index_of(var);
        names[i] = var_kind_of(var) == VAR_OPERAND  ? op_operand(k->def, index)->name
                   : var_kind_of(var) == VAR_RESULT ? op_result(k->def, index)->name
                                                    : op_attribute(k->def, index)->name;
    }
    return ck_join(k, names, rule->n);
}

/* A scalar of type `element`, or a vector or tensor of it in the shape of `like`. */
static bool is_like(checker *k, ir_type t, ir_type element, ir_type like) {
    return ck_element(k, t) == element && compatible_shapes(k, t, like);
}

/* Whether `to` follows from `from`; true when that cannot be told without making types. */
static bool transforms(checker *k, uint8_t transform, ir_type from, ir_type to) {
    const ir_context *c = k->ctx;
    switch ((type_transform)transform) {
    case TRANSFORM_SAME: return from == to;
    case TRANSFORM_ELEMENT: return ir_element_type(c, from) == from || ir_element_type(c, from) == to;
    case TRANSFORM_ELEMENT_OR_SELF: return ck_element(k, from) == to;
    case TRANSFORM_I1_SAME_SHAPE: return is_like(k, to, c->t_i1, from);
    case TRANSFORM_INDEX_SAME_SHAPE: return is_like(k, to, c->t_index, from);
    case TRANSFORM_I32_SAME_SHAPE: return is_like(k, to, c->t_i32, from);
    case TRANSFORM_COMPLEX_ELEMENT: return ir_kind_of(c, from) != IR_TYPE_COMPLEX || ir_at(c, from, 0) == to;
    case TRANSFORM_COMPLEX_OF: return ir_kind_of(c, to) == IR_TYPE_COMPLEX && ir_at(c, to, 0) == from;
    default: return true;
    }
}

static const struct rule_class {
    bool (*same)(checker *k, ir_type a, ir_type b);
    const char *what;
} rule_classes[] = {
    [RULE_SAME_TYPE] = {compatible_types, "type"},
    [RULE_SAME_ELEMENT_TYPE] = {same_element, "element type"},
    [RULE_SAME_SHAPE] = {compatible_shapes, "shape"},
    [RULE_SAME_RANK] = {same_rank, "rank"},
};

static bool check_rule(checker *k, const type_rule *rule) {
    ir_type first, other;
    if (rule->n < 2 || !rule_types(k, dialect_refs[rule->first], &first))
        return true;
    bool good = true;
    for (uint32_t i = 1; i < rule->n && good; i++) {
        if (!rule_types(k, dialect_refs[rule->first + i], &other))
            continue;
        good = rule->kind == RULE_TRANSFORM ? transforms(k, rule->transform, first, other)
                                            : rule_classes[rule->kind].same(k, first, other);
    }
    if (good)
        return true;
    if (rule->text)
        return ck_fail(k, "failed to verify that %.*s", STR_ARG(dialect_text(rule->text)));
    return ck_fail(k, "failed to verify that all of {%.*s} have same %s", STR_ARG(rule_names(k, rule)),
                   rule->kind == RULE_TRANSFORM ? "type" : rule_classes[rule->kind].what);
}

static bool check_rules(checker *k) {
    for (uint32_t i = 0; i < k->def->n_rules; i++)
        if (!check_rule(k, op_rule(k->def, i)))
            return false;
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

bool ck_table(checker *k) {
    const op_def *d = k->def;
    bool varies; /* then the destination could be meant as an operand that may be left out */
    fixed_groups(&dialect_values[d->operands], d->n_operands, &varies);
    if ((!varies || k->options.older_forms) && check_is_destination_form(k->m, k->op)) {
        ck_warn_destination(k);
        return false;
    }
    check_older_form form = check_older_form_of(k->m, k->op);
    if (form == CHECK_OLDER_GATHER || form == CHECK_OLDER_SCATTER) {
        ir_op_warning(&k->r, k->op, "has attributes that older versions of tt-mlir wrote; not checked further");
        return false;
    }
    if (!check_region_count(k) || !check_successor_count(k) || !ck_groups(k))
        return false;
    if ((d->flags & OP_HAS_PARENT) && !check_parent(k))
        return false;
    if (!check_attributes(k))
        return false;
    if (!check_types(k, "operand", &dialect_values[d->operands], d->n_operands, k->operand_at, ck_operand) ||
        !check_types(k, "result", &dialect_values[d->results], d->n_results, k->result_at, ck_result))
        return false;
    if (k->m->ops[k->op].n_regions && !check_regions(k))
        return false;
    return check_same(k) && check_rules(k);
}
