/* Executing as a job. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/machine.h"
#include "server/execute_inner.h"
#include "server/http.h"
#include "server/jobs.h"

/* --- settings -------------------------------------------------------------------------------------------------------- */

static bool number(str json, str key, uint64_t most, uint64_t *out, struct model_error *e) {
    str raw = json_member(json, key);
    struct json_reader r;
    if (!raw.p)
        return true;
    json_reader_init(&r, raw);
    if (json_next(&r) == JSON_NUMBER && json_get_u64(&r, out) && *out <= most)
        return true;
    e->status = 400;
    snprintf(e->text, sizeof e->text, "%.*s must be a number of at most %llu", STR_ARG(key), (unsigned long long)most);
    return false;
}

static bool text(str json, str key, struct arena *a, str *out, struct model_error *e) {
    str raw = json_member(json, key);
    struct json_reader r;
    if (!raw.p)
        return true;
    json_reader_init(&r, raw);
    if (json_next(&r) == JSON_STRING) {
        *out = arena_str(a, json_unescape(&r, a));
        return out->p != NULL;
    }
    e->status = 400;
    snprintf(e->text, sizeof e->text, "%.*s must be text", STR_ARG(key));
    return false;
}

static bool threshold(str json, double *out, struct model_error *e) {
    str raw = json_member(json, STR("pcc"));
    struct json_reader r;
    if (!raw.p)
        return true;
    json_reader_init(&r, raw);
    if (json_next(&r) == JSON_NUMBER) {
        *out = json_get_double(&r);
        if (*out > -1 && *out <= 1)
            return true;
    }
    e->status = 400;
    snprintf(e->text, sizeof e->text, "pcc is a number above -1 and at most 1");
    return false;
}

void execution_trace_key(int64_t number, bool csv, char key[EXECUTION_TRACE_KEY]) {
    snprintf(key, EXECUTION_TRACE_KEY, "execution-%lld/trace.%s", (long long)number, csv ? "csv" : "json");
}

struct execution execution_of(const struct store_hash *model) {
    return (struct execution){.model = *model,
                              .repeat = 1,
                              .pcc = EXEC_GOOD_PCC,
                              .keep_memory = KEPT_DEFAULT_BYTES,
                              .numbers = STR("as-written")};
}

bool execution_read(str json, struct arena *a, struct execution *out, struct model_error *e) {
    str golden = json_member(json, STR("golden")), keep = json_member(json, STR("keep"));
    *out = execution_of(&out->model);
    if (!number(json, STR("part"), UINT32_MAX, &out->part, e) ||
        !number(json, STR("stage"), UINT32_MAX, &out->stage, e) || !text(json, STR("run"), a, &out->run, e) ||
        !number(json, STR("threads"), 1024, &out->threads, e) ||
        !number(json, STR("seed"), (uint64_t)1 << 53, &out->seed, e) ||
        !number(json, STR("repeat"), 1000, &out->repeat, e) ||
        !number(json, STR("max_memory"), (uint64_t)1 << 50, &out->max_memory, e) ||
        !number(json, STR("keep_memory"), KEPT_ALL_BYTES, &out->keep_memory, e) || !threshold(json, &out->pcc, e) ||
        !execution_read_inputs(json, a, out, e) || !text(json, STR("numbers"), a, &out->numbers, e))
        return false;
    e->status = 400;
    if (golden.p && !str_eq(golden, STR("true")) && !str_eq(golden, STR("false")))
        snprintf(e->text, sizeof e->text, "golden is true or false");
    else if (keep.p && !str_eq(keep, STR("true")) && !str_eq(keep, STR("false")))
        snprintf(e->text, sizeof e->text, "keep is true or false");
    else if (out->stage && !out->run.n)
        snprintf(e->text, sizeof e->text, "stage %llu of which run? Say run", (unsigned long long)out->stage);
    else if (!str_eq(out->numbers, STR("as-written")) && !str_eq(out->numbers, STR("f32")) &&
             !str_eq(out->numbers, STR("f64")))
        snprintf(e->text, sizeof e->text, "numbers is as-written, f32 or f64");
    else
        e->status = 0;
    out->golden = str_eq(golden, STR("true"));
    out->keep = str_eq(keep, STR("true"));
    return e->status == 0;
}

