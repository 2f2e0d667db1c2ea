/* Differences of two graphs; see diff.h. */
#include "graph/diff.h"

#include <string.h>

#include "base/map.h"
#include "graph/attrs.h"
#include "graph/graph_inner.h"

enum { MAX_ROUNDS = 24 }; /* of matching by structure: each takes matches one step further */

typedef struct differ {
    graph_diff *d;
    struct mem *mem;
    const atomic_bool *cancel;
    struct graph_attrs la, ra;
    struct buf text;
    struct map_u64 keys; /* hash -> right node */
    graph_status status;
} differ;

static bool stop(differ *s) {
    if (s->cancel && atomic_load_explicit(s->cancel, memory_order_relaxed))
        s->status = GRAPH_CANCELLED;
    return s->status != GRAPH_OK;
}

static bool pair(graph_diff *d, graph_node l, graph_node r) {
    if (d->to_right[l] || d->to_left[r] || graph_is_layer(d->left, l) || graph_is_layer(d->right, r))
        return false;
    d->to_right[l] = r;
    d->to_left[r] = l;
    return true;
}

/* ---- matching by what a node is called ------------------------------------------------------------------- */

typedef bool name_fn(const graph *g, graph_node n, struct buf *out);

static bool name_id(const graph *g, graph_node n, struct buf *out) {
    graph_put_id(g, n, out);
    return true;
}

/* Adapter ids count for ops whose location is a name; a line of a file says little about another file. */
static bool name_adapter(const graph *g, graph_node n, struct buf *out) {
    ir_op op = graph_op(g, n);
    if (g->module && (!op || graph_loc_name(g->module->ctx, g->module->ops[op].loc).n == 0))
        return false;
    return graph_put_adapter_id(g, n, out);
}

/* Op name and location name; what several nodes are called is told apart by order. */
static bool name_location(const graph *g, graph_node n, struct buf *out) {
    ir_op op = graph_op(g, n);
    if (!op)
        return false;
    str name = graph_loc_name(g->module->ctx, g->module->ops[op].loc);
    if (!name.n)
        return false;
    buf_put_str(out, graph_label(g, n));
    buf_putc(out, '@');
    buf_put_str(out, name);
    return true;
}

/* The key of the next node called `text`: those of one name are numbered. 0 when out of memory. */
static uint64_t numbered(differ *s, struct map_u64 *counts, str text) {
    uint64_t hash = str_hash(text) | 1;
    uint32_t *count = map_u64_put(counts, hash, 0, NULL);
    if (!count) {
        s->status = GRAPH_NO_MEMORY;
        return 0;
    }
    return str_mix(hash, STR_HASH_A + 2 * (uint64_t)(*count)++) | 1;
}

static void match_names(differ *s, name_fn *name) {
    graph_diff *d = s->d;
    struct map_u64 counts;
    map_u64_init(&counts, s->mem);
    map_u64_clear(&s->keys);
    for (int side = 0; side < 2 && s->status == GRAPH_OK; side++) {
        const graph *g = side ? d->left : d->right;
        map_u64_clear(&counts);
        for (graph_node n = 1; n < g->n_nodes; n++) {
            if ((n & 4095) == 0 && stop(s))
                break;
            if (graph_is_layer(g, n) || (side ? d->to_right[n] : d->to_left[n]))
                continue;
            buf_clear(&s->text);
            if (!name(g, n, &s->text))
                continue;
            uint64_t key = numbered(s, &counts, buf_str(&s->text));
            if (s->text.failed || !key) {
                s->status = GRAPH_NO_MEMORY;
                break;
            }
            if (side == 0) {
                if (!map_u64_put(&s->keys, key, n, NULL))
                    s->status = GRAPH_NO_MEMORY;
            } else {
                const uint32_t *hit = map_u64_get(&s->keys, key);
                if (hit && graph_at(d->right, *hit)->kind == graph_at(g, n)->kind)
                    pair(d, n, *hit);
            }
        }
    }
    map_u64_free(&counts);
}

/* ---- matching by structure ------------------------------------------------------------------------------- */

/* The hash of a node by its label and where its operands come from, in terms of right nodes; 0 when a source has no
 * match yet, or when it has no operands to go by. */
