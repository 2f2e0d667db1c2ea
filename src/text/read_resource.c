/* read_resource.c - file metadata: `{-# dialect_resources: {...}, external_resources: {...} #-}`.
 *
 * Blobs are strings "0x...": four bytes of alignment, then the data. They stay where they are in the text.
 */
#include "base/num.h"
#include "text/read_inner.h"

static bool read_colon(reader *r) {
    return rd_accept(r, ':') || rd_expected(r, "expected ':'");
}

static bool read_key(reader *r, const char *what, ir_str *out) {
    if (*r->p == '"')
        return rd_string(r, out);
    str id = rd_peek_id(r);
    if (!id.n)
        return rd_expected(r, "expected identifier key for '%s' entry", what);
    rd_take(r, (uint32_t)id.n);
    return (*out = rd_slice(r, id)) != 0;
}

/* A blob of the builtin dialect: hex digits, alignment a power of two. */
static bool check_blob(reader *r, uint32_t at, ir_str key, str blob) {
    str k = ir_str_of(r->ctx, key);
    if (blob.n < 2 || blob.p[0] != '0' || blob.p[1] != 'x' || blob.n % 2 ||
        rd_hex_end(blob.p + 2, blob.p + blob.n) != blob.p + blob.n)
        return rd_error(r, at, "expected hex string blob for key '%.*s'", STR_ARG(k));
    if (blob.n < 10)
        return rd_error(r, at, "expected hex string blob for key '%.*s' to encode alignment in first 4 bytes",
                        STR_ARG(k));
    uint64_t align = 0;
    for (int i = 3; i >= 0; i--)
        align = align << 8 | (uint64_t)(num_hex_digit(blob.p[2 + 2 * i]) << 4 | num_hex_digit(blob.p[3 + 2 * i]));
    if (align & (align - 1))
        return rd_error(r, at,
                        "expected hex string blob for key '%.*s' to encode alignment in first 4 bytes, but got "
                        "non-power-of-2 value: %llu",
                        STR_ARG(k), (unsigned long long)align);
    return true;
}

static bool read_entry(reader *r, ir_str section, ir_str group) {
    ir_resource e = {.section = section, .group = group};
    if (!read_key(r, "resource", &e.key) || !read_colon(r))
        return false;
    uint32_t at = rd_pos(r);
    if (*r->p == '"') {
        ir_str s;
        if (!rd_string(r, &s))
            return false;
        if (str_eq(ir_str_of(r->ctx, section), STR("dialect_resources")) &&
            str_eq(ir_str_of(r->ctx, group), STR("builtin")) && !check_blob(r, at, e.key, ir_str_of(r->ctx, s)))
            return false;
        uint32_t w[2] = {s, 0};
        e.value = rd_made(r, ir_intern(r->ctx, IR_ATTR_STRING, 0, w, 2));
    } else if (rd_accept_keyword(r, "true")) {
        e.value = r->ctx->a_true;
    } else if (rd_accept_keyword(r, "false")) {
        e.value = r->ctx->a_false;
    } else if (rd_is_class(*r->p, RD_DIGIT)) {
        e.value = rd_attr(r, 0);
    } else {
        return rd_expected(r, "expected resource value");
    }
    return e.value && (ir_resource_add(r->m, e) || rd_oom(r));
}

/* `{ item, ... }` */
static bool read_braces(reader *r, bool (*item)(reader *r, ir_str section, ir_str group), ir_str section,
                        ir_str group) {
    if (!rd_expect(r, '{'))
        return false;
    if (rd_accept(r, '}'))
        return true;
    do
        if (!item(r, section, group))
            return false;
    while (rd_accept(r, ','));
    return rd_expect(r, '}');
}

static bool read_group(reader *r, ir_str section, ir_str unused) {
    (void)unused;
    ir_str group;
    return read_key(r, "resource", &group) && read_colon(r) && read_braces(r, read_entry, section, group);
}

bool rd_resources(reader *r) {
    rd_take(r, 3);
    if (rd_accept_text(r, "#-}"))
        return true;
    do {
        uint32_t at = rd_pos(r);
        str id = rd_peek_id(r);
        if (!id.n)
            return rd_error(r, at, "expected identifier key in file metadata dictionary");
        if (!str_eq(id, STR("dialect_resources")) && !str_eq(id, STR("external_resources")))
            return rd_error(r, at, "unknown key '%.*s' in file metadata dictionary", STR_ARG(id));
        rd_take(r, (uint32_t)id.n);
        ir_str section = rd_slice(r, id);
        if (!section || !read_colon(r) || !read_braces(r, read_group, section, 0))
            return false;
    } while (rd_accept(r, ','));
    return rd_accept_text(r, "#-}") || rd_expected(r, "expected ',' or '#-}'");
}
