/* Aliases: which nodes get one, under what name, and remembered texts of nodes.
 *
 * Every node the first run meets that has or holds something with an alias becomes an entry, in order of meeting:
 *
 *   entries   { node, alias name, suffix, depth, flags, remembered text }
 *   pages     by chunk of the node pool, then by place in it: entry index + 1 (nodes have two words at least, so
 *             half the words are enough; nodes used together stand together, here as there)
 *
 * depth is 1 for an alias without others inside, else one more than the deepest node inside. Entries with an alias are
 * named in order of (depth, types before attributes, name), in order of meeting where that is equal; the first of a
 * name is bare, the next are numbered from 1, "l1" goes on with "l1_1".
 *
 * A deferrable entry was met only inside locations of ops: those may be used before they are defined, so their
 * definitions stand after the module. Meeting a node again in a place that needs it earlier takes the flag away from it
 * and from all inside it.
 *
 * The second run keeps the text of types, dialect attributes and dictionaries met more than once it has printed:
 * entry.text in `texts`. Types inside types point into the text of the outer one.
 */
#include "base/map.h"
#include "base/vec.h"
#include "dialect/alias.h"
#include "text/printer.h"

enum { IS_TYPE = 1, DEFERRABLE = 2, DEFINED = 4, REPEATED = 8 };
enum { MAX_TEXTS = 64 << 20 }; /* bytes of remembered text */
enum { PAGE_BYTES = IR_CHUNK_WORDS / 2 * sizeof(uint32_t) };

typedef struct alias_entry {
    ir_node node;
    uint32_t text, text_n; /* in texts; text_n 0: none */
    uint32_t suffix;       /* 0: not printed */
    uint32_t depth;
    uint16_t name; /* index + 1 into names, 0: no alias */
    uint16_t flags;
} alias_entry;

typedef struct print_aliases {
    VEC(alias_entry) entries;
    uint32_t **pages;
    size_t n_pages;
    VEC(str) names;
    uint32_t last_name;      /* that name_id gave, an index */
    struct map_str name_ids; /* the bytes stand in the node pool or in literals */
    uint32_t *order;         /* entries with an alias, in order of naming */
    size_t n_order;
    struct buf nowhere; /* what the first run writes to */
    uint32_t max_depth; /* deepest node inside the one being visited */
    bool deferred;      /* what is being visited may be defined later */
    bool remember;
    size_t remembered; /* end in texts of the last text that was remembered */
} print_aliases;

static bool drop_text(void *ctx, const char *text, size_t n) {
    (void)ctx;
    (void)text;
    (void)n;
    return true;
}

bool print_aliases_init(printer *p) {
    print_aliases *a = mem_alloc_zero(p->mem, sizeof *a);
    if (!a)
        return false;
    p->aliases = a;
    vec_init(&a->entries, p->mem);
    vec_init(&a->names, p->mem);
    map_str_init(&a->name_ids, p->mem);
    buf_init_stream(&a->nowhere, p->mem, 4096, drop_text, NULL);
    a->n_pages = p->c->n_chunks;
    a->pages = mem_alloc_zero(p->mem, a->n_pages * sizeof *a->pages);
    return a->pages != NULL;
}

void print_aliases_free(printer *p) {
    print_aliases *a = p->aliases;
    if (!a)
        return;
    vec_free(&a->entries);
    vec_free(&a->names);
    map_str_free(&a->name_ids);
    for (size_t i = 0; a->pages && i < a->n_pages; i++)
        mem_free(p->mem, a->pages[i], PAGE_BYTES);
    mem_free(p->mem, a->pages, a->n_pages * sizeof *a->pages);
    mem_free(p->mem, a->order, a->n_order * sizeof *a->order);
    buf_free(&a->nowhere);
    mem_free(p->mem, a, sizeof *a);
    p->aliases = NULL;
}

/* ---- entries ------------------------------------------------------------------------------------------------- */

static alias_entry *find_entry(const print_aliases *a, ir_node n) {
    const uint32_t *page = a->pages[n >> IR_CHUNK_BITS];
    uint32_t i = page ? page[(n & (IR_CHUNK_WORDS - 1)) >> 1] : 0;
    return i ? &a->entries.v[i - 1] : NULL;
}