static uint64_t input_key(const graph_diff *d, const graph *g, graph_node n, bool left) {
    uint32_t count;
    const graph_edge *e = graph_in(g, n, &count);
    uint64_t key = str_hash(graph_label(g, n));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t source = left ? d->to_right[e[i].source] : e[i].source;
        if (!source || (!left && !d->to_left[source]))
            return 0;
        key = str_mix(key ^ source, STR_HASH_B + 2 * ((uint64_t)e[i].out << 32 | e[i].in));
    }
    return count ? key | 1 : 0;
}

/* The same by who reads its results. */
static uint64_t reader_key(const graph_diff *d, const graph *g, graph_node n, bool left) {
    uint32_t count;
    const uint32_t *out = graph_out(g, n, &count);
    uint64_t key = str_hash(graph_label(g, n));
    for (uint32_t i = 0; i < count; i++) {
        const graph_edge *e = &g->edges[out[i]];
        uint32_t reader = left ? d->to_right[e->target] : e->target;
        if (!reader || (!left && !d->to_left[reader]))
            return 0;
        key += str_mix(STR_HASH_A ^ reader, STR_HASH_B + 2 * ((uint64_t)e->out << 32 | e->in)); /* in any order */
    }
    return count ? key | 1 : 0;
}

/* Matches nodes that have the same key and are alone with it on their side. How many were found. */
static uint32_t match_keys(differ *s,
                           uint64_t (*key_of)(const graph_diff *d, const graph *g, graph_node n, bool left)) {
    graph_diff *d = s->d;
    uint32_t found = 0;
    map_u64_clear(&s->keys);
    for (graph_node n = 1; n < d->right->n_nodes && s->status == GRAPH_OK; n++) {
        uint64_t key = graph_is_layer(d->right, n) || d->to_left[n] ? 0 : key_of(d, d->right, n, false);
        bool added;
        uint32_t *at = key ? map_u64_put(&s->keys, key, n, &added) : NULL;
        if (key && !at)
            s->status = GRAPH_NO_MEMORY;
        else if (at && !added)
            *at = 0; /* not alone */
    }
    for (graph_node n = 1; n < d->left->n_nodes && s->status == GRAPH_OK; n++) {
        if ((n & 4095) == 0 && stop(s))
            break;
        uint64_t key = graph_is_layer(d->left, n) || d->to_right[n] ? 0 : key_of(d, d->left, n, true);
        uint32_t *hit = key ? map_u64_get(&s->keys, key) : NULL;
        if (hit && *hit && str_eq(graph_label(d->left, n), graph_label(d->right, *hit)))
            found += pair(d, n, *hit);
    }
    return found;
}

/* ---- what is different ----------------------------------------------------------------------------------- */

/* Keys that say where a node is, not what it is. */
static bool is_place(str key) {
    return str_eq(key, STR("full_location")) || str_eq(key, STR("named_location")) || str_eq(key, STR("location")) ||
           str_eq(key, STR("schedule")) || str_eq(key, STR("calls"));
}

static bool is_type(str key) {
    static const str keys[] = {STR_INIT("shape"),       STR_INIT("dtype"),       STR_INIT("rank"),
                               STR_INIT("linear"),      STR_INIT("grid_shape"),  STR_INIT("memref_shape"),
                               STR_INIT("buffer_type"), STR_INIT("data_type"),   STR_INIT("memory_layout"),
                               STR_INIT("shard_shape"), STR_INIT("tile_shape"),  STR_INIT("tensor_memory_layout"),
                               STR_INIT("bytes"),       STR_INIT("core_ranges"), STR_INIT("bytes_per_core")};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (str_eq(key, keys[i]))
            return true;
    return false;
}

typedef void changed_fn(void *ctx, str key, str left, str right);

static const graph_attr *find_attr(const struct graph_attrs *a, str key, size_t hint) {
    if (hint < a->list.n && str_eq(a->list.v[hint].key, key))
        return &a->list.v[hint];
    for (size_t i = 0; i < a->list.n; i++)
        if (str_eq(a->list.v[i].key, key))
            return &a->list.v[i];
    return NULL;
}

