/* reader.c - a whole text: top level, op headers, the generic form. (reader.h draws the map of the files.)
 *
 *   text_read ─▶ top_level ─▶ rd_read_op ─┬▶ generic_op
 *                                         ├▶ asm_read_op (custom forms)
 *                                         └▶ rd_opaque_op (unknown custom forms)
 *                then: placeholders replaced, locations resolved, the module around it all
 */
#include "text/read_inner.h"

/* ---- names of ops --------------------------------------------------------------------------------------- */

/* The definition of an op under the registry in use. */
static const op_def *visible_def(const reader *r, ir_name name) {
    uint32_t def = ir_name_of(r->ctx, name)->def;
    if (!def)
        return NULL;
    const op_def *d = dialect_op(def - 1);
    return r->registry == TEXT_ALL || dialect_dialects[d->dialect].flags & DIALECT_UPSTREAM ? d : NULL;
}

static rd_name_entry *name_entry(const reader *r, str name) {
    return &r->t->op_names[str_hash(name) >> (64 - RD_NAMES_BITS)];
}

/* set_name of a name that was there lately; false when it was not. */
static bool set_known_name(const reader *r, rd_op *op, str name) {
    const rd_name_entry *e = name_entry(r, name);
    if (UNLIKELY(e->len != name.n || !str_same_bytes(e->text, name.p, name.n)))
        return false;
    op->name = e->name;
    op->def = e->def;
    return true;
}

static bool set_name(reader *r, rd_op *op, str name) {
    if (set_known_name(r, op, name))
        return true;
    op->name = ir_op_name(r->ctx, name);
    if (!op->name)
        return rd_oom(r);
    op->def = visible_def(r, op->name);
    *name_entry(r, name) = (rd_name_entry){ir_name_of(r->ctx, op->name)->name.p, (uint32_t)name.n, op->name, op->def};
    return true;
}

str rd_default_dialect(const reader *r) {
    uint16_t d = vec_last(&r->t->dialects);
    return d == DIALECT_NONE ? (str){"", 0} : dialect_text(dialect_dialects[d].name);
}

/* ---- generic form --------------------------------------------------------------------------------------- */

/* `%a, %b` of the operand list, three words each onto the stack. */
static bool generic_operands(reader *r, uint32_t *n) {
    if (!rd_accept(r, '('))
        return rd_expected(r, "expected '(' to start operand list");
    return rd_value_uses(r, n) && (rd_accept(r, ')') || rd_expected(r, "expected ')' to end operand list"));
}

/* `(types) -> types` of a generic op: operands resolved, result types added. The types of the form are not made into a
 * function type, which nobody would look at. */
static bool generic_types(reader *r, uint32_t uses, uint32_t n_uses) {
    if (!rd_accept(r, ':'))
        return rd_expected(r, "expected ':' followed by operation type");
    uint32_t at = rd_pos(r), mark = rd_mark(r);
    if (!rd_is(r, '(')) {
        ir_type t = rd_type(r);
        if (t && ir_kind_of(r->ctx, t) == IR_TYPE_FUNCTION) {
            /* An alias of a function type. */
            uint32_t n_in = ir_at(r->ctx, t, 0), all = ir_count(r->ctx, t) - 1;
            for (uint32_t i = 0; i < all; i++)
                if (!(i < n_in ? rd_push(r, ir_at(r->ctx, t, 1 + i)) : rd_add_result_type(r, ir_at(r->ctx, t, 1 + i))))
                    return false;
        } else {
            if (t)
                rd_report(r, DIAG_ERROR, at, "expected function type");
            return false;
        }
    } else {
        if (!rd_type_list_parens(r))
            return false;
        if (UNLIKELY(r->p[0] != '-' || r->p[1] != '>'))
            return rd_expected(r, "expected '->' in function type");
        rd_take(r, 2);
        if (rd_is(r, '(')) {
            rd_take(r, 1);
            if (!rd_accept(r, ')')) {
                do {
                    ir_type t = rd_type(r);
                    if (!t || !rd_add_result_type(r, t))
                        return false;
                } while (rd_accept(r, ','));
                if (!rd_expect(r, ')'))
                    return false;
            }
        } else {
            ir_type t = rd_type(r);
            if (!t || !rd_add_result_type(r, t))
                return false;
        }
    }
    uint32_t n = rd_mark(r) - mark;
    if (n != n_uses) {
        r->recoverable = true;
        rd_report(r, DIAG_ERROR, at, "expected %u operand type%s but had %u", (unsigned)n_uses, n_uses == 1 ? "" : "s",
                  (unsigned)n);
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        ir_value v = rd_resolve(r, rd_use_at(r, uses, i), r->stack.w[mark + i]);
        if (UNLIKELY(!v)) {
            r->recoverable = true;
            return false;
        }
        if (!rd_add_operand(r, v))
            return false;
    }
    return true;
}

