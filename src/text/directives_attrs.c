/* directives_attrs.c - directives of StableHLO, Shardy and EmitPy ops that write attributes and regions in short. */
#include "text/directives_impl.h"

#include "base/num.h"
#include "dialect/ids.h"

static ir_attr i64_array(reader *r, const int64_t *v, uint32_t n) {
    return ir_attr_dense_array(r->ctx, r->ctx->t_i64, v, n * sizeof *v, true);
}

/* Element i of an array<i64: ..>. */
static int64_t i64_at(const ir_context *c, ir_attr array, uint32_t i) {
    int64_t v;
    memcpy(&v, ir_data(c, array).p + (size_t)8 * i, sizeof v);
    return v;
}
static uint32_t i64_count(const ir_context *c, ir_attr array) {
    return array && ir_kind_of(c, array) == IR_ATTR_DENSE_ARRAY ? (uint32_t)(ir_data(c, array).n / 8) : 0;
}

/* A growing list of numbers on the reader's stack, two words each. */
static bool push_number(reader *r, int64_t v) {
    return rd_push(r, (uint32_t)v) && rd_push(r, (uint32_t)((uint64_t)v >> 32));
}
static ir_attr take_numbers(reader *r, uint32_t mark) {
    uint32_t n = (rd_mark(r) - mark) / 2;
    ir_attr a = i64_array(r, NULL, 0);
    if (n) {
        int64_t *v = mem_alloc(r->mem, n * sizeof *v);
        if (!v) {
            r->oom = true;
            return 0;
        }
        for (uint32_t i = 0; i < n; i++)
            v[i] = (int64_t)(rd_words(r, mark)[2 * i] | (uint64_t)rd_words(r, mark)[2 * i + 1] << 32);
        a = i64_array(r, v, n);
        mem_free(r->mem, v, n * sizeof *v);
    }
    rd_pop(r, mark);
    return a;
}

/* `[1, 2]`: pushes the numbers. */
static bool read_numbers(reader *r) {
    if (!rd_expect(r, '['))
        return false;
    if (!rd_is(r, ']')) {
        do {
            int64_t v;
            if (!rd_integer(r, &v) || !push_number(r, v))
                return false;
        } while (rd_accept(r, ','));
    }
    return rd_expect(r, ']');
}

static void print_numbers(printer *p, ir_attr array) {
    for (uint32_t i = 0; i < i64_count(p->c, array); i++) {
        if (i)
            print_lit(p, ", ");
        print_i64(p, i64_at(p->c, array, i));
    }
}

/* ---- ConvolutionDimensions(dims) ------------------------------------------------------------------------- */

bool read_convolution_dimensions(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    ir_node params[BODY_MAX_PARAMS] = {0};
    body b = {.r = r, .d = &dialect_attr_defs[ATTR_stablehlo_conv], .params = params};
    if (!hlo_read_conv_dims(&b))
        return false;
    asm_set_attr(a, e[1].index, dialect_make_attr(r->ctx, ATTR_stablehlo_conv, params));
    return true;
}

void print_convolution_dimensions(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    ir_attr dims = asm_attr(a, e[1].index);
    if (dialect_is_attr(p->c, dims, ATTR_stablehlo_conv))
        hlo_print_conv_dims(p, dims);
    else
        print_attr(p, dims);
}

/* ---- WindowAttributes(strides, padding, lhs_dilation, rhs_dilation, reversal) ------------------------------ */

enum { WINDOW_STRIDE, WINDOW_PAD, WINDOW_LHS, WINDOW_RHS, WINDOW_REVERSE, N_WINDOW };
static const char *const window_keys[N_WINDOW] = {"stride", "pad", "lhs_dilate", "rhs_dilate", "reverse"};

