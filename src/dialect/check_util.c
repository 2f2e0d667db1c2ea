/* What rules ask of the op they stand at. */
#include "dialect/check_inner.h"

#include "base/num.h"

bool ck_fail(checker *k, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    ir_op_errorv(&k->r, k->op, fmt, ap);
    va_end(ap);
    return false;
}

bool ck_fail_plain(checker *k, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    str message = arena_vprintf(&k->arena, fmt, ap);
    va_end(ap);
    if (message.p)
        ir_error(&k->r, k->op, "%.*s", STR_ARG(message));
    else
        k->oom = true;
    return false;
}

/* ---- operands and results ------------------------------------------------------------------------------- */

uint32_t ck_in_count(checker *k, const char *name, uint32_t *first) {
    str wanted = str_from_z(name);
    for (uint32_t i = 0; k->def && i < k->def->n_operands; i++) {
        if (!str_eq(dialect_text(op_operand(k->def, i)->name), wanted))
            continue;
        if (first)
            *first = k->operand_at[i];
        return k->operand_at[i + 1] - k->operand_at[i];
    }
    if (first)
        *first = 0;
    return 0;
}

ir_value ck_in_value(checker *k, const char *name) {
    uint32_t first;
    return ck_in_count(k, name, &first) ? ir_operand(k->m, k->op, first) : 0;
}

ir_type ck_in(checker *k, const char *name) {
    return ir_value_type(k->m, ck_in_value(k, name));
}

ir_type ck_operand(checker *k, uint32_t i) {
    return i < k->m->ops[k->op].n_operands ? ir_value_type(k->m, ir_operand(k->m, k->op, i)) : 0;
}

ir_type ck_result(checker *k, uint32_t i) {
    const ir_op_data *o = &k->m->ops[k->op];
    return i < o->n_results ? ir_value_type(k->m, o->results + i) : 0;
}

ir_type ck_out(checker *k, const char *name) {
    str wanted = str_from_z(name);
    for (uint32_t i = 0; k->def && i < k->def->n_results; i++)
        if (str_eq(dialect_text(op_result(k->def, i)->name), wanted) && k->result_at[i] < k->result_at[i + 1])
            return ck_result(k, k->result_at[i]);
    return 0;
}

void ck_warn_destination(checker *k) {
    if (!k->older_told)
        ir_op_warning(&k->r, k->op,
                      "has an output operand, as older versions of tt-mlir wrote it; such ops are not "
                      "checked further");
    k->older_told = true;
}

/* ---- types ---------------------------------------------------------------------------------------------- */

int ck_shape(checker *k, ir_type t, int64_t dims[CK_MAX_DIMS]) {
    int rank = ir_rank(k->ctx, t);
    if (rank > CK_MAX_DIMS)
        rank = CK_MAX_DIMS;
    for (int i = 0; i < rank; i++)
        dims[i] = ir_dim(k->ctx, t, i);
    return rank;
}

bool ck_same_shape(checker *k, ir_type a, ir_type b) {
    int rank = ck_rank(k, a);
    if (rank != ck_rank(k, b))
        return false;
    for (int i = 0; i < rank; i++)
        if (ck_dim(k, a, i) != ck_dim(k, b, i))
            return false;
    return true;
}

bool ck_is_integer(checker *k, ir_type element) {
    return ir_kind_of(k->ctx, element) == IR_TYPE_INTEGER;
}

bool ck_is_float(checker *k, ir_type element) {
    return ir_kind_of(k->ctx, element) == IR_TYPE_FLOAT;
}

int64_t ck_volume(checker *k, ir_type t) {
    return ir_num_elements(k->ctx, t);
}

int ck_broadcast(const int64_t *a, int na, const int64_t *b, int nb, int64_t out[CK_MAX_DIMS]) {
    int n = na > nb ? na : nb;
    for (int i = 1; i <= n; i++) {
        int64_t x = i <= na ? a[na - i] : 1, y = i <= nb ? b[nb - i] : 1;
        if (x != y && x != 1 && y != 1)
            return -1;
        out[n - i] = x == 1 ? y : x;
    }
    return n;
}

bool ck_equal(const int64_t *a, int na, const int64_t *b, int nb) {
    return na == nb && (na == 0 || memcmp(a, b, (size_t)na * sizeof *a) == 0);
}

