/* Showing what info_gather found. */
#include "cli/info.h"

enum { SHOWN_ARGUMENTS = 6, SHOWN_OPS = 40 };

/* ---- text ------------------------------------------------------------------------------------------------------- */

/* 1234567 as "1.2 MB". */
static void show_bytes(struct buf *out, uint64_t bytes) {
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    double v = (double)bytes;
    size_t u = 0;
    while (v >= 1000 && u + 1 < sizeof units / sizeof units[0]) {
        v /= 1000;
        u++;
    }
    buf_printf(out, u ? "%.1f %s" : "%.0f %s", v, units[u]);
}

static void show_counts(struct buf *out, const char *title, const info_counts *list, size_t most) {
    if (list->n == 0)
        return;
    buf_printf(out, "\n%s\n", title);
    for (size_t i = 0; i < list->n && i < most; i++)
        buf_printf(out, "  %10llu  %.*s\n", (unsigned long long)list->v[i].n, STR_ARG(list->v[i].name));
    if (list->n > most)
        buf_printf(out, "  %10s  and %zu more\n", "", list->n - most);
}

static void show_sum(struct buf *out, const char *what, const struct info_sum *s) {
    if (s->n == 0)
        return;
    buf_printf(out, "  %-22s %10llu  ", what, (unsigned long long)s->n);
    show_bytes(out, s->bytes);
    buf_putc(out, '\n');
}

static ir_type function_type(const struct info *x, ir_op op) {
    const ir_context *c = x->m->ctx;
    ir_attr type = ir_op_attr(x->m, op, STR("function_type"));
    if (!type || ir_kind_of(c, type) != IR_ATTR_TYPE || ir_kind_of(c, ir_at(c, type, 0)) != IR_TYPE_FUNCTION)
        return 0;
    return ir_at(c, type, 0);
}

static str symbol_of(const struct info *x, ir_op op, str key) {
    ir_attr name = ir_op_attr(x->m, op, key);
    return name && ir_kind_of(x->m->ctx, name) == IR_ATTR_STRING ? ir_str_of(x->m->ctx, name) : STR("");
}

/* Types first..first+n of a function type; a long list only in part. */
static void show_types(const struct info *x, struct buf *out, ir_type f, uint32_t first, uint32_t n) {
    const ir_context *c = x->m->ctx;
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            buf_lit(out, ", ");
        if (i == SHOWN_ARGUMENTS && n > SHOWN_ARGUMENTS + 1) {
            buf_printf(out, "... %u more", n - i);
            return;
        }
        text_print_node(c, ir_at(c, f, first + i), out);
    }
}

static void show_function(const struct info *x, struct buf *out, const struct info_function *fn) {
    const ir_context *c = x->m->ctx;
    str visibility = symbol_of(x, fn->op, STR("sym_visibility"));
    buf_printf(out, "  %s%.*s%s@%.*s", fn->depth > 1 ? "  " : "", STR_ARG(visibility), visibility.n ? " " : "",
               STR_ARG(symbol_of(x, fn->op, STR("sym_name"))));
    ir_type f = function_type(x, fn->op);
    if (f) {
        uint32_t n_in = ir_at(c, f, 0), n_out = ir_count(c, f) - 1 - n_in;
        buf_putc(out, '(');
        show_types(x, out, f, 1, n_in);
        buf_lit(out, ") -> (");
        show_types(x, out, f, 1 + n_in, n_out);
        buf_putc(out, ')');
    }
    buf_printf(out, "  %u ops\n", fn->ops);
}

