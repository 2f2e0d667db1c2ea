/* value_map.h - what values become in a copy of a function's body, one body after the other; internal to the room.
 *
 * The map is as long as the module has values. It is made once for all bodies and cleared where it was written: a new one for
 * each of n calls would take memory with the square of n. */
#ifndef TTX_COMPILE_VALUE_MAP_H
#define TTX_COMPILE_VALUE_MAP_H

#include "base/vec.h"
#include "compile/pass.h"

/* By value: its copy in the body that is being copied, as ir_clone_op takes it; all zero in between. vec_init, vec_free. */
typedef VEC(ir_value) value_map;

/* Makes room for all values that the module has by now. False when out of memory. */
bool value_map_room(const ir_module *m, value_map *map);
/* Takes out what copying all of a function entered: its arguments, and the results and block arguments inside. */
void value_map_clear(const ir_module *m, value_map *map, ir_op func);

#endif
