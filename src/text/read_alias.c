/* read_alias.c - aliases: `#a = attribute`, `!t = type`, and the many lines of locations of a printed module. */
#include "text/read_inner.h"

/* ---- aliases -------------------------------------------------------------------------------------------- */

const char *rd_loc_number(const reader *r, const char *p, uint32_t *number) {
    if (p[0] != '#' || p[1] != 'l' || p[2] != 'o' || p[3] != 'c')
        return NULL;
    /* One to nine digits without leading zeros. */
    const char *digits = p + 4, *q = digits;
    uint32_t n = 0;
    for (; rd_is_class(*q, RD_DIGIT) && q - digits < 9; q++)
        n = n * 10 + (uint32_t)(*q - '0');
    if (q == digits || rd_is_class(*q, RD_SUFFIX) || (*digits == '0' && q - digits > 1))
        return NULL;
    /* A printed file numbers its locations; a lone huge number goes through the map. */
    *number = n;
    return n < (uint32_t)(r->end - r->begin) / 4 + 1024 && n < RD_DEFERRED_NAMED ? q : NULL;
}

ir_node rd_alias_get(const reader *r, const char *p, uint32_t len) {
    const rd_tables *t = r->t;
    uint32_t number;
    if (rd_loc_number(r, p, &number))
        return number < t->loc_numbers.n ? t->loc_numbers.v[number] : 0;
    uint32_t *index = map_str_get(&t->alias_names, str_of(p, len));
    return index ? t->aliases.v[*index].node : 0;
}

static bool loc_number_set(reader *r, uint32_t number, ir_node node) {
    rd_tables *t = r->t;
    size_t n = t->loc_numbers.n;
    if (UNLIKELY(number >= n)) {
        if (!vec_room(&t->loc_numbers, number + 1 - n))
            return rd_oom(r);
        mem_expect_writes(t->loc_numbers.v + n, (t->loc_numbers.cap - n) * sizeof *t->loc_numbers.v);
        memset(t->loc_numbers.v + n, 0, (t->loc_numbers.cap - n) * sizeof *t->loc_numbers.v);
        t->loc_numbers.n = t->loc_numbers.cap;
    }
    t->loc_numbers.v[number] = node;
    return true;
}

/* ---- aliases of aliases --------------------------------------------------------------------------------- */

/* Parts that an alias may have when all aliases in it are written out. Sixty lines of `#b = [#a, #a]` would have 2^60, and whoever
 * prints such a node or looks through it would never come to an end. */
enum { ALIAS_MAX_PARTS = 1 << 22 };

/* Which words of a node's payload are nodes: from `first` on, each step-th, `most` of them (0: all). */
static const struct node_parts {
    uint8_t first, step, most;
} node_parts[IR_N_KINDS] = {
    [IR_TYPE_COMPLEX] = {0, 1, 1}, [IR_TYPE_TUPLE] = {0, 1, 0},   [IR_TYPE_FUNCTION] = {1, 1, 0},
    [IR_TYPE_VECTOR] = {0, 1, 1},  [IR_TYPE_TENSOR] = {0, 1, 2},  [IR_TYPE_MEMREF] = {0, 1, 3},
    [IR_TYPE_DIALECT] = {1, 1, 0}, [IR_ATTR_ARRAY] = {0, 1, 0},   [IR_ATTR_DICT] = {1, 2, 0},
    [IR_ATTR_TYPE] = {0, 1, 1},    [IR_ATTR_DIALECT] = {1, 1, 0}, [IR_ATTR_DISTINCT] = {2, 1, 1},
    [IR_LOC_NAME] = {1, 1, 1},     [IR_LOC_CALLSITE] = {0, 1, 2}, [IR_LOC_FUSED] = {0, 1, 0},
};

/* Counts the parts of a node from those of its parts; one that is not known yet goes to the top of r->t->to_count and gives 0. */
static uint32_t parts_of(reader *r, ir_node node) {
    const struct node_parts *k = &node_parts[ir_kind_of(r->ctx, node)];
    uint32_t n = 1, end = k->step ? ir_count(r->ctx, node) : 0;
    if (k->most && end > k->first + (uint32_t)k->most)
        end = k->first + (uint32_t)k->most;
    for (uint32_t i = k->first; i < end; i += k->step) {
        ir_node part = ir_at(r->ctx, node, i);
        if (!part || !node_parts[ir_kind_of(r->ctx, part)].step) {
            n++;
            continue;
        }
        const uint32_t *known = map_u64_get(&r->t->parts, part);
        if (!known) {
            vec_push(&r->t->to_count, part);
            return 0;
        }
        n = n + *known > ALIAS_MAX_PARTS ? ALIAS_MAX_PARTS : n + *known;
    }
    return n;
}

/* Whether an alias of this node may be: false after an error. */
static bool alias_fits(reader *r, const char *p, uint32_t len, ir_node node) {
    rd_tables *t = r->t;
    uint32_t n = 1;
    t->to_count.n = 0;
    for (bool ok = vec_push(&t->to_count, node); ok && t->to_count.n;) {
        ir_node top = t->to_count.v[t->to_count.n - 1];
        size_t open = t->to_count.n;
        if ((n = parts_of(r, top)) != 0) {
            t->to_count.n--;
            ok = map_u64_put(&t->parts, top, n, NULL) != NULL;
        } else {
            ok = t->to_count.n > open;
        }
        if (!ok)
            return rd_oom(r);
    }
    return n < ALIAS_MAX_PARTS ||
           rd_error(
               r, (uint32_t)(p - r->begin),
               "alias '%.*s' has more than %d parts when the aliases in it are written out: define it by fewer aliases",
               (int)len, p, ALIAS_MAX_PARTS);
}

