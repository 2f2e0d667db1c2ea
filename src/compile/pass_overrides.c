/* pass_overrides.c - apply-overrides: what the user wants ops to have is written into them, each setting judged on its own
 * and together with the others (target/legal.h), and what became of each is written into the set.
 *
 * Settings of an op go in three steps: those that only change attributes; the data type of weights and the place of
 * operands (ops in front of it); the layout of the result. Readers whose kernels take the new layout read it; the others
 * still see what they saw: behind the op, typecast and to_memory_config bring the old layout back. Where such a reader is
 * overridden too, it reads what was meant for it, and what is then read by nobody goes again.
 *
 *   x = matmul(a, w)           x  = matmul(a, w)  : l1 height_sharded
 *   y = relu(x)          ──▶   x' = to_memory_config(x)   : dram     (gone when relu is told to be height_sharded too)
 *                              y  = relu(x')
 */
#include "compile/optimize.h"
#include "compile/override.h"
#include "compile/passes.h"
#include "compile/ttnn_build.h"
#include "target/matmul.h"

enum { MAX_SETTINGS = 64, MAX_OPERANDS = LEGAL_MAX_OPERANDS };

/* Where a setting of an op comes from. */
typedef struct source {
    uint32_t entry, setting;
} source;

typedef struct target_op {
    ir_op op;
    str function;
    uint32_t n;
    legal_setting set[MAX_SETTINGS];
    source from[MAX_SETTINGS];
    bool dropped[MAX_SETTINGS]; /* reported already */
} target_op;

typedef struct applier {
    pass_context *p;
    override_set *s;
    legal_env env;
    str identity, location; /* of the op being worked on, in the set's arena */
    bool failed;
} applier;

/* ---- results --------------------------------------------------------------------------------------------- */

static void result(applier *a, source from, override_state state, str why, const legal_verdict *v) {
    override_result r = {.entry = from.entry,
                         .setting = from.setting,
                         .state = state,
                         .op = a->identity,
                         .location = a->location,
                         .why = arena_str(&a->s->arena, why)};
    for (uint32_t i = 0; v && i < v->n_nearest; i++)
        r.nearest[r.n_nearest++] = arena_str(&a->s->arena, v->nearest[i]);
    if (!r.why.p || !vec_push(&a->s->results, r))
        a->failed = true;
}

static void drop(applier *a, target_op *t, uint32_t i, override_state state, str why, const legal_verdict *v) {
    t->dropped[i] = true;
    result(a, t->from[i], state, why, v);
}

static void name_op(applier *a, const ir_module *m, ir_op op) {
    struct buf text;
    buf_init(&text, m->mem);
    override_identity(m, op, &text);
    a->identity = arena_str(&a->s->arena, buf_str(&text));
    buf_free(&text);
    ir_loc loc = m->ops[op].loc;
    while (loc && ir_kind_of(m->ctx, loc) == IR_LOC_FUSED && ir_count(m->ctx, loc) > 1)
        loc = ir_at(m->ctx, loc, 1); /* as deep as the reader let it be; locations are not recursive */
    a->location = loc && ir_kind_of(m->ctx, loc) == IR_LOC_NAME ? ir_str_of(m->ctx, ir_at(m->ctx, loc, 0)) : STR("");
}

/* ---- gathering ------------------------------------------------------------------------------------------- */