/* `[[0, 1], [2, 3]]` as dense<..> : tensor<2x2xi64>. */
static ir_attr read_padding(reader *r) {
    uint32_t mark = rd_mark(r);
    if (!rd_expect(r, '['))
        return 0;
    if (!rd_is(r, ']')) {
        do {
            uint32_t before = rd_mark(r);
            if (!read_numbers(r))
                return 0;
            if (rd_mark(r) - before != 4) {
                rd_error(r, rd_pos(r), "Expected array with 2 elements, got %u elements instead",
                         (rd_mark(r) - before) / 2);
                return 0;
            }
        } while (rd_accept(r, ','));
    }
    if (!rd_expect(r, ']'))
        return 0;
    ir_attr numbers = take_numbers(r, mark);
    if (!numbers)
        return 0;
    uint32_t n = i64_count(r->ctx, numbers);
    int64_t dims[2] = {n / 2, 2};
    ir_type t = ir_type_tensor(r->ctx, dims, 2, r->ctx->t_i64, 0);
    str data = ir_data(r->ctx, numbers);
    bool splat = n > 0;
    for (uint32_t i = 1; i < n; i++)
        splat &= i64_at(r->ctx, numbers, i) == i64_at(r->ctx, numbers, 0);
    return ir_attr_dense(r->ctx, t, splat ? IR_DENSE_SPLAT : IR_DENSE_RAW, data.p, splat ? 8 : data.n, true);
}

/* `[false, 1]` as array<i1: ..>. */
static ir_attr read_bools(reader *r) {
    char flags[256];
    uint32_t n = 0;
    if (!rd_expect(r, '['))
        return 0;
    if (!rd_is(r, ']')) {
        do {
            int64_t v = 0;
            if (n == sizeof flags) {
                rd_error(r, rd_pos(r), "too many window dimensions");
                return 0;
            }
            if (rd_accept_keyword(r, "true"))
                v = 1;
            else if (!rd_accept_keyword(r, "false") && !rd_integer(r, &v))
                return 0;
            flags[n++] = v != 0;
        } while (rd_accept(r, ','));
    }
    return rd_expect(r, ']') ? ir_attr_dense_array(r->ctx, r->ctx->t_i1, flags, n, true) : 0;
}

bool read_window_attributes(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    bool seen[N_WINDOW] = {false};
    while (rd_peek_id(r).n) {
        int i = 0;
        while (i < N_WINDOW && (seen[i] || !rd_is_keyword(r, window_keys[i])))
            i++;
        if (i == N_WINDOW)
            return rd_error(r, rd_pos(r), "Unexpected keyword %.*s", STR_ARG(rd_peek_id(r)));
        seen[i] = true;
        rd_take(r, (uint32_t)rd_peek_id(r).n);
        if (!rd_expect(r, '='))
            return false;
        uint32_t mark = rd_mark(r);
        ir_attr v;
        if (i == WINDOW_PAD)
            v = read_padding(r);
        else if (i == WINDOW_REVERSE)
            v = read_bools(r);
        else
            v = read_numbers(r) ? take_numbers(r, mark) : 0;
        if (!v)
            return false;
        asm_set_attr(a, e[i + 1].index, v);
        if (!rd_accept(r, ','))
            break;
    }
    return true;
}

/* The padding pairs of a dense i64 constant of any form. */
static void print_padding(printer *p, ir_attr dense) {
    const ir_context *c = p->c;
    if (ir_kind_of(c, dense) != IR_ATTR_DENSE) {
        print_attr(p, dense);
        return;
    }
    int64_t n = ir_num_elements(c, ir_at(c, dense, 0));
    str data = ir_data(c, dense);
    ir_dense kept = (ir_dense)ir_flags_of(c, dense);
    for (int64_t i = 0; i < n; i++) {
        int64_t v = 0;
        size_t at = kept == IR_DENSE_SPLAT || kept == IR_DENSE_HEX_SPLAT ? 0 : (size_t)i;
        if (kept == IR_DENSE_RAW || kept == IR_DENSE_SPLAT) {
            if (data.n >= 8 * (at + 1))
                memcpy(&v, data.p + 8 * at, sizeof v);
        } else {
            uint64_t bits = 0;
            for (size_t k = 16 * at; k < 16 * (at + 1) && k + 1 < data.n; k += 2)
                bits |= (uint64_t)(num_hex_digit(data.p[k]) << 4 | num_hex_digit(data.p[k + 1])) << 4 * (k - 16 * at);
            v = (int64_t)bits;
        }
        buf_puts(p->out, i & 1 ? ", " : i ? ", [" : "[");
        print_i64(p, v);
        if (i & 1)
            print_char(p, ']');
    }
}

