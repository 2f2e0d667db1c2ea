/* hand_stablehlo.c - bodies that StableHLO and CHLO write by hand: dimension numbers, convolutions, accuracies. */
#include "text/hand.h"

#include "dialect/ids.h"

enum { MAX_CONV_RANK = 64 };

/* ---- <offset_dims = [1], index_vector_dim = 1> ------------------------------------------------------------ */

/* Whether `text` is the parameter name `camel` written with underscores: offset_dims is offsetDims. */
static bool is_snake_of(str text, str camel) {
    size_t at = 0;
    for (size_t i = 0; i < camel.n; i++) {
        char c = camel.p[i];
        if (c >= 'A' && c <= 'Z') {
            if (at >= text.n || text.p[at++] != '_')
                return false;
            c = (char)(c - 'A' + 'a');
        }
        if (at >= text.n || text.p[at++] != c)
            return false;
    }
    return at == text.n;
}

static void print_snake(printer *p, str camel) {
    for (size_t i = 0; i < camel.n; i++) {
        char c = camel.p[i];
        if (c >= 'A' && c <= 'Z') {
            print_char(p, '_');
            c = (char)(c - 'A' + 'a');
        }
        print_char(p, c);
    }
}

static int param_by_key(const body *b, str key) {
    for (int i = 0; key.n && i < b->d->n_params; i++) {
        if (is_snake_of(key, dialect_text(def_param(b->d, (uint32_t)i)->name)))
            return i;
    }
    return -1;
}

/* The members behind '<', and the '>'. */
static bool read_members(body *b) {
    reader *r = b->r;
    while (!rd_is(r, '>')) {
        str key = rd_peek_id(r);
        int i = param_by_key(b, key);
        if (i < 0)
            return rd_error(r, rd_pos(r), "'%.*s' is no member of %.*s", STR_ARG(key),
                            STR_ARG(dialect_text(b->d->name)));
        if (b->params[i])
            return rd_error(r, rd_pos(r), "duplicated `%.*s` entry", STR_ARG(key));
        rd_take(r, (uint32_t)key.n);
        if (!rd_expect(r, '='))
            return false;
        int64_t v;
        if (def_param(b->d, (uint32_t)i)->flags & PARAM_IS_ARRAY)
            b->params[i] = body_int_list(b, '[', ']', true);
        else if (rd_integer(r, &v))
            b->params[i] = dialect_int(r->ctx, v);
        if (!b->params[i])
            return false;
        if (!rd_accept(r, ','))
            break;
    }
    for (uint32_t i = 0; i < b->d->n_params; i++) {
        if (!b->params[i] && !(def_param(b->d, i)->flags & PARAM_IS_ARRAY))
            b->params[i] = dialect_int(r->ctx, 0);
    }
    return rd_expect(r, '>');
}

bool hlo_read_dims_struct(body *b) {
    return rd_expect(b->r, '<') && read_members(b);
}

void hlo_print_dims_struct(printer *p, ir_node n) {
    const attr_type_def *d = dialect_def_of_node(p->c, n);
    bool first = true;
    print_char(p, '<');
    for (uint32_t i = 0; i < d->n_params; i++) {
        ir_node v = dialect_param_at(p->c, n, i);
        bool is_list = (def_param(d, i)->flags & PARAM_IS_ARRAY) != 0;
        int64_t number = 0;
        if (is_list ? ir_count(p->c, v) == 0 : ir_int_value(p->c, v, &number) && number == 0)
            continue;
        if (!first)
            print_lit(p, ", ");
        first = false;
        print_snake(p, dialect_text(def_param(d, i)->name));
        print_lit(p, " = ");
        if (is_list) {
            print_char(p, '[');
            body_print_ints(p, v, ", ");
            print_char(p, ']');
        } else {
            body_print_int(p, v);
        }
    }
    print_char(p, '>');
}

/* ---- <3, ?> ------------------------------------------------------------------------------------------------ */

bool hlo_read_bounds(body *b) {
    b->params[0] = body_int_list(b, '<', '>', true);
    return b->params[0] != 0;
}

bool hlo_read_type_extensions(reader *r, ir_attr *out) {
    body b = {.r = r};
    if (!rd_expect(r, '<') || !rd_expect_keyword(r, "bounds") || !rd_expect(r, '='))
        return false;
    ir_attr bounds = body_int_list(&b, '[', ']', true);
    if (!bounds || !rd_expect(r, '>'))
        return false;
    *out = dialect_make_attr(r->ctx, ATTR_stablehlo_bounds, &bounds);
    return *out != 0;
}

