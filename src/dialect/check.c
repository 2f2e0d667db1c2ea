/* The checker's walk: structure first, then every op against its table and its rules.
 *
 * Big modules repeat themselves: an op with the same name, attributes and types as one that passed is not looked at
 * again. The hash of those is 64 bits, kept in a table without chains, so forgetting costs time and nothing else.
 */
#include "dialect/check_inner.h"

/* ---- attributes and types inside an op ------------------------------------------------------------------ */

/* The nodes a node is made of: words first, first + step, ... of its payload. */
static void parts_of(const ir_context *c, ir_node n, uint32_t *first, uint32_t *count, uint32_t *step) {
    uint32_t words = ir_count(c, n);
    *first = 0;
    *step = 1;
    switch (ir_kind_of(c, n)) {
    case IR_TYPE_COMPLEX:
    case IR_TYPE_VECTOR:
    case IR_TYPE_UNRANKED_TENSOR:
    case IR_ATTR_TYPE:
    case IR_ATTR_DENSE:
    case IR_ATTR_DENSE_STRINGS:
    case IR_ATTR_DENSE_ARRAY:
    case IR_ATTR_RESOURCE: *count = 1; break;
    case IR_TYPE_TENSOR:
    case IR_TYPE_UNRANKED_MEMREF: *count = 2; break;
    case IR_TYPE_MEMREF: *count = 3; break;
    case IR_TYPE_TUPLE:
    case IR_ATTR_ARRAY: *count = words; break;
    case IR_TYPE_FUNCTION:
    case IR_TYPE_DIALECT:
    case IR_ATTR_DIALECT:
        *first = 1;
        *count = words - 1;
        break;
    case IR_ATTR_DICT:
        *first = 1;
        *step = 2;
        *count = words / 2;
        break;
    default: *count = 0;
    }
}

/* Whether a node of this kind can be or hold a dialect's attribute or type. */
static bool holds_nodes(ir_kind kind) {
    switch (kind) {
    case IR_TYPE_INTEGER:
    case IR_TYPE_FLOAT:
    case IR_TYPE_INDEX:
    case IR_TYPE_NONE: return false;
    default: return ir_is_type(kind) || (kind >= IR_ATTR_ARRAY && kind <= IR_ATTR_DIALECT);
    }
}

/* Checks a node and all nodes in it that were not checked before. */
static bool check_nodes(checker *k, ir_node top) {
    VEC(ir_node) work;
    vec_init(&work, k->mem);
    bool good = true;
    vec_push(&work, top);
    while (work.n) {
        ir_node n = vec_pop(&work);
        if (!holds_nodes(ir_kind_of(k->ctx, n)))
            continue;
        bool added;
        if (!map_u64_put(&k->nodes, n, 1, &added)) {
            k->oom = true;
            break;
        }
        if (!added)
            continue;
        str message;
        if (!check_attr(k->ctx, n, &k->arena, &message)) {
            good = ck_fail_plain(k, "%.*s", STR_ARG(message));
            continue;
        }
        uint32_t first, count, step;
        parts_of(k->ctx, n, &first, &count, &step);
        for (uint32_t i = 0; i < count; i++)
            vec_push(&work, ir_at(k->ctx, n, first + i * step));
    }
    k->oom |= work.failed;
    vec_free(&work);
    return good;
}

static bool check_op_nodes(checker *k) {
    const ir_op_data *o = &k->m->ops[k->op];
    bool good = true;
    for (uint32_t i = 0; i < o->n_operands; i++)
        good &= check_nodes(k, ck_operand(k, i));
    for (uint32_t i = 0; i < o->n_results; i++)
        good &= check_nodes(k, ck_result(k, i));
    if (o->props)
        good &= check_nodes(k, o->props);
    if (o->attrs)
        good &= check_nodes(k, o->attrs);
    return good;
}

/* ---- ops ------------------------------------------------------------------------------------------------ */

static inline uint64_t mix(uint64_t h, uint64_t v) {
    return str_mix(h ^ v, STR_HASH_A);
}

/* What the checks of an op alone depend on. Never 0. */
static uint64_t signature(const ir_module *m, ir_op op) {
    const ir_op_data *o = &m->ops[op];
    uint64_t h = mix(STR_HASH_B, o->name);
    h = mix(h, (uint64_t)o->props << 32 | o->attrs);
    h = mix(h, (uint64_t)o->n_operands << 32 | o->n_results);
    const uint32_t *operands = m->pool + o->operands;
    for (uint32_t i = 0; i < o->n_operands; i++)
        h = mix(h, m->values[operands[i]].type);
    for (uint32_t i = 0; i < o->n_results; i++)
        h = mix(h, m->values[o->results + i].type);
    return h | 1;
}

static const ck_rule *find_rule(const ck_rule *rules, str name) {
    for (; rules->op; rules++)
        if (str_eq(str_from_z(rules->op), name))
            return rules;
    return NULL;
}

/* The rule of the current op by itself, NULL if it has none. */
static const ck_rule *local_rule(checker *k) {
    str name = dialect_text(k->def->name), dialect = dialect_prefix(name);
    if (str_eq(dialect, STR("ttir")))
        return find_rule(ck_rules_ttir, name);
    if (str_eq(dialect, STR("ttnn")))
        return find_rule(ck_rules_ttnn, name);
    const ck_rule *rule = find_rule(ck_rules_misc, name);
    return rule ? rule : find_rule(ck_rules_upstream, name);
}