/* Compares the attributes of a pair; DIFF_ATTRS and DIFF_TYPES. f (may be NULL) is called for each difference. */
static uint32_t compare_attrs(differ *s, graph_node l, graph_node r, changed_fn *f, void *ctx) {
    uint32_t found = 0;
    if (!graph_attrs_node(&s->la, l) || !graph_attrs_node(&s->ra, r)) {
        s->status = GRAPH_NO_MEMORY;
        return 0;
    }
    for (int side = 0; side < 2; side++) {
        const struct graph_attrs *mine = side ? &s->ra : &s->la, *other = side ? &s->la : &s->ra;
        for (size_t i = 0; i < mine->list.n; i++) {
            const graph_attr *a = &mine->list.v[i];
            if (is_place(a->key) || find_attr(mine, a->key, i) != a)
                continue;
            const graph_attr *b = find_attr(other, a->key, i);
            if (b && (side == 1 || str_eq(a->value, b->value)))
                continue;
            found |= is_type(a->key) ? DIFF_TYPES : DIFF_ATTRS;
            if (f)
                f(ctx, a->key, side ? (str){NULL, 0} : a->value, side ? a->value : b ? b->value : (str){NULL, 0});
        }
    }
    return found;
}

static bool same_inputs(const graph_diff *d, graph_node l, graph_node r) {
    uint32_t nl, nr;
    const graph_edge *a = graph_in(d->left, l, &nl), *b = graph_in(d->right, r, &nr);
    if (nl != nr)
        return false;
    for (uint32_t i = 0; i < nl; i++)
        if (d->to_right[a[i].source] != b[i].source || a[i].out != b[i].out || a[i].in != b[i].in)
            return false;
    return true;
}

static void compare_all(differ *s) {
    graph_diff *d = s->d;
    for (graph_node n = 1; n < d->left->n_nodes && s->status == GRAPH_OK; n++) {
        if ((n & 1023) == 0 && stop(s))
            return;
        if (graph_is_layer(d->left, n))
            continue;
        graph_node r = d->to_right[n];
        if (!r) {
            d->left_kind[n] = DIFF_REMOVED;
            d->n_removed++;
            continue;
        }
        uint32_t what = compare_attrs(s, n, r, NULL, NULL);
        if (!str_eq(graph_label(d->left, n), graph_label(d->right, r)))
            what |= DIFF_LABEL;
        if (!same_inputs(d, n, r))
            what |= DIFF_INPUTS;
        d->changes[n] = (uint8_t)what;
        d->left_kind[n] = d->right_kind[r] = what ? DIFF_CHANGED : DIFF_SAME;
        d->n_changed += what != 0;
        d->n_same += what == 0;
    }
    for (graph_node n = 1; n < d->right->n_nodes; n++)
        if (!graph_is_layer(d->right, n) && !d->to_left[n]) {
            d->right_kind[n] = DIFF_ADDED;
            d->n_added++;
        }
}

/* A layer is what all in it are, or changed. Children come after their layer, so going backwards meets them first. */
static void mark_layers(const graph *g, uint8_t *kind) {
    for (graph_node n = g->n_nodes; n-- > 0;) {
        if (!graph_is_layer(g, n))
            continue;
        graph_node child = graph_first_child(g, n);
        uint8_t all = child ? kind[child] : DIFF_SAME;
        for (; child; child = graph_next_sibling(g, child))
            if (kind[child] != all)
                all = DIFF_CHANGED;
        kind[n] = all;
    }
}

/* ---- all ------------------------------------------------------------------------------------------------- */

static void match_all(differ *s, const diff_pair *known, size_t n_known) {
    graph_diff *d = s->d;
    for (size_t i = 0; i < n_known; i++)
        if (known[i].left < d->left->n_nodes && known[i].right < d->right->n_nodes && known[i].left && known[i].right)
            pair(d, known[i].left, known[i].right);
    match_names(s, name_id);
    if (s->status == GRAPH_OK)
        match_names(s, name_adapter);
    if (s->status == GRAPH_OK && d->left->module && d->right->module)
        match_names(s, name_location);
    for (int i = 0; i < MAX_ROUNDS && s->status == GRAPH_OK; i++)
        if (match_keys(s, input_key) + match_keys(s, reader_key) == 0)
            break;
}