void hlo_print_bounds(printer *p, ir_node n) {
    print_char(p, '<');
    body_print_ints(p, dialect_param_at(p->c, n, 0), ", ");
    print_char(p, '>');
}

/* ---- convolutions ---------------------------------------------------------------------------------------- */

/* Parameters: for each of input, kernel and output two named dimensions, then the list of spatial ones. The kernel's two
 * are its input and its output feature. */
enum { CONV_PARTS = 3, CONV_STEP = 3 };
static const char conv_letters[CONV_PARTS][2] = {{'b', 'f'}, {'i', 'o'}, {'b', 'f'}};

/* `[b, 0, 1, f]`: where each letter and each number stands. */
static bool read_conv_part(body *b, int part) {
    reader *r = b->r;
    int64_t spatial[MAX_CONV_RANK];
    int64_t named[2] = {-1, -1};
    int64_t n_spatial = 0, at = 0;
    for (int i = 0; i < MAX_CONV_RANK; i++)
        spatial[i] = -1;
    if (!rd_expect(r, '['))
        return false;
    do {
        uint32_t where = rd_pos(r);
        int64_t v;
        bool present;
        if (!rd_opt_integer(r, &v, &present))
            return false;
        if (present) {
            if (v < 0 || v >= MAX_CONV_RANK)
                return rd_error(r, where, "Unexpected dimension %lld", (long long)v);
            if (spatial[v] >= 0)
                return rd_error(r, where, "Duplicate entries for spatial dimension %lld", (long long)v);
            spatial[v] = at++;
            n_spatial = v + 1 > n_spatial ? v + 1 : n_spatial;
            continue;
        }
        str word = rd_peek_id(r);
        int letter = word.n != 1                          ? -1
                     : word.p[0] == conv_letters[part][0] ? 0
                     : word.p[0] == conv_letters[part][1] ? 1
                                                          : -1;
        if (letter < 0 || named[letter] >= 0)
            return rd_error(r, where, "Unexpected dimension %.*s", STR_ARG(word));
        rd_take(r, 1);
        named[letter] = at++;
    } while (rd_accept(r, ','));
    for (int i = 0; i < 2; i++) {
        if (named[i] < 0)
            return rd_error(r, rd_pos(r), "Expected dimensions %c not specified", conv_letters[part][i]);
        b->params[part * CONV_STEP + i] = dialect_int(r->ctx, named[i]);
    }
    for (int64_t i = 0; i < n_spatial; i++) {
        if (spatial[i] < 0)
            return rd_error(r, rd_pos(r), "Expected spatial dimensions %lld not specified", (long long)i);
    }
    b->params[part * CONV_STEP + 2] = dialect_ints(r->ctx, spatial, (uint32_t)n_spatial);
    return rd_expect(r, ']');
}

bool hlo_read_conv_dims(body *b) {
    reader *r = b->r;
    return read_conv_part(b, 0) && rd_expect_keyword(r, "x") && read_conv_part(b, 1) && rd_expect_text(r, "->") &&
           read_conv_part(b, 2);
}

bool hlo_read_conv(body *b) {
    if (!rd_expect(b->r, '<'))
        return false;
    if (rd_accept_keyword(b->r, "raw"))
        return read_members(b);
    return hlo_read_conv_dims(b) && rd_expect(b->r, '>');
}

/* Fills `at[position]` with what stands there: a letter, or a spatial dimension + 256. Returns the rank, 0 when the numbers
 * are no permutation and cannot be written this way. */
static uint32_t conv_layout(const ir_context *c, ir_node n, uint32_t part, uint32_t at[MAX_CONV_RANK]) {
    ir_node list = dialect_param_at(c, n, part * CONV_STEP + 2);
    uint32_t rank = ir_count(c, list) + 2;
    if (rank > MAX_CONV_RANK)
        return 0;
    for (uint32_t i = 0; i < rank; i++)
        at[i] = 0;
    for (uint32_t i = 0; i < rank; i++) {
        bool named = i < 2;
        int64_t v = -1;
        ir_int_value(c, named ? dialect_param_at(c, n, part * CONV_STEP + i) : ir_at(c, list, i - 2), &v);
        if (v < 0 || v >= rank || at[v])
            return 0;
        at[v] = named ? (uint32_t)conv_letters[part][i] : 256 + i - 2;
    }
    return rank;
}