/* Whether every shaped type of the op has a known shape of a rank that rules can hold. */
static bool has_plain_shapes(checker *k) {
    const ir_op_data *o = &k->m->ops[k->op];
    for (uint32_t i = 0; i < o->n_operands + o->n_results; i++) {
        ir_type t = i < o->n_operands ? ck_operand(k, i) : ck_result(k, i - o->n_operands);
        int rank = ck_rank(k, t);
        if (!ir_is_shaped(k->ctx, t))
            continue;
        if (rank < 0 || rank > CK_MAX_DIMS)
            return false;
        for (int d = 0; d < rank; d++)
            if (ck_dim(k, t, d) < 0)
                return false;
    }
    return true;
}

static bool check_rule(checker *k) {
    const ck_rule *rule = local_rule(k);
    return !rule || (!rule->dynamic && !has_plain_shapes(k)) || rule->fn(k);
}

static void check_one(checker *k, ir_op op, const uint8_t *in_context) {
    const ir_op_data *o = &k->m->ops[op];
    uint32_t def = k->ctx->names[o->name].def;
    if (!def || (o->flags & IR_OP_OPAQUE))
        return;
    k->op = op;
    k->def = &dialect_ops[def - 1];
    bool alone = !o->n_regions && !o->n_successors && !(k->def->flags & OP_HAS_PARENT);
    uint64_t hash = alone ? signature(k->m, op) : 0;
    uint64_t *slot = &k->seen[hash >> 20 & (CK_SEEN - 1)];
    bool known = alone && *slot == hash;
    if (known && !in_context[def])
        return;
    struct arena_mark mark = arena_mark(&k->arena);
    bool good = known ? ck_groups(k) : ck_table(k) && check_op_nodes(k);
    good = good && (known || check_rule(k));
    if (good && alone)
        *slot = hash;
    if (good && in_context[def])
        ck_rules_context[in_context[def] - 1].fn(k);
    arena_reset(&k->arena, mark);
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

/* One byte of traits per op name. NULL when out of memory. */
static uint8_t *name_traits(checker *k) {
    uint8_t *traits = mem_alloc_zero(k->mem, k->ctx->n_names);
    if (!traits)
        return NULL;
    for (uint32_t i = 1; i < k->ctx->n_names; i++) {
        if (!k->ctx->names[i].def)
            continue;
        uint64_t flags = dialect_ops[k->ctx->names[i].def - 1].flags;
        traits[i] =
            (uint8_t)(IR_TRAIT_KNOWN | (flags & OP_TERMINATOR ? IR_TRAIT_TERMINATOR : 0) |
                      (flags & OP_ISOLATED ? IR_TRAIT_ISOLATED : 0) | (flags & OP_GRAPH_REGION ? IR_TRAIT_GRAPH : 0) |
                      (flags & OP_NO_TERMINATOR ? IR_TRAIT_NO_TERMINATOR : 0) |
                      (flags & OP_SYMBOL_TABLE ? IR_TRAIT_SYMBOL_TABLE : 0));
    }
    return traits;
}

/* For each op definition + 1, its number in ck_rules_context + 1, or 0. NULL when out of memory. */
static uint8_t *context_rules(checker *k) {
    uint8_t *rules = mem_alloc_zero(k->mem, dialect_n.ops + 1);
    if (!rules)
        return NULL;
    for (uint32_t i = 0; ck_rules_context[i].op; i++)
        rules[dialect_resolve(str_from_z(ck_rules_context[i].op))] = (uint8_t)(i + 1);
    rules[0] = 0;
    return rules;
}

static void check_ops(checker *k) {
    k->seen = mem_alloc_zero(k->mem, CK_SEEN * sizeof *k->seen);
    k->type_memo = mem_alloc_zero(k->mem, CK_TYPE_MEMO * sizeof *k->type_memo);
    uint8_t *in_context = context_rules(k);
    if (k->seen && k->type_memo && in_context) {
        const ir_module *m = k->m;
        for (ir_op op = m->root; op && !k->oom && !diags_full(k->r.d); op = ir_walk_next(m, m->root, op))
            check_one(k, op, in_context);
    } else {
        k->oom = true;
    }
    mem_free(k->mem, k->seen, CK_SEEN * sizeof *k->seen);
    mem_free(k->mem, k->type_memo, CK_TYPE_MEMO * sizeof *k->type_memo);
    mem_free(k->mem, in_context, dialect_n.ops + 1);
}

bool check_module(const ir_module *m, const check_options *o, struct diags *d) {
    size_t before = d->errors;
    checker k = {.m = m, .ctx = m->ctx, .mem = m->mem, .r = ir_report_begin(m, d)};
    if (o)
        k.options = *o;
    arena_init(&k.arena, k.mem);
    map_u64_init(&k.nodes, k.mem);
    uint8_t *traits = name_traits(&k);
    if (traits) {
        k.oom = !ir_symbols_build(m, traits, &k.r, &k.symbols);
        if (!k.oom && !k.options.structure_only)
            check_ops(&k);
        if (!k.oom && !diags_full(d))
            k.oom = !ir_verify(&k.r, traits);
        ir_symbols_free(&k.symbols);
    } else {
        k.oom = true;
    }
    mem_free(k.mem, traits, k.ctx->n_names);
    map_u64_free(&k.nodes);
    arena_free(&k.arena);
    if (k.oom)
        diag_out_of_memory(d);
    return d->errors == before;
}
