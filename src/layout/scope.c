/* scope.c - the structure of the inside of one layer: strands, border ports, parts. See scope.h. */
#include "layout/scope.h"

#include <string.h>

#include "base/str.h"
#include "layout/sets.h"

struct strand {
    uint32_t from, to, out, in; /* local ends; border ends are filled in when the ports are numbered */
    uint32_t edge;
};

enum { FROM_BORDER = 0x80000000u, TO_BORDER = 0x80000001u };

static bool is_layer(const struct layout *l, uint32_t v) {
    return l->flags[v] & LAYOUT_LAYER;
}

static uint32_t owner_of(const struct layout *l, uint32_t v) {
    return l->owner[l->pre[v]];
}

/* Lists the strands of the children; with `strands` NULL only counts them. */
static uint32_t list_strands(const struct layout *l, const struct scope *s, struct strand *strands) {
    uint32_t n = 0;
    for (uint32_t c = 0; c < s->n_children; c++) {
        uint32_t child = s->children[c];
        bool closed = is_layer(l, child);
        for (uint32_t i = l->pre[child]; i < l->end[child]; i++) {
            uint32_t v = l->depth_first[i];
            for (uint32_t k = l->out_start[v]; k < l->out_start[v + 1]; k++) {
                uint32_t e = l->out_list[k], to = owner_of(l, l->in.to[e]);
                if (to == c && (v != child || l->in.to[e] != child))
                    continue; /* inside the child; from the child itself to itself is a loop */
                if (strands)
                    strands[n] = (struct strand){c, to == LAY_NONE ? TO_BORDER : to, closed ? 0 : l->out_port[e],
                                                 to == LAY_NONE || is_layer(l, s->children[to]) ? 0 : l->in_port[e], e};
                n++;
            }
            for (uint32_t k = l->in_start[v]; k < l->in_start[v + 1]; k++) {
                uint32_t e = l->in_list[k];
                if (owner_of(l, l->in.from[e]) != LAY_NONE)
                    continue;
                if (strands)
                    strands[n] = (struct strand){FROM_BORDER, c, 0, closed ? 0 : l->in_port[e], e};
                n++;
            }
        }
    }
    return n;
}

/* Sorts strands by the given word, keeping the order of equal ones. */
static void sort_by(struct strand *strands, struct strand *copy, uint64_t *keys, uint64_t *tmp, uint32_t n,
                    size_t word) {
    bool sorted = true;
    uint32_t last = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t value;
        memcpy(&value, (const char *)&strands[i] + word, sizeof value);
        keys[i] = (uint64_t)value << 32 | i;
        sorted = sorted && value >= last;
        last = value;
    }
    if (sorted)
        return;
    lay_sort_u64(keys, tmp, n);
    memcpy(copy, strands, n * sizeof *copy);
    for (uint32_t i = 0; i < n; i++)
        strands[i] = copy[(uint32_t)keys[i]];
}

/* Numbers the values that pass the border at one side and puts the numbers into the strands. */
static enum layout_status number_ports(const struct layout *l, struct arena *keep, struct arena *tmp,
                                       struct strand *strands, uint32_t n, bool inputs, uint32_t first_local,
                                       struct border_port **out, uint32_t *n_out) {
    uint32_t count = 0, tag = inputs ? FROM_BORDER : TO_BORDER;
    uint64_t *keys = LAY_NEW(tmp, uint64_t, n), *sort_tmp = LAY_NEW(tmp, uint64_t, n);
    uint32_t *which = LAY_NEW(tmp, uint32_t, n);
    if (!keys || !sort_tmp || !which)
        return LAYOUT_NO_MEMORY;
    for (uint32_t i = 0; i < n; i++)
        if ((inputs ? strands[i].from : strands[i].to) == tag)
            which[count++] = i;
    /* By (node, result): result numbers first, then, stable, nodes. */
    for (uint32_t i = 0; i < count; i++)
        keys[i] = (uint64_t)l->out_port[strands[which[i]].edge] << 32 | which[i];
    lay_sort_u64(keys, sort_tmp, count);
    for (uint32_t i = 0; i < count; i++)
        which[i] = (uint32_t)keys[i];
    for (uint32_t i = 0; i < count; i++)
        keys[i] = (uint64_t)l->in.from[strands[which[i]].edge] << 32 | i;
    lay_sort_u64(keys, sort_tmp, count);
    *out = LAY_NEW(keep, struct border_port, count);
    if (!*out)
        return LAYOUT_NO_MEMORY;
    *n_out = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct strand *t = &strands[which[(uint32_t)keys[i]]];
        uint32_t node = l->in.from[t->edge], port = l->out_port[t->edge];
        struct border_port *last = *n_out ? &(*out)[*n_out - 1] : NULL;
        if (!last || last->node != node || last->out != port) {
            last = &(*out)[*n_out];
            *last = (struct border_port){node, port, first_local + (*n_out)++};
        }
        if (inputs)
            t->from = last->local;
        else
            t->to = last->local;
    }
    return LAYOUT_OK;
}

