/* hand_upstream.c - hand-written types of MLIR's own dialects: llvm, emitc and quant. */
#include "text/hand.h"

#include "base/num.h"
#include "dialect/ids.h"

/* ---- llvm ------------------------------------------------------------------------------------------------- */

/* Inside an LLVM type other LLVM types lose their prefix: ptr, struct<(i32)>. */
static ir_type read_pretty(body *b) {
    reader *r = b->r;
    str word = rd_peek_id(r);
    char name[64];
    if (*r->p != '!' && word.n && word.n + 5 < sizeof name) {
        memcpy(name, "llvm.", 5);
        memcpy(name + 5, word.p, word.n);
        const attr_type_def *d = dialect_find_type(str_of(name, word.n + 5));
        if (d) {
            rd_take(r, (uint32_t)word.n);
            return body_nested_type(b, d);
        }
    }
    return body_any_type(b);
}

static void print_pretty(printer *p, ir_type t) {
    const attr_type_def *d = dialect_def_of_node(p->c, t);
    if (p->collecting || !d || !str_eq(dialect_text(dialect_dialects[d->dialect].name), STR("llvm"))) {
        print_type(p, t);
        return;
    }
    print_str(p, dialect_text(d->mnemonic));
    asm_print_type_body(p, t);
}

static void print_pretty_list(printer *p, ir_node types) {
    for (uint32_t i = 0; i < ir_count(p->c, types); i++) {
        if (i)
            print_lit(p, ", ");
        print_pretty(p, ir_at(p->c, ir_at(p->c, types, i), 0));
    }
}

static bool push_type(body *b) {
    ir_type t = read_pretty(b);
    return t && rd_push(b->r, ir_attr_type(b->r->ctx, t));
}

/* `t, t, ...)` of a function type, the closing parenthesis included. */
static bool read_function_types(body *b, const asm_elem *e) {
    reader *r = b->r;
    uint32_t mark = rd_mark(r);
    b->params[e[2].index] = r->ctx->a_false;
    if (!rd_is(r, ')')) {
        do {
            if (rd_accept_text(r, "...")) {
                b->params[e[2].index] = r->ctx->a_true;
                break;
            }
            if (!push_type(b))
                return false;
        } while (rd_accept(r, ','));
    }
    b->params[e[1].index] = body_array(r, mark);
    return rd_expect(r, ')');
}

/* `t, t, 1, 2`: types, then numbers. */
static bool read_extension_params(body *b, const asm_elem *e) {
    reader *r = b->r;
    uint32_t mark = rd_mark(r), n_types = 0, all;
    bool numbers = false;
    do {
        numbers |= rd_is_class(*r->p, RD_DIGIT);
        int64_t v;
        if (!numbers) {
            n_types++;
            if (!push_type(b))
                return false;
        } else if (!rd_integer(r, &v) || !rd_push(r, dialect_int(r->ctx, v))) {
            return false;
        }
    } while (rd_accept(r, ','));
    all = rd_mark(r) - mark;
    b->params[e[1].index] = ir_attr_array(r->ctx, rd_words(r, mark), n_types);
    b->params[e[2].index] = ir_attr_array(r->ctx, rd_words(r, mark) + n_types, all - n_types);
    rd_pop(r, mark);
    return true;
}

rd_answer upstream_body_directive(body *b, const asm_elem *e) {
    bool ok;
    switch (e->index) {
    case CUSTOM_PrettyLLVMType: ok = (b->params[e[1].index] = read_pretty(b)) != 0; break;
    case CUSTOM_FunctionTypes: ok = read_function_types(b, e); break;
    case CUSTOM_ExtTypeParams: ok = read_extension_params(b, e); break;
    default: return RD_UNKNOWN;
    }
    return ok ? RD_DONE : RD_ERROR;
}

