/* asm_types.c - the types of an op read in its custom form.
 *
 * A form writes some types; the rest follow from them: fixed by the constraint, the same as (or computed from) another
 * operand's, result's or attribute's type, or by the op's own rule. The table says which (value_def.source).
 */
#include "dialect/ids.h"
#include "dialect/params.h"
#include "text/asm.h"

enum { MAX_CHAIN = 8 }; /* how many steps a type may follow from another type that follows from ... */

/* ---- transforms ----------------------------------------------------------------------------------------- */

static ir_type with_shape_of(ir_context *c, ir_type shape, ir_type element) {
    return ir_is_shaped(c, shape) ? ir_with_element_type(c, shape, element) : element;
}

/* A tensor as memref or the other way round; 0 when `t` is neither. */
static ir_type swap_tensor_memref(ir_context *c, ir_type t, bool to_tensor) {
    int rank = ir_rank(c, t);
    int64_t dims[32];
    if (rank < 0 || rank > 32)
        return 0;
    for (int i = 0; i < rank; i++)
        dims[i] = ir_dim(c, t, i);
    ir_type element = ir_element_type(c, t);
    return to_tensor ? ir_type_tensor(c, dims, (uint32_t)rank, element, 0)
                     : ir_type_memref(c, dims, (uint32_t)rank, element, 0, 0);
}

static ir_type without_leading_dim(ir_context *c, ir_type t) {
    int rank = ir_kind_of(c, t) == IR_TYPE_VECTOR ? ir_rank(c, t) : -1;
    int64_t dims[32];
    if (rank < 1 || rank > 32)
        return 0;
    for (int i = 1; i < rank; i++)
        dims[i - 1] = ir_dim(c, t, i);
    return ir_type_vector(c, dims, (uint32_t)rank - 1, NULL, ir_element_type(c, t));
}

/* What a dialect type with one type parameter holds; 0 for any other type. */
static ir_type held_type(const ir_context *c, ir_type t, uint32_t def) {
    if (!dialect_is_type(c, t, def))
        return 0;
    ir_node held = dialect_param_at(c, t, 0);
    return held && ir_is_type(ir_kind_of(c, held)) ? held : 0;
}

static ir_type llvm_with_i1(ir_context *c, ir_type t) {
    ir_attr fields[2] = {ir_attr_type(c, t), ir_attr_type(c, c->t_i1)};
    ir_node params[4] = {0, ir_attr_array(c, fields, 2), 0, 0};
    return dialect_make_type(c, TYPE_llvm_struct, params);
}

static ir_type with_last_dim(ir_context *c, ir_type t, bool doubled) {
    int rank = ir_kind_of(c, t) == IR_TYPE_VECTOR ? ir_rank(c, t) : -1;
    int64_t dims[32];
    if (rank < 0 || rank > 32 || (rank == 0 && !doubled))
        return 0;
    for (int i = 0; i < rank; i++)
        dims[i] = ir_dim(c, t, i);
    if (rank == 0)
        dims[rank++] = 1;
    dims[rank - 1] = doubled ? dims[rank - 1] * 2 : dims[rank - 1] / 2;
    return ir_type_vector(c, dims, (uint32_t)rank, NULL, ir_element_type(c, t));
}

