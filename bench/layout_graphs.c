#include "layout_graphs.h"

#include <string.h>

void test_graph_init(struct test_graph *g, struct mem *m) {
    *g = (struct test_graph){.mem = m};
}

void test_graph_free(struct test_graph *g) {
    struct mem *m = g->mem;
    mem_free(m, g->parent, g->cap_n * sizeof *g->parent);
    mem_free(m, g->flags, g->cap_n * sizeof *g->flags);
    mem_free(m, g->w, g->cap_n * sizeof *g->w);
    mem_free(m, g->h, g->cap_n * sizeof *g->h);
    mem_free(m, g->label, g->cap_n * sizeof *g->label);
    mem_free(m, g->kind, g->cap_n * sizeof *g->kind);
    mem_free(m, g->n_in, g->cap_n * sizeof *g->n_in);
    mem_free(m, g->from, g->cap_m * sizeof *g->from);
    mem_free(m, g->to, g->cap_m * sizeof *g->to);
    mem_free(m, g->out, g->cap_m * sizeof *g->out);
    mem_free(m, g->in, g->cap_m * sizeof *g->in);
    *g = (struct test_graph){.mem = m};
}

/* Grows one array; the old one stays valid on failure. */
static bool grow(struct test_graph *g, void *array, uint32_t cap, uint32_t new_cap, size_t size) {
    void *old;
    memcpy(&old, array, sizeof old);
    void *p = mem_realloc(g->mem, old, cap * size, new_cap * size);
    if (!p) {
        g->failed = true;
        return false;
    }
    memcpy(array, &p, sizeof p);
    return true;
}

uint32_t test_graph_node(struct test_graph *g, const char *label, uint32_t parent) {
    if (g->n == g->cap_n) {
        uint32_t cap = g->cap_n ? g->cap_n * 2 : 1024;
        if (!grow(g, &g->parent, g->cap_n, cap, sizeof *g->parent) ||
            !grow(g, &g->flags, g->cap_n, cap, sizeof *g->flags) || !grow(g, &g->w, g->cap_n, cap, sizeof *g->w) ||
            !grow(g, &g->h, g->cap_n, cap, sizeof *g->h) || !grow(g, &g->label, g->cap_n, cap, sizeof *g->label) ||
            !grow(g, &g->kind, g->cap_n, cap, sizeof *g->kind) || !grow(g, &g->n_in, g->cap_n, cap, sizeof *g->n_in))
            return 0;
        g->cap_n = cap;
    }
    uint32_t v = g->n++;
    g->parent[v] = parent;
    g->flags[v] = 0;
    g->w[v] = 24 + 7 * (float)strlen(label);
    g->h[v] = 32;
    g->label[v] = label;
    g->kind[v] = str_hash(str_from_z(label));
    g->n_in[v] = 0;
    return v;
}

uint32_t test_graph_layer(struct test_graph *g, const char *label, uint32_t parent) {
    uint32_t v = test_graph_node(g, label, parent);
    if (!g->failed)
        g->flags[v] = LAYOUT_LAYER;
    return v;
}

void test_graph_edge_from(struct test_graph *g, uint32_t from, uint32_t out, uint32_t to) {
    if (g->failed)
        return;
    if (g->m == g->cap_m) {
        uint32_t cap = g->cap_m ? g->cap_m * 2 : 2048;
        if (!grow(g, &g->from, g->cap_m, cap, sizeof *g->from) || !grow(g, &g->to, g->cap_m, cap, sizeof *g->to) ||
            !grow(g, &g->out, g->cap_m, cap, sizeof *g->out) || !grow(g, &g->in, g->cap_m, cap, sizeof *g->in))
            return;
        g->cap_m = cap;
    }
    uint32_t e = g->m++;
    g->from[e] = from;
    g->to[e] = to;
    g->out[e] = out;
    g->in[e] = g->n_in[to]++;
}

void test_graph_edge(struct test_graph *g, uint32_t from, uint32_t to) {
    test_graph_edge_from(g, from, 0, to);
}

struct layout_input test_graph_input(const struct test_graph *g) {
    return (struct layout_input){.n_nodes = g->n,
                                 .parent = g->parent,
                                 .flags = g->flags,
                                 .width = g->w,
                                 .height = g->h,
                                 .n_edges = g->m,
                                 .from = g->from,
                                 .to = g->to,
                                 .out = g->out,
                                 .in = g->in};
}