/* A new entry; the index, or UINT32_MAX when out of memory. The node must have none yet. */
static uint32_t add_entry(printer *p, ir_node n) {
    print_aliases *a = p->aliases;
    uint32_t **page = &a->pages[n >> IR_CHUNK_BITS];
    if (!*page)
        *page = mem_alloc_zero(p->mem, PAGE_BYTES);
    if (!*page || a->entries.n >= UINT32_MAX - 1 || !vec_push(&a->entries, (alias_entry){.node = n})) {
        p->failed = true;
        return UINT32_MAX;
    }
    (*page)[(n & (IR_CHUNK_WORDS - 1)) >> 1] = (uint32_t)a->entries.n;
    return (uint32_t)a->entries.n - 1;
}

static uint16_t name_id(printer *p, str name) {
    print_aliases *a = p->aliases;
    if (name.n == 0)
        return 0;
    if (a->names.n && name.p == a->names.v[a->last_name].p && name.n == a->names.v[a->last_name].n) /* mostly "loc" */
        return (uint16_t)(a->last_name + 1);
    bool added;
    uint32_t *id = map_str_put(&a->name_ids, name, (uint32_t)a->names.n + 1, &added);
    if (!id || *id > UINT16_MAX || (added && !vec_push(&a->names, name))) {
        p->failed |= !id || a->names.failed;
        return 0;
    }
    a->last_name = *id - 1;
    return (uint16_t)*id;
}

static str suggested(const printer *p, ir_node n, ir_kind k) {
    if (ir_is_loc(k))
        return STR("loc");
    switch (k) {
    case IR_ATTR_AFFINE_MAP: return STR("map");
    case IR_ATTR_INTEGER_SET: return STR("set");
    case IR_ATTR_DISTINCT: return ir_kind_of(p->c, ir_at(p->c, n, 2)) == IR_ATTR_UNIT ? STR("") : STR("distinct");
    case IR_TYPE_TUPLE: return ir_count(p->c, n) > 16 ? STR("tuple") : STR("");
    case IR_ATTR_DIALECT:
    case IR_TYPE_DIALECT: return dialect_alias(p->c, n);
    default: return STR("");
    }
}

/* ---- first run ------------------------------------------------------------------------------------------------- */

/* Nodes that have no alias and nothing inside that could: no entry for them. */
static bool is_leaf(const printer *p, ir_node n, ir_kind k, bool no_type) {
    switch (k) {
    case IR_NONE:
    case IR_STRING:
    case IR_TYPE_INTEGER:
    case IR_TYPE_FLOAT:
    case IR_TYPE_INDEX:
    case IR_TYPE_NONE:
    case IR_TYPE_OPAQUE:
    case IR_ATTR_UNIT:
    case IR_ATTR_SYMBOL:
    case IR_ATTR_STRIDED:
    case IR_ATTR_OPAQUE:
    case IR_ATTR_KEYWORD:
    case IR_ATTR_DENSE_ARRAY: return true;
    case IR_ATTR_INTEGER:
    case IR_ATTR_FLOAT: {
        ir_kind t = ir_kind_of(p->c, ir_at(p->c, n, 0));
        return no_type || t == IR_TYPE_INTEGER || t == IR_TYPE_FLOAT || t == IR_TYPE_INDEX;
    }
    case IR_ATTR_STRING: return no_type || ir_at(p->c, n, 1) == 0;
    default: return false;
    }
}

static void visit(printer *p, ir_node n, bool is_type, bool no_type);

static void visit_type(printer *p, ir_type t) {
    if (t)
        visit(p, t, true, false);
}

static void visit_attr(printer *p, ir_attr a) {
    if (a)
        visit(p, a, false, false);
}

static bool is_identity_map(const ir_context *c, ir_attr a) {
    uint32_t n = ir_count(c, a) - 2;
    if (ir_kind_of(c, a) != IR_ATTR_AFFINE_MAP || ir_at(c, a, 0) != n || ir_at(c, a, 1) != 0)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        ir_expr e = ir_at(c, a, 2 + i);
        if (ir_kind_of(c, e) != IR_EXPR_DIM || ir_at(c, e, 0) != i)
            return false;
    }
    return true;
}

