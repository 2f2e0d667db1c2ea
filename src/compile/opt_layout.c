/* opt_layout.c - ttnn-greedy-memory-layout-propagation: chooses where results lie, in DRAM or spread over the L1 of the cores.
 *
 * As tt-mlir's MemoryLayoutPropagation (ttnn-pipeline.md, section 10), with our own rules (target/legal.h) in place of the
 * vendor's library:
 *
 *   forward    in program order each op tries what its producers may leave (up to BEAM candidates each), what its operands
 *              may be brought into, and what results it may make of that; the best BEAM by score stay
 *   backward   from the last op on, each op takes the candidate that most of its readers were made for
 *   settling   ops that hand tensors on in L1 without a move form a group; a group that the cost model says costs more, the moves
 *              at its edges included, than leaving its ops as they were is left as it was
 *   applying   result types are set; where a reader was made for another layout, to_memory_config stands in front of it;
 *              what a function returns goes back to where it was
 *
 * Score, in this order: in L1; sharded; fewer bytes read from DRAM; no operand moved; more cores; less L1; the cost model's
 * estimate; more sharded operands.
 *
 * Invariants
 *   O1  A candidate is legal with its operands: legal_operand, legal_result, legal_combination (L1 of one op at a time; what
 *       lives longer is opt_spill.c's business).
 *   O2  What overrides placed, constants' consumers of nothing else, and ops whose layout is not free keep their types.
 */
#include "compile/optimize.h"

#include <stdalign.h>

#include "compile/override.h"
#include "compile/passes.h"
#include "compile/ttnn_build.h"
#include "target/cost.h"
#include "target/matmul.h"

enum {
    BEAM = 6,
    MAX_INPUTS = 14,  /* layouts tried for one operand */
    PER_SHARDING = 3, /* of each kind of sharding, when operands are brought somewhere or results chosen */
    MAX_OPERANDS = 16,
    MAX_HINTS = 3 * PER_SHARDING + 2,
    MAX_COMBINATIONS = 512
};

typedef struct score {
    bool l1, sharded, moved;
    uint64_t dram_bytes, l1_bytes;
    int64_t cores;
    double ns;
    uint32_t sharded_inputs;
} score;

typedef struct candidate {
    ttnn_layout out;
    ttnn_layout in[MAX_OPERANDS]; /* what each operand is to be when the op runs */
    uint8_t from[MAX_OPERANDS];   /* which candidate of the producer was assumed */
    score score;
} candidate;

enum { STAY = BEAM }; /* the last candidate of a beam: the op as it was */

typedef struct beam {
    candidate *v; /* BEAM + 1, best first; NULL: the op is not searched */
    uint32_t n, chosen;
    ir_op group; /* settling: another op of its group, or itself */
    double gain; /* settling, of a group's first op: what the group saves, in ns */
} beam;

typedef struct search {
    pass_context *p;
    legal_env env;
    beam *beams; /* by op handle */
    uint32_t n_ops;
    bool failed;
} search;

/* ---- which ops ------------------------------------------------------------------------------------------- */

static bool from_constants(const ir_module *m, ir_op op) {
    bool any = false;
    for (uint32_t i = 0; i < m->ops[op].n_operands; i++) {
        ir_value v = ir_operand(m, op, i);
        if (ir_kind_of(m->ctx, ir_value_type(m, v)) != IR_TYPE_TENSOR)
            continue;
        any = true;
        if (!legal_is_known(m, v))
            return false;
    }
    return any;
}

static bool is_searched(search *s, ir_op op) {
    const ir_module *m = s->p->m;
    const ir_op_data *d = &m->ops[op];
    if (!legal_is_free(&s->env, op, NULL) || d->n_operands > MAX_OPERANDS || d->n_results != 1)
        return false;
    bool any = false;
    for (uint32_t i = 0; i < d->n_operands; i++) {
        ttnn_layout l;
        ir_type t = ir_value_type(m, ir_operand(m, op, i));
        if (ir_kind_of(m->ctx, t) != IR_TYPE_TENSOR)
            continue;
        if (!ttnn_layout_of(m->ctx, t, &l))
            return false;
        any = true;
    }
    return any && !from_constants(m, op) && !opt_is_pinned(s->p, op);
}

/* ---- scores ---------------------------------------------------------------------------------------------- */

