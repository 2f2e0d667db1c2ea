/* Making nodes. Every maker brings its words into their one canonical form and interns them. */
#include "ir/ir.h"

#include "base/platform.h"

enum { SMALL = 64, SMALL_SET = 16 };

/* Words to be filled in and interned: on the stack when they are few. */
struct words {
    uint32_t *w;
    uint32_t n;
    uint32_t small[SMALL];
};

static bool words_begin(ir_context *c, struct words *s, size_t n) {
    s->w = s->small;
    s->n = (uint32_t)n;
    if (LIKELY(n <= SMALL))
        return true;
    s->w = n > INT32_MAX ? NULL : mem_alloc(c->mem, n * sizeof *s->w);
    if (!s->w)
        c->failed = true;
    return s->w != NULL;
}

static void words_end(ir_context *c, struct words *s) {
    if (s->w != s->small)
        mem_free(c->mem, s->w, s->n * sizeof *s->w);
}

static ir_node words_intern(ir_context *c, struct words *s, ir_kind kind, uint32_t flags) {
    ir_node node = ir_intern(c, kind, flags, s->w, s->n);
    words_end(c, s);
    return node;
}

static inline void put64(uint32_t *w, int64_t v) {
    w[0] = (uint32_t)(uint64_t)v;
    w[1] = (uint32_t)((uint64_t)v >> 32);
}

static inline void put_list(uint32_t *w, const uint32_t *list, uint32_t n) {
    if (n)
        memcpy(w, list, n * sizeof *w);
}

/* ---- types ---------------------------------------------------------------------------------------------- */

ir_type ir_type_integer(ir_context *c, uint32_t width, ir_signedness s) {
    return ir_intern(c, IR_TYPE_INTEGER, s, &width, 1);
}

ir_type ir_type_float(ir_context *c, ir_float f) {
    return ir_intern(c, IR_TYPE_FLOAT, f, NULL, 0);
}

ir_type ir_type_complex(ir_context *c, ir_type t) {
    return ir_intern(c, IR_TYPE_COMPLEX, 0, &t, 1);
}

ir_type ir_type_tuple(ir_context *c, const ir_type *t, uint32_t n) {
    return ir_intern(c, IR_TYPE_TUPLE, 0, t, n);
}

ir_type ir_type_function(ir_context *c, const ir_type *in, uint32_t n_in, const ir_type *out, uint32_t n_out) {
    struct words s;
    if (!words_begin(c, &s, (size_t)1 + n_in + n_out))
        return 0;
    s.w[0] = n_in;
    put_list(s.w + 1, in, n_in);
    put_list(s.w + 1 + n_in, out, n_out);
    return words_intern(c, &s, IR_TYPE_FUNCTION, 0);
}

ir_type ir_type_tensor(ir_context *c, const int64_t *dims, uint32_t rank, ir_type elt, ir_attr encoding) {
    struct words s;
    if (!words_begin(c, &s, 3 + 2 * (size_t)rank))
        return 0;
    s.w[0] = elt;
    s.w[1] = encoding;
    s.w[2] = rank;
    for (uint32_t i = 0; i < rank; i++)
        put64(s.w + 3 + 2 * i, dims[i]);
    return words_intern(c, &s, IR_TYPE_TENSOR, 0);
}

ir_type ir_type_memref(ir_context *c, const int64_t *dims, uint32_t rank, ir_type elt, ir_attr layout, ir_attr space) {
    struct words s;
    if (!words_begin(c, &s, 4 + 2 * (size_t)rank))
        return 0;
    s.w[0] = elt;
    s.w[1] = layout;
    s.w[2] = space;
    s.w[3] = rank;
    for (uint32_t i = 0; i < rank; i++)
        put64(s.w + 4 + 2 * i, dims[i]);
    return words_intern(c, &s, IR_TYPE_MEMREF, 0);
}

ir_type ir_type_vector(ir_context *c, const int64_t *dims, uint32_t rank, const bool *scalable, ir_type elt) {
    struct words s;
    if (!words_begin(c, &s, 2 + 3 * (size_t)rank))
        return 0;
    s.w[0] = elt;
    s.w[1] = rank;
    for (uint32_t i = 0; i < rank; i++) {
        put64(s.w + 2 + 2 * i, dims[i]);
        s.w[2 + 2 * rank + i] = scalable && scalable[i];
    }
    return words_intern(c, &s, IR_TYPE_VECTOR, 0);
}