/* Enters a setting; of two for one field the more special entry's counts, the other is reported. */
static void gather(applier *a, target_op *t, uint32_t entry, uint32_t setting) {
    const override_entry *e = &a->s->entries.v[entry];
    const legal_setting *set = &e->settings.v[setting];
    for (uint32_t i = 0; i < t->n; i++) {
        if (t->set[i].group != set->group || !str_eq(t->set[i].key, set->key))
            continue;
        const override_entry *before = &a->s->entries.v[t->from[i].entry];
        if (str_eq(t->set[i].value, set->value)) {
            result(a, (source){entry, setting}, OVERRIDE_APPLIED, STR(""), NULL);
            return;
        }
        bool wins = e->bind >= before->bind;
        source loser = wins ? t->from[i] : (source){entry, setting};
        const override_entry *winner = wins ? e : before;
        str why = arena_printf(&a->p->scratch, "\"%.*s\" sets it to %.*s", STR_ARG(winner->target),
                               STR_ARG(wins ? set->value : t->set[i].value));
        result(a, loser, OVERRIDE_CONFLICT, why.p ? why : STR("another override sets it too"), NULL);
        if (wins) {
            t->set[i] = *set;
            t->from[i] = (source){entry, setting};
        }
        return;
    }
    if (t->n == MAX_SETTINGS) {
        result(a, (source){entry, setting}, OVERRIDE_IMPOSSIBLE, STR("the op has too many overrides"), NULL);
        return;
    }
    t->set[t->n] = *set;
    t->from[t->n] = (source){entry, setting};
    t->dropped[t->n++] = false;
}

/* ---- judging --------------------------------------------------------------------------------------------- */

static bool is_match(const legal_setting *s) {
    return s->group == LEGAL_RESHARD && str_ends_with(s->key, STR(".match"));
}

/* The settings that are left, in a row; *n of them. */
static uint32_t live(const target_op *t, legal_setting *out, uint32_t *index) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->n; i++)
        if (!t->dropped[i]) {
            out[n] = t->set[i];
            index[n++] = i;
        }
    return n;
}

/* Which of several settings that do not go together is to blame: the one that says most in particular. */
static int particular(const legal_setting *s) {
    static const str keys[] = {STR_INIT("buffer_type"), STR_INIT("tensor_memory_layout"), STR_INIT("data_type"),
                               STR_INIT("memory_layout"), STR_INIT("grid_shape")};
    for (int i = 0; i < (int)(sizeof keys / sizeof *keys); i++)
        if (str_ends_with(s->key, keys[i]))
            return i;
    return (int)(sizeof keys / sizeof *keys);
}

/* Whether settings are all legal, `but` (an index, or n) left out. */
static bool all_legal(applier *a, ir_op op, const legal_setting *set, uint32_t n, uint32_t but) {
    legal_setting rest[MAX_SETTINGS];
    uint32_t k = 0;
    for (uint32_t i = 0; i < n; i++)
        if (i != but && set[i].group == set[but].group)
            rest[k++] = set[i];
    for (uint32_t i = 0; i < k; i++)
        if (!legal_check(&a->env, &a->p->scratch, op, rest, k, i).legal)
            return false;
    return true;
}

/* Each setting with all that are left; an illegal one goes, and the others are judged without it. Of several that do not go
 * together, it is one without which the rest does. */
static void judge(applier *a, target_op *t) {
    legal_setting set[MAX_SETTINGS];
    uint32_t index[MAX_SETTINGS];
    for (;;) {
        uint32_t n = live(t, set, index), worst = n;
        bool worst_saves = false;
        legal_verdict verdict = {0};
        for (uint32_t i = 0; i < n && !a->failed; i++) {
            if (is_match(&set[i]) && !legal_has_field(&a->env, t->op, set[i].group, set[i].key))
                continue; /* set_matches says why */
            legal_verdict v = legal_check(&a->env, &a->p->scratch, t->op, set, n, i);
            if (v.legal)
                continue;
            bool saves = all_legal(a, t->op, set, n, i);
            if (worst < n &&
                (worst_saves > saves || (worst_saves == saves && particular(&set[worst]) >= particular(&set[i]))))
                continue;
            worst = i;
            worst_saves = saves;
            verdict = v;
        }
        if (worst == n || a->failed)
            return;
        drop(a, t, index[worst], OVERRIDE_ILLEGAL, verdict.why, &verdict);
    }
}

/* ---- applying -------------------------------------------------------------------------------------------- */

static ir_node keyword(pass_context *p, str s) {
    return dialect_keyword(p->c, s);
}

