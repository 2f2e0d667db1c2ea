/* read_scope.c - which value or block a name stands for, as regions open and close.
 *
 * Every name has a number: %123 is 123, other names get one from a map at their first appearance. The current meaning of
 * a name is a slot in an array; a slot carries the scope that it was filled in and counts for nothing once that scope
 * is gone, so closing a region costs nothing. Only where a name of an isolated region (a function) hides the same name
 * outside, the old slot is kept in an undo log.
 *
 * A value used before its definition gets a placeholder value. The definition notes itself in the placeholder, and at the
 * end of the file one pass over the operands puts the definitions in.
 */
#include "base/num.h"
#include "text/read_inner.h"

/* ---- scopes --------------------------------------------------------------------------------------------- */

bool rd_scope_push(reader *r, bool isolated) {
    rd_tables *t = r->t;
    uint32_t depth = (uint32_t)t->scopes.n;
    rd_scope s = {
        .serial = ++t->serial,
        .isolated = isolated || depth <= 1 ? depth : t->scopes.v[depth - 1].isolated,
        .undo = (uint32_t)t->undo.n,
        .blocks = (uint32_t)t->forward_blocks.n,
    };
    return vec_push(&t->scopes, s) || rd_oom(r);
}

static rd_slot *slot_at(const reader *r, uint32_t id) {
    rd_tables *t = r->t;
    return id & RD_NAMED ? &t->named.v[id & ~RD_NAMED] : &t->numbers.v[id];
}

static void scope_close(reader *r) {
    rd_tables *t = r->t;
    rd_scope *s = &vec_last(&t->scopes);
    while (t->undo.n > s->undo) {
        rd_undo u = vec_pop(&t->undo);
        *slot_at(r, u.id) = u.slot;
    }
    t->forward_blocks.n = s->blocks;
    t->scopes.n--;
}

bool rd_scope_pop(reader *r) {
    rd_tables *t = r->t;
    rd_scope *s = &vec_last(&t->scopes);
    bool ok = true;
    for (size_t i = s->blocks; i < t->forward_blocks.n; i++) {
        rd_forward_block *f = &t->forward_blocks.v[i];
        if (ir_block_at(r->m, f->block)->region == 0) {
            rd_report(r, DIAG_ERROR, f->at, "reference to an undefined block");
            ok = false;
        }
    }
    scope_close(r);
    return ok;
}

void rd_scope_unwind(reader *r, uint32_t depth) {
    while (rd_scope_depth(r) > depth)
        scope_close(r);
}

enum { RD_NUMBER_LEN = 11 };

/* ---- names ---------------------------------------------------------------------------------------------- */

/* Grows a slot array to hold index i; new slots belong to no scope. */
static bool slots_reach(reader *r, uint32_t i) {
    rd_tables *t = r->t;
    if (LIKELY(i < t->numbers.n))
        return true;
    size_t old = t->numbers.n;
    if (!vec_room(&t->numbers, i + 1 - old))
        return rd_oom(r);
    size_t n = t->numbers.cap;
    mem_expect_writes(t->numbers.v + old, (n - old) * sizeof *t->numbers.v);
    memset(t->numbers.v + old, 0, (n - old) * sizeof *t->numbers.v);
    t->numbers.n = n;
    return true;
}

uint32_t rd_name_id(reader *r, const char *p, uint32_t len) {
    rd_tables *t = r->t;
    if (len <= RD_NUMBER_LEN && p[0] == '%' && rd_is_class(p[1], RD_DIGIT) && (p[1] != '0' || len == 2)) {
        /* A file that numbers its values has some bytes for each; a lone huge number goes through the map. */
        uint64_t n = 0;
        for (uint32_t i = 1; i < len; i++)
            n = n * 10 + (uint64_t)(p[i] - '0');
        if (n < (uint64_t)(r->end - r->begin) / 4 + 1024 && n < RD_NAMED)
            return slots_reach(r, (uint32_t)n) ? (uint32_t)n : UINT32_MAX;
    }
    bool added;
    uint32_t *index = map_str_put(&t->names, str_of(p, len), (uint32_t)t->named.n, &added);
    if (!index || (added && !vec_push(&t->named, (rd_slot){0}))) {
        rd_oom(r);
        return UINT32_MAX;
    }
    return *index | RD_NAMED;
}

/* Whether a slot means something in the scope with this index. */
static bool slot_lives(const rd_tables *t, const rd_slot *s, uint32_t lowest) {
    return s->depth >= lowest && s->depth < t->scopes.n && t->scopes.v[s->depth].serial == s->serial;
}