/* The rest of an op whose quoted name is read. */
static bool generic_op(reader *r, rd_op *op) {
    uint32_t uses = rd_mark(r), n_uses;
    if (!generic_operands(r, &n_uses))
        return false;
    if (UNLIKELY(*r->p == '[')) {
        if (op->def && !(op->def->flags & OP_TERMINATOR))
            return rd_error(r, rd_pos(r), "successors in non-terminator");
        rd_take(r, 1);
        do {
            ir_block b;
            if (!rd_successor(r, &b) || !rd_add_successor(r, b))
                return false;
        } while (rd_accept(r, ','));
        if (!rd_accept(r, ']'))
            return rd_expected(r, "expected ',' or ']'");
    }
    if (*r->p == '<') {
        rd_take(r, 1);
        if (!rd_is(r, '{'))
            return rd_expected(r, "expected attribute value");
        if (!(op->props_dict = rd_dict(r)))
            return false;
        if (!rd_accept(r, '>'))
            return rd_expected(r, "expected '>' to close properties");
        if (op->def && op->def->n_attrs == 0 && op->props_dict != r->ctx->a_empty_dict &&
            dialect_dialects[op->def->dialect].flags & DIALECT_UPSTREAM) {
            r->recoverable = true;
            struct buf b;
            buf_init(&b, r->mem);
            text_print_node(r->ctx, op->props_dict, &b);
            str name = ir_name_of(r->ctx, op->name)->name;
            rd_report(r, DIAG_ERROR, op->at,
                      "invalid properties %.*s for op %.*s: this operation does not support properties",
                      STR_ARG(buf_str(&b)), STR_ARG(name));
            buf_free(&b);
            return false;
        }
    }
    if (UNLIKELY(*r->p == '(')) {
        rd_take(r, 1);
        do
            if (!rd_region(r, op, 0, 0))
                return false;
        while (rd_accept(r, ','));
        if (!rd_accept(r, ')'))
            return rd_expected(r, "expected ')' to end region list");
    }
    if (*r->p == '{' && !(op->attrs_dict = rd_dict(r)))
        return false;
    return generic_types(r, uses, n_uses) && rd_opt_loc(r, &op->loc);
}

/* ---- custom form ---------------------------------------------------------------------------------------- */

/* The name of an op in custom form: as it stands or with the default dialect before it. */
static bool custom_name(reader *r, rd_op *op) {
    str id = rd_peek_id(r);
    bool ok = set_name(r, op, id);
    if (ok && !op->def && str_find_char(id, '.') == id.n) {
        str dialect = rd_default_dialect(r);
        char full[160];
        if (dialect.n + id.n + 1 < sizeof full) {
            memcpy(full, dialect.p, dialect.n);
            full[dialect.n] = '.';
            memcpy(full + dialect.n + 1, id.p, id.n);
            ok = set_name(r, op, str_of(full, dialect.n + 1 + id.n));
        }
        if (ok && !op->def)
            return rd_error(r, op->at, "custom op '%.*s' is unknown (tried '%.*s.%.*s' as well)", STR_ARG(id),
                            STR_ARG(dialect), STR_ARG(id));
    }
    rd_take(r, (uint32_t)id.n);
    return ok;
}

