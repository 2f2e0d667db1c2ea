/* params.c - reading and making the parameters of dialect attributes and types; params.h has the conventions. */
#include "dialect/params.h"

#include "base/num.h"

const attr_type_def *dialect_def_of_node(const ir_context *c, ir_node n) {
    if (!n || ir_count(c, n) == 0)
        return NULL;
    uint32_t def = ir_at(c, n, 0);
    switch (ir_kind_of(c, n)) {
    case IR_ATTR_DIALECT: return def && def <= dialect_n.attr_defs ? &dialect_attr_defs[def - 1] : NULL;
    case IR_TYPE_DIALECT: return def && def <= dialect_n.type_defs ? &dialect_type_defs[def - 1] : NULL;
    default: return NULL;
    }
}

bool dialect_is_attr(const ir_context *c, ir_node n, uint32_t attr_def) {
    return n && ir_kind_of(c, n) == IR_ATTR_DIALECT && ir_at(c, n, 0) == attr_def + 1;
}

bool dialect_is_type(const ir_context *c, ir_node n, uint32_t type_def) {
    return n && ir_kind_of(c, n) == IR_TYPE_DIALECT && ir_at(c, n, 0) == type_def + 1;
}

ir_node dialect_param(const ir_context *c, ir_node n, str name) {
    const attr_type_def *d = dialect_def_of_node(c, n);
    if (!d || d->wraps != DIALECT_NONE)
        return 0;
    for (uint32_t i = 0; i < d->n_params && i + 1 < ir_count(c, n); i++) {
        if (str_eq(dialect_text(def_param(d, i)->name), name))
            return dialect_param_at(c, n, i);
    }
    return 0;
}

bool dialect_param_int(const ir_context *c, ir_node n, str name, int64_t *out) {
    return ir_int_value(c, dialect_param(c, n, name), out);
}

static str node_text(const ir_context *c, ir_node a) {
    if (!a)
        return STR("");
    switch (ir_kind_of(c, a)) {
    case IR_STRING:
    case IR_ATTR_STRING:
    case IR_ATTR_KEYWORD:
    case IR_ATTR_SYMBOL: return ir_str_of(c, a);
    default: return STR("");
    }
}

str dialect_param_text(const ir_context *c, ir_node n, str name) {
    return node_text(c, dialect_param(c, n, name));
}

str dialect_case_text(const ir_context *c, ir_node n) {
    const attr_type_def *d = dialect_def_of_node(c, n);
    if (!d || d->wraps == DIALECT_NONE || ir_count(c, n) < 2)
        return STR("");
    return node_text(c, dialect_param_at(c, n, 0));
}

bool dialect_case_value(const ir_context *c, ir_node n, int64_t *out) {
    const attr_type_def *d = dialect_def_of_node(c, n);
    if (!d || d->wraps == DIALECT_NONE)
        return false;
    const enum_def *e = &dialect_enums[d->wraps];
    str text = dialect_case_text(c, n), separator = dialect_text(e->separator);
    int64_t value = 0;
    while (text.n) {
        size_t end = (e->flags & ENUM_IS_BITS) && separator.n ? str_find_char(text, separator.p[0]) : text.n;
        const enum_case *k = dialect_case_by_text(e, str_trim(str_slice(text, 0, end)));
        if (!k)
            return false;
        value |= k->value;
        text = str_from(text, end + 1);
    }
    *out = value;
    return true;
}

uint32_t dialect_param_ints(const ir_context *c, ir_node n, str name, int64_t *out, uint32_t cap) {
    return dialect_ints_of(c, dialect_param(c, n, name), out, cap);
}

uint32_t dialect_ints_of(const ir_context *c, ir_node a, int64_t *out, uint32_t cap) {
    if (!a || ir_kind_of(c, a) != IR_ATTR_ARRAY)
        return 0;
    uint32_t count = ir_count(c, a);
    for (uint32_t i = 0; i < count && i < cap; i++) {
        if (!ir_int_value(c, ir_at(c, a, i), &out[i]))
            out[i] = 0;
    }
    return count;
}

