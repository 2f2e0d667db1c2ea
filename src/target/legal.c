/* legal.c - layouts: what the device has room for, what an op's kernel takes and makes, and which layouts the compiler
 * considers. The rules of the ops are in legal_rules.c.
 */
#include "target/legal.h"

#include <stdalign.h>

#include "dialect/params.h"
#include "ids.h"
#include "target/legal_rules.h"

enum { MAX_OPERANDS = 64, MAX_LAYOUTS = 4096 };

bool legal_env_init(legal_env *e, const ir_module *m, double l1_cap) {
    *e = (legal_env){.m = m};
    if (!target_device_of_module(m, &e->device))
        return false;
    int64_t used = 0;
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op)) {
        if (!str_eq(ir_op_name_str(m, op), STR("builtin.module")))
            continue;
        ir_attr usage = ir_op_attr(m, op, STR("ttnn.l1_const_eval_usage"));
        if (usage && ir_int_value(m->ctx, usage, &used))
            break;
    }
    e->l1_budget = target_l1_budget(&e->device, l1_cap, used > 0 ? (uint64_t)used : 0);
    return true;
}

/* ---- the device ------------------------------------------------------------------------------------------ */

static bool no(struct buf *why, const char *text) {
    if (why)
        buf_puts(why, text);
    return false;
}

static bool page_fits(const ttnn_layout *l, struct buf *why) {
    if (!l->tiled && target_dtypes[l->dtype].is_block) {
        if (why)
            buf_printf(why, "%.*s exists in tiles only: its 16 values share an exponent",
                       STR_ARG(target_dtypes[l->dtype].name));
        return false;
    }
    return true;
}

bool legal_fits(const legal_env *e, ir_type tensor, const ttnn_layout *l, struct buf *why) {
    ttnn_geometry g;
    if (l->dtype >= DTYPE_NONE)
        return no(why, "the data type is none of the device");
    if (!page_fits(l, why))
        return false;
    if (l->buffer == TTNN_SYSTEM)
        return l->memory == TTNN_NO_MEMORY || no(why, "host memory has no memory layout");
    if (l->memory == TTNN_NO_MEMORY)
        return no(why, "a tensor on the device needs a memory layout");
    if (!ttnn_is_sharded(l->memory) && l->buffer == TTNN_DRAM && l->grid[0] * l->grid[1] != 1)
        return no(why, "a tensor interleaved in DRAM is in one piece: its grid is 1x1");
    if (!ttnn_layout_geometry(e->m->ctx, tensor, l, &g))
        return no(why, "the tensor's shape is not known");
    if (ttnn_is_sharded(l->memory) && !l->core_ranges && !l->ignore_physical) {
        str reason = STR("");
        int64_t ranges[2][4];
        uint32_t n;
        if (!ttnn_layout_cores(&e->device, l, ranges, &n, &reason)) {
            if (why)
                buf_put_str(why, reason);
            return false;
        }
    }
    if (l->buffer == TTNN_L1 && !ttnn_is_sharded(l->memory) && l->grid[0] * l->grid[1] > target_n_cores(&e->device))
        return no(why, "the grid has more cores than the device");
    if (l->buffer == TTNN_L1 && g.shard_bytes > e->l1_budget) {
        if (why)
            buf_printf(why, "it needs %llu bytes of each core's L1, %llu are usable", (unsigned long long)g.shard_bytes,
                       (unsigned long long)e->l1_budget);
        return false;
    }
    return true;
}

/* ---- ops ------------------------------------------------------------------------------------------------- */

bool legal_is_free(const legal_env *e, ir_op op, struct buf *why) {
    const ir_module *m = e->m;
    const legal_rule *r = legal_rule_of(m, op);
    ttnn_layout l;
    if (!r)
        return no(why, "only results of TTNN ops have a layout to choose");
    if (!m->ops[op].n_results || !ttnn_layout_of(m->ctx, ir_value_type(m, m->ops[op].results), &l))
        return no(why, "the op has no tensor result with a layout");
    if (r->flags & RULE_MOVES)
        return no(why, "the layout of this op's result is what the op is for");
    if (r->flags & RULE_PINNED)
        return no(why, "this op places its tensors by a rule of its own");
    if (l.buffer == TTNN_SYSTEM)
        return no(why, "the result is in host memory");
    return true;
}

