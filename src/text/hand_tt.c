/* hand_tt.c - Tenstorrent's hand-written bodies and the directives inside bodies of ttcore, ttnn, ttir and ttmetal. */
#include "text/hand.h"

#include "dialect/ids.h"

/* ---- directives ------------------------------------------------------------------------------------------ */

/* A dimension list "8x8" (may be empty) as an array of integers. */
static ir_attr read_dims(reader *r) {
    uint32_t mark = rd_mark(r);
    if (!rd_is_class(*r->p, RD_DIGIT))
        return r->ctx->a_empty_array;
    if (!rd_dims(r, false, false))
        return 0;
    uint32_t n = (rd_mark(r) - mark) / 2;
    uint32_t items = rd_mark(r);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t *w = rd_words(r, mark) + (size_t)2 * i;
        int64_t v = (int64_t)(w[0] | (uint64_t)w[1] << 32);
        if (!rd_push(r, dialect_int(r->ctx, v)))
            return 0;
    }
    ir_attr a = body_array(r, items);
    rd_pop(r, mark);
    return a;
}

/* "1x2" into as many parameters as the directive names. */
static bool read_varg_dims(body *b, const asm_elem *e) {
    reader *r = b->r;
    uint32_t at = rd_pos(r);
    ir_attr dims = read_dims(r);
    if (!dims)
        return false;
    if (ir_count(r->ctx, dims) != e->n)
        return rd_error(r, at, "expected %u dimensions, found %u", e->n, ir_count(r->ctx, dims));
    for (uint32_t i = 0; i < e->n; i++)
        b->params[e[i + 1].index] = ir_at(r->ctx, dims, i);
    return true;
}

/* "(0,1)" as an attribute with two number parameters. */
static ir_attr read_coord(reader *r, const attr_type_def *d) {
    ir_node xy[2];
    int64_t v;
    for (int i = 0; i < 2; i++) {
        if (!rd_expect(r, i ? ',' : '(') || !rd_integer(r, &v))
            return 0;
        const param_def *p = def_param(d, (uint32_t)i);
        bool wide = p->width == 64 && !(p->flags & PARAM_IS_SIGNED);
        xy[i] = ir_attr_int(r->ctx, wide ? ir_type_integer(r->ctx, 64, IR_UNSIGNED) : r->ctx->t_i64, v);
    }
    if (!rd_expect(r, ')'))
        return 0;
    return dialect_make_attr(r->ctx, (uint32_t)(d - dialect_attr_defs), xy);
}

static bool read_coord_param(body *b, uint32_t index) {
    const param_def *p = def_param(b->d, index);
    if (p->ref == DIALECT_NONE)
        return rd_error(b->r, rd_pos(b->r), "its coordinates have no definition");
    b->params[index] = read_coord(b->r, &dialect_attr_defs[p->ref]);
    return b->params[index] != 0;
}

/* "[(7, 3), (0, 0)]" */
static bool read_coord_list(body *b, uint32_t index) {
    reader *r = b->r;
    const param_def *p = def_param(b->d, index);
    uint32_t mark = rd_mark(r);
    if (p->ref == DIALECT_NONE || !rd_expect(r, '['))
        return false;
    if (!rd_is(r, ']')) {
        do {
            ir_attr coord = read_coord(r, &dialect_attr_defs[p->ref]);
            if (!coord || !rd_push(r, coord))
                return false;
        } while (rd_accept(r, ','));
    }
    if (!rd_expect(r, ']'))
        return false;
    b->params[index] = body_array(r, mark);
    return true;
}

rd_answer tt_body_directive(body *b, const asm_elem *e) {
    bool ok;
    switch (e->index) {
    case CUSTOM_DimensionList: ok = (b->params[e[1].index] = read_dims(b->r)) != 0; break;
    case CUSTOM_VargDimensionList: ok = read_varg_dims(b, e); break;
    case CUSTOM_CoordBracketStyle: ok = read_coord_param(b, e[1].index); break;
    case CUSTOM_CoreCoordList: ok = read_coord_list(b, e[1].index); break;
    default: return RD_UNKNOWN;
    }
    return ok ? RD_DONE : RD_ERROR;
}

