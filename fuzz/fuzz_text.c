/* The MLIR text reader, checker and printer on anything. What reads must print in every way, and its generic form must
 * read back and print the same again. */
#include <string.h>

#include "base/diag.h"
#include "dialect/check.h"
#include "dialect/dialect.h"
#include "fuzz.h"
#include "text/text.h"

static ir_module *read_text(ir_context *c, str text, text_registry registry, struct diags *d) {
    const text_read_options o = {.registry = registry};
    char *copy = ir_context_alloc(c, text.n + 1);
    FUZZ_CHECK(copy);
    if (text.n)
        memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    return text_read(c, str_of(copy, text.n), STR("fuzz.mlir"), &o, d);
}

/* Whether some op was kept as text: its names need not fit any more once it is printed. */
static bool has_opaque_ops(const ir_module *m) {
    for (ir_op op = 1; op < m->n_ops; op++)
        if (ir_op_at(m, op)->flags & IR_OP_OPAQUE)
            return true;
    return false;
}

static void print_all_ways(const ir_module *m, text_registry registry, struct mem *mem) {
    for (unsigned k = 0; k < 4; k++) {
        const text_print_options o = {.registry = registry, .generic = k & 1, .locations = k & 2};
        struct buf b;
        buf_init(&b, mem);
        text_print(m, &o, &b);
        buf_free(&b);
    }
}

static void print_and_read(const ir_module *m, text_registry registry, struct mem *mem) {
    const text_print_options o = {.registry = registry, .generic = true, .locations = true};
    struct buf first, second;
    struct diags d;
    buf_init(&first, mem);
    buf_init(&second, mem);
    diags_init(&d, mem);
    ir_context *c = ir_context_new(mem, dialect_resolve);
    if (text_print(m, &o, &first)) {
        ir_module *again = read_text(c, buf_str(&first), registry, &d);
        if (!again) {
            struct buf text;
            buf_init(&text, mem);
            diags_render(&d, &text, (struct diag_style){0});
            fprintf(stderr, "%.*s\n", STR_ARG(buf_str(&text)));
        }
        FUZZ_CHECK(again);
        FUZZ_CHECK(text_print(again, &o, &second));
        if (!str_eq(buf_str(&first), buf_str(&second)))
            fprintf(stderr, "%.*s\n====\n%.*s\n", STR_ARG(buf_str(&first)), STR_ARG(buf_str(&second)));
        FUZZ_CHECK(str_eq(buf_str(&first), buf_str(&second)));
        ir_module_free(again);
    }
    ir_context_unref(c);
    diags_free(&d);
    buf_free(&first);
    buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    for (int k = 0; k < 2; k++) {
        text_registry registry = k ? TEXT_UPSTREAM : TEXT_ALL;
        struct mem mem = {0};
        struct diags d;
        diags_init(&d, &mem);
        ir_context *c = ir_context_new(&mem, dialect_resolve);
        FUZZ_CHECK(c);
        ir_module *m = read_text(c, str_of((const char *)data, size), registry, &d);
        FUZZ_CHECK((m == NULL) == (d.errors != 0));
        if (m) {
            check_options o = {.print = text_print_node};
            print_all_ways(m, registry, &mem);
            if (!has_opaque_ops(m))
                print_and_read(m, registry, &mem);
            check_module(m, &o, &d);
        }
        struct buf text;
        buf_init(&text, &mem);
        diags_render(&d, &text, (struct diag_style){0});
        buf_free(&text);
        ir_module_free(m);
        ir_context_unref(c);
        diags_free(&d);
        FUZZ_CHECK(mem.used == 0);
    }
    return 0;
}
