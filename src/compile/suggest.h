/* suggest.h - which overrides the cost model says would help most. Estimates: whoever shows them says so. */
#ifndef TTX_COMPILE_SUGGEST_H
#define TTX_COMPILE_SUGGEST_H

#include "compile/override.h"
#include "target/cost.h"

typedef struct override_suggestion {
    ir_op op;
    legal_setting set[3];
    uint32_t n_set;
    double before_ns, after_ns; /* of the op, what moves tensors to and from it, and the ops that read its result */
    bool changes_numbers;       /* less exact results: data types, math fidelity */
} override_suggestion;

/* Looks at each op of the forward functions of a TTNN module with a device, one change at a time: another layout of the
 * result, weights in bfp_bf8, a lower math fidelity of a product that is bound by compute. Writes the `cap` best that save
 * anything, best first, at most one per op; returns how many. Texts are in the arena. 0 also when out of memory. */
uint32_t override_suggest(const legal_env *e, struct arena *a, override_suggestion *out, uint32_t cap);

#endif