static bool allocate(graph_diff *d) {
    d->to_right = mem_alloc_zero(d->mem, d->left->n_nodes * sizeof(uint32_t));
    d->to_left = mem_alloc_zero(d->mem, d->right->n_nodes * sizeof(uint32_t));
    d->left_kind = mem_alloc_zero(d->mem, d->left->n_nodes);
    d->right_kind = mem_alloc_zero(d->mem, d->right->n_nodes);
    d->changes = mem_alloc_zero(d->mem, d->left->n_nodes);
    return d->to_right && d->to_left && d->left_kind && d->right_kind && d->changes;
}

static void start(differ *s, const graph_diff *d, struct mem *mem) {
    s->mem = mem;
    graph_attrs_init(&s->la, d->left, mem);
    graph_attrs_init(&s->ra, d->right, mem);
    buf_init(&s->text, mem);
    map_u64_init(&s->keys, mem);
}

static void finish(differ *s) {
    graph_attrs_free(&s->la);
    graph_attrs_free(&s->ra);
    buf_free(&s->text);
    map_u64_free(&s->keys);
}

graph_status graph_diff_make(struct mem *mem, const graph *left, const graph *right, const diff_pair *known,
                             size_t n_known, const atomic_bool *cancel, graph_diff **out) {
    *out = NULL;
    graph_diff *d = mem_alloc_zero(mem, sizeof *d);
    if (!d)
        return GRAPH_NO_MEMORY;
    *d = (graph_diff){.mem = mem, .left = left, .right = right};
    differ s = {.d = d, .cancel = cancel};
    start(&s, d, mem);
    if (!allocate(d))
        s.status = GRAPH_NO_MEMORY;
    if (s.status == GRAPH_OK)
        match_all(&s, known, n_known);
    if (s.status == GRAPH_OK)
        compare_all(&s);
    finish(&s);
    if (s.status != GRAPH_OK) {
        graph_diff_free(d);
        return s.status;
    }
    mark_layers(left, d->left_kind);
    mark_layers(right, d->right_kind);
    *out = d;
    return GRAPH_OK;
}

void graph_diff_free(graph_diff *d) {
    if (!d)
        return;
    mem_free(d->mem, d->to_right, d->left->n_nodes * sizeof(uint32_t));
    mem_free(d->mem, d->to_left, d->right->n_nodes * sizeof(uint32_t));
    mem_free(d->mem, d->left_kind, d->left->n_nodes);
    mem_free(d->mem, d->right_kind, d->right->n_nodes);
    mem_free(d->mem, d->changes, d->left->n_nodes);
    mem_free(d->mem, d, sizeof *d);
}

/* ---- as JSON --------------------------------------------------------------------------------------------- */

static void put_id(differ *s, const graph *g, graph_node n, struct json_writer *w) {
    buf_clear(&s->text);
    graph_put_id(g, n, &s->text);
    json_str(w, buf_str(&s->text));
}

static void put_change(void *ctx, str key, str left, str right) {
    struct json_writer *w = ctx;
    json_object_begin(w);
    json_key(w, STR("key"));
    json_str(w, key);
    if (left.p) {
        json_key(w, STR("left"));
        json_str(w, left);
    }
    if (right.p) {
        json_key(w, STR("right"));
        json_str(w, right);
    }
    json_object_end(w);
}

static void put_changed(differ *s, const graph_diff *d, graph_node n, struct json_writer *w) {
    static const char *const names[] = {"label", "attrs", "inputs", "types"};
    json_object_begin(w);
    json_key(w, STR("left"));
    put_id(s, d->left, n, w);
    json_key(w, STR("right"));
    put_id(s, d->right, d->to_right[n], w);
    json_key(w, STR("what"));
    json_array_begin(w);
    for (int i = 0; i < 4; i++)
        if (d->changes[n] & 1 << i)
            json_str(w, str_from_z(names[i]));
    json_array_end(w);
    json_key(w, STR("attrs"));
    json_array_begin(w);
    compare_attrs(s, n, d->to_right[n], put_change, w);
    json_array_end(w);
    json_object_end(w);
}

