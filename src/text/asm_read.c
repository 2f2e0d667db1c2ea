/* asm_read.c - reads an op in its custom form: walks the assembly elements of its table entry over the text.
 *
 * Operands are collected as uses without a type, types as lists; asm_resolve (asm_types.c) brings them together when
 * the whole form is read. Lists stay on the reader's word stack until the op is finished, so an asm_list may be
 * remembered by its mark.
 *
 * Invariants
 *   A1  Elements are walked left to right; a group's elements lie between it and its jump (dialect.h D3).
 *   A2  Every attribute read goes into the properties; attr-dict goes through rd_opt_attr_dict, which sorts them out.
 */
#include "text/asm.h"
#include "text/dialect_text.h"

/* ---- literals ------------------------------------------------------------------------------------------- */

static bool is_word(str s) {
    return s.n && rd_is_class(s.p[0], RD_LETTER);
}

static bool at_literal(const reader *r, str lit) {
    if (is_word(lit))
        return rd_is_keyword(r, lit.p);
    return lit.n == 1 ? rd_is(r, lit.p[0]) : rd_is_text(r, lit.p);
}

static bool take_literal(reader *r, str lit) {
    if (is_word(lit))
        return rd_expect_keyword(r, lit.p);
    return lit.n == 1 ? rd_expect(r, lit.p[0]) : rd_expect_text(r, lit.p);
}

/* ---- lists ---------------------------------------------------------------------------------------------- */

/* Makes `l` end at the top of the stack, so that items can be appended to it. */
static bool list_reopen(reader *r, asm_list *l, uint32_t words) {
    uint32_t end = l->mark + l->n * words;
    if (l->n == 0) {
        l->mark = rd_mark(r);
        return true;
    }
    if (end == rd_mark(r))
        return true;
    uint32_t mark = rd_mark(r);
    for (uint32_t i = l->mark; i < end; i++)
        if (!rd_push(r, r->stack.w[i]))
            return false;
    l->mark = mark;
    return true;
}

static bool append_use(reader *r, asm_list *l) {
    rd_use u;
    if (!rd_value_use(r, &u) || !list_reopen(r, l, RD_USE_WORDS) || !rd_push_use(r, u))
        return false;
    l->n++;
    return true;
}

/* ---- one element ---------------------------------------------------------------------------------------- */

/* `(%a, %b), ()`: a variadic list of lists; the sizes go into the attribute the table calls the group's segments. */
static bool read_operand_lists(struct asm_reader *a, uint32_t group) {
    reader *r = a->r;
    asm_list *l = &a->uses[group];
    l->n = 0;
    l->mark = rd_mark(r);
    int32_t sizes[64];
    uint32_t n_sizes = 0;
    while (rd_is(r, '(')) {
        rd_take(r, 1);
        uint32_t n = 0;
        if (!rd_value_uses(r, &n) || !rd_expect(r, ')'))
            return false;
        l->n += n;
        if (n_sizes == 64)
            return rd_error(r, a->op->at, "too many operand lists");
        sizes[n_sizes++] = (int32_t)n;
        if (!rd_accept(r, ','))
            break;
    }
    for (uint32_t i = 0; i < a->d->n_attrs; i++) {
        const op_attr *at = op_attribute(a->d, i);
        str name = dialect_text(at->name);
        if (str_ends_with(name, STR("_segments")) || str_ends_with(name, STR("OperandSegments")))
            return rd_add_prop(r, name,
                               ir_attr_dense_array(r->ctx, r->ctx->t_i32, sizes, n_sizes * sizeof *sizes, true));
    }
    return true;
}

static bool read_operand_var(struct asm_reader *a, uint32_t group) {
    reader *r = a->r;
    asm_list *l = &a->uses[group];
    switch (op_operand(a->d, group)->arity) {
    case ARITY_ONE: return append_use(r, l);
    case ARITY_OPTIONAL: return !rd_is_value(r) || append_use(r, l);
    case ARITY_VARIADIC: l->mark = rd_mark(r); return rd_value_uses(r, &l->n);
    default: return read_operand_lists(a, group);
    }
}

