/* directives_types.c - StableHLO's directives that write the types of an op in short: one type when all are equal.
 *
 * Each takes type(x) arguments; the last is the result's. What the short form cannot show is written as a function
 * type in the same place.
 */
#include "text/directives_impl.h"

static uint32_t function_inputs(const ir_context *c, ir_type f) {
    return ir_at(c, f, 0);
}
static uint32_t function_results(const ir_context *c, ir_type f) {
    return ir_count(c, f) - 1 - ir_at(c, f, 0);
}

static bool set_types(struct asm_reader *a, const asm_elem *arg, const ir_type *t, uint32_t n) {
    return arg->var == VAR_RESULT ? asm_set_result_types(a, arg->index, t, n)
                                  : asm_set_operand_types(a, arg->index, t, n);
}

/* Spreads a function type over the arguments, one type each: "expected single output". */
static bool set_from_function(struct asm_reader *a, const asm_elem *e, uint32_t at, ir_type f) {
    reader *r = asm_reader_of(a);
    uint32_t n = e->n - 1u;
    if (function_inputs(r->ctx, f) != n)
        return rd_error(r, at, "%u operands present, but expected %u", n, function_inputs(r->ctx, f));
    if (function_results(r->ctx, f) != 1)
        return rd_error(r, at, "expected single output");
    for (uint32_t i = 0; i <= n; i++) {
        ir_type t = ir_at(r->ctx, f, i + 1);
        if (!set_types(a, &e[i + 1], &t, 1))
            return false;
    }
    return true;
}

static bool is_function(const reader *r, ir_type t) {
    return ir_kind_of(r->ctx, t) == IR_TYPE_FUNCTION;
}

/* ---- SameOperandsAndResultType(type(a), ..., type(result)) ------------------------------------------------- */

bool read_same_type(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    uint32_t at = rd_pos(r);
    ir_type t = rd_type(r);
    if (!t)
        return false;
    if (is_function(r, t))
        return set_from_function(a, e, at, t);
    for (uint32_t i = 1; i <= e->n; i++) {
        if (!set_types(a, &e[i], &t, 1))
            return false;
    }
    return true;
}

/* Whether operands and results of the arguments e[first..last] all have one type; *t that type. */
static bool all_same(struct asm_printer *a, const asm_elem *e, uint32_t first, uint32_t last, ir_type *t) {
    const ir_module *m = asm_printer_module(a);
    ir_op op = asm_printer_op(a);
    *t = 0;
    for (uint32_t i = first; i <= last; i++) {
        uint32_t from;
        bool result = e[i].var == VAR_RESULT;
        uint32_t n = result ? asm_result_group(a, e[i].index, &from) : asm_operand_group(a, e[i].index, &from);
        for (uint32_t k = 0; k < n; k++) {
            ir_value v = result ? ir_op_at(m, op)->results + from + k : ir_operand(m, op, from + k);
            ir_type here = ir_value_type(m, v);
            if (*t && here != *t)
                return false;
            *t = here;
        }
    }
    return *t != 0;
}

void print_same_type(struct asm_printer *a, const asm_elem *e) {
    ir_type t;
    if (all_same(a, e, 1, e->n, &t))
        print_type(asm_printer_of(a), t);
    else
        asm_print_functional_type(a);
}

/* ---- VariadicSameOperandsAndResultType(ref(xs), type(xs), type(result)) ------------------------------------ */

bool read_variadic_same_type(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    uint32_t at = rd_pos(r), n = asm_operand_count(a, e[2].index), mark = rd_mark(r);
    ir_type t = rd_type(r);
    if (!t)
        return false;
    if (is_function(r, t)) {
        if (function_inputs(r->ctx, t) != n)
            return rd_error(r, at, "%u operands present, but expected %u", n, function_inputs(r->ctx, t));
        if (function_results(r->ctx, t) != 1)
            return rd_error(r, at, "expected single output");
        for (uint32_t i = 0; i <= n; i++) {
            if (!rd_push(r, ir_at(r->ctx, t, i + 1)))
                return false;
        }
    } else {
        for (uint32_t i = 0; i <= n; i++) {
            if (!rd_push(r, t))
                return false;
        }
    }
    bool ok = asm_set_operand_types(a, e[2].index, rd_words(r, mark), n) &&
              asm_set_result_types(a, e[3].index, rd_words(r, mark) + n, 1);
    return ok;
}

void print_variadic_same_type(struct asm_printer *a, const asm_elem *e) {
    ir_type t;
    if (all_same(a, e, 2, 3, &t))
        print_type(asm_printer_of(a), t);
    else
        asm_print_functional_type(a);
}

/* ---- ComplexOpType(type(re), type(im), type(result)) ------------------------------------------------------- */

/* The type with the parts of a complex element type as elements; 0 when there is none. */
static ir_type real_type(ir_context *c, ir_type t) {
    ir_type element = ir_element_type(c, t);
    if (!ir_is_shaped(c, t) || ir_kind_of(c, element) != IR_TYPE_COMPLEX)
        return 0;
    return ir_with_element_type(c, t, ir_element_type(c, element));
}

