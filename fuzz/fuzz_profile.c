/* Traces and measurements on anything: what is read has times that make sense. */
#include <math.h>

#include "fuzz.h"
#include "profile/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mem m = {.cap = 256 << 20};
    struct profile p;
    bool good = profile_read(&p, str_of((const char *)data, size), &m);
    FUZZ_CHECK(!good || (p.ops.n > 0 && p.ops.n <= p.n_rows));
    for (size_t i = 0; good && i < p.ops.n; i++) {
        const struct profile_op *o = &p.ops.v[i];
        FUZZ_CHECK(o->rows > 0);
        FUZZ_CHECK(isnan(o->us) || (o->least_us <= o->us && o->us <= o->most_us));
    }
    profile_free(&p);
    FUZZ_CHECK(m.used == 0);
    return 0;
}