bool print_memref_layout_shown(const ir_context *c, ir_attr layout) {
    return layout && !is_identity_map(c, layout);
}

/* What printing the node would print inside it, in that order. */
static void visit_inside(printer *p, ir_node n, ir_kind k, bool no_type) {
    const ir_context *c = p->c;
    uint32_t count = ir_count(c, n);
    switch (k) {
    case IR_TYPE_COMPLEX:
    case IR_TYPE_VECTOR:
    case IR_TYPE_UNRANKED_TENSOR:
    case IR_ATTR_TYPE: visit_type(p, ir_at(c, n, 0)); break;
    case IR_TYPE_TUPLE:
        for (uint32_t i = 0; i < count; i++)
            visit_type(p, ir_at(c, n, i));
        break;
    case IR_TYPE_FUNCTION:
        for (uint32_t i = 1; i < count; i++)
            visit_type(p, ir_at(c, n, i));
        break;
    case IR_TYPE_TENSOR:
    case IR_TYPE_UNRANKED_MEMREF:
        visit_type(p, ir_at(c, n, 0));
        visit_attr(p, ir_at(c, n, 1));
        break;
    case IR_TYPE_MEMREF:
        visit_type(p, ir_at(c, n, 0));
        if (print_memref_layout_shown(c, ir_at(c, n, 1)))
            visit_attr(p, ir_at(c, n, 1));
        visit_attr(p, ir_at(c, n, 2));
        break;
    case IR_TYPE_DIALECT: asm_print_type_body(p, n); break;
    case IR_ATTR_DIALECT: asm_print_attr_body(p, n); break;
    case IR_ATTR_ARRAY:
        for (uint32_t i = 0; i < count; i++)
            visit_attr(p, ir_at(c, n, i));
        break;
    case IR_ATTR_DICT:
        for (uint32_t i = 1; i < count; i += 2)
            visit_attr(p, ir_at(c, n, i));
        break;
    case IR_ATTR_DISTINCT: visit_attr(p, ir_at(c, n, 2)); break;
    case IR_ATTR_INTEGER:
    case IR_ATTR_FLOAT:
    case IR_ATTR_DENSE:
    case IR_ATTR_DENSE_STRINGS:
    case IR_ATTR_RESOURCE:
    case IR_ATTR_SPARSE:
        if (!no_type)
            visit_type(p, ir_at(c, n, 0));
        break;
    case IR_ATTR_STRING:
        if (!no_type)
            visit_type(p, ir_at(c, n, 1));
        break;
    case IR_LOC_NAME:
        if (ir_at(c, n, 1) && ir_kind_of(c, ir_at(c, n, 1)) != IR_LOC_UNKNOWN)
            visit_attr(p, ir_at(c, n, 1));
        break;
    case IR_LOC_CALLSITE:
    case IR_LOC_FUSED:
        for (uint32_t i = 0; i < count; i++)
            visit_attr(p, ir_at(c, n, i));
        break;
    default: break;
    }
}

/* Notes a node; p->aliases->deferred tells whether it may be defined late. Its depth goes into max_depth. */
static void visit(printer *p, ir_node n, bool is_type, bool no_type) {
    print_aliases *a = p->aliases;
    ir_kind k = ir_kind_of(p->c, n);
    if (is_leaf(p, n, k, no_type))
        return;
    uint32_t before = a->max_depth;
    alias_entry *e = find_entry(a, n);
    if (e) {
        e->flags |= REPEATED;
        if (!a->deferred && (e->flags & DEFERRABLE)) {
            e->flags &= (uint16_t)~DEFERRABLE;
            if (print_enter(p)) {
                visit_inside(p, n, k, no_type);
                print_leave(p);
            }
            e = find_entry(a, n);
        }
        a->max_depth = e->depth > before ? e->depth : before;
        return;
    }
    uint32_t i = add_entry(p, n);
    if (i == UINT32_MAX || !print_enter(p))
        return;
    uint16_t name = name_id(p, suggested(p, n, k));
    a->entries.v[i].name = name;
    a->entries.v[i].depth = name ? 1 : 0;
    a->entries.v[i].flags = (uint16_t)((is_type ? IS_TYPE : 0) | (a->deferred ? DEFERRABLE : 0));
    a->max_depth = 0;
    visit_inside(p, n, k, no_type);
    if (a->max_depth)
        a->entries.v[i].depth = a->max_depth + 1;
    uint32_t depth = a->entries.v[i].depth;
    a->max_depth = depth > before ? depth : before;
    print_leave(p);
}