uint32_t scope_find_port(const struct border_port *ports, uint32_t n, uint32_t node, uint32_t out) {
    uint32_t low = 0, high = n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (ports[mid].node < node || (ports[mid].node == node && ports[mid].out < out))
            low = mid + 1;
        else
            high = mid;
    }
    return low < n && ports[low].node == node && ports[low].out == out ? low : LAY_NONE;
}

/* Strands between the same ports become one edge. */
static enum layout_status merge_strands(struct scope *s, const struct strand *strands, uint32_t n) {
    uint32_t n_edges = 0;
    for (uint32_t i = 0; i < n; i++)
        n_edges += i == 0 || strands[i].from != strands[i - 1].from || strands[i].to != strands[i - 1].to ||
                   strands[i].out != strands[i - 1].out || strands[i].in != strands[i - 1].in;
    s->edges = LAY_ZERO(&s->arena, struct lay_edge, n_edges);
    s->strand_start = LAY_NEW(&s->arena, uint32_t, (size_t)n_edges + 1);
    s->strands = LAY_NEW(&s->arena, uint32_t, n);
    if (!s->edges || !s->strand_start || !s->strands)
        return LAYOUT_NO_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        const struct strand *t = &strands[i];
        struct lay_edge *last = s->n_edges ? &s->edges[s->n_edges - 1] : NULL;
        if (!last || last->from != t->from || last->to != t->to || last->out != t->out || last->in != t->in) {
            s->strand_start[s->n_edges] = i;
            last = &s->edges[s->n_edges++];
            *last = (struct lay_edge){.from = t->from, .to = t->to, .out = t->out, .in = t->in, .trunk = LAY_NONE};
        }
        last->weight++;
        s->strands[i] = t->edge;
    }
    s->strand_start[s->n_edges] = n;
    return LAYOUT_OK;
}

