/* asm_print.c - prints an op in its custom form: walks the assembly elements of its table entry over the op.
 *
 * Nothing is written before the op is known to fit its form: operands and results split into the groups of the table, as
 * many regions and successors as it says, and every attribute there that the form writes unconditionally. An op that
 * does not fit is printed generically, so a module that does not verify still prints.
 */
#include <string.h>

#include "text/asm.h"

struct asm_printer {
    printer *p;
    ir_op op;
    const op_def *d;
    asm_groups operands, results;
};

/* ---- what an op has ------------------------------------------------------------------------------------- */

static ir_attr attr_value(const struct asm_printer *a, uint32_t index) {
    return ir_op_attr(a->p->m, a->op, dialect_text(op_attribute(a->d, index)->name));
}

bool asm_is_preset(printer *p, const op_attr *at, ir_attr value) {
    const ir_context *c = p->c;
    if (!value || !(at->flags & OP_ATTR_DEFAULT) || !at->preset)
        return false;
    str preset = dialect_text(at->preset);
    if (value == c->a_false)
        return str_eq(preset, STR("false"));
    if (value == c->a_true)
        return str_eq(preset, STR("true"));
    if (value == c->a_unit)
        return str_eq(preset, STR("unit"));
    struct buf text;
    buf_init(&text, p->mem);
    bool same = text_print_node(c, value, &text) && str_eq(buf_str(&text), preset);
    buf_free(&text);
    return same;
}

uint32_t asm_region_group(const struct asm_printer *a, uint32_t index, uint32_t *first) {
    uint32_t have = ir_op_at(a->p->m, a->op)->n_regions, before = 0;
    for (uint32_t i = 0; i < index; i++) {
        if (op_region_def(a->d, i)->arity != ARITY_ONE)
            before += have - (a->d->n_regions - 1u);
        else
            before++;
    }
    *first = before;
    return op_region_def(a->d, index)->arity != ARITY_ONE ? have - (a->d->n_regions - 1u) : 1;
}

static uint32_t successor_group(const struct asm_printer *a, uint32_t index, uint32_t *first) {
    uint32_t have = ir_op_at(a->p->m, a->op)->n_successors, before = 0;
    for (uint32_t i = 0; i < index; i++)
        before += op_successor_def(a->d, i)->arity != ARITY_ONE ? have - (a->d->n_successors - 1u) : 1;
    *first = before;
    return op_successor_def(a->d, index)->arity != ARITY_ONE ? have - (a->d->n_successors - 1u) : 1;
}

/* At least (exactly, without a variadic one) as many as the table says, and at most one variadic. */
static bool counts_fit(uint32_t have, uint32_t defined, uint32_t variadic) {
    return variadic == 0 ? have == defined : variadic == 1 && have + 1 >= defined;
}

static bool fits(struct asm_printer *a) {
    const ir_module *m = a->p->m;
    const ir_op_data *o = ir_op_at(m, a->op);
    const op_def *d = a->d;
    uint32_t variadic = 0;
    for (uint32_t i = 0; i < d->n_regions; i++)
        variadic += op_region_def(d, i)->arity != ARITY_ONE;
    if (!counts_fit(o->n_regions, d->n_regions, variadic))
        return false;
    variadic = 0;
    for (uint32_t i = 0; i < d->n_successors; i++)
        variadic += op_successor_def(d, i)->arity != ARITY_ONE;
    if (!counts_fit(o->n_successors, d->n_successors, variadic))
        return false;
    if (!asm_operand_groups(m, a->op, d, &a->operands) || !asm_result_groups(m, a->op, d, &a->results))
        return false;
    const asm_elem *e = op_assembly(d), *end = e + d->asm_n;
    for (const asm_elem *x = e; x < end; x += asm_elem_length(x)) {
        if (x->kind != ASM_CUSTOM)
            continue;
        bool ours = directive_find(x->index) != NULL;
        if (!ours && !directive_find_upstream(x->index))
            return false;
        for (int i = 1; ours && i <= x->n; i++)
            if (x[i].kind == ASM_VAR && x[i].var == VAR_ATTR && !attr_value(a, x[i].index) &&
                !(op_attribute(d, x[i].index)->flags & (OP_ATTR_OPTIONAL | OP_ATTR_DEFAULT)))
                return false;
    }
    for (; e < end; e = asm_elem_next(e))
        if (e->kind == ASM_VAR && e->var == VAR_ATTR && !attr_value(a, e->index))
            return false;
    return true;
}

