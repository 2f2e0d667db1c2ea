/* From a function to slots and steps.
 *
 *   exec_plan_new: entry function ─▶ plan_block (ops become steps; calls, composites and const-eval functions are inlined,
 *   while/if/case become jumps) ─▶ elementwise_fuse ─▶ liveness ─▶ places in memory
 *
 * A function that is inlined twice gives two sets of slots: the map from values to slots holds the latest.
 */
#include <string.h>

#include "dialect/gspmd.h"
#include "dialect/params.h"
#include "exec/kernels.h"
#include "exec/plan.h"

/* Deeper nests of calls and regions are refused: planning recurses. */
enum { PLAN_MAX_DEPTH = 64 };
/* Ops that calls may come to beyond those of the module: a call graph of a few lines can mean more than fit anywhere. */
enum { PLAN_MAX_INLINED = 1 << 20 };

/* --- slots and steps ---------------------------------------------------------------------------------------------- */

exec_slot plan_slot(struct planner *p, const struct exec_type *t, enum slot_kind kind, ir_value v) {
    struct slot s = {.type = *t, .kind = kind, .value = v};
    if (!tensor_size(t->dtype, t->dims, t->rank, &s.bytes)) {
        p->failed = true;
        return 0;
    }
    if (!vec_push(&p->x->slots, s)) {
        plan_no_memory(p);
        return 0;
    }
    exec_slot n = (exec_slot)(p->x->slots.n - 1);
    p->x->slots.v[n].root = n;
    return n;
}

exec_slot plan_temp(struct planner *p, const struct exec_type *t, bool per_device) {
    exec_slot n = plan_slot(p, t, SLOT_PLANNED, 0);
    if (n)
        p->x->slots.v[n].per_device = per_device && p->x->devices > 1;
    return n;
}

bool plan_set(struct planner *p, ir_value v, exec_slot s) {
    uint32_t *at = map_u64_put(&p->x->kept, v, s, NULL);
    if (!at)
        return plan_no_memory(p);
    *at = s;
    return true;
}

exec_slot plan_get(const struct planner *p, ir_value v) {
    const uint32_t *at = map_u64_get(&p->x->kept, v);
    return at ? *at : 0;
}

exec_slot plan_result_slot(struct planner *p, ir_op op, ir_value v, bool *ok) {
    struct exec_type t;
    ir_type type = ir_value_type(p->m, v);
    *ok = true;
    ir_kind kind = ir_kind_of(p->c, type);
    if (kind != IR_TYPE_TENSOR && kind != IR_TYPE_MEMREF && kind != IR_TYPE_UNRANKED_TENSOR &&
        kind != IR_TYPE_INTEGER && kind != IR_TYPE_FLOAT && kind != IR_TYPE_INDEX)
        return 0;
    if (!type_of(p, type, &t) && !plan_open_shape(p, op, v - ir_op_at(p->m, op)->results, type, &t)) {
        struct buf text;
        buf_init(&text, p->x->mem);
        text_print_node(p->c, type, &text);
        plan_error(p, op, "has a value of type %.*s, which cannot be computed with", STR_ARG(buf_str(&text)));
        buf_free(&text);
        *ok = false;
        return 0;
    }
    int dim;
    int64_t most;
    if (!type_in_bounds(p, type, &t, &dim, &most)) {
        if (dim >= 0)
            plan_error(p, op, "gives a tensor of %lld in dimension %d, where its type allows %lld",
                       (long long)t.dims[dim], dim, (long long)most);
        *ok = false;
        return 0;
    }
    if (p->lift && t.rank == 0) { /* in the body of a map */
        t.rank = p->lift->rank;
        memcpy(t.dims, p->lift->dims, sizeof t.dims);
    }
    exec_slot s = plan_slot(p, &t, SLOT_PLANNED, v);
    *ok = s != 0;
    return s;
}

struct exec_step *plan_step(struct planner *p, ir_op op, const struct exec_row *row, uint32_t n_in, uint32_t n_out) {
    struct exec_step s = {.op = op, .row = row, .n_in = n_in, .n_out = n_out};
    s.in = ARENA_ARRAY(p->a, exec_slot, n_in + n_out + 1);
    if (!s.in || !vec_push(&p->x->steps, s)) {
        plan_no_memory(p);
        return NULL;
    }
    struct exec_step *made = &vec_last(&p->x->steps);
    made->out = made->in + n_in;
    if (row)
        made->run = row->kernel->run;
    return made;
}

struct exec_step *plan_step_with(struct planner *p, ir_op op, const struct exec_row *row, void *params, uint32_t n_in,
                                 uint32_t n_out) {
    struct exec_step *s = plan_step(p, op, row, n_in, n_out);
    if (s) {
        s->params = params;
        s->per_device = p->x->devices > 1;
    }
    return s;
}

/* One tensor copied into another of the same count. */
bool plan_copy(struct planner *p, ir_op op, exec_slot from, exec_slot to) {
    static const struct exec_row copy = {"copy", &kernel_copy, 0, ""};
    struct exec_step *s = plan_step(p, op, &copy, 1, 1);
    if (!s)
        return false;
    s->in[0] = from;
    s->out[0] = to;
    s->per_device = p->x->slots.v[to].per_device;
    return true;
}

bool plan_operand_groups(const struct planner *p, ir_op op, const op_def *d, uint32_t *sizes) {
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    int64_t given[256];
    if (d->flags & OP_OPERAND_SEGMENTS) {
        int k = exec_op_ints(p, op, "operandSegmentSizes", given, 256);
        if (k != d->n_operands)
            return false;
        int64_t sum = 0;
        for (int i = 0; i < k; i++) {
            if (given[i] < 0)
                return false;
            sizes[i] = (uint32_t)given[i];
            sum += given[i];
        }
        return sum == n;
    }
    /* At most one group is not of one operand. */
    uint32_t fixed = 0, loose = 0;
    for (uint32_t i = 0; i < d->n_operands; i++)
        (op_operand(d, i)->arity == ARITY_ONE ? &fixed : &loose)[0]++;
    if (n < fixed)
        return false;
    for (uint32_t i = 0; i < d->n_operands; i++)
        sizes[i] = op_operand(d, i)->arity == ARITY_ONE ? 1 : loose ? (n - fixed) / loose : 0;
    return true;
}

