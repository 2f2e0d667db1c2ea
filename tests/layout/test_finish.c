/* Moving what is straight to where its lines are shortest, on coordinates alone. */
#include <math.h>

#include "structure.h"
#include "test.h"

#include "check.h"

static const double WIDTH = 40, NODE_SEP = 20, EDGE_SEP = 10;

static struct lay_geometry geometry_make(struct structure *s) {
    const struct lay_graph *g = &s->g;
    struct lay_geometry geo = {.arena = &s->keep, .node_sep = NODE_SEP, .edge_sep = EDGE_SEP};
    double *w = LAY_NEW(&s->keep, double, g->n);
    for (uint32_t v = 0; v < g->n; v++)
        w[v] = WIDTH;
    geo.w = geo.box_w = w;
    geo.out_off = LAY_ZERO(&s->keep, double, g->m);
    geo.in_off = LAY_ZERO(&s->keep, double, g->m);
    geo.x = LAY_ZERO(&s->keep, double, g->n_elems);
    return geo;
}

static double least_gap(const struct lay_graph *g, uint32_t left, uint32_t right) {
    double half = (left < g->n ? WIDTH * 0.5 : 0) + (right < g->n ? WIDTH * 0.5 : 0);
    return half + ((left < g->n ? NODE_SEP : EDGE_SEP) + (right < g->n ? NODE_SEP : EDGE_SEP)) * 0.5;
}

/* The sum of the horizontal distances of all links. */
static double distances(const struct lay_graph *g, const double *x) {
    double sum = 0;
    for (uint32_t i = 0; i < g->n_links; i++)
        sum += fabs(x[g->links[i].a] - x[g->links[i].b]);
    return sum;
}

static void assert_near(double a, double b) {
    assert_true(fabs(a - b) < 0.01);
}

/* b is pulled to the right by two inputs and c, which touches it, to the left by one: pushing brings b below an input of
 * its own. Without pushing c stops b where it is, and the inputs, which are loose ends, come as near as they can. */
static void pushes_what_is_in_the_way(void **state) {
    (void)state;
    enum { Q, P1, P2, B, C, END };
    static const uint32_t pairs[][2] = {{P1, B}, {P2, B}, {Q, C}, {B, END}, {C, END}};
    for (int push = 0; push < 2; push++) {
        struct structure s;
        structure_make(&s, 6, 5, pairs);
        struct lay_geometry geo = geometry_make(&s);
        struct lay_graph *g = &s.g;
        /* An order by hand: Q P1 P2 above B C above END. */
        static const uint32_t order[] = {Q, P1, P2, B, C, END};
        for (uint32_t i = 0; i < 6; i++) {
            g->layer[i] = order[i];
            g->pos[order[i]] = i - g->layer_start[g->elem_rank[order[i]]];
        }
        geo.x[P1] = 500;
        geo.x[P2] = 560;
        geo.x[B] = 0;
        geo.x[C] = 60;
        geo.x[END] = 1000;
        geo.x[Q] = -100;
        double before = distances(g, geo.x);
        assert_int_equal(lay_finish(&s.tmp, g, &geo, 1, push), LAYOUT_OK);
        assert_true(distances(g, geo.x) < before);
        assert_near(geo.x[B], push ? geo.x[P2] : 0);
        assert_near(geo.x[C] - geo.x[B], 60);
        structure_free(&s);
    }
}

/* From any places: neighbours never come too close or change sides, and lines get shorter. */
static void keeps_neighbours_apart(void **state) {
    (void)state;
    uint64_t seed = 11;
    double before = 0, plain = 0, pushed = 0;
    for (int round = 0; round < 200; round++) {
        uint32_t n = 3 + graph_random(&seed) % 40, m = n + graph_random(&seed) % n, pairs[84][2];
        for (uint32_t i = 0; i < m; i++) {
            uint32_t a = graph_random(&seed) % n, b = graph_random(&seed) % n;
            pairs[i][0] = a < b ? a : b;
            pairs[i][1] = a < b ? b : a;
        }
        struct structure s;
        structure_make(&s, n, m, pairs);
        struct lay_geometry geo = geometry_make(&s);
        const struct lay_graph *g = &s.g;
        double *start = LAY_ZERO(&s.keep, double, g->n_elems);
        for (uint32_t r = 0; r < g->n_ranks; r++) {
            double x = graph_random(&seed) % 500;
            for (uint32_t i = g->layer_start[r]; i < g->layer_start[r + 1]; i++) {
                if (i > g->layer_start[r])
                    x += least_gap(g, g->layer[i - 1], g->layer[i]) + (graph_random(&seed) % 2) * 30.0;
                start[g->layer[i]] = x;
            }
        }
        before += distances(g, start);
        for (int push = 0; push < 2; push++) {
            for (uint32_t v = 0; v < g->n_elems; v++)
                geo.x[v] = start[v];
            assert_int_equal(lay_finish(&s.tmp, g, &geo, 8, push), LAYOUT_OK);
            for (uint32_t r = 0; r < g->n_ranks; r++)
                for (uint32_t i = g->layer_start[r] + 1; i < g->layer_start[r + 1]; i++) {
                    uint32_t left = g->layer[i - 1], right = g->layer[i];
                    assert_true(geo.x[right] - geo.x[left] >= least_gap(g, left, right) - 1e-6);
                }
            *(push ? &pushed : &plain) += distances(g, geo.x);
        }
        structure_free(&s);
    }
    assert_true(plain < before * 0.9);
    assert_true(pushed < plain * 0.97);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pushes_what_is_in_the_way),
        cmocka_unit_test(keeps_neighbours_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
