/* Jobs: a list under one lock, threads from worker.c.
 *
 * Job numbers are never used again. A job's `cancel` flag is read without the lock by the work itself.
 */
#define _GNU_SOURCE /* clock_gettime */
#include "server/jobs.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "server/events.h"
#include "server/worker.h"

enum { REMEMBERED = 200, TEXT = 300, LOG_BYTES = 4 << 20, PUBLISH_NS = 200000000 };

struct job {
    struct worker_task task;
    struct jobs *jobs;
    struct job *next; /* newer first */
    uint64_t id;
    const char *kind;
    char title[TEXT], message[TEXT], error[TEXT * 2];
    enum job_state state;
    atomic_bool cancel;
    bool failed;
    uint64_t done, total, published_ns;
    int64_t started_ms, ended_ms;
    struct buf result, log;
    size_t log_dropped; /* bytes before log.p[0] that are gone */
    job_run *run;
    void *ctx;
    void (*release)(void *);
};

struct jobs {
    struct mem *parent;
    struct mem mem; /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t ended;
    struct events *events;
    struct workers *workers;
    struct job *first;
    size_t n;
    uint64_t last_id;
    bool closing;
};

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct jobs *jobs_new(struct mem *m, struct events *events, unsigned threads) {
    struct jobs *jobs = mem_alloc_zero(m, sizeof *jobs);
    if (!jobs)
        return NULL;
    jobs->parent = m;
    jobs->events = events;
    jobs->workers = workers_new(m, threads ? threads : 2);
    if (!jobs->workers) {
        mem_free(m, jobs, sizeof *jobs);
        return NULL;
    }
    pthread_mutex_init(&jobs->lock, NULL);
    pthread_cond_init(&jobs->ended, NULL);
    return jobs;
}

static void job_free(struct jobs *jobs, struct job *j) {
    buf_free(&j->result);
    buf_free(&j->log);
    mem_free(&jobs->mem, j, sizeof *j);
}

void jobs_close(struct jobs *jobs) {
    pthread_mutex_lock(&jobs->lock);
    jobs->closing = true;
    for (struct job *j = jobs->first; j; j = j->next)
        atomic_store(&j->cancel, true);
    pthread_mutex_unlock(&jobs->lock);
}

void jobs_free(struct jobs *jobs) {
    if (!jobs)
        return;
    jobs_close(jobs);
    workers_free(jobs->workers);
    while (jobs->first) {
        struct job *j = jobs->first;
        jobs->first = j->next;
        job_free(jobs, j);
    }
    pthread_mutex_destroy(&jobs->lock);
    pthread_cond_destroy(&jobs->ended);
    mem_free(jobs->parent, jobs, sizeof *jobs);
}

static void write_job(const struct job *j, struct json_writer *w) {
    static const char *const states[] = {"queued", "running", "done", "failed", "cancelled"};
    json_object_begin(w);
    json_key(w, STR("id"));
    json_u64(w, j->id);
    json_key(w, STR("kind"));
    json_str(w, str_from_z(j->kind));
    json_key(w, STR("title"));
    json_str(w, str_from_z(j->title));
    json_key(w, STR("state"));
    json_str(w, str_from_z(states[j->state]));
    json_key(w, STR("done"));
    json_u64(w, j->done);
    json_key(w, STR("total"));
    json_u64(w, j->total);
    json_key(w, STR("message"));
    json_str(w, str_from_z(j->message));
    json_key(w, STR("error"));
    if (j->error[0])
        json_str(w, str_from_z(j->error));
    else
        json_null(w);
    json_key(w, STR("result"));
    if (j->result.n)
        json_raw(w, buf_str(&j->result));
    else
        json_null(w);
    json_key(w, STR("started"));
    json_i64(w, j->started_ms);
    json_key(w, STR("ended"));
    json_i64(w, j->ended_ms);
    json_object_end(w);
}

