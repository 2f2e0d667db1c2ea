/* directives_upstream.c - custom directives of MLIR's own dialects. */
#include <string.h>

#include "dialect/ids.h"
#include "dialect/params.h"
#include "text/asm.h"
#include "text/forms.h"

/* ---- DynamicIndexList ------------------------------------------------------------------------------------- */

/* Operands, static numbers, and maybe two strings of which the second names the brackets. */
static char list_open(const asm_elem *e) {
    for (uint32_t i = 1; i <= e->n; i++)
        if (e[i].kind == ASM_STRING) {
            str text = dialect_text(dialect_literals[e[i].index]);
            if (str_find(text, STR("Paren")) < text.n)
                return '(';
        }
    return '[';
}

static bool read_index_list(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    char open = list_open(e);
    asm_list uses;
    ir_attr statics;
    if (!form_read_index_list(r, open, open == '(' ? ')' : ']', &uses, &statics))
        return false;
    for (uint32_t i = 0; i < uses.n; i++)
        if (!asm_append_use(a, e[1].index, rd_use_at(r, uses.mark, i)))
            return false;
    asm_set_attr(a, e[2].index, statics);
    return true;
}

static void print_index_list(struct asm_printer *a, const asm_elem *e) {
    uint32_t first, n = asm_operand_group(a, e[1].index, &first);
    char open = list_open(e);
    form_print_index_list(asm_printer_of(a), asm_printer_op(a), first, n, asm_attr(a, e[2].index), open,
                          open == '(' ? ')' : ']');
}

/* ---- SwitchCases: scf.index_switch, emitc.switch ------------------------------------------------------------ */

static bool read_switch_cases(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    uint32_t mark = rd_mark(r), n = 0;
    while (rd_accept_keyword(r, "case")) {
        int64_t v;
        if (!rd_integer(r, &v) || !rd_push(r, (uint32_t)v) || !rd_push(r, (uint32_t)((uint64_t)v >> 32)) ||
            !asm_read_region(a, e[2].index))
            return false;
        n++;
    }
    ir_attr cases = ir_attr_dense_array(r->ctx, r->ctx->t_i64, n ? (const void *)rd_words(r, mark) : "",
                                        (size_t)n * sizeof(int64_t), true);
    asm_set_attr(a, e[1].index, cases);
    return cases != 0;
}

static void print_switch_cases(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    ir_attr cases = asm_attr(a, e[1].index);
    uint32_t first, n = asm_region_group(a, e[2].index, &first);
    str data = cases && ir_kind_of(p->c, cases) == IR_ATTR_DENSE_ARRAY ? ir_data(p->c, cases) : (str){"", 0};
    for (uint32_t i = 0; i < n; i++) {
        int64_t v = 0;
        if ((i + 1) * sizeof v <= data.n)
            memcpy(&v, data.p + i * sizeof v, sizeof v);
        print_newline(p);
        print_lit(p, "case ");
        print_i64(p, v);
        print_char(p, ' ');
        print_region(p, ir_op_region(p->m, asm_printer_op(a), first + i), PRINT_TERMINATORS);
    }
}

/* ---- SwitchOpCases: cf.switch, llvm.switch ------------------------------------------------------------------ */

/* The arguments, by what they are; cf.switch has a default among them, llvm.switch writes its own. */
typedef struct switch_args {
    const asm_elem *flag, *default_dest, *default_operands, *values, *operands;
    bool brackets;
} switch_args;

static switch_args find_switch_args(const asm_elem *e) {
    bool has_default = e->n == 8;
    return (switch_args){.flag = &e[1],
                         .default_dest = has_default ? &e[2] : NULL,
                         .default_operands = has_default ? &e[3] : NULL,
                         .values = has_default ? &e[5] : &e[2],
                         .operands = has_default ? &e[7] : &e[4],
                         .brackets = !has_default};
}

