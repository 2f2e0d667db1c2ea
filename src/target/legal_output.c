/* legal_output.c - settings that are parts of a layout: of the result, or of an operand that is brought into another layout
 * first.
 *
 * The parts given make a wish; what is left open is chosen: the present layout if it satisfies the wish, else the layout with
 * most cores that goes together with the op's other tensors as they lie, else one that they can be brought to go together
 * with (legal_arrange.c; overrides.md, section 4 "Partial"). A value is legal when there is such a layout.
 */
#include "base/num.h"
#include "dialect/dialect.h"
#include "ids.h"
#include "target/legal_setting.h"

typedef struct wish {
    bool has_dtype, has_page, has_buffer, has_memory, has_grid;
    target_dtype dtype;
    bool tiled;
    ttnn_buffer buffer;
    ttnn_memory memory;
    int64_t grid[2];
} wish;

static ir_type type_asked(const legal_question *q, int operand) {
    const ir_module *m = q->e->m;
    if (operand >= 0)
        return (uint32_t)operand < m->ops[q->op].n_operands ? ir_value_type(m, ir_operand(m, q->op, (uint32_t)operand))
                                                            : 0;
    return m->ops[q->op].n_results ? ir_value_type(m, m->ops[q->op].results) : 0;
}

static bool layout_now(const legal_question *q, int operand, ttnn_layout *out) {
    ir_type t = type_asked(q, operand);
    return t && ttnn_layout_of(q->e->m->ctx, t, out);
}

bool legal_output_applies(const legal_question *q, int operand) {
    ttnn_layout now;
    if (operand < 0)
        return legal_is_free(q->e, q->op, NULL);
    /* Moving ops and host tensors have nothing to bring anywhere. */
    return layout_now(q, operand, &now) && now.buffer != TTNN_SYSTEM && legal_is_free(q->e, q->op, NULL);
}

/* Adds one part to a wish; false with a reason when the text is no value of it. */
static bool wish_part(wish *w, setting_kind kind, str value, struct buf *why) {
    switch (kind) {
    case SETTING_DTYPE:
        w->has_dtype = true;
        w->dtype = target_dtype_by_name(value);
        if (w->dtype != DTYPE_NONE)
            return true;
        break;
    case SETTING_PAGE:
        w->has_page = true;
        w->tiled = str_eq(value, STR("tile"));
        if (w->tiled || str_eq(value, STR("row_major")))
            return true;
        break;
    case SETTING_BUFFER:
        w->has_buffer = true;
        w->buffer = ttnn_buffer_by_name(value);
        if (w->buffer != TTNN_N_BUFFERS)
            return true;
        break;
    case SETTING_MEMORY:
        w->has_memory = true;
        w->memory = ttnn_memory_by_name(value);
        if (w->memory != TTNN_N_MEMORIES)
            return true;
        break;
    case SETTING_GRID:
        w->has_grid = true;
        if (legal_read_grid(value, w->grid))
            return true;
        if (why)
            buf_printf(why, "\"%.*s\" is no grid: two numbers with an x between them are", STR_ARG(value));
        return false;
    default: break;
    }
    if (why)
        buf_printf(why, "there is no value \"%.*s\"", STR_ARG(value));
    return false;
}

/* The wish of all settings of the question for the result or an operand; parts that are no values are left out (they are
 * judged on their own). */
static wish wish_of(const legal_question *q, int operand) {
    wish w = {0};
    for (uint32_t i = 0; i < q->n_set; i++) {
        int of;
        const setting_def *d = legal_setting_def(q->set[i].group, q->set[i].key, &of);
        wish with = w;
        if (d && d->group == (operand < 0 ? LEGAL_OUTPUT : LEGAL_RESHARD) && of == operand &&
            wish_part(&with, (setting_kind)d->kind, q->set[i].value, NULL))
            w = with;
    }
    return w;
}

static bool satisfies(const wish *w, const ttnn_layout *l) {
    return (!w->has_dtype || w->dtype == l->dtype) && (!w->has_page || w->tiled == l->tiled) &&
           (!w->has_buffer || w->buffer == l->buffer) && (!w->has_memory || w->memory == l->memory) &&
           (!w->has_grid || (w->grid[0] == l->grid[0] && w->grid[1] == l->grid[1]));
}