/* ---- one element ---------------------------------------------------------------------------------------- */

static void print_region_var(struct asm_printer *a, ir_region region) {
    unsigned flags = PRINT_ENTRY_ARGS | PRINT_TERMINATORS;
    if ((a->d->flags & OP_IMPLICIT_TERMINATOR) && form_terminator_is_plain(a->p->m, region))
        flags &= ~(unsigned)PRINT_TERMINATORS;
    print_region(a->p, region, flags);
}

static void print_regions(struct asm_printer *a, uint32_t first, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            print_lit(a->p, ", ");
        print_region_var(a, ir_op_region(a->p->m, a->op, first + i));
    }
}

static void print_successors(struct asm_printer *a, uint32_t first, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            print_lit(a->p, ", ");
        print_successor(a->p, ir_successor(a->p->m, a->op, first + i));
    }
}

/* `(%a, %b), ()` after the sizes in the attribute that says how the group is split. */
static void print_operand_lists(struct asm_printer *a, uint32_t group, bool types) {
    printer *p = a->p;
    uint32_t first = a->operands.first[group], left = a->operands.n[group];
    for (uint32_t i = 0; i < a->d->n_attrs; i++) {
        str name = dialect_text(op_attribute(a->d, i)->name);
        if (!str_ends_with(name, STR("_segments")) && !str_ends_with(name, STR("OperandSegments")))
            continue;
        ir_attr sizes = attr_value(a, i);
        if (!sizes || ir_kind_of(p->c, sizes) != IR_ATTR_DENSE_ARRAY)
            return;
        str data = ir_data(p->c, sizes);
        for (size_t at = 0; at + sizeof(int32_t) <= data.n; at += sizeof(int32_t)) {
            int32_t n;
            memcpy(&n, data.p + at, sizeof n);
            if (n < 0 || (uint32_t)n > left)
                return;
            if (at)
                print_lit(p, ", ");
            print_char(p, '(');
            if (types)
                print_operand_types(p, a->op, first, (uint32_t)n);
            else
                print_operands(p, a->op, first, (uint32_t)n);
            print_char(p, ')');
            first += (uint32_t)n;
            left -= (uint32_t)n;
        }
        return;
    }
}

static void print_var(struct asm_printer *a, const asm_elem *e) {
    printer *p = a->p;
    const ir_op_data *o = ir_op_at(p->m, a->op);
    uint32_t first, n;
    switch (e->var) {
    case VAR_OPERAND:
        if (op_operand(a->d, e->index)->arity == ARITY_VARIADIC_OF_VARIADIC)
            print_operand_lists(a, e->index, false);
        else
            print_operands(p, a->op, a->operands.first[e->index], a->operands.n[e->index]);
        break;
    case VAR_OPERANDS: print_operands(p, a->op, 0, o->n_operands); break;
    case VAR_ATTR:
        asm_print_attr_value(p, op_attr_constraint(op_attribute(a->d, e->index)), attr_value(a, e->index),
                             (e->flags & ASM_F_QUALIFIED) != 0);
        break;
    case VAR_REGION:
        n = asm_region_group(a, e->index, &first);
        print_regions(a, first, n);
        break;
    case VAR_REGIONS: print_regions(a, 0, o->n_regions); break;
    case VAR_SUCCESSOR:
        n = successor_group(a, e->index, &first);
        print_successors(a, first, n);
        break;
    case VAR_SUCCESSORS: print_successors(a, 0, o->n_successors); break;
    default: break;
    }
}

/* Whether a single value of this constraint is one dialect type, whose prefix is left out in forms. */
static bool type_is_stripped(const value_def *v, const ir_context *c, ir_type t) {
    const type_pred *pred = &dialect_preds[dialect_constraints[v->constraint].pred];
    if (pred->kind == PRED_AND && pred->n)
        pred = &dialect_preds[dialect_refs[pred->first]];
    return pred->kind == PRED_DEF && v->arity == ARITY_ONE && t && ir_kind_of(c, t) == IR_TYPE_DIALECT &&
           ir_at(c, t, 0) == pred->first + 1u;
}