static bool read_attr_var(struct asm_reader *a, const asm_elem *e) {
    reader *r = a->r;
    const op_attr *at = op_attribute(a->d, e->index);
    ir_attr v = asm_read_attr_value(r, a->d, at, (e->flags & ASM_F_QUALIFIED) != 0);
    return v && rd_add_prop(r, dialect_text(at->name), v);
}

bool asm_read_region(struct asm_reader *a, uint32_t index) {
    reader *r = a->r;
    if (a->n_regions == ASM_MAX_REGIONS)
        return rd_error(r, rd_pos(r), "too many regions");
    a->region_defs[a->n_regions++] = (uint8_t)index;
    if (!rd_region(r, a->op, rd_mark(r), 0))
        return false;
    if ((a->d->flags & OP_IMPLICIT_TERMINATOR) && a->d->terminator != DIALECT_NONE)
        return rd_ensure_terminator(r, a->op, dialect_op(a->d->terminator));
    return !(a->d->flags & OP_SINGLE_BLOCK) || form_ensure_block(r);
}

static bool read_region_var(struct asm_reader *a, uint32_t index) {
    reader *r = a->r;
    if (op_region_def(a->d, index)->arity == ARITY_ONE)
        return asm_read_region(a, index);
    if (!rd_is(r, '{'))
        return true;
    do {
        if (!asm_read_region(a, index))
            return false;
    } while (rd_accept(r, ','));
    return true;
}

/* Adds empty regions for those that the text leaves out, and puts all in the order of the table: some forms write the
 * first one last. */
static bool complete_regions(struct asm_reader *a) {
    for (uint32_t i = 0; i < a->d->n_regions; i++) {
        bool there = op_region_def(a->d, i)->arity != ARITY_ONE;
        for (uint32_t j = 0; j < a->n_regions; j++)
            there |= a->region_defs[j] == i;
        if (there)
            continue;
        if (a->n_regions == ASM_MAX_REGIONS || !rd_add_region(a->r, ir_region_new(a->r->m)))
            return false;
        a->region_defs[a->n_regions++] = (uint8_t)i;
    }
    uint32_t *w = a->r->regions.w + a->op->regions;
    for (uint32_t i = 1; i < a->n_regions; i++)
        for (uint32_t j = i; j && a->region_defs[j - 1] > a->region_defs[j]; j--) {
            uint32_t region = w[j];
            uint8_t def = a->region_defs[j];
            w[j] = w[j - 1];
            a->region_defs[j] = a->region_defs[j - 1];
            w[j - 1] = region;
            a->region_defs[j - 1] = def;
        }
    return true;
}

static bool read_successor_var(struct asm_reader *a, bool variadic) {
    reader *r = a->r;
    if (variadic && !rd_is(r, '^'))
        return true;
    do {
        ir_block b = 0;
        if (!rd_successor(r, &b) || !rd_add_successor(r, b))
            return false;
    } while (variadic && rd_accept(r, ','));
    return true;
}

static bool read_var(struct asm_reader *a, const asm_elem *e) {
    reader *r = a->r;
    switch (e->var) {
    case VAR_OPERAND: return read_operand_var(a, e->index);
    case VAR_OPERANDS:
        a->all_operands = true;
        a->all_uses.mark = rd_mark(r);
        return rd_value_uses(r, &a->all_uses.n);
    case VAR_ATTR: return (e->flags & ASM_F_ELIDED) || read_attr_var(a, e);
    case VAR_REGION: return read_region_var(a, e->index);
    case VAR_REGIONS:
        for (uint32_t i = 0; i < a->d->n_regions; i++)
            if ((i && !rd_expect(r, ',')) || !read_region_var(a, i))
                return false;
        return true;
    case VAR_SUCCESSOR: return read_successor_var(a, op_successor_def(a->d, e->index)->arity != ARITY_ONE);
    case VAR_SUCCESSORS: return read_successor_var(a, true);
    default: return rd_error(r, a->op->at, "the form of this op is not understood");
    }
}

