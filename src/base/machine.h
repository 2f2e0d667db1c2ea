/* What the machine has to offer. */
#ifndef TTX_BASE_MACHINE_H
#define TTX_BASE_MACHINE_H

#include <stdint.h>

/* Bytes of memory that can be had without swapping, as Linux estimates it (MemAvailable of /proc/meminfo); UINT64_MAX where
 * that is not told. */
uint64_t machine_memory_available(void);

/* Processors that are there, whether or not this process may use all of them; at least 1. */
unsigned machine_processors(void);

#endif