static bool in_place(const char *text, struct buf *why, const ttnn_layout *l) {
    if (why) {
        buf_puts(why, text);
        if (l->buffer == TTNN_SYSTEM)
            buf_puts(why, " (it is in host memory)");
    }
    return false;
}

static bool l1_sharded(const ttnn_layout *l) {
    return l->buffer == TTNN_L1 && ttnn_is_sharded(l->memory);
}

static const char NO_MATMUL_PROGRAM[] =
    "a matmul with batched weights has no program for a sharded result (tt-metal 42572)";

/* Tiles (rows and columns) that there are to spread. */
static bool grid_is_smallest(const ttnn_geometry *g, const ttnn_layout *l, struct buf *why) {
    for (int i = 0; i < 2; i++) {
        int64_t whole = l->tiled ? g->tiles[i] : g->physical[i];
        int64_t least = g->memref[i] ? (whole + g->memref[i] - 1) / g->memref[i] : 1;
        if (least >= l->grid[i])
            continue;
        if (why)
            buf_printf(why, "%lld %s over %lld %s leaves %lld empty: %lld %s", (long long)whole,
                       l->tiled ? (i ? "tile columns" : "tile rows") : (i ? "columns" : "rows"), (long long)l->grid[i],
                       i ? "columns of cores" : "rows of cores", (long long)(l->grid[i] - least), (long long)least,
                       "are enough for the same shards");
        return false;
    }
    return true;
}

bool legal_result(const legal_env *e, ir_op op, uint32_t result, const ttnn_layout *l, struct buf *why) {
    const ir_module *m = e->m;
    const legal_rule *r = legal_rule_of(m, op);
    if (!r || result >= m->ops[op].n_results)
        return no(why, "only results of TTNN ops have a layout to choose");
    if (l->buffer == TTNN_L1_SMALL)
        return no(why, "l1_small is a region the runtime keeps for the halos of convolutions");
    if (l->buffer == TTNN_TRACE)
        return no(why, "the trace region holds recorded commands, not tensors");
    if (l->memory == TTNN_ND_SHARDED)
        return no(why, "nd sharding has a layout attribute of its own that the compiler does not make");
    ir_type type = ir_value_type(m, m->ops[op].results + result);
    ttnn_layout now;
    ttnn_geometry g;
    bool known = ttnn_layout_of(m->ctx, type, &now);
    uint8_t place = legal_place(l);
    if (place == PLACE_HOST && !(r->out & PLACE_HOST && known && now.buffer == TTNN_SYSTEM))
        return no(why, "a kernel on the device cannot leave its result in host memory");
    if (place == PLACE_DRAM_SHARDED && !(r->out & PLACE_DRAM_SHARDED))
        return no(why, "results are not sharded over DRAM banks: only prepared weights are");
    if (!(r->out & place))
        return in_place(r->why_out, why, l);
    if (l->buffer == TTNN_L1 && legal_runs_once(m, op))
        return no(why,
                  "the op depends on constants only: it runs once, before the model, and its result waits in DRAM");
    if (!legal_fits(e, type, l, why))
        return false;
    if (known && now.tiled != l->tiled && !(r->flags & RULE_PAGE_FREE))
        return no(why, now.tiled ? "the op's kernel writes tiles" : "the op's kernel writes rows");
    if (ttnn_is_sharded(l->memory) && ttnn_layout_geometry(m->ctx, type, l, &g) && !grid_is_smallest(&g, l, why))
        return false;
    legal_matmul k;
    if (r->flags & RULE_MATMUL && l1_sharded(l) && !legal_matmul_of(e, op, l, &k))
        return no(why, NO_MATMUL_PROGRAM);
    return true;
}

bool legal_operand(const legal_env *e, ir_op op, uint32_t operand, const ttnn_layout *l, struct buf *why) {
    const legal_rule *r = legal_rule_of(e->m, op);
    if (!r)
        return no(why, "only TTNN ops have rules for their operands");
    if (l->buffer == TTNN_SYSTEM && (legal_takes(r, operand) & PLACE_HOST) == 0)
        return no(why, "a kernel on the device cannot read host memory");
    if (!(legal_takes(r, operand) & legal_place(l)))
        return in_place(r->why_in, why, l);
    return legal_fits(e, ir_value_type(e->m, ir_operand(e->m, op, operand)), l, why);
}

