/* Executing as a job. */
#include "server/execute.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exec/exec.h"
#include "graph/overlays.h"
#include "server/events.h"
#include "server/http.h"
#include "server/jobs.h"
#include "server/runs.h"
#include "server/server.h"

/* --- settings -------------------------------------------------------------------------------------------------------- */

static bool number(str json, str key, uint64_t most, uint64_t *out, struct model_error *e) {
    str raw = http_json_member(json, key);
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
    str raw = http_json_member(json, key);
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

bool execution_read(str json, struct arena *a, struct execution *out, struct model_error *e) {
    str golden = http_json_member(json, STR("golden"));
    out->repeat = 1;
    out->numbers = STR("as-written");
    if (!number(json, STR("part"), UINT32_MAX, &out->part, e) ||
        !number(json, STR("stage"), UINT32_MAX, &out->stage, e) || !text(json, STR("run"), a, &out->run, e) ||
        !number(json, STR("threads"), 1024, &out->threads, e) ||
        !number(json, STR("seed"), (uint64_t)1 << 53, &out->seed, e) ||
        !number(json, STR("repeat"), 1000, &out->repeat, e) ||
        !number(json, STR("max_memory"), (uint64_t)1 << 50, &out->max_memory, e) ||
        !text(json, STR("numbers"), a, &out->numbers, e))
        return false;
    e->status = 400;
    if (golden.p && !str_eq(golden, STR("true")) && !str_eq(golden, STR("false")))
        snprintf(e->text, sizeof e->text, "golden is true or false");
    else if (out->repeat == 0)
        snprintf(e->text, sizeof e->text, "repeat is 1 at least");
    else if (out->stage && !out->run.n)
        snprintf(e->text, sizeof e->text, "stage %llu of which run? Say run", (unsigned long long)out->stage);
    else if (!str_eq(out->numbers, STR("as-written")) && !str_eq(out->numbers, STR("f32")) &&
             !str_eq(out->numbers, STR("f64")))
        snprintf(e->text, sizeof e->text, "numbers is as-written, f32 or f64");
    else
        e->status = 0;
    out->golden = str_eq(golden, STR("true"));
    return e->status == 0;
}

/* --- one execution --------------------------------------------------------------------------------------------------- */

/* What an op took, over all runs. */
struct measured {
    ir_op op;
    str kernel;
    double *us;   /* of each run */
    double start; /* in the last one */
    uint64_t read, written, flops, live;
    unsigned threads;
    bool compared;
    exec_difference difference;
};

struct work {
    struct mem mem;
    struct arena arena;
    struct server *server;
    struct execution x;
    struct job *job;
    const struct model *model, *source; /* what runs; what its golden is */
    const struct run *run;              /* the stage's, or NULL */
    const ir_module *module;
    const graph *g;
    exec_plan *plan;
    double *total_us; /* of each run */
    struct measured *ops;
    uint32_t *row_of_op; /* by ir_op: row in ops + 1 */
    size_t n_ops;
    exec_memory memory;
};

static bool failed(struct work *w, const char *what, const struct diags *d) {
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

/* A job is asked to stop by a flag, a plan by a call: somebody has to look at the one and make the other, until `over`. */
struct watch {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t change;
    struct job *job;
    exec_plan *plan;
    bool over;
};
enum { WATCH_NS = 20000000 };

static void *watch_job(void *arg) {
    struct watch *w = arg;
    pthread_mutex_lock(&w->lock);
    while (!w->over) {
        struct timespec until;
        if (job_cancelled(w->job))
            exec_cancel(w->plan);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += WATCH_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&w->change, &w->lock, &until);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void on_progress(void *arg, size_t done, size_t total, ir_op op) {
    struct work *w = arg;
    char name[80];
    str s = op ? ir_op_name_str(w->module, op) : STR("running");
    snprintf(name, sizeof name, "%.*s", STR_ARG(str_slice(s, 0, sizeof name - 1)));
    job_progress(w->job, done, total, name);
}

/* Runs a plan once, as a job. */
static bool run_once(struct work *w, exec_plan *plan, double *us) {
    struct watch watch = {
        .job = w->job, .plan = plan, .lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};
    exec_hooks hooks = {on_progress, w};
    bool watched = pthread_create(&watch.thread, NULL, watch_job, &watch) == 0;
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    exec_status status = exec_run(plan, &hooks);
    clock_gettime(CLOCK_MONOTONIC, &to);
    pthread_mutex_lock(&watch.lock);
    watch.over = true;
    pthread_cond_signal(&watch.change);
    pthread_mutex_unlock(&watch.lock);
    if (watched)
        pthread_join(watch.thread, NULL);
    *us = (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3;
    if (status == EXEC_FAILED) {
        ir_op op;
        str why = exec_error(plan, &op);
        job_fail(w->job, "%.*s: %.*s", STR_ARG(op ? ir_op_name_str(w->module, op) : STR("the run failed")),
                 STR_ARG(why));
    }
    return status == EXEC_DONE;
}

static exec_options options_of(const struct work *w) {
    const struct execution *x = &w->x;
    exec_numbers numbers = str_eq(x->numbers, STR("f32"))   ? EXEC_F32
                           : str_eq(x->numbers, STR("f64")) ? EXEC_F64
                                                            : EXEC_AS_WRITTEN;
    return (exec_options){
        .threads = (unsigned)x->threads, .numbers = numbers, .seed = x->seed, .max_memory = (size_t)x->max_memory};
}

/* The row of an op, made at its first record. */
static struct measured *row_of(struct work *w, ir_op op) {
    if (w->row_of_op[op])
        return &w->ops[w->row_of_op[op] - 1];
    struct measured *m = &w->ops[w->n_ops++];
    w->row_of_op[op] = (uint32_t)w->n_ops;
    *m = (struct measured){.op = op, .us = ARENA_ARRAY(&w->arena, double, w->x.repeat)};
    return m;
}

static bool gather(struct work *w, uint64_t round) {
    size_t n;
    const exec_record *r = exec_trace(w->plan, &n);
    for (size_t i = 0; i < n; i++) {
        if (!r[i].op || r[i].op >= w->module->n_ops)
            continue;
        struct measured *m = row_of(w, r[i].op);
        if (!m->us)
            return failed(w, "out of memory", NULL);
        if (m->us[round] == 0) { /* an op in a loop has several records: the first of a run begins anew */
            m->read = m->written = m->flops = 0;
            m->start = (double)r[i].start_ns / 1e3;
        }
        m->us[round] += (double)r[i].ns / 1e3;
        m->kernel = r[i].kernel;
        m->threads = r[i].threads;
        m->read += r[i].read;
        m->written += r[i].written;
        m->flops += r[i].flops;
        m->live = r[i].live;
    }
    return true;
}

static bool measure(struct work *w) {
    struct diags d;
    exec_options o = options_of(w);
    diags_init(&d, &w->mem);
    job_progress(w->job, 0, 0, "planning");
    w->plan = exec_plan_new(w->module, &o, &w->mem, &d);
    bool good = w->plan || failed(w, "it cannot run", &d);
    diags_free(&d);
    if (!good)
        return false;
    w->memory = exec_memory_of(w->plan);
    job_log(w->job, "memory: %.1f MB of arguments, %.1f MB of constants, %.1f MB planned",
            (double)w->memory.arguments / 1e6, (double)w->memory.constants / 1e6, (double)w->memory.planned / 1e6);
    w->ops = ARENA_ARRAY(&w->arena, struct measured, w->module->n_ops);
    w->row_of_op = ARENA_ARRAY(&w->arena, uint32_t, w->module->n_ops);
    w->total_us = ARENA_ARRAY(&w->arena, double, w->x.repeat);
    if (!w->ops || !w->row_of_op || !w->total_us)
        return failed(w, "out of memory", NULL);
    for (uint64_t i = 0; i < w->x.repeat; i++) {
        if (job_cancelled(w->job) || !run_once(w, w->plan, &w->total_us[i]) || !gather(w, i))
            return false;
        job_log(w->job, "run %llu: %.3f ms", (unsigned long long)i + 1, w->total_us[i] / 1e3);
    }
    w->memory = exec_memory_of(w->plan);
    return true;
}

/* --- accuracy -------------------------------------------------------------------------------------------------------- */

/* The dimensions of an op's first result but for ones; their number, -1 when it has none that are known. */
enum { MAX_DIMS = 16 };
static int dims_of(const ir_module *m, ir_op op, int64_t *out) {
    if (!ir_op_at(m, op)->n_results)
        return -1;
    ir_type t = ir_value_type(m, ir_op_at(m, op)->results);
    int rank = ir_rank(m->ctx, t), n = 0;
    if (rank < 0 || rank > MAX_DIMS)
        return -1;
    for (int i = 0; i < rank; i++) {
        int64_t d = ir_dim(m->ctx, t, i);
        if (d < 0)
            return -1;
        if (d != 1)
            out[n++] = d;
    }
    return n;
}

/* Whether two values are the same numbers in the same order as far as shapes tell: equal ones, or the same innermost
 * dimension with all others merged into one (1x112x112x64 and 1x1x12544x64). Where dimensions have changed places the
 * numbers have, too, and comparing them says nothing. */
static bool same_order(const ir_module *a, ir_op x, const ir_module *b, ir_op y) {
    int64_t s[MAX_DIMS], t[MAX_DIMS], left = 1, right = 1;
    int n = dims_of(a, x, s), k = dims_of(b, y, t);
    if (n < 0 || k < 0)
        return false;
    if (n == k)
        return memcmp(s, t, (size_t)n * sizeof *s) == 0;
    if (n < 1 || k < 1 || s[n - 1] != t[k - 1] || (n != 2 && k != 2))
        return false;
    for (int i = 0; i < n - 1; i++)
        left *= s[i];
    for (int i = 0; i < k - 1; i++)
        right *= t[i];
    return left == right;
}

/* Which ops are compared with which: `op` with each op it came from whose last offspring it is (of several that came from
 * one the last in program order has its value) and whose numbers can stand in the same order. Which of them it stands
 * for passes do not tell: the one it agrees with best. False when memory ran out. */
static bool pair_up(struct work *w, const ir_module *source, exec_pair **out, size_t *n) {
    struct run_origins from = {0};
    ir_op *last = ARENA_ARRAY(&w->arena, ir_op, source->n_ops);
    exec_pair *pairs = ARENA_ARRAY(&w->arena, exec_pair, w->n_ops * RUN_MAX_ORIGINS);
    *n = 0;
    *out = pairs;
    if (!last || !pairs || (w->run && !run_origins(w->run, (uint32_t)w->x.stage, w->g, &w->arena, &from)))
        return failed(w, "out of memory", NULL);
    for (size_t i = 0; i < w->n_ops; i++) {
        ir_op op = w->ops[i].op;
        if (!w->run) /* both are one module */
            pairs[(*n)++] = (exec_pair){op, op};
        for (uint32_t k = w->run ? from.start[op] : 0; w->run && k < from.start[op + 1]; k++)
            if (from.sources[k] < source->n_ops && op > last[from.sources[k]])
                last[from.sources[k]] = op;
    }
    for (size_t i = 0; w->run && i < w->n_ops; i++) {
        ir_op op = w->ops[i].op;
        for (uint32_t k = from.start[op]; k < from.start[op + 1]; k++)
            if (from.sources[k] < source->n_ops && last[from.sources[k]] == op &&
                same_order(w->module, op, source, from.sources[k]))
                pairs[(*n)++] = (exec_pair){op, from.sources[k]};
    }
    return true;
}

static bool compare(struct work *w) {
    struct diags d;
    exec_options o = options_of(w), golden = o;
    o.keep = golden.keep = true;
    golden.numbers = EXEC_F32;
    const ir_module *source = w->source->parts[w->run ? run_settings_of(w->run)->part : w->x.part].module;
    double us;
    diags_init(&d, &w->mem);
    job_progress(w->job, 0, 0, "planning the golden run");
    exec_plan *kept = exec_plan_new(w->module, &o, &w->mem, &d);
    exec_plan *exact = kept ? exec_plan_new(source, &golden, &w->mem, &d) : NULL;
    bool good = exact || failed(w, "the golden run cannot be planned", &d);
    for (size_t i = 0; good && i < exec_n_arguments(exact) && i < exec_n_arguments(kept); i++) {
        const struct tensor *t = exec_seeded(exact, i);
        str why;
        good = t || failed(w, "out of memory", NULL);
        if (good && !exec_bind(kept, i, t, 1, &why)) {
            job_log(w->job, "argument %zu of the golden run is not taken over: %.*s", i, STR_ARG(why));
            continue;
        }
        good = good && (exec_bind(exact, i, t, 1, &why) || failed(w, "an argument cannot be bound", NULL));
    }
    good = good && run_once(w, exact, &us) && run_once(w, kept, &us);
    exec_pair *pairs = NULL;
    size_t n = 0;
    good = good && pair_up(w, source, &pairs, &n);
    exec_difference *differences = good ? ARENA_ARRAY(&w->arena, exec_difference, n + 1) : NULL;
    n = differences ? exec_compare_runs(kept, exact, pairs, n, differences) : 0;
    for (size_t i = 0; i < n; i++) {
        struct measured *m = w->row_of_op[differences[i].op] ? &w->ops[w->row_of_op[differences[i].op] - 1] : NULL;
        if (m && !differences[i].shapes_differ && (!m->compared || differences[i].pcc > m->difference.pcc)) {
            m->compared = true;
            m->difference = differences[i];
        }
    }
    exec_plan_free(exact);
    exec_plan_free(kept);
    diags_free(&d);
    return good;
}

/* --- what is kept ---------------------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, size_t n) {
    qsort(v, n, sizeof *v, by_size);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void put_u64(struct json_writer *w, str key, uint64_t v) {
    json_key(w, key);
    json_u64(w, v);
}

static void put_double(struct json_writer *w, str key, double v) {
    json_key(w, key);
    json_double(w, v);
}

static void write_op(struct work *w, struct json_writer *j, struct measured *m, str id) {
    size_t n = (size_t)w->x.repeat;
    double least = m->us[0], most = m->us[0];
    for (size_t i = 1; i < n; i++) {
        least = m->us[i] < least ? m->us[i] : least;
        most = m->us[i] > most ? m->us[i] : most;
    }
    json_object_begin(j);
    json_key(j, STR("id"));
    json_str(j, id);
    json_key(j, STR("op"));
    json_str(j, ir_op_name_str(w->module, m->op));
    json_key(j, STR("kernel"));
    json_str(j, m->kernel);
    put_double(j, STR("start_us"), m->start);
    put_double(j, STR("last_us"), m->us[n - 1]); /* before the median sorts them */
    put_double(j, STR("us"), median(m->us, n));
    put_double(j, STR("least_us"), least);
    put_double(j, STR("most_us"), most);
    put_u64(j, STR("threads"), m->threads);
    put_u64(j, STR("read"), m->read);
    put_u64(j, STR("written"), m->written);
    put_u64(j, STR("flops"), m->flops);
    put_u64(j, STR("live"), m->live);
    if (m->compared) {
        put_double(j, STR("pcc"), m->difference.pcc);
        put_double(j, STR("absolute"), m->difference.absolute);
        put_double(j, STR("relative"), m->difference.relative);
    }
    json_object_end(j);
}

static void write_settings(const struct execution *x, struct json_writer *j) {
    put_u64(j, STR("part"), x->part);
    put_u64(j, STR("stage"), x->stage);
    json_key(j, STR("run"));
    json_str(j, x->run);
    put_u64(j, STR("threads"), x->threads);
    put_u64(j, STR("seed"), x->seed);
    put_u64(j, STR("repeat"), x->repeat);
    json_key(j, STR("numbers"));
    json_str(j, x->numbers);
    json_key(j, STR("golden"));
    json_bool(j, x->golden);
}

/* One overlay into the workspace. */
static bool keep_overlay(struct work *w, overlay *o, const char *what, struct store_error *e) {
    struct buf out;
    char name[120], id[160];
    buf_init(&out, &w->mem);
    struct json_writer j = json_writer_to(&out);
    if (w->run)
        snprintf(name, sizeof name, "%s after %s", what, run_compiled(w->run)->stages[w->x.stage].pass);
    else
        snprintf(name, sizeof name, "%s", what);
    overlay_write(o, &j);
    struct store_item item = {.model = w->x.model, .name = str_from_z(name), .body = buf_str(&out)};
    int64_t number = 0;
    bool good = !out.failed && store_item_put(w->server->store, STORE_OVERLAY, &item, &number, e);
    buf_free(&out);
    if (good) {
        snprintf(id, sizeof id, "{\"model\":\"%s\",\"id\":%lld,\"change\":\"added\"}", w->x.model.text,
                 (long long)number);
        events_publish(w->server->events, "api", "overlay", str_from_z(id));
    }
    return good;
}

/* The document and the overlays. */
static bool keep(struct work *w, int64_t *number) {
    struct store_error e = {0};
    struct buf out, id;
    overlay time, memory, accuracy;
    buf_init(&out, &w->mem);
    buf_init(&id, &w->mem);
    overlay_init(&time, &w->mem);
    overlay_init(&memory, &w->mem);
    overlay_init(&accuracy, &w->mem);
    bool good = overlay_perf_colours(&time) && overlay_perf_colours(&memory) && overlay_perf_colours(&accuracy);
    struct json_writer j = json_writer_to(&out);
    json_object_begin(&j);
    json_key(&j, STR("settings"));
    json_object_begin(&j);
    write_settings(&w->x, &j);
    json_object_end(&j);
    put_double(&j, STR("us"), median(w->total_us, (size_t)w->x.repeat));
    put_double(&j, STR("least_us"), w->total_us[0]);
    put_double(&j, STR("most_us"), w->total_us[w->x.repeat - 1]);
    json_key(&j, STR("memory"));
    json_object_begin(&j);
    put_u64(&j, STR("arguments"), w->memory.arguments);
    put_u64(&j, STR("constants"), w->memory.constants);
    put_u64(&j, STR("planned"), w->memory.planned);
    put_u64(&j, STR("cached"), w->memory.cached);
    put_u64(&j, STR("scratch"), w->memory.scratch);
    json_object_end(&j);
    json_key(&j, STR("ops"));
    json_array_begin(&j);
    for (size_t i = 0; i < w->n_ops; i++) {
        struct measured *m = &w->ops[i];
        graph_node node = graph_node_of_op(w->g, m->op);
        id.n = 0;
        if (!node)
            continue;
        graph_put_id(w->g, node, &id);
        write_op(w, &j, m, buf_str(&id));
        good = good && overlay_add_number(&time, buf_str(&id), median(m->us, (size_t)w->x.repeat)) &&
               overlay_add_number(&memory, buf_str(&id), (double)m->live) &&
               (!m->compared || overlay_add_number(&accuracy, buf_str(&id), m->difference.pcc));
    }
    json_array_end(&j);
    json_object_end(&j);
    struct store_item item = {.model = w->x.model,
                              .name = STR("execution"),
                              .state = STR("done"),
                              .rank = RANK_EXECUTED,
                              .body = buf_str(&out)};
    *number = 0;
    good = (good && !out.failed && !id.failed) || failed(w, "out of memory", NULL);
    if (good && (!store_item_put(w->server->store, STORE_RUN, &item, number, &e) ||
                 !keep_overlay(w, &time, "time (us)", &e) || !keep_overlay(w, &memory, "memory in use (bytes)", &e) ||
                 (accuracy.values.n && !keep_overlay(w, &accuracy, "accuracy (PCC)", &e))))
        good = failed(w, e.text, NULL);
    overlay_free(&time);
    overlay_free(&memory);
    overlay_free(&accuracy);
    buf_free(&out);
    buf_free(&id);
    return good;
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
        return failed(w, e.text, NULL);
    w->module = w->g->module;
    return w->module || failed(w, "a graph without a module cannot run: open the MLIR text", NULL);
}

static void run_job(struct job *job, void *ctx) {
    struct work *w = ctx;
    int64_t number;
    char result[60];
    w->job = job;
    if (open_all(w) && measure(w) && (!w->x.golden || compare(w)) && keep(w, &number)) {
        snprintf(result, sizeof result, "{\"execution\":%lld}", (long long)number);
        job_result(job, str_from_z(result));
    }
}

static void release(void *ctx) {
    struct work *w = ctx;
    exec_plan_free(w->plan);
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
    w->x.run = arena_str(&w->arena, x->run);
    w->x.numbers = arena_str(&w->arena, x->numbers);
    return jobs_start(s->jobs, "execute", title, run_job, w, release);
}
