/* auto-sharding: which dimensions of the arguments are cut over the devices, where the user leaves that to the compiler
 * (option enable-auto-sharding).
 *
 *   for each axis of the mesh:   a choice per argument, one of its dimensions or none
 *     few combinations:            all of them
 *     many:                        one argument after the other, until no choice is better
 *       combination ──sdy-user-priority-propagate, update-global-to-local-shapes──▶ collectives ──▶ cost
 *
 * The cost is that of tt-mlir (lib/Dialect/StableHLO/Utils/ShardingCostModel.cpp of August 2026), a number without a unit. With
 * sizes as shares of the largest argument's:
 *
 *   + for each collective   1 + weight * size of its operand   weight: 1.5 where numbers are added or all send to all, else 1
 *   - for each argument     (1 - 1 / parts) * size              three times that for weights and constants
 *
 * The reference tries all combinations of up to 2^20, along the first axis alone, counts the arguments that it gave a
 * sharding and not those that got theirs from others, and overrules what the user gave. Here arguments with a sharding keep it.
 * The result is attributes sdy.sharding of arguments; nothing else changes. */
#include "compile/hlo.h"
#include "compile/passes.h"
#include "compile/shard_func.h"

enum {
    MOST_COMBINATIONS = 4096, /* above, arguments are looked at one after the other */
    MOST_ROUNDS = 8,
};

static const str sharding_key = STR_INIT("sdy.sharding");

/* An argument. `choice` is the dimension that the axis in question cuts; its rank: none. */
typedef struct argument {
    sharding s;   /* by the axes before */
    sharding end; /* after propagation, of the combination tried last */
    bool given;   /* by the user */
    int choice, best;
    double size, weight;
    int64_t dims[PASS_MAX_RANK];
} argument;

typedef struct search {
    pass_context *p;
    const shard_mesh *mesh;
    ir_op func;
    uint32_t ordinal; /* of the function among all */
    uint8_t axis;
    argument *args;
    uint32_t n;
    double largest; /* elements */
    bool stopped;   /* by whoever listens to the progress */
} search;

/* ---- cost ----------------------------------------------------------------------------------------------- */

static double elements(const ir_context *c, ir_type type) {
    int64_t dims[PASS_MAX_RANK];
    int rank = type_shape(c, type, dims);
    double n = 1;
    for (int d = 0; d < rank; d++)
        n *= (double)dims[d];
    return n;
}

static double collectives(const search *k, const ir_module *m) {
    static const struct {
        uint32_t op;
        double weight;
    } rows[] = {
        {OP_ttir_all_gather, 1},
        {OP_ttir_collective_permute, 1},
        {OP_ttir_reduce_scatter, 1.5},
        {OP_ttir_all_reduce, 1.5},
        {OP_ttir_all_to_all, 1.5},
        {OP_stablehlo_all_gather, 1},
        {OP_stablehlo_collective_permute, 1},
        {OP_stablehlo_reduce_scatter, 1.5},
        {OP_stablehlo_all_reduce, 1.5},
        {OP_stablehlo_all_to_all, 1.5},
    };
    double sum = 0;
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op))
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            if (op_is(m, op, rows[i].op) && ir_op_at(m, op)->n_operands)
                sum += 1 + rows[i].weight * elements(m->ctx, ir_value_type(m, ir_operand(m, op, 0))) / k->largest;
    return sum;
}

/* How the arguments are cut in the module that came out: in_shardings of what the function's body became. */
static void read_ends(search *k, const ir_module *m) {
    ir_op func = func_inside(m, m->root, m->root);
    for (uint32_t i = 0; func && i < k->ordinal; i++)
        func = func_inside(m, m->root, func);
    ir_block body = func ? body_of(m, func) : 0;
    ir_op op = body ? ir_block_at(m, body)->first : 0;
    while (op && !op_is(m, op, OP_sdy_manual_computation))
        op = ir_op_at(m, op)->next;
    ir_attr list = op ? ir_op_attr(m, op, STR("in_shardings")) : 0;
    for (uint32_t i = 0; i < k->n; i++) {
        const char *why;
        int rank = k->args[i].s.rank;
        ir_attr a = list ? shard_list_at(k->p, list, i) : 0;
        if (!a || !shard_read(k->p, k->mesh, a, rank, &k->args[i].end, &why))
            shard_open(&k->args[i].end, rank);
    }
}

static double saved(const search *k) {
    double sum = 0;
    for (uint32_t i = 0; i < k->n; i++) {
        const argument *a = &k->args[i];
        double parts = 1;
        for (int d = 0; d < a->end.rank; d++)
            parts *= (double)shard_parts(k->mesh, &a->end.dim[d]);
        sum += a->weight * a->size * (1 - 1 / parts);
    }
    return sum;
}

