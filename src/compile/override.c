/* override.c - sets of overrides and which ops their entries mean. Reading and writing: override_text.c, override_json.c. */
#include "compile/override.h"

#include "base/num.h"
#include "dialect/dialect.h"
#include "ids.h"

const char *const override_state_names[OVERRIDE_N_STATES] = {
    [OVERRIDE_APPLIED] = "applied", [OVERRIDE_UNMATCHED] = "unmatched",   [OVERRIDE_CONFLICT] = "conflict",
    [OVERRIDE_ILLEGAL] = "illegal", [OVERRIDE_IMPOSSIBLE] = "impossible",
};

void override_set_init(override_set *s, struct mem *m) {
    *s = (override_set){.mem = m};
    arena_init(&s->arena, m);
    vec_init(&s->entries, m);
    vec_init(&s->results, m);
}

void override_set_free(override_set *s) {
    for (size_t i = 0; i < s->entries.n; i++)
        vec_free(&s->entries.v[i].settings);
    vec_free(&s->entries);
    vec_free(&s->results);
    arena_free(&s->arena);
}

void override_clear_results(override_set *s) {
    vec_clear(&s->results);
}

uint32_t override_problems(const override_set *s) {
    uint32_t n = 0;
    for (size_t i = 0; i < s->results.n; i++)
        n += s->results.v[i].state != OVERRIDE_APPLIED;
    return n;
}

static override_entry *entry_of(override_set *s, override_bind bind, str target) {
    for (size_t i = 0; i < s->entries.n; i++)
        if (s->entries.v[i].bind == bind && str_eq(s->entries.v[i].target, target))
            return &s->entries.v[i];
    override_entry e = {.bind = bind, .target = arena_str(&s->arena, target), .node_id = STR("")};
    vec_init(&e.settings, s->mem);
    if (!e.target.p || !vec_push(&s->entries, e))
        return NULL;
    return &s->entries.v[s->entries.n - 1];
}

bool override_add(override_set *s, override_bind bind, str target, legal_group group, str key, str value) {
    override_entry *e = entry_of(s, bind, target);
    legal_setting set = {group, arena_str(&s->arena, key), arena_str(&s->arena, value)};
    if (!e || !set.key.p || !set.value.p) {
        s->failed = true;
        return false;
    }
    for (size_t i = 0; i < e->settings.n; i++)
        if (e->settings.v[i].group == group && str_eq(e->settings.v[i].key, key) &&
            str_eq(e->settings.v[i].value, value))
            return true; /* given again; with another value both stay, and the earlier one is reported as a conflict */
    if (!vec_push(&e->settings, set))
        s->failed = true;
    return !s->failed;
}

/* ---- binding --------------------------------------------------------------------------------------------- */

/* The function an op stands in; 0 when in none. */
static ir_op function_of(const ir_module *m, ir_op op) {
    for (ir_op at = op; at; at = m->ops[at].block ? ir_parent_op(m, at) : 0)
        if (ir_op_def(m, at) == OP_func_func + 1)
            return at;
    return 0;
}

static str symbol(const ir_module *m, ir_op func) {
    ir_attr name = func ? ir_op_attr(m, func, STR("sym_name")) : 0;
    return name ? ir_str_of(m->ctx, name) : STR("");
}

void override_identity(const ir_module *m, ir_op op, struct buf *out) {
    ir_op func = function_of(m, op);
    uint32_t n = 0;
    for (ir_op at = func; at && at != op; at = ir_walk_next(m, func, at))
        n += m->ops[at].name == m->ops[op].name;
    override_identity_of(out, symbol(m, func), ir_op_name_str(m, op), n);
}

void override_identity_of(struct buf *out, str function, str op_name, uint32_t ordinal) {
    buf_printf(out, "@%.*s/%.*s#%u", STR_ARG(function), STR_ARG(op_name), ordinal);
}