ir_type asm_transform(ir_context *c, uint32_t transform, ir_type t) {
    if (!t)
        return 0;
    switch (transform) {
    case TRANSFORM_SAME: return t;
    case TRANSFORM_ELEMENT:
        return ir_is_shaped(c, t) || ir_kind_of(c, t) == IR_TYPE_COMPLEX ? ir_element_type(c, t) : 0;
    case TRANSFORM_ELEMENT_OR_SELF: return ir_is_shaped(c, t) ? ir_element_type(c, t) : t;
    case TRANSFORM_I1_SAME_SHAPE: return with_shape_of(c, t, c->t_i1);
    case TRANSFORM_INDEX_SAME_SHAPE: return with_shape_of(c, t, c->t_index);
    case TRANSFORM_I32_SAME_SHAPE: return with_shape_of(c, t, c->t_i32);
    case TRANSFORM_COMPLEX_ELEMENT: return ir_kind_of(c, t) == IR_TYPE_COMPLEX ? ir_element_type(c, t) : 0;
    case TRANSFORM_COMPLEX_OF: return ir_type_complex(c, t);
    case TRANSFORM_TENSOR_OF_MEMREF: return swap_tensor_memref(c, t, true);
    case TRANSFORM_MEMREF_OF_TENSOR: return swap_tensor_memref(c, t, false);
    case TRANSFORM_POINTEE:
        if (ir_kind_of(c, t) == IR_TYPE_DIALECT && ir_count(c, t) >= 2 && ir_is_type(ir_kind_of(c, ir_at(c, t, 1))))
            return ir_at(c, t, 1);
        return ir_is_shaped(c, t) ? ir_element_type(c, t) : 0;
    case TRANSFORM_VECTOR_1D_OF: return without_leading_dim(c, t);
    case TRANSFORM_EMITC_POINTER_TO:
        t = held_type(c, t, TYPE_emitc_lvalue);
        return t ? dialect_make_type(c, TYPE_emitc_ptr, &t) : 0;
    case TRANSFORM_EMITC_LVALUE_OF:
        t = held_type(c, t, TYPE_emitc_ptr);
        return t ? dialect_make_type(c, TYPE_emitc_lvalue, &t) : 0;
    case TRANSFORM_LLVM_WITH_I1: return llvm_with_i1(c, t);
    case TRANSFORM_VECTOR_LAST_DIM_HALVED:
    case TRANSFORM_VECTOR_LAST_DIM_DOUBLED: return with_last_dim(c, t, transform == TRANSFORM_VECTOR_LAST_DIM_DOUBLED);
    default: return 0;
    }
}

/* Transforms that make a list of one type. False when `transform` is not one of them or does not apply. */
static bool transform_list(reader *r, uint32_t transform, ir_type t, asm_list *out) {
    const ir_context *c = r->ctx;
    uint32_t first, n;
    ir_kind k = ir_kind_of(c, t);
    if (transform == TRANSFORM_ELEMENTS && ir_is_shaped(c, t)) {
        int64_t count = ir_num_elements(c, t);
        if (count < 0 || count > 1 << 24)
            return false;
        *out = (asm_list){rd_mark(r), (uint32_t)count};
        for (int64_t i = 0; i < count; i++)
            if (!rd_push(r, ir_element_type(c, t)))
                return false;
        return true;
    }
    if (transform == TRANSFORM_TUPLE_TYPES && k == IR_TYPE_TUPLE) {
        first = 0;
        n = ir_count(c, t);
    } else if (transform == TRANSFORM_FUNCTION_INPUTS && k == IR_TYPE_FUNCTION) {
        first = 1;
        n = ir_at(c, t, 0);
    } else if (transform == TRANSFORM_FUNCTION_RESULTS && k == IR_TYPE_FUNCTION) {
        first = 1 + ir_at(c, t, 0);
        n = ir_count(c, t) - first;
    } else {
        return false;
    }
    out->mark = rd_mark(r);
    out->n = n;
    for (uint32_t i = 0; i < n; i++)
        if (!rd_push(r, ir_at(c, t, first + i)))
            return false;
    return true;
}

/* ---- who has which type ---------------------------------------------------------------------------------- */

ir_type asm_type_of_text(reader *r, dtext text) {
    ir_attr a = rd_attr_of_text(r, dialect_text(text), 0);
    return a && ir_kind_of(r->ctx, a) == IR_ATTR_TYPE ? ir_at(r->ctx, a, 0) : 0;
}

/* The type an attribute carries: that of its value, or the type it holds. 0 if none. */
static ir_type type_of_attr(const ir_context *c, ir_attr a) {
    if (!a)
        return 0;
    switch (ir_kind_of(c, a)) {
    case IR_ATTR_INTEGER:
    case IR_ATTR_FLOAT:
    case IR_ATTR_TYPE:
    case IR_ATTR_DENSE:
    case IR_ATTR_DENSE_STRINGS:
    case IR_ATTR_RESOURCE:
    case IR_ATTR_SPARSE: return ir_at(c, a, 0);
    case IR_ATTR_STRING: return ir_at(c, a, 1) ? ir_at(c, a, 1) : c->t_none;
    default: return c->t_none;
    }
}