/* Whether a is better than b. */
static bool better(const score *a, const score *b) {
    if (a->l1 != b->l1)
        return a->l1;
    if (a->sharded != b->sharded)
        return a->sharded;
    if (a->dram_bytes != b->dram_bytes)
        return a->dram_bytes < b->dram_bytes;
    if (a->moved != b->moved)
        return !a->moved;
    if (a->cores != b->cores)
        return a->cores > b->cores;
    if (a->l1_bytes != b->l1_bytes)
        return a->l1_bytes < b->l1_bytes;
    if (a->ns != b->ns)
        return a->ns < b->ns;
    return a->sharded_inputs > b->sharded_inputs;
}

static void rate(search *s, ir_op op, candidate *k, bool moved) {
    const ir_module *m = s->p->m;
    ttnn_geometry g;
    k->score = (score){.l1 = k->out.buffer == TTNN_L1,
                       .sharded = ttnn_is_sharded(k->out.memory),
                       .moved = moved,
                       .cores = k->out.grid[0] * k->out.grid[1]};
    k->score.l1_bytes = ttnn_l1_bytes(m->ctx, ir_value_type(m, m->ops[op].results), &k->out);
    for (uint32_t i = 0; i < m->ops[op].n_operands; i++) {
        ir_type t = ir_value_type(m, ir_operand(m, op, i));
        if (ir_kind_of(m->ctx, t) != IR_TYPE_TENSOR)
            continue;
        k->score.sharded_inputs += ttnn_is_sharded(k->in[i].memory);
        if (k->in[i].buffer != TTNN_L1 && ttnn_layout_geometry(m->ctx, t, &k->in[i], &g))
            k->score.dram_bytes += g.total_bytes;
    }
    k->score.ns = cost_of_op_with(&s->env, op, k->in, &k->out).total_ns;
}

static bool same_place(const ttnn_layout *a, const ttnn_layout *b) {
    return a->buffer == b->buffer && a->memory == b->memory && a->grid[0] == b->grid[0] && a->grid[1] == b->grid[1] &&
           a->tiled == b->tiled;
}

/* Enters a candidate into a beam when it is among the best. Readers see only where the result lies: of those that leave it in
 * one place the best is enough. */
static void enter(beam *b, const candidate *k) {
    uint32_t at = b->n, same = 0;
    while (same < b->n && !same_place(&b->v[same].out, &k->out))
        same++;
    while (at && better(&k->score, &b->v[at - 1].score))
        at--;
    if (at == BEAM || (same < b->n && same < at))
        return;
    uint32_t last = same < b->n ? same : b->n < BEAM ? b->n++ : BEAM - 1; /* what goes, or is free */
    memmove(&b->v[at + 1], &b->v[at], (last - at) * sizeof *b->v);
    b->v[at] = *k;
}

/* ---- what may come in ------------------------------------------------------------------------------------ */

typedef struct input {
    ttnn_layout l;
    uint8_t from;
    bool moved;
} input;

static bool known(const input *v, uint32_t n, const ttnn_layout *l) {
    for (uint32_t i = 0; i < n; i++)
        if (same_place(&v[i].l, l))
            return true;
    return false;
}

/* The largest PER_SHARDING layouts of each kind of sharding, at most `most_cores` large. */
static uint32_t large_layouts(search *s, ir_type t, target_dtype dtype, int64_t most_cores, ttnn_layout *out) {
    uint32_t n_all, n = 0, of[TTNN_N_MEMORIES] = {0};
    const ttnn_layout *all = legal_layouts(&s->env, &s->p->scratch, t, dtype, LEGAL_SHARDED_ONLY, &n_all);
    for (uint32_t i = 0; all && i < n_all; i++)
        if (all[i].grid[0] * all[i].grid[1] <= most_cores && of[all[i].memory]++ < PER_SHARDING)
            out[n++] = all[i];
    return n;
}

/* Tiles of a type: more cores than that have nothing to do. */
static int64_t n_tiles(const ir_context *c, ir_type t) {
    ttnn_layout l;
    ttnn_geometry g;
    return ttnn_layout_of(c, t, &l) && l.tiled && ttnn_layout_geometry(c, t, &l, &g) ? g.tiles[0] * g.tiles[1]
                                                                                     : INT64_MAX;
}