/* Whether the last operand of an op is memory for its result, as older versions of tt-mlir wrote TTIR: it is no operand that may be absent. */
static bool has_output_operand(const struct planner *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    if (!d->n_operands || d->n_results != 1 || !str_starts_with(ir_op_name_str(p->m, op), STR("ttir.")))
        return false;
    ir_value last = ir_operand(p->m, op, d->n_operands - 1);
    return !ir_is_block_arg(p->m, last) && ir_value_type(p->m, last) == ir_value_type(p->m, d->results) &&
           str_eq(ir_op_name_str(p->m, ir_value_at(p->m, last)->owner), STR("ttir.empty"));
}

/* The operands of an op as slots: one for each declared operand, 0 for those that are absent; all of them one after the
 * other when some group is variadic. */
static struct exec_step *step_of(struct planner *p, ir_op op, const struct exec_row *row) {
    const op_def *d = dialect_def_of(p->m, op);
    const ir_op_data *data = ir_op_at(p->m, op);
    uint32_t sizes[256], n_in = data->n_operands;
    bool by_group = d != NULL && plan_operand_groups(p, op, d, sizes);
    for (uint32_t i = 0; by_group && i < d->n_operands; i++)
        by_group = sizes[i] <= 1 && op_operand(d, i)->arity <= ARITY_OPTIONAL;
    if (by_group) {
        n_in = d->n_operands;
        for (uint32_t i = n_in; i-- > 0 && has_output_operand(p, op);)
            if (sizes[i]) {
                sizes[i] = op_operand(d, i)->arity == ARITY_OPTIONAL ? 0 : sizes[i];
                break;
            }
    }
    struct exec_step *s = plan_step(p, op, row, n_in, data->n_results);
    if (!s)
        return NULL;
    for (uint32_t i = 0, k = 0; i < n_in; i++)
        if (!by_group || sizes[i])
            s->in[i] = plan_get(p, ir_operand(p->m, op, k++));
    return s;
}

/* Whether an operand or a result of a step is complex. */
static bool takes_complex(const exec_plan *x, const struct exec_step *s) {
    bool some = false;
    for (uint32_t i = 0; i < s->n_in + s->n_out; i++)
        some |= tensor_dtype_is_complex(slot_type(x, i < s->n_in ? s->in[i] : s->out[i - s->n_in])->dtype);
    return some;
}

bool plan_made(struct planner *p, ir_op op, size_t at, uint32_t first) {
    exec_plan *x = p->x;
    struct exec_step *s = &x->steps.v[at];
    const struct kernel *kernel = s->row->kernel;
    ir_value results = ir_op_at(p->m, op)->results + first;
    bool steady = !(kernel->flags & KERNEL_IN_PLACE);
    for (uint32_t i = 0; i < s->n_in; i++) {
        s->per_device |= x->slots.v[s->in[i]].per_device;
        steady &= s->in[i] == 0 || x->slots.v[s->in[i]].steady;
    }
    for (uint32_t i = 0; i < s->n_out; i++) {
        bool ok;
        s->out[i] = plan_result_slot(p, op, results + i, &ok);
        if (!ok)
            return false;
        x->slots.v[s->out[i]].per_device = s->per_device && s->out[i];
        x->slots.v[s->out[i]].steady = steady && s->out[i];
    }
    if (kernel->flags & KERNEL_IN_PLACE && has_in(s, 0))
        x->slots.v[x->slots.v[s->in[0]].root].written = true;
    if (!(kernel->flags & KERNEL_COMPLEX) && takes_complex(x, s))
        return plan_error(p, op, "works on complex numbers, which this kernel does not");
    if (kernel->plan && !kernel->plan(p, s)) {
        p->failed = true;
        return false;
    }
    /* A plan function may have put steps behind it, which moves them all. */
    s = &x->steps.v[at];
    uint32_t n = ir_op_at(p->m, op)->n_results - first; /* a kernel may make more for others than its op has */
    for (uint32_t i = 0; i < s->n_out && i < n; i++)
        if (s->out[i] && !plan_set(p, results + i, s->out[i]))
            return false;
    return true;
}

bool plan_kernel(struct planner *p, ir_op op, const struct exec_row *row) {
    size_t at = p->x->steps.n;
    return step_of(p, op, row) && plan_made(p, op, at, 0);
}

/* An op that does the same with each of several tensors. */
static bool plan_each(struct planner *p, ir_op op, const struct exec_row *row) {
    for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_operands; i++) {
        size_t at = p->x->steps.n;
        struct exec_step *s = plan_step(p, op, row, 1, 1);
        if (!s)
            return false;
        s->in[0] = plan_get(p, ir_operand(p->m, op, i));
        if (!plan_made(p, op, at, i))
            return false;
    }
    return true;
}

/* --- calls and control flow --------------------------------------------------------------------------------------- */

bool plan_is_terminator(const struct planner *p, ir_op op) {
    const op_def *d = dialect_def_of(p->m, op);
    return d && d->flags & OP_TERMINATOR;
}

bool plan_flow(struct planner *p, ir_value from, ir_value to) {
    struct value_flow f = {from, to};
    return vec_push(&p->x->flow, f) || plan_no_memory(p);
}

bool plan_flow_in(struct planner *p, ir_op op, ir_block body) {
    const ir_block_data *b = ir_block_at(p->m, body);
    for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_operands && i < b->n_args; i++)
        if (!plan_flow(p, ir_operand(p->m, op, i), b->args + i))
            return false;
    return true;
}

bool plan_flow_out(struct planner *p, ir_op op, ir_block body) {
    ir_op last = ir_block_at(p->m, body)->last;
    for (uint32_t i = 0; last && i < ir_op_at(p->m, last)->n_operands && i < ir_op_at(p->m, op)->n_results; i++)
        if (!plan_flow(p, ir_operand(p->m, last, i), ir_op_at(p->m, op)->results + i))
            return false;
    return true;
}

