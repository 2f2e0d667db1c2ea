/* The golden run: what is compared with what, and how well it agrees. */
#include <math.h>
#include <stdio.h>

#include "base/machine.h"
#include "server/execute_inner.h"
#include "server/jobs.h"

/* Lets the measured plan look at the arguments of the kept one, and that at those of the golden one, but for those that come from
 * files. */
static bool take_arguments(struct work *w, exec_plan *to) {
    exec_plan *from = to == w->plan ? w->kept->plan : w->kept->golden;
    for (size_t i = 0; i < exec_n_arguments(from) && i < exec_n_arguments(to); i++) {
        if (job_cancelled(w->job))
            return false;
        if (exec_argument(from, i).dtype == TENSOR_NONE ||
            (w->kept->inputs && exec_inputs_source(w->kept->inputs, i).n))
            continue;
        const struct tensor *t = exec_given(from, i);
        str why;
        if (!t)
            return execute_failed(w, "out of memory", NULL);
        if (exec_bind(to, i, t, 1, &why) || job_cancelled(w->job))
            continue;
        w->other_arguments = true;
        job_log(w->job, "argument %zu of the golden run is not taken over: %.*s", i, STR_ARG(why));
    }
    return true;
}

/* The golden run's values are in f32: the others are made of them, once. */
bool execute_share_arguments(struct work *w) {
    struct kept_run *k = w->kept;
    if (!k->plan)
        return true;
    if (k->golden && !(execute_bind(w, k->golden) && execute_ready(w, k->golden_module, k->golden)))
        return false;
    return execute_bind(w, k->plan) && (!k->golden || execute_prepare(w, k->plan, take_arguments)) &&
           execute_ready(w, w->module, k->plan) && execute_prepare(w, w->plan, take_arguments);
}

/* Whether an op has the value of one origin rather than that of another: where both correlate with it, which a sum and the mean
 * made of it do in the same way, the one it is nearer to counts. */
static bool nearer(const exec_difference *d, const exec_difference *than) {
    const double alike = 1e-3;
    return fabs(d->pcc - than->pcc) <= alike ? d->absolute < than->absolute : d->pcc > than->pcc;
}

/* Runs both plans and says how well they agree. */
static bool judge(struct work *w, const ir_module *source) {
    struct golden_run golden = {.plan = w->kept->golden};
    exec_pair *pairs;
    size_t n_compared = 0;
    double us;
    if (!execute_pair_up(w, source, &pairs, &golden.n))
        return false;
    golden.pairs = pairs;
    golden.out = ARENA_ARRAY(&w->arena, exec_difference, golden.n + w->n_ops + 1);
    w->kept->golden_of = ARENA_ARRAY(&w->kept->arena, ir_op, w->module->n_ops);
    w->kept->golden_moved = ARENA_ARRAY(&w->kept->arena, bool, w->module->n_ops);
    if (!golden.out || !w->kept->golden_of || !w->kept->golden_moved)
        return execute_failed(w, "out of memory", NULL);
    if (!execute_once(w, w->kept->plan, &golden, &us))
        return false;
    exec_difference *d = golden.out, *best = d + golden.n;
    size_t n = golden.n_out;
    for (size_t i = 0; i < n; i++) {
        struct measured *m = w->row_of_op[d[i].op] ? &w->ops[w->row_of_op[d[i].op] - 1] : NULL;
        if (m && !d[i].shapes_differ && (m->why != COMPARED || nearer(&d[i], &m->difference))) {
            m->why = COMPARED;
            m->difference = d[i];
            w->kept->golden_of[d[i].op] = d[i].golden;
            w->kept->golden_moved[d[i].op] = d[i].moved;
        }
    }
    for (size_t i = 0; i < w->n_ops; i++) {
        struct measured *m = &w->ops[i];
        /* It has most likely the value of the last op it came from, which it is not compared with: what it differs by from
         * the ones before says nothing. */
        if (m->why == COMPARED && m->unsure != COMPARED && m->difference.pcc < w->x.pcc)
            m->why = m->unsure;
        if (w->other_arguments) /* the two computed something else */
            m->why = OTHER_ARGUMENTS;
        if (m->why == COMPARED)
            best[n_compared++] = m->difference;
    }
    w->diverged = true;
    return exec_find_divergence(w->module, best, n_compared, w->x.pcc, &w->mem, &w->divergence) ||
           execute_failed(w, "out of memory", NULL);
}

/* What both kept plans need: the golden run's arguments are looked at by the other where they need not be converted. */
static uint64_t bytes_of(const struct kept_run *k) {
    uint64_t n = exec_memory_of(k->plan).needed;
    return k->golden ? n + exec_memory_of(k->golden).needed - exec_shared_arguments(k->plan, k->golden) : n;
}

