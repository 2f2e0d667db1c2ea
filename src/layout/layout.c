/* layout.c - the layout object: the hierarchy, what is expanded, what must be done again.
 *
 * An update walks the visible expanded layers from the innermost out. A layer seen for the first time gets its
 * structure (scope.c); a dirty one gets a new geometry (scope_place.c), which makes the layer around it dirty, for its
 * box may have another size. Then boxes get absolute coordinates from the outside in. New geometries stand beside the
 * old ones until all succeeded (P6).
 */
#include "layout/layout.h"

#include <math.h>
#include <string.h>

#include "layout/scope.h"

struct layout_options layout_default_options(void) {
    return (struct layout_options){
        .node_sep = 20, .edge_sep = 10, .rank_sep = 40, .padding = 16, .header = 28, .effort = 0};
}

static bool good_size(double v) {
    return v >= 0 && v < 1e9; /* false for NaN */
}

static bool check_input(const struct layout_input *in) {
    if (in->n_nodes >= 0x40000000u || in->n_edges >= 0x40000000u)
        return false;
    if (in->n_nodes && (!in->parent || !in->width || !in->height))
        return false;
    if (in->n_edges && (!in->from || !in->to))
        return false;
    for (uint32_t v = 0; v < in->n_nodes; v++) {
        uint32_t p = in->parent[v];
        if (p != LAYOUT_ROOT && (p >= in->n_nodes || !in->flags || !(in->flags[p] & LAYOUT_LAYER)))
            return false;
        if (!good_size((double)in->width[v]) || !good_size((double)in->height[v]) ||
            (in->header_width && !good_size((double)in->header_width[v])))
            return false;
    }
    for (uint32_t i = 0; i < in->n_edges; i++)
        if (in->from[i] >= in->n_nodes || in->to[i] >= in->n_nodes)
            return false;
    return true;
}

/* Children lists and pre-order. LAYOUT_BAD_INPUT when parents come in a circle. */
static enum layout_status index_hierarchy(struct layout *l, struct arena *tmp) {
    uint32_t n = l->in.n_nodes;
    uint32_t *stack = LAY_NEW(tmp, uint32_t, (size_t)n + 1), *at = LAY_NEW(tmp, uint32_t, (size_t)n + 1);
    if (!stack || !at)
        return LAYOUT_NO_MEMORY;
    for (uint32_t v = 0; v < n; v++)
        l->child_start[scope_index(l, l->in.parent[v]) + 2]++;
    for (uint32_t v = 0; v <= n; v++)
        l->child_start[v + 2] += l->child_start[v + 1];
    for (uint32_t v = 0; v < n; v++)
        l->child_list[l->child_start[scope_index(l, l->in.parent[v]) + 1]++] = v;
    uint32_t depth = 0, count = 0;
    memcpy(at, l->child_start, ((size_t)n + 1) * sizeof *at);
    stack[depth++] = n;
    while (depth) {
        uint32_t v = stack[depth - 1];
        if (at[v] == l->child_start[v + 1]) {
            if (v != n)
                l->end[v] = count;
            depth--;
            continue;
        }
        uint32_t child = l->child_list[at[v]++];
        l->pre[child] = count;
        l->depth_first[count++] = child;
        stack[depth++] = child;
    }
    return count == n ? LAYOUT_OK : LAYOUT_BAD_INPUT;
}

static void index_edges(struct layout *l) {
    uint32_t n = l->in.n_nodes, m = l->in.n_edges;
    for (uint32_t i = 0; i < m; i++) {
        l->out_start[l->in.from[i] + 2]++;
        l->in_start[l->in.to[i] + 2]++;
    }
    for (uint32_t v = 0; v < n; v++) {
        l->out_start[v + 2] += l->out_start[v + 1];
        l->in_start[v + 2] += l->in_start[v + 1];
        l->n_out[v] = l->n_in[v] = 1;
    }
    for (uint32_t i = 0; i < m; i++) {
        uint32_t from = l->in.from[i], to = l->in.to[i];
        l->out_list[l->out_start[from + 1]++] = i;
        l->in_list[l->in_start[to + 1]++] = i;
    }
    for (uint32_t v = 0; v < n; v++) {
        uint32_t degree = l->in_start[v + 1] - l->in_start[v];
        for (uint32_t k = l->in_start[v]; k < l->in_start[v + 1]; k++) {
            uint32_t i = l->in_list[k];
            uint32_t port = l->in.in ? l->in.in[i] : k - l->in_start[v];
            port = l->flags[v] & LAYOUT_FREE_OPERANDS ? 0 : port;
            /* Operand numbers far beyond the operands there are would only squeeze all ports into a corner. */
            uint32_t most = degree > 0x10000 ? degree : 0x10000;
            l->in_port[i] = port < most ? port : most;
            if (l->in_port[i] >= l->n_in[v])
                l->n_in[v] = l->in_port[i] + 1;
        }
        for (uint32_t k = l->out_start[v]; k < l->out_start[v + 1]; k++) {
            uint32_t i = l->out_list[k], port = l->in.out ? l->in.out[i] : 0;
            l->out_port[i] = port < 0x10000 ? port : 0x10000;
            if (l->out_port[i] >= l->n_out[v])
                l->n_out[v] = l->out_port[i] + 1;
        }
    }
}

