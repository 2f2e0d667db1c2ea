/* lay_cycle.c - which edges are drawn backwards.
 *
 * A depth-first search from the nodes without inputs, in input order, then from what is left; an edge to a node
 * still on the search path closes a cycle and is marked LAY_BACK (Tarjan's back edges; the choice Gansner, Koutsofios,
 * North and Vo make in "A Technique for Drawing Directed Graphs", 1993, section 2.1). Programs enter their loops at
 * the top, so the marked edges are the ones a reader calls "back". Linear; the path is an explicit stack.
 *
 * What leads back to the node that stands first (LAY_FIRST) is marked before: no cycle goes through it then.
 */
#include <string.h>

#include "layout/lay.h"

enum { WHITE, GREY, BLACK };

enum layout_status lay_find_back_edges(struct lay_ctx *c, struct lay_graph *g) {
    enum layout_status status = LAYOUT_NO_MEMORY;
    struct arena_mark mark = arena_mark(c->tmp);
    uint32_t *start = LAY_ZERO(c->tmp, uint32_t, (size_t)g->n + 2);
    uint32_t *list = LAY_NEW(c->tmp, uint32_t, g->m);
    uint32_t *next = LAY_NEW(c->tmp, uint32_t, g->n);
    uint32_t *stack = LAY_NEW(c->tmp, uint32_t, g->n);
    uint8_t *colour = LAY_ZERO(c->tmp, uint8_t, g->n);
    uint8_t *has_input = LAY_ZERO(c->tmp, uint8_t, g->n);
    if (!start || !list || !next || !stack || !colour || !has_input)
        goto end;

    for (uint32_t i = 0; i < g->m; i++) {
        struct lay_edge *e = &g->edges[i];
        e->flags = e->from == e->to                                                  ? LAY_SELF
                   : g->kind[e->to] == LAY_FIRST && !lay_is_border(g->kind[e->from]) ? LAY_BACK
                                                                                     : 0;
        e->trunk = LAY_NONE;
        if (e->flags)
            continue;
        start[e->from + 2]++;
        has_input[e->to] = 1;
    }
    for (uint32_t v = 0; v < g->n; v++)
        start[v + 2] += start[v + 1];
    for (uint32_t i = 0; i < g->m; i++)
        if (!g->edges[i].flags)
            list[start[g->edges[i].from + 1]++] = i;
    memcpy(next, start, g->n * sizeof *next);

    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t root = 0; root < g->n; root++) {
            if (colour[root] != WHITE || (pass == 0 && has_input[root]))
                continue;
            uint32_t depth = 0;
            stack[depth++] = root;
            colour[root] = GREY;
            while (depth) {
                uint32_t v = stack[depth - 1];
                if (next[v] == start[v + 1]) {
                    colour[v] = BLACK;
                    depth--;
                    continue;
                }
                struct lay_edge *e = &g->edges[list[next[v]++]];
                if (colour[e->to] == WHITE) {
                    colour[e->to] = GREY;
                    stack[depth++] = e->to;
                } else if (colour[e->to] == GREY) {
                    e->flags |= LAY_BACK;
                }
            }
        }
    }
    status = LAYOUT_OK;
end:
    arena_reset(c->tmp, mark);
    return status;
}