ir_block plan_body(const struct planner *p, ir_op f) {
    return f && ir_op_at(p->m, f)->n_regions ? ir_region_at(p->m, ir_op_region(p->m, f, 0))->first : 0;
}

bool plan_called(struct planner *p, ir_op op, ir_op callee, const exec_slot *in, uint32_t n_in, exec_slot **out,
                 uint32_t *n_out) {
    ir_block entry = plan_body(p, callee);
    if (!entry)
        return plan_error(p, op, "calls a function that has no body here");
    if (ir_block_at(p->m, entry)->n_args != n_in)
        return plan_error(p, op, "has %u operands, the function that it calls takes %u", n_in,
                          ir_block_at(p->m, entry)->n_args);
    for (uint32_t i = 0; i < n_in; i++)
        if (!plan_set(p, ir_block_at(p->m, entry)->args + i, in[i]))
            return false;
    return plan_block(p, entry, out, n_out);
}

/* Results go to the op's results. */
static bool plan_inline(struct planner *p, ir_op op, ir_op callee, const exec_slot *in, uint32_t n_in) {
    exec_slot *out;
    uint32_t n_out;
    if (!plan_called(p, op, callee, in, n_in, &out, &n_out) || !plan_flow_in(p, op, plan_body(p, callee)) ||
        !plan_flow_out(p, op, plan_body(p, callee)))
        return false;
    if (n_out != ir_op_at(p->m, op)->n_results)
        return plan_error(p, op, "has %u results, the function that it calls gives %u", ir_op_at(p->m, op)->n_results,
                          n_out);
    for (uint32_t i = 0; i < n_out; i++)
        if (!plan_set(p, ir_op_at(p->m, op)->results + i, out[i]))
            return false;
    return true;
}

exec_slot *plan_operands(struct planner *p, ir_op op, uint32_t first, uint32_t n) {
    exec_slot *in = ARENA_ARRAY(p->a, exec_slot, n + 1);
    for (uint32_t i = 0; in && i < n; i++)
        in[i] = plan_get(p, ir_operand(p->m, op, first + i));
    if (!in)
        plan_no_memory(p);
    return in;
}

ir_op plan_callee(const struct planner *p, ir_op op, const char *name) {
    ir_attr symbol = ir_op_attr(p->m, op, str_from_z(name));
    ir_op f = symbol ? ir_symbol_resolve(&p->symbols, op, symbol) : 0;
    if (!f || plan_body(p, f))
        return f;
    ir_attr wanted = ir_op_attr(p->m, f, STR("sym_name"));
    for (ir_op o = p->m->root; o; o = ir_walk_next(p->m, p->m->root, o))
        if (o != f && wanted && ir_op_attr(p->m, o, STR("sym_name")) == wanted && plan_body(p, o))
            return o;
    return f;
}

static bool plan_call(struct planner *p, ir_op op, const char *symbol) {
    uint32_t n = ir_op_at(p->m, op)->n_operands;
    exec_slot *in = plan_operands(p, op, 0, n);
    return in && plan_inline(p, op, plan_callee(p, op, symbol), in, n);
}

/* A const-eval function: its steps are left out in later runs with the same parameters, its results stay. */
static bool plan_cached(struct planner *p, ir_op op) {
    exec_plan *x = p->x;
    uint32_t at = (uint32_t)x->steps.n;
    struct exec_step *s = plan_step(p, op, NULL, 0, 0);
    if (!s)
        return false;
    s->kind = STEP_CACHE;
    if (!plan_call(p, op, "callee"))
        return false;
    for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_results; i++) {
        ir_value v = ir_op_at(p->m, op)->results + i;
        exec_slot r = plan_get(p, v), root = x->slots.v[r].root;
        if (x->slots.v[root].kind == SLOT_PLANNED)
            x->slots.v[root].kind = SLOT_CACHED;
        x->slots.v[r].steady = r != 0;
    }
    x->steps.v[at].target = (uint32_t)x->steps.n;
    return true;
}

/* Copies slots into slots "at once": through temporaries where a source is a target as well. */
bool plan_assign(struct planner *p, ir_op op, const exec_slot *from, const exec_slot *to, uint32_t n) {
    exec_plan *x = p->x;
    exec_slot *source = ARENA_ARRAY(p->a, exec_slot, n + 1);
    if (!source)
        return plan_no_memory(p);
    for (uint32_t i = 0; i < n; i++) {
        bool also_target = false;
        source[i] = from[i];
        for (uint32_t k = 0; k < n; k++)
            also_target |= k != i && from[i] && to[k] && x->slots.v[from[i]].root == to[k];
        if (also_target) {
            struct exec_type t = x->slots.v[from[i]].type;
            source[i] = plan_temp(p, &t, x->slots.v[from[i]].per_device);
            if (!source[i] || !plan_copy(p, op, from[i], source[i]))
                return false;
        }
    }
    for (uint32_t i = 0; i < n; i++)
        if (to[i] && source[i] != to[i] && !plan_copy(p, op, source[i], to[i]))
            return false;
    return true;
}

bool plan_region_block(struct planner *p, ir_op op, uint32_t i, ir_block *out) {
    ir_region r = i < ir_op_at(p->m, op)->n_regions ? ir_op_region(p->m, op, i) : 0;
    *out = r ? ir_region_at(p->m, r)->first : 0;
    return *out != 0 || plan_error(p, op, "lacks a region");
}

/* Slots that hold what an op with regions gives. */
bool plan_results_of(struct planner *p, ir_op op, exec_slot *out) {
    for (uint32_t i = 0; i < ir_op_at(p->m, op)->n_results; i++) {
        bool ok;
        out[i] = plan_result_slot(p, op, ir_op_at(p->m, op)->results + i, &ok);
        if (!ok)
            return false;
        /* Branches may differ by device later on; one tensor each is always right. */
        p->x->slots.v[out[i]].per_device = out[i] && p->x->devices > 1;
        if (!plan_set(p, ir_op_at(p->m, op)->results + i, out[i]))
            return false;
    }
    return true;
}