enum layout_status layout_new(struct mem *m, const struct layout_input *in, const struct layout_options *options,
                              struct layout **out) {
    *out = NULL;
    if (!check_input(in))
        return LAYOUT_BAD_INPUT;
    struct arena arena;
    arena_init(&arena, m);
    struct layout *l = ARENA_NEW(&arena, struct layout);
    if (!l)
        goto no_memory;
    l->mem = m;
    l->in = *in;
    l->options = options ? *options : layout_default_options();
    l->root_left_right = in->root_left_right;
    size_t n = in->n_nodes, e = in->n_edges;
    struct arena *a = &arena;
    l->flags = LAY_ZERO(a, uint8_t, n);
    l->w = LAY_NEW(a, double, n);
    l->h = LAY_NEW(a, double, n);
    l->want = LAY_ZERO(a, uint8_t, n);
    l->depth_first = LAY_NEW(a, uint32_t, n);
    l->pre = LAY_NEW(a, uint32_t, n);
    l->end = LAY_NEW(a, uint32_t, n);
    l->child_start = LAY_ZERO(a, uint32_t, n + 3);
    l->child_list = LAY_NEW(a, uint32_t, n);
    l->out_start = LAY_ZERO(a, uint32_t, n + 2);
    l->in_start = LAY_ZERO(a, uint32_t, n + 2);
    l->out_list = LAY_NEW(a, uint32_t, e);
    l->in_list = LAY_NEW(a, uint32_t, e);
    l->out_port = LAY_NEW(a, uint32_t, e);
    l->in_port = LAY_NEW(a, uint32_t, e);
    l->n_out = LAY_NEW(a, uint32_t, n);
    l->n_in = LAY_NEW(a, uint32_t, n);
    l->scopes = LAY_ZERO(a, struct scope *, n + 1);
    l->owner = LAY_NEW(a, uint32_t, n);
    l->boxes = LAY_ZERO(a, struct layout_box, n);
    l->new_boxes = LAY_ZERO(a, struct layout_box, n);
    l->moved = LAY_NEW(a, uint32_t, n);
    if (!l->flags || !l->w || !l->h || !l->want || !l->depth_first || !l->pre || !l->end || !l->child_start ||
        !l->child_list || !l->out_start || !l->in_start || !l->out_list || !l->in_list || !l->out_port || !l->in_port ||
        !l->n_out || !l->n_in || !l->scopes || !l->owner || !l->boxes || !l->new_boxes || !l->moved)
        goto no_memory;
    for (uint32_t v = 0; v < n; v++) {
        l->flags[v] = in->flags ? in->flags[v] : 0;
        l->w[v] = (double)in->width[v];
        l->h[v] = (double)in->height[v];
    }
    memset(l->owner, 0xff, n * sizeof *l->owner);
    struct arena tmp;
    arena_init(&tmp, m);
    enum layout_status status = index_hierarchy(l, &tmp);
    arena_free(&tmp);
    if (status != LAYOUT_OK) {
        arena_free(&arena);
        return status;
    }
    index_edges(l);
    l->arena = arena;
    *out = l;
    return LAYOUT_OK;
no_memory:
    arena_free(&arena);
    return LAYOUT_NO_MEMORY;
}

void layout_free(struct layout *l) {
    if (!l)
        return;
    for (uint32_t i = 0; i <= l->in.n_nodes; i++)
        if (l->scopes[i])
            scope_free(l, l->scopes[i]);
    struct arena arena = l->arena; /* holds `l` itself */
    arena_free(&arena);
}

static void mark_dirty(struct layout *l, uint32_t layer) {
    struct scope *s = l->scopes[scope_index(l, layer)];
    if (s)
        s->dirty = true;
}