bool upstream_body_directive_print(printer *p, ir_node n, const asm_elem *e) {
    ir_node first = dialect_param_at(p->c, n, e[1].index);
    switch (e->index) {
    case CUSTOM_PrettyLLVMType: print_pretty(p, first); return true;
    case CUSTOM_FunctionTypes:
        print_pretty_list(p, first);
        if (dialect_param_at(p->c, n, e[2].index) == p->c->a_true)
            print_str(p, ir_count(p->c, first) ? STR(", ...") : STR("..."));
        print_char(p, ')');
        return true;
    case CUSTOM_ExtTypeParams: {
        ir_node numbers = dialect_param_at(p->c, n, e[2].index);
        print_pretty_list(p, first);
        if (ir_count(p->c, first) && ir_count(p->c, numbers))
            print_lit(p, ", ");
        body_print_ints(p, numbers, ", ");
        return true;
    }
    default: return false;
    }
}

/* A struct that stands inside itself is only a name. */
enum { STRUCT_NAME, STRUCT_BODY, STRUCT_PACKED, STRUCT_OPAQUE };

bool llvm_read_struct(body *b) {
    reader *r = b->r;
    if (!rd_expect(r, '<'))
        return false;
    if (*r->p == '"') {
        ir_str name;
        if (!rd_string(r, &name))
            return false;
        b->params[STRUCT_NAME] = ir_attr_string(r->ctx, ir_str_of(r->ctx, name), false);
        if (rd_accept(r, '>'))
            return true;
        if (!rd_expect(r, ','))
            return false;
        if (rd_accept_keyword(r, "opaque")) {
            b->params[STRUCT_OPAQUE] = r->ctx->a_true;
            return rd_expect(r, '>');
        }
    }
    if (rd_accept_keyword(r, "packed"))
        b->params[STRUCT_PACKED] = r->ctx->a_true;
    uint32_t mark = rd_mark(r);
    if (!rd_expect(r, '('))
        return false;
    if (!rd_is(r, ')')) {
        do {
            if (!push_type(b))
                return false;
        } while (rd_accept(r, ','));
    }
    b->params[STRUCT_BODY] = body_array(r, mark);
    return rd_expect(r, ')') && rd_expect(r, '>');
}

void llvm_print_struct(printer *p, ir_node n) {
    ir_node name = dialect_param_at(p->c, n, STRUCT_NAME), members = dialect_param_at(p->c, n, STRUCT_BODY);
    print_char(p, '<');
    if (name) {
        print_quoted(p, ir_str_of(p->c, name));
        if (dialect_param_at(p->c, n, STRUCT_OPAQUE)) {
            print_lit(p, ", opaque>");
            return;
        }
        if (!members) {
            print_char(p, '>');
            return;
        }
        print_lit(p, ", ");
    }
    if (dialect_param_at(p->c, n, STRUCT_PACKED))
        print_lit(p, "packed ");
    print_char(p, '(');
    print_pretty_list(p, members);
    print_lit(p, ")>");
}

/* ---- emitc ------------------------------------------------------------------------------------------------ */

enum { ARRAY_SHAPE, ARRAY_ELEMENT };

/* `<3x4xi32>` */
bool emitc_read_array(body *b) {
    reader *r = b->r;
    uint32_t mark = rd_mark(r);
    if (!rd_expect(r, '<') || !rd_dims(r, true, true))
        return false;
    uint32_t n = (rd_mark(r) - mark) / 2, items = rd_mark(r);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t *w = rd_words(r, mark) + (size_t)2 * i;
        if (!rd_push(r, dialect_int(r->ctx, (int64_t)(w[0] | (uint64_t)w[1] << 32))))
            return false;
    }
    b->params[ARRAY_SHAPE] = body_array(r, items);
    rd_pop(r, mark);
    b->params[ARRAY_ELEMENT] = body_any_type(b);
    return b->params[ARRAY_ELEMENT] && rd_expect(r, '>');
}

void emitc_print_array(printer *p, ir_node n) {
    print_char(p, '<');
    body_print_ints(p, dialect_param_at(p->c, n, ARRAY_SHAPE), "x");
    print_char(p, 'x');
    print_type(p, dialect_param_at(p->c, n, ARRAY_ELEMENT));
    print_char(p, '>');
}