static uint32_t inputs_of(search *s, ir_op op, uint32_t i, bool reshard, input *out) {
    const ir_module *m = s->p->m;
    ir_value v = ir_operand(m, op, i);
    ir_type t = ir_value_type(m, v);
    ttnn_layout now;
    uint32_t n = 0;
    ttnn_layout_of(m->ctx, t, &now);
    ir_op def = ir_def_op(m, v);
    const beam *b = def && def < s->n_ops && s->beams[def].v ? &s->beams[def] : NULL;
    for (uint32_t k = 0; b && k < b->n; k++)
        if (legal_operand(&s->env, op, i, &b->v[k].out, NULL) && !known(out, n, &b->v[k].out))
            out[n++] = (input){b->v[k].out, (uint8_t)k, false};
    if (!b)
        out[n++] = (input){now, 0, false};
    bool any_sharded = false;
    for (uint32_t k = 0; k < n; k++)
        any_sharded |= ttnn_is_sharded(out[k].l.memory);
    if (b && !known(out, n, &now)) /* back to where it was always goes */
        out[n++] = (input){now, 0, true};
    if (!reshard || any_sharded || !now.tiled || legal_is_known(m, v))
        return n;
    ttnn_layout large[3 * PER_SHARDING];
    int64_t most = m->ops[op].n_results ? n_tiles(m->ctx, ir_value_type(m, m->ops[op].results)) : INT64_MAX;
    uint32_t k = large_layouts(s, t, now.dtype, most, large);
    for (uint32_t j = 0; j < k && n < MAX_INPUTS; j++)
        if (legal_operand(&s->env, op, i, &large[j], NULL) && !known(out, n, &large[j]))
            out[n++] = (input){large[j], 0, true};
    return n;
}

/* ---- what may come out ----------------------------------------------------------------------------------- */

/* Results to try that do not depend on the operands. */
static uint32_t hints_of(search *s, ir_op op, const legal_plan *plan, ttnn_layout *out) {
    const ir_module *m = s->p->m;
    ir_type t = ir_value_type(m, m->ops[op].results);
    ttnn_layout now, l;
    uint32_t n = 0;
    ttnn_layout_of(m->ctx, t, &now);
    l = now;
    ttnn_layout_set_buffer(&l, TTNN_DRAM);
    ttnn_layout_set_memory(&l, TTNN_INTERLEAVED);
    out[n++] = l;
    if (plan->dram_only || !now.tiled)
        return n;
    ttnn_layout_set_buffer(&l, TTNN_L1);
    ttnn_layout_set_grid(&l, s->env.device.worker_grid[0], s->env.device.worker_grid[1]);
    if (legal_result(&s->env, op, 0, &l, NULL))
        out[n++] = l;
    if (plan->interleaved)
        return n;
    ttnn_layout large[3 * PER_SHARDING];
    uint32_t k = large_layouts(s, t, now.dtype, INT64_MAX, large);
    for (uint32_t i = 0; i < k && n < MAX_HINTS; i++)
        if (legal_result(&s->env, op, 0, &large[i], NULL)) {
            large[i].mesh = now.mesh;
            out[n++] = large[i];
        }
    return n;
}

/* The result lying as operand 0 does. */
static bool follow(search *s, ir_op op, const ttnn_layout *in, ttnn_layout *out) {
    const ir_module *m = s->p->m;
    ttnn_layout_of(m->ctx, ir_value_type(m, m->ops[op].results), out);
    ttnn_layout_set_buffer(out, in->buffer);
    ttnn_layout_set_memory(out, in->memory);
    ttnn_layout_set_grid(out, in->grid[0], in->grid[1]);
    out->core_ranges = 0;
    return legal_result(&s->env, op, 0, out, NULL);
}

/* ---- forward --------------------------------------------------------------------------------------------- */

static void try(search *s, ir_op op, beam *b, candidate *k, const ttnn_layout *out, bool moved) {
    k->out = *out;
    if (!legal_combination(&s->env, op, k->in, &k->out, NULL))
        return;
    rate(s, op, k, moved);
    enter(b, k);
}

static void make_stay(search *s, ir_op op) {
    const ir_module *m = s->p->m;
    candidate *k = &s->beams[op].v[STAY];
    *k = (candidate){0};
    for (uint32_t i = 0; i < m->ops[op].n_operands; i++)
        ttnn_layout_of(m->ctx, ir_value_type(m, ir_operand(m, op, i)), &k->in[i]);
    ttnn_layout_of(m->ctx, ir_value_type(m, m->ops[op].results), &k->out);
    rate(s, op, k, false);
}