uint32_t graph_random(uint64_t *state) {
    *state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

/* ---- transformer decoder -------------------------------------------------------------------------------- */

struct decoder {
    struct test_graph *g;
    uint32_t layer;   /* LAYOUT_ROOT when flat */
    uint32_t weights; /* the layer that holds arguments */
};

static uint32_t op1(struct decoder *d, const char *label, uint32_t a) {
    uint32_t v = test_graph_node(d->g, label, d->layer);
    test_graph_edge(d->g, a, v);
    return v;
}

static uint32_t op2(struct decoder *d, const char *label, uint32_t a, uint32_t b) {
    uint32_t v = op1(d, label, a);
    test_graph_edge(d->g, b, v);
    return v;
}

static uint32_t arg(struct decoder *d, const char *label) {
    return test_graph_node(d->g, label, d->weights);
}

static uint32_t rms_norm(struct decoder *d, uint32_t x) {
    uint32_t weight = arg(d, "weight");
    uint32_t p = op1(d, "ttir.pow", x), m = op1(d, "ttir.mean", p), r = op1(d, "ttir.rsqrt", m);
    uint32_t n = op2(d, "ttir.multiply", x, r);
    return op2(d, "ttir.multiply", n, weight);
}

static uint32_t linear(struct decoder *d, uint32_t x) {
    uint32_t weight = arg(d, "weight");
    return op2(d, "ttir.matmul", x, weight);
}

static uint32_t heads(struct decoder *d, uint32_t x) {
    return op1(d, "ttir.permute", op1(d, "ttir.reshape", x));
}

static uint32_t rope(struct decoder *d, uint32_t x, uint32_t cos, uint32_t sin) {
    uint32_t a = op2(d, "ttir.multiply", x, cos);
    uint32_t low = op1(d, "ttir.slice", x), high = op1(d, "ttir.slice", x);
    uint32_t turned = op2(d, "ttir.concat", op1(d, "ttir.neg", high), low);
    return op2(d, "ttir.add", a, op2(d, "ttir.multiply", turned, sin));
}

static uint32_t sub_layer(struct decoder *d, const char *label, uint32_t parent, bool deep) {
    if (!deep)
        return LAYOUT_ROOT;
    d->layer = test_graph_layer(d->g, label, parent);
    return d->layer;
}

static void make_decoder(struct test_graph *g, uint32_t size, bool deep, bool cache) {
    struct decoder d = {g, LAYOUT_ROOT, LAYOUT_ROOT};
    uint32_t cos = arg(&d, "cos"), sin = arg(&d, "sin"), mask = arg(&d, "attention_mask");
    uint32_t ids = arg(&d, "input_ids"), table = arg(&d, "embedding");
    uint32_t x = op2(&d, "ttir.embedding", ids, table);
    uint32_t caches[4096], n_caches = 0;
    while (g->n + 40 < size && !g->failed) {
        uint32_t block = deep ? test_graph_layer(g, "decoder_layer", LAYOUT_ROOT) : LAYOUT_ROOT;
        sub_layer(&d, "input_norm", block, deep);
        uint32_t h = rms_norm(&d, x);
        sub_layer(&d, "self_attention", block, deep);
        uint32_t q = rope(&d, heads(&d, linear(&d, h)), cos, sin);
        uint32_t k = rope(&d, heads(&d, linear(&d, h)), cos, sin);
        uint32_t v = heads(&d, linear(&d, h));
        if (cache && n_caches + 2 <= 4096) {
            caches[n_caches++] = k;
            caches[n_caches++] = v;
        }
        uint32_t scores = op2(&d, "ttir.matmul", q, op1(&d, "ttir.transpose", k));
        uint32_t p = op1(&d, "ttir.softmax", op2(&d, "ttir.add", scores, mask));
        uint32_t o = op1(&d, "ttir.reshape", op1(&d, "ttir.permute", op2(&d, "ttir.matmul", p, v)));
        o = linear(&d, o);
        d.layer = block;
        x = op2(&d, "ttir.add", x, o);
        sub_layer(&d, "post_norm", block, deep);
        h = rms_norm(&d, x);
        sub_layer(&d, "mlp", block, deep);
        uint32_t gate = op1(&d, "ttir.silu", linear(&d, h)), up = linear(&d, h);
        uint32_t down = linear(&d, op2(&d, "ttir.multiply", gate, up));
        d.layer = block;
        x = op2(&d, "ttir.add", x, down);
        d.layer = LAYOUT_ROOT;
    }
    x = rms_norm(&d, x);
    x = linear(&d, x);
    uint32_t ret = op1(&d, "func.return", x);
    for (uint32_t i = 0; i < n_caches; i++)
        test_graph_edge(g, caches[i], ret);
}

static void make_resnet(struct test_graph *g, uint32_t size) {
    struct decoder d = {g, LAYOUT_ROOT, LAYOUT_ROOT};
    uint32_t x = arg(&d, "input");
    for (uint32_t block = 0; g->n + 20 < size && !g->failed; block++) {
        uint32_t y = x;
        for (int i = 0; i < 3; i++) {
            uint32_t weight = arg(&d, "weight");
            y = op2(&d, "ttir.conv2d", y, weight);
            uint32_t mean = arg(&d, "mean"), variance = arg(&d, "variance");
            uint32_t norm = op2(&d, "ttir.batch_norm", y, mean);
            test_graph_edge(g, variance, norm);
            y = i < 2 ? op1(&d, "ttir.relu", norm) : norm;
        }
        if (block % 4 == 0)
            x = op2(&d, "ttir.conv2d", x, arg(&d, "weight"));
        x = op1(&d, "ttir.relu", op2(&d, "ttir.add", y, x));
    }
    op1(&d, "func.return", x);
}

static void make_random(struct test_graph *g, uint32_t size, uint32_t reach) {
    uint64_t state = 42;
    for (uint32_t i = 0; i < size; i++)
        test_graph_node(g, "op", LAYOUT_ROOT);
    for (uint32_t i = 1; i < size && !g->failed; i++) {
        uint32_t edges = 1 + (graph_random(&state) & 1);
        for (uint32_t k = 0; k < edges; k++) {
            uint32_t back = 1 + graph_random(&state) % (i < reach ? i : reach);
            test_graph_edge(g, i - back, i);
        }
    }
}

bool test_graph_make(struct test_graph *g, const char *name, uint32_t size) {
    if (!strcmp(name, "decoder")) {
        make_decoder(g, size, false, false);
    } else if (!strcmp(name, "decoder-layers")) {
        make_decoder(g, size, true, false);
    } else if (!strcmp(name, "decoder-cache")) {
        make_decoder(g, size, false, true);
    } else if (!strcmp(name, "resnet")) {
        make_resnet(g, size);
    } else if (!strcmp(name, "chain")) {
        for (uint32_t i = 0; i < size; i++) {
            test_graph_node(g, "op", LAYOUT_ROOT);
            if (i)
                test_graph_edge(g, i - 1, i);
        }
    } else if (!strcmp(name, "fan-out") || !strcmp(name, "fan-in")) {
        uint32_t hub = test_graph_node(g, "hub", LAYOUT_ROOT);
        for (uint32_t i = 1; i < size; i++) {
            uint32_t v = test_graph_node(g, "op", LAYOUT_ROOT);
            if (name[4] == 'o')
                test_graph_edge(g, hub, v);
            else
                test_graph_edge(g, v, hub);
        }
    } else if (!strcmp(name, "bipartite")) {
        uint32_t half = size / 2;
        for (uint32_t i = 0; i < 2 * half; i++)
            test_graph_node(g, "op", LAYOUT_ROOT);
        uint64_t state = 7;
        for (uint32_t i = 0; i < half && !g->failed; i++)
            for (uint32_t k = 0; k < 8; k++)
                test_graph_edge(g, i, half + graph_random(&state) % half);
    } else if (!strcmp(name, "random")) {
        make_random(g, size, 30);
    } else if (!strcmp(name, "random-long")) {
        make_random(g, size, UINT32_MAX);
    } else if (!strcmp(name, "cycles")) {
        make_random(g, size, 30);
        uint64_t state = 3;
        for (uint32_t i = 0; i < size / 20 && !g->failed; i++) {
            uint32_t a = graph_random(&state) % size, b = graph_random(&state) % size;
            test_graph_edge(g, a > b ? a : b, a > b ? b : a);
        }
    } else {
        return false;
    }
    return !g->failed;
}
