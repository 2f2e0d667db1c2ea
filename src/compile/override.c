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

/* One term of a query. */
static bool term_holds(str term, const ir_module *m, ir_op op, str function) {
    size_t eq = str_find_char(term, '=');
    str key = str_slice(term, 0, eq), value = str_from(term, eq + 1), name = ir_op_name_str(m, op);
    ttnn_layout l;
    bool has = m->ops[op].n_results && ttnn_layout_of(m->ctx, ir_value_type(m, m->ops[op].results), &l);
    if (str_eq(key, STR("op")))
        return glob(value, name) || glob(value, str_from(name, str_find_char(name, '.') + 1));
    if (str_eq(key, STR("name")))
        return glob(value, first_name(m->ctx, m->ops[op].loc)) || has_name(m->ctx, m->ops[op].loc, value, 0);
    if (str_eq(key, STR("func")))
        return glob(value, function);
    if (str_eq(key, STR("dtype")))
        return has && glob(value, target_dtypes[l.dtype].name);
    if (str_eq(key, STR("buffer")))
        return has && glob(value, ttnn_buffer_names[l.buffer]);
    if (str_eq(key, STR("memory")))
        return has && glob(value, ttnn_memory_names[l.memory]);
    return false; /* an unknown term means nothing */
}

bool override_matches(const override_entry *e, const ir_module *m, ir_op op, str function, uint32_t ordinal) {
    str name = ir_op_name_str(m, op);
    if (!str_starts_with(name, STR("ttnn.")))
        return false;
    if (e->bind == OVERRIDE_BY_NAME)
        return has_name(m->ctx, m->ops[op].loc, e->target, 0);
    if (e->bind == OVERRIDE_BY_IDENTITY) {
        str t = e->target;
        size_t slash = str_find_char(t, '/'), hash = t.n;
        while (hash > 0 && t.p[hash - 1] != '#')
            hash--;
        uint64_t n;
        return t.n && t.p[0] == '@' && slash < t.n && hash > slash && str_eq(str_slice(t, 1, slash), function) &&
               str_eq(str_slice(t, slash + 1, hash - 1), name) && num_parse_u64(str_from(t, hash), &n) && n == ordinal;
    }
    str rest = str_trim(e->target);
    if (!rest.n)
        return false;
    while (rest.n) {
        size_t end = str_find_char(rest, ' ');
        if (end && !term_holds(str_slice(rest, 0, end), m, op, function))
            return false;
        rest = str_from(rest, end + 1);
    }
    return true;
}
