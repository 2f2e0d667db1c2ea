/* jobs.h - work that takes longer than a moment: progress, cancelling, a result.
 *
 * A job runs on one of a few threads. Every change is published as event "job" of topic "api" with the JSON of job_write, at most
 * five times a second for one job. Finished jobs are remembered, the last 200 of them.
 */
#ifndef TTX_SERVER_JOBS_H
#define TTX_SERVER_JOBS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/platform.h"
#include "base/str.h"

struct events;
struct job;
struct jobs;

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED };

/* The work. Ends by returning: without job_fail it is done, or cancelled when it was asked to stop. */
typedef void job_run(struct job *job, void *ctx);

/* `threads` threads (0: two) that run jobs, of which `events`, which must outlive it, is told. NULL when out of memory. */
struct jobs *jobs_new(struct mem *m, struct events *events, unsigned threads);
/* Asks all jobs to stop, waits for them, frees everything. NULL is allowed. */
void jobs_free(struct jobs *jobs);
/* Asks all jobs to stop and starts no more. */
void jobs_close(struct jobs *jobs);

/* Starts a job. `kind` is a constant ("open", "compile"), `title` for people. `release(ctx)` (may be NULL) is called after
 * run, or instead of it when the job was cancelled before it began, or when this returns 0: memory or threads ran out, or
 * the server is ending. Gives the job's number. */
uint64_t jobs_start(struct jobs *jobs, const char *kind, str title, job_run *run, void *ctx, void (*release)(void *));

/* --- from inside the job ------------------------------------------------------------------------------------------ */

/* How far it is: `done` of `total` (0: unknown), and what it is doing (a constant or short text; NULL: as before). Cheap enough to call often. */
void job_progress(struct job *job, uint64_t done, uint64_t total, const char *message);
/* A line for the log, which clients read in pieces (jobs_log). */
void job_log(struct job *job, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Whether it should stop; the flag itself, for pool_for and passes. */
bool job_cancelled(const struct job *job);
const atomic_bool *job_cancel_flag(const struct job *job);
/* It failed: the sentence is shown. The last one counts. */
void job_fail(struct job *job, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Its result as JSON text; copied, and told of at once: there may be more to do than what clients wait for. */
void job_result(struct job *job, str json);
uint64_t job_id(const struct job *job);

/* --- from outside ------------------------------------------------------------------------------------------------- */

/* Writes {"id","kind","title","state","done","total","message","error","result","started","ended"}; false when there is no such job. */
bool jobs_write(struct jobs *jobs, uint64_t id, struct json_writer *w);
/* An array of all, the newest first. */
void jobs_write_all(struct jobs *jobs, struct json_writer *w);
/* The state, progress and (copied to `error` of `size` bytes, may be NULL) what went wrong; false when there is no such job. */
struct job_status {
    enum job_state state;
    uint64_t done, total;
};
bool jobs_status(struct jobs *jobs, uint64_t id, struct job_status *out, char *error, size_t size);
/* Log text from byte `from` on appended to `out`; *next is where to go on. */
bool jobs_log(struct jobs *jobs, uint64_t id, size_t from, struct buf *out, size_t *next);
/* Asks it to stop; false when there is no such job. One that has ended is left as it is. */
bool jobs_cancel(struct jobs *jobs, uint64_t id);
/* Waits until it has ended, at most `timeout_ms`; false when it has not (or is unknown). For ROUTE_WORKER handlers. */
bool jobs_wait(struct jobs *jobs, uint64_t id, uint64_t timeout_ms);

#endif
