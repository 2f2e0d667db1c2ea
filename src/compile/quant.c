/* quant.c - see quant.h. */
#include "compile/quant.h"

/* Parameters of quant.uniform in the order of its definition. */
enum { STORAGE, STORAGE_MIN, STORAGE_MAX, EXPRESSED, AXES, BLOCKS, SCALES, ZEROS, SHAPE, N_PARAMS };

bool quant_read(const ir_context *c, ir_type element, quant_type *out) {
    if (!element || !dialect_is_type(c, element, TYPE_quant_uniform) || dialect_param_at(c, element, BLOCKS))
        return false;
    ir_attr axes = dialect_param_at(c, element, AXES);
    *out = (quant_type){.type = element,
                        .storage = dialect_param_at(c, element, STORAGE),
                        .expressed = dialect_param_at(c, element, EXPRESSED),
                        .n = ir_count(c, dialect_param_at(c, element, SCALES)),
                        .axis = -1};
    if (axes && (ir_count(c, axes) != 1 || !ir_int_value(c, ir_at(c, axes, 0), &out->axis)))
        return false;
    return out->n && ir_count(c, dialect_param_at(c, element, ZEROS)) == out->n;
}

double quant_scale(const ir_context *c, const quant_type *q, uint32_t i) {
    double v = 0;
    ir_float_value(c, ir_at(c, dialect_param_at(c, q->type, SCALES), i), &v);
    return v;
}

int64_t quant_zero_point(const ir_context *c, const quant_type *q, uint32_t i) {
    int64_t v = 0;
    ir_int_value(c, ir_at(c, dialect_param_at(c, q->type, ZEROS), i), &v);
    return v;
}

ir_type quant_with_storage(pass_context *p, const quant_type *q, ir_type storage) {
    return quant_scaled(p, q, 1, -1, storage);
}

ir_type quant_scaled(pass_context *p, const quant_type *q, double factor, int64_t axis, ir_type storage) {
    ir_node params[N_PARAMS];
    for (uint32_t i = 0; i < N_PARAMS; i++)
        params[i] = dialect_param_at(p->c, q->type, i);
    params[STORAGE] = storage;
    params[STORAGE_MIN] = params[STORAGE_MAX] = 0; /* the whole range */
    if (axis >= 0 && q->axis >= 0)
        params[AXES] = dialect_ints(p->c, &axis, 1);
    if (factor != 1) {
        ir_attr *scales = ARENA_ARRAY(&p->scratch, ir_attr, q->n);
        if (!scales) {
            p->m->failed = true;
            return 0;
        }
        for (uint32_t i = 0; i < q->n; i++)
            scales[i] = ir_attr_float(p->c, p->c->t_f64, quant_scale(p->c, q, i) * factor);
        params[SCALES] = ir_attr_array(p->c, scales, q->n);
    }
    return dialect_make_type(p->c, TYPE_quant_uniform, params);
}