/* ---- combinations ---------------------------------------------------------------------------------------- */

static bool same_sharding(const ttnn_layout *a, const ttnn_layout *b) {
    return a->memory == b->memory && a->grid[0] == b->grid[0] && a->grid[1] == b->grid[1];
}

/* Whether operand i is a tensor with a layout. That is not read: searches ask for every combination. */
static bool is_tensor(const ir_module *m, ir_op op, uint32_t i) {
    ir_attr layout = ir_encoding(m->ctx, ir_value_type(m, ir_operand(m, op, i)));
    return layout && dialect_is_attr(m->ctx, layout, ATTR_ttnn_ttnn_layout);
}

/* How the tensor operands of an op and its result go together. */
static bool goes_together(const legal_env *e, ir_op op, const legal_rule *r, const ttnn_layout *in,
                          const ttnn_layout *out, struct buf *why) {
    const ir_module *m = e->m;
    uint32_t n = m->ops[op].n_operands, n_tensors = 0;
    const ttnn_layout *sharded = NULL;
    for (uint32_t i = 0; i < n; i++) {
        if (!is_tensor(m, op, i))
            continue;
        n_tensors++;
        if (!l1_sharded(&in[i]))
            continue;
        if (sharded && (r->flags & RULE_ELEMENTWISE) && !same_sharding(sharded, &in[i]))
            return no(why, "sharded operands of an elementwise op must be sharded alike");
        if (!sharded)
            sharded = &in[i];
    }
    if (!n_tensors)
        return true;
    bool out_sharded = l1_sharded(out), first_sharded = l1_sharded(&in[0]);
    if (r->flags & RULE_ELEMENTWISE) {
        if (n_tensors == 1 && (out_sharded || first_sharded) && !same_sharding(&in[0], out))
            return no(why, "the result of an op with one operand is sharded exactly as the operand is");
        if (out_sharded && sharded && !same_sharding(sharded, out))
            return no(why, "the result must be sharded as the sharded operand is");
    }
    if (r->flags & RULE_FOLLOW && (out->buffer != in[0].buffer || !same_sharding(&in[0], out)) &&
        in[0].buffer != TTNN_SYSTEM && (out_sharded || first_sharded))
        return no(why, "the result lies as the first operand does");
    if (r->flags & RULE_SAME_SHARDING && out_sharded && first_sharded && in[0].memory != out->memory)
        return no(why, "operand and result of a convolution must be sharded in the same way");
    if (r->flags & RULE_SAME_GRID && first_sharded && !(out_sharded && same_sharding(&in[0], out)))
        return no(why, "a sharded operand needs a result sharded over the same grid");
    if (r->flags & RULE_NORM && (first_sharded || out_sharded) &&
        !(first_sharded && out_sharded && same_sharding(&in[0], out)))
        return no(why, "the sharded norm kernel wants operand and result sharded alike");
    if (r->flags & RULE_MATMUL && first_sharded && out_sharded && in[0].memory != out->memory)
        return no(why, "a sharded matmul keeps the kind of sharding of its left operand");
    if (r->flags & RULE_MATMUL && out_sharded) {
        legal_matmul k;
        if (!legal_matmul_of(e, op, out, &k))
            return no(why, NO_MATMUL_PROGRAM);
        ttnn_geometry g;
        if (first_sharded && ttnn_layout_geometry(m->ctx, ir_value_type(m, ir_operand(m, op, 0)), &in[0], &g) &&
            (g.memref[0] != k.per_core_m || g.memref[1] % k.in0_block_w))
            return no(why, "the left operand's shards do not cut into the blocks of the matmul's program");
    }
    if (r->flags & RULE_CONCAT) {
        for (uint32_t i = 1; i < n; i++) {
            if (in[i].memory != in[0].memory)
                return no(why, "operands of a concat must all have the same memory layout");
            if (first_sharded && !same_sharding(&in[i], &in[0]))
                return no(why, "sharded operands of a concat must have the same grid");
        }
        if (first_sharded != out_sharded || (first_sharded && !same_sharding(&in[0], out)))
            return no(why, first_sharded ? "sharded operands of a concat need a result on the same grid"
                                         : "a concat cannot write a sharded result from interleaved operands "
                                           "(tt-metal 41469)");
        ir_type t = ir_value_type(m, m->ops[op].results);
        int rank = ir_rank(m->ctx, t);
        if (out_sharded && rank >= 2 &&
            (ir_dim(m->ctx, t, rank - 1) % TARGET_TILE || ir_dim(m->ctx, t, rank - 2) % TARGET_TILE))
            return no(why, "a sharded concat hangs when its last dimensions are no whole tiles (tt-metal 41504)");
    }
    return true;
}