/* --- one execution --------------------------------------------------------------------------------------------------- */

bool execute_failed(struct work *w, const char *what, const struct diags *d) {
    if (job_cancelled(w->job))
        return false;
    for (size_t i = 0; d && i < d->list.n; i++) {
        const struct diag *one = &d->list.v[i];
        if (one->severity != DIAG_ERROR)
            continue;
        struct lines lines;
        struct mem mem = {0};
        struct lines_pos at = {0};
        if (one->source) {
            lines_init(&lines, &mem, one->source->text);
            at = lines_find(&lines, one->begin);
            lines_free(&lines);
        }
        if (one->source)
            job_fail(w->job, "%s: %.*s:%zu:%zu: %.*s", what, STR_ARG(one->source->name), at.line, at.column,
                     STR_ARG(one->message));
        else
            job_fail(w->job, "%s: %.*s", what, STR_ARG(one->message));
        return false;
    }
    job_fail(w->job, "%s", what);
    return false;
}

exec_options execute_options(const struct work *w) {
    const struct execution *x = &w->x;
    exec_numbers numbers = str_eq(x->numbers, STR("f32"))   ? EXEC_F32
                           : str_eq(x->numbers, STR("f64")) ? EXEC_F64
                                                            : EXEC_AS_WRITTEN;
    return (exec_options){.shapes = w->shapes,
                          .n_shapes = w->n_shapes,
                          .threads = (unsigned)x->threads,
                          .numbers = numbers,
                          .seed = x->seed,
                          .max_memory = (size_t)x->max_memory};
}

/* The row of an op, made at its first record. */
static struct measured *row_of(struct work *w, ir_op op) {
    if (w->row_of_op[op])
        return &w->ops[w->row_of_op[op] - 1];
    struct measured *m = &w->ops[w->n_ops++];
    w->row_of_op[op] = (uint32_t)w->n_ops;
    *m = (struct measured){.op = op, .us = ARENA_ARRAY(&w->arena, double, w->most_timed)};
    return m;
}

/* What the last run took. One to warm up says what it consisted of only: what is made once for all is part of no other. */
static bool gather(struct work *w, bool timed) {
    size_t n;
    const exec_record *r = exec_trace(w->plan, &n);
    w->n_runs++;
    for (size_t i = 0; i < n; i++) {
        if (!r[i].op || r[i].op >= w->module->n_ops)
            continue;
        struct measured *m = row_of(w, r[i].op);
        if (!m->us)
            return execute_failed(w, "out of memory", NULL);
        if (m->runs < w->n_runs) { /* an op in a loop has several records: the first of a run begins anew */
            m->runs = w->n_runs;
            m->read = m->written = m->flops = 0;
            m->start = (double)r[i].start_ns / 1e3;
            m->last = 0;
        }
        m->last += (double)r[i].ns / 1e3;
        *(timed ? &m->us[w->n_timed] : &m->warm_up) += (double)r[i].ns / 1e3;
        m->kernel = r[i].kernel;
        m->threads = r[i].threads;
        m->read += r[i].read;
        m->written += r[i].written;
        m->flops += r[i].flops;
        m->live = r[i].live;
    }
    return true;
}

/* Plans what is measured; its memory goes to the runs that come after it. */
static bool plan_measured(struct work *w) {
    struct diags d;
    exec_options o = execute_options(w);
    diags_init(&d, &w->mem);
    job_progress(w->job, 0, 0, "planning");
    w->plan = exec_plan_new(w->module, &o, &w->kept->mem, &d);
    bool good = w->plan || execute_failed(w, "it cannot run", &d);
    diags_free(&d);
    if (!good)
        return false;
    if (!execute_bind(w, w->plan) || !execute_note_inputs(w))
        return false;
    struct buf why;
    buf_init(&why, &w->mem);
    good = exec_fits(w->plan, machine_memory_available(), &why);
    if (!good)
        job_fail(w->job, "%.*s", STR_ARG(buf_str(&why)));
    buf_free(&why);
    if (!good)
        return false;
    w->memory = exec_memory_of(w->plan);
    job_log(w->job, "memory: %.1f MB of arguments, %.1f MB of constants, %.1f MB planned",
            (double)w->memory.arguments / 1e6, (double)w->memory.constants / 1e6, (double)w->memory.planned / 1e6);
    return true;
}