void layout_set_expanded(struct layout *l, uint32_t layer, bool expanded) {
    if (layer >= l->in.n_nodes || !(l->flags[layer] & LAYOUT_LAYER) || l->want[layer] == expanded)
        return;
    l->want[layer] = expanded;
    mark_dirty(l, l->in.parent[layer]);
}

bool layout_is_expanded(const struct layout *l, uint32_t layer) {
    return layer < l->in.n_nodes && l->want[layer];
}

void layout_set_all_expanded(struct layout *l, bool expanded) {
    for (uint32_t v = 0; v < l->in.n_nodes; v++)
        layout_set_expanded(l, v, expanded);
}

void layout_set_direction(struct layout *l, uint32_t layer, bool left_right) {
    if (layer == LAYOUT_ROOT) {
        l->root_left_right = left_right;
    } else {
        if (layer >= l->in.n_nodes)
            return;
        l->flags[layer] = (uint8_t)((l->flags[layer] & ~LAYOUT_LEFT_RIGHT) | (left_right ? LAYOUT_LEFT_RIGHT : 0));
    }
    mark_dirty(l, layer);
    uint32_t i = scope_index(l, layer);
    for (uint32_t k = l->child_start[i]; k < l->child_start[i + 1]; k++)
        mark_dirty(l, l->child_list[k]); /* their ports may have to turn */
}

void layout_set_size(struct layout *l, uint32_t node, double width, double height) {
    if (node >= l->in.n_nodes || !good_size(width) || !good_size(height))
        return;
    if (l->w[node] == width && l->h[node] == height)
        return;
    l->w[node] = width;
    l->h[node] = height;
    mark_dirty(l, l->in.parent[node]);
}

/* Marks nodes visible in new_boxes from the outside in, with their expansion. */
static void find_visible(struct layout *l) {
    for (uint32_t i = 0; i < l->in.n_nodes; i++) {
        uint32_t v = l->depth_first[i], p = l->in.parent[v];
        struct layout_box *b = &l->new_boxes[v];
        *b = (struct layout_box){0};
        b->visible = p == LAYOUT_ROOT || l->new_boxes[p].expanded;
        b->expanded = b->visible && l->want[v];
    }
}

/* Brings one scope up to date. Counts what it did. */
static enum layout_status update_scope(struct layout *l, struct lay_ctx *c, uint32_t layer,
                                       struct layout_change *change) {
    struct scope **slot = &l->scopes[scope_index(l, layer)];
    if (!*slot) {
        enum layout_status status = scope_new(l, c, layer, slot);
        if (status != LAYOUT_OK)
            return status;
        (*slot)->dirty = true;
        change->n_laid_out++;
    }
    if (!(*slot)->dirty)
        return LAYOUT_OK;
    enum layout_status status = scope_place(l, c, *slot);
    if (status != LAYOUT_OK)
        return status;
    change->n_placed++;
    if (layer != LAYOUT_ROOT)
        mark_dirty(l, l->in.parent[layer]);
    return LAYOUT_OK;
}

/* Absolute coordinates from the outside in. */
static void set_boxes(struct layout *l) {
    const struct scope_geometry *root = l->scopes[l->in.n_nodes]->geo;
    l->total_w = root->w;
    l->total_h = root->h;
    for (uint32_t i = l->in.n_nodes + 1; i-- > 0;) {
        const struct scope *s = l->scopes[i];
        if (!s || !s->geo || (i < l->in.n_nodes && !l->new_boxes[i].expanded))
            continue;
        for (uint32_t k = 0; k < s->n_children; k++) {
            struct layout_box *b = &l->new_boxes[s->children[k]];
            scope_child_corner(s->geo, k, &b->x, &b->y);
            const struct scope *inner = b->expanded ? l->scopes[s->children[k]] : NULL;
            b->w = inner ? inner->geo->w : l->w[s->children[k]];
            b->h = inner ? inner->geo->h : l->h[s->children[k]];
        }
    }
    for (uint32_t i = 0; i < l->in.n_nodes; i++) {
        uint32_t v = l->depth_first[i], p = l->in.parent[v];
        if (p != LAYOUT_ROOT && l->new_boxes[v].visible) {
            l->new_boxes[v].x += l->new_boxes[p].x;
            l->new_boxes[v].y += l->new_boxes[p].y;
        }
    }
}

static bool same_box(const struct layout_box *a, const struct layout_box *b) {
    return a->visible == b->visible && a->expanded == b->expanded && a->x == b->x && a->y == b->y && a->w == b->w &&
           a->h == b->h;
}

