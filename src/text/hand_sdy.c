/* hand_sdy.c - Shardy's hand-written bodies and directives inside bodies: shardings and sharding rules. */
#include "text/hand.h"

#include "base/num.h"
#include "dialect/ids.h"

/* Factors of a sharding rule are written i, j, ... z, then z_1, z_2, ... */
enum { FACTOR_LETTERS = 'z' - 'i' };

/* ---- lists of axes --------------------------------------------------------------------------------------- */

/* `{"x", "y":(1)2}` onto an array parameter. */
static ir_attr read_axes(body *b) {
    reader *r = b->r;
    uint32_t mark = rd_mark(r);
    if (!rd_expect(r, '{'))
        return 0;
    if (!rd_is(r, '}')) {
        do {
            ir_attr axis = body_nested_attr(b, &dialect_attr_defs[ATTR_sdy_axis_ref]);
            if (!axis || !rd_push(r, axis))
                return 0;
        } while (rd_accept(r, ','));
    }
    return rd_expect(r, '}') ? body_array(r, mark) : 0;
}

static void print_axes(printer *p, ir_node axes) {
    print_char(p, '{');
    for (uint32_t i = 0; i < ir_count(p->c, axes); i++) {
        if (i)
            print_lit(p, ", ");
        print_attr_stripped(p, ir_at(p->c, axes, i));
    }
    print_char(p, '}');
}

/* ---- meshes ---------------------------------------------------------------------------------------------- */

/* Device ids in their natural order say nothing: upstream drops them when it makes a mesh with axes. */
void sdy_normalize_mesh(body *b) {
    enum { MESH_AXES, MESH_IDS };
    const ir_context *c = b->r->ctx;
    uint32_t n_axes = ir_count(c, b->params[MESH_AXES]), n = ir_count(c, b->params[MESH_IDS]);
    int64_t total = 1, size = 0, id = 0;
    for (uint32_t i = 0; i < n_axes; i++) {
        if (!dialect_param_int(c, ir_at(c, b->params[MESH_AXES], i), STR("size"), &size) ||
            !num_mul_i64(total, size, &total))
            return;
    }
    if (!n_axes || total != n)
        return;
    for (uint32_t i = 0; i < n; i++) {
        if (!ir_int_value(c, ir_at(c, b->params[MESH_IDS], i), &id) || id != i)
            return;
    }
    b->params[MESH_IDS] = 0;
}

/* ---- {"x", ?}p1 ------------------------------------------------------------------------------------------ */

enum { DIM_AXES, DIM_CLOSED, DIM_PRIORITY };

bool sdy_read_dimension_sharding(body *b) {
    reader *r = b->r;
    uint32_t mark = rd_mark(r);
    bool closed = true;
    if (!rd_expect(r, '{'))
        return false;
    while (!rd_is(r, '}')) {
        if (rd_mark(r) != mark && !rd_expect(r, ','))
            return false;
        if (rd_accept(r, '?')) {
            closed = false;
            break;
        }
        ir_attr axis = body_nested_attr(b, &dialect_attr_defs[ATTR_sdy_axis_ref]);
        if (!axis || !rd_push(r, axis))
            return false;
    }
    if (!rd_expect(r, '}'))
        return false;
    b->params[DIM_AXES] = body_array(r, mark);
    b->params[DIM_CLOSED] = closed ? r->ctx->a_true : r->ctx->a_false;
    str word = rd_peek_id(r);
    if (!word.n)
        return true;
    uint64_t priority;
    if (word.p[0] != 'p' || !num_parse_u64(str_from(word, 1), &priority) || priority > INT64_MAX)
        return rd_error(r, rd_pos(r), "expecting priority in format 'p<number>', got: %.*s", STR_ARG(word));
    if (word.n > 2 && word.p[1] == '0')
        return rd_error(r, rd_pos(r), "priorities with leading zeros are not allowed, got: %.*s", STR_ARG(word));
    rd_take(r, (uint32_t)word.n);
    b->params[DIM_PRIORITY] = dialect_int(r->ctx, (int64_t)priority);
    return true;
}

void sdy_print_dimension_sharding(printer *p, ir_node n) {
    ir_node axes = dialect_param_at(p->c, n, DIM_AXES), priority = dialect_param_at(p->c, n, DIM_PRIORITY);
    print_char(p, '{');
    for (uint32_t i = 0; i < ir_count(p->c, axes); i++) {
        if (i)
            print_lit(p, ", ");
        print_attr_stripped(p, ir_at(p->c, axes, i));
    }
    if (dialect_param_at(p->c, n, DIM_CLOSED) == p->c->a_false) {
        if (ir_count(p->c, axes))
            print_lit(p, ", ");
        print_char(p, '?');
    }
    print_char(p, '}');
    if (priority) {
        print_char(p, 'p');
        body_print_int(p, priority);
    }
}

/* ---- factors --------------------------------------------------------------------------------------------- */

