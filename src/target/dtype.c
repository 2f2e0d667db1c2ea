/* dtype.c - the table of device data types; dtype.h says what it is. */
#include "target/dtype.h"

#include "dialect/params.h"
#include "ids.h"

/* Sizes: device-model.md, section 3. The "a" block formats (bfp_f*) have the sizes of the "b" ones. */
const target_dtype_info target_dtypes[DTYPE_N] = {
    [DTYPE_F32] = {STR_INIT("f32"), 4, 4096, true, false, true},
    [DTYPE_F16] = {STR_INIT("f16"), 2, 2048, true, false, true},
    [DTYPE_BF16] = {STR_INIT("bf16"), 2, 2048, true, false, true},
    [DTYPE_BFP_F8] = {STR_INIT("bfp_f8"), 0, 1088, true, true, true},
    [DTYPE_BFP_BF8] = {STR_INIT("bfp_bf8"), 0, 1088, true, true, true},
    [DTYPE_BFP_F4] = {STR_INIT("bfp_f4"), 0, 576, true, true, true},
    [DTYPE_BFP_BF4] = {STR_INIT("bfp_bf4"), 0, 576, true, true, true},
    [DTYPE_BFP_F2] = {STR_INIT("bfp_f2"), 0, 320, true, true, true},
    [DTYPE_BFP_BF2] = {STR_INIT("bfp_bf2"), 0, 320, true, true, true},
    [DTYPE_U32] = {STR_INIT("u32"), 4, 4096, false, false, false},
    [DTYPE_U16] = {STR_INIT("u16"), 2, 2048, false, false, false},
    [DTYPE_U8] = {STR_INIT("u8"), 1, 1024, false, false, false},
    [DTYPE_SI32] = {STR_INIT("si32"), 4, 4096, false, false, true},
    [DTYPE_I1] = {STR_INIT("i1"), 1, 1024, false, false, false},
};

target_dtype target_dtype_by_name(str name) {
    for (int i = 0; i < DTYPE_N; i++)
        if (str_eq(target_dtypes[i].name, name))
            return (target_dtype)i;
    return DTYPE_NONE;
}

static target_dtype of_integer(const ir_context *c, ir_type t) {
    switch (ir_bit_width(c, t)) {
    case 1: return DTYPE_I1;
    case 8: return DTYPE_U8;
    case 16: return DTYPE_U16;
    case 32:
    case 64: return ir_flags_of(c, t) == IR_UNSIGNED ? DTYPE_U32 : DTYPE_SI32;
    default: return DTYPE_NONE;
    }
}

target_dtype target_dtype_of(const ir_context *c, ir_type element) {
    if (!element)
        return DTYPE_NONE;
    switch (ir_kind_of(c, element)) {
    case IR_TYPE_FLOAT:
        switch (ir_flags_of(c, element)) {
        case IR_F32:
        case IR_F64: return DTYPE_F32;
        case IR_F16: return DTYPE_F16;
        case IR_BF16: return DTYPE_BF16;
        default: return DTYPE_NONE;
        }
    case IR_TYPE_INDEX: return DTYPE_U32;
    case IR_TYPE_INTEGER: return of_integer(c, element);
    case IR_TYPE_DIALECT: {
        enum { TILE_DTYPE = 1 }; /* its position among the parameters, see dialect/data/ttcore.def */
        if (dialect_is_type(c, element, TYPE_ttcore_tile))
            return target_dtype_by_name(ir_str_of(c, dialect_param_at(c, element, TILE_DTYPE)));
        ir_type storage = dialect_param(c, element, STR("storage"));
        return storage && ir_kind_of(c, storage) == IR_TYPE_INTEGER ? of_integer(c, storage) : DTYPE_NONE;
    }
    default: return DTYPE_NONE;
    }
}

ir_type target_dtype_scalar(ir_context *c, target_dtype t) {
    switch (t) {
    case DTYPE_F32: return c->t_f32;
    case DTYPE_F16:
    case DTYPE_BF16: return ir_type_float(c, IR_BF16);
    case DTYPE_U32: return ir_type_integer(c, 32, IR_UNSIGNED);
    case DTYPE_U16: return ir_type_integer(c, 16, IR_UNSIGNED);
    case DTYPE_U8: return ir_type_integer(c, 8, IR_UNSIGNED);
    case DTYPE_SI32: return ir_type_integer(c, 32, IR_SIGNED);
    case DTYPE_I1: return c->t_i1;
    default: return target_dtype_tile(c, t);
    }
}

ir_type target_dtype_tile(ir_context *c, target_dtype t) {
    static const int64_t shape[2] = {TARGET_TILE, TARGET_TILE};
    if (t >= DTYPE_NONE)
        return 0;
    ir_node params[2] = {dialect_ints(c, shape, 2), dialect_keyword(c, target_dtypes[t].name)};
    return params[0] && params[1] ? dialect_make_type(c, TYPE_ttcore_tile, params) : 0;
}
