/* random_ttir.h - TTIR modules made by chance that are legal by construction: what the pipeline and the executor are tried
 * on beyond the models that people wrote.
 *
 * Values are kept tame on purpose (operands of exp, log, pow and the like are brought into their domain first), because
 * results are compared as numbers afterwards; and ops that jump (comparisons, rounding, argmax) never look at what is
 * computed from constants alone, where a fold in bf16 may fall on the other side.
 */
#ifndef TTX_TESTS_RANDOM_TTIR_H
#define TTX_TESTS_RANDOM_TTIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Where chance comes from: a number below n (n >= 1). A fuzzer gives its bytes, a test a generator with a seed. */
typedef struct random_source {
    uint32_t (*below)(void *arg, uint32_t n);
    void *arg;
} random_source;

/* Appends a module with one public function of about n_ops ops (at most 200) to `out`, and a zero byte behind it, as text_read
 * wants it (not counted). Every op has a name as its location
 * ("op7"). False when the buffer failed. */
bool random_ttir(struct buf *out, const random_source *chance, uint32_t n_ops);

#endif