/* ---- one combination ------------------------------------------------------------------------------------ */

/* The arguments say what is chosen for them. */
static void hint(search *k) {
    for (uint32_t i = 0; i < k->n; i++) {
        const argument *a = &k->args[i];
        sharding s = a->s;
        if (a->given)
            continue;
        if (a->choice < s.rank)
            s.dim[a->choice].axis[s.dim[a->choice].n++] = k->axis;
        func_set_arg_attr(k->p, k->func, i, sharding_key, shard_used(&s) ? shard_attr(k->p, k->mesh, &s, false) : 0);
    }
}

/* Whether whoever listens wants the compile to go on. */
static bool goes_on(search *k) {
    const compile_options *o = k->p->o;
    uint32_t i = 0;
    while (pipeline[i].run != pass_auto_shard)
        i++;
    k->stopped = k->stopped || (o->progress && !o->progress(o->progress_arg, i, pipeline_n, str_from_z(k->p->pass)));
    return !k->stopped;
}

/* The cost of what is chosen now; false when it cannot be compiled, or the search is to end. */
static bool judge(search *k, double *cost) {
    pass_context *p = k->p;
    if (!goes_on(k))
        return false;
    hint(k);
    struct diags quiet;
    diags_init(&quiet, p->m->mem);
    compile_options o = *p->o;
    o.start_after = str_from_z(p->pass);
    o.stop_after = STR("update-global-to-local-shapes");
    o.only_pass = STR("");
    o.verify = false;
    o.overrides = NULL;
    o.progress = NULL;
    compile_run *r = p->m->failed ? NULL : compile_run_new(p->m, &o, &quiet);
    bool ok = r && r->ok;
    if (ok) {
        read_ends(k, compile_result(r));
        *cost = collectives(k, compile_result(r)) - saved(k);
    }
    compile_free(r);
    diags_free(&quiet);
    return ok;
}

/* ---- the search ----------------------------------------------------------------------------------------- */

/* The next dimension behind `choice` that the axis can cut into equal parts, from -1; the rank (none) comes last. */
static int next_choice(const search *k, const argument *a, int choice) {
    for (int d = choice + 1; d < a->s.rank && !a->given; d++) {
        int64_t parts = shard_parts(k->mesh, &a->s.dim[d]) * k->mesh->size[k->axis];
        if (a->dims[d] > 0 && a->dims[d] % parts == 0 && a->s.dim[d].n < SHARD_MAX_AXES)
            return d;
    }
    return a->s.rank;
}

static double combinations(const search *k) {
    double n = 1;
    for (uint32_t i = 0; i < k->n; i++) {
        double choices = 1;
        for (int c = -1; (c = next_choice(k, &k->args[i], c)) < k->args[i].s.rank;)
            choices++;
        n *= choices;
    }
    return n;
}

static void keep(search *k) {
    for (uint32_t i = 0; i < k->n; i++)
        k->args[i].best = k->args[i].choice;
}

/* All of them, the first argument's choice changing fastest; of equal ones the first is kept. */
static void try_all(search *k) {
    double least = 0, cost;
    bool any = false;
    for (uint32_t i = 0; i < k->n; i++)
        k->args[i].choice = next_choice(k, &k->args[i], -1);
    for (uint32_t i = 0; i < k->n;) {
        if (judge(k, &cost) && (!any || cost < least)) {
            any = true;
            least = cost;
            keep(k);
        }
        if (k->stopped)
            return;
        for (i = 0; i < k->n; i++) {
            argument *a = &k->args[i];
            bool more = a->choice < a->s.rank;
            a->choice = next_choice(k, a, more ? a->choice : -1);
            if (more)
                break;
        }
    }
}

/* What propagation made of a choice is chosen, too, where nothing was. */
static void follow(search *k) {
    for (uint32_t i = 0; i < k->n; i++) {
        argument *a = &k->args[i];
        for (int d = 0; d < a->end.rank && !a->given && a->choice == a->s.rank; d++)
            if (shard_axes_bits(&a->end.dim[d]) >> k->axis & 1 && a->end.dim[d].n == a->s.dim[d].n + 1)
                a->choice = d;
    }
    keep(k);
}

/* Other choices of one argument; whether one is better. */
static bool improve(search *k, argument *a, double *least) {
    bool better = false;
    int c = -1;
    do {
        double cost;
        c = next_choice(k, a, c);
        for (uint32_t i = 0; i < k->n; i++)
            k->args[i].choice = k->args[i].best;
        bool same = a->choice == c;
        a->choice = c;
        if (!same && judge(k, &cost) && cost < *least - 1e-9) {
            *least = cost;
            better = true;
            follow(k);
        }
    } while (c < a->s.rank && !k->stopped);
    return better;
}