static void find_anchor(const struct layout *l, uint32_t anchor, struct layout_change *change) {
    while (anchor != LAYOUT_ROOT && anchor < l->in.n_nodes &&
           !(l->boxes[anchor].visible && l->new_boxes[anchor].visible))
        anchor = l->in.parent[anchor];
    if (anchor >= l->in.n_nodes)
        return;
    const struct layout_box *old = &l->boxes[anchor], *now = &l->new_boxes[anchor];
    bool corner = old->expanded || now->expanded;
    change->anchor_dx = now->x - old->x + (corner ? 0 : (now->w - old->w) * 0.5);
    change->anchor_dy = now->y - old->y + (corner ? 0 : (now->h - old->h) * 0.5);
}

enum layout_status layout_update(struct layout *l, const struct layout_hooks *hooks, uint32_t anchor,
                                 struct layout_change *change) {
    struct layout_change ignored;
    if (!change)
        change = &ignored;
    *change = (struct layout_change){0};
    struct arena tmp;
    arena_init(&tmp, l->mem);
    struct lay_ctx c = {.mem = l->mem, .tmp = &tmp, .hooks = hooks, .effort = l->options.effort};
    find_visible(l);
    /* Shares of progress by the number of children. */
    uint64_t total = 1, done = 0;
    for (uint32_t i = 0; i <= l->in.n_nodes; i++) {
        uint32_t v = i < l->in.n_nodes ? l->depth_first[i] : i;
        if (v == l->in.n_nodes || l->new_boxes[v].expanded)
            total += l->child_start[v + 1] - l->child_start[v] + 1;
    }
    enum layout_status status = LAYOUT_OK;
    for (uint32_t i = l->in.n_nodes + 1; i-- > 0 && status == LAYOUT_OK;) {
        uint32_t v = i ? l->depth_first[i - 1] : l->in.n_nodes;
        if (i && !l->new_boxes[v].expanded)
            continue;
        uint32_t size = l->child_start[v + 1] - l->child_start[v] + 1;
        c.done = (double)done / (double)total;
        c.share = (double)size / (double)total;
        done += size;
        status = update_scope(l, &c, i ? v : LAYOUT_ROOT, change);
    }
    arena_free(&tmp);
    for (uint32_t i = 0; i <= l->in.n_nodes; i++) {
        struct scope *s = l->scopes[i];
        if (!s || !s->next)
            continue;
        scope_drop_geometry(l, status == LAYOUT_OK ? s->geo : s->next);
        if (status == LAYOUT_OK) {
            s->geo = s->next;
            s->dirty = false;
        } /* else it stays dirty, and so do the layers around it */
        s->next = NULL;
    }
    if (status != LAYOUT_OK)
        return status;
    set_boxes(l);
    for (uint32_t i = 0; i < l->in.n_nodes; i++) {
        uint32_t v = l->depth_first[i];
        if (!same_box(&l->boxes[v], &l->new_boxes[v]))
            l->moved[change->n_moved++] = v;
    }
    change->moved = l->moved;
    if (l->computed)
        find_anchor(l, anchor, change);
    struct layout_box *swap = l->boxes;
    l->boxes = l->new_boxes;
    l->new_boxes = swap;
    l->computed = true;
    return LAYOUT_OK;
}

const struct layout_box *layout_boxes(const struct layout *l) {
    return l->boxes;
}

void layout_size(const struct layout *l, double *w, double *h) {
    *w = l->total_w;
    *h = l->total_h;
}

bool layout_visit_layer_routes(struct layout *l, uint32_t layer,
                               bool (*visit)(void *user, const struct layout_route *r), void *user) {
    if (!l->computed || (layer != LAYOUT_ROOT && (layer >= l->in.n_nodes || !l->boxes[layer].expanded)))
        return true;
    const struct scope *s = l->scopes[scope_index(l, layer)];
    double x = layer == LAYOUT_ROOT ? 0 : l->boxes[layer].x, y = layer == LAYOUT_ROOT ? 0 : l->boxes[layer].y;
    return scope_visit(l, s, x, y, visit, user) != LAYOUT_NO_MEMORY;
}

bool layout_visit_routes(struct layout *l, bool (*visit)(void *user, const struct layout_route *r), void *user) {
    if (!l->computed)
        return true;
    enum layout_status status = scope_visit(l, l->scopes[l->in.n_nodes], 0, 0, visit, user);
    for (uint32_t i = 0; i < l->in.n_nodes && status == LAYOUT_OK; i++) {
        uint32_t v = l->depth_first[i];
        if (l->boxes[v].expanded)
            status = scope_visit(l, l->scopes[v], l->boxes[v].x, l->boxes[v].y, visit, user);
    }
    return status != LAYOUT_NO_MEMORY;
}