/* Whether a single value of this constraint is one dialect type, whose prefix may be left out in forms. */
static const attr_type_def *single_type_def(const value_def *v) {
    const type_pred *p = &dialect_preds[dialect_constraints[v->constraint].pred];
    if (p->kind == PRED_AND && p->n)
        p = &dialect_preds[dialect_refs[p->first]];
    return p->kind == PRED_DEF && v->arity == ARITY_ONE ? &dialect_type_defs[p->first] : NULL;
}

static ir_type read_single_type(struct asm_reader *a, const value_def *v, bool qualified) {
    reader *r = a->r;
    const attr_type_def *def = qualified ? NULL : single_type_def(v);
    if (!def)
        return rd_type(r);
    return dialect_read_stripped_type(r, def);
}

/* The types of one group, by its arity. */
static bool read_group_types(struct asm_reader *a, const value_def *v, bool qualified, asm_list *l) {
    reader *r = a->r;
    l->mark = rd_mark(r);
    switch (v->arity) {
    case ARITY_ONE: {
        ir_type t = read_single_type(a, v, qualified);
        if (!t)
            return false;
        l->mark = rd_mark(r);
        l->n = 1;
        return rd_push(r, t);
    }
    case ARITY_OPTIONAL:
        if (!rd_starts_type(r)) {
            l->n = 0;
            return true;
        }
        {
            ir_type t = rd_type(r);
            l->mark = rd_mark(r);
            l->n = 1;
            return t && rd_push(r, t);
        }
    case ARITY_VARIADIC:
        if (rd_starts_type(r) && !rd_type_list(r))
            return false;
        l->n = rd_mark(r) - l->mark;
        return true;
    default: /* (a, b), () */
        while (rd_is(r, '(')) {
            if (!rd_type_list_parens(r))
                return false;
            if (!rd_accept(r, ','))
                break;
        }
        l->n = rd_mark(r) - l->mark;
        return true;
    }
}

static bool read_type_elem(struct asm_reader *a, const asm_elem *e) {
    reader *r = a->r;
    bool qualified = (e->flags & ASM_F_QUALIFIED) != 0;
    switch (e->var) {
    case VAR_OPERAND:
        a->operands_typed |= 1ull << e->index;
        a->type_from = rd_pos(r);
        return read_group_types(a, op_operand(a->d, e->index), qualified, &a->operand_types[e->index]);
    case VAR_RESULT:
        a->results_typed |= 1ull << e->index;
        return read_group_types(a, op_result(a->d, e->index), qualified, &a->result_types[e->index]);
    case VAR_OPERANDS:
    case VAR_RESULTS: {
        asm_list *l = e->var == VAR_OPERANDS ? &a->all_operand_types : &a->all_result_types;
        if (e->var == VAR_OPERANDS) {
            a->all_operands_typed = true;
            a->type_from = rd_pos(r);
        } else {
            a->all_results_typed = true;
        }
        l->mark = rd_mark(r);
        if (rd_starts_type(r) && !rd_type_list(r))
            return false;
        l->n = rd_mark(r) - l->mark;
        return true;
    }
    default: return rd_error(r, a->op->at, "the form of this op is not understood");
    }
}

/* Gives a list of types to what an argument of functional-type stands for. */
static void assign_types(struct asm_reader *a, const asm_elem *arg, asm_list l) {
    switch (arg->var) {
    case VAR_OPERAND:
        a->operands_typed |= 1ull << arg->index;
        a->operand_types[arg->index] = l;
        break;
    case VAR_RESULT:
        a->results_typed |= 1ull << arg->index;
        a->result_types[arg->index] = l;
        break;
    case VAR_OPERANDS:
        a->all_operands_typed = true;
        a->all_operand_types = l;
        break;
    default:
        a->all_results_typed = true;
        a->all_result_types = l;
        break;
    }
}

