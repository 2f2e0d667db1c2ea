/* Time, for measuring. */
#ifndef TTX_BASE_CLOCK_H
#define TTX_BASE_CLOCK_H

#include <stdint.h>

/* Nanoseconds since some fixed moment; never goes back. */
uint64_t clock_now_ns(void);

#endif