static ir_node make(ir_context *c, ir_kind kind, uint32_t def, const attr_type_def *d, const ir_node *params) {
    uint32_t words[1 + UINT8_MAX];
    uint32_t n = dialect_n_params(d);
    words[0] = def + 1;
    for (uint32_t i = 0; i < n; i++)
        words[i + 1] = params[i];
    return ir_intern(c, kind, 0, words, n + 1);
}

ir_attr dialect_make_attr(ir_context *c, uint32_t attr_def, const ir_node *params) {
    return make(c, IR_ATTR_DIALECT, attr_def, &dialect_attr_defs[attr_def], params);
}

ir_type dialect_make_type(ir_context *c, uint32_t type_def, const ir_node *params) {
    return make(c, IR_TYPE_DIALECT, type_def, &dialect_type_defs[type_def], params);
}

ir_attr dialect_with_param(ir_context *c, ir_attr a, str name, ir_node value) {
    enum { MOST = 32 };
    const attr_type_def *d = dialect_def_of_node(c, a);
    ir_node params[MOST];
    bool known = false;
    if (!d || d->wraps != DIALECT_NONE || d->n_params > MOST)
        return a;
    for (uint32_t i = 0; i < d->n_params; i++) {
        bool is = str_eq(dialect_text(def_param(d, i)->name), name);
        params[i] = is ? value : i + 1 < ir_count(c, a) ? dialect_param_at(c, a, i) : 0;
        known = known || is;
    }
    return known ? dialect_make_attr(c, (uint32_t)(d - dialect_attr_defs), params) : a;
}

ir_attr dialect_make_case(ir_context *c, uint32_t attr_def, str text) {
    ir_node keyword = dialect_keyword(c, text);
    return keyword ? dialect_make_attr(c, attr_def, &keyword) : 0;
}

ir_attr dialect_keyword(ir_context *c, str text) {
    uint32_t word = ir_string(c, text, true);
    return word ? ir_intern(c, IR_ATTR_KEYWORD, 0, &word, 1) : 0;
}

ir_attr dialect_int(ir_context *c, int64_t v) {
    return ir_attr_int(c, c->t_i64, v);
}

ir_attr dialect_ints(ir_context *c, const int64_t *v, uint32_t n) {
    enum { FEW = 16 };
    ir_attr few[FEW] = {0};
    ir_attr *all = few;
    if (n > FEW) {
        all = mem_alloc(c->mem, n * sizeof *all);
        if (!all) {
            c->failed = true;
            return 0;
        }
    }
    for (uint32_t i = 0; i < n; i++)
        all[i] = dialect_int(c, v[i]);
    ir_attr result = ir_attr_array(c, all, n);
    if (all != few)
        mem_free(c->mem, all, n * sizeof *all);
    return result;
}

/* Whether a value is the one that `preset` spells. */
static bool equals_preset(const ir_context *c, ir_node value, str preset) {
    int64_t number, wanted;
    switch (ir_kind_of(c, value)) {
    case IR_ATTR_KEYWORD: return str_eq(ir_str_of(c, value), preset);
    case IR_ATTR_STRING:
        return preset.n >= 2 && preset.p[0] == '"' && str_eq(ir_str_of(c, value), str_slice(preset, 1, preset.n - 1));
    case IR_ATTR_INTEGER:
        if (str_eq(preset, STR("true")) || str_eq(preset, STR("false")))
            return value == (preset.p[0] == 't' ? c->a_true : c->a_false);
        return num_parse_i64(preset, &wanted) && ir_int_value(c, value, &number) && number == wanted;
    default: return false;
    }
}

ir_node dialect_canonical_param(const ir_context *c, const param_def *p, ir_node value) {
    if (!value || !(p->flags & PARAM_IS_OPTIONAL))
        return value;
    if (p->flags & PARAM_IS_ARRAY)
        return ir_count(c, value) == 0 ? 0 : value;
    if (p->preset && equals_preset(c, value, dialect_text(p->preset)))
        return 0;
    return value;
}
