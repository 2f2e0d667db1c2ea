#include "structure.h"

#include "test.h"

void structure_make(struct structure *s, uint32_t n, uint32_t m, const uint32_t (*pairs)[2]) {
    *s = (struct structure){0};
    arena_init(&s->keep, &s->mem);
    arena_init(&s->tmp, &s->mem);
    struct lay_graph *g = &s->g;
    g->arena = &s->keep;
    g->n = n;
    g->m = m;
    g->kind = LAY_ZERO(&s->keep, uint8_t, n);
    g->n_in = LAY_ZERO(&s->keep, uint32_t, n);
    g->n_out = LAY_ZERO(&s->keep, uint32_t, n);
    g->edges = LAY_ZERO(&s->keep, struct lay_edge, m);
    for (uint32_t i = 0; i < m; i++)
        g->edges[i] =
            (struct lay_edge){.from = pairs[i][0], .to = pairs[i][1], .in = g->n_in[pairs[i][1]]++, .weight = 1};
    for (uint32_t v = 0; v < n; v++) {
        g->n_in[v] += g->n_in[v] == 0;
        g->n_out[v] = 1;
    }
    struct lay_ctx c = {.mem = &s->mem, .tmp = &s->tmp, .share = 1};
    assert_int_equal(lay_find_back_edges(&c, g), LAYOUT_OK);
    assert_int_equal(lay_assign_ranks(&c, g), LAYOUT_OK);
    assert_int_equal(lay_make_trunks(&c, g), LAYOUT_OK);
    assert_int_equal(lay_order(&c, g), LAYOUT_OK);
    assert_int_equal(lay_counter_init(&s->counter, &s->keep, g), LAYOUT_OK);
    assert_int_equal(lay_blocks_init(&s->blocks, &s->keep, g), LAYOUT_OK);
    s->cross = LAY_ZERO(&s->keep, double, g->n_ranks);
}

void structure_free(struct structure *s) {
    arena_free(&s->keep);
    arena_free(&s->tmp);
    assert_int_equal(s->mem.used, 0);
}