bool ck_ranks(checker *k, const ck_rank_rule *rules) {
    for (; rules->value; rules++) {
        ir_type t = ck_in(k, rules->value);
        if (!t)
            t = ck_out(k, rules->value);
        int rank = ck_rank(k, t);
        if (t && rank >= 0 && (rules->rank < 0 ? rank < -rules->rank : rank != rules->rank))
            return ck_fail(k, "%s", rules->message);
    }
    return true;
}

/* ---- attributes ----------------------------------------------------------------------------------------- */

ir_attr ck_attr(checker *k, const char *name) {
    return ir_op_attr(k->m, k->op, str_from_z(name));
}

int64_t ck_int(checker *k, const char *name, int64_t preset) {
    int64_t v = preset;
    ir_attr a = ck_attr(k, name);
    return a && ir_int_value(k->ctx, a, &v) ? v : preset;
}

bool ck_bool(checker *k, const char *name) {
    return ck_int(k, name, 0) != 0;
}

/* Element i of little-endian integers of `bytes` bytes each. */
static int64_t element(const char *p, size_t i, uint32_t bytes) {
    uint64_t v = 0;
    memcpy(&v, p + i * bytes, bytes);
    uint32_t shift = 64 - 8 * bytes;
    return (int64_t)(v << shift) >> shift;
}

int ck_ints(checker *k, const char *name, int64_t *out, int cap) {
    ir_attr a = ck_attr(k, name);
    if (!a)
        return -1;
    switch (ir_kind_of(k->ctx, a)) {
    case IR_ATTR_INTEGER:
        if (cap < 1 || !ir_int_value(k->ctx, a, out))
            return -1;
        return 1;
    case IR_ATTR_ARRAY: {
        uint32_t n = ir_count(k->ctx, a);
        for (uint32_t i = 0; i < n && i < (uint32_t)cap; i++)
            if (!ir_int_value(k->ctx, ir_at(k->ctx, a, i), &out[i]))
                return -1;
        return (int)n;
    }
    case IR_ATTR_DENSE_ARRAY: {
        uint32_t bytes = ir_dense_element_bytes(k->ctx, ir_at(k->ctx, a, 0));
        if (!bytes || bytes > 8 || !ck_is_integer(k, ir_at(k->ctx, a, 0)))
            return -1;
        str data = ir_data(k->ctx, a);
        size_t n = data.n / bytes;
        for (size_t i = 0; i < n && i < (size_t)cap; i++)
            out[i] = element(data.p, i, bytes);
        return n > INT32_MAX ? -1 : (int)n;
    }
    default: return -1;
    }
}

str ck_text(checker *k, const char *name) {
    ir_attr a = ck_attr(k, name);
    if (!a)
        return STR("");
    return ir_kind_of(k->ctx, a) == IR_ATTR_DIALECT ? dialect_case_text(k->ctx, a) : ir_str_of(k->ctx, a);
}

/* ---- texts ---------------------------------------------------------------------------------------------- */

/* The text of a buffer in the arena; frees the buffer. */
static str keep(checker *k, struct buf *b) {
    str text = b->failed ? (str){NULL, 0} : arena_str(&k->arena, buf_str(b));
    buf_free(b);
    if (text.p)
        return text;
    k->oom = true;
    return STR("");
}

str ck_print(checker *k, ir_node n) {
    if (!k->options.print)
        return STR("");
    struct buf b;
    buf_init(&b, k->mem);
    if (!k->options.print(k->ctx, n, &b))
        k->oom = true;
    return keep(k, &b);
}

str ck_list(checker *k, const int64_t *v, int n, const char *separator) {
    struct buf b;
    buf_init(&b, k->mem);
    for (int i = 0; i < n; i++) {
        if (i)
            buf_puts(&b, separator);
        if (v[i] == IR_DYNAMIC)
            buf_putc(&b, '?');
        else
            buf_put_i64(&b, v[i]);
    }
    return keep(k, &b);
}

str ck_join(checker *k, const dtext *names, uint32_t n) {
    struct buf b;
    buf_init(&b, k->mem);
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            buf_lit(&b, ", ");
        buf_put_str(&b, dialect_text(names[i]));
    }
    return keep(k, &b);
}

str ck_dims(checker *k, ir_type t, const char *separator) {
    int64_t dims[CK_MAX_DIMS];
    int n = ck_shape(k, t, dims);
    return ck_list(k, dims, n, separator);
}