struct exec_step *plan_jump(struct planner *p, ir_op op, enum step_kind kind, exec_slot on) {
    struct exec_step *s = plan_step(p, op, NULL, on ? 1 : 0, 0);
    if (s) {
        s->kind = kind;
        if (on)
            s->in[0] = on;
    }
    return s;
}

bool plan_end_loop(struct planner *p, ir_op op, uint32_t top, uint32_t leave) {
    exec_plan *x = p->x;
    struct exec_step *back = plan_jump(p, op, STEP_JUMP, 0);
    if (!back)
        return false;
    back->target = top;
    x->steps.v[leave].target = (uint32_t)x->steps.n;
    struct plan_loop loop = {top, (uint32_t)x->steps.n - 1};
    return vec_push(&p->loops, loop) || plan_no_memory(p);
}

static bool plan_while(struct planner *p, ir_op op) {
    exec_plan *x = p->x;
    uint32_t n = ir_op_at(p->m, op)->n_operands, n_cond, n_body;
    exec_slot *in = plan_operands(p, op, 0, n), *carry = ARENA_ARRAY(p->a, exec_slot, n + 1), *cond, *body;
    ir_block blocks[2];
    if (!in || !carry)
        return plan_no_memory(p);
    if (n != ir_op_at(p->m, op)->n_results || !plan_region_block(p, op, 0, &blocks[0]) ||
        !plan_region_block(p, op, 1, &blocks[1]))
        return plan_error(p, op, "is not formed as a loop");
    if (!plan_results_of(p, op, carry) || !plan_assign(p, op, in, carry, n) || !plan_flow_in(p, op, blocks[0]) ||
        !plan_flow_in(p, op, blocks[1]) || !plan_flow_out(p, op, blocks[1]))
        return false;
    for (int b = 0; b < 2; b++)
        for (uint32_t i = 0; i < n && i < ir_block_at(p->m, blocks[b])->n_args; i++) {
            if (!plan_set(p, ir_block_at(p->m, blocks[b])->args + i, carry[i]))
                return false;
            x->slots.v[carry[i]].written = true; /* no views: the next round changes it */
        }
    uint32_t top = (uint32_t)x->steps.n;
    if (!plan_block(p, blocks[0], &cond, &n_cond) || n_cond != 1)
        return p->failed ? false : plan_error(p, op, "has no condition");
    uint32_t leave = (uint32_t)x->steps.n;
    if (!plan_jump(p, op, STEP_UNLESS, cond[0]) || !plan_block(p, blocks[1], &body, &n_body))
        return false;
    if (n_body != n)
        return plan_error(p, op, "gives %u values back to %u", n_body, n);
    if (!plan_assign(p, op, body, carry, n))
        return false;
    return plan_end_loop(p, op, top, leave);
}

/* A function of numbers, done to all elements at once. */
static bool plan_map(struct planner *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    exec_slot *in = plan_operands(p, op, 0, d->n_operands), out;
    ir_block body;
    struct exec_type t;
    if (!in || !plan_region_block(p, op, 0, &body))
        return false;
    if (d->n_results != 1 || d->n_operands == 0 || !type_of(p, ir_value_type(p->m, d->results), &t))
        return plan_error(p, op, "is not formed as a map");
    if (!plan_elements(p, op, body, in, d->n_operands, &out, 1))
        return false;
    if (!type_same_shape(slot_type(p->x, out), &t) || slot_type(p->x, out)->dtype != t.dtype)
        return plan_error(p, op, "gives another type than its region makes of what it maps");
    return plan_set(p, d->results, out);
}

/* if and case: a switch over the regions. */
static bool plan_branches(struct planner *p, ir_op op, bool is_case) {
    exec_plan *x = p->x;
    uint32_t n = ir_op_at(p->m, op)->n_regions, n_results = ir_op_at(p->m, op)->n_results;
    exec_slot *out = ARENA_ARRAY(p->a, exec_slot, n_results + 1), on = plan_get(p, ir_operand(p->m, op, 0));
    uint32_t *starts = ARENA_ARRAY(p->a, uint32_t, n + 1), *ends = ARENA_ARRAY(p->a, uint32_t, n + 1);
    if (!out || !starts || !ends)
        return plan_no_memory(p);
    if (n == 0 || (!is_case && n != 2) || !on)
        return plan_error(p, op, "is not formed as a choice");
    if (!plan_results_of(p, op, out))
        return false;
    uint32_t at = (uint32_t)x->steps.n;
    if (!plan_jump(p, op, is_case ? STEP_SWITCH : STEP_UNLESS, on))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        ir_block b;
        exec_slot *given;
        uint32_t n_given;
        starts[i] = (uint32_t)x->steps.n;
        if (!plan_region_block(p, op, i, &b) || !plan_block(p, b, &given, &n_given))
            return false;
        if (n_given != n_results)
            return plan_error(p, op, "gives %u values for %u results", n_given, n_results);
        if (!plan_assign(p, op, given, out, n_results))
            return false;
        ends[i] = (uint32_t)x->steps.n;
        if (!plan_jump(p, op, STEP_JUMP, 0))
            return false;
    }
    for (uint32_t i = 0; i < n; i++)
        x->steps.v[ends[i]].target = (uint32_t)x->steps.n;
    x->steps.v[at].targets = starts;
    x->steps.v[at].n_targets = n;
    x->steps.v[at].target = starts[n - 1];
    return true;
}

bool plan_forward(struct planner *p, ir_op op) {
    const ir_op_data *d = ir_op_at(p->m, op);
    for (uint32_t i = 0; i < d->n_results && i < d->n_operands; i++)
        if (!plan_set(p, d->results + i, plan_get(p, ir_operand(p->m, op, i))))
            return false;
    return true;
}

/* Ops that leave no trace. */
static bool plan_nothing(struct planner *p, ir_op op) {
    (void)p, (void)op;
    return true;
}