/* Splits local nodes into connected parts and loners, and fills the parts' graphs. */
static enum layout_status make_parts(struct layout *l, struct lay_ctx *c, struct scope *s) {
    struct arena *a = &s->arena, *tmp = c->tmp;
    uint32_t n = s->n_children + s->n_in + s->n_out;
    uint32_t *set = LAY_NEW(tmp, uint32_t, n), *part_of = LAY_NEW(tmp, uint32_t, n);
    uint32_t *index = LAY_NEW(tmp, uint32_t, n);
    uint8_t *has_edge = LAY_ZERO(tmp, uint8_t, n);
    s->loners = LAY_NEW(a, uint32_t, n);
    if (!set || !part_of || !index || !has_edge || !s->loners)
        return LAYOUT_NO_MEMORY;
    for (uint32_t v = 0; v < n; v++)
        set[v] = v;
    for (uint32_t i = 0; i < s->n_edges; i++) {
        has_edge[s->edges[i].from] = has_edge[s->edges[i].to] = 1;
        set_join(set, s->edges[i].from, s->edges[i].to);
    }
    for (uint32_t v = s->n_children; v + 1 < n; v++)
        set_join(set, v, v + 1); /* all that touches the border */
    for (uint32_t v = 0; v < n; v++) {
        if (!has_edge[v] && v < s->n_children) {
            if (v != s->pinned)
                s->loners[s->n_loners++] = v;
        } else if (set_find(set, v) == v)
            part_of[v] = s->n_parts++;
    }
    s->parts = LAY_ZERO(a, struct part, s->n_parts);
    if (!s->parts)
        return LAYOUT_NO_MEMORY;
    for (uint32_t v = 0; v < n; v++)
        if (has_edge[v] || v >= s->n_children) {
            part_of[v] = part_of[set_find(set, v)];
            index[v] = s->parts[part_of[v]].graph.n++;
        }
    for (uint32_t i = 0; i < s->n_edges; i++)
        s->parts[part_of[s->edges[i].from]].graph.m++;
    for (uint32_t i = 0; i < s->n_parts; i++) {
        struct part *p = &s->parts[i];
        struct lay_graph *g = &p->graph;
        g->arena = a;
        g->kind = LAY_ZERO(a, uint8_t, g->n);
        g->n_in = LAY_NEW(a, uint32_t, g->n);
        g->n_out = LAY_NEW(a, uint32_t, g->n);
        g->edges = LAY_NEW(a, struct lay_edge, g->m);
        p->local = LAY_NEW(a, uint32_t, g->n);
        p->edge = LAY_NEW(a, uint32_t, g->m);
        if (!g->kind || !g->n_in || !g->n_out || !g->edges || !p->local || !p->edge)
            return LAYOUT_NO_MEMORY;
        g->m = 0;
    }
    for (uint32_t v = 0; v < n; v++) {
        if (!has_edge[v] && v < s->n_children)
            continue;
        struct part *p = &s->parts[part_of[v]];
        uint32_t k = index[v];
        bool op = v < s->n_children && !is_layer(l, s->children[v]);
        p->local[k] = v;
        p->graph.kind[k] = v == s->pinned                ? LAY_FIRST
                           : v < s->n_children           ? LAY_INNER
                           : v < s->n_children + s->n_in ? LAY_BORDER_IN
                                                         : LAY_BORDER_OUT;
        if (v == s->pinned) {
            s->pinned_part = part_of[v];
            s->pinned_index = k;
        }
        p->graph.n_in[k] = op ? l->n_in[s->children[v]] : 1;
        p->graph.n_out[k] = op ? l->n_out[s->children[v]] : 1;
    }
    for (uint32_t i = 0; i < s->n_edges; i++) {
        struct part *p = &s->parts[part_of[s->edges[i].from]];
        uint32_t k = p->graph.m++;
        p->edge[k] = i;
        p->graph.edges[k] = s->edges[i];
        p->graph.edges[k].from = index[s->edges[i].from];
        p->graph.edges[k].to = index[s->edges[i].to];
    }
    return LAYOUT_OK;
}

static enum layout_status lay_structure(struct lay_ctx *c, struct lay_graph *g) {
    enum layout_status status = lay_find_back_edges(c, g);
    if (status == LAYOUT_OK)
        status = lay_assign_ranks(c, g);
    if (status == LAYOUT_OK)
        status = lay_make_trunks(c, g);
    if (status == LAYOUT_OK)
        status = lay_order(c, g);
    return status;
}

/* What the structure of a graph depends on. */
static uint64_t hash_graph(const struct lay_graph *g) {
    uint64_t h = str_mix(g->n ^ STR_HASH_A, g->m ^ STR_HASH_B);
    for (uint32_t v = 0; v < g->n; v++)
        h = str_mix(h ^ g->kind[v], STR_HASH_A ^ ((uint64_t)g->n_in[v] << 32 | g->n_out[v]));
    for (uint32_t i = 0; i < g->m; i++) {
        const struct lay_edge *e = &g->edges[i];
        h = str_mix(h ^ ((uint64_t)e->from << 32 | e->to), STR_HASH_B ^ ((uint64_t)e->out << 32 | e->in));
        h ^= e->weight;
    }
    return h;
}

static bool same_graph(const struct lay_graph *a, const struct lay_graph *b) {
    if (a->n != b->n || a->m != b->m || memcmp(a->kind, b->kind, a->n * sizeof *a->kind) != 0 ||
        memcmp(a->n_in, b->n_in, a->n * sizeof *a->n_in) != 0 ||
        memcmp(a->n_out, b->n_out, a->n * sizeof *a->n_out) != 0)
        return false;
    for (uint32_t i = 0; i < a->m; i++) {
        const struct lay_edge *x = &a->edges[i], *y = &b->edges[i];
        if (x->from != y->from || x->to != y->to || x->out != y->out || x->in != y->in || x->weight != y->weight)
            return false;
    }
    return true;
}

