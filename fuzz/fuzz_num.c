/* Text to number: the same answer as the C library's, and doubles survive the way to text and back. */
#include <string.h>

#include "base/num.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    str s = str_of((const char *)data, size);
    double d = 0, back = 0;
    float f = 0;
    size_t n = num_parse_double(s, &d);
    FUZZ_CHECK(n <= size);
    FUZZ_CHECK(num_parse_float(s, &f) == n);
    if (n) {
        char *text = malloc(n + 1);
        memcpy(text, data, n);
        text[n] = 0;
        double expected = strtod(text, NULL);
        float expected_f = strtof(text, NULL);
        FUZZ_CHECK(memcmp(&expected, &d, sizeof d) == 0);
        FUZZ_CHECK(memcmp(&expected_f, &f, sizeof f) == 0);
        free(text);
    }
    if (size >= sizeof d) {
        memcpy(&d, data, sizeof d);
        char text[NUM_DOUBLE_MAX];
        size_t written = num_format_double(text, d);
        FUZZ_CHECK(written <= sizeof text);
        if (d == d && d - d == 0) { /* finite */
            FUZZ_CHECK(num_parse_double(str_of(text, written), &back) == written);
            FUZZ_CHECK(memcmp(&d, &back, sizeof d) == 0);
        }
    }
    return 0;
}