static bool plan_call_callee(struct planner *p, ir_op op) {
    return plan_call(p, op, "callee");
}
static bool plan_composite(struct planner *p, ir_op op) {
    return plan_call(p, op, "decomposition");
}
/* A part of the program that is to be compiled for a device: its function has the inputs, memory for what it gives comes behind them. */
static bool plan_d2m_subgraph(struct planner *p, ir_op op) {
    ir_op callee = plan_callee(p, op, "d2m_func");
    ir_block body = plan_body(p, callee);
    uint32_t n = body ? ir_block_at(p->m, body)->n_args : 0;
    if (!body || n > ir_op_at(p->m, op)->n_operands)
        return plan_error(p, op, "calls a function that has no body here, or takes more than it has");
    exec_slot *in = plan_operands(p, op, 0, n);
    return in && plan_inline(p, op, callee, in, n);
}
static bool plan_if(struct planner *p, ir_op op) {
    return plan_branches(p, op, false);
}
static bool plan_case(struct planner *p, ir_op op) {
    return plan_branches(p, op, true);
}

/* Tuples: the slots of a tuple value are those of the op that made it, which for a tuple in a tuple is the one that made that. 0: it
 * comes from elsewhere. */
static ir_op tuple_maker(const struct planner *p, ir_value tuple) {
    enum { MAX_NEST = 32 };
    int64_t path[MAX_NEST];
    int n = 0;
    for (;;) {
        ir_op from = ir_is_block_arg(p->m, tuple) ? 0 : ir_value_at(p->m, tuple)->owner;
        if (!from)
            return 0;
        if (str_ends_with(ir_op_name_str(p->m, from), STR(".get_tuple_element")) && n < MAX_NEST &&
            attr_i64(p, from, "index", &path[n])) {
            tuple = ir_operand(p->m, from, 0);
            n++;
        } else if (!str_ends_with(ir_op_name_str(p->m, from), STR(".tuple"))) {
            return 0;
        } else if (n == 0) {
            return from;
        } else if (path[--n] >= 0 && path[n] < ir_op_at(p->m, from)->n_operands) {
            tuple = ir_operand(p->m, from, (uint32_t)path[n]);
        } else {
            return 0;
        }
    }
}

static bool plan_get_element(struct planner *p, ir_op op) {
    int64_t index;
    ir_op from = tuple_maker(p, ir_operand(p->m, op, 0));
    if (!from || !attr_i64(p, op, "index", &index) || index < 0 || index >= ir_op_at(p->m, from)->n_operands)
        return plan_error(p, op, "takes from a tuple that is not made in this function");
    return plan_set(p, ir_op_at(p->m, op)->results, plan_get(p, ir_operand(p->m, from, (uint32_t)index)));
}

static const struct plan_special {
    const char *op;
    bool (*plan)(struct planner *p, ir_op op);
    const char *what; /* for the table of ops */
} plan_specials[] = {
    {"call", plan_call_callee, "inlined"},
    {"chlo.scan", plan_scan, "jumps"},
    {"func.call", plan_call_callee, "inlined"},
    {"sdy.all_gather", plan_forward, "nothing to do"},
    {"sdy.all_reduce", plan_sdy_all_reduce, "collective"},
    {"sdy.all_slice", plan_forward, "nothing to do"},
    {"sdy.all_to_all", plan_forward, "nothing to do"},
    {"sdy.collective_permute", plan_forward, "nothing to do"},
    {"sdy.manual_computation", plan_manual_computation, "inlined, between shards"},
    {"sdy.named_computation", plan_manual_computation, "inlined"},
    {"sdy.propagation_barrier", plan_forward, "nothing to do"},
    {"sdy.reduce_scatter", plan_forward, "nothing to do"},
    {"sdy.reshard", plan_forward, "nothing to do"},
    {"sdy.sharding_constraint", plan_forward, "nothing to do"},
    {"sdy.sharding_group", plan_nothing, "nothing to do"},
    {"stablehlo.after_all", plan_nothing, "nothing to do"},
    {"stablehlo.async_done", plan_async_done, "nothing to do"},
    {"stablehlo.async_start", plan_async_start, "inlined"},
    {"stablehlo.case", plan_case, "jumps"},
    {"stablehlo.composite", plan_composite, "inlined"},
    {"stablehlo.create_token", plan_nothing, "nothing to do"},
    {"stablehlo.custom_call", plan_custom_call, "by its target"},
    {"stablehlo.get_tuple_element", plan_get_element, "nothing to do"},
    {"stablehlo.if", plan_if, "jumps"},
    {"stablehlo.map", plan_map, "inlined"},
    {"stablehlo.optimization_barrier", plan_forward, "nothing to do"},
    {"stablehlo.recv", plan_recv, "collective"},
    {"stablehlo.send", plan_send, "done where it is received"},
    {"stablehlo.tuple", plan_nothing, "nothing to do"},
    {"stablehlo.while", plan_while, "jumps"},
    {"ttcore.composite", plan_composite, "inlined"},
    {"ttcore.get_tuple_element", plan_get_element, "nothing to do"},
    {"ttcore.load_cached", plan_cached, "inlined, kept between runs"},
    {"ttcore.optimization_barrier", plan_forward, "nothing to do"},
    {"ttcore.tuple", plan_nothing, "nothing to do"},
    {"ttir.dealloc", plan_nothing, "nothing to do"},
    {"ttnn.begin_trace_capture", plan_nothing, "what it records runs when it is replayed"},
    {"ttnn.capture_or_execute_trace", plan_capture_or_execute, "inlined"},
    {"ttnn.d2m_subgraph", plan_d2m_subgraph, "inlined"},
    {"ttnn.deallocate", plan_nothing, "nothing to do"},
    {"ttnn.dump_tensor", plan_nothing, "nothing to do"},
    {"ttnn.end_trace_capture", plan_nothing, "nothing to do"},
    {"ttnn.execute_trace", plan_execute_trace, "inlined"},
    {"ttnn.get_device", plan_nothing, "nothing to do"},
    {"ttnn.create_global_semaphore", plan_nothing, "nothing to do"},
    {"ttnn.reset_global_semaphore", plan_nothing, "nothing to do"},
    {"ttnn.allocate_moe_compute_semaphore", plan_nothing, "nothing to do"},
};

