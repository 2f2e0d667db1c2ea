/* search.h - finding nodes by what is written on them.
 *
 * A query is a list of terms, all of which must hold (AND). A term is a regular expression (or plain text) that must
 * be found, without regard to case unless asked for, in one of the chosen places; or a range that an attribute must be
 * in; or says that only layers or only other nodes are meant. Layers are found when a term has SEARCH_LAYERS or is
 * SEARCH_ONLY_LAYERS. The matcher is linear in the text
 * (no back-tracking), so that no query can hang the server:
 *
 *   literals, ., [a-z], [^...], \d \w \s \D \W \S, \b, ^, $, |, (), *, +, ?, {m,n}; a backslash before punctuation
 */
#ifndef GRAPH_SEARCH_H
#define GRAPH_SEARCH_H

#include "graph/graph.h"

enum {
    SEARCH_LABEL = 1 << 0,
    SEARCH_ATTRS = 1 << 1,  /* "key: value" of each attribute */
    SEARCH_INPUTS = 1 << 2, /* input metadata, and, without SEARCH_LABEL, labels of the nodes they come from */
    SEARCH_OUTPUTS = 1 << 3,
    SEARCH_ID = 1 << 4, /* its id and its adapter id */
    SEARCH_NAMESPACE = 1 << 5,
    SEARCH_LAYERS = 1 << 6,  /* find layers too (by label and attributes), not only ops and arguments */
    SEARCH_WEIGHTS = 1 << 7, /* label, id, attributes and outputs, but of weights only: see search_is_weight */
    SEARCH_ALL = (1 << 8) - 1
};

typedef enum search_kind {
    SEARCH_TEXT,        /* the text is found */
    SEARCH_RANGE,       /* the attribute `text` is a number in [min, max] */
    SEARCH_ONLY_NODES,  /* it is no layer */
    SEARCH_ONLY_LAYERS, /* it is a layer */
} search_kind;

typedef struct search_term {
    search_kind kind;
    str text;
    double min, max; /* of SEARCH_RANGE, -INFINITY and INFINITY for none */
    uint32_t where;  /* SEARCH_* */
    bool plain;      /* text as it is, no regular expression */
    bool case_matters;
    bool negated; /* must not be found */
} search_term;

typedef struct search_hit {
    graph_node node;
    uint32_t where; /* the places in which the last positive term was found */
} search_hit;

typedef struct search_result {
    struct mem *mem;
    search_hit *v;
    size_t n, cap;
    size_t total;    /* hits there were, kept or not */
    char error[160]; /* of a bad pattern: what and where */
} search_result;

typedef enum search_status { SEARCH_OK, SEARCH_NO_MEMORY, SEARCH_CANCELLED, SEARCH_BAD_PATTERN } search_status;

typedef struct search_options {
    graph_node within;                        /* only inside this layer; 0 everywhere */
    size_t limit;                             /* hits kept; 0: all */
    const atomic_bool *cancel;                /* may be NULL */
    bool (*progress)(void *ctx, double done); /* may be NULL; false cancels */
    void *progress_ctx;
} search_options;

/* Whether a node stands for what does not change from run to run: a constant, an argument with ttcore.argument_type parameter or
 * constant, in a graph read from JSON an op without inputs that is called as adapters call constants and variables
 * (Const, pseudo_qconst, ReadVariableOp, ...). */
bool search_is_weight(const graph *g, graph_node n);

/* Searches. *out is freed with search_free whatever comes back. Hits are in node order. */
search_status graph_search(const graph *g, struct mem *mem, const search_term *terms, size_t n_terms,
                           const search_options *o, search_result *out);
void search_free(search_result *r);

#endif
