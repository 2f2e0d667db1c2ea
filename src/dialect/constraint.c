/* constraint.c - whether a type or an attribute satisfies a constraint of the tables.
 *
 * Both answer true when in doubt (D2): for dialect types whose element type or shape we cannot see, and for text that was
 * kept as it is. Recursion goes down the predicate trees, which are ours, and down nested tuples, which are not: those are
 * followed MAX_TUPLES deep.
 */
#include "dialect/dialect.h"

enum { MAX_TUPLES = 32 };

static bool pred_ok(const ir_context *c, uint32_t pred, ir_type t, uint32_t tuples);

static bool is_dialect_type(ir_kind k) {
    return k == IR_TYPE_DIALECT || k == IR_TYPE_OPAQUE;
}

static uint32_t kind_mask(ir_kind k) {
    switch (k) {
    case IR_TYPE_TENSOR: return TYPE_IS_TENSOR;
    case IR_TYPE_UNRANKED_TENSOR: return TYPE_IS_UNRANKED_TENSOR;
    case IR_TYPE_MEMREF: return TYPE_IS_MEMREF;
    case IR_TYPE_UNRANKED_MEMREF: return TYPE_IS_UNRANKED_MEMREF;
    case IR_TYPE_VECTOR: return TYPE_IS_VECTOR;
    case IR_TYPE_COMPLEX: return TYPE_IS_COMPLEX;
    case IR_TYPE_TUPLE: return TYPE_IS_TUPLE;
    case IR_TYPE_FUNCTION: return TYPE_IS_FUNCTION;
    case IR_TYPE_INDEX: return TYPE_IS_INDEX;
    case IR_TYPE_NONE: return TYPE_IS_NONE;
    case IR_TYPE_INTEGER: return TYPE_IS_INTEGER;
    case IR_TYPE_FLOAT: return TYPE_IS_FLOAT;
    default: return TYPE_IS_DIALECT;
    }
}

/* Whether text kept as it is ("ttnn.device", "ttnn<device ..>") may be the definition of this name. */
static bool text_may_be(const ir_context *c, ir_node n, const attr_type_def *d) {
    str dialect = ir_str_of(c, ir_at(c, n, 0)), text = ir_str_of(c, ir_at(c, n, 1)), name = dialect_text(d->name);
    if (!str_eq(dialect, dialect_text(dialect_dialects[d->dialect].name)))
        return false;
    if (!str_starts_with(text, name))
        return !str_starts_with(text, dialect) || text.n <= dialect.n || text.p[dialect.n] != '.';
    return text.n == name.n || text.p[name.n] == '<';
}

static bool members_ok(const ir_context *c, uint32_t pred, ir_type t, uint32_t depth) {
    if (ir_kind_of(c, t) != IR_TYPE_TUPLE || depth > MAX_TUPLES)
        return true;
    for (uint32_t i = 0; i < ir_count(c, t); i++) {
        ir_type member = ir_at(c, t, i);
        bool nested = ir_kind_of(c, member) == IR_TYPE_TUPLE;
        if (nested ? !members_ok(c, pred, member, depth + 1) : !pred_ok(c, pred, member, depth))
            return false;
    }
    return true;
}

static bool is_static(const ir_context *c, ir_type t) {
    for (int i = 0, rank = ir_rank(c, t); i < rank; i++)
        if (ir_dim(c, t, i) == IR_DYNAMIC)
            return false;
    return ir_rank(c, t) >= 0;
}

static bool is_scalable(const ir_context *c, ir_type t) {
    if (ir_kind_of(c, t) != IR_TYPE_VECTOR)
        return false;
    uint32_t rank = ir_at(c, t, 1);
    for (uint32_t i = 0; i < rank; i++)
        if (ir_at(c, t, 2 + 2 * rank + i))
            return true;
    return false;
}

static bool any_of(const ir_context *c, const type_pred *p, ir_type t, uint32_t tuples) {
    for (uint32_t i = 0; i < p->n; i++)
        if (pred_ok(c, dialect_refs[p->first + i], t, tuples))
            return true;
    return false;
}

static bool all_of(const ir_context *c, const type_pred *p, ir_type t, uint32_t tuples) {
    for (uint32_t i = 0; i < p->n; i++)
        if (!pred_ok(c, dialect_refs[p->first + i], t, tuples))
            return false;
    return true;
}