bool exec_special(size_t i, const char **op, const char **what) {
    if (i >= sizeof plan_specials / sizeof plan_specials[0])
        return false;
    *op = plan_specials[i].op;
    *what = plan_specials[i].what;
    return true;
}

/* Ops with a region: the kernel, whether it does what the region does, and what is done with the region itself otherwise. */
static const struct plan_by_region {
    const struct kernel *kernel;
    bool (*knows)(struct planner *p, ir_op op);
    bool (*plan)(struct planner *p, ir_op op);
} by_region[] = {
    {&kernel_hlo_reduce, region_reduces, plan_reduce_by_region},
    {&kernel_reduce_window, window_folds, plan_window_by_region},
    {&kernel_hlo_scatter, index_scatters, plan_scatter_by_region},
    {&kernel_select_scatter, picks_add, plan_picks_by_region},
    {&kernel_hlo_sort, sort_by_key, plan_sort_by_region},
    {&kernel_collective, collective_folds, plan_collective_by_region},
};

bool plan_op(struct planner *p, ir_op op) {
    str name = ir_op_name_str(p->m, op);
    for (size_t i = 0; i < sizeof plan_specials / sizeof plan_specials[0]; i++)
        if (str_eq(name, str_from_z(plan_specials[i].op)))
            return plan_specials[i].plan(p, op);
    const struct exec_row *row = exec_find_row(name);
    if (!row)
        return plan_error(p, op, "cannot run on a CPU: %.*s", STR_ARG(exec_why_refused(name)));
    const ir_op_data *d = ir_op_at(p->m, op);
    for (size_t i = 0; i < sizeof by_region / sizeof by_region[0]; i++)
        if (row->kernel == by_region[i].kernel && !by_region[i].knows(p, op))
            return by_region[i].plan(p, op);
    if (row->kernel == &kernel_collective && d->n_operands > 1 && d->n_operands == d->n_results)
        return plan_each(p, op, row);
    if (row->kernel == &kernel_conv && row->arg == CONV_HLO)
        return plan_convolution(p, op, row);
    if (row->kernel == &kernel_elementwise || row->kernel == &kernel_matmul || row->kernel == &kernel_reduce ||
        row->kernel == &kernel_pool) {
        bool done;
        if (!plan_dequantised(p, op, row, &done))
            return false;
        if (done)
            return true;
    }
    if (row->kernel == &kernel_matmul && row->arg == MATMUL) {
        bool done;
        if (!plan_wide_bias(p, op, &done))
            return false;
        if (done)
            return true;
    }
    row = plan_complex_row(p, op, row);
    if ((row->kernel == &kernel_matmul && row->arg != MATMUL) || row->kernel == &kernel_einsum) {
        exec_slot *in = plan_operands(p, op, 0, d->n_operands);
        return in && plan_product(p, op, row, in, d->n_operands);
    }
    if (row->kernel == &kernel_elementwise || row->kernel == &kernel_complex_math)
        return plan_prepared(p, op, row);
    if (row->kernel == &kernel_attention_grad || row->kernel == &kernel_attention_train)
        return plan_attention_ranks(p, op, row);
    return plan_kernel(p, op, row);
}

bool plan_block(struct planner *p, ir_block b, exec_slot **results, uint32_t *n) {
    if (++p->depth > PLAN_MAX_DEPTH)
        return plan_error(p, ir_block_at(p->m, b)->first, "stands in more than %d nested calls and regions",
                          PLAN_MAX_DEPTH);
    *results = NULL;
    *n = 0;
    for (ir_op op = ir_block_at(p->m, b)->first; op; op = ir_op_at(p->m, op)->next) {
        if (p->planned++ > (uint64_t)p->m->n_ops + PLAN_MAX_INLINED)
            return plan_error(p, op,
                              "is called so often, by functions that are called often themselves, that a run has more "
                              "than %d steps: run a part of the module, or write the calls out as a loop",
                              PLAN_MAX_INLINED);
        if (plan_is_terminator(p, op)) {
            *n = ir_op_at(p->m, op)->n_operands;
            *results = plan_operands(p, op, 0, *n);
            if (!*results)
                return false;
            break;
        }
        if (str_eq(ir_op_name_str(p->m, op), STR("ttnn.begin_trace_capture")) && !plan_begin_trace(p, op, &op))
            return false;
        /* Going on after an op that cannot run shows all of them at once, but its results are missing. */
        if (!plan_op(p, op))
            return false;
    }
    p->depth--;
    return true;
}

/* --- the entry function ------------------------------------------------------------------------------------------- */

static bool is_function(const struct planner *p, ir_op op) {
    return str_eq(ir_op_name_str(p->m, op), STR("func.func"));
}

static bool is_const_eval(const struct planner *p, ir_op op) {
    str type = attr_text(p, op, "tt.function_type");
    return ir_op_attr(p->m, op, STR("const_eval")) || (type.n && str_starts_with(type, STR("const_eval"))) ||
           str_starts_with(type, STR("forward_cpu")) || str_starts_with(type, STR("kernel"));
}

static ir_op entry_function(struct planner *p) {
    str wanted = p->x->options.function;
    ir_op any = 0, last = 0;
    for (ir_op op = p->m->root; op; op = ir_walk_next(p->m, p->m->root, op)) {
        if (!is_function(p, op) || ir_op_at(p->m, op)->n_regions == 0 ||
            !ir_region_at(p->m, ir_op_region(p->m, op, 0))->first)
            continue;
        if (wanted.n) {
            if (str_eq(attr_text(p, op, "sym_name"), wanted))
                return op;
            continue;
        }
        if (is_const_eval(p, op)) { /* what others call; the one to run where there are no others */
            if (!last)
                last = op;
            continue;
        }
        if (!str_eq(attr_text(p, op, "sym_visibility"), STR("private")))
            return op;
        if (!any)
            any = op;
    }
    return any ? any : last;
}