static bool custom_op(reader *r, rd_op *op, uint32_t *flags) {
    if (!custom_name(r, op))
        return false;
    *flags = IR_OP_CUSTOM;
    if (op->def) {
        if (!vec_push(&r->t->dialects, op->def->default_dialect))
            return rd_oom(r);
        rd_answer a = rd_enter(r) ? asm_read_op(r, op) : RD_ERROR;
        r->t->dialects.n--;
        if (a == RD_ERROR)
            return false;
        rd_leave(r);
        if (a == RD_DONE)
            return rd_opt_loc(r, &op->loc);
    }
    *flags |= IR_OP_OPAQUE;
    return rd_opaque_op(r, op);
}

/* ---- any op --------------------------------------------------------------------------------------------- */

/* `%a, %b:2 =`: the names onto the stack. */
static bool result_names(reader *r, rd_op *op) {
    do {
        uint32_t len = *r->p == '%' ? rd_prefixed_len(r->p) : 0, n = 1;
        if (!len)
            return rd_expected(r, "expected valid ssa identifier");
        uint32_t at = rd_pos(r), id = rd_name_id(r, r->p, len);
        if (id == UINT32_MAX)
            return false;
        rd_take(r, len);
        if (rd_accept(r, ':')) {
            uint32_t count_at = rd_pos(r);
            int64_t count;
            bool present;
            if (!rd_opt_integer(r, &count, &present))
                return false;
            if (!present)
                return rd_expected(r, "expected integer number of results");
            if (count < 1 || count > INT32_MAX)
                return rd_error(r, count_at, "expected named operation to have at least 1 result");
            n = (uint32_t)count;
        }
        if (!rd_push(r, at) || !rd_push(r, id) || !rd_push(r, n))
            return false;
        op->n_names++;
        if (op->n_bound > INT32_MAX - n)
            return rd_error(r, at, "too many results");
        op->n_bound += n;
    } while (rd_accept(r, ','));
    if (!rd_accept(r, '='))
        return rd_expected(r, "expected '=' after SSA name");
    op->at = rd_pos(r);
    return true;
}

static bool op_header(reader *r, rd_op *op, uint32_t *flags) {
    if (*r->p == '%' && !result_names(r, op))
        return false;
    if (LIKELY(*r->p == '"')) {
        str name;
        bool escapes;
        name = str_of(r->p + 1, (size_t)(rd_quote(r->p + 1, r->end) - r->p) - 1);
        if (LIKELY(name.p[name.n] == '"' && name.n && set_known_name(r, op, name))) {
            rd_take(r, (uint32_t)name.n + 2);
            return generic_op(r, op);
        }
        const char *wrong, *q = rd_scan_string(r, r->p, &name, &escapes, &wrong);
        if (!q)
            return rd_expected(r, "expected operation name in quotes");
        if (escapes || memchr(name.p, 0, name.n)) {
            ir_str s;
            if (!rd_string(r, &s))
                return false;
            name = ir_str_of(r->ctx, s);
            if (memchr(name.p, 0, name.n))
                return rd_error(r, op->at, "null character not allowed in operation name");
        } else {
            r->p = r->tok_end = q;
            rd_skip(r);
        }
        if (name.n == 0)
            return rd_error(r, op->at, "empty operation name is invalid");
        return set_name(r, op, name) && generic_op(r, op);
    }
    if (rd_is_class(*r->p, RD_LETTER))
        return custom_op(r, op, flags);
    return rd_expected(r, "expected operation name in quotes");
}

