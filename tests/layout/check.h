/* check.h - what must hold for every layout, checked from the outside. */
#ifndef TESTS_LAYOUT_CHECK_H
#define TESTS_LAYOUT_CHECK_H

#include "base/buf.h"
#include "layout_graphs.h"

/* Fails the test unless the promises of layout.h hold for the present result. `thorough`: also that no line runs
 * through a box (quadratic). */
void check_layout(struct layout *l, const struct test_graph *g, bool thorough);

/* Everything that can be seen of a result, as text. */
void describe_layout(struct layout *l, const struct test_graph *g, struct buf *out);

#endif