static bool pred_ok(const ir_context *c, uint32_t pred, ir_type t, uint32_t tuples) {
    const type_pred *p = &dialect_preds[pred];
    ir_kind k = ir_kind_of(c, t);
    switch ((pred_kind)p->kind) {
    case PRED_AND: return all_of(c, p, t, tuples);
    case PRED_OR: return any_of(c, p, t, tuples);
    case PRED_NOT: return !pred_ok(c, p->first, t, tuples);
    case PRED_ELEMENT:
        return (k != IR_TYPE_COMPLEX && !ir_is_shaped(c, t)) || pred_ok(c, p->first, ir_element_type(c, t), tuples);
    case PRED_MEMBERS: return members_ok(c, p->first, t, tuples);
    case PRED_KIND: return (p->mask & kind_mask(k)) != 0;
    case PRED_INTEGER:
        return k == IR_TYPE_INTEGER && (!p->first || ir_at(c, t, 0) == p->first) && (p->mask >> ir_flags_of(c, t) & 1);
    case PRED_FLOAT: return k == IR_TYPE_FLOAT && (p->mask >> ir_flags_of(c, t) & 1);
    case PRED_DEF:
        if (k == IR_TYPE_OPAQUE)
            return text_may_be(c, t, &dialect_type_defs[p->first]);
        return k == IR_TYPE_DIALECT && ir_at(c, t, 0) == p->first + 1u;
    case PRED_DIALECT:
        if (k == IR_TYPE_OPAQUE)
            return str_eq(ir_str_of(c, ir_at(c, t, 0)), dialect_text(dialect_dialects[p->first].name));
        return k == IR_TYPE_DIALECT && dialect_type_defs[ir_at(c, t, 0) - 1].dialect == p->first;
    case PRED_RANK: {
        int rank = ir_rank(c, t);
        return is_dialect_type(k) || (rank >= 0 && (p->mask >> (rank < 31 ? rank : 31) & 1));
    }
    case PRED_STATIC: return is_dialect_type(k) || is_static(c, t);
    case PRED_SCALABLE: return is_scalable(c, t);
    case PRED_ANY:
    case PRED_N_KINDS: break;
    }
    return true;
}

bool dialect_type_ok(const ir_context *c, uint32_t constraint, ir_type t) {
    return !t || pred_ok(c, dialect_constraints[constraint].pred, t, 0);
}

/* ---- attributes ----------------------------------------------------------------------------------------- */

static bool int_type_ok(const ir_context *c, const attr_constraint *k, ir_type t) {
    if (ir_kind_of(c, t) != IR_TYPE_INTEGER)
        return !k->width && ir_kind_of(c, t) == IR_TYPE_INDEX;
    return !k->width || (ir_at(c, t, 0) == k->width && ir_flags_of(c, t) == k->sign);
}

static bool float_type_ok(const ir_context *c, uint32_t width, ir_type t) {
    if (ir_kind_of(c, t) != IR_TYPE_FLOAT)
        return false;
    switch (width) {
    case 16: return ir_flags_of(c, t) == IR_F16;
    case 32: return ir_flags_of(c, t) == IR_F32;
    case 64: return ir_flags_of(c, t) == IR_F64;
    default: return true;
    }
}

static bool value_ok(const ir_context *c, const attr_constraint *k, ir_attr a) {
    int64_t v;
    if (!(k->flags & (CONSTRAINT_MIN | CONSTRAINT_MAX | CONSTRAINT_POWER_OF_2)) || !ir_int_value(c, a, &v))
        return true;
    if ((k->flags & CONSTRAINT_MIN) && v < k->min)
        return false;
    if ((k->flags & CONSTRAINT_POWER_OF_2) && (v <= 0 || (v & (v - 1))))
        return false;
    return !(k->flags & CONSTRAINT_MAX) || v <= k->max;
}

static bool count_ok(const attr_constraint *k, uint64_t n) {
    if (k->flags & CONSTRAINT_COUNT)
        return n == (uint64_t)k->min;
    return !(k->flags & CONSTRAINT_COUNT_MIN) || n >= (uint64_t)k->min;
}

static bool case_ok(const ir_context *c, const attr_constraint *k, ir_attr a) {
    int64_t v;
    const enum_def *e = &dialect_enums[k->ref];
    if (ir_kind_of(c, a) != IR_ATTR_INTEGER || !int_type_ok(c, k, ir_at(c, a, 0)))
        return false;
    if ((e->flags & ENUM_IS_BITS) || !ir_int_value(c, a, &v))
        return true;
    return dialect_case_by_value(e, v) != NULL;
}