/* After an error: where the statement ends, the next one begins. */
static void recover(reader *r, const rd_op *op, uint32_t depth, uint32_t scope, size_t dialects) {
    r->depth = depth;
    rd_scope_unwind(r, scope);
    r->t->dialects.n = dialects;
    const char *at = r->p;
    r->recovered = false;
    if (r->fatal || diags_full(r->d))
        return;
    if (!r->recoverable) {
        rd_seek(r, op->start);
        if (!rd_skip_statement(r) || r->p <= at) {
            r->p = at;
            if (!rd_skip_to_line(r, op->start))
                return;
        }
    }
    ir_loc l;
    uint32_t errors = r->errors;
    if (rd_is_keyword(r, "loc") && !rd_opt_loc(r, &l)) {
        r->errors = errors;
        return;
    }
    for (uint32_t i = 0; i < op->n_names; i++)
        rd_poison(r, rd_words(r, op->names)[3 * (size_t)i + 1]);
    r->recovered = true;
}

bool rd_at_milestone(reader *r) {
    enum { STEP = 4 << 20 };
    r->milestone = (size_t)(r->end - r->p) > STEP ? r->p + STEP : r->end + 1;
    if (!r->progress || r->progress(r->progress_arg, (size_t)(r->p - r->begin)))
        return true;
    r->fatal = true;
    return rd_error(r, rd_pos(r), "reading was cancelled");
}

bool rd_read_op(reader *r, ir_block block) {
    if (UNLIKELY(r->p >= r->milestone) && !rd_at_milestone(r))
        return false;
    rd_op op;
    rd_op_begin(r, &op);
    uint32_t flags = 0, depth = r->depth, scope = rd_scope_depth(r);
    size_t dialects = r->t->dialects.n;
    r->recoverable = false;
    bool ok = op_header(r, &op, &flags);
    if (ok) {
        /* The text of the op is read; what can be wrong now leaves the cursor behind it. */
        ok = rd_op_finish(r, &op, block, flags) != 0;
        r->recoverable = true;
    }
    if (UNLIKELY(!ok))
        recover(r, &op, depth, scope, dialects);
    rd_op_drop(r, &op);
    return ok;
}

/* ---- a whole text --------------------------------------------------------------------------------------- */

static bool tables_make(reader *r) {
    rd_tables *t = r->t = mem_alloc_zero(r->mem, sizeof *t);
    if (!t)
        return rd_oom(r);
    vec_init(&t->numbers, r->mem);
    vec_init(&t->named, r->mem);
    map_str_init(&t->names, r->mem);
    vec_init(&t->scopes, r->mem);
    vec_init(&t->undo, r->mem);
    vec_init(&t->forwards, r->mem);
    vec_init(&t->forward_blocks, r->mem);
    vec_init(&t->loc_numbers, r->mem);
    vec_init(&t->aliases, r->mem);
    map_str_init(&t->alias_names, r->mem);
    map_u64_init(&t->parts, r->mem);
    vec_init(&t->to_count, r->mem);
    vec_init(&t->dialects, r->mem);
    map_u64_init(&t->dropped, r->mem);
    map_u64_init(&t->props, r->mem);
    map_u64_init(&t->presets, r->mem);
    vec_init(&t->dims, r->mem);
    vec_init(&t->bytes, r->mem);
    vec_init(&t->exprs, r->mem);
    vec_init(&t->affine_names, r->mem);
    map_str_init(&t->affine_ids, r->mem);
    map_u64_init(&t->affine_uses, r->mem);
    lines_init(&t->lines, r->mem, str_of(r->begin, (size_t)(r->end - r->begin)));
    const dialect_info *builtin = dialect_find(STR("builtin"));
    uint16_t dialect = builtin ? (uint16_t)(builtin - dialect_dialects) : DIALECT_NONE;
    if (!vec_push(&t->scopes, (rd_scope){0}) || !vec_push(&t->forwards, (rd_forward){0}) ||
        !vec_push(&t->dialects, dialect))
        return rd_oom(r);
    return rd_scope_push(r, true);
}