static void print_type_elem(struct asm_printer *a, const asm_elem *e) {
    printer *p = a->p;
    const ir_module *m = p->m;
    const ir_op_data *o = ir_op_at(m, a->op);
    bool qualified = (e->flags & ASM_F_QUALIFIED) != 0;
    switch (e->var) {
    case VAR_OPERAND: {
        const value_def *v = op_operand(a->d, e->index);
        if (v->arity == ARITY_VARIADIC_OF_VARIADIC) {
            print_operand_lists(a, e->index, true);
            break;
        }
        uint32_t first = a->operands.first[e->index], n = a->operands.n[e->index];
        if (n == 1 && !qualified && type_is_stripped(v, p->c, ir_value_type(m, ir_operand(m, a->op, first))))
            print_type_stripped(p, ir_value_type(m, ir_operand(m, a->op, first)));
        else
            print_operand_types(p, a->op, first, n);
        break;
    }
    case VAR_RESULT: {
        const value_def *v = op_result(a->d, e->index);
        uint32_t first = a->results.first[e->index], n = a->results.n[e->index];
        if (n == 1 && !qualified && type_is_stripped(v, p->c, ir_value_type(m, o->results + first)))
            print_type_stripped(p, ir_value_type(m, o->results + first));
        else
            print_result_types(p, a->op, first, n);
        break;
    }
    case VAR_OPERANDS: print_operand_types(p, a->op, 0, o->n_operands); break;
    case VAR_RESULTS: print_result_types(p, a->op, 0, o->n_results); break;
    default: break;
    }
}

static void print_arg_types(struct asm_printer *a, const asm_elem *arg) {
    const ir_op_data *o = ir_op_at(a->p->m, a->op);
    switch (arg->var) {
    case VAR_OPERAND: print_operand_types(a->p, a->op, a->operands.first[arg->index], a->operands.n[arg->index]); break;
    case VAR_RESULT: print_result_types(a->p, a->op, a->results.first[arg->index], a->results.n[arg->index]); break;
    case VAR_OPERANDS: print_operand_types(a->p, a->op, 0, o->n_operands); break;
    default: print_result_types(a->p, a->op, 0, o->n_results); break;
    }
}

/* "(t, t) -> t": one result without parentheses unless it is a function. */
static void print_functional(struct asm_printer *a, const asm_elem *in, const asm_elem *out) {
    printer *p = a->p;
    const ir_op_data *o = ir_op_at(p->m, a->op);
    uint32_t first = 0, n = o->n_results;
    if (out->var == VAR_RESULT) {
        first = a->results.first[out->index];
        n = a->results.n[out->index];
    }
    print_char(p, '(');
    print_arg_types(a, in);
    print_lit(p, ") -> ");
    bool bare = false;
    if (n == 1) {
        ir_type t = ir_value_type(p->m, o->results + first);
        bare = t && ir_kind_of(p->c, t) != IR_TYPE_FUNCTION;
    }
    if (!bare)
        print_char(p, '(');
    print_arg_types(a, out);
    if (!bare)
        print_char(p, ')');
}

/* Marks the attributes that the form writes anywhere, in groups and directives too. */
static void mark_written(const op_def *d, uint64_t *written) {
    const asm_elem *e = op_assembly(d);
    for (uint32_t i = 0; i < d->asm_n; i++)
        if (e[i].kind == ASM_VAR && e[i].var == VAR_ATTR)
            written[e[i].index >> 6] |= 1ull << (e[i].index & 63);
}