void print_note(printer *p, ir_node n, bool is_type, bool no_type) {
    if (p->aliases && n && !p->failed)
        visit(p, n, is_type, no_type);
}

void print_note_deferred(printer *p, ir_loc l) {
    print_aliases *a = p->aliases;
    if (!a || p->failed)
        return;
    bool was = a->deferred;
    a->deferred = true;
    visit(p, l ? l : p->c->l_unknown, false, false);
    a->deferred = was;
}

void print_start_collecting(printer *p) {
    p->collecting = true;
    p->out = &p->aliases->nowhere;
}

/* ---- naming ------------------------------------------------------------------------------------------------------ */

/* One kind of entry in the order of naming. */
typedef struct alias_group {
    uint32_t depth;
    uint16_t name;
    bool is_type;
    uint32_t n, first;
} alias_group;

static bool group_less(const print_aliases *a, const alias_group *x, const alias_group *y) {
    if (x->depth != y->depth)
        return x->depth < y->depth;
    if (x->is_type != y->is_type)
        return x->is_type;
    return str_cmp(a->names.v[x->name - 1], a->names.v[y->name - 1]) < 0;
}

static uint64_t group_key(const alias_entry *e) {
    return (uint64_t)e->depth << 32 | (uint64_t)(e->flags & IS_TYPE) << 16 | e->name;
}

/* Gives the entries in `order` their suffixes. */
static void number_aliases(printer *p) {
    print_aliases *a = p->aliases;
    size_t n_names = a->names.n + 1;
    uint32_t *next = mem_alloc_zero(p->mem, n_names * sizeof *next);
    if (!next) {
        p->failed = true;
        return;
    }
    for (size_t i = 0; i < a->n_order; i++) {
        alias_entry *e = &a->entries.v[a->order[i]];
        e->suffix = next[e->name]++;
    }
    mem_free(p->mem, next, n_names * sizeof *next);
}

/* Fills `order`. There are few groups (of depth, kind and name), so counting beats sorting. */
static void order_aliases(printer *p) {
    print_aliases *a = p->aliases;
    VEC(alias_group) groups;
    struct map_u64 ids;
    vec_init(&groups, p->mem);
    map_u64_init(&ids, p->mem);
    size_t total = 0;
    uint64_t last_key = 0;
    uint32_t last_id = 0;
    for (size_t i = 0; i < a->entries.n && !p->failed; i++) {
        alias_entry *e = &a->entries.v[i];
        if (!e->name)
            continue;
        uint64_t key = group_key(e);
        if (key != last_key) {
            bool added;
            uint32_t *id = map_u64_put(&ids, key, (uint32_t)groups.n, &added);
            if (!id || (added &&
                        !vec_push(&groups,
                                  (alias_group){.depth = e->depth, .name = e->name, .is_type = e->flags & IS_TYPE}))) {
                p->failed = true;
                break;
            }
            last_key = key;
            last_id = *id;
        }
        groups.v[last_id].n++;
        e->suffix = last_id;
        total++;
    }
    /* Insertion sort of the groups' indices by rank; `first` is where a group starts. */
    uint32_t *rank = mem_alloc(p->mem, (groups.n + 1) * sizeof *rank);
    a->order = total ? mem_alloc(p->mem, total * sizeof *a->order) : NULL;
    if (!rank || (total && !a->order))
        p->failed = true;
    else
        a->n_order = total;
    if (!p->failed) {
        for (uint32_t i = 0; i < groups.n; i++) {
            uint32_t j = i;
            for (; j > 0 && group_less(a, &groups.v[i], &groups.v[rank[j - 1]]); j--)
                rank[j] = rank[j - 1];
            rank[j] = i;
        }
        uint32_t at = 0;
        for (uint32_t i = 0; i < groups.n; i++) {
            groups.v[rank[i]].first = at;
            at += groups.v[rank[i]].n;
        }
        for (uint32_t i = 0; i < a->entries.n; i++)
            if (a->entries.v[i].name)
                a->order[groups.v[a->entries.v[i].suffix].first++] = i;
    }
    mem_free(p->mem, rank, (groups.n + 1) * sizeof *rank);
    vec_free(&groups);
    map_u64_free(&ids);
}