/* The slot of a name if it means something here. */
static rd_slot *slot_find(const reader *r, uint32_t id) {
    rd_slot *s = slot_at(r, id);
    return s->serial && slot_lives(r->t, s, vec_last(&r->t->scopes).isolated) ? s : NULL;
}

/* Fills a slot for the scope at `depth`, keeping what it hides in an outer scope. */
static bool slot_set(reader *r, uint32_t id, uint32_t value, uint32_t n, uint32_t depth) {
    rd_tables *t = r->t;
    rd_slot *s = slot_at(r, id);
    if (s->serial && s->depth < depth && slot_lives(t, s, 0) && !vec_push(&t->undo, (rd_undo){id, *s}))
        return rd_oom(r);
    *s = (rd_slot){value, n, t->scopes.v[depth].serial, depth};
    return true;
}

static str name_text(const reader *r, uint32_t at) {
    return str_of(r->begin + at, rd_prefixed_len(r->begin + at));
}

/* ---- values --------------------------------------------------------------------------------------------- */

bool rd_value_use(reader *r, rd_use *out) {
    /* Numbers that were seen before: by far the most. */
    const char *p = r->p + 1;
    if (LIKELY(*r->p == '%' && rd_is_class(*p, RD_DIGIT) && (*p != '0' || !rd_is_class(p[1], RD_DIGIT)))) {
        uint64_t n = 0;
        while (rd_is_class(*p, RD_DIGIT) && n < RD_NAMED)
            n = n * 10 + (uint64_t)(*p++ - '0');
        if (LIKELY(n < r->t->numbers.n && *p != '#' && !rd_is_class(*p, RD_DIGIT))) {
            *out = (rd_use){rd_pos(r), (uint32_t)n, 0};
            r->p = r->tok_end = p;
            rd_skip(r);
            return true;
        }
    }
    uint32_t len = *r->p == '%' ? rd_prefixed_len(r->p) : 0;
    if (!len)
        return rd_expected(r, "expected SSA operand");
    out->at = rd_pos(r);
    out->number = 0;
    out->id = rd_name_id(r, r->p, len);
    if (out->id == UINT32_MAX)
        return false;
    r->p += len;
    r->tok_end = r->p;
    if (UNLIKELY(*r->p == '#')) {
        uint32_t digits = rd_is_class(r->p[1], RD_DIGIT) ? rd_prefixed_len(r->p) : 0;
        uint64_t n = 0;
        if (!digits || !num_parse_u64(str_of(r->p + 1, digits - 1), &n) || n >= INT32_MAX)
            return rd_error(r, rd_pos(r), "invalid SSA value result number");
        out->number = (uint32_t)n;
        r->p += digits;
        r->tok_end = r->p;
    }
    rd_skip(r);
    return true;
}

bool rd_value_uses(reader *r, uint32_t *n) {
    *n = 0;
    if (*r->p != '%')
        return true;
    do {
        rd_use u;
        if (!rd_value_use(r, &u) || !rd_push_use(r, u))
            return false;
        ++*n;
    } while (rd_accept(r, ','));
    return true;
}

/* The forward entry of a number in the chain that starts at `head`; 0 when there is none. */
static uint32_t forward_find(const rd_tables *t, uint32_t head, uint32_t number) {
    while (head && t->forwards.v[head].number != number)
        head = t->forwards.v[head].next;
    return head;
}

static ir_value make_forward(reader *r, rd_use u, ir_type type, rd_slot *known) {
    rd_tables *t = r->t;
    ir_value v = ir_value_new(r->m, type);
    if (!v)
        return rd_oom(r);
    ir_value_at(r->m, v)->name = u.at + 1;
    uint32_t head = known ? known->value : 0;
    rd_forward f = {.at = u.at, .number = u.number, .value = v, .next = head};
    uint32_t index = (uint32_t)t->forwards.n;
    if (!vec_push(&t->forwards, f))
        return rd_oom(r);
    if (known) {
        known->value = index;
    } else if (!slot_set(r, u.id, index, RD_FORWARD, vec_last(&t->scopes).isolated)) {
        return 0;
    }
    return v;
}