bool legal_combination(const legal_env *e, ir_op op, const ttnn_layout *in, const ttnn_layout *out, struct buf *why) {
    const legal_rule *r = legal_rule_of(e->m, op);
    if (!r)
        return no(why, "only TTNN ops have rules for their layouts");
    if (r->flags & RULE_PINNED)
        return true;
    if (!(r->flags & RULE_MOVES) && !goes_together(e, op, r, in, out, why))
        return false;
    uint64_t need = legal_l1_need(e, op, in, out);
    if (need > e->l1_budget) {
        if (why)
            buf_printf(why, "operands, result and buffers need about %llu bytes of each core's L1, %llu are usable",
                       (unsigned long long)need, (unsigned long long)e->l1_budget);
        return false;
    }
    return true;
}

static bool check_op(const legal_env *e, ir_op op, const legal_rule *r, struct buf *why) {
    const ir_module *m = e->m;
    const ir_op_data *d = &m->ops[op];
    ttnn_layout in[MAX_OPERANDS] = {0}, out = {0};
    if (d->n_operands > MAX_OPERANDS)
        return true; /* concats of hundreds of tensors: each was checked where it was made */
    for (uint32_t i = 0; i < d->n_operands; i++)
        if (ttnn_layout_of(m->ctx, ir_value_type(m, ir_operand(m, op, i)), &in[i]) &&
            !legal_operand(e, op, i, &in[i], why)) {
            if (why)
                buf_printf(why, " (operand %u)", i);
            return false;
        }
    bool has_result = false;
    for (uint32_t i = 0; i < d->n_results; i++) {
        ttnn_layout l;
        ir_type t = ir_value_type(m, d->results + i);
        if (!ttnn_layout_of(m->ctx, t, &l))
            continue;
        if (!(r->out & legal_place(&l)))
            return in_place(r->why_out, why, &l);
        if (!legal_fits(e, t, &l, why))
            return false;
        if (i == 0) {
            out = l;
            has_result = true;
        }
    }
    return !has_result || legal_combination(e, op, in, &out, why);
}

uint32_t legal_check_module(const legal_env *e, struct diags *d) {
    const ir_module *m = e->m;
    uint32_t illegal = 0;
    struct buf why;
    buf_init(&why, m->mem);
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op)) {
        const legal_rule *r = legal_rule_of(m, op);
        if (!r)
            continue;
        buf_clear(&why);
        if (check_op(e, op, r, &why))
            continue;
        illegal++;
        if (d)
            diag_add(d, DIAG_ERROR, NULL, 0, 0, "'%.*s': %.*s", STR_ARG(ir_op_name_str(m, op)), STR_ARG(buf_str(&why)));
    }
    buf_free(&why);
    return illegal;
}

/* ---- enumeration ----------------------------------------------------------------------------------------- */

struct listing {
    const legal_env *e;
    ir_type tensor;
    ttnn_layout *v;
    uint32_t n;
};

/* Adds a sharded layout unless a smaller grid gives the same shards or there are fewer tiles than cores. */
static void add_sharded(struct listing *s, target_dtype dtype, bool tiled, ttnn_memory memory, int64_t rows,
                        int64_t cols) {
    ttnn_layout l = {.buffer = TTNN_L1, .memory = memory, .dtype = dtype, .tiled = tiled, .grid = {rows, cols}};
    ttnn_geometry g;
    if (s->n < MAX_LAYOUTS && ttnn_layout_geometry(s->e->m->ctx, s->tensor, &l, &g) && g.memref[0] && g.memref[1] &&
        grid_is_smallest(&g, &l, NULL))
        s->v[s->n++] = l;
}

/* By falling number of cores; the order of making stays among equals (insertion sort: the lists are short and nearly in
 * order of rising size, so it goes from the end). */
