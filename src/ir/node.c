/* Reading nodes: shaped types, numbers, dictionaries, constant data. */
#include "ir/ir.h"

#include "base/num.h"

/* Where the rank stands in the payload of a shaped type with a shape, and what comes behind it. */
enum { TENSOR_RANK = 2, MEMREF_RANK = 3, VECTOR_RANK = 1, LINEAR_SEARCH = 8 };

/* ---- shaped types --------------------------------------------------------------------------------------- */

bool ir_is_shaped(const ir_context *c, ir_type t) {
    switch (ir_kind_of(c, t)) {
    case IR_TYPE_VECTOR:
    case IR_TYPE_TENSOR:
    case IR_TYPE_UNRANKED_TENSOR:
    case IR_TYPE_MEMREF:
    case IR_TYPE_UNRANKED_MEMREF: return true;
    default: return false;
    }
}

ir_type ir_element_type(const ir_context *c, ir_type t) {
    return ir_is_shaped(c, t) || ir_kind_of(c, t) == IR_TYPE_COMPLEX ? ir_at(c, t, 0) : t;
}

/* Payload index of the rank, or -1 when the type has none. */
static int rank_at(const ir_context *c, ir_type t) {
    switch (ir_kind_of(c, t)) {
    case IR_TYPE_VECTOR: return VECTOR_RANK;
    case IR_TYPE_TENSOR: return TENSOR_RANK;
    case IR_TYPE_MEMREF: return MEMREF_RANK;
    default: return -1;
    }
}

int ir_rank(const ir_context *c, ir_type t) {
    int at = rank_at(c, t);
    return at < 0 ? -1 : (int)ir_at(c, t, (uint32_t)at);
}

int64_t ir_dim(const ir_context *c, ir_type t, int i) {
    return ir_at64(c, t, (uint32_t)(rank_at(c, t) + 1 + 2 * i));
}

ir_attr ir_encoding(const ir_context *c, ir_type t) {
    return ir_kind_of(c, t) == IR_TYPE_TENSOR ? ir_at(c, t, 1) : 0;
}

int64_t ir_num_elements(const ir_context *c, ir_type t) {
    int rank = ir_rank(c, t);
    if (rank < 0)
        return -1;
    int64_t n = 1;
    bool zero = false, overflow = false;
    for (int i = 0; i < rank; i++) {
        int64_t dim = ir_dim(c, t, i);
        if (dim < 0)
            return -1;
        zero |= dim == 0;
        overflow |= !num_mul_i64(n, dim, &n);
    }
    return zero ? 0 : overflow ? -1 : n;
}

uint32_t ir_bit_width(const ir_context *c, ir_type t) {
    switch (ir_kind_of(c, t)) {
    case IR_TYPE_INTEGER: return ir_at(c, t, 0);
    case IR_TYPE_FLOAT: return ir_float_infos[ir_flags_of(c, t)].bits;
    case IR_TYPE_INDEX: return 64;
    case IR_TYPE_COMPLEX: {
        ir_type part = ir_at(c, t, 0);
        return ir_kind_of(c, part) == IR_TYPE_COMPLEX ? 0 : 2 * ir_bit_width(c, part);
    }
    default: return 0;
    }
}

uint32_t ir_dense_element_bytes(const ir_context *c, ir_type t) {
    if (ir_kind_of(c, t) == IR_TYPE_COMPLEX) {
        ir_type part = ir_at(c, t, 0);
        return ir_kind_of(c, part) == IR_TYPE_COMPLEX ? 0 : 2 * ir_dense_element_bytes(c, part);
    }
    return (ir_bit_width(c, t) + 7) / 8;
}

/* ---- numbers -------------------------------------------------------------------------------------------- */

bool ir_int_value(const ir_context *c, ir_attr a, int64_t *out) {
    if (ir_kind_of(c, a) != IR_ATTR_INTEGER || ir_count(c, a) != 3)
        return false;
    *out = ir_at64(c, a, 1);
    return true;
}

bool ir_float_value(const ir_context *c, ir_attr a, double *out) {
    if (ir_kind_of(c, a) != IR_ATTR_FLOAT)
        return false;
    ir_type t = ir_at(c, a, 0);
    if (ir_kind_of(c, t) != IR_TYPE_FLOAT)
        return false;
    uint64_t words[2] = {(uint64_t)ir_at64(c, a, 1), 0};
    if (ir_count(c, a) > 3)
        words[1] = (uint64_t)ir_at64(c, a, 3);
    *out = ir_float_from_words((ir_float)ir_flags_of(c, t), words);
    return true;
}

/* ---- dictionaries and data ------------------------------------------------------------------------------ */

ir_attr ir_dict_get(const ir_context *c, ir_attr dict, str key) {
    const uint32_t *w = ir_words(c, dict);
    if ((w[0] & 0xff) != IR_ATTR_DICT)
        return 0;
    uint32_t n = w[1] / 2;
    if (n <= LINEAR_SEARCH) {
        for (uint32_t i = 0; i < n; i++)
            if (str_eq(ir_str_of(c, w[2 + 2 * i]), key))
                return w[3 + 2 * i];
        return 0;
    }
    uint32_t low = 0, high = n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        int order = str_cmp(ir_str_of(c, w[2 + 2 * mid]), key);
        if (order == 0)
            return w[3 + 2 * mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return 0;
}

str ir_data(const ir_context *c, ir_attr a) {
    ir_kind kind = ir_kind_of(c, a);
    if (kind != IR_ATTR_DENSE && kind != IR_ATTR_DENSE_ARRAY)
        return STR("");
    return str_of((const char *)(uintptr_t)(uint64_t)ir_at64(c, a, 1), (size_t)ir_at64(c, a, 3));
}
