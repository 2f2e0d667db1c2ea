/* Which symbols the attributes of an op mention. */
#include "compile/symbol_uses.h"
#include "base/vec.h"

typedef VEC(ir_attr) attr_list;

static bool has_parts(ir_kind kind) {
    return kind == IR_ATTR_ARRAY || kind == IR_ATTR_DICT || kind == IR_ATTR_DIALECT;
}

/* Tells of the symbols among the parts of an attribute; parts that have parts are to be looked into. */
static void look_into(const ir_context *c, ir_attr a, attr_list *open, void (*found)(void *arg, str root), void *arg) {
    const uint32_t *w = ir_words(c, a);
    ir_kind kind = (ir_kind)(w[0] & 0xff);
    /* Arrays hold attributes, dictionaries pairs, dialect attributes their parameters behind the definition. */
    uint32_t first = kind == IR_ATTR_ARRAY ? 0 : 1, step = kind == IR_ATTR_DICT ? 2 : 1;
    for (uint32_t i = first; has_parts(kind) && i < w[1]; i += step) {
        ir_kind part = w[2 + i] ? ir_kind_of(c, w[2 + i]) : IR_NONE;
        if (part == IR_ATTR_SYMBOL)
            found(arg, ir_str_of(c, w[2 + i]));
        else if (has_parts(part))
            vec_push(open, w[2 + i]);
    }
}

bool each_symbol_use(pass_context *p, ir_op op, void (*found)(void *arg, str root), void *arg) {
    const ir_op_data *o = &p->m->ops[op];
    attr_list open; /* attributes that are still to be looked into; of most ops none but the two dictionaries */
    vec_init(&open, p->m->mem);
    if (o->props && !(o->flags & IR_OP_OPAQUE))
        look_into(p->c, o->props, &open, found, arg);
    if (o->attrs)
        look_into(p->c, o->attrs, &open, found, arg);
    while (open.n)
        look_into(p->c, vec_pop(&open), &open, found, arg);
    bool ok = !open.failed;
    vec_free(&open);
    return ok || pass_out_of_memory(p);
}