static bool can_print_conv(const ir_context *c, ir_node n) {
    uint32_t at[MAX_CONV_RANK];
    for (uint32_t part = 0; part < CONV_PARTS; part++) {
        if (!conv_layout(c, n, part, at))
            return false;
    }
    return true;
}

static void print_raw_conv(printer *p, ir_node n) {
    const attr_type_def *d = dialect_def_of_node(p->c, n);
    print_lit(p, "raw");
    for (uint32_t i = 0; i < d->n_params; i++) {
        buf_puts(p->out, i ? ", " : " ");
        print_snake(p, dialect_text(def_param(d, i)->name));
        print_lit(p, " = ");
        if (def_param(d, i)->flags & PARAM_IS_ARRAY) {
            print_char(p, '[');
            body_print_ints(p, dialect_param_at(p->c, n, i), ", ");
            print_char(p, ']');
        } else {
            body_print_int(p, dialect_param_at(p->c, n, i));
        }
    }
}

void hlo_print_conv_dims(printer *p, ir_node n) {
    for (uint32_t part = 0; part < CONV_PARTS; part++) {
        uint32_t at[MAX_CONV_RANK];
        uint32_t rank = conv_layout(p->c, n, part, at);
        if (part)
            buf_puts(p->out, part == 1 ? "x" : "->");
        print_char(p, '[');
        for (uint32_t i = 0; i < rank; i++) {
            if (i)
                print_lit(p, ", ");
            if (at[i] >= 256)
                print_u64(p, at[i] - 256);
            else
                print_char(p, (char)at[i]);
        }
        print_char(p, ']');
    }
}

void hlo_print_conv(printer *p, ir_node n) {
    print_char(p, '<');
    if (can_print_conv(p->c, n))
        hlo_print_conv_dims(p, n);
    else
        print_raw_conv(p, n);
    print_char(p, '>');
}

/* ---- #stablehlo.result_accuracy --------------------------------------------------------------------------- */

enum { ACCURACY_ATOL, ACCURACY_RTOL, ACCURACY_ULPS, ACCURACY_MODE, N_ACCURACY };
static const char *const accuracy_keys[N_ACCURACY] = {"atol", "rtol", "ulps", "mode"};

bool hlo_read_result_accuracy(body *b) {
    reader *r = b->r;
    ir_context *c = r->ctx;
    if (!rd_expect(r, '<'))
        return false;
    while (!rd_is(r, '>')) {
        int i = 0;
        while (i < N_ACCURACY && (b->params[i] || !rd_is_keyword(r, accuracy_keys[i])))
            i++;
        if (i == N_ACCURACY)
            return rd_error(r, rd_pos(r), "expected one of: `atol`, `rtol`, `ulps`, `mode`");
        rd_take(r, 4);
        if (!rd_expect(r, '='))
            return false;
        int64_t v;
        double f;
        if (i == ACCURACY_MODE)
            b->params[i] = body_any_attr(b);
        else if (i == ACCURACY_ULPS)
            b->params[i] = rd_integer(r, &v) ? dialect_int(c, v) : 0;
        else
            b->params[i] = rd_double(r, c->t_f64, &f) ? ir_attr_float(c, c->t_f64, f) : 0;
        if (!b->params[i])
            return false;
        if (!rd_accept(r, ','))
            break;
    }
    for (int i = ACCURACY_ATOL; i <= ACCURACY_RTOL; i++) {
        if (!b->params[i])
            b->params[i] = ir_attr_float(c, c->t_f64, 0);
    }
    if (!b->params[ACCURACY_ULPS])
        b->params[ACCURACY_ULPS] = dialect_int(c, 0);
    if (!b->params[ACCURACY_MODE])
        return rd_expected(r, "expected 'mode'");
    return rd_expect(r, '>');
}

void hlo_print_result_accuracy(printer *p, ir_node n) {
    const attr_type_def *d = dialect_def_of_node(p->c, n);
    print_char(p, '<');
    for (uint32_t i = 0; i < ACCURACY_MODE; i++) {
        ir_node v = dialect_param_at(p->c, n, i);
        double f = 0;
        int64_t number = 0;
        if (i == ACCURACY_ULPS ? ir_int_value(p->c, v, &number) && number == 0 : ir_float_value(p->c, v, &f) && f == 0)
            continue;
        buf_puts(p->out, accuracy_keys[i]);
        print_lit(p, " = ");
        body_print_param(p, def_param(d, i), v, false);
        print_lit(p, ", ");
    }
    print_lit(p, "mode = ");
    print_attr(p, dialect_param_at(p->c, n, ACCURACY_MODE));
    print_char(p, '>');
}
