/* page.h - the models behind a page that has no server: what the API of the server answers, from memory.
 *
 *   bytes of a file ──page_open──▶ struct page ──page_ask──▶ the same JSON (or bytes) as docs/api.md
 *
 * Compiled to WebAssembly (core.c) for the pages of `tt-explorer export`; no files, threads or sockets.
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

struct page;

/* Opens a model: MLIR text (one or several modules) or graph JSON. `text` is followed by a zero byte and must outlive the page;
 * `name` is copied. NULL when out of memory; what has errors opens, and page_ask "model" tells them. Freed with page_free. */
struct page *page_open(struct mem *mem, str text, str name);
void page_free(struct page *p);

/* Answers a request about a model; `other` (NULL: there is none) is the one that "diff" compares it with. The request is a JSON object with the member "what" and those that the route of this name takes as parameters
 * ("node", "id", "layers", "part", "from", "to", ...) or as the body ("terms", "nodes", "ids", "data").
 *
 *   model                     {"parts":[{"part","readable","collection","first"}],"json":bool,"diagnostics":[...]}
 *   text                      the text of a part, bytes; "first" line breaks stand for the parts before it
 *   graph                     the compact form, bytes
 *   json                      {"graphs":[...]}, "style" as in the API
 *   looks                     how graph JSON is to be shown, see graph/looks.h
 *   node, nodes, search, trace, paths, identical, bind
 *   values, layers            node data in "data", bound to the graph
 *   ops                       {"ops":[...],"arguments":[id,...]}: what the nodes "nodes" stand for, ops by their numbers in the order
 *                             of ir_walk_next, arguments by their ids; a layer stands for the ops in it
 *   nodes-of                  {"nodes":[...]}: the other way round, of "ops" and "ids", ascending
 *   diff                      from this model's "part" to the other's "other_part"; "form" is list, nodes or sync
 *   places                    {"places":[node,begin,end,...]}: the bytes of the text where nodes stand, ascending
 *
 * Gives the status as HTTP has it and appends the answer; of an error {"error":{"message"}}. */
int page_ask(struct page *p, struct page *other, str request, struct buf *out);

#endif
