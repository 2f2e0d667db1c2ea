/* dialect_print.c - prints bodies of dialect attributes and types by the assembly of their definitions.
 *
 * Where spaces go was decided when the tables were made (ASM_F_SPACE); only the members of struct(...) and params are
 * spaced here. An optional parameter that is 0 prints nothing, not even its space.
 */
#include "text/dialect_text.h"

/* ---- values ---------------------------------------------------------------------------------------------- */

void body_print_int(printer *p, ir_node number) {
    int64_t v = 0;
    ir_int_value(p->c, number, &v);
    ir_type t = ir_kind_of(p->c, number) == IR_ATTR_INTEGER ? ir_at(p->c, number, 0) : 0;
    if (t && ir_kind_of(p->c, t) == IR_TYPE_INTEGER && ir_flags_of(p->c, t) == IR_UNSIGNED)
        print_u64(p, (uint64_t)v);
    else if (v == IR_DYNAMIC)
        print_char(p, '?');
    else
        print_i64(p, v);
}

void body_print_ints(printer *p, ir_node array, const char *separator) {
    uint32_t n = ir_kind_of(p->c, array) == IR_ATTR_ARRAY ? ir_count(p->c, array) : 0;
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            buf_puts(p->out, separator);
        body_print_int(p, ir_at(p->c, array, i));
    }
}

/* An enum attribute writes the case as it is, a plain enum parameter quotes what is no identifier. */
static void print_case(printer *p, const param_def *d, str text) {
    if (d->name)
        print_keyword_or_string(p, text);
    else
        print_str(p, text);
}

static void print_number(printer *p, ir_node value) {
    if (ir_kind_of(p->c, value) != IR_ATTR_FLOAT) {
        print_attr(p, value);
        return;
    }
    uint64_t bits = (uint64_t)ir_at64(p->c, value, 1);
    print_float(p, IR_F64, &bits);
}

/* One value, not an array. A node of another kind than the parameter's (kept as text, say) prints in full. */
static void print_value_of(printer *p, const param_def *d, ir_node value, bool qualified) {
    ir_kind kind = ir_kind_of(p->c, value);
    if (kind == IR_ATTR_TYPE && d->kind != PARAM_TYPE_ATTR && d->kind != PARAM_ATTR) {
        value = ir_at(p->c, value, 0);
        kind = ir_kind_of(p->c, value);
    }
    if (ir_is_type(kind)) {
        if (qualified || d->ref == DIALECT_NONE || d->kind != PARAM_TYPE)
            print_type(p, value);
        else
            print_type_stripped(p, value);
        return;
    }
    switch (d->kind) {
    case PARAM_INT:
    case PARAM_BOOL:
        if (kind == IR_ATTR_INTEGER && value != p->c->a_true && value != p->c->a_false)
            body_print_int(p, value);
        else
            print_attr_no_type(p, value);
        break;
    case PARAM_FLOAT: print_number(p, value); break;
    case PARAM_ENUM:
    case PARAM_KEYWORD:
        if (kind == IR_ATTR_KEYWORD)
            print_case(p, d, ir_str_of(p->c, value));
        else
            print_attr(p, value);
        break;
    case PARAM_AFFINE_MAP:
        if (kind == IR_ATTR_AFFINE_MAP)
            print_affine_map(p, value);
        else
            print_attr(p, value);
        break;
    case PARAM_ATTR:
        if (qualified || d->ref == DIALECT_NONE)
            print_attr(p, value);
        else
            print_attr_stripped(p, value);
        break;
    default: print_attr(p, value); break;
    }
}

void body_print_param(printer *p, const param_def *d, ir_node value, bool qualified) {
    if (!value)
        return;
    if (!(d->flags & PARAM_IS_ARRAY) || ir_kind_of(p->c, value) != IR_ATTR_ARRAY) {
        print_value_of(p, d, value, qualified);
        return;
    }
    bool bracketed = (d->flags & PARAM_IS_BRACKETED) != 0;
    if (bracketed)
        print_char(p, '[');
    for (uint32_t i = 0; i < ir_count(p->c, value); i++) {
        if (i)
            print_lit(p, ", ");
        print_value_of(p, d, ir_at(p->c, value, i), qualified);
    }
    if (bracketed)
        print_char(p, ']');
}

/* ---- the walk -------------------------------------------------------------------------------------------- */

typedef struct walk {
    printer *p;
    const attr_type_def *d;
    ir_node n;
} walk;

static param_def param_of(const attr_type_def *d, uint32_t index) {
    if (d->wraps != DIALECT_NONE)
        return (param_def){.kind = PARAM_ENUM, .ref = d->wraps};
    return *def_param(d, index);
}

