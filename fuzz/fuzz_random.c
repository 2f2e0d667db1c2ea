/* Random TTIR whose chance is the fuzzer's bytes: what it makes is legal by construction, compiles at every level to
 * something that our own checker takes, and computes what it did. */
#include "../tests/compile/agree.h"
#include "../tests/compile/random_ttir.h"
#include "compile/compile.h"
#include "dialect/check.h"
#include "dialect/dialect.h"
#include "fuzz.h"
#include "text/text.h"

struct bytes {
    const uint8_t *p;
    size_t n, at;
};

/* Zero when the bytes are used up: then everything is the first choice. */
static uint32_t next_below(void *arg, uint32_t n) {
    struct bytes *b = arg;
    uint32_t v = 0;
    for (uint32_t reach = 1; reach < n && b->at < b->n; reach <<= 8)
        v = v << 8 | b->p[b->at++];
    return v % n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum { OPS = 12 };
    struct mem mem = {.cap = (size_t)1 << 30};
    struct bytes bytes = {data, size, 0};
    const random_source chance = {next_below, &bytes};
    const check_options rules = {.print = text_print_node};
    struct diags d;
    struct buf text;
    diags_init(&d, &mem);
    buf_init(&text, &mem);
    ir_context *c = ir_context_new(&mem, dialect_resolve);
    FUZZ_CHECK(random_ttir(&text, &chance, OPS));
    ir_module *m = text_read(c, buf_str(&text), STR("random.mlir"), NULL, &d);
    FUZZ_CHECK(m && check_module(m, &rules, &d));
    agreement a;
    agree_golden *golden = agree_source(m, STR(""), EXEC_F64, 0, &mem, &a);
    FUZZ_CHECK(golden);
    for (int level = 0; level <= 2; level++) {
        compile_options o;
        compile_options_init(&o);
        o.level = level;
        compile_run *r = compile_run_new(m, &o, &d);
        FUZZ_CHECK(r && r->ok && check_module(compile_result(r), &rules, &d));
        agree(golden, compile_result(r), STR(""), EXEC_F64, 0, &mem, &a);
        FUZZ_CHECK(a.ran && a.off < 0.02); /* constants may be folded in bf16 */
        compile_free(r);
    }
    agree_golden_free(golden);
    ir_module_free(m);
    ir_context_unref(c);
    diags_free(&d);
    buf_free(&text);
    FUZZ_CHECK(mem.used == 0);
    return 0;
}