/* Which data types a result may be turned into. The value of an integer is not the value of a float. */
static bool dtype_fits(target_dtype now, target_dtype to, struct buf *why) {
    if (now == to)
        return true;
    const target_dtype_info *a = &target_dtypes[now], *b = &target_dtypes[to];
    if (a->is_float && b->is_float &&
        (to == DTYPE_F32 || to == DTYPE_BF16 || to == DTYPE_BFP_BF8 || to == DTYPE_BFP_BF4))
        return true;
    if (!why)
        return false;
    if (to == DTYPE_F16)
        buf_puts(why, "TTNN has bf16 where a graph says f16");
    else if (a->is_float && b->is_block)
        buf_printf(why, "no TTNN kernel writes %.*s: the block formats in use are bfp_bf8 and bfp_bf4",
                   STR_ARG(b->name));
    else
        buf_printf(why, "%.*s values do not become %.*s by an override: that would change them", STR_ARG(a->name),
                   STR_ARG(b->name));
    return false;
}

/* Whether a sharded result and what its kernel works in fit into L1, wherever the operands are moved to. */
static bool fits_alone(legal_question *q, const ttnn_layout *l, struct buf *why) {
    const ir_module *m = q->e->m;
    const ir_op_data *d = &m->ops[q->op];
    ttnn_layout in[LEGAL_MAX_OPERANDS] = {0};
    if (l->buffer != TTNN_L1 || !ttnn_is_sharded(l->memory) || d->n_operands > LEGAL_MAX_OPERANDS)
        return true;
    for (uint32_t i = 0; i < d->n_operands; i++)
        if (ttnn_layout_of(m->ctx, ir_value_type(m, ir_operand(m, q->op, i)), &in[i]))
            ttnn_layout_set_buffer(&in[i], TTNN_SYSTEM);
    uint64_t need = legal_l1_need(q->e, q->op, in, l);
    if (need <= q->e->l1_budget)
        return true;
    if (why)
        buf_printf(why, "result and buffers need about %llu bytes of each core's L1, %llu are usable",
                   (unsigned long long)need, (unsigned long long)q->e->l1_budget);
    return false;
}

static bool allowed(legal_question *q, int operand, const ttnn_layout *l, struct buf *why) {
    ttnn_layout now;
    if (layout_now(q, operand, &now) && !dtype_fits(now.dtype, l->dtype, why))
        return false;
    if (operand < 0)
        return legal_result(q->e, q->op, 0, l, why) && fits_alone(q, l, why);
    if (l->buffer == TTNN_L1 && now.buffer != TTNN_L1 &&
        legal_is_known(q->e->m, ir_operand(q->e->m, q->op, (uint32_t)operand))) {
        if (why)
            buf_puts(why, "the operand is known before the model runs: it waits in DRAM");
        return false;
    }
    if (now.tiled != l->tiled) {
        if (why)
            buf_puts(why, now.tiled ? "the kernel reads tiles" : "the kernel reads rows");
        return false;
    }
    if (ttnn_is_sharded(l->memory) && l->buffer == TTNN_DRAM) {
        if (why)
            buf_puts(why, "tensors are not sharded over DRAM banks: only prepared weights are");
        return false;
    }
    return legal_operand(q->e, q->op, (uint32_t)operand, l, why);
}

bool legal_output_wished(const legal_question *q, int operand) {
    wish w = wish_of(q, operand);
    return w.has_dtype || w.has_page || w.has_buffer || w.has_memory || w.has_grid;
}

bool legal_output_takes(legal_question *q, int operand, const ttnn_layout *l) {
    wish w = wish_of(q, operand);
    return satisfies(&w, l) && allowed(q, operand, l, NULL);
}

/* The layouts there are of the kind that is wished for, in the order in which they are tried. */
static const ttnn_layout *candidates(legal_question *q, int operand, const wish *w, const ttnn_layout *now,
                                     uint32_t *n) {
    bool tiled = w->has_page ? w->tiled : now->tiled;
    return legal_layouts(q->e, q->a, type_asked(q, operand), w->has_dtype ? w->dtype : now->dtype,
                         tiled ? 0 : LEGAL_ROW_MAJOR, n);
}

