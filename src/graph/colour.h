/* colour.h - colours of node data and styles, as CSS writes them; only src/graph includes it. */
#ifndef GRAPH_COLOUR_H
#define GRAPH_COLOUR_H

#include "base/str.h"

/* #rgb, #rrggbb, #rrggbbaa or a name of CSS in any case, as 0xrrggbbaa. False when it is none. */
bool graph_colour(str s, uint32_t *rgba);

#endif