/* ---- quant: storage and expressed type --------------------------------------------------------------------- */

/* The first parameters of any and uniform. The storage type is unsigned where the text says u8. */
enum {
    QUANT_STORAGE,
    QUANT_MIN,
    QUANT_MAX,
    QUANT_EXPRESSED,
    QUANT_AXES,
    QUANT_BLOCKS,
    QUANT_SCALES,
    QUANT_ZEROS,
    QUANT_SHAPE
};
enum { QUANT_MAX_DEPTH = 16 };

/* The least and greatest number of an integer storage type; false for others. */
static bool storage_limits(const ir_context *c, ir_type t, int64_t *min, int64_t *max) {
    if (ir_kind_of(c, t) != IR_TYPE_INTEGER || ir_at(c, t, 0) == 0 || ir_at(c, t, 0) > 32)
        return false;
    bool is_unsigned = ir_flags_of(c, t) == IR_UNSIGNED;
    uint32_t bits = ir_at(c, t, 0) - !is_unsigned;
    *max = ((int64_t)1 << bits) - 1;
    *min = is_unsigned ? 0 : -*max - 1;
    return true;
}

/* `i8<-127:127>` */
static bool read_storage(body *b) {
    reader *r = b->r;
    str word = rd_peek_id(r);
    uint64_t width;
    ir_type t;
    if (word.n > 1 && word.p[0] == 'u' && num_parse_u64(str_from(word, 1), &width) && width && width <= 32) {
        rd_take(r, (uint32_t)word.n);
        t = ir_type_integer(r->ctx, (uint32_t)width, IR_UNSIGNED);
    } else {
        t = body_any_type(b);
        if (t && ir_kind_of(r->ctx, t) == IR_TYPE_INTEGER && ir_flags_of(r->ctx, t) == IR_SIGNED)
            t = ir_type_integer(r->ctx, ir_at(r->ctx, t, 0), IR_SIGNLESS);
    }
    if (!t)
        return false;
    b->params[QUANT_STORAGE] = t;
    if (!rd_accept(r, '<'))
        return true;
    int64_t min, max, least, most;
    if (!rd_integer(r, &min) || !rd_expect(r, ':') || !rd_integer(r, &max) || !rd_expect(r, '>'))
        return false;
    if (!storage_limits(r->ctx, t, &least, &most) || min != least || max != most) {
        b->params[QUANT_MIN] = dialect_int(r->ctx, min);
        b->params[QUANT_MAX] = dialect_int(r->ctx, max);
    }
    return true;
}

static void print_storage(printer *p, ir_node n) {
    ir_type t = dialect_param_at(p->c, n, QUANT_STORAGE);
    ir_node min = dialect_param_at(p->c, n, QUANT_MIN), max = dialect_param_at(p->c, n, QUANT_MAX);
    if (ir_kind_of(p->c, t) == IR_TYPE_INTEGER) {
        print_char(p, ir_flags_of(p->c, t) == IR_UNSIGNED ? 'u' : 'i');
        print_u64(p, ir_at(p->c, t, 0));
    } else {
        print_type(p, t);
    }
    if (min && max) {
        print_char(p, '<');
        body_print_int(p, min);
        print_char(p, ':');
        body_print_int(p, max);
        print_char(p, '>');
    }
}

bool quant_read_any(body *b) {
    reader *r = b->r;
    if (!rd_expect(r, '<') || !read_storage(b))
        return false;
    if (rd_accept(r, ':') && !(b->params[QUANT_EXPRESSED] = body_any_type(b)))
        return false;
    return rd_expect(r, '>');
}

void quant_print_any(printer *p, ir_node n) {
    ir_type expressed = dialect_param_at(p->c, n, QUANT_EXPRESSED);
    print_char(p, '<');
    print_storage(p, n);
    if (expressed) {
        print_char(p, ':');
        print_type(p, expressed);
    }
    print_char(p, '>');
}

