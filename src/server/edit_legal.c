/* edit_legal.c - see edit_legal.h. */
#include "server/edit_legal.h"

void edit_legal_init(struct edit_legal *e, const ir_module *m, struct mem *mem) {
    *e = (struct edit_legal){0};
    arena_init(&e->arena, mem);
    e->empty = arena_mark(&e->arena);
    e->has_device = m && legal_env_init(&e->env, m, LEGAL_L1_CAP);
}

void edit_legal_free(struct edit_legal *e) {
    arena_free(&e->arena);
}

/* The field behind an adapter's key: of the result's layout, else of the convolution's config. */
static bool field_of(struct edit_legal *e, ir_op op, str key, legal_field *f) {
    static const legal_group groups[] = {LEGAL_OUTPUT, LEGAL_CONV2D};
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (legal_field_of(&e->env, &e->arena, op, NULL, 0, groups[i], key, f))
            return true;
    return false;
}

bool edit_legal(void *ctx, const graph *g, graph_node n, str key, str value, graph_edit *out) {
    struct edit_legal *e = ctx;
    legal_field f;
    if (!e->has_device)
        return graph_edit_adapter(NULL, g, n, key, value, out);
    arena_reset(&e->arena, e->empty);
    if (graph_is_layer(g, n) || g->nodes[n].kind != GRAPH_OP || !field_of(e, g->nodes[n].ref, key, &f))
        return false;
    *out = (graph_edit){.kind = GRAPH_EDIT_VALUE_LIST, .max = -1};
    if (f.control == LEGAL_NUMBER) {
        out->kind = GRAPH_EDIT_INT_LIST;
        out->min = f.min;
        out->step = f.step;
        return true;
    }
    str *options = ARENA_ARRAY(&e->arena, str, f.n_options + 1);
    for (uint32_t i = 0; options && i < f.n_options; i++)
        if (f.options[i].legal)
            options[out->n_options++] = f.options[i].value;
    out->options = options;
    return options && out->n_options != 0;
}
