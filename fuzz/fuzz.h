/* What a fuzz target defines and may use.
 *
 * A target does what a user of the module would do with bytes of unknown origin, and checks what must hold whatever
 * they are, with FUZZ_CHECK. It keeps nothing between two inputs.
 */
#ifndef TTX_FUZZ_FUZZ_H
#define TTX_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer's entry: always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(what)                                                              \
    do {                                                                              \
        if (!(what)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #what); \
            abort();                                                                  \
        }                                                                             \
    } while (0)

#endif
