/* The printer: ops, blocks, regions, and the two runs over a module.
 *
 *   number values ─▶ collect aliases ─▶ name them ─▶ print: definitions, module, late definitions, resources
 */
#include "text/printer.h"

#include "base/vec.h"

bool print_enter(printer *p) {
    if (p->depth >= PRINT_MAX_DEPTH) {
        p->failed = true;
        return false;
    }
    p->depth++;
    return true;
}

void print_newline(printer *p) {
    print_char(p, '\n');
    buf_fill(p->out, ' ', p->indent);
}

const op_def *print_op_def(const printer *p, ir_op op) {
    const op_def *d = dialect_def_of(p->m, op);
    if (d && p->o.registry == TEXT_UPSTREAM && !(dialect_dialects[d->dialect].flags & DIALECT_UPSTREAM))
        return NULL;
    return d;
}

void print_op_name(printer *p, ir_op op) {
    if (p->collecting)
        return;
    str name = ir_op_name_str(p->m, op);
    size_t dot = str_find_char(name, '.');
    if (p->default_dialect.n && dot == p->default_dialect.n && str_starts_with(name, p->default_dialect)) {
        str rest = str_from(name, dot + 1);
        if (str_find_char(rest, '.') == rest.n)
            name = rest;
    }
    print_str(p, name);
}

/* ---- generic form ------------------------------------------------------------------------------------------- */

/* The first run looks at an op's parts in another order than the second writes them. */
static void collect_generic_op(printer *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    for (uint32_t i = 0; i < d->n_regions; i++)
        print_region(p, ir_op_region(p->m, op, i), PRINT_ENTRY_ARGS | PRINT_TERMINATORS | PRINT_EMPTY_BLOCK);
    d = ir_op_at(p->m, op);
    ir_type last = 0; /* often they are all of one type */
    for (uint32_t i = 0; i < d->n_operands + d->n_results; i++) {
        ir_type t = ir_value_type(p->m, i < d->n_operands ? ir_operand(p->m, op, i) : d->results + i - d->n_operands);
        if (t != last)
            print_note(p, t, true, false);
        last = t;
    }
    if (d->props && d->attrs && (d->flags & IR_OP_OPAQUE) == 0) {
        print_attr_dict(p, d->props, d->attrs, NULL, 0, false);
        return;
    }
    if (d->props)
        print_note(p, d->props, false, false);
    if (d->attrs)
        print_note(p, d->attrs, false, false);
}

void print_generic_op(printer *p, ir_op op) {
    if (p->collecting) {
        collect_generic_op(p, op);
        return;
    }
    const ir_module *m = p->m;
    const ir_op_data *d = ir_op_at(m, op);
    print_quoted(p, ir_op_name_str(m, op));
    print_char(p, '(');
    print_operands(p, op, 0, d->n_operands);
    print_char(p, ')');
    if (d->n_successors) {
        print_char(p, '[');
        for (uint32_t i = 0; i < d->n_successors; i++) {
            if (i)
                print_lit(p, ", ");
            print_successor(p, ir_successor(m, op, i));
        }
        print_char(p, ']');
    }
    if (d->props) {
        print_lit(p, " <");
        print_attr(p, d->props);
        print_char(p, '>');
    }
    if (d->n_regions) {
        print_lit(p, " (");
        for (uint32_t i = 0; i < d->n_regions; i++) {
            if (i)
                print_lit(p, ", ");
            print_region(p, ir_op_region(m, op, i), PRINT_ENTRY_ARGS | PRINT_TERMINATORS | PRINT_EMPTY_BLOCK);
        }
        print_char(p, ')');
    }
    if (d->attrs)
        print_attr_dict(p, 0, d->attrs, NULL, 0, false);
    print_lit(p, " : ");
    print_op_function_type(p, op);
}

/* ---- ops whose custom form nobody knows ---------------------------------------------------------------------- */

static bool is_name_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '$' || c == '.' ||
           c == '_' || c == '-';
}

/* The end of the value name (with its #number) that stands behind the '%' at `i`. */
static size_t name_end(str s, size_t i) {
    i++;
    while (i < s.n && is_name_char(s.p[i]))
        i++;
    if (i + 1 < s.n && s.p[i] == '#' && s.p[i + 1] >= '0' && s.p[i + 1] <= '9')
        for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9';)
            i++;
    return i;
}

/* The next '%' outside strings from `i` on, or the end. */
static size_t next_name(str s, size_t i) {
    for (; i < s.n && s.p[i] != '%'; i++)
        if (s.p[i] == '"')
            for (i++; i < s.n && s.p[i] != '"'; i++)
                if (s.p[i] == '\\')
                    i++;
    return i < s.n ? i : s.n;
}

