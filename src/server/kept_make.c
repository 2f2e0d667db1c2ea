/* Values of kept executions that are made because somebody looks at them. */
#include "server/execute_inner.h"
#include "server/jobs.h"

struct making {
    struct mem mem;
    struct server *server;
    struct kept_run *run;
    size_t n;
    struct kept_value v[];
};

/* Makes what is not there yet; under run->running. */
static bool make_one(struct job *job, struct kept_run *r, const struct kept_value *v) {
    exec_plan *plan = v->golden ? r->golden : r->plan;
    struct kept_look there;
    if (kept_look(r, v, &there) != KEPT_LATER) {
        kept_done(r, &there);
        return true;
    }
    const struct tensor *t = exec_value(plan, v->value, v->device); /* of the last run */
    if (!t && !execute_watched(job, v->golden ? r->golden_module : r->g->module, plan, v->value, NULL))
        return false;
    if (!t && !(t = exec_value(plan, v->value, v->device))) {
        job_fail(job, "the value is not there after the run");
        return false;
    }
    struct tensor found = *t;
    if (!kept_put(r, v, &found, exec_value_devices(plan, v->value)))
        job_fail(job, "out of memory");
    return true;
}

static void make(struct job *job, void *ctx) {
    struct making *m = ctx;
    bool good = true;
    pthread_mutex_lock(&m->run->running);
    for (size_t i = 0; good && i < m->n; i++)
        good = make_one(job, m->run, &m->v[i]);
    pthread_mutex_unlock(&m->run->running);
    if (good)
        job_result(job, STR("{}"));
}

static void release(void *ctx) {
    struct making *m = ctx;
    kept_unref(m->server->kept, m->run);
    struct mem mem = m->mem;
    mem_free(&mem, m, sizeof *m + m->n * sizeof *m->v);
}

uint64_t kept_make(struct server *s, struct kept_run *r, const struct kept_value *v, size_t n, str title) {
    struct mem mem = {0};
    struct making *m = mem_alloc_zero(&mem, sizeof *m + n * sizeof *m->v);
    if (!m)
        return 0;
    m->mem = mem;
    m->server = s;
    m->n = n;
    memcpy(m->v, v, n * sizeof *v);
    m->run = kept_ref(s->kept, r);
    return jobs_start(s->jobs, "values", title, make, m, release);
}