/* "(0,1)" or "(0, 1)" of an attribute with two number parameters. */
static void print_coord(printer *p, ir_node coord, const char *separator) {
    if (!dialect_def_of_node(p->c, coord)) {
        print_attr(p, coord);
        return;
    }
    print_char(p, '(');
    body_print_int(p, dialect_param_at(p->c, coord, 0));
    buf_puts(p->out, separator);
    body_print_int(p, dialect_param_at(p->c, coord, 1));
    print_char(p, ')');
}

bool tt_body_directive_print(printer *p, ir_node n, const asm_elem *e) {
    ir_node first = dialect_param_at(p->c, n, e[1].index);
    switch (e->index) {
    case CUSTOM_DimensionList: body_print_ints(p, first, "x"); return true;
    case CUSTOM_VargDimensionList:
        for (int i = 1; i <= e->n; i++) {
            if (i > 1)
                print_char(p, 'x');
            body_print_int(p, dialect_param_at(p->c, n, e[i].index));
        }
        return true;
    case CUSTOM_CoordBracketStyle: print_coord(p, first, ","); return true;
    case CUSTOM_CoreCoordList:
        print_char(p, '[');
        for (uint32_t i = 0; i < ir_count(p->c, first); i++) {
            if (i)
                print_lit(p, ", ");
            print_coord(p, ir_at(p->c, first, i), ", ");
        }
        print_char(p, ']');
        return true;
    default: return false;
    }
}

/* ---- #ttnn.memory_config --------------------------------------------------------------------------------- */

/* Parameters of the definition. */
enum { MEMORY_LAYOUT, MEMORY_BUFFER, MEMORY_SHARD, MEMORY_ND_SHARD };

/* Puts an attribute that was written in full where its kind belongs. */
static bool memory_config_item(body *b, ir_attr a) {
    ir_context *c = b->r->ctx;
    if (dialect_is_attr(c, a, ATTR_ttnn_tensor_memory_layout))
        b->params[MEMORY_LAYOUT] = a;
    else if (dialect_is_attr(c, a, ATTR_ttnn_nd_shard_spec))
        b->params[MEMORY_ND_SHARD] = a;
    else
        b->params[MEMORY_SHARD] = a;
    return true;
}

/* Stripped, a shard spec starts with the "<" of its core range set: "<<[". */
static bool at_stripped_shard_spec(reader *r) {
    uint32_t at = rd_pos(r);
    rd_take(r, 1);
    bool is = *r->p == '<' || *r->p == '#';
    rd_seek(r, at);
    return is;
}

bool tt_read_memory_config(body *b) {
    reader *r = b->r;
    if (!rd_expect(r, '<'))
        return false;
    b->params[MEMORY_BUFFER] = body_nested_attr(b, &dialect_attr_defs[ATTR_ttnn_buffer_type]);
    if (!b->params[MEMORY_BUFFER])
        return false;
    while (rd_accept(r, ',')) {
        uint32_t which;
        const attr_type_def *d;
        if (*r->p == '#') {
            ir_attr a = body_any_attr(b);
            if (!a || !memory_config_item(b, a))
                return false;
            continue;
        }
        if (rd_accept_keyword(r, "ndShardSpec")) {
            if (!rd_expect(r, '='))
                return false;
            which = MEMORY_ND_SHARD;
            d = &dialect_attr_defs[ATTR_ttnn_nd_shard_spec];
        } else if (at_stripped_shard_spec(r)) {
            which = MEMORY_SHARD;
            d = &dialect_attr_defs[ATTR_ttnn_shard_spec];
        } else {
            which = MEMORY_LAYOUT;
            d = &dialect_attr_defs[ATTR_ttnn_tensor_memory_layout];
        }
        b->params[which] = body_nested_attr(b, d);
        if (!b->params[which])
            return false;
    }
    return rd_expect(r, '>');
}

