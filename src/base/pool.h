/* A pool of threads for loops over ranges.
 *
 * The caller's thread works too, so a pool of one thread starts none. Results must not depend on how ranges are cut:
 * each call of the body writes only what belongs to its range. Where there are no threads (WebAssembly) the loop runs
 * on the caller's.
 */
#ifndef TTX_BASE_POOL_H
#define TTX_BASE_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct pool;

/* Does items [begin, end). `worker` is below pool_threads() and not used by two calls at a time: an index into
 * scratch memory. */
typedef void pool_body(void *ctx, size_t begin, size_t end, unsigned worker);

/* A pool of `threads` workers, the caller's included; 0 = as many as the machine has processors. Its threads start with the
 * first loop that is shared; where the system has none to give, loops go on with what there is. NULL when out of memory. */
struct pool *pool_new(struct mem *m, unsigned threads);

/* Ends the threads. No loop may be running. NULL is allowed. */
void pool_free(struct pool *p);

/* The workers that there may be, the caller's included: numbers of workers are below that. */
unsigned pool_threads(const struct pool *p);

/* Calls fn(data) on `threads` threads, the caller's among them, and returns when all have returned. The last argument is 0.
 * This is GOMP_parallel of libgomp's ABI. */
typedef void pool_team(void (*fn)(void *), void *data, unsigned threads, unsigned flags);

/* From now on loops run on the threads of a team that somebody else keeps, as a library that the loops take turns with:
 * threads of both would get into each other's way. The pool has none of its own then. No loop may be running. */
void pool_join(struct pool *p, pool_team *team);

/* Calls body for pieces of at most `grain` items (0 counts as 1) until [0, n) is done, and returns when all calls
 * have. Once *cancel (may be NULL) is true no further piece begins; returns false then, if something was left out.
 * One loop at a time per pool; not from inside a body. */
bool pool_for(struct pool *p, size_t n, size_t grain, pool_body *body, void *ctx, const atomic_bool *cancel);

#endif
