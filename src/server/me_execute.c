/* Executing for today's protocol: two jobs one after the other, and one place that remembers how far they are. */
#include "server/me_execute.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/vec.h"
#include "server/execute.h"
#include "server/jobs.h"

/* Shares of the 100 that status_check counts to; compiling ends at 20 in today's server, too. */
enum { COMPILED = 20, EXECUTED = 100 };

struct me_runner {
    struct mem *parent;
    pthread_mutex_t lock;
    struct mem mem;
    VEC(struct me_done) done;
    /* the one that runs, or ran last */
    bool busy;
    struct me_done now;
    uint64_t compile_job, execute_job; /* 0: not yet */
    size_t compile_read, execute_read; /* bytes of their logs that were told */
    uint64_t progress;
    char error[700];
};

struct me_runner *me_runner_new(struct mem *m) {
    struct me_runner *u = mem_alloc_zero(m, sizeof *u);
    if (!u)
        return NULL;
    u->parent = m;
    pthread_mutex_init(&u->lock, NULL);
    vec_init(&u->done, &u->mem);
    return u;
}

void me_runner_free(struct me_runner *u) {
    if (!u)
        return;
    vec_free(&u->done);
    pthread_mutex_destroy(&u->lock);
    mem_free(u->parent, u, sizeof *u);
}

/* --- compiling ----------------------------------------------------------------------------------------------------- */

struct task {
    struct mem mem;
    struct arena arena;
    struct server *server;
    struct me_done what; /* filled while it goes on */
    str title, overrides;
    int level;
};

static void release(void *ctx) {
    struct task *t = ctx;
    arena_free(&t->arena);
    struct mem mem = t->mem;
    mem_free(&mem, t, sizeof *t);
}

/* Whether there is nothing left to compile: ops of TTNN, and none of what comes before it. */
static bool is_ttnn(const ir_module *m) {
    bool some = false;
    for (ir_op op = m->root; op; op = ir_walk_next(m, m->root, op)) {
        str name = ir_op_name_str(m, op);
        if (str_starts_with(name, STR("ttir.")) || str_starts_with(name, STR("stablehlo.")))
            return false;
        some |= str_starts_with(name, STR("ttnn."));
    }
    return some;
}

/* Says in the log what became of the overrides that were not applied. */
static void log_overrides(struct job *job, const override_set *set) {
    for (size_t i = 0; i < set->results.n; i++) {
        const override_result *o = &set->results.v[i];
        const override_entry *entry = &set->entries.v[o->entry];
        if (o->state != OVERRIDE_APPLIED)
            job_log(job, "override of %.*s, %.*s = %.*s: %s%s%.*s", STR_ARG(entry->target),
                    STR_ARG(entry->settings.v[o->setting].key), STR_ARG(entry->settings.v[o->setting].value),
                    override_state_names[o->state], o->why.n ? ": " : "", STR_ARG(o->why));
    }
}

/* Why a compilation failed, in the words of today's server, with the compiler's behind them. */
static void fail_compile(struct job *job, const struct run *run) {
    const compile_run *c = run_compiled(run);
    const struct diags *d = run_diags(run);
    bool front = c->n_stages && strstr(c->stages[c->n_stages - 1].pass, "stablehlo") != NULL;
    str why = STR("it failed");
    for (size_t i = d->list.n; i-- > 0;)
        if (d->list.v[i].severity == DIAG_ERROR) {
            why = d->list.v[i].message; /* the first one stays */
            job_log(job, "error: %.*s", STR_ARG(why));
        }
    job_fail(job, "Error running %s: %.*s",
             front ? "StableHLO / Shardy to TTIR Pipeline" : "compile TTIR to TTNN Backend Pipeline", STR_ARG(why));
}