static void print_double(printer *p, ir_node v) {
    uint64_t bits = (uint64_t)ir_at64(p->c, v, 1);
    print_float(p, IR_F64, &bits);
}

/* `<f32<-0.998:1.2321>>` */
bool quant_read_calibrated(body *b) {
    reader *r = b->r;
    if (!rd_expect(r, '<') || !(b->params[0] = body_any_type(b)) || !rd_expect(r, '<'))
        return false;
    for (int i = 1; i <= 2; i++) {
        double v;
        if ((i == 2 && !rd_expect(r, ':')) || !rd_double(r, r->ctx->t_f64, &v))
            return false;
        b->params[i] = ir_attr_float(r->ctx, r->ctx->t_f64, v);
    }
    if (!rd_expect(r, '>')) /* of the range, then of the type */
        return false;
    return rd_expect(r, '>');
}

void quant_print_calibrated(printer *p, ir_node n) {
    print_char(p, '<');
    print_type(p, dialect_param_at(p->c, n, 0));
    print_char(p, '<');
    print_double(p, dialect_param_at(p->c, n, 1));
    print_char(p, ':');
    print_double(p, dialect_param_at(p->c, n, 2));
    print_lit(p, ">>");
}

/* ---- quant.uniform ---------------------------------------------------------------------------------------- */

/* Scales and zero points while being read: pairs of words on the reader's stack. */
typedef struct scales {
    body *b;
    int64_t shape[QUANT_MAX_DEPTH];
    uint32_t depth; /* of the braces around a number */
} scales;

/* `0.5` or `0.5:10` */
static bool read_scale(scales *s) {
    reader *r = s->b->r;
    double scale;
    int64_t zero = 0;
    if (!rd_double(r, r->ctx->t_f64, &scale) || (rd_accept(r, ':') && !rd_integer(r, &zero)))
        return false;
    return rd_push(r, ir_attr_float(r->ctx, r->ctx->t_f64, scale)) && rd_push(r, dialect_int(r->ctx, zero));
}

/* `{..}` at a depth, all of one shape; the braces' number of items is set by the first and asked of the others. */
static bool read_scales(scales *s, uint32_t depth) {
    reader *r = s->b->r;
    if (!rd_is(r, '{')) {
        if (s->depth == UINT32_MAX)
            s->depth = depth;
        return depth == s->depth ? read_scale(s) : rd_error(r, rd_pos(r), "scales are not nested evenly");
    }
    uint32_t at = rd_pos(r);
    if (depth == QUANT_MAX_DEPTH || depth >= s->depth)
        return rd_error(r, at, "scales are not nested evenly");
    rd_take(r, 1);
    int64_t n = 0;
    do {
        if (!read_scales(s, depth + 1))
            return false;
        n++;
    } while (rd_accept(r, ','));
    if (s->shape[depth] >= 0 && s->shape[depth] != n)
        return rd_error(r, at, "scales have different numbers of elements");
    s->shape[depth] = n;
    return rd_expect(r, '}');
}

/* `:1` (one axis) or `:{0:1, 1:2}` (blocks along axes). */
static bool read_axes(body *b) {
    reader *r = b->r;
    int64_t axis, size;
    uint32_t mark = rd_mark(r), n = 0;
    if (!rd_accept(r, '{')) {
        if (!rd_integer(r, &axis))
            return false;
        b->params[QUANT_AXES] = dialect_ints(r->ctx, &axis, 1);
        return true;
    }
    do {
        if (!rd_integer(r, &axis) || !rd_expect(r, ':') || !rd_integer(r, &size) ||
            !rd_push(r, dialect_int(r->ctx, axis)) || !rd_push(r, dialect_int(r->ctx, size)))
            return false;
        n++;
    } while (rd_accept(r, ','));
    for (uint32_t k = 0; k < 2; k++) {
        for (uint32_t i = 0; i < n; i++) {
            if (!rd_push(r, *rd_words(r, mark + 2 * i + k)))
                return false;
        }
        b->params[k ? QUANT_BLOCKS : QUANT_AXES] = ir_attr_array(r->ctx, rd_words(r, mark + 2 * n + k * n), n);
    }
    rd_pop(r, mark);
    return rd_expect(r, '}');
}