/* Tells clients; under the lock. Progress is told at most five times a second. */
static void publish(struct job *j, bool at_once) {
    uint64_t now = clock_now_ns();
    if (!at_once && now - j->published_ns < PUBLISH_NS)
        return;
    j->published_ns = now;
    struct buf text;
    buf_init(&text, &j->jobs->mem);
    struct json_writer w = json_writer_to(&text);
    write_job(j, &w);
    if (!text.failed && j->jobs->events)
        events_publish(j->jobs->events, "api", "job", buf_str(&text));
    buf_free(&text);
}

/* Drops the oldest ended ones beyond REMEMBERED; under the lock. */
static void forget_old(struct jobs *jobs) {
    if (jobs->n <= REMEMBERED)
        return;
    struct job **last = NULL;
    for (struct job **at = &jobs->first; *at; at = &(*at)->next)
        if ((*at)->state >= JOB_DONE)
            last = at;
    if (!last)
        return;
    struct job *old = *last;
    *last = old->next;
    jobs->n--;
    job_free(jobs, old);
}

static void end_job(struct job *j) {
    struct jobs *jobs = j->jobs;
    j->ended_ms = now_ms();
    publish(j, true);
    pthread_cond_broadcast(&jobs->ended);
    forget_old(jobs);
}

static void run_job(struct worker_task *task) {
    struct job *j = (struct job *)((char *)task - offsetof(struct job, task));
    struct jobs *jobs = j->jobs;
    pthread_mutex_lock(&jobs->lock);
    bool go = !atomic_load(&j->cancel);
    if (go) {
        j->state = JOB_RUNNING;
        j->started_ms = now_ms();
        publish(j, true);
    }
    pthread_mutex_unlock(&jobs->lock);
    if (go)
        j->run(j, j->ctx);
    /* Who asked it to stop need not wait until gigabytes have been given back; who gets a result may then find all of it free. */
    void (*release)(void *) = j->release;
    void *ctx = j->ctx;
    bool cancelled = atomic_load(&j->cancel);
    if (release && !cancelled)
        release(ctx);
    pthread_mutex_lock(&jobs->lock);
    j->state = j->failed && !cancelled ? JOB_FAILED : cancelled ? JOB_CANCELLED : JOB_DONE;
    end_job(j); /* it may be gone after that */
    pthread_mutex_unlock(&jobs->lock);
    if (release && cancelled)
        release(ctx);
}

uint64_t jobs_start(struct jobs *jobs, const char *kind, str title, job_run *run, void *ctx, void (*release)(void *)) {
    pthread_mutex_lock(&jobs->lock);
    struct job *j = jobs->closing ? NULL : mem_alloc_zero(&jobs->mem, sizeof *j);
    uint64_t id = 0;
    if (j) {
        j->jobs = jobs;
        j->kind = kind;
        snprintf(j->title, sizeof j->title, "%.*s", STR_ARG(title));
        buf_init(&j->result, &jobs->mem);
        buf_init(&j->log, &jobs->mem);
        j->run = run;
        j->ctx = ctx;
        j->release = release;
        j->task.run = run_job;
        j->id = jobs->last_id + 1;
        if (workers_add(jobs->workers, &j->task)) {
            id = jobs->last_id = j->id;
            j->next = jobs->first;
            jobs->first = j;
            jobs->n++;
            publish(j, true);
        } else {
            job_free(jobs, j);
        }
    }
    pthread_mutex_unlock(&jobs->lock);
    if (!id && release)
        release(ctx);
    return id;
}

/* --- from inside ----------------------------------------------------------------------------------------------------- */

void job_progress(struct job *job, uint64_t done, uint64_t total, const char *message) {
    if (!job)
        return;
    pthread_mutex_lock(&job->jobs->lock);
    job->done = done;
    job->total = total;
    if (message)
        snprintf(job->message, sizeof job->message, "%s", message);
    publish(job, false);
    pthread_mutex_unlock(&job->jobs->lock);
}