ir_type ir_with_element_type(ir_context *c, ir_type t, ir_type elt) {
    if (!ir_is_shaped(c, t))
        return t;
    struct words s;
    uint32_t n = ir_count(c, t);
    if (!words_begin(c, &s, n))
        return 0;
    put_list(s.w, ir_words(c, t) + 2, n);
    s.w[0] = elt;
    return words_intern(c, &s, ir_kind_of(c, t), ir_flags_of(c, t));
}

/* ---- numbers -------------------------------------------------------------------------------------------- */

/* Cuts a limb to `width` bits (1 to 64) and extends it again. */
static uint64_t extend(uint64_t v, uint32_t width, bool zero) {
    if (width >= 64)
        return v;
    uint64_t mask = ((uint64_t)1 << width) - 1;
    v &= mask;
    if (!zero && v >> (width - 1))
        v |= ~mask;
    return v;
}

ir_attr ir_attr_int_limbs(ir_context *c, ir_type t, const uint64_t *limbs, uint32_t n_limbs) {
    bool is_int = ir_kind_of(c, t) == IR_TYPE_INTEGER;
    uint32_t width = is_int ? ir_at(c, t, 0) : 64;
    bool zero = is_int && (width == 1 || ir_flags_of(c, t) == IR_UNSIGNED);
    uint32_t n = width <= 64 ? 1 : (width + 63) / 64;
    struct words s;
    if (!words_begin(c, &s, 1 + 2 * (size_t)n))
        return 0;
    s.w[0] = t;
    uint64_t fill = n_limbs && limbs[n_limbs - 1] >> 63 ? UINT64_MAX : 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t limb = i < n_limbs ? limbs[i] : fill;
        if (i == n - 1)
            limb = width == 0 ? 0 : extend(limb, width - 64 * i, zero);
        put64(s.w + 1 + 2 * i, (int64_t)limb);
    }
    return words_intern(c, &s, IR_ATTR_INTEGER, 0);
}

ir_attr ir_attr_int(ir_context *c, ir_type t, int64_t v) {
    uint64_t limb = (uint64_t)v;
    return ir_attr_int_limbs(c, t, &limb, 1);
}

ir_attr ir_attr_bool(ir_context *c, bool v) {
    return v ? c->a_true : c->a_false;
}

ir_attr ir_attr_float_bits(ir_context *c, ir_type t, const uint64_t words[2]) {
    uint32_t w[5] = {t};
    put64(w + 1, (int64_t)words[0]);
    put64(w + 3, (int64_t)words[1]);
    return ir_intern(c, IR_ATTR_FLOAT, 0, w, ir_bit_width(c, t) > 64 ? 5 : 3);
}

ir_attr ir_attr_float(ir_context *c, ir_type t, double v) {
    if (ir_kind_of(c, t) != IR_TYPE_FLOAT)
        return 0;
    uint64_t words[2];
    ir_float_to_words((ir_float)ir_flags_of(c, t), v, words);
    return ir_attr_float_bits(c, t, words);
}

/* ---- plain attributes ----------------------------------------------------------------------------------- */

ir_attr ir_attr_string(ir_context *c, str s, bool copy) {
    uint32_t w[2] = {ir_string(c, s, copy), 0};
    return w[0] ? ir_intern(c, IR_ATTR_STRING, 0, w, 2) : 0;
}

ir_attr ir_attr_type(ir_context *c, ir_type t) {
    return ir_intern(c, IR_ATTR_TYPE, 0, &t, 1);
}

ir_attr ir_attr_array(ir_context *c, const ir_attr *a, uint32_t n) {
    return ir_intern(c, IR_ATTR_ARRAY, 0, a, n);
}

ir_attr ir_attr_symbol(ir_context *c, str root, bool copy) {
    ir_str s = ir_string(c, root, copy);
    return s ? ir_intern(c, IR_ATTR_SYMBOL, 0, &s, 1) : 0;
}