/* How often it is timed when that is left to us: what a first run makes for all others (packed weights, const-eval functions)
 * belongs to none of them, medians want three, and nobody wants to wait for more than one once a second has passed. */
enum { TIMED_MOST = 3 };
#define TIMED_US 1e6

/* Runs it, and notes what each op took. */
static bool measure(struct work *w) {
    bool ours = w->x.repeat == 0;
    double us = 0, spent = 0;
    w->most_timed = ours ? TIMED_MOST : (size_t)w->x.repeat;
    w->ops = ARENA_ARRAY(&w->arena, struct measured, w->module->n_ops);
    w->row_of_op = ARENA_ARRAY(&w->arena, uint32_t, w->module->n_ops);
    w->total_us = ARENA_ARRAY(&w->arena, double, w->most_timed);
    if (!w->ops || !w->row_of_op || !w->total_us)
        return execute_failed(w, "out of memory", NULL);
    if (ours) {
        if (!execute_once(w, w->plan, NULL, &us) || !gather(w, false))
            return false;
        job_log(w->job, "to warm up: %.3f ms", us / 1e3);
        spent = us;
    }
    while (w->n_timed < w->most_timed && !(ours && w->n_timed && spent >= TIMED_US)) {
        if (job_cancelled(w->job) || !execute_once(w, w->plan, NULL, &us) || !gather(w, true))
            return false;
        spent += w->total_us[w->n_timed++] = us;
        job_log(w->job, "run %zu: %.3f ms", w->n_timed, us / 1e3);
    }
    w->memory = exec_memory_of(w->plan);
    if (!exec_trace_chrome(w->plan, &w->trace) || !exec_trace_csv(w->plan, &w->table))
        return execute_failed(w, "out of memory", NULL);
    /* All that is asked of it has been gathered; runs that are kept and golden ones need the memory. */
    exec_plan_free(w->plan);
    w->plan = NULL;
    return true;
}

/* --- the job --------------------------------------------------------------------------------------------------------- */

/* Opens what is to be executed. */
static bool open_all(struct work *w) {
    struct model_error e = {0};
    struct models *models = w->server->models;
    uint64_t part = w->x.part;
    w->source = models_get(models, &w->x.model, w->job, &e);
    if (w->source && w->x.stage) {
        w->run = runs_find(w->server->runs, &w->x.model, w->x.run, w->job, &e);
        w->model = w->run ? run_stage(w->run, (uint32_t)w->x.stage, &part, &e) : NULL;
    } else if (w->source) {
        w->model = models_get(models, &w->x.model, w->job, &e);
    }
    if (w->model)
        w->g = model_graph(models, w->model, (size_t)part, (struct model_rule){GRAPH_LAYERS_AUTO, false},
                           job_cancel_flag(w->job), &e);
    if (!w->g)
        return execute_failed(w, e.text, NULL);
    w->module = w->g->module;
    if (!w->module)
        return execute_failed(w, "a graph without a module cannot run: open the MLIR text", NULL);
    w->kept = kept_run_new();
    if (w->kept)
        mem_keep_spares(&w->kept->mem);
    return w->kept ? execute_open_inputs(w) : execute_failed(w, "out of memory", NULL);
}

/* The trace as files. They may be dropped to make room, and the run does not fail for want of it. */
static bool keep_trace(struct work *w, int64_t number) {
    char json[EXECUTION_TRACE_KEY], csv[EXECUTION_TRACE_KEY];
    struct store_error e;
    execution_trace_key(number, false, json);
    execution_trace_key(number, true, csv);
    if (!store_derived_put(w->server->store, str_from_z(json), buf_str(&w->trace), &e) ||
        !store_derived_put(w->server->store, str_from_z(csv), buf_str(&w->table), &e))
        job_log(w->job, "the trace is not kept: %s", e.text);
    return true;
}

