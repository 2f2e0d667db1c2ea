/* walk.h - tensors looked at in another order; internal to the room.
 *
 * A walk names elements of a tensor: element (i0, i1, ...), counted in row-major order of `dims`, is the tensor's element
 * base + i0*strides[0] + i1*strides[1] + ... Permuting, broadcasting, slicing, repeating and reversing are walks, and a walk
 * over a walk often is one.
 */
#ifndef TTX_EXEC_WALK_H
#define TTX_EXEC_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "import/tensor.h"

enum { WALK_MAX_RANK = 2 * TENSOR_MAX_RANK };

struct walk {
    int rank;
    int64_t dims[WALK_MAX_RANK], strides[WALK_MAX_RANK], base; /* strides may be zero or negative */
};

/* Drops dimensions of one and merges neighbours that are one walk. */
void walk_simplify(struct walk *w);
/* Whether a simplified walk names the first elements in their order. */
bool walk_in_order(const struct walk *w);
/* The strides of a dense tensor. */
void walk_row_strides(const int64_t *dims, int rank, int64_t *strides);
/* The walk over a tensor that gives what `outer` gives over the tensor that `inner` gives; simplified. False when it is no
 * walk (or has too many dimensions). */
bool walk_compose(const struct walk *outer, const struct walk *inner, struct walk *out);
/* A simplified walk as one stride for each dimension of a tensor that has its elements; 0 for dimensions of one. False when
 * a dimension needs several. */
bool walk_strides(const struct walk *w, const int64_t *dims, int rank, int64_t *strides);

#endif
