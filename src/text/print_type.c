/* Builtin types, and the frame around those of dialects. */
#include "text/printer.h"

void print_dims(printer *p, const int64_t *dims, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            print_char(p, 'x');
        if (dims[i] == IR_DYNAMIC)
            print_char(p, '?');
        else
            print_i64(p, dims[i]);
    }
}

/* The dimensions of a node from payload position `at`, each followed by 'x'. */
static void print_node_dims(printer *p, ir_type t, uint32_t at, uint32_t rank) {
    for (uint32_t i = 0; i < rank; i++) {
        int64_t d = ir_at64(p->c, t, at + 2 * i);
        if (d == IR_DYNAMIC)
            print_char(p, '?');
        else
            print_i64(p, d);
        print_char(p, 'x');
    }
}

static void print_vector(printer *p, ir_type t) {
    uint32_t rank = ir_at(p->c, t, 1);
    print_lit(p, "vector<");
    for (uint32_t i = 0; i < rank; i++) {
        bool scalable = ir_at(p->c, t, 2 + 2 * rank + i) != 0;
        if (scalable)
            print_char(p, '[');
        print_i64(p, ir_at64(p->c, t, 2 + 2 * i));
        if (scalable)
            print_char(p, ']');
        print_char(p, 'x');
    }
    print_type(p, ir_at(p->c, t, 0));
    print_char(p, '>');
}

static void print_memref_attr(printer *p, ir_attr a) {
    print_lit(p, ", ");
    print_attr_as(p, a, PRINT_TYPE_MAY_ELIDE);
}

/* A list of types that stands in a node. Printing does not make nodes, so the words stay where they are. */
static const ir_type *types_at(const printer *p, ir_type t, uint32_t at) {
    return ir_words(p->c, t) + 2 + at;
}

void print_dialect_symbol(printer *p, char sigil, str dialect, str mnemonic, ir_node n, bool is_type) {
    struct buf *saved;
    size_t start;
    print_scratch_begin(p, &saved, &start);
    print_char(p, sigil);
    print_str(p, dialect);
    size_t mark = p->texts.n;
    print_char(p, '.');
    print_str(p, mnemonic);
    size_t body = p->texts.n;
    if (is_type)
        asm_print_type_body(p, n);
    else
        asm_print_attr_body(p, n);
    /* "name" or "name<...>" stands after a dot, anything else in angle brackets. */
    if (!p->texts.failed && p->texts.n > body && (p->texts.p[body] != '<' || p->texts.p[p->texts.n - 1] != '>')) {
        p->texts.p[mark] = '<';
        print_char(p, '>');
    }
    print_scratch_end(p, saved, start, false);
}

static void print_dialect_type(printer *p, ir_type t) {
    const attr_type_def *d = print_type_def(p, t);
    print_dialect_symbol(p, '!', dialect_text(dialect_dialects[d->dialect].name), dialect_text(d->mnemonic), t, true);
}

void print_type_impl(printer *p, ir_type t) {
    const ir_context *c = p->c;
    ir_kind k = ir_kind_of(c, t);
    if (!print_enter(p))
        return;
    switch (k) {
    case IR_TYPE_INTEGER: {
        uint32_t s = ir_flags_of(c, t);
        if (s == IR_SIGNED)
            print_char(p, 's');
        else if (s == IR_UNSIGNED)
            print_char(p, 'u');
        print_char(p, 'i');
        print_u64(p, ir_at(c, t, 0));
        break;
    }
    case IR_TYPE_FLOAT: buf_puts(p->out, ir_float_infos[ir_flags_of(c, t) % IR_N_FLOATS].name); break;
    case IR_TYPE_INDEX: print_lit(p, "index"); break;
    case IR_TYPE_NONE: print_lit(p, "none"); break;
    case IR_TYPE_COMPLEX:
        print_lit(p, "complex<");
        print_type(p, ir_at(c, t, 0));
        print_char(p, '>');
        break;
    case IR_TYPE_TUPLE:
        print_lit(p, "tuple<");
        print_types(p, types_at(p, t, 0), ir_count(c, t));
        print_char(p, '>');
        break;
    case IR_TYPE_FUNCTION: {
        uint32_t n_in = ir_at(c, t, 0);
        print_function_type(p, types_at(p, t, 1), n_in, types_at(p, t, 1 + n_in), ir_count(c, t) - 1 - n_in);
        break;
    }
    case IR_TYPE_VECTOR: print_vector(p, t); break;
    case IR_TYPE_TENSOR:
        print_lit(p, "tensor<");
        print_node_dims(p, t, 3, ir_at(c, t, 2));
        print_type(p, ir_at(c, t, 0));
        if (ir_at(c, t, 1)) {
            print_lit(p, ", ");
            print_attr(p, ir_at(c, t, 1));
        }
        print_char(p, '>');
        break;
    case IR_TYPE_UNRANKED_TENSOR:
        print_lit(p, "tensor<*x");
        print_type(p, ir_at(c, t, 0));
        print_char(p, '>');
        break;
    case IR_TYPE_MEMREF:
        print_lit(p, "memref<");
        print_node_dims(p, t, 4, ir_at(c, t, 3));
        print_type(p, ir_at(c, t, 0));
        if (print_memref_layout_shown(c, ir_at(c, t, 1)))
            print_memref_attr(p, ir_at(c, t, 1));
        if (ir_at(c, t, 2))
            print_memref_attr(p, ir_at(c, t, 2));
        print_char(p, '>');
        break;
    case IR_TYPE_UNRANKED_MEMREF:
        print_lit(p, "memref<*x");
        print_type(p, ir_at(c, t, 0));
        if (ir_at(c, t, 1))
            print_memref_attr(p, ir_at(c, t, 1));
        print_char(p, '>');
        break;
    case IR_TYPE_DIALECT: print_dialect_type(p, t); break;
    case IR_TYPE_OPAQUE: print_opaque_symbol(p, '!', ir_str_of(c, ir_at(c, t, 1))); break;
    default: print_lit(p, "<<NULL TYPE>>"); break;
    }
    print_leave(p);
}