/* Whether a location has this name: itself or, when fused, one of its parts. Nesting is followed a few levels. */
static bool has_name(const ir_context *c, ir_loc loc, str name, int depth) {
    if (!loc || depth > 8)
        return false;
    switch (ir_kind_of(c, loc)) {
    case IR_LOC_NAME: return str_eq(ir_str_of(c, ir_at(c, loc, 0)), name);
    case IR_LOC_FUSED:
        for (uint32_t i = 1; i < ir_count(c, loc); i++)
            if (has_name(c, ir_at(c, loc, i), name, depth + 1))
                return true;
        return false;
    default: return false;
    }
}

static str first_name(const ir_context *c, ir_loc loc) {
    for (int depth = 0; loc && depth < 8; depth++) {
        ir_kind k = ir_kind_of(c, loc);
        if (k == IR_LOC_NAME)
            return ir_str_of(c, ir_at(c, loc, 0));
        if (k != IR_LOC_FUSED || ir_count(c, loc) < 2)
            break;
        loc = ir_at(c, loc, 1);
    }
    return STR("");
}

/* ---- names that are like one another --------------------------------------------------------------------- */

enum { LONGEST = 64 };

/* Letters to be put in, left out or changed to make b of a (Levenshtein); both at most LONGEST long. */
static uint32_t changes_between(str a, str b) {
    uint32_t row[LONGEST + 1];
    for (uint32_t k = 0; k <= b.n; k++)
        row[k] = k;
    for (uint32_t i = 0; i < a.n; i++) {
        uint32_t corner = row[0]; /* of the row before, one to the left */
        row[0] = i + 1;
        for (uint32_t k = 0; k < b.n; k++) {
            uint32_t least = corner + (a.p[i] != b.p[k]);
            corner = row[k + 1];
            least = corner + 1 < least ? corner + 1 : least;
            least = row[k] + 1 < least ? row[k] + 1 : least;
            row[k + 1] = least;
        }
    }
    return row[b.n];
}

/* How unlike two names are; UINT32_MAX: not alike at all. */
static uint32_t unlike(str wanted, str name) {
    if (!name.n || name.n > LONGEST || wanted.n > LONGEST)
        return UINT32_MAX;
    uint32_t changes = changes_between(wanted, name);
    bool inside = str_find(name, wanted) < name.n || str_find(wanted, name) < wanted.n;
    return inside || 3 * changes <= wanted.n ? changes : UINT32_MAX;
}

uint32_t override_names_like(const ir_module *m, ir_op scope, str name, str *out, uint32_t cap) {
    uint32_t far[OVERRIDE_MOST_NAMES] = {0}, n = 0;
    cap = cap < OVERRIDE_MOST_NAMES ? cap : OVERRIDE_MOST_NAMES;
    for (ir_op op = scope; op; op = ir_walk_next(m, scope, op)) {
        str have = first_name(m->ctx, m->ops[op].loc);
        uint32_t distance = unlike(name, have), at = n;
        bool twice = false;
        for (uint32_t i = 0; i < n; i++)
            twice |= str_eq(out[i], have);
        while (at && far[at - 1] > distance)
            at--;
        if (twice || distance == UINT32_MAX || at == cap)
            continue;
        n += n < cap;
        for (uint32_t i = n - 1; i > at; i--) {
            out[i] = out[i - 1];
            far[i] = far[i - 1];
        }
        out[at] = have;
        far[at] = distance;
    }
    return n;
}