void info_show_text(const struct info *x, struct buf *out) {
    buf_printf(out, "%llu ops, %llu values", (unsigned long long)x->n_ops, (unsigned long long)x->n_values);
    if (x->unknown_ops)
        buf_printf(out, ", %llu ops that no table has", (unsigned long long)x->unknown_ops);
    if (x->opaque_ops)
        buf_printf(out, ", %llu ops kept as text", (unsigned long long)x->opaque_ops);
    buf_putc(out, '\n');
    show_counts(out, "dialects", &x->dialects, SIZE_MAX);
    if (x->functions.n)
        buf_lit(out, "\nfunctions\n");
    for (size_t i = 0; i < x->functions.n; i++)
        show_function(x, out, &x->functions.v[i]);
    if (x->inputs.n || x->parameters.n || x->constants_in.n || x->constants.n)
        buf_lit(out, "\ndata\n");
    show_sum(out, "inputs", &x->inputs);
    show_sum(out, "parameters", &x->parameters);
    show_sum(out, "constant arguments", &x->constants_in);
    show_sum(out, "constants in the code", &x->constants);
    if (x->meshes.n)
        buf_lit(out, "\nmeshes\n");
    for (size_t i = 0; i < x->meshes.n; i++) {
        buf_printf(out, "  %.*s = ", STR_ARG(x->meshes.v[i].name));
        text_print_node(x->m->ctx, x->meshes.v[i].value, out);
        buf_putc(out, '\n');
    }
    show_counts(out, "ops", &x->ops, SHOWN_OPS);
    show_counts(out, "locations of ops", &x->locations, SIZE_MAX);
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

static void json_counts(struct json_writer *w, const char *key, const info_counts *list) {
    json_key(w, str_from_z(key));
    json_object_begin(w);
    for (size_t i = 0; i < list->n; i++) {
        json_key(w, list->v[i].name);
        json_u64(w, list->v[i].n);
    }
    json_object_end(w);
}

static void json_sum(struct json_writer *w, const char *key, const struct info_sum *s) {
    json_key(w, str_from_z(key));
    json_object_begin(w);
    json_key(w, STR("count"));
    json_u64(w, s->n);
    json_key(w, STR("bytes"));
    json_u64(w, s->bytes);
    json_object_end(w);
}

/* The text of a node as a JSON string; `text` is scratch. */
static void json_node(const struct info *x, struct json_writer *w, ir_node n, struct buf *text) {
    buf_clear(text);
    text_print_node(x->m->ctx, n, text);
    json_str(w, buf_str(text));
}

static void json_types(const struct info *x, struct json_writer *w, const char *key, ir_type f, uint32_t first,
                       uint32_t n, struct buf *text) {
    json_key(w, str_from_z(key));
    json_array_begin(w);
    for (uint32_t i = 0; i < n; i++)
        json_node(x, w, ir_at(x->m->ctx, f, first + i), text);
    json_array_end(w);
}

static void json_function(const struct info *x, struct json_writer *w, const struct info_function *fn,
                          struct buf *text) {
    const ir_context *c = x->m->ctx;
    ir_type f = function_type(x, fn->op);
    str visibility = symbol_of(x, fn->op, STR("sym_visibility"));
    json_object_begin(w);
    json_key(w, STR("name"));
    json_str(w, symbol_of(x, fn->op, STR("sym_name")));
    json_key(w, STR("visibility"));
    json_str(w, visibility.n ? visibility : STR("public"));
    if (f) {
        uint32_t n_in = ir_at(c, f, 0);
        json_types(x, w, "inputs", f, 1, n_in, text);
        json_types(x, w, "results", f, 1 + n_in, ir_count(c, f) - 1 - n_in, text);
    }
    json_key(w, STR("ops"));
    json_u64(w, fn->ops);
    json_object_end(w);
}

void info_show_json(const struct info *x, struct json_writer *w) {
    struct buf text;
    buf_init(&text, x->mem);
    json_key(w, STR("ops"));
    json_u64(w, x->n_ops);
    json_key(w, STR("values"));
    json_u64(w, x->n_values);
    json_key(w, STR("unknown_ops"));
    json_u64(w, x->unknown_ops);
    json_key(w, STR("opaque_ops"));
    json_u64(w, x->opaque_ops);
    json_counts(w, "dialects", &x->dialects);
    json_key(w, STR("functions"));
    json_array_begin(w);
    for (size_t i = 0; i < x->functions.n; i++)
        json_function(x, w, &x->functions.v[i], &text);
    json_array_end(w);
    json_sum(w, "inputs", &x->inputs);
    json_sum(w, "parameters", &x->parameters);
    json_sum(w, "constant_arguments", &x->constants_in);
    json_sum(w, "constants", &x->constants);
    json_key(w, STR("meshes"));
    json_array_begin(w);
    for (size_t i = 0; i < x->meshes.n; i++) {
        json_object_begin(w);
        json_key(w, STR("name"));
        json_str(w, x->meshes.v[i].name);
        json_key(w, STR("mesh"));
        json_node(x, w, x->meshes.v[i].value, &text);
        json_object_end(w);
    }
    json_array_end(w);
    json_counts(w, "op_counts", &x->ops);
    json_counts(w, "locations", &x->locations);
    buf_free(&text);
}