/* `^bb` or `^bb(%a, %b : t, t)`: uses go to `group`, types behind those that stand on the stack at `types`. */
static bool read_case_target(struct asm_reader *a, uint32_t group, ir_type *types, uint32_t *n_types, int32_t *count) {
    reader *r = asm_reader_of(a);
    ir_block b = 0;
    *count = 0;
    if (!rd_successor(r, &b) || !rd_add_successor(r, b))
        return false;
    if (!rd_accept(r, '('))
        return true;
    uint32_t mark = rd_mark(r), n = 0, at = rd_pos(r);
    if (!rd_value_uses(r, &n))
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (!asm_append_use(a, group, rd_use_at(r, mark, i)))
            return false;
    uint32_t tm = rd_mark(r);
    if (!rd_expect(r, ':') || !rd_type_list(r) || !rd_expect(r, ')'))
        return false;
    if (rd_mark(r) - tm != n)
        return rd_error(r, at, "number of operands and types do not match: got %u operands and %u types", n,
                        rd_mark(r) - tm);
    if (*n_types + n > 256)
        return rd_error(r, at, "too many operands");
    for (uint32_t i = 0; i < n; i++)
        types[(*n_types)++] = *rd_words(r, tm + i);
    *count = (int32_t)n;
    return true;
}

static bool read_switch_op_cases(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    ir_context *c = r->ctx;
    switch_args s = find_switch_args(e);
    ir_type types[256];
    uint32_t n_types = 0, n = 0;
    int32_t counts[256], count;
    int64_t values[256];
    if (s.brackets && !rd_expect(r, '['))
        return false;
    if (s.default_dest) {
        if (!rd_expect_keyword(r, "default") || !rd_expect(r, ':') ||
            !read_case_target(a, s.default_operands->index, types, &n_types, &count) ||
            !asm_set_operand_types(a, s.default_operands->index, types, n_types))
            return false;
        n_types = 0;
    }
    bool more = s.default_dest ? rd_accept(r, ',') : !rd_is(r, ']');
    while (more) {
        if (n == 256)
            return rd_error(r, rd_pos(r), "too many cases");
        if (!rd_integer(r, &values[n]) || !rd_expect(r, ':') ||
            !read_case_target(a, s.operands->index, types, &n_types, &counts[n]))
            return false;
        n++;
        more = rd_accept(r, ',');
    }
    if (s.brackets && !rd_expect(r, ']'))
        return false;
    if (!asm_set_operand_types(a, s.operands->index, types, n_types) ||
        !asm_set_named_attr(a, STR("case_operand_segments"),
                            ir_attr_dense_array(c, c->t_i32, counts, n * sizeof *counts, true)))
        return false;
    if (n == 0)
        return true;
    ir_type element = *rd_words(r, a->operand_types[s.flag->index].mark);
    uint32_t bytes = ir_dense_element_bytes(c, element);
    if (bytes == 0 || bytes > 8)
        return rd_error(r, rd_pos(r), "expected an integer type");
    unsigned char data[256 * 8];
    for (uint32_t i = 0; i < n; i++)
        memcpy(data + (size_t)i * bytes, &values[i], bytes);
    bool splat = true;
    for (uint32_t i = 1; i < n; i++)
        splat &= values[i] == values[0];
    int64_t dim = n;
    ir_type t = ir_type_vector(c, &dim, 1, NULL, element);
    ir_attr cases =
        ir_attr_dense(c, t, splat ? IR_DENSE_SPLAT : IR_DENSE_RAW, data, splat ? bytes : (size_t)n * bytes, true);
    asm_set_attr(a, s.values->index, cases);
    return cases != 0;
}

/* Case values print without a sign. */
static uint64_t case_value(const ir_context *c, ir_attr values, uint32_t i) {
    ir_type element = ir_element_type(c, ir_at(c, values, 0));
    uint32_t bytes = ir_dense_element_bytes(c, element);
    str data = ir_data(c, values);
    size_t at = ir_flags_of(c, values) == IR_DENSE_SPLAT ? 0 : (size_t)i * bytes;
    uint64_t v = 0;
    if (bytes == 0 || bytes > 8 || at + bytes > data.n)
        return 0;
    memcpy(&v, data.p + at, bytes);
    return v;
}