/* Part of a list of all types that belongs to group `index`, given how long the groups before it are. */
static bool part_of_all(const asm_list *all, const value_def *defs, uint32_t n_defs, const asm_list *uses,
                        uint32_t index, asm_list *out) {
    uint32_t open = 0, at = 0;
    for (uint32_t i = 0; i < n_defs; i++)
        open += defs[i].arity != ARITY_ONE;
    for (uint32_t i = 0; i < n_defs; i++) {
        uint32_t n = 1;
        if (defs[i].arity != ARITY_ONE)
            n = uses ? uses[i].n : open == 1 && all->n + 1 >= n_defs ? all->n - (n_defs - 1) : 0;
        if (i == index) {
            if (at > all->n || n > all->n - at)
                return false;
            *out = (asm_list){all->mark + at, n};
            return true;
        }
        at += n;
    }
    return false;
}

/* The types of a variable as a list on the stack; false without an error when they cannot be told (yet). *one: a
 * single type that stands for any number of values. */
static bool types_of(struct asm_reader *a, uint32_t kind, uint32_t index, uint32_t depth, asm_list *out, bool *one) {
    reader *r = a->r;
    const value_def *v;
    *one = false;
    switch (kind) {
    case VAR_OPERAND:
        if (a->operands_typed & 1ull << index) {
            *out = a->operand_types[index];
            return true;
        }
        if (a->all_operands_typed)
            return part_of_all(&a->all_operand_types, &dialect_values[a->d->operands], a->d->n_operands,
                               a->all_operands ? NULL : a->uses, index, out);
        v = op_operand(a->d, index);
        break;
    case VAR_RESULT:
        if (a->results_typed & 1ull << index) {
            *out = a->result_types[index];
            return true;
        }
        if (a->all_results_typed)
            return part_of_all(&a->all_result_types, &dialect_values[a->d->results], a->d->n_results, NULL, index, out);
        v = op_result(a->d, index);
        break;
    case VAR_OPERANDS: *out = a->all_operand_types; return a->all_operands_typed;
    case VAR_RESULTS: *out = a->all_result_types; return a->all_results_typed;
    case VAR_ATTR: {
        ir_type t = type_of_attr(r->ctx, asm_get_attr(a, index));
        *out = (asm_list){rd_mark(r), 1};
        *one = true;
        return t && rd_push(r, t);
    }
    default: return false;
    }
    if (depth == 0)
        return false;
    if (v->source == TYPE_FIXED && dialect_constraints[v->constraint].buildable) {
        ir_type t = asm_type_of_text(r, dialect_constraints[v->constraint].buildable);
        *out = (asm_list){rd_mark(r), 1};
        *one = true;
        return t && rd_push(r, t);
    }
    if (v->source != TYPE_FROM)
        return false;
    asm_list from;
    if (!types_of(a, v->from_kind, v->from_index, depth - 1, &from, one))
        return false;
    if (v->transform == TRANSFORM_SAME) {
        *out = from;
        if (from.n == 1)
            *one = true;
        return true;
    }
    if (from.n == 1 && transform_list(r, v->transform, *rd_words(r, from.mark), out)) {
        *one = false;
        return true;
    }
    asm_list made = {rd_mark(r), from.n};
    for (uint32_t i = 0; i < from.n; i++) {
        ir_type t = asm_transform(r->ctx, v->transform, rd_words(r, from.mark)[i]);
        if (!t || !rd_push(r, t))
            return false;
    }
    *one = from.n == 1;
    *out = made;
    return true;
}

/* ---- operands ------------------------------------------------------------------------------------------- */

/* `operands` was read as one list although types are given by name: deals it out to the groups. */
static bool deal_operands(struct asm_reader *a) {
    uint32_t open = 0, n_defs = a->d->n_operands, total = a->all_uses.n;
    for (uint32_t i = 0; i < n_defs; i++)
        open += op_operand(a->d, i)->arity != ARITY_ONE;
    uint32_t fixed = n_defs - open;
    if (total < fixed || open > 1 || (open == 0 && total != fixed))
        return rd_error(a->r, a->op->at, "'%.*s' op expected %u operands, but found %u",
                        STR_ARG(dialect_text(a->d->name)), n_defs, total);
    uint32_t at = 0;
    for (uint32_t i = 0; i < n_defs; i++) {
        uint32_t n = op_operand(a->d, i)->arity == ARITY_ONE ? 1 : total - fixed;
        a->uses[i] = (asm_list){a->all_uses.mark + at * RD_USE_WORDS, n};
        at += n;
    }
    a->all_operands = false;
    return true;
}

