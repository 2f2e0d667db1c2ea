/* Strings: a pointer and a length, never owned, not necessarily ended by a zero byte. */
#ifndef TTX_BASE_STR_H
#define TTX_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct str {
    const char *p;
    size_t n;
} str;

/* The str of a string literal. */
#define STR(lit) ((str){"" lit, sizeof(lit) - 1})
/* The same as a constant initialiser, for tables. */
#define STR_INIT(lit) \
    { "" lit, sizeof(lit) - 1 }
/* printf("%.*s", STR_ARG(s)); lengths above INT_MAX are cut. */
#define STR_ARG(s) ((s).n > 0x7fffffff ? 0x7fffffff : (int)(s).n), ((s).p ? (s).p : "")

/* The str over [p, p + n). */
static inline str str_of(const char *p, size_t n) {
    return (str){p, n};
}

/* The str over a zero-terminated string; NULL gives the empty one. */
static inline str str_from_z(const char *z) {
    return (str){z ? z : "", z ? strlen(z) : 0};
}

/* Whether n bytes are equal. Words of a text are short: a call of memcmp would take longer than the comparison. */
static inline bool str_same_bytes(const char *a, const char *b, size_t n) {
    uint64_t x, y;
    if (n > 64)
        return memcmp(a, b, n) == 0;
    if (n < 8) {
        while (n > 0 && a[n - 1] == b[n - 1])
            n--;
        return n == 0;
    }
    for (size_t i = 0; i + 8 < n; i += 8) {
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        if (x != y)
            return false;
    }
    memcpy(&x, a + n - 8, 8);
    memcpy(&y, b + n - 8, 8);
    return x == y;
}

static inline bool str_eq(str a, str b) {
    return a.n == b.n && str_same_bytes(a.p, b.p, a.n);
}

/* Negative, zero or positive as `a` sorts before, with or after `b`; by unsigned bytes, the shorter first. */
int str_cmp(str a, str b);

static inline bool str_starts_with(str s, str prefix) {
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool str_ends_with(str s, str suffix) {
    return s.n >= suffix.n && (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

/* The part of `s` from byte `from` on; empty when `from` is beyond its end. */
static inline str str_from(str s, size_t from) {
    if (s.n == 0) /* p may be NULL */
        return s;
    return from >= s.n ? (str){s.p + s.n, 0} : (str){s.p + from, s.n - from};
}

/* The part [from, to) of `s`, cut to what exists. */
static inline str str_slice(str s, size_t from, size_t to) {
    if (to > s.n)
        to = s.n;
    return from >= to ? (str){s.p, 0} : (str){s.p + from, to - from};
}

/* The offset of the first byte `c`, or s.n. */
static inline size_t str_find_char(str s, char c) {
    const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;
    return hit ? (size_t)(hit - s.p) : s.n;
}

/* The offset of the first occurrence of `what`, or s.n. */
size_t str_find(str s, str what);

/* Without spaces, tabs and line ends at both sides. */
str str_trim(str s);

/* Folds the 128-bit product of two words; the mixing step of the hashes below. */
static inline uint64_t str_mix(uint64_t a, uint64_t b) {
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#define STR_HASH_A 0x9e3779b97f4a7c15u
#define STR_HASH_B 0xc2b2ae3d27d4eb4fu

/* The out-of-line part of str_hash: more than 16 bytes. */
uint64_t str_hash_long(const char *p, size_t n);

/* A 64-bit hash of the bytes, good in all its bits. The same on every run of the same build; do not store it. */
static inline uint64_t str_hash(str s) {
    uint64_t a, b;
    if (s.n >= 8) {
        if (s.n > 16)
            return str_hash_long(s.p, s.n);
        memcpy(&a, s.p, 8); /* the two reads overlap below 16 bytes */
        memcpy(&b, s.p + s.n - 8, 8);
    } else if (s.n >= 4) {
        uint32_t lo, hi;
        memcpy(&lo, s.p, 4);
        memcpy(&hi, s.p + s.n - 4, 4);
        a = lo;
        b = hi;
    } else if (s.n) {
        a = (uint64_t)(uint8_t)s.p[0] << 16 | (uint64_t)(uint8_t)s.p[s.n >> 1] << 8 | (uint8_t)s.p[s.n - 1];
        b = 0;
    } else {
        a = b = 0;
    }
    return str_mix(STR_HASH_B ^ s.n, str_mix(a ^ STR_HASH_A, b ^ STR_HASH_B));
}

#endif
