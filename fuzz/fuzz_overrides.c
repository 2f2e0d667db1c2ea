/* Overrides as texts and as JSON, and .ttsys files, on anything: the first byte says which. Sets that are read come back from
 * what they are written as. */
#include "base/json.h"
#include "compile/override.h"
#include "fuzz.h"

static void overrides(str text, bool json) {
    struct mem m = {0};
    struct diags d;
    struct buf first, second;
    override_set a, b;
    diags_init(&d, &m);
    buf_init(&first, &m);
    buf_init(&second, &m);
    override_set_init(&a, &m);
    override_set_init(&b, &m);
    bool good = json ? override_read_json(&a, text, NULL, &d) : override_read_options(&a, text, &d);
    FUZZ_CHECK(good || d.errors);
    if (good) {
        struct json_writer w = json_writer_to(&first);
        override_write_json(&a, true, &w);
        override_write_options(&a, &second, NULL);
        if (override_read_json(&b, buf_str(&first), NULL, &d))
            FUZZ_CHECK(b.entries.n <= a.entries.n);
    }
    override_set_free(&a);
    override_set_free(&b);
    buf_free(&first);
    buf_free(&second);
    diags_free(&d);
    FUZZ_CHECK(m.used == 0);
}

static void ttsys(str bytes) {
    struct mem m = {0};
    struct arena a;
    struct diags d;
    target_system s;
    arena_init(&a, &m);
    diags_init(&d, &m);
    bool good = target_system_read_ttsys(&a, bytes, &s, &d);
    FUZZ_CHECK(good == (d.errors == 0));
    if (good) {
        target_device device;
        target_device_make(&s, NULL, 0, NULL, &device, &d);
    }
    arena_free(&a);
    diags_free(&d);
    FUZZ_CHECK(m.used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!size)
        return 0;
    str rest = str_of((const char *)data + 1, size - 1);
    if (data[0] == 't')
        ttsys(rest);
    else
        overrides(rest, data[0] == 'j');
    return 0;
}