static void print_dict(struct asm_printer *a, const asm_elem *e) {
    printer *p = a->p;
    const op_def *d = a->d;
    const ir_op_data *o = ir_op_at(p->m, a->op);
    if (!o->props && !o->attrs)
        return;
    str elided[ASM_MAX_ELIDED + 2];
    uint32_t n = 0;
    bool has_prop_dict = false;
    const asm_elem *x = op_assembly(d);
    for (uint32_t i = 0; i < d->asm_n; i++)
        has_prop_dict |= x[i].kind == ASM_PROP_DICT;
    if (o->props && !(has_prop_dict && e->kind != ASM_PROP_DICT)) {
        uint64_t written[ASM_MAX_ELIDED / 64] = {0};
        mark_written(d, written);
        bool lists = false; /* lists of lists: how they are split is not written by itself */
        for (uint32_t i = 0; i < d->n_operands; i++)
            lists |= op_operand(d, i)->arity == ARITY_VARIADIC_OF_VARIADIC;
        for (uint32_t i = 0; i < d->n_attrs; i++) {
            const op_attr *at = op_attribute(d, i);
            str name = dialect_text(at->name);
            bool drop = written[i >> 6] & 1ull << (i & 63);
            drop |= (at->flags & OP_ATTR_SEGMENTS) || (lists && str_ends_with(name, STR("_segments")));
            if (!drop) {
                ir_attr value = ir_dict_get(p->c, o->props, name);
                drop = value && asm_is_preset(p, at, value);
            }
            if (drop)
                elided[n++] = name;
        }
    }
    elided[n++] = STR("operandSegmentSizes");
    elided[n++] = STR("resultSegmentSizes");
    if (e->kind == ASM_PROP_DICT) {
        /* <{...}> of the properties alone. */
        bool any = false;
        if (!o->props || ir_kind_of(p->c, o->props) != IR_ATTR_DICT)
            return;
        uint32_t count = ir_count(p->c, o->props);
        for (uint32_t i = 0; i + 1 < count; i += 2) {
            str key = ir_str_of(p->c, ir_at(p->c, o->props, i));
            bool drop = false;
            for (uint32_t j = 0; j < n && !drop; j++)
                drop = str_eq(key, elided[j]);
            if (drop)
                continue;
            if (any)
                print_lit(p, ", ");
            else
                print_lit(p, " <{");
            any = true;
            print_named_attr(p, key, ir_at(p->c, o->props, i + 1));
        }
        if (any)
            print_lit(p, "}>");
        return;
    }
    print_attr_dict(p, has_prop_dict ? 0 : o->props, o->attrs, elided, n, e->kind == ASM_ATTR_DICT_KEYWORD);
}

/* ---- groups --------------------------------------------------------------------------------------------- */

static bool anchor_present(struct asm_printer *a, const asm_elem *e) {
    printer *p = a->p;
    const ir_op_data *o = ir_op_at(p->m, a->op);
    uint32_t first, n;
    if (e->kind == ASM_CUSTOM) {
        for (uint32_t i = 1; i <= e->n; i++)
            if (!(e[i].flags & ASM_F_REF) && e[i].kind != ASM_STRING && anchor_present(a, &e[i]))
                return true;
        return false;
    }
    switch (e->var) {
    case VAR_OPERAND: return a->operands.n[e->index] > 0;
    case VAR_RESULT: return a->results.n[e->index] > 0;
    case VAR_OPERANDS: return o->n_operands > 0;
    case VAR_RESULTS: return o->n_results > 0;
    case VAR_REGION:
        n = asm_region_group(a, e->index, &first);
        if (op_region_def(a->d, e->index)->arity != ARITY_ONE)
            return n > 0;
        return ir_region_at(p->m, ir_op_region(p->m, a->op, first))->first != 0;
    case VAR_REGIONS: return o->n_regions > 0;
    case VAR_SUCCESSOR: return successor_group(a, e->index, &first) > 0;
    case VAR_SUCCESSORS: return o->n_successors > 0;
    case VAR_ATTR: {
        ir_attr value = attr_value(a, e->index);
        if (value == p->c->a_false && op_attr_constraint(op_attribute(a->d, e->index))->kind == ATTR_UNIT)
            return false; /* a unit property that is not set */
        return value && !asm_is_preset(p, op_attribute(a->d, e->index), value);
    }
    default: return true;
    }
}

static void print_run(struct asm_printer *a, const asm_elem *e, const asm_elem *end);

static void print_group(struct asm_printer *a, const asm_elem *e) {
    const asm_elem *then_end = e + e->jump, *else_part = then_end, *else_end = then_end;
    if (then_end->kind == ASM_ELSE) {
        else_part = then_end + 1;
        else_end = then_end + then_end->jump;
    }
    bool present = e->index == 0 || anchor_present(a, e + e->index);
    if (e->flags & ASM_F_INVERTED)
        present = !present;
    if (present)
        print_run(a, e + 1, then_end);
    else
        print_run(a, else_part, else_end);
}

/* A clause is written when anything that it holds is there. */
static bool clause_present(struct asm_printer *a, const asm_elem *e, const asm_elem *end) {
    for (; e < end; e = asm_elem_next(e)) {
        if (e->kind == ASM_CUSTOM || e->kind == ASM_VAR) {
            if (anchor_present(a, e))
                return true;
        }
    }
    return false;
}