/* The text as it was read, with the operands' names of today where their number tells which is which. */
static void print_opaque_op(printer *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    str text = ir_str_of(p->c, d->props);
    if (p->collecting)
        return;
    print_str(p, ir_op_name_str(p->m, op));
    /* Some forms start right behind the name ("ttkernel.f(%a)"): as it was written, where that can be seen. */
    uintptr_t before = (uintptr_t)text.p - (uintptr_t)p->m->source.p;
    if (text.n && (before - 1 >= p->m->source.n || text.p[-1] == ' '))
        print_char(p, ' ');
    uint32_t n = 0;
    for (size_t i = next_name(text, 0); i < text.n; i = next_name(text, name_end(text, i)))
        n++;
    if (n != d->n_operands) {
        print_str(p, text);
        return;
    }
    size_t from = 0;
    for (uint32_t k = 0; k < n; k++) {
        size_t at = next_name(text, from);
        print_str(p, str_slice(text, from, at));
        print_value(p, ir_operand(p->m, op, k));
        from = name_end(text, at);
    }
    print_str(p, str_from(text, from));
}

/* ---- ops, blocks, regions -------------------------------------------------------------------------------------- */

static void print_op(printer *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    if (p->collecting) {
        if (p->o.locations)
            print_note_deferred(p, d->loc);
    } else {
        buf_fill(p->out, ' ', p->indent);
        if (d->n_results) {
            print_result_names(p, op);
            print_lit(p, " = ");
        }
    }
    if (UNLIKELY(d->flags & IR_OP_OPAQUE))
        print_opaque_op(p, op);
    else if (p->o.generic || !print_op_def(p, op) || !asm_print_op(p, op))
        print_generic_op(p, op);
    if (!p->collecting)
        print_trailing_loc(p, ir_op_at(p->m, op)->loc, true);
}

/* Who branches to the blocks of one region: those of block number i are list[start[i]] .. list[start[i + 1]]. */
typedef struct preds {
    uint32_t *start;
    ir_block *list;
    uint32_t n_blocks, n_edges;
} preds;

/* Fills `out`, empty when no op of the region has successors or memory runs out (p->failed). */
static void find_preds(printer *p, ir_region r, preds *out) {
    const ir_module *m = p->m;
    *out = (preds){0};
    for (ir_block b = ir_region_at(m, r)->first; b; b = ir_block_at(m, b)->next) {
        out->n_blocks++;
        if (ir_block_at(m, b)->last)
            out->n_edges += ir_op_at(m, ir_block_at(m, b)->last)->n_successors;
    }
    if (out->n_edges == 0)
        return;
    out->start = mem_alloc_zero(p->mem, (out->n_blocks + (size_t)2) * sizeof *out->start);
    out->list = mem_alloc_zero(p->mem, out->n_edges * sizeof *out->list);
    if (!out->start || !out->list) {
        p->failed = true;
        return;
    }
    /* Count into start[i + 2], sum up, then fill through start[i + 1], which thereby becomes the end of i. */
    for (int round = 0; round < 2; round++) {
        for (ir_block b = ir_region_at(m, r)->first; b; b = ir_block_at(m, b)->next) {
            ir_op last = ir_block_at(m, b)->last;
            for (uint32_t i = 0; last && i < ir_op_at(m, last)->n_successors; i++) {
                ir_block to = ir_successor(m, last, i);
                if (ir_block_at(m, to)->region != r || print_block_order(p, to) >= out->n_blocks)
                    continue;
                uint32_t *at = &out->start[print_block_order(p, to)];
                if (round == 0)
                    at[2]++;
                else
                    out->list[at[1]++] = b;
            }
        }
        if (round == 0)
            for (uint32_t i = 0; i < out->n_blocks; i++)
                out->start[i + 2] += out->start[i + 1];
    }
}

static void free_preds(printer *p, preds *x) {
    if (x->n_edges) {
        mem_free(p->mem, x->start, (x->n_blocks + (size_t)2) * sizeof *x->start);
        mem_free(p->mem, x->list, x->n_edges * sizeof *x->list);
    }
}

static void print_label(printer *p, ir_block b, const preds *x, bool entry) {
    const ir_block_data *d = ir_block_at(p->m, b);
    buf_fill(p->out, ' ', p->indent);
    print_successor(p, b);
    for (uint32_t i = 0; i < d->n_args; i++) {
        if (i)
            print_lit(p, ", ");
        else
            print_char(p, '(');
        print_region_arg(p, d->args + i, 0, true);
    }
    if (d->n_args)
        print_char(p, ')');
    print_char(p, ':');
    uint32_t order = print_block_order(p, b);
    uint32_t from = x->start && order < x->n_blocks ? x->start[order] : 0;
    uint32_t to = x->start && order < x->n_blocks ? x->start[order + 1] : 0;
    if (from == to) {
        if (!entry)
            print_lit(p, "  // no predecessors");
    } else if (to - from == 1) {
        print_lit(p, "  // pred: ");
        print_successor(p, x->list[from]);
    } else {
        print_lit(p, "  // ");
        print_u64(p, to - from);
        print_lit(p, " preds: ");
        for (uint32_t i = from; i < to; i++) {
            if (i > from)
                print_lit(p, ", ");
            print_successor(p, x->list[i]);
        }
    }
    print_char(p, '\n');
}