/* The parameter's node for a setting's value; *clear when the field is to be left open. */
static ir_node param_value(pass_context *p, const legal_setting *s, bool *clear) {
    str v = s->value;
    *clear = v.n == 0 || str_eq(v, STR("None")) || str_eq(v, STR("none"));
    if (str_eq(s->key, STR("activation"))) {
        ir_node params[2] = {keyword(p, v), 0};
        return *clear || !params[0] ? 0 : dialect_make_attr(p->c, ATTR_ttnn_unary_with_param, params);
    }
    if (*clear)
        return 0;
    if (v.n == 4 && (v.p[0] | 0x20) == 't')
        return p->c->a_true;
    if (v.n == 5 && (v.p[0] | 0x20) == 'f')
        return p->c->a_false;
    if (v.p[0] == '[' || (v.p[0] >= '0' && v.p[0] <= '9')) {
        int64_t number = 0;
        for (size_t i = 0; i < v.n; i++)
            if (v.p[i] >= '0' && v.p[i] <= '9')
                number = number * 10 + (v.p[i] - '0'); /* legal_check has read it: it fits */
        return dialect_int(p->c, number);
    }
    return keyword(p, v);
}

static void set_config(applier *a, target_op *t, uint32_t i, str attr, uint32_t def) {
    pass_context *p = a->p;
    bool clear;
    ir_node value = param_value(p, &t->set[i], &clear);
    ir_attr config = tn_param_set(p, ir_op_attr(p->m, t->op, attr), def, t->set[i].key, value);
    if ((!value && !clear) || !config) {
        a->failed = true;
        return;
    }
    ir_set_prop(p->e, t->op, attr, config);
    result(a, t->from[i], OVERRIDE_APPLIED, STR(""), NULL);
}

/* v brought into this layout in front of / behind `op`: data type first, then the place (ttnn-pipeline.md, section 11). */
static ir_value bring(pass_context *p, ir_op op, ir_value v, const ttnn_layout *to, ir_type like, const char *suffix) {
    ttnn_layout now;
    ir_loc loc = loc_suffix(p, p->m->ops[op].loc, "%s", suffix);
    if (!ttnn_layout_of(p->c, ir_value_type(p->m, v), &now))
        return 0;
    if (now.dtype != to->dtype) {
        ttnn_layout_set_dtype(&now, to->dtype);
        ir_type t = ttnn_tensor_type(p->c, like ? like : ir_value_type(p->m, v), &now);
        v = t ? tn_unary(p, OP_ttnn_typecast, loc, v, t) : 0;
    }
    if (v && !ttnn_layout_equal(&now, to)) {
        ir_type t = ttnn_tensor_type(p->c, like ? like : ir_value_type(p->m, v), to);
        v = t ? tn_unary(p, now.tiled == to->tiled ? OP_ttnn_to_memory_config : OP_ttnn_to_tensor_spec, loc, v, t) : 0;
    }
    return v;
}

static void set_weight(applier *a, target_op *t, uint32_t i) {
    pass_context *p = a->p;
    ttnn_layout l;
    ir_value w = ir_operand(p->m, t->op, 1);
    if (!ttnn_layout_of(p->c, ir_value_type(p->m, w), &l)) {
        drop(a, t, i, OVERRIDE_IMPOSSIBLE, STR("the weights have no layout"), NULL);
        return;
    }
    ttnn_layout_set_dtype(&l, target_dtype_by_name(t->set[i].value));
    ir_edit_at(p->e, t->op);
    ir_value v = l.dtype == DTYPE_NONE ? w : bring(p, t->op, w, &l, 0, "_weight_dtype");
    if (!v) {
        a->failed = true;
        return;
    }
    if (v != w)
        ir_set_operand(p->e, t->op, 1, v);
    result(a, t->from[i], OVERRIDE_APPLIED, STR(""), NULL);
}

/* The operand of a reshard setting's key. */
static uint32_t operand_of(str key) {
    uint32_t n = 0;
    for (size_t i = 0; i < key.n && key.p[i] >= '0' && key.p[i] <= '9' && n < MAX_OPERANDS; i++)
        n = n * 10 + (uint32_t)(key.p[i] - '0');
    return n;
}

static bool place(applier *a, ttnn_layout *l) {
    if (ttnn_is_sharded(l->memory) && !l->core_ranges && !ttnn_layout_place(a->p->c, &a->env.device, l, NULL)) {
        a->failed = true;
        return false;
    }
    return true;
}

