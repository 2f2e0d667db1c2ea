/* search_json.h - searches as requests say them, and what they find. */
#ifndef GRAPH_SEARCH_JSON_H
#define GRAPH_SEARCH_JSON_H

#include "base/json.h"
#include "graph/search.h"

enum { SEARCH_MAX_TERMS = 32 };
#define SEARCH_PLACES "label, attrs, inputs, outputs, id, namespace, layers, weights"

/* The bit of a place by its name ("label"); 0 when there is none of this name. */
uint32_t search_place(str name);

/* Reads a list of terms: [{"text","where"?:[places],"plain"?,"case"?,"not"?,"min"?,"max"?,"only"?:"nodes"|"layers"}]. `json` is
 * valid JSON; texts are slices of it or made in the arena. False with a sentence in `error` (at most size bytes with the
 * zero). */
bool search_terms_read(str json, struct arena *a, search_term out[SEARCH_MAX_TERMS], size_t *n, char *error,
                       size_t size);

/* {"total":n,"hits":[{"node","id","label","name"?,"where":[places]}]}, the name of weights only; with `numbers` {"total":n,"nodes":[...],"hits":[]}. Running out
 * of memory is the buffer's failure. */
void search_result_write(const graph *g, const search_result *found, bool numbers, struct mem *mem,
                         struct json_writer *w);

#endif