static void climb(search *k) {
    double least = 0;
    bool better = true;
    for (uint32_t i = 0; i < k->n; i++)
        k->args[i].choice = k->args[i].s.rank;
    keep(k);
    if (!judge(k, &least))
        return;
    for (int round = 0; round < MOST_ROUNDS && better && !k->stopped; round++) {
        better = false;
        for (uint32_t i = 0; i < k->n; i++)
            better = (!k->args[i].given && improve(k, &k->args[i], &least)) || better;
    }
}

/* ---- a function ----------------------------------------------------------------------------------------- */

/* Weights are three times as dear: they stay. Without a mark, small tensors and those of many dimensions are none. */
static double weight_of(search *k, uint32_t i, int rank, double n) {
    ir_attr kind = func_arg_attr(k->p->m, k->func, i, STR("ttcore.argument_type"));
    str text = kind ? dialect_case_text(k->p->c, kind) : STR("");
    bool stays = kind ? str_eq(text, STR("parameter")) || str_eq(text, STR("constant")) : rank <= 4 && n > 1024;
    return stays ? 3 : 1;
}

/* False when there is something else than tensors, or one with a sharding that cannot be read. */
static bool read_arguments(search *k, ir_block body) {
    pass_context *p = k->p;
    k->n = ir_block_at(p->m, body)->n_args;
    k->args = ARENA_ARRAY(&p->scratch, argument, k->n + 1);
    k->largest = 1;
    for (uint32_t i = 0; k->args && i < k->n; i++) {
        argument *a = &k->args[i];
        const char *why;
        ir_type type = ir_value_type(p->m, ir_block_at(p->m, body)->args + i);
        int rank = type_shape(p->c, type, a->dims);
        ir_attr given = func_arg_attr(p->m, k->func, i, sharding_key);
        if (rank < 0)
            return false;
        shard_open(&a->s, rank);
        a->given = given != 0;
        if (given && !shard_read(p, k->mesh, given, rank, &a->s, &why))
            return false;
        a->best = rank;
        a->size = elements(p->c, type);
        a->weight = weight_of(k, i, rank, a->size);
        k->largest = a->size > k->largest ? a->size : k->largest;
    }
    for (uint32_t i = 0; k->args && i < k->n; i++)
        k->args[i].size /= k->largest;
    return k->args != NULL;
}

static bool has_manual_computation(pass_context *p, ir_block body) {
    for (ir_op op = ir_block_at(p->m, body)->first; op; op = ir_op_at(p->m, op)->next)
        if (op_is(p->m, op, OP_sdy_manual_computation))
            return true;
    return false;
}

static bool one_function(pass_context *p, const shard_mesh *mesh, ir_op func) {
    search k = {.p = p, .mesh = mesh, .func = func};
    ir_block body = body_of(p->m, func);
    if (!body || has_manual_computation(p, body) || !read_arguments(&k, body))
        return !p->m->failed || pass_out_of_memory(p);
    for (ir_op f = func_inside(p->m, p->m->root, p->m->root); f && f != func; f = func_inside(p->m, p->m->root, f))
        k.ordinal++;
    for (k.axis = 0; k.axis < mesh->n && !k.stopped; k.axis++) {
        if (mesh->size[k.axis] < 2)
            continue;
        if (combinations(&k) <= MOST_COMBINATIONS)
            try_all(&k);
        else
            climb(&k);
        for (uint32_t i = 0; i < k.n; i++) {
            argument *a = &k.args[i];
            if (!a->given && a->best < a->s.rank)
                a->s.dim[a->best].axis[a->s.dim[a->best].n++] = k.axis;
            a->choice = a->best = a->s.rank;
        }
        hint(&k);
    }
    return !p->m->failed || pass_out_of_memory(p);
}

static bool one_module(pass_context *p) {
    shard_mesh mesh;
    if (!shard_find_mesh(p, p->scope, &mesh) || !shard_split_axes(p, p->scope, &mesh))
        return false;
    for (each_func(p->m, p->scope, f)) {
        ir_attr visibility = ir_op_attr(p->m, f, STR("sym_visibility"));
        if (mesh.devices > 1 && (!visibility || str_eq(ir_str_of(p->c, visibility), STR("public"))) &&
            !one_function(p, &mesh, f))
            return false;
    }
    return true;
}

bool pass_auto_shard(pass_context *p) {
    return !hlo_is_there(p) || pass_each_module(p, one_module);
}