void print_aliases_assign(printer *p) {
    order_aliases(p);
    if (!p->failed)
        number_aliases(p);
}

/* ---- second run ----------------------------------------------------------------------------------------------- */

static void print_alias_of(printer *p, const alias_entry *e) {
    str name = p->aliases->names.v[e->name - 1];
    print_char(p, e->flags & IS_TYPE ? '!' : '#');
    print_str(p, name);
    if (e->suffix) {
        char last = name.p[name.n - 1];
        if (last >= '0' && last <= '9')
            print_char(p, '_');
        print_u64(p, e->suffix);
    }
}

bool print_alias(printer *p, ir_node n) {
    print_aliases *a = p->aliases;
    if (!a)
        return false;
    const alias_entry *e = find_entry(a, n);
    /* A type's alias can be used only behind its definition. */
    if (!e || !e->name || (e->flags & (IS_TYPE | DEFINED)) == IS_TYPE)
        return false;
    print_alias_of(p, e);
    return true;
}

void print_aliases_define(printer *p, bool deferred) {
    print_aliases *a = p->aliases;
    if (!a)
        return;
    a->remember = false;
    for (size_t i = 0; i < a->n_order && !p->failed && !p->out->failed; i++) {
        alias_entry *e = &a->entries.v[a->order[i]];
        if (!!(e->flags & DEFERRABLE) != deferred)
            continue;
        print_alias_of(p, e);
        print_lit(p, " = ");
        if (e->flags & IS_TYPE)
            print_type_impl(p, e->node);
        else
            print_attr_impl(p, e->node, PRINT_TYPE_ALWAYS);
        a->entries.v[a->order[i]].flags |= DEFINED;
        print_char(p, '\n');
    }
    a->remember = true;
}

/* Whether what is printed now goes into `texts` already, for an outer node. */
static bool inside_texts(const printer *p) {
    return p->out == &p->texts;
}

void print_scratch_begin(printer *p, struct buf **saved, size_t *start) {
    *saved = p->out;
    *start = p->texts.n;
    p->out = &p->texts;
}

void print_scratch_end(printer *p, struct buf *saved, size_t start, bool keep) {
    print_aliases *a = p->aliases;
    p->out = saved;
    if (inside_texts(p))
        return;
    if (p->texts.failed) {
        p->failed = true;
        return;
    }
    print_str(p, str_of(p->texts.p + start, p->texts.n - start));
    /* What was remembered inside must stay. */
    if (!keep && (!a || a->remembered <= start))
        p->texts.n = start;
}

bool print_cached(printer *p, ir_node n) {
    print_aliases *a = p->aliases;
    const alias_entry *e = a ? find_entry(a, n) : NULL;
    if (!e)
        return false;
    if (e->name && (e->flags & (IS_TYPE | DEFINED)) != IS_TYPE) {
        print_alias_of(p, e);
        return true;
    }
    if (!e->text_n || p->texts.failed)
        return false;
    if (!inside_texts(p)) {
        print_str(p, str_of(p->texts.p + e->text, e->text_n));
    } else if (buf_reserve(&p->texts, e->text_n)) {
        memcpy(p->texts.p + p->texts.n, p->texts.p + e->text, e->text_n);
        buf_commit(&p->texts, e->text_n);
    }
    return true;
}

bool print_is_repeated(const printer *p, ir_node n) {
    const alias_entry *e = p->aliases ? find_entry(p->aliases, n) : NULL;
    return e && (e->flags & REPEATED);
}

bool print_remember(printer *p, ir_node n, size_t start) {
    print_aliases *a = p->aliases;
    if (!a || !a->remember || p->texts.failed || p->texts.n > MAX_TEXTS)
        return false;
    alias_entry *e = find_entry(a, n);
    if (!e)
        return false;
    e->text = (uint32_t)start;
    e->text_n = (uint32_t)(p->texts.n - start);
    a->remembered = p->texts.n;
    return true;
}
