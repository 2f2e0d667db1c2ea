/* Locations: names and texts. */
#include "graph/graph_inner.h"
#include "text/text.h"

str graph_loc_name(const ir_context *c, ir_loc l) {
    if (!l)
        return (str){"", 0};
    if (ir_kind_of(c, l) == IR_LOC_NAME)
        return ir_str_of(c, ir_at(c, l, 0));
    str name = {"", 0};
    if (ir_kind_of(c, l) != IR_LOC_FUSED)
        return name;
    for (uint32_t i = ir_count(c, l); i-- > 1;) {
        ir_loc part = ir_at(c, l, i);
        if (ir_kind_of(c, part) == IR_LOC_NAME)
            return ir_str_of(c, ir_at(c, part, 0));
    }
    return name;
}

ir_loc graph_loc_full(const ir_context *c, ir_loc l) {
    if (!l)
        return c->l_unknown;
    if (ir_kind_of(c, l) != IR_LOC_FUSED)
        return l;
    for (uint32_t i = ir_count(c, l); i-- > 1;) {
        ir_loc part = ir_at(c, l, i);
        /* a range of positions is no FileLineColLoc */
        if (ir_kind_of(c, part) == IR_LOC_FILE && !ir_at(c, part, 3) && !ir_at(c, part, 4))
            return part;
    }
    return l;
}

/* Plain text between quotes; false when something would need an escape. */
static bool put_plain_quoted(str s, struct buf *out) {
    for (size_t i = 0; i < s.n; i++)
        if ((uint8_t)s.p[i] < 0x20 || (uint8_t)s.p[i] >= 0x7f || s.p[i] == '"' || s.p[i] == '\\')
            return false;
    buf_putc(out, '"');
    buf_put_str(out, s);
    buf_putc(out, '"');
    return true;
}

/* The common case: names around one file position, all plain text. */
static bool put_simple_loc(const ir_context *c, ir_loc l, struct buf *out) {
    unsigned open = 0;
    for (; l && ir_kind_of(c, l) == IR_LOC_NAME && open < 64; open++) {
        if (!put_plain_quoted(ir_str_of(c, ir_at(c, l, 0)), out))
            return false;
        l = ir_at(c, l, 1);
        if (!l || ir_kind_of(c, l) == IR_LOC_UNKNOWN) {
            buf_fill(out, ')', open);
            return true;
        }
        buf_putc(out, '(');
    }
    if (!l || ir_kind_of(c, l) == IR_LOC_UNKNOWN) {
        buf_lit(out, "unknown");
    } else {
        if (ir_kind_of(c, l) != IR_LOC_FILE || ir_at(c, l, 3) || ir_at(c, l, 4) ||
            !put_plain_quoted(ir_str_of(c, ir_at(c, l, 0)), out))
            return false;
        buf_putc(out, ':');
        buf_put_u64(out, ir_at(c, l, 1));
        buf_putc(out, ':');
        buf_put_u64(out, ir_at(c, l, 2));
    }
    buf_fill(out, ')', open);
    return true;
}

void graph_put_node(const ir_context *c, ir_node n, struct buf *out) {
    if (text_print_node(c, n, out) || out->failed)
        return;
    buf_free(out); /* the printer itself had no memory: as if the buffer had none */
    out->failed = true;
}

void graph_put_loc(const ir_context *c, ir_loc l, struct buf *out) {
    size_t at = out->n;
    uint64_t flushed = out->flushed;
    buf_lit(out, "loc(");
    if (put_simple_loc(c, l, out)) {
        buf_putc(out, ')');
        return;
    }
    if (out->failed || out->flushed != flushed)
        return; /* callers give growing buffers: a flushed start cannot be taken back */
    out->n = at;
    graph_put_node(c, l ? l : c->l_unknown, out);
}
