/* asm_infer.c - result types that upstream computes in code when an op's form does not write them. */
#include "dialect/ids.h"
#include "text/asm.h"

static ir_type operand_type(struct asm_reader *a, uint32_t i) {
    return i < rd_n_operands(a->r, a->op) ? ir_value_type(a->r->m, rd_operand(a->r, a->op, i)) : 0;
}

/* The type of the first attribute, or the type it holds. */
static ir_type first_attr_type(struct asm_reader *a) {
    const ir_context *c = a->r->ctx;
    ir_attr v = a->d->n_attrs ? asm_get_attr(a, 0) : 0;
    if (!v)
        return 0;
    switch (ir_kind_of(c, v)) {
    case IR_ATTR_TYPE:
    case IR_ATTR_INTEGER:
    case IR_ATTR_FLOAT:
    case IR_ATTR_DENSE:
    case IR_ATTR_DENSE_STRINGS:
    case IR_ATTR_RESOURCE:
    case IR_ATTR_SPARSE: return ir_at(c, v, 0);
    default: return 0;
    }
}

/* vector.shuffle: the first dimension is as long as the mask, the others are those of the operands. */
static ir_type shuffled(struct asm_reader *a) {
    ir_context *c = a->r->ctx;
    ir_type t = operand_type(a, 0);
    ir_attr mask = rd_get_attr(a->r, a->op, STR("mask"));
    int rank = t ? ir_rank(c, t) : -1;
    int64_t dims[32];
    if (!mask || ir_kind_of(c, mask) != IR_ATTR_DENSE_ARRAY || rank < 0 || rank > 32)
        return 0;
    for (int i = 1; i < rank; i++)
        dims[i] = ir_dim(c, t, i);
    dims[0] = (int64_t)(ir_data(c, mask).n / sizeof(int64_t));
    return ir_type_vector(c, dims, rank ? (uint32_t)rank : 1, NULL, ir_element_type(c, t));
}

bool asm_infer_results(struct asm_reader *a) {
    reader *r = a->r;
    ir_type t = 0;
    switch (a->d->infer) {
    case OP_INFER_OPERAND: t = operand_type(a, 0); break;
    case OP_INFER_ATTR: t = first_attr_type(a); break;
    case OP_INFER_CODE:
        switch (a->d->infer_id) {
        case INFER_memref_distinct_objects:
            for (uint32_t i = 0; i < rd_n_operands(r, a->op); i++)
                if (!rd_add_result_type(r, operand_type(a, i)))
                    return false;
            return true;
        case INFER_vector_shuffle: t = shuffled(a); break;
        case INFER_chlo_constant: t = first_attr_type(a); break;
        default: break;
        }
        break;
    default: break;
    }
    if (!t)
        return rd_error(r, a->op->at, "result types of '%.*s' cannot be inferred", STR_ARG(dialect_text(a->d->name)));
    for (uint32_t i = 0; i < a->d->n_results; i++)
        if (!rd_add_result_type(r, t))
            return false;
    return true;
}