static void print_bools(printer *p, ir_attr array) {
    str data = ir_data(p->c, array);
    for (size_t i = 0; i < data.n; i++) {
        if (i)
            print_lit(p, ", ");
        buf_puts(p->out, data.p[i] ? "true" : "false");
    }
}

void print_window_attributes(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    bool first = true;
    for (int i = 0; i < N_WINDOW; i++) {
        ir_attr v = asm_attr(a, e[i + 1].index);
        if (!v)
            continue;
        if (!first)
            print_lit(p, ", ");
        first = false;
        buf_puts(p->out, window_keys[i]);
        print_lit(p, " = [");
        if (i == WINDOW_PAD)
            print_padding(p, v);
        else if (i == WINDOW_REVERSE)
            print_bools(p, v);
        else
            print_numbers(p, v);
        print_char(p, ']');
    }
}

/* ---- DotDimensionNumbers(dims) ---------------------------------------------------------------------------- */

/* Parameters of #stablehlo.dot. */
enum { DOT_LHS_BATCH, DOT_RHS_BATCH, DOT_LHS_CONTRACT, DOT_RHS_CONTRACT, N_DOT };

/* `[0] x [1]` into two lists. */
static bool read_pair(body *b, ir_node *lhs, ir_node *rhs) {
    *lhs = body_int_list(b, '[', ']', false);
    if (!*lhs || !rd_expect_keyword(b->r, "x"))
        return false;
    *rhs = body_int_list(b, '[', ']', false);
    return *rhs != 0;
}

bool read_dot_dimension_numbers(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    body b = {.r = r, .d = &dialect_attr_defs[ATTR_stablehlo_dot]};
    ir_node dims[N_DOT];
    dims[DOT_LHS_BATCH] = dims[DOT_RHS_BATCH] = r->ctx->a_empty_array;
    if (rd_accept_keyword(r, "batching_dims")) {
        if (!rd_expect(r, '=') || !read_pair(&b, &dims[DOT_LHS_BATCH], &dims[DOT_RHS_BATCH]) || !rd_expect(r, ','))
            return false;
    }
    if (!rd_expect_keyword(r, "contracting_dims") || !rd_expect(r, '=') ||
        !read_pair(&b, &dims[DOT_LHS_CONTRACT], &dims[DOT_RHS_CONTRACT]))
        return false;
    asm_set_attr(a, e[1].index, dialect_make_attr(r->ctx, ATTR_stablehlo_dot, dims));
    return true;
}

static void print_pair(printer *p, ir_node lhs, ir_node rhs) {
    print_char(p, '[');
    body_print_ints(p, lhs, ", ");
    print_lit(p, "] x [");
    body_print_ints(p, rhs, ", ");
    print_char(p, ']');
}

void print_dot_dimension_numbers(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    ir_attr dot = asm_attr(a, e[1].index);
    if (!dialect_is_attr(p->c, dot, ATTR_stablehlo_dot)) {
        print_attr(p, dot);
        return;
    }
    ir_node d[N_DOT];
    for (uint32_t i = 0; i < N_DOT; i++)
        d[i] = dialect_param_at(p->c, dot, i);
    if (ir_count(p->c, d[DOT_LHS_BATCH]) || ir_count(p->c, d[DOT_RHS_BATCH])) {
        print_lit(p, "batching_dims = ");
        print_pair(p, d[DOT_LHS_BATCH], d[DOT_RHS_BATCH]);
        print_lit(p, ", ");
    }
    print_lit(p, "contracting_dims = ");
    print_pair(p, d[DOT_LHS_CONTRACT], d[DOT_RHS_CONTRACT]);
}

/* ---- PrecisionConfig(p), PrecisionConfigAndAlgorithm(p, algorithm) ------------------------------------------ */