/* The ids of all nodes of one kind. */
static void put_ids(differ *s, const graph *g, const uint8_t *kinds, diff_kind kind, size_t limit,
                    struct json_writer *w) {
    size_t put = 0;
    json_array_begin(w);
    for (graph_node n = 1; n < g->n_nodes && (!limit || put < limit); n++)
        if (!graph_is_layer(g, n) && kinds[n] == kind) {
            put_id(s, g, n, w);
            put++;
        }
    json_array_end(w);
}

bool graph_diff_json(const graph_diff *d, struct mem *mem, size_t limit, struct json_writer *w) {
    differ s = {0};
    start(&s, d, mem);
    json_object_begin(w);
    json_key(w, STR("same"));
    json_u64(w, d->n_same);
    json_key(w, STR("counts"));
    json_object_begin(w);
    json_key(w, STR("changed"));
    json_u64(w, d->n_changed);
    json_key(w, STR("removed"));
    json_u64(w, d->n_removed);
    json_key(w, STR("added"));
    json_u64(w, d->n_added);
    json_object_end(w);
    json_key(w, STR("changed"));
    json_array_begin(w);
    size_t put = 0;
    for (graph_node n = 1; n < d->left->n_nodes && (!limit || put < limit); n++)
        if (!graph_is_layer(d->left, n) && d->left_kind[n] == DIFF_CHANGED) {
            put_changed(&s, d, n, w);
            put++;
        }
    json_array_end(w);
    json_key(w, STR("removed"));
    put_ids(&s, d->left, d->left_kind, DIFF_REMOVED, limit, w);
    json_key(w, STR("added"));
    put_ids(&s, d->right, d->right_kind, DIFF_ADDED, limit, w);
    json_object_end(w);
    bool ok = s.status == GRAPH_OK && !s.text.failed && !w->out->failed;
    finish(&s);
    return ok;
}

/* A list of nodes of one side that are of a kind; of those with a match both numbers. DIFF_SAME: all that have a match. */
static void put_numbers(const graph_diff *d, str key, diff_kind kind, struct json_writer *w) {
    bool right = kind == DIFF_ADDED;
    const graph *g = right ? d->right : d->left;
    json_key(w, key);
    json_array_begin(w);
    for (graph_node n = 1; n < g->n_nodes; n++) {
        if (graph_is_layer(g, n))
            continue;
        uint32_t match = right ? 0 : d->to_right[n];
        if (kind == DIFF_SAME ? !match : (right ? d->right_kind[n] : d->left_kind[n]) != kind)
            continue;
        json_u64(w, n);
        if (match)
            json_u64(w, match);
    }
    json_array_end(w);
}

bool graph_diff_nodes_json(const graph_diff *d, struct json_writer *w) {
    json_object_begin(w);
    json_key(w, STR("same"));
    json_u64(w, d->n_same);
    put_numbers(d, STR("pairs"), DIFF_SAME, w);
    put_numbers(d, STR("changed"), DIFF_CHANGED, w);
    put_numbers(d, STR("removed"), DIFF_REMOVED, w);
    put_numbers(d, STR("added"), DIFF_ADDED, w);
    json_object_end(w);
    return !w->out->failed;
}

bool graph_diff_sync_json(const graph_diff *d, struct mem *mem, struct json_writer *w) {
    differ s = {0};
    start(&s, d, mem);
    json_object_begin(w);
    json_key(w, STR("type"));
    json_str(w, STR("sync_navigation"));
    json_key(w, STR("showDiffHighlights"));
    json_bool(w, true);
    json_key(w, STR("disableMappingFallback"));
    json_bool(w, true);
    json_key(w, STR("mapping"));
    json_object_begin(w);
    for (graph_node n = 1; n < d->left->n_nodes; n++)
        if (d->to_right[n]) {
            buf_clear(&s.text);
            graph_put_id(d->left, n, &s.text);
            json_key(w, buf_str(&s.text));
            put_id(&s, d->right, d->to_right[n], w);
        }
    json_object_end(w);
    json_object_end(w);
    bool ok = !s.text.failed && !w->out->failed;
    finish(&s);
    return ok;
}