static void search_op(search *s, ir_op op) {
    const ir_module *m = s->p->m;
    const ir_op_data *d = &m->ops[op];
    beam *b = &s->beams[op];
    legal_plan plan = legal_plan_of(&s->env, op);
    struct arena_mark mark = arena_mark(&s->p->scratch);
    ttnn_layout hints[MAX_HINTS];
    uint32_t n_hints = hints_of(s, op, &plan, hints), n_in[MAX_OPERANDS], at[MAX_OPERANDS] = {0};
    input(*in)[MAX_INPUTS + BEAM + 1] =
        arena_alloc_zero(&s->p->scratch, d->n_operands, sizeof *in, alignof(max_align_t));
    b->v = mem_alloc_zero(s->p->m->mem, (BEAM + 1) * sizeof *b->v);
    if (!in || !b->v) {
        s->failed = true;
        return;
    }
    for (uint32_t i = 0; i < d->n_operands; i++) {
        bool tensor = ir_kind_of(m->ctx, ir_value_type(m, ir_operand(m, op, i))) == IR_TYPE_TENSOR;
        n_in[i] = tensor ? inputs_of(s, op, i, plan.reshard_inputs, in[i]) : 1;
    }
    for (uint32_t round = 0; round < MAX_COMBINATIONS; round++) {
        candidate k = {0};
        bool moved = false, sharded = false;
        for (uint32_t i = 0; i < d->n_operands; i++) {
            k.in[i] = in[i][at[i]].l;
            k.from[i] = in[i][at[i]].from;
            moved |= in[i][at[i]].moved;
            sharded |= ttnn_is_sharded(k.in[i].memory) && k.in[i].buffer == TTNN_L1;
        }
        ttnn_layout as_first;
        bool follows = sharded && follow(s, op, &k.in[0], &as_first);
        if (follows)
            try(s, op, b, &k, &as_first, moved);
        for (uint32_t h = 0; h < n_hints && !(plan.follow_input && follows); h++)
            try(s, op, b, &k, &hints[h], moved);
        uint32_t i = 0;
        while (i < d->n_operands && ++at[i] == n_in[i])
            at[i++] = 0;
        if (i == d->n_operands)
            break;
    }
    arena_reset(&s->p->scratch, mark);
    if (b->n) {
        make_stay(s, op);
    } else { /* nothing legal: the op stays as it is */
        mem_free(s->p->m->mem, b->v, (BEAM + 1) * sizeof *b->v);
        b->v = NULL;
    }
}

/* ---- backward -------------------------------------------------------------------------------------------- */

/* The candidate that most readers were made for; of equals the better one. */
static void choose(search *s, ir_op op) {
    pass_context *p = s->p;
    uint32_t votes[BEAM] = {0};
    beam *b = &s->beams[op];
    for (ir_each_use(p->e, ir_result(p->m, op, 0), u)) {
        ir_op user = ir_use_op(p->e, u);
        uint32_t i = ir_use_index(p->e, u);
        if (user < s->n_ops && s->beams[user].v && i < MAX_OPERANDS)
            votes[s->beams[user].v[s->beams[user].chosen].from[i] % BEAM]++;
    }
    for (uint32_t k = 1; k < b->n; k++)
        if (votes[k] > votes[b->chosen])
            b->chosen = k;
}

/* ---- settling -------------------------------------------------------------------------------------------- */

static ir_op group_of(search *s, ir_op op) {
    while (s->beams[op].group != op) {
        s->beams[op].group = s->beams[s->beams[op].group].group; /* halves the way for the next one */
        op = s->beams[op].group;
    }
    return op;
}

static const candidate *chosen_of(const search *s, ir_op op) {
    return &s->beams[op].v[s->beams[op].chosen];
}

/* The searched op that defines operand i, 0 when there is none. */
static ir_op searched_def(const search *s, ir_op op, uint32_t i) {
    ir_op def = ir_def_op(s->p->m, ir_operand(s->p->m, op, i));
    return def && def < s->n_ops && s->beams[def].v ? def : 0;
}

