/* Where accuracy falls: along the order of execution and along the graph. */
#include <math.h>

#include "exec/exec.h"

/* How well each op agrees with its golden, or what it reads does. */
struct goodness {
    float *reads; /* by op: the lowest of what it reads */
    float *gives; /* by op: its own, or what it reads */
    uint8_t *has; /* its own is known */
};

static float lowest_read(const ir_module *m, const struct goodness *g, ir_op op) {
    float worst = 1;
    for (uint32_t i = 0; i < ir_op_at(m, op)->n_operands; i++) {
        ir_value v = ir_operand(m, op, i);
        if (v && !ir_is_block_arg(m, v) && g->gives[ir_value_at(m, v)->owner] < worst)
            worst = g->gives[ir_value_at(m, v)->owner];
    }
    return worst;
}

/* PCC is at least -1; what is no number is as bad as can be. */
static float pcc_of(const exec_difference *d) {
    return d->shapes_differ || isnan(d->pcc) ? -1.0f : (float)d->pcc;
}

bool exec_find_divergence(const ir_module *m, const exec_difference *d, size_t n, double threshold, struct mem *mem,
                          exec_divergence *out) {
    size_t size = m->n_ops * sizeof(float);
    struct goodness g = {mem_alloc_zero(mem, size), mem_alloc_zero(mem, size), mem_alloc_zero(mem, m->n_ops)};
    bool good = g.reads && g.gives && g.has;
    *out = (exec_divergence){.compared = 0};
    for (size_t i = 0; good && i < m->n_ops; i++)
        g.gives[i] = 1;
    for (size_t i = 0; good && i < n; i++) {
        g.has[d[i].op] = 1;
        g.gives[d[i].op] = pcc_of(&d[i]);
    }
    /* Definitions come before their uses. */
    for (ir_op op = m->root; good && op; op = ir_walk_next(m, m->root, op)) {
        g.reads[op] = lowest_read(m, &g, op);
        if (!g.has[op])
            g.gives[op] = g.reads[op];
    }
    for (size_t i = 0; good && i < n; i++) {
        ir_op op = d[i].op;
        double pcc = (double)pcc_of(&d[i]), reads = (double)g.reads[op];
        out->compared++;
        if (reads - pcc > out->fall_by) {
            out->fall_by = reads - pcc;
            out->fall = op;
        }
        if (pcc >= threshold)
            continue;
        out->bad++;
        if (!out->first)
            out->first = op;
        if (reads < threshold)
            continue;
        out->origins++;
        if (!out->origin)
            out->origin = op;
    }
    mem_free(mem, g.reads, size);
    mem_free(mem, g.gives, size);
    mem_free(mem, g.has, m->n_ops);
    return good;
}
