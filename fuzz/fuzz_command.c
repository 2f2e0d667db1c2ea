/* Bodies of send_command and sets of overrides. What is taken as overrides must be taken again, unchanged. */
#include <string.h>

#include "fuzz.h"
#include "server/me_command.h"

static bool overrides(str raw, struct arena *a, struct buf *out) {
    char error[400] = "";
    struct json_writer w = json_writer_to(out);
    bool good = me_overrides_read(raw, a, &w, error, sizeof error);
    FUZZ_CHECK(good || error[0]);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mem m = {0};
    struct arena a;
    struct buf first, second, quoted;
    struct me_command c;
    char error[400] = "";
    bool syntax = false;
    str body = str_of((const char *)data, size);
    arena_init(&a, &m);
    buf_init(&first, &m);
    buf_init(&second, &m);
    buf_init(&quoted, &m);
    if (me_command_read(body, &a, &c, error, sizeof error, &syntax)) {
        FUZZ_CHECK(!syntax);
        if (c.overrides.p)
            FUZZ_CHECK(c.overrides.p[0] == '{' && c.overrides.p[c.overrides.n - 1] == '}');
    } else {
        FUZZ_CHECK(error[0]);
    }
    str raw = c.overrides.p ? c.overrides : body;
    if (overrides(raw, &a, &first)) {
        FUZZ_CHECK(overrides(buf_str(&first), &a, &second));
        FUZZ_CHECK(first.n == second.n && memcmp(first.p, second.p, first.n) == 0);
    }
    me_quote(body, &quoted);
    FUZZ_CHECK(quoted.n >= size && quoted.n <= 3 * size);
    buf_free(&first);
    buf_free(&second);
    buf_free(&quoted);
    arena_free(&a);
    FUZZ_CHECK(m.used == 0);
    return 0;
}