/* Glob: * any text, ? any character. */
static bool glob(str pattern, str text) {
    size_t p = 0, t = 0, star = pattern.n, retry = 0;
    while (t < text.n) {
        if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == text.p[t]) && pattern.p[p] != '*') {
            p++;
            t++;
        } else if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            retry = t;
        } else if (star < pattern.n) {
            p = star + 1;
            t = ++retry;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

/* The terms of queries. */
enum { TERM_OP, TERM_NAME, TERM_FUNC, TERM_DTYPE, TERM_BUFFER, TERM_MEMORY, N_TERMS };
static const str query_terms[N_TERMS] = {
    [TERM_OP] = STR_INIT("op"),       [TERM_NAME] = STR_INIT("name"),     [TERM_FUNC] = STR_INIT("func"),
    [TERM_DTYPE] = STR_INIT("dtype"), [TERM_BUFFER] = STR_INIT("buffer"), [TERM_MEMORY] = STR_INIT("memory"),
};

static str term_key(str term) {
    return str_slice(term, 0, str_find_char(term, '='));
}

/* N_TERMS: an unknown one, which no op satisfies. */
static uint32_t term_of(str term) {
    uint32_t i = 0;
    while (i < N_TERMS && !str_eq(term_key(term), query_terms[i]))
        i++;
    return i;
}

static bool term_holds(str term, const ir_module *m, ir_op op, str function) {
    str value = str_from(term, str_find_char(term, '=') + 1), name = ir_op_name_str(m, op);
    ttnn_layout l;
    bool has = m->ops[op].n_results && ttnn_layout_of(m->ctx, ir_value_type(m, m->ops[op].results), &l);
    switch (term_of(term)) {
    case TERM_OP: return glob(value, name) || glob(value, str_from(name, str_find_char(name, '.') + 1));
    case TERM_NAME:
        return glob(value, first_name(m->ctx, m->ops[op].loc)) || has_name(m->ctx, m->ops[op].loc, value, 0);
    case TERM_FUNC: return glob(value, function);
    case TERM_DTYPE: return has && glob(value, target_dtypes[l.dtype].name);
    case TERM_BUFFER: return has && glob(value, ttnn_buffer_names[l.buffer]);
    case TERM_MEMORY: return has && glob(value, ttnn_memory_names[l.memory]);
    default: return false;
    }
}

/* The next term of a query; false at its end. */
static bool next_term(str *rest, str *term) {
    *rest = str_trim(*rest);
    size_t end = str_find_char(*rest, ' ');
    *term = str_slice(*rest, 0, end);
    *rest = end < rest->n ? str_from(*rest, end + 1) : STR("");
    return term->n != 0;
}

/* "@function", "ttnn.op" and n of "@function/ttnn.op#n". */
static bool split_identity(str t, str *function, str *name, uint64_t *n) {
    size_t slash = str_find_char(t, '/'), hash = t.n;
    while (hash > 0 && t.p[hash - 1] != '#')
        hash--;
    if (!t.n || t.p[0] != '@' || slash >= t.n || hash <= slash || !num_parse_u64(str_from(t, hash), n))
        return false;
    *function = str_slice(t, 1, slash);
    *name = str_slice(t, slash + 1, hash - 1);
    return true;
}

bool override_matches(const override_entry *e, const ir_module *m, ir_op op, str function, uint32_t ordinal) {
    str name = ir_op_name_str(m, op);
    if (!str_starts_with(name, STR("ttnn.")))
        return false;
    if (e->bind == OVERRIDE_BY_NAME)
        return has_name(m->ctx, m->ops[op].loc, e->target, 0);
    if (e->bind == OVERRIDE_BY_IDENTITY) {
        str in, of;
        uint64_t n;
        return split_identity(e->target, &in, &of, &n) && str_eq(in, function) && str_eq(of, name) && n == ordinal;
    }
    str rest = e->target, term;
    bool any = false;
    while (next_term(&rest, &term)) {
        any = true;
        if (!term_holds(term, m, op, function))
            return false;
    }
    return any;
}

/* ---- entries that mean no op ----------------------------------------------------------------------------- */

/* Not one that the compiler made: for weights, for the host. */
static bool is_main_function(const ir_module *m, ir_op op) {
    if (ir_op_def(m, op) != OP_func_func + 1)
        return false;
    ir_attr type = ir_op_attr(m, op, STR("tt.function_type"));
    return !type || ir_kind_of(m->ctx, type) != IR_ATTR_STRING ||
           str_eq(ir_str_of(m->ctx, type), STR("forward_device"));
}

static void why_no_identity(const override_entry *e, const ir_module *m, ir_op scope, struct buf *out) {
    str in, of;
    uint64_t n, have = 0;
    bool known = false;
    if (!split_identity(e->target, &in, &of, &n)) {
        buf_puts(out, "an op is named @function/ttnn.op#n");
        return;
    }
    ir_op func = 0;
    for (ir_op op = scope; op; op = ir_walk_next(m, scope, op)) {
        if (ir_op_def(m, op) == OP_func_func + 1)
            func = op;
        known |= func == op && str_eq(symbol(m, func), in);
        have += func && str_eq(symbol(m, func), in) && str_eq(ir_op_name_str(m, op), of);
    }
    if (known && have) {
        buf_printf(out, "@%.*s has %llu of %.*s, counted from #0: take it out, or select the op anew", STR_ARG(in),
                   (unsigned long long)have, STR_ARG(of));
        return;
    }
    if (known) {
        buf_printf(out, "there is no %.*s in @%.*s", STR_ARG(of), STR_ARG(in));
        return;
    }
    buf_printf(out, "there is no function @%.*s; there is", STR_ARG(in));
    uint32_t told = 0;
    for (ir_op op = scope; op && told < OVERRIDE_MOST_NAMES; op = ir_walk_next(m, scope, op))
        if (is_main_function(m, op))
            buf_printf(out, "%s @%.*s", told++ ? "," : "", STR_ARG(symbol(m, op)));
}

static void why_no_answer(const override_entry *e, const ir_module *m, ir_op scope, struct buf *out) {
    str rest = e->target, term;
    while (next_term(&rest, &term)) {
        if (term_of(term) < N_TERMS)
            continue;
        buf_printf(out, "a query has no term \"%.*s\": there are", STR_ARG(term_key(term)));
        for (uint32_t i = 0; i < N_TERMS; i++)
            buf_printf(out, "%s %.*s=", i ? "," : "", STR_ARG(query_terms[i]));
        return;
    }
    buf_puts(out, "no op satisfies the query:");
    rest = e->target;
    for (uint32_t told = 0; next_term(&rest, &term); told++) {
        uint32_t n = 0;
        ir_op func = 0;
        for (ir_op op = scope; op; op = ir_walk_next(m, scope, op)) {
            if (ir_op_def(m, op) == OP_func_func + 1)
                func = op;
            n += str_starts_with(ir_op_name_str(m, op), STR("ttnn.")) && term_holds(term, m, op, symbol(m, func));
        }
        buf_printf(out, "%s %.*s is true of %u", told ? "," : "", STR_ARG(term), n);
    }
}

void override_why_unmatched(const override_entry *e, const ir_module *m, ir_op scope, struct buf *out) {
    enum { NAMES = 3 };
    str names[NAMES];
    if (e->bind == OVERRIDE_BY_IDENTITY) {
        why_no_identity(e, m, scope, out);
        return;
    }
    if (e->bind == OVERRIDE_BY_QUERY) {
        why_no_answer(e, m, scope, out);
        return;
    }
    if (!e->target.n) {
        buf_puts(
            out,
            "the name is empty: an op whose location has no name is meant by its identity, @function/ttnn.op#n, or by "
            "a query");
        return;
    }
    uint32_t n = override_names_like(m, scope, e->target, names, NAMES);
    buf_puts(out, "no op has this name: it is fused into another, removed, or was called differently; ");
    buf_puts(out, n ? "there is " : "take it out, or select the op anew");
    for (uint32_t i = 0; i < n; i++)
        buf_printf(out, "%s%.*s", i ? ", " : "", STR_ARG(names[i]));
}