static bool candidate(legal_question *q, int operand, const wish *w, const ttnn_layout *now, const ttnn_layout *l) {
    return l->tiled == (w->has_page ? w->tiled : now->tiled) && satisfies(w, l) && allowed(q, operand, l, NULL);
}

/* The present layout with the wished data type. */
static bool present(legal_question *q, int operand, const wish *w, ttnn_layout *out) {
    if (!layout_now(q, operand, out))
        return false;
    if (w->has_dtype)
        ttnn_layout_set_dtype(out, w->dtype);
    return satisfies(w, out) && allowed(q, operand, out, NULL);
}

bool legal_output_any(legal_question *q, int operand, ttnn_layout *out) {
    wish w = wish_of(q, operand);
    ttnn_layout now;
    uint32_t n = 0;
    if (present(q, operand, &w, out))
        return true;
    if (!layout_now(q, operand, &now))
        return false;
    const ttnn_layout *all = candidates(q, operand, &w, &now, &n);
    for (uint32_t i = 0; all && i < n; i++) {
        if (!candidate(q, operand, &w, &now, &all[i]))
            continue;
        *out = all[i];
        out->mesh = now.mesh;
        return true;
    }
    return false;
}

static bool resolve(legal_question *q, int operand, const wish *w, ttnn_layout *out) {
    ttnn_layout now;
    legal_arrangement at;
    uint32_t n, moved;
    if (!layout_now(q, operand, &now))
        return false;
    if (present(q, operand, w, out) && legal_arrange_around(q, operand, out, NULL, &at, &moved, NULL))
        return true;
    const ttnn_layout *all = candidates(q, operand, w, &now, &n);
    const ttnn_layout *found = NULL, *interleaved = NULL, *together = NULL;
    for (uint32_t i = 0; all && i < n && !found; i++) {
        if (!candidate(q, operand, w, &now, &all[i]) ||
            !legal_arrange_around(q, operand, &all[i], NULL, &at, &moved, NULL))
            continue;
        if (!ttnn_is_sharded(all[i].memory)) {
            /* DRAM when it satisfies: an override that does not ask for L1 does not fill it */
            if (!interleaved)
                interleaved = &all[i];
            if (!w->has_buffer && !w->has_memory && !w->has_grid)
                found = interleaved;
        } else if (!moved) {
            found = &all[i];
        } else if (!together) {
            together = &all[i];
        }
    }
    /* Nothing sharded goes with the other tensors as they lie: the interleaved one, else what they are moved for. */
    if (!found)
        found = interleaved ? interleaved : together;
    if (!found)
        return false;
    *out = *found;
    out->mesh = now.mesh;
    return true;
}

bool legal_output_resolve(legal_question *q, int operand, ttnn_layout *out) {
    wish w = wish_of(q, operand);
    return resolve(q, operand, &w, out);
}

/* The layout that takes a wish most literally, for saying what is wrong with it. */
static ttnn_layout literal(legal_question *q, int operand, const wish *w) {
    ttnn_layout l = {0};
    layout_now(q, operand, &l);
    if (w->has_dtype)
        ttnn_layout_set_dtype(&l, w->dtype);
    if (w->has_page)
        ttnn_layout_set_tiled(&l, w->tiled);
    if (w->has_buffer)
        ttnn_layout_set_buffer(&l, w->buffer);
    else if (w->has_memory && ttnn_is_sharded(w->memory))
        ttnn_layout_set_buffer(&l, TTNN_L1);
    if (w->has_memory)
        ttnn_layout_set_memory(&l, w->memory);
    if (l.buffer == TTNN_L1 && !ttnn_is_sharded(l.memory))
        ttnn_layout_set_grid(&l, q->e->device.worker_grid[0], q->e->device.worker_grid[1]);
    if (w->has_grid) {
        l.grid[0] = w->grid[0];
        l.grid[1] = w->grid[1];
        l.core_ranges = 0;
    }
    return l;
}

