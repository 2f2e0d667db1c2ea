/* clone.h - compact copies of modules.
 *
 * A cloner makes copies of one module while that is edited in between: what a copy needs beside itself (who became what) is
 * kept from one to the next, so that its memory is fetched once.
 */
#ifndef IR_CLONE_H
#define IR_CLONE_H

#include "base/vec.h"
#include "ir/ir.h"

typedef VEC(uint32_t) ir_handles;

typedef struct ir_cloner {
    ir_handles map;                     /* by op of the module: what it became in the newest clone, 0: nothing */
    ir_handles before;                  /* the same for the clone before (ir_clone_forget) */
    ir_handles order;                   /* by op of the newest clone: what it is in the module; entry 0 means nothing */
    ir_handles values, blocks, regions; /* new handles by old ones, for one clone */
} ir_cloner;

/* Nothing yet; `mem` must outlive it. */
void ir_cloner_init(ir_cloner *k, struct mem *mem);
void ir_cloner_free(ir_cloner *k);

/* A compact copy of what is attached to the root: handles are in pre-order, nothing erased is left, the context is
 * shared. k->map becomes its map and k->before what that was (so it still was if this fails). NULL when out of memory. */
ir_module *ir_clone(ir_cloner *k, const ir_module *m);
/* Takes the map of the clone before for that of the newest one again. Once per clone. */
void ir_clone_forget(ir_cloner *k);

/* A single copy, by a cloner of its own. NULL when out of memory. */
ir_module *ir_module_clone(const ir_module *m);

#endif