/* Layouts of all operands and the first result as they stand. */
static bool layouts_now(pass_context *p, ir_op op, ttnn_layout *in, ttnn_layout *out) {
    const ir_op_data *d = &p->m->ops[op];
    if (d->n_operands > MAX_OPERANDS)
        return false;
    memset(in, 0, MAX_OPERANDS * sizeof *in);
    for (uint32_t i = 0; i < d->n_operands; i++)
        ttnn_layout_of(p->c, ir_value_type(p->m, ir_operand(p->m, op, i)), &in[i]);
    return d->n_results && ttnn_layout_of(p->c, ir_value_type(p->m, d->results), out);
}

/* Moves operand k of t->op into l. */
static bool move_operand(applier *a, target_op *t, uint32_t k, ttnn_layout l) {
    pass_context *p = a->p;
    if (!place(a, &l))
        return false;
    ir_edit_at(p->e, t->op);
    ir_value v = bring(p, t->op, ir_operand(p->m, t->op, k), &l, 0, "_mem_reconfig");
    if (!v) {
        a->failed = true;
        return false;
    }
    if (v != ir_operand(p->m, t->op, k))
        ir_set_operand(p->e, t->op, k, v);
    return true;
}

/* What an operand was before apply-overrides brought an old layout back behind an overridden op. */
static ir_value before_restore(pass_context *p, ir_value v) {
    for (int i = 0; i < 2; i++) {
        ir_op def = ir_def_op(p->m, v);
        if (!def || (!op_is(p->m, def, OP_ttnn_to_memory_config) && !op_is(p->m, def, OP_ttnn_typecast)))
            return v;
        ir_loc loc = p->m->ops[def].loc;
        if (ir_kind_of(p->c, loc) != IR_LOC_NAME ||
            !str_ends_with(ir_str_of(p->c, ir_at(p->c, loc, 0)), STR("_override_restore")))
            return v;
        v = ir_operand(p->m, def, 0);
    }
    return v;
}

/* Whether a reader's kernel takes operand i in its new layout, all else as it is. */
static bool takes_directly(applier *a, ir_op user, uint32_t i, const ttnn_layout *old, const ttnn_layout *l) {
    ttnn_layout in[MAX_OPERANDS], out = {0};
    if (old->dtype != l->dtype || old->tiled != l->tiled || !legal_plan_known(a->p->m, user) || i >= MAX_OPERANDS ||
        !layouts_now(a->p, user, in, &out))
        return false;
    in[i] = *l;
    return legal_operand(&a->env, user, i, l, NULL) && legal_combination(&a->env, user, in, &out, NULL);
}

/* The operands as they lie, or as overridden producers of theirs left them where the kernel takes that. False when there is
 * none of the latter. */
static bool as_meant(applier *a, ir_op op, legal_arrangement *meant) {
    pass_context *p = a->p;
    bool any = false;
    if (!layouts_now(p, op, meant->in, &meant->out))
        return false;
    for (uint32_t i = 0; i < p->m->ops[op].n_operands; i++) {
        ir_value now = ir_operand(p->m, op, i), v = before_restore(p, now);
        ttnn_layout l;
        if (v == now || !ttnn_layout_of(p->c, ir_value_type(p->m, v), &l) || !legal_operand(&a->env, op, i, &l, NULL))
            continue;
        meant->in[i] = l;
        any = true;
    }
    return any;
}

static bool is_layout(const legal_setting *s) {
    return s->group == LEGAL_OUTPUT || (s->group == LEGAL_RESHARD && !is_match(s));
}

/* Whether a setting speaks of operand k's layout. */
static bool is_about(const legal_setting *set, uint32_t n, uint32_t k) {
    for (uint32_t i = 0; i < n; i++)
        if (set[i].group == LEGAL_RESHARD && !is_match(&set[i]) && operand_of(set[i].key) == k)
            return true;
    return false;
}

/* Finds the layouts of an op's tensors: from what overridden producers left where nobody's wish moves that again, else
 * from what the op reads now. *meant tells which. */
