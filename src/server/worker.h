/* worker.h - a queue of tasks and a few threads that do them.
 *
 * Threads are made when there is work and nobody free, up to a limit, so that a server that is never asked for anything
 * slow has none.
 */
#ifndef TTX_SERVER_WORKER_H
#define TTX_SERVER_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct workers;

/* A task lies inside what it is about; the workers only link it. */
struct worker_task {
    struct worker_task *next;
    void (*run)(struct worker_task *task);
};

/* At most `threads` of them. NULL when out of memory. */
struct workers *workers_new(struct mem *m, unsigned threads);
/* Does what is queued still, then ends the threads; workers_add answers false from then on. NULL is allowed. */
void workers_stop(struct workers *w);
/* workers_stop, and frees them: nobody may use them any more. NULL is allowed. */
void workers_free(struct workers *w);
/* Queues a task. False when there is no thread to do it and none can be made: the task is not queued. */
bool workers_add(struct workers *w, struct worker_task *task);
/* Tasks waiting or being done. */
size_t workers_busy(struct workers *w);

#endif