/* "result": the operand in the place and shards of the result, as that is wished for. */
static bool match_value(legal_question *q, int operand, str value, struct buf *why) {
    ttnn_layout out, now;
    if (str_eq(value, STR("none")))
        return true;
    if (!str_eq(value, STR("result"))) {
        if (why)
            buf_printf(why, "there is no value \"%.*s\"", STR_ARG(value));
        return false;
    }
    if (!layout_now(q, operand, &now) || !layout_now(q, -1, &out) || !legal_output_resolve(q, -1, &out)) {
        if (why)
            buf_puts(why, q->failed ? "out of memory" : "the result has no layout that would be legal");
        return false;
    }
    out = legal_output_alike(&now, &out);
    return allowed(q, operand, &out, why);
}

bool legal_output_value(legal_question *q, const setting_def *d, int operand, str value, struct buf *why) {
    wish w = wish_of(q, operand), others = w;
    ttnn_layout l;
    if (d->kind == SETTING_WORD)
        return match_value(q, operand, value, why);
    if (!wish_part(&w, (setting_kind)d->kind, value, why))
        return false;
    if (resolve(q, operand, &w, &l))
        return true;
    if (!why)
        return false;
    size_t before = why->n;
    l = literal(q, operand, &w);
    if (d->kind == SETTING_GRID && !ttnn_is_sharded(l.memory)) {
        const int64_t *worker = q->e->device.worker_grid;
        if ((double)l.grid[0] * (double)l.grid[1] > (double)worker[0] * (double)worker[1])
            buf_printf(why, "these are more cores than the device has: its worker grid is %lldx%lld",
                       (long long)worker[0], (long long)worker[1]);
        else if (l.buffer == TTNN_DRAM)
            buf_puts(why, "a tensor interleaved in DRAM is in one piece: its grid is 1x1");
        else
            buf_puts(why, "an interleaved tensor in L1 takes the whole worker grid");
        return false;
    }
    if (!allowed(q, operand, &l, why) && why->n > before)
        return false;
    legal_arrangement at;
    uint32_t moved;
    if (!legal_arrange_around(q, operand, &l, NULL, &at, &moved, why) && why->n > before)
        return false;
    /* The value would do alone: it is the others that it does not go with. */
    ttnn_layout without;
    buf_printf(why, "no legal layout has %.*s = %.*s%s", STR_ARG(d->key), STR_ARG(value),
               resolve(q, operand, &others, &without) && q->n_set ? " together with the other settings" : "");
    return false;
}

str legal_output_now(legal_question *q, const setting_def *d, int operand) {
    ttnn_layout l;
    if (!layout_now(q, operand, &l))
        return STR("");
    switch ((setting_kind)d->kind) {
    case SETTING_DTYPE: return target_dtypes[l.dtype].name;
    case SETTING_PAGE: return l.tiled ? STR("tile") : STR("row_major");
    case SETTING_BUFFER: return ttnn_buffer_names[l.buffer];
    case SETTING_MEMORY: return ttnn_memory_names[l.memory];
    case SETTING_GRID: return arena_printf(q->a, "%lldx%lld", (long long)l.grid[0], (long long)l.grid[1]);
    case SETTING_WORD: return STR("none");
    default: return STR("");
    }
}

uint32_t legal_output_grids(legal_question *q, int operand, str *out, uint32_t cap) {
    wish w = wish_of(q, operand);
    ttnn_layout now;
    legal_arrangement at;
    uint32_t n, moved, kept = 0;
    if (!layout_now(q, operand, &now))
        return 0;
    const ttnn_layout *all = candidates(q, operand, &w, &now, &n);
    w.has_grid = false;
    for (uint32_t i = 0; all && i < n && kept < cap; i++) {
        if (!candidate(q, operand, &w, &now, &all[i]) ||
            !legal_arrange_around(q, operand, &all[i], NULL, &at, &moved, NULL))
            continue;
        bool seen = false;
        str text = arena_printf(q->a, "%lldx%lld", (long long)all[i].grid[0], (long long)all[i].grid[1]);
        for (uint32_t k = 0; k < kept && !seen; k++)
            seen = str_eq(out[k], text);
        if (text.p && !seen)
            out[kept++] = text;
    }
    return kept;
}