static bool arrange(applier *a, target_op *t, const legal_setting *set, uint32_t n, legal_arrangement *out,
                    bool meant[MAX_OPERANDS], struct buf *why) {
    pass_context *p = a->p;
    legal_arrangement start;
    uint32_t n_operands = p->m->ops[t->op].n_operands;
    memset(meant, 0, MAX_OPERANDS * sizeof *meant);
    if (as_meant(a, t->op, &start) && legal_arrange(&a->env, &p->scratch, t->op, set, n, &start, out, NULL)) {
        bool stays = true;
        for (uint32_t i = 0; i < n_operands; i++) {
            meant[i] = ttnn_layout_equal(&out->in[i], &start.in[i]);
            stays &= meant[i] || is_about(set, n, i);
        }
        if (stays)
            return true;
        memset(meant, 0, MAX_OPERANDS * sizeof *meant);
    }
    return legal_arrange(&a->env, &p->scratch, t->op, set, n, NULL, out, why);
}

/* Gives the result of an op another layout. Readers that do not take it as it is see what they saw. */
static void change_result(applier *a, ir_op op, ttnn_layout l) {
    pass_context *p = a->p;
    ttnn_layout old;
    ir_value v = ir_result(p->m, op, 0);
    ir_type before = ir_value_type(p->m, v);
    if (!ttnn_layout_of(p->c, before, &old) || ttnn_layout_equal(&old, &l) || !place(a, &l))
        return;
    ir_type after = ttnn_tensor_type(p->c, before, &l);
    if (!after) {
        a->failed = true;
        return;
    }
    ir_set_type(p->e, v, after);
    bool restore = false;
    for (ir_each_use(p->e, v, u))
        restore |= !takes_directly(a, ir_use_op(p->e, u), ir_use_index(p->e, u), &old, &l);
    if (!restore)
        return;
    ir_edit_after(p->e, op);
    ir_value back = bring(p, op, v, &old, before, "_override_restore");
    if (!back) {
        a->failed = true;
        return;
    }
    ir_op first = ir_def_op(p->m, back); /* of the ops that bring it back */
    while (first && ir_operand(p->m, first, 0) != v)
        first = ir_def_op(p->m, ir_operand(p->m, first, 0));
    for (uint32_t u = ir_first_use(p->e, v), next; u; u = next) {
        next = ir_next_use(p->e, u);
        ir_op user = ir_use_op(p->e, u);
        if (user != first && !takes_directly(a, user, ir_use_index(p->e, u), &old, &l))
            ir_set_operand(p->e, user, ir_use_index(p->e, u), back);
    }
}

/* Where result and operands are asked to lie, and what follows them. */
static void set_layouts(applier *a, target_op *t) {
    pass_context *p = a->p;
    legal_setting set[MAX_SETTINGS];
    uint32_t index[MAX_SETTINGS];
    uint32_t n = live(t, set, index), n_operands = p->m->ops[t->op].n_operands;
    legal_arrangement at, old;
    bool asked = false, meant[MAX_OPERANDS];
    for (uint32_t i = 0; i < n; i++)
        asked |= is_layout(&set[i]);
    if (!asked || !layouts_now(p, t->op, old.in, &old.out))
        return;
    struct buf why;
    buf_init(&why, p->m->mem);
    bool found = arrange(a, t, set, n, &at, meant, &why);
    for (uint32_t i = 0; i < n && !a->failed; i++) {
        if (!is_layout(&set[i]))
            continue;
        if (found)
            result(a, t->from[index[i]], OVERRIDE_APPLIED, STR(""), NULL);
        else
            drop(a, t, index[i], OVERRIDE_ILLEGAL, buf_str(&why), NULL);
    }
    buf_free(&why);
    for (uint32_t i = 0; found && i < n_operands && !a->failed; i++) {
        if (meant[i] && before_restore(p, ir_operand(p->m, t->op, i)) != ir_operand(p->m, t->op, i))
            ir_set_operand(p->e, t->op, i, before_restore(p, ir_operand(p->m, t->op, i)));
        else if (!meant[i] && !ttnn_layout_equal(&at.in[i], &old.in[i]))
            move_operand(a, t, i, at.in[i]);
    }
    if (found && !a->failed)
        change_result(a, t->op, at.out);
}