static NOINLINE ir_value type_mismatch(reader *r, rd_use u, ir_type type, ir_type before, uint32_t before_at) {
    struct buf a, b;
    buf_init(&a, r->mem);
    buf_init(&b, r->mem);
    text_print_node(r->ctx, type, &a);
    text_print_node(r->ctx, before, &b);
    rd_report(r, DIAG_ERROR, u.at, "use of value '%.*s' expects different type than prior uses: '%.*s' vs '%.*s'",
              STR_ARG(name_text(r, u.at)), STR_ARG(buf_str(&a)), STR_ARG(buf_str(&b)));
    rd_note(r, before_at, "prior use here");
    buf_free(&a);
    buf_free(&b);
    return 0;
}

ir_value rd_resolve(reader *r, rd_use u, ir_type type) {
    rd_slot *s = slot_find(r, u.id);
    if (LIKELY(s && u.number < (s->n & ~RD_POISON) && !(s->n & RD_FORWARD))) {
        ir_value v = s->value + u.number;
        ir_value_data *d = ir_value_at(r->m, v);
        if (LIKELY(d->type == type))
            return v;
        return type_mismatch(r, u, type, d->type, d->name - 1);
    }
    if (s && s->n & RD_POISON)
        return rd_made(r, ir_value_new(r->m, type));
    if (s && !(s->n & RD_FORWARD)) {
        rd_report(r, DIAG_ERROR, u.at, "reference to invalid result number");
        return 0;
    }
    uint32_t f = s ? forward_find(r->t, s->value, u.number) : 0;
    if (!f)
        return make_forward(r, u, type, s);
    rd_forward *known = &r->t->forwards.v[f];
    ir_type before = ir_value_type(r->m, known->value);
    return before == type ? known->value : type_mismatch(r, u, type, before, known->at);
}

ir_type rd_type_of_use(const reader *r, rd_use u) {
    rd_slot *s = slot_find(r, u.id);
    if (!s || s->n & (RD_FORWARD | RD_POISON) || u.number >= s->n)
        return 0;
    return ir_value_type(r->m, s->value + u.number);
}

/* Gives the uses of a name before its definition their values. */
static bool define_forwards(reader *r, uint32_t at, uint32_t head, ir_value first, uint32_t n) {
    rd_tables *t = r->t;
    for (uint32_t f = head; f; f = t->forwards.v[f].next) {
        rd_forward *fw = &t->forwards.v[f];
        if (fw->number >= n)
            continue;
        ir_value v = first + fw->number;
        ir_type was = ir_value_type(r->m, fw->value), is = ir_value_type(r->m, v);
        if (was != is) {
            struct buf a, b;
            buf_init(&a, r->mem);
            buf_init(&b, r->mem);
            text_print_node(r->ctx, is, &a);
            text_print_node(r->ctx, was, &b);
            rd_report(r, DIAG_ERROR, at, "definition of SSA value '%.*s#%u' has type '%.*s'", STR_ARG(name_text(r, at)),
                      (unsigned)fw->number, STR_ARG(buf_str(&a)));
            rd_note(r, fw->at, "previously used here with type '%.*s'", STR_ARG(buf_str(&b)));
            buf_free(&a);
            buf_free(&b);
            return false;
        }
        fw->resolved = true;
        ir_value_at(r->m, fw->value)->index = v;
    }
    return true;
}

bool rd_define(reader *r, uint32_t at, uint32_t id, ir_value first, uint32_t n) {
    rd_tables *t = r->t;
    rd_slot *s = slot_find(r, id);
    uint32_t depth = rd_scope_depth(r);
    if (UNLIKELY(s != NULL)) {
        if (s->n & RD_FORWARD) {
            uint32_t head = s->value;
            *s = (rd_slot){first, n, t->scopes.v[depth].serial, depth};
            return define_forwards(r, at, head, first, n);
        }
        if (!(s->n & RD_POISON)) {
            rd_report(r, DIAG_ERROR, at, "redefinition of SSA value '%.*s'", STR_ARG(name_text(r, at)));
            rd_note(r, ir_value_at(r->m, s->value)->name - 1, "previously defined here");
            return false;
        }
    }
    return slot_set(r, id, first, n, depth);
}

void rd_poison(reader *r, uint32_t id) {
    rd_slot *s = slot_find(r, id);
    if (!s) {
        slot_set(r, id, 0, RD_POISON, rd_scope_depth(r));
    } else if (s->n & RD_FORWARD) {
        for (uint32_t f = s->value; f; f = r->t->forwards.v[f].next)
            r->t->forwards.v[f].resolved = true;
        *s = (rd_slot){0, RD_POISON, vec_last(&r->t->scopes).serial, rd_scope_depth(r)};
    }
}