/* Takes one factor symbol off the front of *text. */
static bool take_factor(reader *r, str *text, int64_t *out) {
    if (str_starts_with(*text, STR("z_"))) {
        size_t n = 2;
        while (n < text->n && rd_is_class(text->p[n], RD_DIGIT))
            n++;
        uint64_t v;
        if (!num_parse_u64(str_slice(*text, 2, n), &v) || v == 0 || v > INT32_MAX || text->p[2] == '0')
            return rd_error(r, rd_pos(r), "expecting positive integer without leading zeros. Received: '%.*s'",
                            STR_ARG(*text));
        *out = (int64_t)v + FACTOR_LETTERS;
        *text = str_from(*text, n);
        return true;
    }
    char c = text->p[0];
    if (c < 'i' || c > 'z')
        return rd_error(r, rd_pos(r), "expecting symbol from 'i' to 'z'. Received: '%c'", c);
    *out = c - 'i';
    *text = str_from(*text, 1);
    return true;
}

static void print_factor(printer *p, int64_t factor) {
    if (factor >= 0 && factor <= FACTOR_LETTERS) {
        print_char(p, (char)('i' + factor));
    } else {
        print_lit(p, "z_");
        print_i64(p, factor - FACTOR_LETTERS);
    }
}

/* "ij": the factors of one dimension. None is legal to read; the verifier refuses it. */
bool sdy_read_dim_mapping(body *b) {
    reader *r = b->r;
    uint32_t mark = rd_mark(r);
    str word = rd_peek_id(r), rest = word;
    while (rest.n) {
        int64_t factor = 0;
        if (!take_factor(r, &rest, &factor) || !rd_push(r, dialect_int(r->ctx, factor)))
            return false;
    }
    if (word.n)
        rd_take(r, (uint32_t)word.n);
    b->params[0] = body_array(r, mark);
    return true;
}

void sdy_print_dim_mapping(printer *p, ir_node n) {
    ir_node factors = dialect_param_at(p->c, n, 0);
    for (uint32_t i = 0; i < ir_count(p->c, factors); i++) {
        int64_t v = 0;
        ir_int_value(p->c, ir_at(p->c, factors, i), &v);
        print_factor(p, v);
    }
}

/* One factor symbol as a whole word. */
static bool read_factor(reader *r, int64_t *out) {
    str word = rd_peek_id(r);
    if (!word.n)
        return rd_expected(r, "expected valid keyword");
    str rest = word;
    if (!take_factor(r, &rest, out))
        return false;
    if (rest.n)
        return rd_error(r, rd_pos(r), "expecting single factor symbol: %.*s", STR_ARG(rest));
    rd_take(r, (uint32_t)word.n);
    return true;
}

/* `{i=8, j=16}`, or nothing. */
static bool read_factor_sizes(body *b, uint32_t index) {
    reader *r = b->r;
    uint32_t mark = rd_mark(r);
    if (rd_accept(r, '{')) {
        for (int64_t expected = 0; !rd_is(r, '}'); expected++) {
            int64_t factor, size;
            uint32_t at = rd_pos(r);
            if (expected && !rd_expect(r, ','))
                return false;
            if (!read_factor(r, &factor))
                return false;
            if (factor != expected)
                return rd_error(r, at, "expecting factor indices to be ordered like an iota");
            if (!rd_expect(r, '=') || !rd_integer(r, &size) || !rd_push(r, dialect_int(r->ctx, size)))
                return false;
        }
        if (!rd_expect(r, '}'))
            return false;
    }
    b->params[index] = body_array(r, mark);
    return true;
}

/* The word given to a directive: the table has it as the C++ literal, quotes included. */
static str word_argument(const asm_elem *e) {
    str s = dialect_text(dialect_literals[e->index]);
    return s.n >= 2 && s.p[0] == '"' ? str_slice(s, 1, s.n - 1) : s;
}

/* `reduction={k, l}`, or nothing. */
static bool read_factors_of_type(body *b, const asm_elem *e) {
    reader *r = b->r;
    str word = word_argument(&e[2]);
    if (!str_eq(rd_peek_id(r), word))
        return true;
    rd_take(r, (uint32_t)word.n);
    uint32_t mark = rd_mark(r);
    if (!rd_expect(r, '=') || !rd_expect(r, '{'))
        return false;
    if (!rd_is(r, '}')) {
        do {
            int64_t factor;
            if (!read_factor(r, &factor) || !rd_push(r, dialect_int(r->ctx, factor)))
                return false;
        } while (rd_accept(r, ','));
    }
    if (!rd_expect(r, '}'))
        return false;
    b->params[e[1].index] = body_array(r, mark);
    return true;
}

/* ---- directives ------------------------------------------------------------------------------------------ */