static void tables_free(reader *r) {
    rd_tables *t = r->t;
    if (!t)
        return;
    vec_free(&t->numbers);
    vec_free(&t->named);
    map_str_free(&t->names);
    vec_free(&t->scopes);
    vec_free(&t->undo);
    vec_free(&t->forwards);
    vec_free(&t->forward_blocks);
    vec_free(&t->loc_numbers);
    vec_free(&t->aliases);
    map_str_free(&t->alias_names);
    map_u64_free(&t->parts);
    vec_free(&t->to_count);
    vec_free(&t->dialects);
    map_u64_free(&t->dropped);
    map_u64_free(&t->props);
    map_u64_free(&t->presets);
    vec_free(&t->dims);
    vec_free(&t->bytes);
    vec_free(&t->exprs);
    vec_free(&t->affine_names);
    map_str_free(&t->affine_ids);
    map_u64_free(&t->affine_uses);
    lines_free(&t->lines);
    mem_free(r->mem, t, sizeof *t);
    r->t = NULL;
}

/* So that there are no null pointers to add zero to. */
static bool stacks_make(reader *r) {
    rd_stack *all[] = {&r->stack, &r->operands, &r->types, &r->props, &r->attrs, &r->regions, &r->successors};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!rd_stack_grow(r, all[i], 1))
            return false;
    return true;
}

static void stacks_free(reader *r) {
    rd_stack *all[] = {&r->stack, &r->operands, &r->types, &r->props, &r->attrs, &r->regions, &r->successors};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        mem_free(r->mem, all[i]->w, all[i]->cap * sizeof *all[i]->w);
}

/* Ops, aliases and metadata until the end. */
static bool top_level(reader *r, ir_block block) {
    while (!rd_at_end(r)) {
        char c = *r->p;
        if (c == '#' || c == '!') {
            uint32_t depth = r->depth;
            if (!rd_alias_definition(r)) {
                r->depth = depth;
                return false;
            }
        } else if (c == '{' && rd_is_text(r, "{-#")) {
            if (!rd_resources(r))
                return false;
        } else if (!rd_read_op(r, block) && (r->fatal || !r->recovered)) {
            return false;
        }
    }
    return r->errors == 0;
}

/* Makes `module` around the ops of the top level unless the only one is a module. */
static bool make_root(reader *r, ir_region region, ir_block block) {
    ir_module *m = r->m;
    ir_op first = ir_block_at(m, block)->first;
    ir_name module = ir_op_name(r->ctx, STR("builtin.module"));
    if (!module)
        return rd_oom(r);
    if (first && !ir_op_at(m, first)->next && ir_op_at(m, first)->name == module &&
        !(ir_op_at(m, first)->flags & IR_OP_OPAQUE)) {
        ir_unlink(m, first);
        m->root = first;
        return true;
    }
    ir_loc loc = rd_made(r, ir_loc_file(r->ctx, r->t->source_name, 0, 0));
    ir_op root = loc ? ir_op_new(m, module, loc) : 0;
    if (!root || !ir_op_set_children(m, root, &region, 1, NULL, 0))
        return rd_oom(r);
    ir_op_at(m, root)->flags = IR_OP_IMPLICIT;
    m->root = root;
    return true;
}

static bool read_all(reader *r, str name) {
    ir_module *m = r->m;
    m->source = str_of(r->begin, (size_t)(r->end - r->begin));
    if (!(m->source_name = r->t->source_name = rd_made(r, ir_string(r->ctx, name, true))))
        return false;
    ir_region region = ir_region_new(m);
    ir_block block = region ? ir_block_new(m) : 0;
    if (!block)
        return rd_oom(r);
    ir_region_append(m, region, block);
    rd_skip(r);
    bool ok = top_level(r, block);
    if (ok)
        ok = rd_scope_pop(r);
    /* Names may be missing because of errors before: only a text that is well-formed so far is asked. */
    if (r->splits)
        return rd_error(r, (uint32_t)(r->end - r->begin), "several modules, separated by lines of \"// -----\"");
    return ok && rd_finish_values(r) && rd_finish_locs(r) && make_root(r, region, block) && r->errors == 0;
}

