/* read_region.c - regions, blocks, block arguments, implied terminators. */
#include "text/read_inner.h"

/* ---- arguments ------------------------------------------------------------------------------------------ */

bool rd_argument(reader *r, bool with_type, bool with_attrs, rd_arg *out) {
    *out = (rd_arg){.name = {.at = UINT32_MAX}};
    if (!rd_value_use(r, &out->name))
        return false;
    if (with_type) {
        if (!rd_accept(r, ':'))
            return rd_expected(r, "expected ':'");
        if (!(out->type = rd_type(r)))
            return false;
    }
    if (with_attrs && rd_is(r, '{') && !(out->attrs = rd_dict(r)))
        return false;
    return rd_opt_loc(r, &out->loc);
}

bool rd_push_arg(reader *r, const rd_arg *a) {
    return rd_push_use(r, a->name) && rd_push(r, a->type) && rd_push(r, a->attrs) && rd_push(r, a->loc);
}

rd_arg rd_arg_at(const reader *r, uint32_t mark, uint32_t i) {
    const uint32_t *w = r->stack.w + mark + (size_t)RD_ARG_WORDS * i;
    return (rd_arg){{w[0], w[1], w[2]}, w[3], w[4], w[5]};
}

/* Makes the arguments of a block of n arguments on the stack and gives them their names. */
static bool set_arguments(reader *r, ir_block b, uint32_t args, uint32_t n) {
    uint32_t types = rd_mark(r);
    for (uint32_t i = 0; i < n; i++)
        if (!rd_push(r, rd_arg_at(r, args, i).type))
            return false;
    uint32_t locs = rd_mark(r);
    for (uint32_t i = 0; i < n; i++) {
        rd_arg a = rd_arg_at(r, args, i);
        ir_loc l = a.loc ? a.loc : a.name.at == UINT32_MAX ? r->ctx->l_unknown : rd_loc_at(r, a.name.at);
        if (!l || !rd_push(r, l))
            return false;
    }
    if (!ir_block_set_args(r->m, b, rd_words(r, types), rd_words(r, locs), n))
        return rd_oom(r);
    rd_pop(r, types);
    ir_value first = ir_block_at(r->m, b)->args;
    for (uint32_t i = 0; i < n; i++) {
        rd_arg a = rd_arg_at(r, args, i);
        if (a.name.at == UINT32_MAX)
            continue;
        ir_value_at(r->m, first + i)->name = a.name.at + 1;
        if (!rd_define(r, a.name.at, a.name.id, first + i, 1))
            return false;
    }
    return true;
}

/* `(%a: type loc?, ...)` of a block label. */
static bool block_arguments(reader *r, ir_block b) {
    uint32_t mark = rd_mark(r), n = 0;
    rd_take(r, 1);
    if (!rd_accept(r, ')')) {
        do {
            rd_arg a = {.name = {.at = UINT32_MAX}};
            if (!rd_value_use(r, &a.name))
                return false;
            if (!rd_accept(r, ':'))
                return rd_expected(r, "expected ':' and type for SSA operand");
            if (!(a.type = rd_type(r)) || !rd_opt_loc(r, &a.loc) || !rd_push_arg(r, &a))
                return false;
            n++;
        } while (rd_accept(r, ','));
        if (!rd_expect(r, ')'))
            return false;
    }
    bool ok = n == 0 || set_arguments(r, b, mark, n);
    if (ok)
        rd_pop(r, mark);
    return ok;
}

/* ---- blocks --------------------------------------------------------------------------------------------- */

/* `^name(args):`, making the block or the one that stands ready. */
static bool block_label(reader *r, ir_region region, ir_block *b) {
    uint32_t len = *r->p == '^' ? rd_prefixed_len(r->p) : 0, at = rd_pos(r);
    if (!len)
        return rd_expected(r, "expected block name");
    uint32_t id = rd_name_id(r, r->p, len);
    if (id == UINT32_MAX || !(*b = rd_define_block(r, at, id)))
        return false;
    ir_block_at(r->m, *b)->name = at + 1;
    ir_region_append(r->m, region, *b);
    rd_take(r, len);
    if (rd_is(r, '(') && !block_arguments(r, *b))
        return false;
    return rd_accept(r, ':') || rd_expected(r, "expected ':' after block name");
}