/* Operands that are brought to lie as the result does (insert-memreconfig). */
static void set_matches(applier *a, target_op *t) {
    legal_setting set[MAX_SETTINGS];
    uint32_t index[MAX_SETTINGS];
    uint32_t n = live(t, set, index), n_operands = a->p->m->ops[t->op].n_operands;
    for (uint32_t i = 0; i < n && !a->failed; i++) {
        uint32_t k = operand_of(set[i].key);
        ttnn_layout l;
        if (!is_match(&set[i]))
            continue;
        if (str_eq(set[i].value, STR("none")) || str_eq(set[i].value, STR("None"))) {
            result(a, t->from[index[i]], OVERRIDE_APPLIED, STR(""), NULL);
            continue;
        }
        if (k >= n_operands || !ttnn_layout_of(a->p->c, ir_value_type(a->p->m, a->p->m->ops[t->op].results), &l)) {
            drop(a, t, index[i], OVERRIDE_IMPOSSIBLE, STR("the op has no such operand or no result with a layout"),
                 NULL);
            continue;
        }
        ttnn_layout now;
        if (!ttnn_layout_of(a->p->c, ir_value_type(a->p->m, ir_operand(a->p->m, t->op, k)), &now)) {
            drop(a, t, index[i], OVERRIDE_IMPOSSIBLE, STR("the operand has no layout"), NULL);
            continue;
        }
        l.dtype = now.dtype;
        l.tiled = now.tiled;
        l.element = now.element;
        l.core_ranges = 0;
        struct buf why;
        buf_init(&why, a->p->m->mem);
        if (l.buffer == TTNN_L1 && legal_is_known(a->p->m, ir_operand(a->p->m, t->op, k)))
            drop(a, t, index[i], OVERRIDE_ILLEGAL, STR("the operand is known before the model runs: it waits in DRAM"),
                 NULL);
        else if (!legal_operand(&a->env, t->op, k, &l, &why))
            drop(a, t, index[i], OVERRIDE_ILLEGAL, buf_str(&why), NULL);
        else if (move_operand(a, t, k, l))
            result(a, t->from[index[i]], OVERRIDE_APPLIED, STR(""), NULL);
        buf_free(&why);
    }
}

static void set_program(applier *a, target_op *t, uint32_t i, matmul_numbers *numbers) {
    const legal_setting *s = &t->set[i];
    bool clear;
    int64_t v = 0;
    ir_node node = param_value(a->p, s, &clear);
    if (node)
        ir_int_value(a->p->c, node, &v);
    if (str_eq(s->key, STR("in0_block_w")))
        numbers->in0_block_w = v;
    else if (str_eq(s->key, STR("out_subblock_h")))
        numbers->out_subblock_h = v;
    else if (str_eq(s->key, STR("out_subblock_w")))
        numbers->out_subblock_w = v;
    result(a, t->from[i], OVERRIDE_APPLIED, STR(""), NULL);
}