/* The mesh of the module: its attribute, or its device's. */
static bool find_mesh(struct planner *p) {
    exec_plan *x = p->x;
    x->rows = x->cols = 1;
    int64_t shape[2] = {1, 1};
    int n = -1;
    for (ir_op op = p->m->root; op && n < 0; op = ir_walk_next(p->m, p->m->root, op)) {
        ir_attr meshes = ir_op_attr(p->m, op, STR("ttcore.meshes")), list, shapes;
        if (meshes && (list = dialect_param(p->c, meshes, STR("meshes"))) != 0 && ir_count(p->c, list)) {
            shapes = dialect_param(p->c, ir_at(p->c, list, 0), STR("shape"));
            n = node_ints(p->c, shapes, shape, 2);
        }
        ir_attr device = n < 0 ? ir_op_attr(p->m, op, STR("device_attr")) : 0;
        if (device && (shapes = dialect_param(p->c, device, STR("meshShape"))) != 0)
            n = node_ints(p->c, shapes, shape, 2);
        if (is_function(p, op))
            break; /* both stand before the functions */
    }
    /* what runs says more than what else the module holds */
    ir_op f = n < 0 ? entry_function(p) : 0;
    if (n < 0 && (plan_spmd_mesh(p, shape) || (f && plan_shard_mesh(p, f, shape)) ||
                  plan_shard_mesh(p, p->m->root, shape) || plan_group_mesh(p, shape)))
        n = 2;
    if (n == 1) {
        shape[1] = shape[0];
        shape[0] = 1;
    }
    if ((n == 1 || n == 2) && shape[0] > 0 && shape[1] > 0) {
        if (shape[0] > GSPMD_MAX_DEVICES / shape[1])
            return plan_error(p, p->m->root, "is for a mesh of %lldx%lld, more than %d devices", (long long)shape[0],
                              (long long)shape[1], GSPMD_MAX_DEVICES);
        x->rows = (unsigned)shape[0];
        x->cols = (unsigned)shape[1];
    }
    x->devices = x->rows * x->cols;
    return true;
}

/* The dictionary of argument i of a function. */
static ir_attr argument_attrs(const struct planner *p, ir_op f, uint32_t i, const char *list) {
    ir_attr all = ir_op_attr(p->m, f, str_from_z(list));
    if (!all || ir_kind_of(p->c, all) != IR_ATTR_ARRAY || i >= ir_count(p->c, all))
        return 0;
    return ir_at(p->c, all, i);
}

static str case_of(const struct planner *p, ir_attr dict, str key) {
    ir_attr a = dict && ir_kind_of(p->c, dict) == IR_ATTR_DICT ? ir_dict_get(p->c, dict, key) : 0;
    if (!a)
        return (str){0};
    return ir_kind_of(p->c, a) == IR_ATTR_STRING ? ir_str_of(p->c, a) : dialect_case_text(p->c, a);
}

/* The name in a location, else the one in the source. */
static str value_name(const struct planner *p, ir_value v) {
    const ir_value_data *d = ir_value_at(p->m, v);
    ir_loc l = d->loc;
    if (l && ir_kind_of(p->c, l) == IR_LOC_NAME)
        return ir_str_of(p->c, ir_at(p->c, l, 0));
    if (!d->name || d->name >= p->m->source.n)
        return (str){0};
    str s = str_from(p->m->source, d->name);
    size_t n = 0;
    while (n < s.n &&
           (s.p[n] == '_' || s.p[n] == '$' || s.p[n] == '.' || s.p[n] == '-' || (s.p[n] >= '0' && s.p[n] <= '9') ||
            (s.p[n] >= 'a' && s.p[n] <= 'z') || (s.p[n] >= 'A' && s.p[n] <= 'Z')))
        n++;
    return str_slice(s, 0, n);
}

static void info_of(const struct planner *p, exec_slot s, exec_value_info *out) {
    const struct slot *slot = &p->x->slots.v[s];
    out->dtype = slot->type.dtype;
    out->rank = slot->type.rank;
    memcpy(out->dims, slot->type.dims, sizeof out->dims);
    out->copies = slot->per_device ? p->x->devices : 1;
}

/* The type of argument i, with the shape it is given where its own is open. Whether that is still open: its open dimensions
 * count as 0 then. No dtype: it has no numbers. */
static bool argument_type(struct planner *p, uint32_t i, ir_type type, struct exec_type *t) {
    const exec_options *o = &p->x->options;
    int64_t dims[TENSOR_MAX_RANK];
    if (type_of(p, type, t))
        return false;
    t->dtype = TENSOR_NONE;
    int rank = ir_rank(p->c, type);
    if (rank < 0 || rank > TENSOR_MAX_RANK)
        return false;
    const exec_shape *given = i < o->n_shapes && o->shapes[i].rank == rank ? &o->shapes[i] : NULL;
    bool open = false;
    for (int d = 0; d < rank; d++) {
        dims[d] = ir_dim(p->c, type, d);
        if (dims[d] < 0 && given && given->dims[d] >= 0)
            dims[d] = given->dims[d];
        open |= dims[d] < 0;
        dims[d] = dims[d] < 0 ? 0 : dims[d];
    }
    if (!type_of_shape(p, type, dims, t))
        t->dtype = TENSOR_NONE;
    return open;
}

