/* edit_legal.h - which values the attributes of a node may take, for graphs as Model Explorer's pages read them: only legal
 * ones, as target/legal.h judges them.
 *
 *     struct edit_legal e;
 *     edit_legal_init(&e, g->module, mem);
 *     o.edit = edit_legal;  o.edit_ctx = &e;
 *     ...
 *     edit_legal_free(&e);
 *
 * Modules without a device (before ttcore-register-device) are offered what tt_adapter offers: there is nothing to judge by.
 */
#ifndef SERVER_EDIT_LEGAL_H
#define SERVER_EDIT_LEGAL_H

#include "graph/attrs.h"
#include "target/legal.h"

struct edit_legal {
    legal_env env;
    bool has_device;
    struct arena arena; /* of the last answer */
    struct arena_mark empty;
};

/* The module must outlive it and not change; NULL when nothing will be asked. */
void edit_legal_init(struct edit_legal *e, const ir_module *m, struct mem *mem);
void edit_legal_free(struct edit_legal *e);
/* ctx: the struct. */
graph_edit_fn edit_legal;

#endif