void print_type(printer *p, ir_type t) {
    if (p->collecting) {
        print_note(p, t, true, false);
        return;
    }
    ir_kind k = ir_kind_of(p->c, t);
    bool small = k == IR_TYPE_INTEGER || k == IR_TYPE_FLOAT || k == IR_TYPE_INDEX || k == IR_NONE || !p->aliases;
    if (!small && print_cached(p, t))
        return;
    /* Function types are long and written once: not remembered. */
    if (small || k == IR_TYPE_FUNCTION || k == IR_TYPE_OPAQUE) {
        print_type_impl(p, t);
        return;
    }
    struct buf *saved;
    size_t start;
    print_scratch_begin(p, &saved, &start);
    print_type_impl(p, t);
    print_scratch_end(p, saved, start, print_remember(p, t, start));
}

void print_type_stripped(printer *p, ir_type t) {
    if (p->collecting) {
        print_note(p, t, true, false);
        return;
    }
    if (t && ir_kind_of(p->c, t) == IR_TYPE_DIALECT && !print_alias(p, t)) {
        struct buf *saved;
        size_t start;
        print_scratch_begin(p, &saved, &start);
        asm_print_type_body(p, t);
        bool empty = p->texts.n == start;
        print_scratch_end(p, saved, start, false);
        if (empty)
            print_type(p, t);
        return;
    }
    if (!t || ir_kind_of(p->c, t) != IR_TYPE_DIALECT)
        print_type(p, t);
}

void print_types(printer *p, const ir_type *t, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            print_lit(p, ", ");
        print_type(p, t[i]);
    }
}

void print_value_types(printer *p, const ir_value *v, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            print_lit(p, ", ");
        print_type(p, ir_value_type(p->m, v[i]));
    }
}

void print_operand_types(printer *p, ir_op op, uint32_t first, uint32_t n) {
    print_value_types(p, p->m->pool + ir_op_at(p->m, op)->operands + first, n);
}

void print_result_types(printer *p, ir_op op, uint32_t first, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            print_lit(p, ", ");
        print_type(p, ir_value_type(p->m, ir_op_at(p->m, op)->results + first + i));
    }
}

void print_op_function_type(printer *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    print_char(p, '(');
    print_operand_types(p, op, 0, d->n_operands);
    print_lit(p, ") -> ");
    bool wrapped = d->n_results != 1 || ir_kind_of(p->c, ir_value_type(p->m, d->results)) == IR_TYPE_FUNCTION;
    if (wrapped)
        print_char(p, '(');
    print_result_types(p, op, 0, d->n_results);
    if (wrapped)
        print_char(p, ')');
}

/* One type alone, several (or a function type, or none) in parentheses. */
static void print_type_list(printer *p, const ir_type *t, uint32_t n) {
    bool wrapped = n != 1 || ir_kind_of(p->c, t[0]) == IR_TYPE_FUNCTION;
    if (wrapped)
        print_char(p, '(');
    print_types(p, t, n);
    if (wrapped)
        print_char(p, ')');
}

void print_function_type(printer *p, const ir_type *in, uint32_t n_in, const ir_type *out, uint32_t n_out) {
    print_char(p, '(');
    print_types(p, in, n_in);
    print_lit(p, ") -> ");
    print_type_list(p, out, n_out);
}

void print_arrow_types(printer *p, const ir_type *t, uint32_t n) {
    if (n == 0)
        return;
    print_lit(p, " -> ");
    print_type_list(p, t, n);
}