static bool read_functional_type(struct asm_reader *a, const asm_elem *e) {
    reader *r = a->r;
    asm_list in = {rd_mark(r), 0}, out;
    a->type_from = rd_pos(r);
    if (!rd_type_list_parens(r))
        return false;
    in.n = rd_mark(r) - in.mark;
    out.mark = rd_mark(r);
    if (!rd_expect_text(r, "->") || !rd_result_types(r))
        return false;
    out.n = rd_mark(r) - out.mark;
    assign_types(a, &e[1], in);
    assign_types(a, &e[2], out);
    return true;
}

/* ---- groups --------------------------------------------------------------------------------------------- */

static bool at_custom(const struct asm_reader *a, const asm_elem *e) {
    const reader *r = a->r;
    for (uint32_t i = 1; i <= e->n; i++) {
        if (e[i].flags & ASM_F_REF)
            continue;
        if (e[i].kind == ASM_VAR && e[i].var == VAR_OPERAND && (rd_is_value(r) || rd_is(r, '[')))
            return true;
        if (e[i].kind == ASM_VAR && e[i].var == VAR_REGION)
            return rd_is(r, '(') || rd_is(r, '{');
        if (e[i].kind == ASM_VAR && e[i].var == VAR_ATTR)
            return rd_is(r, '[') || rd_is(r, '<') || rd_is_symbol(r) || rd_peek_id(r).n;
    }
    return false;
}

/* Whether the text shows that an optional group starting with this element is there. */
static bool group_present(const struct asm_reader *a, const asm_elem *e) {
    const reader *r = a->r;
    switch (e->kind) {
    case ASM_LITERAL: return at_literal(r, dialect_text(dialect_literals[e->index]));
    case ASM_VAR:
        switch (e->var) {
        case VAR_OPERAND:
            return op_operand(a->d, e->index)->arity == ARITY_VARIADIC_OF_VARIADIC ? rd_is(r, '(') : rd_is_value(r);
        case VAR_OPERANDS: return rd_is_value(r);
        case VAR_ATTR: return asm_at_attr_value(r, op_attr_constraint(op_attribute(a->d, e->index)));
        case VAR_REGION:
        case VAR_REGIONS: return rd_is(r, '{');
        case VAR_SUCCESSOR:
        case VAR_SUCCESSORS: return rd_is(r, '^');
        default: return false;
        }
    case ASM_TYPE: return rd_starts_type(r);
    case ASM_FUNCTIONAL_TYPE: return rd_is(r, '(');
    case ASM_ATTR_DICT: return rd_is(r, '{');
    case ASM_ATTR_DICT_KEYWORD: return rd_is_keyword(r, "attributes");
    case ASM_PROP_DICT: return rd_is(r, '<');
    case ASM_CUSTOM: return at_custom(a, e);
    default: return false;
    }
}

/* Sets the unit attributes that stand for a group's (or clause's) being there; not those of groups inside it. */
static bool set_elided(struct asm_reader *a, const asm_elem *e, const asm_elem *end) {
    for (; e < end; e = asm_elem_next(e))
        if (e->kind == ASM_VAR && e->var == VAR_ATTR && (e->flags & ASM_F_ELIDED)) {
            const op_attr *at = op_attribute(a->d, e->index);
            if (!rd_add_prop(a->r, dialect_text(at->name), a->r->ctx->a_unit))
                return false;
        }
    return true;
}

static bool read_run(struct asm_reader *a, const asm_elem *e, const asm_elem *end);