static void apply(applier *a, target_op *t) {
    pass_context *p = a->p;
    matmul_numbers numbers = {0};
    name_op(a, p->m, t->op);
    judge(a, t);
    p->e->from = t->op;
    for (uint32_t i = 0; i < t->n && !a->failed; i++) {
        if (t->dropped[i])
            continue;
        switch (t->set[i].group) {
        case LEGAL_CONV2D: set_config(a, t, i, STR("conv2d_config"), ATTR_ttnn_conv2d_config); break;
        case LEGAL_CONV3D: set_config(a, t, i, STR("conv3d_config"), ATTR_ttnn_conv3d_config); break;
        case LEGAL_COMPUTE: set_config(a, t, i, STR("compute_config"), ATTR_ttnn_device_compute_kernel_config); break;
        case LEGAL_WEIGHT: set_weight(a, t, i); break;
        case LEGAL_MATMUL: set_program(a, t, i, &numbers); break;
        default: break;
        }
    }
    if (!a->failed)
        set_layouts(a, t);
    if (!a->failed)
        set_matches(a, t);
    ttnn_layout out;
    if (!a->failed && (op_is(p->m, t->op, OP_ttnn_conv2d) || op_is(p->m, t->op, OP_ttnn_conv_transpose2d)) &&
        ttnn_layout_of(p->c, ir_value_type(p->m, ir_result(p->m, t->op, 0)), &out) && ttnn_is_sharded(out.memory)) {
        opt_set_shard_layout(p, t->op, &out);
    }
    if (!a->failed && (op_is(p->m, t->op, OP_ttnn_matmul) || op_is(p->m, t->op, OP_ttnn_linear)) &&
        ttnn_layout_of(p->c, ir_value_type(p->m, ir_result(p->m, t->op, 0)), &out) && ttnn_is_sharded(out.memory)) {
        ir_attr config = matmul_program_config(p->c, &a->env, t->op, &out, &numbers, 0);
        if (config)
            ir_set_prop(p->e, t->op, STR("matmul_program_config"), config);
    }
    p->e->from = 0;
}

/* Everything that brought an old layout back and is read by nobody. */
static void clean(pass_context *p) {
    ir_op next;
    for (ir_op op = ir_walk_next(p->m, p->scope, p->scope); op; op = next) {
        next = ir_walk_next(p->m, p->scope, op);
        ir_loc loc = p->m->ops[op].loc;
        if ((op_is(p->m, op, OP_ttnn_to_memory_config) || op_is(p->m, op, OP_ttnn_typecast)) &&
            ir_kind_of(p->c, loc) == IR_LOC_NAME &&
            str_ends_with(ir_str_of(p->c, ir_at(p->c, loc, 0)), STR("_override_restore")) &&
            !ir_op_has_uses(p->e, op)) {
            ir_op def = ir_def_op(p->m, ir_operand(p->m, op, 0));
            ir_erase(p->e, op);
            if (def && op_is(p->m, def, OP_ttnn_typecast) && !ir_op_has_uses(p->e, def))
                ir_erase(p->e, def);
        }
    }
}

/* What the ops are that a setting means. */
typedef struct reach {
    uint32_t having, lacking; /* ops that have such a field, and that have not */
    ir_op first;              /* of those that have not */
} reach;

/* A setting that reached nothing: the entry means no op, or no op that has such a field. Where some op has it, the others that
 * a name or a query means as well are not meant by it: several ops share a location. */
static void tell_unreached(applier *a, source from, const reach *r) {
    const override_entry *e = &a->s->entries.v[from.entry];
    struct buf why;
    if (r->having)
        return;
    buf_init(&why, a->p->m->mem);
    legal_verdict v = {0};
    a->identity = a->location = STR("");
    if (r->lacking) {
        bool known = legal_find_field(e->settings.v[from.setting].group, e->settings.v[from.setting].key);
        if (known)
            name_op(a, a->p->m, r->first);
        v = legal_check(&a->env, &a->p->scratch, r->first, e->settings.v, (uint32_t)e->settings.n, from.setting);
        buf_put_str(&why, v.why);
        if (known && r->lacking > 1)
            buf_printf(&why, ", nor has any other of the %u ops that are meant", r->lacking);
    } else {
        override_why_unmatched(e, a->p->m, a->p->scope, &why);
    }
    result(a, from, r->lacking ? OVERRIDE_ILLEGAL : OVERRIDE_UNMATCHED, buf_str(&why), &v);
    a->failed |= why.failed;
    buf_free(&why);
}