static void sort_by_cores(ttnn_layout *v, uint32_t n) {
    for (uint32_t i = 1; i < n; i++) {
        ttnn_layout l = v[i];
        uint32_t at = i;
        for (; at && v[at - 1].grid[0] * v[at - 1].grid[1] < l.grid[0] * l.grid[1]; at--)
            v[at] = v[at - 1];
        v[at] = l;
    }
}

static void list_page(struct listing *s, target_dtype dtype, bool tiled, bool sharded_only) {
    const target_device *d = &s->e->device;
    ttnn_layout l = ttnn_layout_default(dtype);
    l.tiled = tiled;
    if (!sharded_only) {
        s->v[s->n++] = l;
        if (tiled) {
            l.buffer = TTNN_L1;
            l.grid[0] = d->worker_grid[0];
            l.grid[1] = d->worker_grid[1];
            s->v[s->n++] = l;
        }
    }
    for (int64_t h = 1; h <= d->worker_grid[0]; h++)
        for (int64_t w = 1; w <= d->worker_grid[1]; w++)
            add_sharded(s, dtype, tiled, TTNN_BLOCK_SHARDED, h, w);
    for (int64_t i = 1; i <= target_n_cores(d); i++)
        add_sharded(s, dtype, tiled, TTNN_HEIGHT_SHARDED, i, 1);
    for (int64_t i = 1; i <= target_n_cores(d); i++)
        add_sharded(s, dtype, tiled, TTNN_WIDTH_SHARDED, 1, i);
}

const ttnn_layout *legal_layouts(const legal_env *e, struct arena *a, ir_type tensor, target_dtype dtype,
                                 uint32_t flags, uint32_t *n) {
    *n = 0;
    ttnn_layout probe = ttnn_layout_default(dtype);
    ttnn_geometry g;
    if (dtype >= DTYPE_NONE || !ttnn_layout_geometry(e->m->ctx, tensor, &probe, &g))
        return NULL;
    int64_t most = 2 * (3 * target_n_cores(&e->device) + 2);
    if (most > MAX_LAYOUTS)
        most = MAX_LAYOUTS;
    struct listing s = {e, tensor, ARENA_ARRAY(a, ttnn_layout, (size_t)most), 0};
    if (!s.v)
        return NULL;
    bool only = (flags & LEGAL_SHARDED_ONLY) != 0;
    if ((flags & LEGAL_ROW_MAJOR) && !target_dtypes[dtype].is_block)
        list_page(&s, dtype, false, only);
    list_page(&s, dtype, true, only);
    /* interleaved ones first, then sharded ones by size */
    uint32_t first = 0;
    for (uint32_t i = 0; i < s.n; i++) {
        if (ttnn_is_sharded(s.v[i].memory))
            continue;
        ttnn_layout l = s.v[i];
        for (uint32_t k = i; k > first; k--)
            s.v[k] = s.v[k - 1];
        s.v[first++] = l;
    }
    sort_by_cores(s.v + first, s.n - first);
    *n = s.n;
    return s.v;
}

const ttnn_layout *legal_op_layouts(const legal_env *e, struct arena *a, ir_op op, target_dtype dtype, bool tiled,
                                    uint32_t *n) {
    const ir_module *m = e->m;
    *n = 0;
    if (!legal_is_free(e, op, NULL))
        return NULL;
    ir_type t = ir_value_type(m, m->ops[op].results);
    uint32_t n_all, kept = 0;
    const ttnn_layout *all = legal_layouts(e, a, t, dtype, tiled ? 0 : LEGAL_ROW_MAJOR, &n_all);
    ttnn_layout *out = all ? ARENA_ARRAY(a, ttnn_layout, n_all) : NULL;
    for (uint32_t i = 0; out && i < n_all; i++)
        if (all[i].tiled == tiled && legal_result(e, op, 0, &all[i], NULL))
            out[kept++] = all[i];
    *n = kept;
    return out;
}

void legal_layout_text(const ttnn_layout *l, struct buf *out) {
    buf_put_str(out, ttnn_buffer_names[l->buffer]);
    if (l->memory != TTNN_NO_MEMORY)
        buf_printf(out, ":%.*s", STR_ARG(ttnn_memory_names[l->memory]));
    buf_printf(out, ":%lldx%lld:%s:%.*s", (long long)l->grid[0], (long long)l->grid[1], l->tiled ? "tile" : "row_major",
               STR_ARG(target_dtypes[l->dtype].name));
}