static void print_switch_op_cases(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    ir_op op = asm_printer_op(a);
    const ir_op_data *o = ir_op_at(p->m, op);
    switch_args s = find_switch_args(e);
    uint32_t first, n, successor = s.default_dest ? 0 : 1;
    if (s.brackets)
        print_char(p, '[');
    if (s.default_dest) {
        n = asm_operand_group(a, s.default_operands->index, &first);
        print_lit(p, "  default: ");
        print_successor_args(p, ir_successor(p->m, op, 0), p->m->pool + o->operands + first, n);
        successor = 1;
    }
    ir_attr values = asm_attr(a, s.values->index);
    ir_attr counts = ir_op_attr(p->m, op, STR("case_operand_segments"));
    uint32_t left = asm_operand_group(a, s.operands->index, &first);
    str data = counts && ir_kind_of(p->c, counts) == IR_ATTR_DENSE_ARRAY ? ir_data(p->c, counts) : (str){"", 0};
    for (uint32_t i = 0; values && successor + i < o->n_successors; i++) {
        int32_t count = 0;
        if ((i + 1) * sizeof count <= data.n)
            memcpy(&count, data.p + i * sizeof count, sizeof count);
        if (count < 0 || (uint32_t)count > left)
            count = 0;
        if (s.default_dest || i)
            print_char(p, ',');
        print_newline(p);
        print_lit(p, "  ");
        print_u64(p, case_value(p->c, values, i));
        print_lit(p, ": ");
        print_successor_args(p, ir_successor(p->m, op, successor + i), p->m->pool + o->operands + first,
                             (uint32_t)count);
        first += (uint32_t)count;
        left -= (uint32_t)count;
    }
    if (s.brackets || values)
        print_newline(p);
    if (s.brackets)
        print_char(p, ']');
}

/* ---- globals: a type and an initial value ------------------------------------------------------------------- */

/* The type in which a global's elements are written: a tensor of the same shape. */
static ir_type value_type(ir_context *c, ir_type t) {
    if (ir_kind_of(c, t) == IR_TYPE_MEMREF)
        return asm_transform(c, TRANSFORM_TENSOR_OF_MEMREF, t);
    return t;
}

/* `type (= value | = uninitialized)?` */
static bool read_memref_global(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    ir_type t = rd_type(r);
    if (!t)
        return false;
    asm_set_attr(a, e[1].index, ir_attr_type(r->ctx, t));
    if (!rd_accept(r, '='))
        return true;
    if (rd_accept_keyword(r, "uninitialized")) {
        asm_set_attr(a, e[2].index, r->ctx->a_unit);
        return true;
    }
    ir_attr v = rd_attr(r, value_type(r->ctx, t));
    asm_set_attr(a, e[2].index, v);
    return v != 0;
}

static void print_memref_global(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    ir_attr type = asm_attr(a, e[1].index), v = asm_attr(a, e[2].index);
    print_type(p, type && ir_kind_of(p->c, type) == IR_ATTR_TYPE ? ir_at(p->c, type, 0) : 0);
    if (!v)
        return;
    print_lit(p, " = ");
    if (v == p->c->a_unit)
        print_lit(p, "uninitialized");
    else
        print_attr_no_type(p, v);
}

/* The dialect type `dialect.name` of a node, by its definition's name. */
static bool is_dialect_type(const ir_context *c, ir_type t, str name) {
    return t && ir_kind_of(c, t) == IR_TYPE_DIALECT &&
           str_eq(dialect_text(dialect_type_defs[ir_at(c, t, 0) - 1].name), name);
}

/* emitc arrays are written as tensors of their shape and element type. */
static ir_type emitc_value_type(ir_context *c, ir_type t) {
    if (!is_dialect_type(c, t, STR("emitc.array")) || ir_count(c, t) < 3)
        return t;
    ir_node shape = ir_at(c, t, 1);
    int64_t dims[32];
    uint32_t rank = shape && ir_kind_of(c, shape) == IR_ATTR_ARRAY ? ir_count(c, shape) : 33;
    if (rank > 32)
        return t;
    for (uint32_t i = 0; i < rank; i++)
        if (!ir_int_value(c, ir_at(c, shape, i), &dims[i]))
            return t;
    return ir_type_tensor(c, dims, rank, ir_at(c, t, 2), 0);
}

