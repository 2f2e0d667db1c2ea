/* Which symbols the attributes of an op mention. */
#include "compile/symbol_uses.h"
#include "base/vec.h"

bool each_symbol_use(pass_context *p, ir_op op, void (*found)(void *arg, str root), void *arg) {
    ir_context *c = p->c;
    VEC(ir_attr) open; /* attributes that are still to be looked into */
    vec_init(&open, p->m->mem);
    const ir_op_data *o = &p->m->ops[op];
    if (o->props && !(o->flags & IR_OP_OPAQUE))
        vec_push(&open, o->props);
    if (o->attrs)
        vec_push(&open, o->attrs);
    while (open.n) {
        ir_attr a = vec_pop(&open);
        const uint32_t *w = ir_words(c, a);
        ir_kind kind = (ir_kind)(w[0] & 0xff);
        if (kind == IR_ATTR_SYMBOL)
            found(arg, ir_str_of(c, a));
        /* Arrays hold attributes, dictionaries pairs, dialect attributes their parameters behind the definition. */
        uint32_t first = kind == IR_ATTR_ARRAY ? 0 : 1, step = kind == IR_ATTR_DICT ? 2 : 1;
        if (kind != IR_ATTR_ARRAY && kind != IR_ATTR_DICT && kind != IR_ATTR_DIALECT)
            continue;
        for (uint32_t i = first; i < w[1]; i += step)
            if (w[2 + i] && ir_is_attr(ir_kind_of(c, w[2 + i])))
                vec_push(&open, w[2 + i]);
    }
    bool ok = !open.failed;
    vec_free(&open);
    return ok || pass_out_of_memory(p);
}