void print_region_arg(printer *p, ir_value arg, ir_attr attrs, bool with_type) {
    print_value(p, arg);
    if (with_type || p->collecting) {
        print_lit(p, ": ");
        print_type(p, ir_value_type(p->m, arg));
    }
    if (attrs)
        print_attr_dict(p, 0, attrs, NULL, 0, false);
    print_trailing_loc(p, ir_value_at(p->m, arg)->loc, false);
}

static void print_block(printer *p, ir_block b, const preds *x, bool label, bool entry, bool terminator) {
    const ir_module *m = p->m;
    const ir_block_data *d = ir_block_at(m, b);
    if (label && p->collecting) {
        for (uint32_t i = 0; i < d->n_args; i++)
            print_region_arg(p, d->args + i, 0, true);
    } else if (label) {
        print_label(p, b, x, entry);
    }
    ir_op stop = 0;
    if (!terminator && d->last) {
        const op_def *last = print_op_def(p, d->last);
        if (last && (last->flags & OP_TERMINATOR))
            stop = d->last;
    }
    print_indent(p, 1);
    for (ir_op op = d->first; op != stop && !p->failed && !p->out->failed; op = ir_op_at(m, op)->next) {
        print_op(p, op);
        if (!p->collecting)
            print_char(p, '\n');
    }
    print_indent(p, -1);
}

void print_region(printer *p, ir_region r, unsigned flags) {
    const ir_module *m = p->m;
    ir_block first = ir_region_at(m, r)->first;
    if (!print_enter(p))
        return;
    print_lit(p, "{\n");
    if (first) {
        str outer = p->default_dialect;
        const op_def *parent = print_op_def(p, ir_region_at(m, r)->op);
        p->default_dialect = parent && parent->default_dialect != DIALECT_NONE
                                 ? dialect_text(dialect_dialects[parent->default_dialect].name)
                                 : STR("");
        preds x = {0};
        if (!p->collecting)
            find_preds(p, r, &x);
        bool label = (flags & PRINT_ENTRY_ARGS) && ir_block_at(m, first)->n_args != 0;
        if ((flags & PRINT_EMPTY_BLOCK) && !ir_block_at(m, first)->first)
            label = true;
        print_block(p, first, &x, label, true, flags & PRINT_TERMINATORS);
        for (ir_block b = ir_block_at(m, first)->next; b && !p->failed; b = ir_block_at(m, b)->next)
            print_block(p, b, &x, true, false, true);
        free_preds(p, &x);
        p->default_dialect = outer;
    }
    if (!p->collecting) {
        buf_fill(p->out, ' ', p->indent);
        print_char(p, '}');
    }
    print_leave(p);
}

/* ---- entry points ------------------------------------------------------------------------------------------------ */

static void print_module(printer *p, struct buf *out) {
    p->default_dialect = STR("builtin");
    print_names_number(p);
    print_start_collecting(p);
    if (!p->failed)
        print_op(p, p->m->root);
    p->collecting = false;
    p->out = out;
    if (!p->failed)
        print_aliases_assign(p);
    if (p->failed)
        return;
    print_aliases_define(p, false);
    print_op(p, p->m->root);
    print_char(p, '\n');
    print_aliases_define(p, true);
    print_resource_section(p);
    print_char(p, '\n');
}

bool text_print(const ir_module *m, const text_print_options *o, struct buf *out) {
    printer p = {.m = m, .c = m->ctx, .out = out, .mem = m->mem, .o = *o};
    buf_init(&p.texts, m->mem);
    if (m->root && print_names_init(&p) && print_aliases_init(&p) && print_resources_init(&p))
        print_module(&p, out);
    else
        p.failed = true;
    print_names_free(&p);
    print_aliases_free(&p);
    print_resources_free(&p);
    buf_free(&p.texts);
    return !p.failed && !out->failed;
}

bool text_print_local(const ir_module *m, bool locations, struct buf *out) {
    printer p = {.m = m, .c = m->ctx, .out = out, .mem = m->mem, .o = {.generic = true, .locations = locations}};
    buf_init(&p.texts, m->mem);
    if (m->root && print_names_init(&p) && print_resources_init(&p)) {
        p.default_dialect = STR("builtin");
        print_names_number(&p);
        if (!p.failed)
            print_op(&p, m->root);
    } else {
        p.failed = true;
    }
    print_names_free(&p);
    print_resources_free(&p);
    buf_free(&p.texts);
    return !p.failed && !out->failed;
}

bool text_print_node(const ir_context *c, ir_node n, struct buf *out) {
    /* the buffer's memory, not the context's: any number of threads may print nodes of one context */
    printer p = {.c = c, .out = out, .mem = out->mem};
    buf_init(&p.texts, out->mem);
    ir_kind k = ir_kind_of(c, n);
    if (!print_resources_init(&p))
        p.failed = true;
    else if (ir_is_type(k))
        print_type(&p, n);
    else if (k == IR_STRING)
        print_quoted(&p, ir_str_of(c, n));
    else
        print_attr(&p, n);
    print_resources_free(&p);
    buf_free(&p.texts);
    return !p.failed && !out->failed;
}