/* `precision = [DEFAULT, HIGH]` */
static ir_attr read_precisions(reader *r) {
    uint32_t mark = rd_mark(r);
    const attr_type_def *d = &dialect_attr_defs[ATTR_stablehlo_precision];
    if (!rd_expect_keyword(r, "precision") || !rd_expect(r, '=') || !rd_expect(r, '['))
        return 0;
    if (!rd_is(r, ']')) {
        do {
            ir_attr v = dialect_read_stripped_attr(r, d);
            if (!v || !rd_push(r, v))
                return 0;
        } while (rd_accept(r, ','));
    }
    return rd_expect(r, ']') ? body_array(r, mark) : 0;
}

bool read_precision_config(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    if (!rd_accept(r, ','))
        return true;
    ir_attr v = read_precisions(r);
    asm_set_attr(a, e[1].index, v);
    return v != 0;
}

bool read_precision_and_algorithm(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    if (!rd_accept(r, ','))
        return true;
    if (!rd_is_keyword(r, "algorithm")) {
        ir_attr v = read_precisions(r);
        if (!v)
            return false;
        asm_set_attr(a, e[1].index, v);
        if (!rd_accept(r, ','))
            return true;
    }
    if (!rd_expect_keyword(r, "algorithm") || !rd_expect(r, '='))
        return false;
    ir_attr algorithm = dialect_read_stripped_attr(r, &dialect_attr_defs[ATTR_stablehlo_dot_algorithm]);
    asm_set_attr(a, e[2].index, algorithm);
    return algorithm != 0;
}

void print_precision_config(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    ir_attr v = asm_attr(a, e[1].index);
    if (!v)
        return;
    print_lit(p, ", precision = [");
    for (uint32_t i = 0; i < ir_count(p->c, v); i++) {
        if (i)
            print_lit(p, ", ");
        print_str(p, dialect_case_text(p->c, ir_at(p->c, v, i)));
    }
    print_char(p, ']');
}

void print_precision_and_algorithm(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    print_precision_config(a, e);
    ir_attr algorithm = asm_attr(a, e[2].index);
    if (algorithm) {
        print_lit(p, ", algorithm = ");
        print_attr_stripped(p, algorithm);
    }
}

/* ---- SliceRanges(start, limit, strides) --------------------------------------------------------------------- */

bool read_slice_ranges(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    enum { MAX_RANK = 64 };
    int64_t range[3][MAX_RANK];
    uint32_t n = 0;
    if (!rd_expect(r, '['))
        return false;
    if (!rd_is(r, ']')) {
        do {
            if (n == MAX_RANK)
                return rd_error(r, rd_pos(r), "too many dimensions");
            range[2][n] = 1;
            if (!rd_integer(r, &range[0][n]) || !rd_expect(r, ':') || !rd_integer(r, &range[1][n]))
                return false;
            if (rd_accept(r, ':') && !rd_integer(r, &range[2][n]))
                return false;
            n++;
        } while (rd_accept(r, ','));
    }
    if (!rd_expect(r, ']'))
        return false;
    for (int i = 0; i < 3; i++)
        asm_set_attr(a, e[i + 1].index, i64_array(r, range[i], n));
    return true;
}

void print_slice_ranges(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    ir_attr start = asm_attr(a, e[1].index), limit = asm_attr(a, e[2].index), stride = asm_attr(a, e[3].index);
    uint32_t n = i64_count(p->c, start);
    print_char(p, '[');
    if (i64_count(p->c, limit) != n || i64_count(p->c, stride) != n) {
        print_lit(p, "start_indices: ");
        print_numbers(p, start);
        print_lit(p, ", limit_indices: ");
        print_numbers(p, limit);
        print_lit(p, ", strides: ");
        print_numbers(p, stride);
        n = 0;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            print_lit(p, ", ");
        print_i64(p, i64_at(p->c, start, i));
        print_char(p, ':');
        print_i64(p, i64_at(p->c, limit, i));
        if (i64_at(p->c, stride, i) != 1) {
            print_char(p, ':');
            print_i64(p, i64_at(p->c, stride, i));
        }
    }
    print_char(p, ']');
}

/* ---- CustomCallTarget(name), ExponentMantissa(e, m) ---------------------------------------------------------- */