/* The structure of a part, found or taken from its twin. */
static enum layout_status find_structure(struct layout *l, struct lay_ctx *c, struct lay_graph *g) {
    uint64_t hash = hash_graph(g);
    struct twin *twin = &l->twins[hash % N_TWINS];
    if (twin->graph && twin->hash == hash && same_graph(twin->graph, g)) {
        *g = *twin->graph;
        return LAYOUT_OK;
    }
    enum layout_status status = lay_structure(c, g);
    if (status == LAYOUT_OK)
        *twin = (struct twin){hash, g};
    return status;
}

enum layout_status scope_new(struct layout *l, struct lay_ctx *c, uint32_t layer, struct scope **out) {
    enum layout_status status = LAYOUT_NO_MEMORY;
    struct arena_mark mark = arena_mark(c->tmp);
    struct scope *s = mem_alloc_zero(l->mem, sizeof *s);
    if (!s)
        return LAYOUT_NO_MEMORY;
    arena_init(&s->arena, l->mem);
    uint32_t at = scope_index(l, layer);
    s->layer = layer;
    s->n_children = l->child_start[at + 1] - l->child_start[at];
    s->children = l->child_list + l->child_start[at];
    s->pinned = s->pinned_part = LAY_NONE;
    for (uint32_t k = 0; k < s->n_children; k++) {
        uint32_t child = s->children[k];
        if (l->flags[child] & LAYOUT_PINNED)
            s->pinned = k;
        for (uint32_t i = l->pre[child]; i < l->end[child]; i++)
            l->owner[i] = k;
    }
    uint32_t n = list_strands(l, s, NULL);
    struct strand *strands = LAY_NEW(c->tmp, struct strand, n), *copy = LAY_NEW(c->tmp, struct strand, n);
    uint64_t *keys = LAY_NEW(c->tmp, uint64_t, n), *tmp = LAY_NEW(c->tmp, uint64_t, n);
    if (strands && copy && keys && tmp) {
        list_strands(l, s, strands);
        status = number_ports(l, &s->arena, c->tmp, strands, n, true, s->n_children, &s->in, &s->n_in);
        if (status == LAYOUT_OK)
            status = number_ports(l, &s->arena, c->tmp, strands, n, false, s->n_children + s->n_in, &s->out, &s->n_out);
    }
    for (uint32_t k = 0; k < s->n_children; k++)
        for (uint32_t i = l->pre[s->children[k]]; i < l->end[s->children[k]]; i++)
            l->owner[i] = LAY_NONE;
    if (status == LAYOUT_OK) {
        sort_by(strands, copy, keys, tmp, n, offsetof(struct strand, edge));
        sort_by(strands, copy, keys, tmp, n, offsetof(struct strand, in));
        sort_by(strands, copy, keys, tmp, n, offsetof(struct strand, to));
        sort_by(strands, copy, keys, tmp, n, offsetof(struct strand, out));
        sort_by(strands, copy, keys, tmp, n, offsetof(struct strand, from));
        status = merge_strands(s, strands, n);
    }
    if (status == LAYOUT_OK)
        status = make_parts(l, c, s);
    arena_reset(c->tmp, mark);
    uint32_t bundles = 0;
    double done = c->done, share = c->share;
    uint64_t size = 0, total = 1;
    for (uint32_t i = 0; status == LAYOUT_OK && i < s->n_parts; i++)
        total += s->parts[i].graph.n;
    for (uint32_t i = 0; status == LAYOUT_OK && i < s->n_parts; i++) {
        struct part *p = &s->parts[i];
        c->done = done + share * (double)size / (double)total;
        c->share = share * (double)p->graph.n / (double)total;
        size += p->graph.n;
        status = find_structure(l, c, &p->graph);
        p->bundle_base = bundles;
        bundles += p->graph.n_trunks + p->graph.n_lanes;
    }
    c->done = done;
    c->share = share;
    if (status != LAYOUT_OK) {
        memset(l->twins, 0, sizeof l->twins); /* some may be parts of this one */
        scope_free(l, s);
        return status;
    }
    *out = s;
    return LAYOUT_OK;
}

void scope_free(struct layout *l, struct scope *s) {
    scope_drop_geometry(l, s->geo);
    scope_drop_geometry(l, s->next);
    arena_free(&s->arena);
    mem_free(l->mem, s, sizeof *s);
}