void job_log(struct job *job, const char *fmt, ...) {
    char line[2000];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    pthread_mutex_lock(&job->jobs->lock);
    if (job->log.n > LOG_BYTES) { /* the older half goes */
        size_t drop = job->log.n / 2;
        memmove(job->log.p, job->log.p + drop, job->log.n - drop);
        job->log.n -= drop;
        job->log_dropped += drop;
    }
    buf_puts(&job->log, line);
    buf_putc(&job->log, '\n');
    pthread_mutex_unlock(&job->jobs->lock);
}

bool job_cancelled(const struct job *job) {
    return job && atomic_load_explicit(&job->cancel, memory_order_relaxed);
}

const atomic_bool *job_cancel_flag(const struct job *job) {
    return job ? &job->cancel : NULL;
}

void job_fail(struct job *job, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    pthread_mutex_lock(&job->jobs->lock);
    job->failed = true;
    vsnprintf(job->error, sizeof job->error, fmt, ap);
    pthread_mutex_unlock(&job->jobs->lock);
    va_end(ap);
}

void job_result(struct job *job, str json) {
    pthread_mutex_lock(&job->jobs->lock);
    buf_clear(&job->result);
    buf_put_str(&job->result, json);
    publish(job, true);
    pthread_mutex_unlock(&job->jobs->lock);
}

uint64_t job_id(const struct job *job) {
    return job->id;
}

/* --- from outside ---------------------------------------------------------------------------------------------------- */

static struct job *find(struct jobs *jobs, uint64_t id) {
    struct job *j = jobs->first;
    while (j && j->id != id)
        j = j->next;
    return j;
}

bool jobs_write(struct jobs *jobs, uint64_t id, struct json_writer *w) {
    pthread_mutex_lock(&jobs->lock);
    struct job *j = find(jobs, id);
    if (j)
        write_job(j, w);
    pthread_mutex_unlock(&jobs->lock);
    return j != NULL;
}

void jobs_write_all(struct jobs *jobs, struct json_writer *w) {
    json_array_begin(w);
    pthread_mutex_lock(&jobs->lock);
    for (struct job *j = jobs->first; j; j = j->next)
        write_job(j, w);
    pthread_mutex_unlock(&jobs->lock);
    json_array_end(w);
}

bool jobs_status(struct jobs *jobs, uint64_t id, struct job_status *out, char *error, size_t size) {
    pthread_mutex_lock(&jobs->lock);
    struct job *j = find(jobs, id);
    if (j) {
        *out = (struct job_status){j->state, j->done, j->total};
        if (error && size)
            snprintf(error, size, "%s", j->error);
    }
    pthread_mutex_unlock(&jobs->lock);
    return j != NULL;
}

bool jobs_log(struct jobs *jobs, uint64_t id, size_t from, struct buf *out, size_t *next) {
    pthread_mutex_lock(&jobs->lock);
    struct job *j = find(jobs, id);
    if (j) {
        size_t at = from > j->log_dropped ? from - j->log_dropped : 0;
        buf_put_str(out, str_from(buf_str(&j->log), at));
        *next = j->log_dropped + j->log.n;
    }
    pthread_mutex_unlock(&jobs->lock);
    return j != NULL;
}

bool jobs_cancel(struct jobs *jobs, uint64_t id) {
    pthread_mutex_lock(&jobs->lock);
    struct job *j = find(jobs, id);
    if (j && j->state < JOB_DONE)
        atomic_store(&j->cancel, true);
    pthread_mutex_unlock(&jobs->lock);
    return j != NULL;
}

bool jobs_wait(struct jobs *jobs, uint64_t id, uint64_t timeout_ms) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(timeout_ms / 1000);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&jobs->lock);
    struct job *j;
    bool ended = false;
    while ((j = find(jobs, id)) && !(ended = j->state >= JOB_DONE))
        if (pthread_cond_timedwait(&jobs->ended, &jobs->lock, &until) == ETIMEDOUT)
            break;
    pthread_mutex_unlock(&jobs->lock);
    return ended;
}