/* Compiles the part; t->what names the last stage then. */
static bool compile(struct job *job, struct task *t) {
    struct run_settings settings = {.model = t->what.model};
    struct model_error e = {0};
    struct store_error se;
    struct runs *runs = t->server->runs;
    str json = arena_printf(&t->arena, "{\"part\":%llu,\"level\":%d,\"overrides\":%.*s}",
                            (unsigned long long)t->what.part, t->level, STR_ARG(t->overrides));
    job_log(job, "Running compile TTIR to TTNN Backend Pipeline, optimization level %d", t->level);
    if (!json.p) {
        job_fail(job, "out of memory");
        return false;
    }
    const struct run *run =
        run_settings_read(json, &t->arena, &settings, &e) ? runs_get(runs, &settings, job, &e) : NULL;
    if (!run) {
        job_fail(job, "An unexpected error occurred: %s", e.text);
        return false;
    }
    const compile_run *c = run_compiled(run);
    bool good = c->ok;
    if (good) {
        job_log(job, "compiled in %.3f ms: %u ops", (double)c->nanoseconds / 1e6, c->stages[c->n_stages - 1].ops_after);
        log_overrides(job, run_overrides(run));
        t->what.run = *run_name(run);
        t->what.stage = c->n_stages - 1;
        good = runs_keep(runs, run, &se);
        if (!good)
            job_fail(job, "An unexpected error occurred: %s", se.text);
    } else {
        fail_compile(job, run);
    }
    run_unref(run);
    return good;
}

static struct me_runner *runner_of(struct server *s) {
    return me_state_runner(s);
}

static void run_task(struct job *job, void *ctx) {
    struct task *t = ctx;
    struct model_error e = {0};
    struct models *models = t->server->models;
    const struct model *m = models_get(models, &t->what.model, job, &e);
    const ir_module *module = NULL;
    for (size_t i = 0; m && i < m->n_parts && !module; i++) {
        module = m->parts[i].module;
        t->what.part = i;
    }
    bool ttnn = module && is_ttnn(module), good = module != NULL;
    if (!m)
        job_fail(job, "An unexpected error occurred: %s", e.text);
    else if (!module)
        job_fail(job, "An unexpected error occurred: %s",
                 m->ctx ? "the model has errors: it cannot be compiled"
                        : "a graph without a module cannot be executed");
    model_unref(models, m);
    if (!good || (!ttnn && !compile(job, t)))
        return;
    struct execution x = execution_of(&t->what.model);
    x.golden = true;
    x.run = str_from_z(t->what.run.text);
    x.stage = t->what.stage;
    x.part = t->what.part;
    struct me_runner *u = runner_of(t->server);
    pthread_mutex_lock(&u->lock);
    u->now = t->what;
    u->execute_job = execution_start(t->server, &x, t->title);
    if (!u->execute_job)
        job_fail(job, "An unexpected error occurred: no job can be started now");
    else if (job_cancelled(job)) /* who asked could not name the other yet */
        jobs_cancel(t->server->jobs, u->execute_job);
    pthread_mutex_unlock(&u->lock);
}

/* --- how far it is ------------------------------------------------------------------------------------------------- */

/* Remembers a success; under the lock. */
static bool remember(struct me_runner *u) {
    for (size_t i = 0; i < u->done.n; i++)
        if (strcmp(u->done.v[i].model.text, u->now.model.text) == 0) {
            u->done.v[i] = u->now;
            return true;
        }
    return vec_push(&u->done, u->now);
}

/* Takes over how it ended; under the lock. */
static void end(struct me_runner *u, struct server *s, enum job_state state) {
    uint64_t number = 0;
    u->busy = false;
    u->progress = EXECUTED;
    if (state == JOB_CANCELLED) {
        snprintf(u->error, sizeof u->error, "cancelled");
        return;
    }
    if (state == JOB_FAILED)
        return; /* the job's words stand in u->error */
    struct mem mem = {0};
    struct buf text;
    struct json_reader r;
    buf_init(&text, &mem);
    struct json_writer w = json_writer_to(&text);
    bool good = jobs_write(s->jobs, u->execute_job, &w) && !text.failed;
    json_reader_init(&r, good ? json_member(json_member(buf_str(&text), STR("result")), STR("execution")) : STR(""));
    if (good && json_next(&r) == JSON_NUMBER && json_get_u64(&r, &number)) {
        u->now.execution = (int64_t)number;
        good = remember(u);
    }
    buf_free(&text);
    if (!good || !number)
        snprintf(u->error, sizeof u->error, "An unexpected error occurred: out of memory");
}

/* Looks at the jobs; under the lock. */
static void settle(struct me_runner *u, struct server *s) {
    struct job_status status = {.state = JOB_FAILED};
    if (!u->busy)
        return;
    bool executing = u->execute_job != 0;
    if (!jobs_status(s->jobs, executing ? u->execute_job : u->compile_job, &status, u->error, sizeof u->error))
        snprintf(u->error, sizeof u->error, "An unexpected error occurred: the job was forgotten");
    if (status.state >= JOB_DONE) {
        end(u, s, status.state);
        return;
    }
    /* Both runs of an execution, and planning, count anew: what was told already is not taken back. */
    uint64_t from = executing ? COMPILED : 0, to = executing ? EXECUTED - 1 : COMPILED;
    uint64_t now = from + (status.total ? (to - from) * status.done / status.total : 0);
    if (now > u->progress && now <= to)
        u->progress = now;
}