static bool read_group(struct asm_reader *a, const asm_elem *e) {
    const asm_elem *then_part = e + 1, *then_end = e + e->jump;
    const asm_elem *else_part = then_end, *else_end = then_end;
    if (then_end->kind == ASM_ELSE) {
        else_part = then_end + 1;
        else_end = then_end + then_end->jump;
    }
    while (then_part < then_end && (then_part->kind == ASM_SPACE || then_part->kind == ASM_NEWLINE))
        then_part++;
    bool present = then_part < then_end && group_present(a, then_part);
    if (present)
        return set_elided(a, then_part, then_end) && read_run(a, then_part, then_end);
    return set_elided(a, else_part, else_end) && read_run(a, else_part, else_end);
}

static bool read_oilist(struct asm_reader *a, const asm_elem *e) {
    const asm_elem *end = e + e->jump;
    uint64_t seen = 0;
    for (;;) {
        const asm_elem *clause = e + 1;
        uint32_t i = 0;
        while (clause < end && !at_literal(a->r, dialect_text(dialect_literals[clause->index]))) {
            clause += clause->jump;
            i++;
        }
        if (clause >= end)
            return true;
        str lit = dialect_text(dialect_literals[clause->index]);
        if (i < 64 && (seen & 1ull << i))
            return rd_error(a->r, rd_pos(a->r),
                            "`%.*s` clause can appear at most once in the expansion of the oilist directive",
                            STR_ARG(lit));
        if (i < 64)
            seen |= 1ull << i;
        if (!take_literal(a->r, lit) || !set_elided(a, clause + 1, clause + clause->jump) ||
            !read_run(a, clause + 1, clause + clause->jump))
            return false;
    }
}

static bool read_custom(struct asm_reader *a, const asm_elem *e) {
    const directive *dir = directive_find(e->index);
    if (!dir)
        dir = directive_find_upstream(e->index);
    if (!dir)
        return rd_error(a->r, rd_pos(a->r), "custom directive '%.*s' is not understood",
                        STR_ARG(dialect_text(dialect_custom_names[e->index])));
    return dir->read(a, e);
}

static bool read_elem(struct asm_reader *a, const asm_elem *e) {
    reader *r = a->r;
    switch (e->kind) {
    case ASM_LITERAL: return take_literal(r, dialect_text(dialect_literals[e->index]));
    case ASM_VAR: return read_var(a, e);
    case ASM_TYPE: return read_type_elem(a, e);
    case ASM_FUNCTIONAL_TYPE: return read_functional_type(a, e);
    case ASM_ATTR_DICT: return rd_opt_attr_dict(r, a->op);
    case ASM_ATTR_DICT_KEYWORD: return rd_opt_attr_dict_keyword(r, a->op);
    case ASM_PROP_DICT: return rd_opt_prop_dict(r, a->op);
    case ASM_CUSTOM: return read_custom(a, e);
    case ASM_GROUP: return read_group(a, e);
    case ASM_OILIST: return read_oilist(a, e);
    case ASM_SPACE:
    case ASM_NEWLINE: return true;
    default: return rd_error(r, a->op->at, "the form of this op is not understood");
    }
}

static bool read_run(struct asm_reader *a, const asm_elem *e, const asm_elem *end) {
    for (; e < end; e = asm_elem_next(e))
        if (!read_elem(a, e))
            return false;
    return true;
}

/* Whether every custom directive of the form is known; if not the op is kept as text rather than refused. */
static bool directives_known(const op_def *d) {
    const asm_elem *e = op_assembly(d);
    for (uint32_t i = 0; i < d->asm_n; i++)
        if (e[i].kind == ASM_CUSTOM && !directive_find(e[i].index) && !directive_find_upstream(e[i].index))
            return false;
    return true;
}

/* Unit properties are kept as false where the form leaves them out, as upstream does. */
static bool complete_properties(struct asm_reader *a) {
    for (uint32_t i = 0; i < a->d->n_attrs; i++) {
        const op_attr *at = op_attribute(a->d, i);
        if ((at->flags & OP_ATTR_PROPERTY) && op_attr_constraint(at)->kind == ATTR_UNIT && !asm_get_attr(a, i) &&
            !rd_add_prop(a->r, dialect_text(at->name), a->r->ctx->a_false))
            return false;
    }
    return true;
}