/* The ops meant by some entry, in program order. False when out of memory. */
static bool find_targets(applier *a, target_op **out, uint32_t *n_out, uint32_t *cap_out) {
    pass_context *p = a->p;
    uint32_t *seen = ARENA_ARRAY(&p->scratch, uint32_t, p->c->n_names + 1);
    uint32_t n_entries = (uint32_t)a->s->entries.n, n_settings = 0;
    reach **reached = ARENA_ARRAY(&p->scratch, reach *, n_entries + 1);
    for (uint32_t i = 0; i < n_entries; i++)
        n_settings += (uint32_t)a->s->entries.v[i].settings.n;
    reach *all = ARENA_ARRAY(&p->scratch, reach, n_settings + 1);
    if (!seen || !reached || !all)
        return false;
    for (uint32_t i = 0; i < n_entries; i++) {
        reached[i] = all;
        all += a->s->entries.v[i].settings.n;
    }
    VEC(target_op) list;
    vec_init(&list, p->m->mem);
    ir_op func = 0;
    str function = STR("");
    for (ir_op op = ir_walk_next(p->m, p->scope, p->scope); op; op = ir_walk_next(p->m, p->scope, op)) {
        if (op_is(p->m, op, OP_func_func)) {
            func = op;
            function = symbol_name(p->m, op);
            memset(seen, 0, (p->c->n_names + 1) * sizeof *seen);
        }
        uint32_t ordinal = seen[p->m->ops[op].name]++;
        target_op *t = NULL;
        for (uint32_t i = 0; func && i < n_entries; i++) {
            const override_entry *e = &a->s->entries.v[i];
            if (!override_matches(e, p->m, op, function, ordinal))
                continue;
            if (!t) {
                if (!vec_push(&list, (target_op){.op = op, .function = function}))
                    break;
                t = &vec_last(&list);
                name_op(a, p->m, op);
            }
            for (uint32_t k = 0; k < e->settings.n; k++) {
                const legal_setting *set = &e->settings.v[k];
                reach *r = &reached[i][k];
                if (is_match(set) || legal_has_field(&a->env, op, set->group, set->key)) {
                    r->having++;
                    gather(a, t, i, k);
                } else if (!r->lacking++) {
                    r->first = op;
                }
            }
        }
    }
    for (uint32_t i = 0; i < n_entries; i++)
        for (uint32_t k = 0; k < a->s->entries.v[i].settings.n; k++)
            tell_unreached(a, (source){i, k}, &reached[i][k]);
    *out = list.v;
    *n_out = (uint32_t)list.n;
    *cap_out = (uint32_t)list.cap;
    return !list.failed;
}

bool pass_overrides(pass_context *p) {
    applier a = {.p = p, .s = p->o->overrides};
    target_op *targets = NULL;
    uint32_t n = 0, cap = 0;
    override_clear_results(a.s);
    if (!legal_env_init(&a.env, p->m, p->o->tensor_l1_usage_cap))
        return pass_error(p, p->scope, "has no device to judge overrides by");
    bool ok = find_targets(&a, &targets, &n, &cap);
    for (uint32_t i = 0; ok && i < n && !a.failed; i++)
        apply(&a, &targets[i]);
    mem_free(p->m->mem, targets, cap * sizeof *targets);
    if (ok && !a.failed)
        clean(p);
    for (size_t i = 0; i < a.s->results.n; i++) {
        const override_result *r = &a.s->results.v[i];
        const override_entry *e = &a.s->entries.v[r->entry];
        if (r->state == OVERRIDE_APPLIED)
            continue;
        bool named = e->bind == OVERRIDE_BY_IDENTITY || !r->op.n;
        diag_add(p->d, DIAG_WARNING, NULL, 0, 0, "override %s%.*s%s%.*s: %.*s = %.*s is not applied (%s): %.*s",
                 e->bind == OVERRIDE_BY_QUERY ? "?" : "", STR_ARG(e->target), named ? "" : " of ",
                 STR_ARG(named ? STR("") : r->op), STR_ARG(e->settings.v[r->setting].key),
                 STR_ARG(e->settings.v[r->setting].value), override_state_names[r->state], STR_ARG(r->why));
        if (r->n_nearest)
            diag_add(p->d, DIAG_NOTE, NULL, 0, 0, "legal here: %.*s%s%.*s%s%.*s", STR_ARG(r->nearest[0]),
                     r->n_nearest > 1 ? ", " : "", STR_ARG(r->nearest[1]), r->n_nearest > 2 ? ", " : "",
                     STR_ARG(r->nearest[2]));
    }
    return (ok && !a.failed) || pass_out_of_memory(p);
}