bool quant_read_uniform(body *b) {
    reader *r = b->r;
    if (!rd_expect(r, '<') || !read_storage(b) || !rd_expect(r, ':') ||
        !(b->params[QUANT_EXPRESSED] = body_any_type(b)))
        return false;
    if (rd_accept(r, ':') && !read_axes(b))
        return false;
    if (!rd_expect(r, ','))
        return false;
    scales s = {.b = b, .depth = UINT32_MAX};
    for (int i = 0; i < QUANT_MAX_DEPTH; i++)
        s.shape[i] = -1;
    uint32_t mark = rd_mark(r);
    if (!read_scales(&s, 0))
        return false;
    uint32_t n = (rd_mark(r) - mark) / 2, split = rd_mark(r);
    for (uint32_t i = 0; i < 2 * n; i++) {
        if (!rd_push(r, *rd_words(r, mark + (i < n ? 2 * i : 2 * (i - n) + 1))))
            return false;
    }
    b->params[QUANT_SCALES] = ir_attr_array(r->ctx, rd_words(r, split), n);
    b->params[QUANT_ZEROS] = ir_attr_array(r->ctx, rd_words(r, split) + n, n);
    rd_pop(r, mark);
    b->params[QUANT_SHAPE] = dialect_ints(r->ctx, s.shape, s.depth);
    return rd_expect(r, '>');
}

static void print_scale(printer *p, ir_node n, uint32_t i) {
    ir_node factors = dialect_param_at(p->c, n, QUANT_SCALES), zeros = dialect_param_at(p->c, n, QUANT_ZEROS);
    int64_t zero = 0;
    if (i >= ir_count(p->c, factors) || i >= ir_count(p->c, zeros))
        return;
    print_double(p, ir_at(p->c, factors, i));
    ir_int_value(p->c, ir_at(p->c, zeros, i), &zero);
    if (zero) {
        print_char(p, ':');
        print_i64(p, zero);
    }
}

/* The braces of the scales: before number i as many open as extents divide i, behind it as many close. */
static void print_scales(printer *p, ir_node n, const char *separator) {
    ir_node shape = dialect_param_at(p->c, n, QUANT_SHAPE);
    uint32_t depth = ir_count(p->c, shape), count = ir_count(p->c, dialect_param_at(p->c, n, QUANT_SCALES));
    for (uint32_t i = 0; i < count; i++) {
        int64_t run = 1, extent = 0;
        uint32_t opens = 0, closes = 0;
        for (uint32_t k = depth; k-- > 0;) {
            ir_int_value(p->c, ir_at(p->c, shape, k), &extent);
            run *= extent > 0 ? extent : 1;
            opens += i % run == 0;
            closes += (i + 1) % run == 0;
        }
        if (i)
            buf_puts(p->out, separator);
        buf_fill(p->out, '{', opens);
        print_scale(p, n, i);
        buf_fill(p->out, '}', closes);
    }
}

void quant_print_uniform(printer *p, ir_node n) {
    ir_node axes = dialect_param_at(p->c, n, QUANT_AXES), blocks = dialect_param_at(p->c, n, QUANT_BLOCKS);
    print_char(p, '<');
    print_storage(p, n);
    print_char(p, ':');
    print_type(p, dialect_param_at(p->c, n, QUANT_EXPRESSED));
    if (axes) {
        print_str(p, blocks ? STR(":{") : STR(":"));
        for (uint32_t i = 0; i < ir_count(p->c, axes); i++) {
            if (i)
                print_lit(p, ", ");
            body_print_int(p, ir_at(p->c, axes, i));
            if (blocks) {
                print_char(p, ':');
                body_print_int(p, ir_at(p->c, blocks, i));
            }
        }
        if (blocks)
            print_char(p, '}');
    }
    print_lit(p, ", ");
    print_scales(p, n, blocks ? ", " : ",");
    print_char(p, '>');
}