/* `type (= value)?` */
static bool read_emitc_global(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    ir_type t = rd_type(r);
    if (!t)
        return false;
    asm_set_attr(a, e[1].index, ir_attr_type(r->ctx, t));
    if (!rd_accept(r, '='))
        return true;
    ir_attr v = *r->p == '#' ? rd_attr(r, 0) : rd_attr(r, emitc_value_type(r->ctx, t));
    asm_set_attr(a, e[2].index, v);
    return v != 0;
}

/* ---- ml_program --------------------------------------------------------------------------------------------- */

static bool read_visibility(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    static const char *const words[] = {"public", "private", "nested"};
    for (int i = 0; i < 3; i++)
        if (rd_accept_keyword(r, words[i]))
            asm_set_attr(a, e[1].index, ir_attr_string(r->ctx, str_from_z(words[i]), false));
    return true;
}

static void print_visibility(struct asm_printer *a, const asm_elem *e) {
    ir_attr v = asm_attr(a, e[1].index);
    if (v && ir_kind_of(asm_printer_of(a)->c, v) == IR_ATTR_STRING)
        print_str(asm_printer_of(a), ir_str_of(asm_printer_of(a)->c, v));
}

/* (`(` value `)`)? `:` type */
static bool read_typed_initial(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    if (rd_accept(r, '(')) {
        ir_attr v = rd_attr(r, 0);
        if (!v || !rd_expect(r, ')'))
            return false;
        asm_set_attr(a, e[2].index, v);
    }
    ir_type t = rd_colon_type(r);
    if (t)
        asm_set_attr(a, e[1].index, ir_attr_type(r->ctx, t));
    return t != 0;
}

static void print_typed_initial(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    ir_attr type = asm_attr(a, e[1].index), v = asm_attr(a, e[2].index);
    if (v) {
        print_char(p, '(');
        print_attr(p, v);
        print_char(p, ')');
    }
    print_lit(p, " : ");
    print_type(p, type && ir_kind_of(p->c, type) == IR_ATTR_TYPE ? ir_at(p->c, type, 0) : 0);
}

/* `ordering(%a, %b -> type)`, `ordering(() -> type)`: tokens that come in and the type of the one that goes out. */
static bool read_token_ordering(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    ir_type token = dialect_make_type(r->ctx, TYPE_ml_program_token, NULL);
    ir_type types[64];
    uint32_t n = 0;
    if (rd_accept_keyword(r, "ordering")) {
        if (!rd_expect(r, '('))
            return false;
        if (rd_accept(r, '(')) {
            if (!rd_expect(r, ')'))
                return false;
        } else {
            do {
                if (n == 64)
                    return rd_error(r, rd_pos(r), "too many tokens");
                types[n++] = token;
                if (!asm_read_operand(a, e[1].index))
                    return false;
            } while (rd_accept(r, ','));
        }
        if (rd_accept_text(r, "->")) {
            ir_type t = rd_type(r);
            if (!t || !asm_set_result_types(a, e[2].index, &t, 1))
                return false;
        }
        if (!rd_expect(r, ')'))
            return false;
    }
    return asm_set_operand_types(a, e[1].index, types, n);
}

static void print_token_ordering(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    uint32_t first, n = asm_operand_group(a, e[1].index, &first), result, n_results;
    n_results = asm_result_group(a, e[2].index, &result);
    if (n == 0 && n_results == 0)
        return;
    print_lit(p, " ordering(");
    if (n)
        print_operands(p, asm_printer_op(a), first, n);
    else
        print_lit(p, "()");
    if (n_results) {
        print_lit(p, " -> ");
        print_result_types(p, asm_printer_op(a), result, n_results);
    }
    print_char(p, ')');
}