/* And with the measured one, which has been given back when they run, while their arguments, which it looks at, are there before. */
static uint64_t most_bytes(const struct work *w) {
    const struct kept_run *k = w->kept;
    exec_memory plan = exec_memory_of(k->plan), golden = exec_memory_of(k->golden);
    uint64_t arguments = plan.arguments + golden.arguments - exec_shared_arguments(k->plan, k->golden);
    uint64_t measured = arguments + exec_memory_of(w->plan).needed - exec_shared_arguments(w->plan, k->plan);
    /* Values that wait for the other side's are copied, and those in another order of dimensions turned: some at a time. */
    uint64_t kept = bytes_of(k) + 3 * (uint64_t)golden.largest;
    return kept > measured ? kept : measured;
}

/* Plans both runs, the golden one only if it is asked for: with all tensors kept, or with those that are in use. */
static bool plan_both(struct work *w, const ir_module *source, bool keep) {
    struct kept_run *k = w->kept;
    struct diags d;
    exec_options o = execute_options(w), golden = o;
    o.keep = golden.keep = keep;
    o.alone = golden.alone = true;
    golden.numbers = EXEC_F32;
    if (keep || !w->x.golden) /* what does not fit is not kept, and no failure */
        o.max_memory = golden.max_memory = 0;
    diags_init(&d, &w->mem);
    job_progress(w->job, 0, 0, w->x.golden ? "planning the golden run" : "planning the run whose tensors are kept");
    exec_plan_free(k->plan);
    exec_plan_free(k->golden);
    k->golden = NULL;
    k->plan = exec_plan_new(w->module, &o, &k->mem, &d);
    if (k->plan && w->x.golden)
        k->golden = exec_plan_new(source, &golden, &k->mem, &d);
    bool good = (k->plan && (k->golden || !w->x.golden)) ||
                execute_failed(w, w->x.golden ? "the golden run cannot be planned" : "the tensors cannot be kept", &d);
    k->golden_module = source;
    k->bytes = good ? bytes_of(k) : 0;
    if (good && w->x.golden)
        job_log(w->job, "the golden run and the one beside it: %.1f MB", (double)k->bytes / 1e6);
    diags_free(&d);
    return good;
}

/* About what the first results of a module's ops take all together. */
static uint64_t all_results(const ir_module *m) {
    uint64_t sum = 0;
    for (ir_op op = 1; op < m->n_ops; op++) {
        int64_t n =
            ir_op_at(m, op)->n_results ? ir_num_elements(m->ctx, ir_value_type(m, ir_op_at(m, op)->results)) : 0;
        if (n > 0)
            sum += (uint64_t)n * 2; /* bf16 at least */
    }
    return sum;
}

/* Plans with all tensors kept if they are few; else, for a golden run or to make the tensors when they are looked at, with those
 * that are in use. w->stays: tensors are kept in one of these ways, if that takes no more than it may. */
static bool plan_what_fits(struct work *w, const ir_module *source) {
    struct kept_run *k = w->kept;
    uint64_t available = machine_memory_available(), allowed = w->x.keep_memory;
    if (w->x.max_memory && w->x.max_memory < allowed)
        allowed = w->x.max_memory;
    if (available < allowed)
        allowed = available;
    uint64_t held = allowed < KEPT_HELD_BYTES ? allowed : KEPT_HELD_BYTES;
    if (w->x.keep && all_results(w->module) <= held) {
        if (!plan_both(w, source, true))
            return false;
        w->stays = k->bytes <= held;
        if (w->stays) {
            job_log(w->job, "all tensors are kept: %.1f MB", (double)k->bytes / 1e6);
            return true;
        }
    }
    if (!plan_both(w, source, false))
        return false;
    if (w->x.keep && k->bytes <= allowed) {
        w->stays = k->makes = true;
        job_log(w->job, "tensors are made when they are looked at: %.1f MB stay for that", (double)k->bytes / 1e6);
    } else if (w->x.keep) {
        snprintf(w->kept_why, sizeof w->kept_why,
                 "%.1f MB are needed for a run%s, %.1f MB are allowed; allow more and execute again",
                 (double)k->bytes / 1e6, w->x.golden ? " and the golden run" : "", (double)allowed / 1e6);
        job_log(w->job, "tensors are not kept: %s", w->kept_why);
    }
    uint64_t most = w->x.golden ? most_bytes(w) : 0;
    if (most <= available)
        return true;
    job_fail(w->job,
             "the golden run needs %.1f MB with the runs that are measured and compared and this machine has %.1f MB "
             "left; execute without golden, or a smaller model",
             (double)most / 1e6, (double)available / 1e6);
    return false;
}

static const ir_module *source_of(const struct work *w) {
    return w->source->parts[w->run ? run_settings_of(w->run)->part : w->x.part].module;
}

bool execute_plan_compare(struct work *w) {
    snprintf(w->kept_why, sizeof w->kept_why, "they were not asked for");
    return (!w->x.golden && !w->x.keep) || plan_what_fits(w, source_of(w));
}

bool execute_has_more(const struct work *w) {
    return w->x.golden || (w->stays && !w->kept->makes);
}

bool execute_compare(struct work *w) {
    double us;
    if (w->x.golden)
        return judge(w, source_of(w));
    return !execute_has_more(w) || execute_once(w, w->kept->plan, NULL, &us);
}