/* What it costs to bring the operands of op, and its result for readers that are not searched, where they are to be. */
static void count_moves(search *s, ir_op op) {
    pass_context *p = s->p;
    const candidate *k = chosen_of(s, op);
    for (uint32_t i = 0; i < p->m->ops[op].n_operands; i++) {
        ir_type t = ir_value_type(p->m, ir_operand(p->m, op, i));
        ir_op def = searched_def(s, op, i);
        ttnn_layout now;
        if (!ttnn_layout_of(p->c, t, &now))
            continue;
        if (def)
            now = chosen_of(s, def)->out;
        if (same_place(&now, &k->in[i]))
            continue;
        /* the op that wants it elsewhere pays; when that one stays as it was, the one that put it elsewhere */
        ir_op payer = s->beams[op].chosen != STAY || !def ? op : def;
        s->beams[group_of(s, payer)].gain -= cost_of_reshard(&s->env, t, &now, &k->in[i]).total_ns;
    }
    if (same_place(&k->out, &s->beams[op].v[STAY].out))
        return;
    for (ir_each_use(p->e, ir_result(p->m, op, 0), u)) {
        ir_op user = ir_use_op(p->e, u);
        if (user < s->n_ops && (s->beams[user].v || op_is(p->m, user, OP_ttnn_deallocate)))
            continue;
        ir_type t = ir_value_type(p->m, ir_result(p->m, op, 0));
        s->beams[group_of(s, op)].gain -= cost_of_reshard(&s->env, t, &k->out, &s->beams[op].v[STAY].out).total_ns;
        return; /* brought back once */
    }
}

/* One round; whether a group was left as it was. */
static bool settle(search *s, ir_block body) {
    ir_module *m = s->p->m;
    bool changed = false;
    for (ir_op op = m->blocks[body].first; op; op = m->ops[op].next)
        if (op < s->n_ops && s->beams[op].v) {
            beam *b = &s->beams[op];
            b->group = op;
            b->gain = b->v[STAY].score.ns - chosen_of(s, op)->score.ns;
        }
    for (ir_op op = m->blocks[body].first; op; op = m->ops[op].next)
        for (uint32_t i = 0; op < s->n_ops && s->beams[op].v && i < m->ops[op].n_operands; i++) {
            ir_op def = searched_def(s, op, i);
            if (!def || s->beams[def].chosen == STAY || s->beams[op].chosen == STAY ||
                chosen_of(s, def)->out.buffer != TTNN_L1 ||
                !same_place(&chosen_of(s, def)->out, &chosen_of(s, op)->in[i]))
                continue;
            ir_op a = group_of(s, def), b = group_of(s, op);
            if (a != b) {
                s->beams[b].group = a;
                s->beams[a].gain += s->beams[b].gain;
            }
        }
    for (ir_op op = m->blocks[body].first; op; op = m->ops[op].next)
        if (op < s->n_ops && s->beams[op].v)
            count_moves(s, op);
    for (ir_op op = m->blocks[body].first; op; op = m->ops[op].next)
        if (op < s->n_ops && s->beams[op].v && s->beams[op].chosen != STAY) {
            const beam *group = &s->beams[group_of(s, op)];
            if (group->gain < 0) {
                s->beams[op].chosen = STAY;
                changed = true;
            }
        }
    return changed;
}

/* ---- applying -------------------------------------------------------------------------------------------- */

static bool set_result(search *s, ir_op op) {
    pass_context *p = s->p;
    candidate *k = &s->beams[op].v[s->beams[op].chosen];
    ir_value v = ir_result(p->m, op, 0);
    if (!ttnn_layout_place(p->c, &s->env.device, &k->out, NULL))
        return false;
    ir_type t = ttnn_tensor_type(p->c, ir_value_type(p->m, v), &k->out);
    if (t && t != ir_value_type(p->m, v))
        ir_set_type(p->e, v, t);
    if (t && (op_is(p->m, op, OP_ttnn_matmul) || op_is(p->m, op, OP_ttnn_linear)))
        opt_set_matmul_program(p, &s->env, op, &k->out);
    if (t && op_is(p->m, op, OP_ttnn_conv2d))
        opt_set_shard_layout(p, op, &k->out);
    return t != 0;
}

/* Brings every operand into what its op was made for. */
static bool set_operands(search *s, ir_op op) {
    pass_context *p = s->p;
    const candidate *k = &s->beams[op].v[s->beams[op].chosen];
    for (uint32_t i = 0; i < p->m->ops[op].n_operands; i++) {
        ttnn_layout now, want = k->in[i];
        ir_value v = ir_operand(p->m, op, i);
        if (!ttnn_layout_of(p->c, ir_value_type(p->m, v), &now) || same_place(&now, &want))
            continue;
        ir_value moved = opt_move(p, &s->env, op, v, &want);
        if (!moved)
            return false;
        ir_set_operand(p->e, op, i, moved);
    }
    return true;
}

