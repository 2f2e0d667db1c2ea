/* models_inner.h - what the files of the model registry share. */
#ifndef TTX_SERVER_MODELS_INNER_H
#define TTX_SERVER_MODELS_INNER_H

#include <pthread.h>

#include "base/file.h"
#include "base/platform.h"
#include "graph/me_json.h"
#include "server/models.h"

/* A graph with certain layers of one part. */
struct kept_graph {
    struct mem mem;
    graph *graph;
    size_t part;
    struct model_rule rule;
};

struct loaded {
    struct model model;
    struct mem own;     /* of this struct and the arena */
    struct arena arena; /* names, paths */
    struct file file;
    bool file_open;
    size_t parts_cap;
    me_graphs stored;     /* of graph JSON */
    uint32_t refs;        /* under the registry's lock */
    struct run *run;      /* a stage of this run (runs.h), which then counts the references; else NULL */
    pthread_mutex_t lock; /* around the graphs */
    struct mem graphs_mem;
    struct kept_graph *graphs;
    size_t n_graphs, graphs_cap;
    atomic_size_t graph_bytes; /* of all graphs; the registry looks at it without the lock */
};

/* Which state of which file: as long as it is the same, so are its bytes. */
struct file_state {
    uint64_t device, inode;
    int64_t size;
    int64_t changed_s, changed_ns; /* ctime, which nobody can set back */
};

struct entry {
    struct entry *next;
    struct store_hash hash;
    struct file_state file; /* that had this content when it was opened; inode 0: none known */
    struct loaded *loaded;  /* NULL: not at the moment */
    uint64_t used;          /* the registry's clock at the last use */
    uint32_t pins;          /* threads inside models_get */
    bool loading, deleted;
};

struct watched;

struct models {
    struct mem *parent;
    struct mem mem; /* under the lock */
    struct store *store;
    struct security *security;
    struct events *events;
    pthread_mutex_t lock;
    pthread_cond_t loaded;
    struct entry *first;
    uint64_t clock, limit;
    atomic_bool ending;
    /* models_watch.c */
    int watch_fd, watch_end_fd;
    pthread_t watch_thread;
    struct watched *watched;
    void (*changed)(void *ctx, str path, const struct store_hash *hash);
    void *changed_ctx;
};

static inline struct loaded *loaded_of(const struct model *m) {
    return (struct loaded *)(uintptr_t)m; /* its first member */
}

/* Both return false. */
bool model_fail(struct model_error *e, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool model_fail_store(struct model_error *e, const struct store_error *from);

/* Reads the bytes into modules or stored graphs (models_load.c). False when memory runs out or the job was cancelled; text
 * with errors is no failure. */
bool models_parse(struct models *models, struct loaded *l, struct job *job, struct model_error *e);
/* An empty model that is in no registry, and the end of one. */
struct loaded *model_loaded_new(void);
void model_loaded_free(struct loaded *l);
/* Adds a part; takes the module over in any case. */
bool models_add_part(struct loaded *l, ir_module *module, str collection);

/* Looks for changes of an opened file, if watching is on (models_watch.c). */
void models_watch_path(struct models *models, str real, const struct store_hash *hash);
void models_watch_end(struct models *models);

#endif
