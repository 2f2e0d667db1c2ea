#include "compile/value_map.h"

#include <string.h>

bool value_map_room(const ir_module *m, value_map *map) {
    size_t n = m->n_values, old = map->n;
    if (n <= old)
        return true;
    if (!vec_room(map, n - old))
        return false;
    memset(map->v + old, 0, (n - old) * sizeof *map->v);
    map->n = n;
    return true;
}

void value_map_clear(const ir_module *m, value_map *map, ir_op func) {
    for (ir_op op = func; op; op = ir_walk_next(m, func, op)) {
        for (uint32_t i = 0; i < ir_op_at(m, op)->n_results; i++)
            map->v[ir_result(m, op, i)] = 0;
        for (uint32_t r = 0; r < ir_op_at(m, op)->n_regions; r++)
            for (ir_block b = m->regions[ir_op_region(m, op, r)].first; b; b = ir_block_at(m, b)->next)
                for (uint32_t i = 0; i < ir_block_at(m, b)->n_args; i++)
                    map->v[ir_block_at(m, b)->args + i] = 0;
    }
}