static bool is_present(const walk *w, const asm_elem *e) {
    ir_node v = dialect_param_at(w->p->c, w->n, e->index);
    if (!v)
        return false;
    return ir_kind_of(w->p->c, v) != IR_ATTR_ARRAY || ir_count(w->p->c, v) != 0;
}

static void print_one(const walk *w, const asm_elem *e) {
    param_def d = param_of(w->d, e->index);
    body_print_param(w->p, &d, dialect_param_at(w->p->c, w->n, e->index), (e->flags & ASM_F_QUALIFIED) != 0);
}

/* Whether an optional parameter is left out. A required one never is. */
static bool is_left_out(const walk *w, const asm_elem *e) {
    param_def d = param_of(w->d, e->index);
    return (d.flags & PARAM_IS_OPTIONAL) && !is_present(w, e);
}

static void print_members(const walk *w, const asm_elem *e) {
    printer *p = w->p;
    bool first = true;
    for (int i = 1; i <= e->n; i++) {
        if (is_left_out(w, &e[i]))
            continue;
        if (!first)
            print_lit(p, ", ");
        else if (e->flags & ASM_F_SPACE)
            print_char(p, ' ');
        first = false;
        if (e->kind == ASM_STRUCT) {
            print_str(p, dialect_text(def_param(w->d, e[i].index)->name));
            print_lit(p, " = ");
        }
        print_one(w, &e[i]);
    }
}

static void print_run(const walk *w, const asm_elem *e, const asm_elem *end);

/* Whether the anchor of a group is there. */
static bool anchor_present(const walk *w, const asm_elem *anchor) {
    switch (anchor->kind) {
    case ASM_VAR: return is_present(w, anchor);
    case ASM_STRUCT:
    case ASM_PARAMS:
    case ASM_CUSTOM:
        for (int i = 1; i <= anchor->n; i++) {
            if (anchor[i].kind == ASM_VAR && is_present(w, &anchor[i]))
                return true;
        }
        return false;
    default: return false;
    }
}

static const asm_elem *print_group(const walk *w, const asm_elem *e, const asm_elem *end) {
    const asm_elem *then_end = e + e->jump;
    const asm_elem *else_first = then_end, *else_end = then_end;
    if (then_end < end && then_end->kind == ASM_ELSE) {
        else_first = then_end + 1;
        else_end = then_end + then_end->jump;
    }
    bool present = anchor_present(w, e + e->index);
    if (e->flags & ASM_F_INVERTED)
        present = !present;
    if (present)
        print_run(w, e + 1, then_end);
    else
        print_run(w, else_first, else_end);
    return else_end;
}

static void print_run(const walk *w, const asm_elem *e, const asm_elem *end) {
    printer *p = w->p;
    while (e < end) {
        bool space = (e->flags & ASM_F_SPACE) != 0;
        switch (e->kind) {
        case ASM_LITERAL:
            if (space)
                print_char(p, ' ');
            print_str(p, dialect_text(dialect_literals[e->index]));
            break;
        case ASM_VAR:
            if (is_left_out(w, e))
                break;
            if (space)
                print_char(p, ' ');
            print_one(w, e);
            break;
        case ASM_STRUCT:
        case ASM_PARAMS: print_members(w, e); break;
        case ASM_CUSTOM:
            if (space)
                print_char(p, ' ');
            if (!tt_body_directive_print(p, w->n, e) && !sdy_body_directive_print(p, w->n, e))
                upstream_body_directive_print(p, w->n, e);
            break;
        case ASM_GROUP: e = print_group(w, e, end); continue;
        case ASM_SPACE: print_char(p, ' '); break;
        case ASM_NEWLINE: print_newline(p); break;
        default: break;
        }
        bool has_arguments = e->kind == ASM_STRUCT || e->kind == ASM_PARAMS || e->kind == ASM_CUSTOM;
        e += has_arguments ? 1 + e->n : 1;
    }
}

static void print_body(printer *p, const attr_type_def *d, ir_node n, const body_form *hand) {
    if (d->form == DEF_FORM_HAND) {
        if (hand)
            hand->print(p, n);
        return;
    }
    if (d->form != DEF_FORM_DECLARATIVE)
        return;
    walk w = {p, d, n};
    print_run(&w, &dialect_asm[d->asm_first], &dialect_asm[d->asm_first] + d->asm_n);
}

void asm_print_attr_body(printer *p, ir_attr a) {
    const attr_type_def *d = print_attr_def(p, a);
    print_body(p, d, a, d->form == DEF_FORM_HAND ? body_attr_form(d->hand) : NULL);
}

void asm_print_type_body(printer *p, ir_type t) {
    const attr_type_def *d = print_type_def(p, t);
    print_body(p, d, t, d->form == DEF_FORM_HAND ? body_type_form(d->hand) : NULL);
}