rd_answer asm_read_op(reader *r, rd_op *op) {
    const op_def *d = op->def;
    if (!d)
        return RD_UNKNOWN;
    if (d->form == OP_FORM_HAND) {
        const form *f = form_find(d->hand);
        if (!f)
            return RD_UNKNOWN;
        return f->read(r, op) ? RD_DONE : RD_ERROR;
    }
    if (d->form != OP_FORM_DECLARATIVE || d->n_operands > ASM_MAX_OPERANDS || d->n_results > ASM_MAX_RESULTS ||
        !directives_known(d))
        return RD_UNKNOWN;
    struct asm_reader a = {.r = r, .op = op, .d = d, .type_from = op->at};
    const asm_elem *e = op_assembly(d);
    return read_run(&a, e, e + d->asm_n) && asm_resolve(&a) && complete_regions(&a) && complete_properties(&a)
               ? RD_DONE
               : RD_ERROR;
}

/* ---- what custom directives use -------------------------------------------------------------------------- */

struct reader *asm_reader_of(struct asm_reader *a) {
    return a->r;
}

const op_def *asm_reader_def(const struct asm_reader *a) {
    return a->d;
}

bool asm_at_operand(const struct asm_reader *a) {
    return rd_is_value(a->r);
}

bool asm_read_operand(struct asm_reader *a, uint32_t group) {
    return append_use(a->r, &a->uses[group]);
}

uint32_t asm_operand_count(const struct asm_reader *a, uint32_t group) {
    return a->uses[group].n;
}

static bool push_types(reader *r, asm_list *l, const ir_type *t, uint32_t n) {
    l->mark = rd_mark(r);
    l->n = n;
    for (uint32_t i = 0; i < n; i++)
        if (!rd_push(r, t[i]))
            return false;
    return true;
}

bool asm_set_operand_types(struct asm_reader *a, uint32_t group, const ir_type *t, uint32_t n) {
    a->operands_typed |= 1ull << group;
    return push_types(a->r, &a->operand_types[group], t, n);
}

bool asm_set_result_types(struct asm_reader *a, uint32_t group, const ir_type *t, uint32_t n) {
    a->results_typed |= 1ull << group;
    return push_types(a->r, &a->result_types[group], t, n);
}

void asm_set_attr(struct asm_reader *a, uint32_t attr, ir_attr value) {
    if (value)
        rd_add_prop(a->r, dialect_text(op_attribute(a->d, attr)->name), value);
}

ir_attr asm_get_attr(const struct asm_reader *a, uint32_t attr) {
    return rd_get_attr(a->r, a->op, dialect_text(op_attribute(a->d, attr)->name));
}

bool asm_read_region_with_args(struct asm_reader *a, uint32_t region) {
    reader *r = a->r;
    uint32_t mark = rd_mark(r), n = 0;
    if (!rd_expect(r, '('))
        return false;
    if (!rd_is(r, ')')) {
        do {
            rd_arg arg;
            if (!rd_argument(r, true, false, &arg) || !rd_push_arg(r, &arg))
                return false;
            n++;
        } while (rd_accept(r, ','));
    }
    if (a->n_regions == ASM_MAX_REGIONS)
        return rd_error(r, rd_pos(r), "too many regions");
    a->region_defs[a->n_regions++] = (uint8_t)region;
    return rd_expect(r, ')') && rd_region(r, a->op, mark, n);
}

bool asm_append_use(struct asm_reader *a, uint32_t group, rd_use u) {
    asm_list *l = &a->uses[group];
    if (!list_reopen(a->r, l, RD_USE_WORDS) || !rd_push_use(a->r, u))
        return false;
    l->n++;
    return true;
}

bool asm_set_named_attr(struct asm_reader *a, str name, ir_attr value) {
    return value && rd_add_prop(a->r, name, value);
}