void tt_print_memory_config(printer *p, ir_node n) {
    ir_node layout = dialect_param_at(p->c, n, MEMORY_LAYOUT), shard = dialect_param_at(p->c, n, MEMORY_SHARD);
    ir_node nd_shard = dialect_param_at(p->c, n, MEMORY_ND_SHARD);
    print_char(p, '<');
    print_attr_stripped(p, dialect_param_at(p->c, n, MEMORY_BUFFER));
    if (layout) {
        print_lit(p, ", ");
        print_attr_stripped(p, layout);
    }
    /* Optional values in upstream's code, and those are never stripped. */
    if (shard) {
        print_lit(p, ", ");
        print_attr(p, shard);
    } else if (nd_shard) {
        print_lit(p, ", ndShardSpec = ");
        print_attr(p, nd_shard);
    }
    print_char(p, '>');
}

/* ---- #d2m.thread ----------------------------------------------------------------------------------------- */

enum { THREAD_TYPE, THREAD_KERNEL, THREAD_CORE };

static bool read_dm_core(body *b) {
    reader *r = b->r;
    int64_t core;
    if (!rd_expect_keyword(r, "dm_core") || !rd_expect(r, '=') || !rd_integer(r, &core))
        return false;
    b->params[THREAD_CORE] = dialect_int(r->ctx, core);
    return true;
}

/* `<type, @kernel, dm_core = n>`, the kernel and the core each optional. */
bool tt_read_thread(body *b) {
    reader *r = b->r;
    if (!rd_expect(r, '<'))
        return false;
    b->params[THREAD_TYPE] = dialect_read_enum(r, &dialect_enums[def_param(b->d, THREAD_TYPE)->ref]);
    if (!b->params[THREAD_TYPE])
        return false;
    if (rd_accept(r, ',')) {
        if (rd_is_keyword(r, "dm_core")) {
            if (!read_dm_core(b))
                return false;
        } else {
            b->params[THREAD_KERNEL] = body_any_attr(b);
            if (!b->params[THREAD_KERNEL] || (rd_accept(r, ',') && !read_dm_core(b)))
                return false;
        }
    }
    return rd_expect(r, '>');
}

void tt_print_thread(printer *p, ir_node n) {
    ir_node kernel = dialect_param_at(p->c, n, THREAD_KERNEL), core = dialect_param_at(p->c, n, THREAD_CORE);
    print_char(p, '<');
    print_str(p, ir_str_of(p->c, dialect_param_at(p->c, n, THREAD_TYPE)));
    if (kernel) {
        print_lit(p, ", ");
        print_attr(p, kernel);
    }
    if (core) {
        print_lit(p, ", dm_core = ");
        body_print_int(p, core);
    }
    print_char(p, '>');
}

/* ---- !emitpy.dict ---------------------------------------------------------------------------------------- */

/* !emitpy.opaque<"Any">, which a dictionary type writes as the word Any. */
static ir_type any_type(ir_context *c) {
    ir_node text = ir_attr_string(c, STR("Any"), false);
    return dialect_make_type(c, TYPE_emitpy_opaque, &text);
}

bool tt_read_dict_type(body *b) {
    reader *r = b->r;
    if (!rd_accept(r, '<'))
        return true;
    for (int i = 0; i < 2; i++) {
        if (i && !rd_expect(r, ','))
            return false;
        b->params[i] = rd_accept_keyword(r, "Any") ? any_type(r->ctx) : body_any_type(b);
        if (!b->params[i])
            return false;
    }
    return rd_expect(r, '>');
}

void tt_print_dict_type(printer *p, ir_node n) {
    for (uint32_t i = 0; i < 2; i++) {
        ir_node t = dialect_param_at(p->c, n, i);
        if (!t)
            return;
        buf_puts(p->out, i ? ", " : "<");
        if (dialect_is_type(p->c, t, TYPE_emitpy_opaque) &&
            str_eq(ir_str_of(p->c, dialect_param_at(p->c, t, 0)), STR("Any")))
            print_lit(p, "Any");
        else
            print_type(p, t);
    }
    print_char(p, '>');
}