bool read_complex_type(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    uint32_t at = rd_pos(r);
    ir_type t = rd_type(r);
    if (!t)
        return false;
    if (is_function(r, t))
        return set_from_function(a, e, at, t);
    ir_type part = real_type(r->ctx, t);
    if (!part)
        return rd_error(r, at, "expected tensor with complex element type");
    return set_types(a, &e[1], &part, 1) && set_types(a, &e[2], &part, 1) && set_types(a, &e[3], &t, 1);
}

/* Whether an operand type is what the result's short form stands for: complex<f> elements for f ones, all else equal. */
static bool is_real_of(const ir_context *c, ir_type part, ir_type whole) {
    ir_type element = ir_element_type(c, whole);
    if (!ir_is_shaped(c, whole) || !ir_is_shaped(c, part) || ir_kind_of(c, element) != IR_TYPE_COMPLEX)
        return false;
    if (ir_kind_of(c, part) != ir_kind_of(c, whole) || ir_element_type(c, part) != ir_element_type(c, element) ||
        ir_rank(c, part) != ir_rank(c, whole) || ir_encoding(c, part) != ir_encoding(c, whole))
        return false;
    for (int i = 0; i < ir_rank(c, part); i++) {
        if (ir_dim(c, part, i) != ir_dim(c, whole, i))
            return false;
    }
    return true;
}

void print_complex_type(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    ir_type parts, whole;
    if (all_same(a, e, 1, 2, &parts) && all_same(a, e, 3, 3, &whole) && is_real_of(p->c, parts, whole))
        print_type(p, whole);
    else
        asm_print_functional_type(a);
}

/* ---- SelectOpType(type(pred), type(on_true), type(on_false), type(result)) --------------------------------- */

bool read_select_type(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    uint32_t at = rd_pos(r);
    ir_type pred = rd_type(r);
    if (!pred)
        return false;
    if (!rd_accept(r, ',')) {
        if (!is_function(r, pred))
            return rd_error(r, at, "expected functional type or list of two types");
        return set_from_function(a, e, at, pred);
    }
    ir_type t = rd_type(r);
    if (!t)
        return false;
    return set_types(a, &e[1], &pred, 1) && set_types(a, &e[2], &t, 1) && set_types(a, &e[3], &t, 1) &&
           set_types(a, &e[4], &t, 1);
}

void print_select_type(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    ir_type pred, t;
    if (all_same(a, e, 1, 1, &pred) && all_same(a, e, 2, 4, &t)) {
        print_type(p, pred);
        print_lit(p, ", ");
        print_type(p, t);
    } else {
        asm_print_functional_type(a);
    }
}

/* ---- TupleOpType(type(xs), type(result)) ------------------------------------------------------------------- */

bool read_tuple_type(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    uint32_t at = rd_pos(r), mark = rd_mark(r);
    ir_type t = rd_type(r);
    if (!t)
        return false;
    if (ir_kind_of(r->ctx, t) != IR_TYPE_TUPLE)
        return rd_error(r, at, "expected tuple type");
    uint32_t n = ir_count(r->ctx, t);
    for (uint32_t i = 0; i < n; i++) {
        if (!rd_push(r, ir_at(r->ctx, t, i)))
            return false;
    }
    return asm_set_operand_types(a, e[1].index, rd_words(r, mark), n) && asm_set_result_types(a, e[2].index, &t, 1);
}

void print_tuple_type(struct asm_printer *a, const asm_elem *e) {
    const ir_module *m = asm_printer_module(a);
    uint32_t first;
    if (asm_result_group(a, e[2].index, &first))
        print_type(asm_printer_of(a), ir_value_type(m, ir_op_at(m, asm_printer_op(a))->results + first));
}

/* ---- PairwiseOpType(type(xs), type(results)) --------------------------------------------------------------- */

bool read_pairwise_type(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    uint32_t mark = rd_mark(r);
    if (!rd_type_list(r))
        return false;
    uint32_t n = rd_mark(r) - mark;
    return asm_set_operand_types(a, e[1].index, rd_words(r, mark), n) &&
           asm_set_result_types(a, e[2].index, rd_words(r, mark), n);
}

void print_pairwise_type(struct asm_printer *a, const asm_elem *e) {
    uint32_t first, n = asm_operand_group(a, e[1].index, &first);
    print_operand_types(asm_printer_of(a), asm_printer_op(a), first, n);
}

/* ---- VariadicOperandWithAttribute(xs) ---------------------------------------------------------------------- */

bool read_operands_with_commas(struct asm_reader *a, const asm_elem *e) {
    while (asm_at_operand(a)) {
        if (!asm_read_operand(a, e[1].index) || !rd_expect(asm_reader_of(a), ','))
            return false;
    }
    return true;
}

void print_operands_with_commas(struct asm_printer *a, const asm_elem *e) {
    uint32_t first, n = asm_operand_group(a, e[1].index, &first);
    printer *p = asm_printer_of(a);
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            print_lit(p, ", ");
        asm_print_operand(a, first + i);
    }
    print_char(p, ',');
}
