/* op_doc.c - the documentation of an op as JSON. See op_doc.h. */
#include "dialect/op_doc.h"

static const char *const arities[] = {
    [ARITY_ONE] = "one",
    [ARITY_OPTIONAL] = "optional",
    [ARITY_VARIADIC] = "variadic",
    [ARITY_VARIADIC_OF_VARIADIC] = "variadic of variadic",
};

/* Flags that say something to who uses an op; the others say how it is read or checked. */
static const struct {
    uint64_t flag;
    const char *text;
} traits[] = {
    {OP_PURE, "no effects: may be removed or moved"},
    {OP_NO_EFFECT, "no effect on memory"},
    {OP_ELEMENTWISE, "elementwise"},
    {OP_BROADCASTABLE, "operands are broadcast"},
    {OP_COMMUTATIVE, "commutative"},
    {OP_IDEMPOTENT, "idempotent"},
    {OP_INVOLUTION, "its own inverse"},
    {OP_BINARY_IDEMPOTENT, "of equal operands gives that operand"},
    {OP_CONSTANT_LIKE, "constant"},
    {OP_CREATION, "makes a tensor from nothing"},
    {OP_DESTINATION_STYLE, "writes into operands given for that"},
    {OP_IN_PLACE, "writes one of its operands"},
    {OP_COLLECTIVE, "moves data between devices"},
    {OP_HOST, "can run on the host"},
    {OP_TERMINATOR, "ends a block"},
    {OP_ISOLATED, "sees no values from outside"},
    {OP_GRAPH_REGION, "no order inside its regions"},
    {OP_LOOP, "loop"},
    {OP_CALL, "call"},
    {OP_SYMBOL, "has a symbol name"},
    {OP_SAME_OPERAND_RESULT_TYPE, "operands and results have one type"},
    {OP_SAME_OPERANDS_TYPE, "operands have one type"},
    {OP_SAME_OPERAND_RESULT_ELEMENT, "operands and results have one element type"},
    {OP_SAME_OPERANDS_ELEMENT, "operands have one element type"},
    {OP_SAME_OPERAND_RESULT_SHAPE, "operands and results have one shape"},
    {OP_SAME_OPERANDS_SHAPE, "operands have one shape"},
    {OP_SAME_OPERAND_RESULT_RANK, "operands and results have one rank"},
    {OP_COMPATIBLE_TYPES, "operands and results have compatible types"},
};

static void put(struct json_writer *w, str key, str text) {
    if (!text.n)
        return;
    json_key(w, key);
    json_str(w, text);
}

static void put_values(struct json_writer *w, str key, const value_def *first, uint32_t n) {
    json_key(w, key);
    json_array_begin(w);
    for (uint32_t i = 0; i < n; i++) {
        json_object_begin(w);
        put(w, STR("name"), dialect_text(first[i].name));
        put(w, STR("arity"), str_from_z(arities[first[i].arity]));
        put(w, STR("type"), dialect_text(dialect_constraints[first[i].constraint].text));
        json_object_end(w);
    }
    json_array_end(w);
}

/* The enum whose cases an attribute may be, NULL when it is none; of arrays that of their elements. */
static const enum_def *enum_of(const attr_constraint *c) {
    if (c->kind == ATTR_ARRAY && c->ref != DIALECT_NONE)
        c = &dialect_attr_constraints[c->ref];
    if (c->kind == ATTR_ENUM_INT)
        return &dialect_enums[c->ref];
    if (c->kind == ATTR_DEF && dialect_attr_defs[c->ref].wraps != DIALECT_NONE)
        return &dialect_enums[dialect_attr_defs[c->ref].wraps];
    return NULL;
}

static void put_attribute(struct json_writer *w, const op_attr *a) {
    const attr_constraint *c = op_attr_constraint(a);
    const enum_def *e = enum_of(c);
    json_object_begin(w);
    put(w, STR("name"), dialect_text(a->name));
    put(w, STR("type"), dialect_text(c->text));
    json_key(w, STR("optional"));
    json_bool(w, (a->flags & (OP_ATTR_OPTIONAL | OP_ATTR_DEFAULT)) != 0);
    put(w, STR("default"), dialect_text(a->preset));
    if (e) {
        json_key(w, STR("cases"));
        json_array_begin(w);
        for (uint32_t i = 0; i < e->n; i++)
            json_str(w, dialect_text(dialect_enum_cases[e->first + i].text));
        json_array_end(w);
    }
    json_object_end(w);
}

static void put_attributes(struct json_writer *w, const op_def *d) {
    json_key(w, STR("attributes"));
    json_array_begin(w);
    for (uint32_t i = 0; i < d->n_attrs; i++)
        if (!(op_attribute(d, i)->flags & OP_ATTR_SEGMENTS)) /* bookkeeping of variadic operands */
            put_attribute(w, op_attribute(d, i));
    json_array_end(w);
}

void dialect_op_doc(const op_def *d, struct json_writer *w) {
    const dialect_info *of = &dialect_dialects[d->dialect];
    json_object_begin(w);
    put(w, STR("op"), dialect_text(d->name));
    put(w, STR("dialect"), dialect_text(of->name));
    put(w, STR("help"), dialect_text(d->doc));
    put(w, STR("dialect_help"), dialect_text(of->doc));
    json_key(w, STR("traits"));
    json_array_begin(w);
    for (size_t i = 0; i < sizeof traits / sizeof *traits; i++)
        if (d->flags & traits[i].flag)
            json_str(w, str_from_z(traits[i].text));
    json_array_end(w);
    put_values(w, STR("operands"), d->n_operands ? op_operand(d, 0) : NULL, d->n_operands);
    put_values(w, STR("results"), d->n_results ? op_result(d, 0) : NULL, d->n_results);
    put_attributes(w, d);
    json_key(w, STR("regions"));
    json_array_begin(w);
    for (uint32_t i = 0; i < d->n_regions; i++) {
        json_object_begin(w);
        put(w, STR("name"), dialect_text(op_region_def(d, i)->name));
        put(w, STR("arity"), str_from_z(arities[op_region_def(d, i)->arity]));
        json_object_end(w);
    }
    json_array_end(w);
    json_key(w, STR("rules"));
    json_array_begin(w);
    for (uint32_t i = 0; i < d->n_rules; i++)
        if (dialect_text(op_rule(d, i)->text).n)
            json_str(w, dialect_text(op_rule(d, i)->text));
    json_array_end(w);
    json_object_end(w);
}