static bool alias_set(reader *r, const char *p, uint32_t len, ir_node node) {
    rd_tables *t = r->t;
    uint32_t number;
    if (!alias_fits(r, p, len, node))
        return false;
    if (rd_loc_number(r, p, &number))
        return loc_number_set(r, number, node);
    bool added;
    uint32_t *index = map_str_put(&t->alias_names, str_of(p, len), (uint32_t)t->aliases.n, &added);
    rd_alias a = {node, (uint32_t)(p - r->begin)};
    if (!index || (added && !vec_push(&t->aliases, a)))
        return rd_oom(r);
    t->aliases.v[*index].node = node;
    return true;
}

/* ---- lines of locations ---------------------------------------------------------------------------------
 *
 * A printed module has a line `#loc12 = loc("name"(#loc3))` for every op. Most of the time for them goes into waiting for
 * the table of nodes, so lines of exactly this shape are read some at a time: all names are looked at and their table lines
 * asked for, then made into strings while the lines for the locations are asked for, then made into locations. */

enum { LOC_LINES = 16 };

typedef struct loc_line {
    uint32_t number;
    str name;
    uint32_t hash; /* of the name */
    bool has_child;
    ir_node words[2]; /* name, child */
    const char *end;  /* behind the line */
    const char *tok_end;
} loc_line;

/* Looks at one line; false when it has any other shape. */
static bool look_at_loc_line(const reader *r, const char *p, loc_line *l) {
    if (r->end - p < 32 || !(p = rd_loc_number(r, p, &l->number)) || memcmp(p, " = loc(\"", 8) != 0)
        return false;
    const char *name = p + 8;
    p = rd_quote(name, r->end);
    if (*p != '"' || r->end - p < 32)
        return false;
    l->name = str_of(name, (size_t)(p - name));
    l->has_child = p[1] == '(';
    if (l->has_child) {
        uint32_t child;
        if (!(p = rd_loc_number(r, p + 2, &child)) || *p != ')')
            return false;
        l->words[1] = child < r->t->loc_numbers.n ? r->t->loc_numbers.v[child] : 0;
        if (!l->words[1] || !ir_is_loc(ir_kind_of(r->ctx, l->words[1])))
            return false;
    } else {
        l->words[1] = r->ctx->l_unknown;
    }
    if (p[1] != ')' || p[2] != '\n')
        return false;
    l->tok_end = p + 2;
    l->end = p + 3;
    return true;
}

/* Reads the lines of this shape at the cursor; *n how many. */
static bool read_loc_lines(reader *r, uint32_t *n) {
    loc_line lines[LOC_LINES];
    const char *p = r->p;
    uint32_t count = 0;
    while (count < LOC_LINES && look_at_loc_line(r, p, &lines[count])) {
        lines[count].hash = ir_string_prefetch(r->ctx, lines[count].name);
        p = lines[count++].end;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!(lines[i].words[0] = rd_made(r, ir_string_hashed(r->ctx, lines[i].name, false, lines[i].hash))))
            return false;
        ir_intern_prefetch(r->ctx, IR_LOC_NAME, 0, lines[i].words, 2);
    }
    for (*n = 0; *n < count; ++*n) {
        loc_line *l = &lines[*n];
        /* A redefinition is for the slow path to complain about. */
        if (l->number < r->t->loc_numbers.n && r->t->loc_numbers.v[l->number])
            return true;
        ir_node loc = rd_made(r, ir_intern(r->ctx, IR_LOC_NAME, 0, l->words, 2));
        if (!loc || !loc_number_set(r, l->number, loc))
            return false;
        r->p = l->end;
        r->tok_end = l->tok_end;
    }
    return true;
}

bool rd_alias_definition(reader *r) {
    if (UNLIKELY(r->p >= r->milestone) && !rd_at_milestone(r))
        return false;
    const char *p = r->p;
    if (*p == '#') {
        uint32_t n;
        if (!read_loc_lines(r, &n))
            return false;
        if (n) {
            rd_skip(r);
            return true;
        }
    }
    bool is_type = *p == '!';
    uint32_t len = rd_prefixed_len(p), at = rd_pos(r);
    if (!len)
        return rd_expected(r, "expected operation name in quotes");
    str name = str_of(p + 1, len - 1);
    if (rd_alias_get(r, p, len))
        return rd_error(r, at, "redefinition of %s alias id '%.*s'", is_type ? "type" : "attribute", STR_ARG(name));
    if (str_find_char(name, '.') != name.n)
        return rd_error(r, at, "%s names with a '.' are reserved for dialect-defined names",
                        is_type ? "type" : "attribute");
    rd_take(r, len);
    if (!rd_accept(r, '='))
        return rd_expected(r, "expected '=' in %s alias definition", is_type ? "type" : "attribute");
    ir_node node = is_type ? rd_type(r) : rd_attr(r, 0);
    return node && alias_set(r, p, len, node);
}