/* `, replicated={..}, unreduced=max{..}` in any order. */
static bool read_axis_lists(body *b, const asm_elem *e) {
    reader *r = b->r;
    uint32_t replicated = e[1].index, unreduced = e[2].index, reduction = e[3].index;
    str kind = STR("sum");
    while (rd_accept(r, ',')) {
        uint32_t index;
        if (!b->params[replicated] && rd_accept_keyword(r, "replicated")) {
            index = replicated;
            if (!rd_expect(r, '='))
                return false;
        } else if (!b->params[unreduced] && rd_accept_keyword(r, "unreduced")) {
            index = unreduced;
            if (rd_accept(r, '=') && rd_peek_id(r).n) {
                kind = rd_peek_id(r);
                rd_take(r, (uint32_t)kind.n);
            }
        } else {
            return rd_error(r, rd_pos(r), "expected valid named axis list after comma");
        }
        b->params[index] = read_axes(b);
        if (!b->params[index])
            return false;
    }
    const enum_case *k = dialect_case_by_text(&dialect_enums[def_param(b->d, reduction)->ref], kind);
    if (!k)
        return rd_error(r, rd_pos(r), "'%.*s' is no reduction", STR_ARG(kind));
    b->params[reduction] = dialect_keyword(r->ctx, dialect_text(k->text));
    return true;
}

static bool read_mesh_or_ref(body *b, uint32_t index) {
    reader *r = b->r;
    if (rd_accept_keyword(r, "mesh"))
        b->params[index] = body_nested_attr(b, &dialect_attr_defs[ATTR_sdy_mesh]);
    else if (rd_is_symbol(r) || *r->p == '#')
        b->params[index] = body_any_attr(b);
    else
        return rd_error(r, rd_pos(r), "expecting MeshAttr or FlatSymbolRefAttr");
    return b->params[index] != 0;
}

rd_answer sdy_body_directive(body *b, const asm_elem *e) {
    bool ok = true;
    switch (e->index) {
    case CUSTOM_MeshOrRef: ok = read_mesh_or_ref(b, e[1].index); break;
    case CUSTOM_ReplicatedAndUnreducedAxes: ok = read_axis_lists(b, e); break;
    case CUSTOM_FactorSizes: ok = read_factor_sizes(b, e[1].index); break;
    case CUSTOM_FactorsWithType: ok = read_factors_of_type(b, e); break;
    case CUSTOM_IsCustomRule:
        if (rd_accept(b->r, ',')) {
            ok = rd_expect_keyword(b->r, "custom");
            b->params[e[1].index] = b->r->ctx->a_true;
        }
        break;
    case CUSTOM_Minus: ok = rd_expect(b->r, '-'); break;
    default: return RD_UNKNOWN;
    }
    return ok ? RD_DONE : RD_ERROR;
}

static void print_axis_lists(printer *p, ir_node n, const asm_elem *e) {
    ir_node replicated = dialect_param_at(p->c, n, e[1].index), unreduced = dialect_param_at(p->c, n, e[2].index);
    if (ir_count(p->c, replicated)) {
        print_lit(p, ", replicated=");
        print_axes(p, replicated);
    }
    if (ir_count(p->c, unreduced)) {
        str kind = ir_str_of(p->c, dialect_param_at(p->c, n, e[3].index));
        print_lit(p, ", unreduced=");
        if (!str_eq(kind, STR("sum")))
            print_str(p, kind);
        print_axes(p, unreduced);
    }
}

static void print_factor_list(printer *p, ir_node list, str word, bool sizes) {
    uint32_t n = ir_count(p->c, list);
    if (!n)
        return;
    print_char(p, ' ');
    print_str(p, word);
    buf_puts(p->out, sizes ? "{" : "={");
    for (uint32_t i = 0; i < n; i++) {
        int64_t v = 0;
        ir_int_value(p->c, ir_at(p->c, list, i), &v);
        if (i)
            print_lit(p, ", ");
        print_factor(p, sizes ? (int64_t)i : v);
        if (sizes) {
            print_char(p, '=');
            print_i64(p, v);
        }
    }
    print_char(p, '}');
}

bool sdy_body_directive_print(printer *p, ir_node n, const asm_elem *e) {
    ir_node first = e[1].kind == ASM_VAR ? dialect_param_at(p->c, n, e[1].index) : 0;
    switch (e->index) {
    case CUSTOM_MeshOrRef:
        if (dialect_is_attr(p->c, first, ATTR_sdy_mesh)) {
            print_lit(p, "mesh");
            print_attr_stripped(p, first);
        } else {
            print_attr(p, first);
        }
        return true;
    case CUSTOM_ReplicatedAndUnreducedAxes: print_axis_lists(p, n, e); return true;
    case CUSTOM_FactorSizes: print_factor_list(p, first, STR(""), true); return true;
    case CUSTOM_FactorsWithType: print_factor_list(p, first, word_argument(&e[2]), false); return true;
    case CUSTOM_IsCustomRule:
        if (first == p->c->a_true)
            print_lit(p, ", custom");
        return true;
    case CUSTOM_Minus: print_char(p, '-'); return true;
    default: return false;
    }
}