bool rd_name_used(const reader *r, uint32_t id, uint32_t *at) {
    rd_slot *s = slot_find(r, id);
    if (!s || s->n & RD_POISON)
        return false;
    *at = s->n & RD_FORWARD ? r->t->forwards.v[s->value].at : ir_value_at(r->m, s->value)->name - 1;
    return true;
}

bool rd_resolve_operand(reader *r, rd_use u, ir_type type) {
    ir_value v = rd_resolve(r, u, type);
    return v && (rd_add_operand(r, v) || rd_oom(r));
}

bool rd_resolve_list(reader *r, uint32_t mark, uint32_t n, uint32_t types, uint32_t n_types, uint32_t at) {
    if (n != n_types)
        return rd_error(r, at, "number of operands and types do not match: got %u operands and %u types", (unsigned)n,
                        (unsigned)n_types);
    for (uint32_t i = 0; i < n; i++)
        if (!rd_resolve_operand(r, rd_use_at(r, mark, i), r->stack.w[types + i]))
            return false;
    return true;
}

bool rd_resolve_all(reader *r, uint32_t mark, uint32_t n, ir_type type) {
    for (uint32_t i = 0; i < n; i++)
        if (!rd_resolve_operand(r, rd_use_at(r, mark, i), type))
            return false;
    return true;
}

bool rd_finish_values(reader *r) {
    rd_tables *t = r->t;
    if (t->forwards.n <= 1)
        return true;
    bool ok = true;
    for (size_t i = 1; i < t->forwards.n; i++) {
        if (!t->forwards.v[i].resolved) {
            rd_report(r, DIAG_ERROR, t->forwards.v[i].at, "use of undeclared SSA value name");
            ok = false;
        }
    }
    if (!ok)
        return false;
    for (ir_op op = 1; op < r->m->n_ops; op++) {
        uint32_t *v = r->m->pool + r->m->ops[op].operands;
        for (uint32_t i = 0; i < r->m->ops[op].n_operands; i++)
            if (ir_value_at(r->m, v[i])->owner == 0)
                v[i] = ir_value_at(r->m, v[i])->index;
    }
    return true;
}

/* ---- blocks --------------------------------------------------------------------------------------------- */

/* Blocks belong to one region only: an outer region's names are hidden. */
static rd_slot *block_find(const reader *r, uint32_t id) {
    rd_slot *s = slot_at(r, id);
    return s->serial == vec_last(&r->t->scopes).serial ? s : NULL;
}

bool rd_successor(reader *r, ir_block *out) {
    uint32_t len = *r->p == '^' ? rd_prefixed_len(r->p) : 0;
    if (!len)
        return rd_expected(r, "expected block name");
    uint32_t at = rd_pos(r), id = rd_name_id(r, r->p, len);
    if (id == UINT32_MAX)
        return false;
    rd_slot *s = block_find(r, id);
    if (s) {
        *out = s->value;
    } else {
        *out = ir_block_new(r->m);
        if (!*out || !slot_set(r, id, *out, 1, rd_scope_depth(r)) ||
            !vec_push(&r->t->forward_blocks, (rd_forward_block){*out, at}))
            return rd_oom(r);
    }
    rd_take(r, len);
    return true;
}

ir_block rd_define_block(reader *r, uint32_t at, uint32_t id) {
    rd_slot *s = block_find(r, id);
    if (s) {
        ir_block b = s->value;
        if (ir_block_at(r->m, b)->region == 0)
            return b;
        rd_report(r, DIAG_ERROR, at, "redefinition of block '%.*s'", STR_ARG(name_text(r, at)));
        return 0;
    }
    ir_block b = ir_block_new(r->m);
    if (!b || !slot_set(r, id, b, 1, rd_scope_depth(r)))
        return rd_oom(r);
    return b;
}

bool rd_successor_operands(reader *r, ir_block *out, uint32_t *n) {
    *n = 0;
    if (!rd_successor(r, out))
        return false;
    if (!rd_accept(r, '('))
        return true;
    uint32_t mark = rd_mark(r), at = rd_pos(r), n_uses;
    if (!rd_value_uses(r, &n_uses))
        return false;
    if (n_uses) {
        uint32_t types = rd_mark(r);
        if (!rd_expect(r, ':') || !rd_type_list(r) || !rd_resolve_list(r, mark, n_uses, types, rd_mark(r) - types, at))
            return false;
    }
    *n = n_uses;
    rd_pop(r, mark);
    return rd_expect(r, ')');
}