/* ---- llvm --------------------------------------------------------------------------------------------------- */

/* The type inside an aggregate at a position; 0 when it cannot be told. */
static ir_type element_at(const ir_context *c, ir_type t, ir_attr position) {
    if (!position || ir_kind_of(c, position) != IR_ATTR_DENSE_ARRAY)
        return 0;
    str data = ir_data(c, position);
    for (size_t at = 0; t && at + sizeof(int64_t) <= data.n; at += sizeof(int64_t)) {
        int64_t i;
        memcpy(&i, data.p + at, sizeof i);
        t = llvm_element_type(c, t, i);
    }
    return t;
}

static bool read_element_type(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    asm_list container = a->operand_types[e[2].index];
    ir_type t = container.n ? element_at(r->ctx, *rd_words(r, container.mark), asm_get_attr(a, e[3].index)) : 0;
    if (!t)
        return rd_error(r, a->op->at, "the element type of the aggregate cannot be told");
    return e[1].var == VAR_RESULT ? asm_set_result_types(a, e[1].index, &t, 1)
                                  : asm_set_operand_types(a, e[1].index, &t, 1);
}

static void print_nothing(struct asm_printer *a, const asm_elem *e) {
    (void)a;
    (void)e;
}

/* `%a, 1, -2`: operands and 32-bit constants; the smallest number stands for an operand. */
static bool read_gep_indices(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    int32_t raw[256];
    uint32_t n = 0;
    do {
        int64_t v = INT32_MIN;
        if (n == 256)
            return rd_error(r, rd_pos(r), "too many indices");
        if (rd_is_value(r)) {
            if (!asm_read_operand(a, e[1].index))
                return false;
        } else if (!rd_integer(r, &v)) {
            return false;
        }
        raw[n++] = (int32_t)v;
    } while (rd_accept(r, ','));
    asm_set_attr(a, e[2].index, ir_attr_dense_array(r->ctx, r->ctx->t_i32, raw, n * sizeof *raw, true));
    return true;
}

static void print_gep_indices(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    uint32_t first, n = asm_operand_group(a, e[1].index, &first), used = 0;
    ir_attr raw = asm_attr(a, e[2].index);
    str data = raw && ir_kind_of(p->c, raw) == IR_ATTR_DENSE_ARRAY ? ir_data(p->c, raw) : (str){"", 0};
    for (size_t at = 0; at + sizeof(int32_t) <= data.n; at += sizeof(int32_t)) {
        int32_t v;
        memcpy(&v, data.p + at, sizeof v);
        if (at)
            print_lit(p, ", ");
        if (v == INT32_MIN && used < n)
            asm_print_operand(a, first + used++);
        else
            print_i64(p, v);
    }
}

const directive *directive_find_upstream(uint32_t custom) {
    static const struct entry {
        uint32_t custom;
        directive d;
    } table[] = {
        {CUSTOM_DynamicIndexList, {read_index_list, print_index_list}},
        {CUSTOM_SwitchCases, {read_switch_cases, print_switch_cases}},
        {CUSTOM_SwitchOpCases, {read_switch_op_cases, print_switch_op_cases}},
        {CUSTOM_GlobalMemrefOpTypeAndInitialValue, {read_memref_global, print_memref_global}},
        {CUSTOM_EmitCGlobalOpTypeAndInitialValue, {read_emitc_global, print_memref_global}},
        {CUSTOM_EmitCFieldOpTypeAndInitialValue, {read_emitc_global, print_memref_global}},
        {CUSTOM_SymbolVisibility, {read_visibility, print_visibility}},
        {CUSTOM_TokenOrdering, {read_token_ordering, print_token_ordering}},
        {CUSTOM_TypedInitialValue, {read_typed_initial, print_typed_initial}},
        {CUSTOM_InsertExtractValueElementType, {read_element_type, print_nothing}},
        {CUSTOM_GEPIndices, {read_gep_indices, print_gep_indices}},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].custom == custom)
            return &table[i].d;
    return NULL;
}