/* Tells of the document; pages show it while the rest is made. */
static void tell(struct work *w) {
    char result[60];
    snprintf(result, sizeof result, "{\"execution\":%lld}", (long long)w->number);
    job_result(w->job, str_from_z(result));
}

/* What is known when the times are: a new document, without accuracy if that is still to come. */
static bool keep_times(struct work *w) {
    w->number = w->x.again;
    if (w->x.again)
        return true;
    if (!execute_keep(w, !execute_has_more(w)) || !keep_trace(w, w->number))
        return false;
    tell(w);
    return true;
}

/* The document with all that was asked for, or the one whose tensors are made again. */
static bool keep_all(struct work *w) {
    if (!w->x.again)
        return !execute_has_more(w) || execute_keep(w, true);
    if (w->stays)
        return tell(w), true;
    job_fail(w->job, "its tensors cannot be kept: %s", w->kept_why);
    return false;
}

/* What was kept stays, with what it was made of. */
static void hand_over(struct work *w) {
    struct kept_run *k = w->kept;
    if (!w->stays)
        return;
    mem_drop_spares(&k->mem);
    k->models = w->server->models;
    k->model = w->model;
    k->source = w->source;
    k->run = w->run;
    k->g = w->g;
    w->model = w->source = NULL;
    w->run = NULL;
    w->kept = NULL;
    kept_add(w->server->kept, k, w->number, &w->x.model);
}

static void run_job(struct job *job, void *ctx) {
    struct work *w = ctx;
    w->job = job;
    if (open_all(w) && plan_measured(w) && execute_plan_compare(w) && execute_share_arguments(w) &&
        execute_ready(w, w->module, w->plan) && measure(w) && keep_times(w) && execute_compare(w) && keep_all(w))
        hand_over(w);
}

static void release(void *ctx) {
    struct work *w = ctx;
    buf_free(&w->trace);
    buf_free(&w->table);
    exec_plan_free(w->plan); /* in the memory of w->kept, and looking at its arguments */
    kept_run_free(w->kept);
    model_unref(w->server->models, w->model);
    model_unref(w->server->models, w->source);
    run_unref(w->run);
    arena_free(&w->arena);
    struct mem mem = w->mem;
    mem_free(&mem, w, sizeof *w);
}

uint64_t execution_start(struct server *s, const struct execution *x, str title) {
    struct mem mem = {0};
    struct work *w = mem_alloc_zero(&mem, sizeof *w);
    if (!w)
        return 0;
    w->mem = mem;
    w->server = s;
    w->x = *x;
    arena_init(&w->arena, &w->mem);
    buf_init(&w->trace, &w->mem);
    buf_init(&w->table, &w->mem);
    w->x.run = arena_str(&w->arena, x->run);
    w->x.numbers = arena_str(&w->arena, x->numbers);
    w->x.inputs = ARENA_ARRAY(&w->arena, struct execution_input, x->n_inputs + 1);
    bool copied = w->x.run.p && w->x.numbers.p && w->x.inputs;
    for (size_t i = 0; copied && i < x->n_inputs; i++) {
        w->x.inputs[i] = (struct execution_input){x->inputs[i].tensor, arena_str(&w->arena, x->inputs[i].argument)};
        copied = w->x.inputs[i].argument.p != NULL;
    }
    if (!copied) {
        release(w);
        return 0;
    }
    return jobs_start(s->jobs, "execute", title, run_job, w, release);
}

void execution_summary(struct json_writer *w, int64_t id, int64_t created, str body, uint64_t kept) {
    json_object_begin(w);
    json_member_i64(w, STR("id"), id);
    json_member_i64(w, STR("created"), created);
    json_key(w, STR("us"));
    json_raw(w, json_member(body, STR("us")));
    json_key(w, STR("settings"));
    json_raw(w, json_member(body, STR("settings")));
    json_member_u64(w, STR("kept"), kept);
    json_object_end(w);
}