ir_attr ir_attr_affine_map(ir_context *c, uint32_t dims, uint32_t symbols, const ir_expr *e, uint32_t n) {
    struct words s;
    if (!words_begin(c, &s, (size_t)2 + n))
        return 0;
    s.w[0] = dims;
    s.w[1] = symbols;
    put_list(s.w + 2, e, n);
    return words_intern(c, &s, IR_ATTR_AFFINE_MAP, 0);
}

/* T, address, size of data that must be found again by its content when it is small. */
static bool data_words(ir_context *c, uint32_t w[5], ir_type t, const void *data, size_t bytes, bool copy) {
    const char *p = data;
    if (bytes <= IR_BIG_BYTES) {
        ir_str s = ir_string(c, str_of(p, bytes), copy);
        if (!s)
            return false;
        p = ir_str_of(c, s).p;
    } else if (copy) {
        p = ir_context_copy(c, p, bytes);
        if (!p)
            return false;
    }
    w[0] = t;
    put64(w + 1, (int64_t)(uintptr_t)p);
    put64(w + 3, (int64_t)bytes);
    return true;
}

ir_attr ir_attr_dense_array(ir_context *c, ir_type elt, const void *data, size_t bytes, bool copy) {
    uint32_t w[5];
    return data_words(c, w, elt, data, bytes, copy) ? ir_intern(c, IR_ATTR_DENSE_ARRAY, 0, w, 5) : 0;
}

ir_attr ir_attr_dense(ir_context *c, ir_type t, ir_dense form, const void *data, size_t bytes, bool copy) {
    uint32_t w[5];
    return data_words(c, w, t, data, bytes, copy) ? ir_intern(c, IR_ATTR_DENSE, form, w, 5) : 0;
}

/* ---- dictionaries --------------------------------------------------------------------------------------- */

static inline int key_order(const ir_context *c, ir_str a, ir_str b) {
    return a == b ? 0 : str_cmp(ir_str_of(c, a), ir_str_of(c, b));
}

static inline void swap_pairs(uint32_t *kv, uint32_t i, uint32_t j) {
    for (int k = 0; k < 2; k++) {
        uint32_t t = kv[2 * i + k];
        kv[2 * i + k] = kv[2 * j + k];
        kv[2 * j + k] = t;
    }
}

/* Lets pair `i` of a heap of n sink to its place. */
static void sift_down(const ir_context *c, uint32_t *kv, uint32_t i, uint32_t n) {
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= n)
            return;
        if (child + 1 < n && key_order(c, kv[2 * child], kv[2 * child + 2]) < 0)
            child++;
        if (key_order(c, kv[2 * i], kv[2 * child]) >= 0)
            return;
        swap_pairs(kv, i, child);
        i = child;
    }
}

static void sort_pairs(const ir_context *c, uint32_t *kv, uint32_t n) {
    uint32_t sorted = 1;
    while (sorted < n && key_order(c, kv[2 * sorted - 2], kv[2 * sorted]) <= 0)
        sorted++;
    if (sorted >= n)
        return;
    if (n <= SMALL_SET) {
        for (uint32_t i = sorted; i < n; i++)
            for (uint32_t j = i; j && key_order(c, kv[2 * j - 2], kv[2 * j]) > 0; j--)
                swap_pairs(kv, j - 1, j);
        return;
    }
    for (uint32_t i = n / 2; i-- > 0;)
        sift_down(c, kv, i, n);
    for (uint32_t i = n - 1; i > 0; i--) {
        swap_pairs(kv, 0, i);
        sift_down(c, kv, 0, i);
    }
}

ir_attr ir_attr_dict(ir_context *c, uint32_t *kv, uint32_t n, ir_str *dup) {
    if (dup)
        *dup = 0;
    if (!n)
        return c->a_empty_dict;
    sort_pairs(c, kv, n);
    for (uint32_t i = 1; i < n; i++) {
        if (kv[2 * i - 2] == kv[2 * i]) {
            if (dup)
                *dup = kv[2 * i];
            return 0;
        }
    }
    if (n > INT32_MAX / 2) {
        c->failed = true;
        return 0;
    }
    return ir_intern(c, IR_ATTR_DICT, 0, kv, 2 * n);
}