/* What ops that are not searched read, and what is returned, goes back to where it was: `before` are the types of results by
 * op, as they were. */
static bool restore_others(search *s, const ir_type *before) {
    pass_context *p = s->p;
    for (ir_op op = 1; op < s->n_ops; op++) {
        if (!s->beams[op].v)
            continue;
        ir_value v = ir_result(p->m, op, 0), back = 0;
        ttnn_layout old;
        if (ir_value_type(p->m, v) == before[op] || !ttnn_layout_of(p->c, before[op], &old))
            continue;
        for (uint32_t u = ir_first_use(p->e, v), next; u; u = next) {
            next = ir_next_use(p->e, u);
            ir_op user = ir_use_op(p->e, u);
            uint32_t i = ir_use_index(p->e, u);
            if (user >= s->n_ops || s->beams[user].v || op_is(p->m, user, OP_ttnn_deallocate))
                continue; /* searched, or made here */
            if (!back) {
                ir_edit_after(p->e, op);
                p->e->from = op;
                ir_loc loc = loc_suffix(p, p->m->ops[user].loc, "_mem_reconfig");
                back = tn_unary(p, OP_ttnn_to_memory_config, loc, v, before[op]);
                p->e->from = 0;
                if (!back)
                    return false;
            }
            ir_set_operand(p->e, user, i, back);
        }
    }
    return true;
}

static bool run_func(search *s, ir_op func) {
    pass_context *p = s->p;
    for (ir_op op = ir_walk_next(p->m, func, func); op && !s->failed; op = ir_walk_next(p->m, func, op))
        if (is_searched(s, op))
            search_op(s, op);
    ir_type *before = mem_alloc_zero(p->m->mem, s->n_ops * sizeof *before);
    if (!before)
        s->failed = true;
    for (ir_op op = s->n_ops - 1; op && !s->failed; op--) /* readers come after what they read; handles need not */
        if (s->beams[op].v)
            before[op] = ir_value_type(p->m, ir_result(p->m, op, 0));
    ir_block body = body_of(p->m, func);
    for (ir_op op = body ? p->m->blocks[body].last : 0; op && !s->failed; op = p->m->ops[op].prev)
        if (op < s->n_ops && s->beams[op].v)
            choose(s, op);
    enum { ROUNDS = 16 };
    for (int round = 0; round < ROUNDS && body && !s->failed && settle(s, body); round++) {
    }
    for (ir_op op = body ? p->m->blocks[body].first : 0; op && !s->failed; op = p->m->ops[op].next)
        if (op < s->n_ops && s->beams[op].v && s->beams[op].chosen != STAY)
            s->failed = !set_result(s, op);
    for (ir_op op = body ? p->m->blocks[body].first : 0; op && !s->failed; op = p->m->ops[op].next)
        if (op < s->n_ops && s->beams[op].v)
            s->failed = !set_operands(s, op);
    if (!s->failed)
        s->failed = !restore_others(s, before);
    mem_free(p->m->mem, before, s->n_ops * sizeof *before);
    for (ir_op op = 0; op < s->n_ops; op++)
        if (s->beams[op].v) {
            mem_free(p->m->mem, s->beams[op].v, (BEAM + 1) * sizeof *s->beams[op].v);
            s->beams[op] = (beam){0};
        }
    if (!s->failed)
        update_function_type(p, func);
    return !s->failed;
}

bool pass_layout_propagation(pass_context *p) {
    search s = {.p = p, .n_ops = p->m->n_ops};
    if (!legal_env_init(&s.env, p->m, p->o->tensor_l1_usage_cap))
        return pass_error(p, p->scope, "has no device to choose layouts for");
    uint32_t n = s.n_ops;
    s.beams = mem_alloc_zero(p->m->mem, n * sizeof *s.beams);
    if (!s.beams)
        return pass_out_of_memory(p);
    for (each_func_inside(p->m, p->scope, func))
        if (str_eq(dialect_function_kind(p->m, func), STR("forward_device")) && !run_func(&s, func))
            break;
    mem_free(p->m->mem, s.beams, n * sizeof *s.beams);
    return !s.failed || pass_out_of_memory(p);
}