ir_module *text_read(ir_context *c, str text, str name, const text_read_options *o, struct diags *d) {
    if (text.n >= UINT32_MAX / 2) {
        diag_add(d, DIAG_ERROR, diags_add_source(d, name, str_of(text.p, 0)), 0, 0,
                 "the text is larger than 2 GiB, which is not supported");
        return NULL;
    }
    reader r = {
        .p = text.p,
        .tok_end = text.p,
        .begin = text.p,
        .end = text.p + text.n,
        .ctx = c,
        .mem = c->mem,
        .d = d,
        .registry = o ? o->registry : TEXT_ALL,
        .strict = o && o->strict,
        .milestone = text.p,
        .progress = o ? o->progress : NULL,
        .progress_arg = o ? o->progress_arg : NULL,
        .max_depth = o && o->max_depth ? o->max_depth : 512,
    };
    r.source = diags_add_source(d, name, text);
    r.m = ir_module_new(c);
    bool ok = r.m && tables_make(&r) && stacks_make(&r) && read_all(&r, name);
    if (ok && (r.m->failed || c->failed))
        ok = false;
    if (!ok && (r.oom || !r.m || r.m->failed || c->failed))
        diag_out_of_memory(d);
    stacks_free(&r);
    tables_free(&r);
    if (!ok) {
        if (r.m)
            ir_module_free(r.m);
        return NULL;
    }
    return r.m;
}

/* Where "-----" may begin at or after `at`: an offset at which, and four bytes on, there is a dash; text.n if nowhere.
 * Dashes are rare enough in MLIR that this passes over most of a text by words of 16 bytes. */
static size_t find_dashes(str text, size_t at) {
    typedef uint8_t word __attribute__((vector_size(16)));
    typedef uint64_t halves __attribute__((vector_size(16)));
    enum { W = sizeof(word), APART = 4 };
    const word dash = (word){0} + '-';
    for (; at + W + APART <= text.n; at += W) {
        word a, b;
        memcpy(&a, text.p + at, W);
        memcpy(&b, text.p + at + APART, W);
        halves both = (halves)((a == dash) & (b == dash));
        if (UNLIKELY(both[0] | both[1]))
            break;
    }
    for (; at + APART < text.n; at++)
        if (text.p[at] == '-' && text.p[at + APART] == '-')
            return at;
    return text.n;
}

/* Whether a line of "// -----" begins at `line`; *after is then where the line behind it begins. */
static bool separator_at(str text, size_t line, size_t *after) {
    static const char marker[] = "// -----";
    enum { N = sizeof marker - 1 };
    if ((line > 0 && text.p[line - 1] != '\n') || text.n - line < N || memcmp(text.p + line, marker, N) != 0)
        return false;
    const char *nl = memchr(text.p + line, '\n', text.n - line);
    size_t end = nl ? (size_t)(nl - text.p) : text.n;
    *after = nl ? end + 1 : text.n;
    return str_trim(str_slice(text, line + N, end)).n == 0;
}

bool rd_is_separator(const reader *r, const char *p) {
    size_t after;
    return separator_at(str_of(r->begin, (size_t)(r->end - r->begin)), (size_t)(p - r->begin), &after);
}

bool text_split(str text, size_t *at, str *part) {
    enum { BEFORE = 3 };
    if (*at > text.n)
        return false;
    size_t start = *at;
    for (size_t dashes = start; (dashes = find_dashes(text, dashes)) < text.n; dashes++) {
        size_t after;
        if (dashes < start + BEFORE || !separator_at(text, dashes - BEFORE, &after))
            continue;
        *part = str_slice(text, start, dashes - BEFORE);
        *at = after;
        return true;
    }
    *part = str_from(text, start);
    *at = text.n + 1;
    return true;
}

str text_part(ir_context *c, str whole, str part) {
    size_t lines = 0;
    for (const char *p = whole.p; p < part.p && (p = memchr(p, '\n', (size_t)(part.p - p))); p++)
        lines++;
    char *text = ir_context_alloc(c, lines + part.n + 1);
    if (!text)
        return (str){0};
    memset(text, '\n', lines);
    if (part.n)
        memcpy(text + lines, part.p, part.n);
    text[lines + part.n] = 0;
    return str_of(text, lines + part.n);
}