ir_attr ir_dict_set(ir_context *c, ir_attr dict, str key, ir_attr value) {
    uint32_t n = ir_kind_of(c, dict) == IR_ATTR_DICT ? ir_count(c, dict) / 2 : 0;
    const uint32_t *old = ir_words(c, dict) + 2;
    uint32_t at = 0;
    int order = 1;
    while (at < n && (order = str_cmp(ir_str_of(c, old[2 * at]), key)) < 0)
        at++;
    bool found = at < n && order == 0;
    if (!value && !found)
        return n ? dict : c->a_empty_dict;
    ir_str name = found ? old[2 * at] : ir_string(c, key, true);
    struct words s;
    if (!name || !words_begin(c, &s, 2 * ((size_t)n + (value != 0) - found)))
        return 0;
    put_list(s.w, old, 2 * at);
    uint32_t to = 2 * at, from = 2 * (at + found);
    if (value) {
        s.w[to++] = name;
        s.w[to++] = value;
    }
    put_list(s.w + to, old + from, 2 * n - from);
    return words_intern(c, &s, IR_ATTR_DICT, 0);
}

/* ---- locations ------------------------------------------------------------------------------------------ */

ir_loc ir_loc_file(ir_context *c, ir_str file, uint32_t line, uint32_t col) {
    uint32_t w[5] = {file, line, col, 0, 0};
    return ir_intern(c, IR_LOC_FILE, 0, w, 5);
}

ir_loc ir_loc_name(ir_context *c, ir_str name, ir_loc child) {
    uint32_t w[2] = {name, child ? child : c->l_unknown};
    return ir_intern(c, IR_LOC_NAME, 0, w, 2);
}

/* A list of locations without repetitions, in order of first occurrence. */
struct loc_set {
    uint32_t *v;
    uint32_t *slots; /* hash of handle to position + 1; used when there is room for more than SMALL_SET */
    uint32_t n, mask;
};

static void loc_set_add(struct loc_set *s, ir_loc l) {
    if (!s->slots) {
        for (uint32_t i = 0; i < s->n; i++)
            if (s->v[i] == l)
                return;
        s->v[s->n++] = l;
        return;
    }
    uint32_t at = (l * 0x9e3779b1u) & s->mask;
    for (; s->slots[at]; at = (at + 1) & s->mask)
        if (s->v[s->slots[at] - 1] == l)
            return;
    s->v[s->n++] = l;
    s->slots[at] = s->n;
}

static bool flattens(const ir_context *c, ir_loc l, ir_attr metadata) {
    return ir_kind_of(c, l) == IR_LOC_FUSED && ir_at(c, l, 0) == metadata;
}

ir_loc ir_loc_fused(ir_context *c, ir_attr metadata, const ir_loc *l, uint32_t n) {
    size_t most = 1; /* at least one for the unknown location */
    for (uint32_t i = 0; i < n; i++)
        most += flattens(c, l[i], metadata) ? ir_count(c, l[i]) - 1 : 1;
    struct words s;
    if (!words_begin(c, &s, 1 + most))
        return 0;
    struct loc_set set = {.v = s.w + 1};
    size_t slots = 0;
    if (most > SMALL_SET) {
        for (slots = 64; slots < 2 * most; slots *= 2)
            ;
        set.mask = (uint32_t)(slots - 1);
        set.slots = mem_alloc_zero(c->mem, slots * sizeof *set.slots);
        if (!set.slots) {
            c->failed = true;
            words_end(c, &s);
            return 0;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        if (flattens(c, l[i], metadata)) {
            const uint32_t *inner = ir_words(c, l[i]);
            for (uint32_t k = 1; k < inner[1]; k++)
                loc_set_add(&set, inner[2 + k]);
        } else if (l[i] != c->l_unknown) {
            loc_set_add(&set, l[i]);
        }
    }
    mem_free(c->mem, set.slots, slots * sizeof *set.slots);
    ir_loc fused = c->l_unknown;
    if (set.n == 1 && !metadata) {
        fused = set.v[0];
    } else if (set.n || metadata) {
        if (!set.n)
            set.v[set.n++] = c->l_unknown;
        s.w[0] = metadata;
        fused = ir_intern(c, IR_LOC_FUSED, 0, s.w, 1 + set.n);
    }
    words_end(c, &s);
    return fused;
}