/* Where a list of operands begins, for messages; the types where it is empty. */
static uint32_t uses_at(const struct asm_reader *a, const asm_list *l) {
    return l->n ? rd_use_at(a->r, l->mark, 0).at : a->type_from;
}

static bool resolve_operands(struct asm_reader *a) {
    reader *r = a->r;
    if (a->all_operands) {
        if (a->all_operands_typed)
            return rd_resolve_list(r, a->all_uses.mark, a->all_uses.n, a->all_operand_types.mark,
                                   a->all_operand_types.n, uses_at(a, &a->all_uses));
        if (!deal_operands(a))
            return false;
    }
    if (a->all_operands_typed) {
        uint32_t total = 0;
        for (uint32_t i = 0; i < a->d->n_operands; i++)
            total += a->uses[i].n;
        if (total != a->all_operand_types.n)
            return rd_error(r, uses_at(a, &a->uses[0]),
                            "number of operands and types do not match: got %u operands and %u types", total,
                            a->all_operand_types.n);
        uint32_t at = a->all_operand_types.mark;
        for (uint32_t i = 0; i < a->d->n_operands; i++) {
            if (!rd_resolve_list(r, a->uses[i].mark, a->uses[i].n, at, a->uses[i].n, uses_at(a, &a->uses[i])))
                return false;
            at += a->uses[i].n;
        }
        return true;
    }
    for (uint32_t i = 0; i < a->d->n_operands; i++) {
        asm_list l;
        bool one;
        if (a->uses[i].n == 0 && !(a->operands_typed & 1ull << i))
            continue;
        if (!types_of(a, VAR_OPERAND, i, MAX_CHAIN, &l, &one))
            return rd_error(r, a->op->at, "type of operand #%u cannot be told from the form", i);
        if (one && l.n == 1 && a->uses[i].n != 1) {
            if (!rd_resolve_all(r, a->uses[i].mark, a->uses[i].n, *rd_words(r, l.mark)))
                return false;
        } else if (!rd_resolve_list(r, a->uses[i].mark, a->uses[i].n, l.mark, l.n, uses_at(a, &a->uses[i]))) {
            return false;
        }
    }
    return true;
}

/* ---- results -------------------------------------------------------------------------------------------- */

static bool add_results(struct asm_reader *a, asm_list l) {
    for (uint32_t i = 0; i < l.n; i++)
        if (!rd_add_result_type(a->r, rd_words(a->r, l.mark)[i]))
            return false;
    return true;
}

static bool resolve_results(struct asm_reader *a) {
    reader *r = a->r;
    const op_def *d = a->d;
    if (a->all_results_typed)
        return add_results(a, a->all_result_types);
    uint32_t sizes[ASM_MAX_RESULTS];
    for (uint32_t i = 0; i < d->n_results; i++) {
        const value_def *v = op_result(d, i);
        asm_list l;
        bool one;
        if (types_of(a, VAR_RESULT, i, MAX_CHAIN, &l, &one)) {
            sizes[i] = l.n;
            if (!add_results(a, l))
                return false;
        } else if (v->source == TYPE_INFERRED || d->infer != OP_INFER_NONE) {
            /* Upstream infers all results of an op or none. */
            return i == 0 ? asm_infer_results(a) : rd_error(r, a->op->at, "result types cannot be inferred");
        } else if (v->arity != ARITY_ONE) {
            sizes[i] = 0;
        } else {
            return rd_error(r, a->op->at, "type of result #%u cannot be told from the form", i);
        }
    }
    return !(d->flags & OP_RESULT_SEGMENTS) || rd_add_segments(r, STR("resultSegmentSizes"), sizes, d->n_results);
}

bool asm_resolve(struct asm_reader *a) {
    if (!resolve_operands(a) || !resolve_results(a))
        return false;
    if (!(a->d->flags & OP_OPERAND_SEGMENTS) || a->all_operands)
        return true;
    uint32_t sizes[ASM_MAX_OPERANDS];
    for (uint32_t i = 0; i < a->d->n_operands; i++)
        sizes[i] = a->uses[i].n;
    return rd_add_segments(a->r, STR("operandSegmentSizes"), sizes, a->d->n_operands);
}
