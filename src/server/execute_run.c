/* Running a plan as a job: progress, cancelling, what went wrong. */
#define _GNU_SOURCE /* clock_gettime */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "server/execute_inner.h"
#include "server/jobs.h"

/* A job is asked to stop by a flag, a plan by a call: somebody has to look at the one and make the other, until `over`. */
struct watch {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t change;
    struct job *job;
    exec_plan *plan, *golden; /* the latter may be NULL */
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
        if (job_cancelled(w->job) && w->golden)
            exec_cancel(w->golden);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += WATCH_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&w->change, &w->lock, &until);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

struct told {
    struct job *job;
    const ir_module *module;
};

static void on_progress(void *arg, size_t done, size_t total, ir_op op) {
    struct told *t = arg;
    char name[80];
    str s = op ? ir_op_name_str(t->module, op) : done ? STR("running") : STR("values of arguments");
    snprintf(name, sizeof name, "%.*s", STR_ARG(str_slice(s, 0, sizeof name - 1)));
    job_progress(t->job, done, total, name);
}

/* What is done with a plan. */
struct deed {
    ir_value until;
    struct golden_run *golden;                        /* NULL: it runs alone */
    bool (*prepare)(struct work *w, exec_plan *plan); /* NULL: it runs, else this is done, which tells of failures */
    struct work *work;
    bool only_ready;
};

static exec_status perform(exec_plan *plan, const struct deed *d, const exec_hooks *hooks) {
    struct golden_run *g = d->golden;
    if (d->prepare)
        return d->prepare(d->work, plan) ? EXEC_DONE : EXEC_CANCELLED;
    if (d->only_ready)
        return exec_ready(plan, hooks);
    if (g)
        return exec_compare_beside(plan, g->plan, g->pairs, g->n, g->out, &g->n_out, hooks);
    return exec_run_until(plan, d->until, hooks);
}

static bool watched(struct job *job, const ir_module *module, exec_plan *plan, const struct deed *d) {
    struct watch watch = {.job = job,
                          .plan = plan,
                          .golden = d->golden ? d->golden->plan : NULL,
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .change = PTHREAD_COND_INITIALIZER};
    struct told told = {job, module};
    exec_hooks hooks = {on_progress, &told};
    bool joined = pthread_create(&watch.thread, NULL, watch_job, &watch) == 0;
    exec_status status = perform(plan, d, &hooks);
    pthread_mutex_lock(&watch.lock);
    watch.over = true;
    pthread_cond_signal(&watch.change);
    pthread_mutex_unlock(&watch.lock);
    if (joined)
        pthread_join(watch.thread, NULL);
    if (status == EXEC_FAILED) {
        ir_op op;
        str why = exec_error(plan, &op);
        job_fail(job, "%.*s: %.*s", STR_ARG(op ? ir_op_name_str(module, op) : STR("the run failed")), STR_ARG(why));
    }
    return status == EXEC_DONE;
}

bool execute_watched(struct job *job, const ir_module *module, exec_plan *plan, ir_value until,
                     struct golden_run *golden) {
    return watched(job, module, plan, &(struct deed){.until = until, .golden = golden});
}

bool execute_ready(struct work *w, const ir_module *module, exec_plan *plan) {
    return watched(w->job, module, plan, &(struct deed){.only_ready = true});
}

bool execute_prepare(struct work *w, exec_plan *plan, bool (*prepare)(struct work *w, exec_plan *plan)) {
    return watched(w->job, w->module, plan, &(struct deed){.prepare = prepare, .work = w});
}

bool execute_once(struct work *w, exec_plan *plan, struct golden_run *golden, double *us) {
    bool good = execute_watched(w->job, w->module, plan, 0, golden);
    *us = (double)exec_run_ns(plan) / 1e3;
    return good;
}
