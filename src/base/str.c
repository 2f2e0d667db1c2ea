#define _GNU_SOURCE /* memmem */
#include "base/str.h"

int str_cmp(str a, str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

size_t str_find(str s, str what) {
    if (what.n == 0)
        return 0;
    if (what.n > s.n)
        return s.n;
    const char *hit = memmem(s.p, s.n, what.p, what.n);
    return hit ? (size_t)(hit - s.p) : s.n;
}

static bool str_is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

str str_trim(str s) {
    while (s.n && str_is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && str_is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

uint64_t str_hash_long(const char *p, size_t n) {
    uint64_t h = STR_HASH_A ^ n;
    uint64_t a, b;
    for (size_t left = n; left > 16; left -= 16, p += 16) {
        memcpy(&a, p, 8);
        memcpy(&b, p + 8, 8);
        h = str_mix(a ^ STR_HASH_A, b ^ h);
    }
    /* The last 16 bytes, which overlap what the loop has read unless n is a multiple of 16. */
    size_t tail = (n - 1) % 16 + 1;
    memcpy(&a, p + tail - 16, 8);
    memcpy(&b, p + tail - 8, 8);
    return str_mix(STR_HASH_B ^ n, str_mix(a ^ h, b ^ STR_HASH_B));
}