bool read_custom_call_target(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    ir_str name;
    if (!rd_symbol_name(r, &name))
        return false;
    asm_set_attr(a, e[1].index, ir_attr_string(r->ctx, ir_str_of(r->ctx, name), false));
    return true;
}

void print_custom_call_target(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    print_symbol(p, ir_str_of(p->c, asm_attr(a, e[1].index)));
}

/* "e8m10" */
bool read_exponent_mantissa(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    str word = rd_peek_id(r);
    uint64_t exponent, mantissa;
    size_t m = str_find_char(word, 'm');
    if (word.n == 0 || word.p[0] != 'e' || !num_parse_u64(str_slice(word, 1, m), &exponent) ||
        !num_parse_u64(str_from(word, m + 1), &mantissa) || exponent > INT32_MAX || mantissa > INT32_MAX)
        return rd_error(r, rd_pos(r), "expected exponent mantissa in format e#m#, saw %.*s", STR_ARG(word));
    rd_take(r, (uint32_t)word.n);
    asm_set_attr(a, e[1].index, ir_attr_int(r->ctx, r->ctx->t_i32, (int64_t)exponent));
    asm_set_attr(a, e[2].index, ir_attr_int(r->ctx, r->ctx->t_i32, (int64_t)mantissa));
    return true;
}

void print_exponent_mantissa(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    print_char(p, 'e');
    print_attr_no_type(p, asm_attr(a, e[1].index));
    print_char(p, 'm');
    print_attr_no_type(p, asm_attr(a, e[2].index));
}

/* ---- Shardy -------------------------------------------------------------------------------------------------- */

bool read_region_without_label(struct asm_reader *a, const asm_elem *e) {
    return asm_read_region_with_args(a, e[1].index);
}

void print_region_without_label(struct asm_printer *a, const asm_elem *e) {
    asm_print_region_with_args(a, e[1].index);
}

/* `[<@mesh, [..]>, ..]` as #sdy.sharding_per_value. */
bool read_shardings_per_value(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    uint32_t mark = rd_mark(r);
    const attr_type_def *d = &dialect_attr_defs[ATTR_sdy_sharding];
    if (!rd_expect(r, '['))
        return false;
    if (!rd_is(r, ']')) {
        do {
            ir_attr v = dialect_read_stripped_attr(r, d);
            if (!v || !rd_push(r, v))
                return false;
        } while (rd_accept(r, ','));
    }
    if (!rd_expect(r, ']'))
        return false;
    ir_node list = rd_mark(r) == mark ? 0 : body_array(r, mark);
    asm_set_attr(a, e[1].index, dialect_make_attr(r->ctx, ATTR_sdy_sharding_per_value, &list));
    return true;
}

void print_shardings_per_value(struct asm_printer *a, const asm_elem *e) {
    printer *p = asm_printer_of(a);
    ir_attr v = asm_attr(a, e[1].index);
    if (!dialect_is_attr(p->c, v, ATTR_sdy_sharding_per_value)) {
        print_attr(p, v);
        return;
    }
    ir_node list = dialect_param_at(p->c, v, 0);
    print_char(p, '[');
    for (uint32_t i = 0; i < ir_count(p->c, list); i++) {
        if (i)
            print_lit(p, ", ");
        print_attr_stripped(p, ir_at(p->c, list, i));
    }
    print_char(p, ']');
}

/* ---- EmitPy --------------------------------------------------------------------------------------------------- */

/* `= value` of emitpy.global. */
bool read_emitpy_initial_value(struct asm_reader *a, const asm_elem *e) {
    reader *r = asm_reader_of(a);
    if (!rd_accept(r, '='))
        return rd_expected(r, "custom op 'emitpy.global' expected '=' after symbol name");
    if (!rd_starts_attr(r))
        return rd_expected(r, "custom op 'emitpy.global' expected initial value for global variable");
    ir_attr v = rd_attr(r, 0);
    asm_set_attr(a, e[1].index, v);
    return v != 0;
}

void print_emitpy_initial_value(struct asm_printer *a, const asm_elem *e) {
    print_lit(asm_printer_of(a), "= ");
    print_attr(asm_printer_of(a), asm_attr(a, e[1].index));
}
