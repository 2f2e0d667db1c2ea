/* system_read.h - what the two readers of system descriptors share; internal to the room. */
#ifndef TTX_TARGET_SYSTEM_READ_H
#define TTX_TARGET_SYSTEM_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

/* n zeroed items of `size` bytes in `a` (system_attr.c). NULL when out of memory, which is told to `d` when it is the first
 * thing that fails, and sets *failed. */
void *target_system_room(struct arena *a, uint32_t n, size_t size, struct diags *d, bool *failed);

#endif