static bool array_ok(const ir_context *c, const attr_constraint *k, ir_attr a) {
    uint32_t n = ir_count(c, a);
    if (!count_ok(k, n))
        return false;
    for (uint32_t i = 0; k->ref != DIALECT_NONE && i < n; i++)
        if (!dialect_attr_ok(c, k->ref, ir_at(c, a, i)))
            return false;
    return true;
}

static bool dense_array_ok(const ir_context *c, const attr_constraint *k, ir_attr a) {
    ir_type t = ir_at(c, a, 0);
    uint32_t bytes = ir_dense_element_bytes(c, t);
    if (k->flags & CONSTRAINT_IS_FLOAT ? !float_type_ok(c, k->width, t) : !int_type_ok(c, k, t))
        return false;
    return !bytes || count_ok(k, ir_data(c, a).n / bytes);
}

static bool elements_ok(const ir_context *c, const attr_constraint *k, ir_attr a) {
    ir_kind kind = ir_kind_of(c, a);
    bool known =
        kind == IR_ATTR_DENSE || kind == IR_ATTR_RESOURCE || kind == IR_ATTR_SPARSE || kind == IR_ATTR_DENSE_STRINGS;
    if (!known)
        return kind == IR_ATTR_DIALECT || kind == IR_ATTR_OPAQUE;
    return k->ref == DIALECT_NONE || dialect_type_ok(c, k->ref, ir_element_type(c, ir_at(c, a, 0)));
}

static bool def_ok(const ir_context *c, const attr_constraint *k, ir_attr a) {
    ir_kind kind = ir_kind_of(c, a);
    if (kind == IR_ATTR_OPAQUE)
        return text_may_be(c, a, &dialect_attr_defs[k->ref]);
    return kind == IR_ATTR_DIALECT && ir_at(c, a, 0) == k->ref + 1u;
}

static bool alternative_ok(const ir_context *c, const attr_constraint *k, ir_attr a) {
    for (uint32_t i = 0; i < k->n; i++)
        if (dialect_attr_ok(c, dialect_refs[k->first + i], a))
            return true;
    return false;
}

bool dialect_attr_ok(const ir_context *c, uint32_t constraint, ir_attr a) {
    const attr_constraint *k = &dialect_attr_constraints[constraint];
    if (!a)
        return true;
    ir_kind kind = ir_kind_of(c, a);
    switch ((attr_kind)k->kind) {
    case ATTR_BOOL:
    case ATTR_INT: return kind == IR_ATTR_INTEGER && int_type_ok(c, k, ir_at(c, a, 0)) && value_ok(c, k, a);
    case ATTR_INDEX:
        return kind == IR_ATTR_INTEGER && ir_kind_of(c, ir_at(c, a, 0)) == IR_TYPE_INDEX && value_ok(c, k, a);
    case ATTR_FLOAT: return kind == IR_ATTR_FLOAT && float_type_ok(c, k->width, ir_at(c, a, 0));
    case ATTR_STRING:
    case ATTR_SYMBOL_NAME: return kind == IR_ATTR_STRING;
    case ATTR_UNIT: return kind == IR_ATTR_UNIT;
    case ATTR_TYPE: return kind == IR_ATTR_TYPE;
    case ATTR_SYMBOL_REF: return kind == IR_ATTR_SYMBOL;
    case ATTR_FLAT_SYMBOL_REF: return kind == IR_ATTR_SYMBOL && ir_count(c, a) == 1;
    case ATTR_ARRAY: return kind == IR_ATTR_ARRAY && array_ok(c, k, a);
    case ATTR_DICT: return kind == IR_ATTR_DICT;
    case ATTR_DENSE_ARRAY: return kind == IR_ATTR_DENSE_ARRAY && dense_array_ok(c, k, a);
    case ATTR_ELEMENTS: return elements_ok(c, k, a);
    case ATTR_AFFINE_MAP: return kind == IR_ATTR_AFFINE_MAP;
    case ATTR_INTEGER_SET: return kind == IR_ATTR_INTEGER_SET;
    case ATTR_ENUM_INT: return case_ok(c, k, a);
    case ATTR_DEF: return def_ok(c, k, a);
    case ATTR_ANY_OF: return alternative_ok(c, k, a);
    case ATTR_LOCATION: return ir_is_loc(kind);
    case ATTR_ANY:
    case ATTR_TYPED:
    case ATTR_N_KINDS: break;
    }
    return true;
}