static bool plan_arguments(struct planner *p, ir_op f, ir_block entry) {
    exec_plan *x = p->x;
    uint32_t n = ir_block_at(p->m, entry)->n_args;
    x->n_arguments = n;
    x->arguments = ARENA_ARRAY(p->a, exec_slot, n + 1);
    x->bound = ARENA_ARRAY(p->a, struct tensor, (size_t)(n + 1) * x->devices);
    x->seeded = ARENA_ARRAY(p->a, struct tensor, n + 1);
    x->afters = ARENA_ARRAY(p->a, struct tensor, (size_t)(n + 1) * x->devices);
    x->infos = ARENA_ARRAY(p->a, exec_value_info, n + 1);
    if (!x->arguments || !x->bound || !x->seeded || !x->afters || !x->infos)
        return plan_no_memory(p);
    for (uint32_t i = 0; i < n; i++) {
        ir_value v = ir_block_at(p->m, entry)->args + i;
        struct exec_type t;
        if (ir_kind_of(p->c, ir_value_type(p->m, v)) == IR_TYPE_DIALECT)
            continue; /* a device */
        bool open = argument_type(p, i, ir_value_type(p->m, v), &t);
        if (t.dtype == TENSOR_NONE)
            return plan_error(p, f, "takes argument %u of a type that cannot be computed with", i);
        if (open && !x->options.signature)
            return plan_error(p, f,
                              "takes argument %u of a shape that is left open; give it an input, which decides it", i);
        int dim;
        int64_t most;
        if (!type_in_bounds(p, ir_value_type(p->m, v), &t, &dim, &most))
            return dim < 0 ? false
                           : plan_error(p, f, "takes argument %u with at most %lld in dimension %d, its input has %lld",
                                        i, (long long)most, dim, (long long)t.dims[dim]);
        exec_slot s = plan_slot(p, &t, SLOT_ARGUMENT, v);
        if (!s || !plan_set(p, v, s))
            return false;
        ir_attr attrs = argument_attrs(p, f, i, "arg_attrs");
        str role = case_of(p, attrs, STR("ttcore.argument_type")), name = case_of(p, attrs, STR("ttir.name"));
        exec_value_info *info = &x->infos[i];
        info->role = str_eq(role, STR("parameter"))  ? EXEC_PARAMETER
                     : str_eq(role, STR("constant")) ? EXEC_CONSTANT
                                                     : EXEC_INPUT;
        info->name = name.n ? name : value_name(p, v);
        info->value = v;
        struct slot *slot = &x->slots.v[s];
        slot->per_device = x->devices > 1 && str_eq(case_of(p, attrs, STR("ttcore.shard_status")), STR("presharded"));
        slot->steady = info->role != EXEC_INPUT;
        slot->offset = i;
        info_of(p, s, info);
        for (int d = 0; open && d < info->rank; d++) {
            int64_t said = ir_dim(p->c, ir_value_type(p->m, v), d);
            info->dims[d] = said < 0 ? -1 : said;
        }
        x->arguments[i] = s;
        x->arguments_bytes += slot->bytes * info->copies;
    }
    return true;
}

static bool plan_results(struct planner *p, const exec_slot *out, uint32_t n) {
    exec_plan *x = p->x;
    exec_value_info *infos = ARENA_ARRAY(p->a, exec_value_info, x->n_arguments + n + 1);
    x->results = ARENA_ARRAY(p->a, exec_slot, n + 1);
    x->answers = ARENA_ARRAY(p->a, struct tensor, (size_t)(n + 1) * x->devices);
    if (!infos || !x->results || !x->answers)
        return plan_no_memory(p);
    if (x->n_arguments)
        memcpy(infos, x->infos, x->n_arguments * sizeof *infos);
    x->infos = infos;
    x->n_results = n;
    for (uint32_t i = 0; i < n; i++) {
        x->results[i] = out[i];
        info_of(p, out[i], &infos[x->n_arguments + i]);
        infos[x->n_arguments + i].value = x->slots.v[out[i]].value;
    }
    return true;
}

exec_plan *exec_plan_new(const ir_module *m, const exec_options *o, struct mem *mem, struct diags *d) {
    exec_plan *x = mem_alloc_zero(mem, sizeof *x);
    if (!x) {
        diag_out_of_memory(d);
        return NULL;
    }
    x->m = m;
    x->mem = mem;
    x->options = *o;
    x->asked = &x->cancel;
    arena_init(&x->arena, mem);
    arena_init(&x->scratch, mem);
    vec_init(&x->slots, mem);
    vec_init(&x->steps, mem);
    vec_init(&x->flow, mem);
    vec_init(&x->trace, mem);
    map_u64_init(&x->kept, mem);
    for (int i = 0; i < VEC_N; i++)
        x->vec[i] = vec_table((vec_class)i);
    struct planner p = {.x = x, .m = m, .c = m->ctx, .a = &x->arena};
    p.report = ir_report_begin(m, d);
    vec_init(&p.loops, mem);
    uint8_t *traits = mem_alloc_zero(mem, m->ctx->n_names);
    bool ok = traits && vec_push(&x->slots, (struct slot){0});
    for (uint32_t i = 0; ok && i < m->ctx->n_names; i++) {
        uint32_t def = m->ctx->names[i].def;
        if (def && dialect_ops[def - 1].flags & OP_SYMBOL_TABLE)
            traits[i] = IR_TRAIT_KNOWN | IR_TRAIT_SYMBOL_TABLE;
    }
    ok = ok && ir_symbols_build(m, traits, NULL, &p.symbols);
    if (!ok)
        plan_no_memory(&p);
    ok = ok && find_mesh(&p);
    if (ok) {
        ir_op f = entry_function(&p);
        ir_block entry = f ? ir_region_at(m, ir_op_region(m, f, 0))->first : 0;
        exec_slot *out = NULL;
        uint32_t n_out = 0;
        if (!f && o->function.n)
            ok = plan_error(&p, m->root, "has no function '%.*s'", STR_ARG(o->function));
        else if (!f)
            ok = plan_error(&p, m->root, "has no function to run");
        x->pool = ok ? pool_new(mem, o->threads) : NULL;
        if (ok && !x->pool)
            ok = plan_no_memory(&p);
        ok = ok && plan_arguments(&p, f, entry);
        if (!o->signature)
            ok = ok && plan_block(&p, entry, &out, &n_out) && plan_results(&p, out, n_out) && plan_finish(&p);
        ir_symbols_free(&p.symbols);
    }
    vec_free(&p.loops);
    mem_free(mem, traits, m->ctx->n_names);
    if (ok && !p.failed)
        return x;
    if (!d->errors)
        diag_out_of_memory(d);
    exec_plan_free(x);
    return NULL;
}
