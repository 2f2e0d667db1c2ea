/* me_state.h - what the protocol of today's tools keeps between two requests; only me_*.c include it. */
#ifndef TTX_SERVER_ME_STATE_H
#define TTX_SERVER_ME_STATE_H

#include "server/me_command.h"
#include "server/me_protocol.h"

/* Made when the server starts, freed when it has ended. */
bool me_state_start(struct server *s);
void me_state_end(struct server *s);

/* Takes the body of update_config and, when it is good, gives the URL that pages are to load. False with a sentence. */
bool me_state_update(struct server *s, str body, struct arena *a, str *url, char *error, size_t error_size);
/* Graph JSON number `index` of the last update_config, in the arena; .p is NULL when there is none. */
str me_state_graphs(struct server *s, uint64_t index, struct arena *a);
/* The same for node data. */
str me_state_node_data(struct server *s, uint64_t index, struct arena *a);

/* An upload came; `fresh` when the workspace did not know it before. */
void me_state_uploaded(struct server *s, const struct store_hash *hash, bool fresh);
/* A command asked to delete it after conversion: it goes when the server ends, if it came by this protocol and nobody
 * has attached anything to it. (Pages convert an upload again when they are reloaded, so it cannot go at once.) */
void me_state_delete_later(struct server *s, const struct store_hash *hash);

struct me_runner;
/* What executes models (me_execute.h). */
struct me_runner *me_state_runner(struct server *s);

/* Runs the command and answers (me_run.c). Call on a worker. */
void me_run(struct http_request *r, const struct me_command *c);
/* Answers {"error": text} with the status that commands have, 200 (me_protocol.c). */
void me_error(struct http_request *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The headers that every answer of this protocol has (me_protocol.c). */
void me_headers(struct http_request *r);
/* `path` with ~ at its start replaced by the home folder; .p is NULL when out of memory (me_run.c). */
str me_expand_home(str path, struct arena *a);

/* An adapter that the program stands for (me_run.c). */
struct me_adapter {
    const char *id, *name, *description, *source_repo, *extensions; /* extensions: "mlir ttir" */
    bool tt;                                                        /* has execution, policies, preload */
};
extern const struct me_adapter me_adapters[];
extern const size_t me_n_adapters;
extern const char *const me_policies[];
extern const size_t me_n_policies;

#endif