static void print_oilist(struct asm_printer *a, const asm_elem *e) {
    const asm_elem *end = e + e->jump;
    for (const asm_elem *clause = e + 1; clause < end; clause += clause->jump) {
        if (!clause_present(a, clause + 1, clause + clause->jump))
            continue;
        print_char(a->p, ' ');
        print_str(a->p, dialect_text(dialect_literals[clause->index]));
        print_run(a, clause + 1, clause + clause->jump);
    }
}

static void print_elem(struct asm_printer *a, const asm_elem *e) {
    printer *p = a->p;
    if ((e->flags & ASM_F_ELIDED) && e->kind == ASM_VAR)
        return;
    if (e->flags & ASM_F_SPACE)
        print_char(p, ' ');
    switch (e->kind) {
    case ASM_LITERAL: print_str(p, dialect_text(dialect_literals[e->index])); break;
    case ASM_VAR: print_var(a, e); break;
    case ASM_TYPE: print_type_elem(a, e); break;
    case ASM_FUNCTIONAL_TYPE: print_functional(a, &e[1], &e[2]); break;
    case ASM_ATTR_DICT:
    case ASM_ATTR_DICT_KEYWORD:
    case ASM_PROP_DICT: print_dict(a, e); break;
    case ASM_CUSTOM: {
        const directive *dir = directive_find(e->index);
        if (!dir)
            dir = directive_find_upstream(e->index);
        if (dir)
            dir->print(a, e);
        break;
    }
    case ASM_GROUP: print_group(a, e); break;
    case ASM_OILIST: print_oilist(a, e); break;
    case ASM_SPACE: print_char(p, ' '); break;
    case ASM_NEWLINE: print_newline(p); break;
    default: break;
    }
}

static void print_run(struct asm_printer *a, const asm_elem *e, const asm_elem *end) {
    for (; e < end; e = asm_elem_next(e))
        print_elem(a, e);
}

bool asm_print_op(printer *p, ir_op op) {
    const op_def *d = print_op_def(p, op);
    if (!d)
        return false;
    if (d->form == OP_FORM_HAND) {
        const form *f = form_find(d->hand);
        return f && f->print(p, op);
    }
    if (d->form != OP_FORM_DECLARATIVE)
        return false;
    struct asm_printer a = {.p = p, .op = op, .d = d};
    if (!fits(&a))
        return false;
    print_op_name(p, op);
    const asm_elem *e = op_assembly(d);
    print_run(&a, e, e + d->asm_n);
    return true;
}

/* ---- what custom directives use -------------------------------------------------------------------------- */

struct printer *asm_printer_of(struct asm_printer *a) {
    return a->p;
}

const ir_module *asm_printer_module(const struct asm_printer *a) {
    return a->p->m;
}

ir_op asm_printer_op(const struct asm_printer *a) {
    return a->op;
}

const op_def *asm_printer_def(const struct asm_printer *a) {
    return a->d;
}

uint32_t asm_operand_group(const struct asm_printer *a, uint32_t group, uint32_t *first) {
    *first = a->operands.first[group];
    return a->operands.n[group];
}

uint32_t asm_result_group(const struct asm_printer *a, uint32_t group, uint32_t *first) {
    *first = a->results.first[group];
    return a->results.n[group];
}

ir_attr asm_attr(const struct asm_printer *a, uint32_t attr) {
    return attr_value(a, attr);
}

void asm_print_operand(struct asm_printer *a, uint32_t i) {
    print_operands(a->p, a->op, i, 1);
}

void asm_print_functional_type(struct asm_printer *a) {
    print_op_function_type(a->p, a->op);
}

void asm_print_region_with_args(struct asm_printer *a, uint32_t region) {
    printer *p = a->p;
    uint32_t first;
    if (asm_region_group(a, region, &first) == 0)
        return;
    ir_region r = ir_op_region(p->m, a->op, first);
    ir_block b = ir_region_at(p->m, r)->first;
    print_char(p, '(');
    for (uint32_t i = 0; b && i < ir_block_at(p->m, b)->n_args; i++) {
        if (i)
            print_lit(p, ", ");
        print_region_arg(p, ir_block_at(p->m, b)->args + i, 0, true);
    }
    print_lit(p, ") ");
    print_region(p, r, PRINT_TERMINATORS);
}

void asm_print_region(struct asm_printer *a, uint32_t i) {
    print_region_var(a, ir_op_region(a->p->m, a->op, i));
}