static bool block_body(reader *r, ir_block b) {
    bool ok = true;
    while (*r->p != '}' && *r->p != '^') {
        if (!rd_read_op(r, b)) {
            ok = false;
            if (r->fatal || !r->recovered)
                return false;
        }
    }
    return ok || !r->fatal;
}

static bool region_body(reader *r, ir_region region, uint32_t args, uint32_t n) {
    ir_block b = 0;
    bool named = n && rd_arg_at(r, args, 0).name.at != UINT32_MAX;
    if (*r->p == '^') {
        if (named)
            return rd_error(r, rd_pos(r), "invalid block name in region with named arguments");
    } else {
        b = ir_block_new(r->m);
        if (!b)
            return rd_oom(r);
        ir_region_append(r->m, region, b);
        if (named) {
            for (uint32_t i = 0; i < n; i++) {
                rd_arg a = rd_arg_at(r, args, i);
                uint32_t used;
                if (a.name.at != UINT32_MAX && rd_name_used(r, a.name.id, &used)) {
                    rd_report(r, DIAG_ERROR, a.name.at, "region entry argument '%.*s' is already in use",
                              (int)rd_prefixed_len(r->begin + a.name.at), r->begin + a.name.at);
                    rd_note(r, used, "previously referenced here");
                    return false;
                }
            }
            if (!set_arguments(r, b, args, n))
                return false;
        }
        if (!block_body(r, b))
            return false;
    }
    while (*r->p != '}')
        if (!block_label(r, region, &b) || !block_body(r, b))
            return false;
    return true;
}

bool rd_region(reader *r, rd_op *op, uint32_t args, uint32_t n) {
    if (!rd_accept(r, '{'))
        return rd_expected(r, "expected '{' to begin a region");
    /* Now, while places are asked for in order; a written location will replace it. */
    if (!op->loc && !(op->loc = rd_loc_at(r, op->at)))
        return false;
    ir_region region = ir_region_new(r->m);
    if (!region || !rd_add_region(r, region))
        return rd_oom(r);
    if (*r->p != '}' || n) {
        if (!rd_enter(r))
            return false;
        if (!rd_scope_push(r, op->isolated))
            return false;
        uint32_t depth = rd_scope_depth(r);
        bool ok = region_body(r, region, args, n);
        if (ok)
            ok = rd_scope_pop(r);
        else
            rd_scope_unwind(r, depth - 1);
        rd_leave(r);
        if (!ok)
            return false;
    }
    rd_take(r, 1); /* the '}' */
    return true;
}

bool rd_opt_region(reader *r, rd_op *op, uint32_t args, uint32_t n, bool *present) {
    *present = rd_is(r, '{');
    return !*present || rd_region(r, op, args, n);
}

bool rd_ensure_terminator(reader *r, rd_op *op, const op_def *terminator) {
    if (!terminator || rd_n_regions(r, op) == 0)
        return true;
    ir_module *m = r->m;
    ir_region region = r->regions.w[r->regions.n - 1];
    ir_block b = ir_region_at(m, region)->last;
    if (!b) {
        b = ir_block_new(m);
        if (!b)
            return rd_oom(r);
        ir_region_append(m, region, b);
    }
    /* Only a region of one block gets one; a last op that is known to end blocks stands. */
    if (ir_block_at(m, b)->prev)
        return true;
    ir_op last = ir_block_at(m, b)->last;
    if (last) {
        const op_def *d = dialect_def_of(m, last);
        bool known = d && (r->registry == TEXT_ALL || dialect_dialects[d->dialect].flags & DIALECT_UPSTREAM);
        if (known && d->flags & OP_TERMINATOR)
            return true;
    }
    ir_name name = ir_op_name(r->ctx, dialect_text(terminator->name));
    ir_loc loc = op->loc ? op->loc : rd_loc_at(r, op->at);
    ir_op t = name && loc ? ir_op_new(m, name, loc) : 0;
    if (!t)
        return rd_oom(r);
    ir_op_at(m, t)->flags = IR_OP_IMPLICIT;
    ir_block_append(m, b, t);
    return true;
}