bool me_executed(struct server *s, const struct store_hash *model, struct me_done *out) {
    struct me_runner *u = runner_of(s);
    bool found = false;
    pthread_mutex_lock(&u->lock);
    settle(u, s);
    for (size_t i = 0; i < u->done.n && !found; i++) {
        found = strcmp(u->done.v[i].model.text, model->text) == 0;
        if (found)
            *out = u->done.v[i];
    }
    pthread_mutex_unlock(&u->lock);
    return found;
}

const struct model *me_executed_model(struct server *s, const struct me_done *d, uint64_t *part) {
    struct model_error e;
    *part = d->part;
    if (!d->run.text[0])
        return models_get(s->models, &d->model, NULL, &e);
    const struct run *run = runs_find(s->runs, &d->model, str_from_z(d->run.text), NULL, &e);
    const struct model *m = run ? run_stage(run, (uint32_t)d->stage, part, &e) : NULL;
    run_unref(run); /* the stage's model keeps it */
    return m;
}

/* --- the commands -------------------------------------------------------------------------------------------------- */

bool me_runner_start(struct server *s, const struct store_hash *model, str title, int level, str overrides, char *error,
                     size_t error_size) {
    struct me_runner *u = runner_of(s);
    struct mem mem = {0};
    struct task *t = mem_alloc_zero(&mem, sizeof *t);
    if (!t) {
        snprintf(error, error_size, "MemoryError: out of memory");
        return false;
    }
    t->mem = mem;
    t->server = s;
    t->level = level;
    t->what.model = *model;
    arena_init(&t->arena, &t->mem);
    t->title = arena_str(&t->arena, title);
    t->overrides = arena_str(&t->arena, overrides);
    if (!t->title.p || !t->overrides.p) {
        release(t);
        snprintf(error, error_size, "MemoryError: out of memory");
        return false;
    }
    pthread_mutex_lock(&u->lock);
    settle(u, s);
    bool free = !u->busy;
    uint64_t job = 0;
    if (free) {
        u->execute_job = 0; /* before the job starts, which sets it */
        job = jobs_start(s->jobs, "compile", t->title, run_task, t, release);
    } else {
        release(t);
    }
    if (job) {
        u->busy = true;
        u->compile_job = job;
        u->compile_read = u->execute_read = 0;
        u->progress = 0;
        u->error[0] = 0;
    }
    pthread_mutex_unlock(&u->lock);
    if (!free)
        snprintf(error, error_size, "AssertionError: a model is being executed already");
    else if (!job)
        snprintf(error, error_size, "RuntimeError: no job can be started now");
    return job != 0;
}

void me_status_check(struct http_request *r) {
    struct server *s = r->server;
    struct me_runner *u = runner_of(s);
    struct buf log;
    str error = {0};
    buf_init(&log, r->arena->mem);
    pthread_mutex_lock(&u->lock);
    settle(u, s);
    if (u->compile_job)
        jobs_log(s->jobs, u->compile_job, u->compile_read, &log, &u->compile_read);
    if (u->execute_job)
        jobs_log(s->jobs, u->execute_job, u->execute_read, &log, &u->execute_read);
    if (!u->busy)
        error = arena_str(r->arena, str_from_z(u->error));
    uint64_t progress = u->progress;
    /* Pages do not show the text of the answer that says done: what there is to tell is told before it. */
    bool done = !u->busy && (log.n == 0 || error.n != 0);
    pthread_mutex_unlock(&u->lock);
    if (s->options.no_execution)
        error = STR(ME_EXECUTION_OFF);
    me_headers(r);
    struct buf *out = http_body(r, 200, "application/json");
    struct json_writer w = json_writer_to(out);
    buf_printf(out, "{\"graphs\":[{\"isDone\":%s,\"progress\":%llu,\"total\":%d,\"error\":", done ? "true" : "false",
               (unsigned long long)progress, EXECUTED);
    if (error.n)
        json_str(&w, error);
    else
        json_null(&w);
    buf_lit(out, ",\"stdout\":");
    w = json_writer_to(out);
    json_str(&w, buf_str(&log));
    buf_lit(out, "}]}");
    buf_free(&log);
}
